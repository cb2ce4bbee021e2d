//! All questions to one source, as few requests as possible.
//!
//! Identical expressions are asked once. Counters of one shape are joined, in chunks. What cannot be
//! joined is asked alone and counted, so that an operator sees what the lone ones cost.

use super::confine::ConfinedExpression;
use super::demux::Member;
use super::form::{IncreaseForm, Question};
use super::lift::{Shape, Taken, lift};
use super::request::{Request, Subject};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The most values of one label in one query. A thousand cost a store some milliseconds.
pub const MAX_VALUES: usize = 1000;

/// The most rows one query can answer with: the product of the values of its key labels. Joining
/// many sparse pairs would make the store sum up what nobody asked about.
pub const MAX_CELLS: usize = 10_000;

/// The caller's name for one question. It means nothing here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AskId(pub u64);

/// One figure somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Whose it is. Two asks must not share one.
    pub id: AskId,
    /// What to ask.
    pub expression: ConfinedExpression,
    /// The slot's length in milliseconds, above zero.
    pub slot_ms: u64,
    /// The slot's end in milliseconds since 1970.
    pub at_ms: i64,
}

/// The requests that answer a list of asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The requests. An ask is in several: one per [`Question`] that makes sense for it.
    pub requests: Vec<Request>,
    /// How many different expressions could not be joined with others.
    pub lone: usize,
}

/// Length and end of a slot.
type Slot = (u64, i64);

impl Plan {
    /// Plans the asks of one source, whose form of increase is known.
    #[must_use]
    pub fn of(asks: &[Ask], form: IncreaseForm) -> Self {
        let mut counters: BTreeMap<(Slot, Shape), BTreeMap<Vec<String>, Vec<AskId>>> = BTreeMap::new();
        let mut others: HashMap<(Slot, &ConfinedExpression), Vec<AskId>> = HashMap::new();
        let mut unjoinable = BTreeSet::new();
        for ask in asks {
            let slot = (ask.slot_ms, ask.at_ms);
            match lift(&ask.expression) {
                Some(lifted) => {
                    let group = (slot, lifted.shape);
                    if !lifted.joinable {
                        unjoinable.insert(group.clone());
                    }
                    let members = counters.entry(group).or_default();
                    members.entry(lifted.key).or_default().push(ask.id);
                }
                None => others.entry((slot, &ask.expression)).or_default().push(ask.id),
            }
        }
        let lone = unjoinable.len() + others.len();
        let mut requests = Vec::new();
        for ((slot, shape), members) in counters {
            let members = members.into_iter().map(|(key, asks)| Member { key, asks }).collect();
            for chunk in chunks(members) {
                requests.extend(questions(&shape, &chunk, slot, form));
            }
        }
        let mut alone: Vec<Request> = others
            .into_iter()
            .map(|((slot, expression), asks)| {
                let subject = Subject::Lone { expression: expression.clone(), asks };
                Request::new(Question::Value, form_alone(form), slot, subject)
            })
            .collect();
        // The map has no order of its own; the plan has.
        alone.sort_by(|a, b| (&a.query, a.at_ms).cmp(&(&b.query, b.at_ms)));
        requests.extend(alone);
        Self { requests, lone }
    }
}

/// Raw samples only serve an expression that is one sum of counters.
fn form_alone(form: IncreaseForm) -> IncreaseForm {
    match form {
        IncreaseForm::Raw => IncreaseForm::Extrapolated,
        IncreaseForm::Anchored | IncreaseForm::Native | IncreaseForm::Extrapolated => form,
    }
}

/// Everything to ask about one chunk of a counter.
fn questions(shape: &Shape, members: &[Member], slot: Slot, form: IncreaseForm) -> impl Iterator<Item = Request> {
    let is_level = matches!(shape.taken, Taken::Level { .. });
    let form = if is_level { form_alone(form) } else { form };
    let figure = match form {
        _ if is_level => &[Question::Value] as &[Question],
        IncreaseForm::Raw => &[Question::Samples],
        IncreaseForm::Anchored | IncreaseForm::Native | IncreaseForm::Extrapolated => {
            &[Question::Value, Question::Coverage]
        }
    };
    // A store whose own increase includes births must not be asked for them again; an extrapolated
    // figure includes an unknown part of them; and neither a rate nor a level is a count.
    let births = match (form, shape.taken) {
        (IncreaseForm::Anchored | IncreaseForm::Raw, Taken::Increase) => {
            &[Question::Births, Question::AttributedBirths] as &[Question]
        }
        (IncreaseForm::Native | IncreaseForm::Extrapolated, _) | (_, Taken::Rate | Taken::Level { .. }) => &[],
    };
    let subject = Subject::Counter { shape: shape.clone(), members: members.to_vec() };
    figure.iter().chain(births).map(move |question| Request::new(*question, form, slot, subject.clone()))
}

/// Cuts members, sorted by key, so that every chunk keeps both bounds.
pub(super) fn chunks(members: Vec<Member>) -> Vec<Vec<Member>> {
    let mut done = Vec::new();
    let mut open = vec![members];
    while let Some(mut chunk) = open.pop() {
        if chunk.len() > 1 && (chunk.len() > MAX_VALUES || cells(&chunk) > MAX_CELLS) {
            let cut = if chunk.len() > MAX_VALUES { MAX_VALUES } else { chunk.len() / 2 };
            let rest = chunk.split_off(cut);
            open.push(rest);
            open.push(chunk);
        } else {
            done.push(chunk);
        }
    }
    done
}

/// How many rows the joined query could answer with.
fn cells(members: &[Member]) -> usize {
    let labels = members.first().map_or(0, |member| member.key.len());
    (0..labels)
        .map(|position| {
            let values: BTreeSet<_> = members.iter().filter_map(|member| member.key.get(position)).collect();
            values.len()
        })
        .fold(1, usize::saturating_mul)
}
