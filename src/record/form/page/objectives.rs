//! The account of each objective.

use crate::api::agreement_status::State;
use crate::api::statement::{EventPair, MemberStatement, ObjectiveStatement, StatementSpec};
use crate::record::form::figure::{BRACKETED, attained, cut_percent, grouped, is_near, percent};
use crate::record::form::legible::legible;
use crate::record::form::unknown::unknown;
use crate::record::form::words;

use super::strip::{Mark, marks, shares};

/// An objective.
pub(super) struct Objective {
    pub name: String,
    pub state: &'static str,
    pub class: &'static str,
    pub target: String,
    pub attainment: String,
    pub coverage: String,
    pub method: String,
    /// With its parameters; empty where the statement does not tell them.
    pub counting: String,
    pub total: String,
    pub bad: String,
    /// What was counted where that is no events; empty where it is.
    pub units: String,
    /// What became of the unknown slots; empty: there are none.
    pub unknown: String,
    /// Why the promise does not cover it; empty: it does.
    pub not_covered: String,
    /// As the parties' own reports round it; empty: they do not.
    pub reported: String,
    pub members: Vec<Member>,
    pub ratio: String,
    /// What the fraction is a share of.
    pub share_of: &'static str,
    /// Why the fraction is not the exact one; empty where it is.
    pub near: &'static str,
    /// What the attainment lies between; empty where everything is known.
    pub worst: String,
    pub best: String,
    /// How much an unknown slot is taken to hold; empty where its length says it.
    pub weight: &'static str,
    /// Empty where there are none.
    pub born: String,
    pub unattributed: String,
    pub slots: Vec<Slots>,
    pub slot_count: String,
    /// Where in the period the objective was violated.
    pub violated: Vec<Mark>,
}

/// A member of a pool.
pub(super) struct Member {
    pub name: String,
    pub covered: bool,
    pub deployed: String,
    pub down: String,
}

impl Member {
    fn new(member: &MemberStatement) -> Self {
        Self {
            name: legible(&member.name).into_owned(),
            covered: member.covered,
            deployed: grouped(&member.deployed_seconds.to_string()),
            down: grouped(&member.down_seconds.to_string()),
        }
    }
}

/// The slots of one state.
pub(super) struct Slots {
    pub count: String,
    pub state: &'static str,
    pub class: &'static str,
    /// Where they stand in the bar.
    pub mark: Mark,
}

impl Objective {
    pub(super) fn new(objective: &ObjectiveStatement, statement: &StatementSpec) -> Self {
        let [worst, best] = &objective.attainment_bounds;
        let uncertain = worst != best;
        let states = [
            (objective.slots.measured, "measured", "measured"),
            (objective.slots.no_traffic, "without traffic", "idle"),
            (objective.slots.unknown, "unknown", "unknown"),
            (objective.slots.excluded, "excluded", "excluded"),
            (objective.slots.not_deployed, "not deployed", "absent"),
        ];
        let counts = states.map(|(count, ..)| count);
        let slots = states.into_iter().zip(shares(&counts));
        Self {
            name: legible(&objective.name).into_owned(),
            state: words::state(objective.state),
            class: class(objective.state),
            target: percent(&legible(&objective.target)),
            attainment: cut_percent(&legible(&objective.attainment), &objective.attainment_ratio),
            coverage: percent(&legible(&objective.coverage)),
            method: legible(words::method(&objective.method)).into_owned(),
            counting: legible(&objective.counting).into_owned(),
            total: grouped(&legible(&objective.total_events)),
            bad: grouped(&legible(&objective.bad_events)),
            units: words::units(objective),
            unknown: unknown(objective, &statement.terms.missing_data),
            not_covered: words::not_covered(objective),
            reported: words::reported(objective),
            members: objective.members.iter().map(Member::new).collect(),
            ratio: legible(&attained(&objective.attainment_ratio)).into_owned(),
            share_of: words::share_of(&objective.method),
            near: if is_near(&objective.attainment_ratio) { BRACKETED } else { "" },
            worst: if uncertain { percent(&legible(worst)) } else { String::new() },
            best: if uncertain { percent(&legible(best)) } else { String::new() },
            weight: words::weight_of_unknown(&objective.method),
            born: events(&objective.born_events),
            unattributed: events(&objective.unattributed_events),
            slots: slots
                .filter(|((count, _, class), _)| *count > 0 || *class != "absent")
                .map(|((count, state, class), mark)| Slots { count: grouped(&count.to_string()), state, class, mark })
                .collect(),
            slot_count: grouped(&counts.iter().fold(0_i64, |sum, count| sum.saturating_add(*count)).to_string()),
            violated: marks(objective, statement),
        }
    }
}

/// The class under which the style sheet colours a state.
pub(super) fn class(state: State) -> &'static str {
    match state {
        State::Fulfilled => "fulfilled",
        State::NotDetermined | State::AtRisk | State::NotCovered => "open",
        State::Violated => "violated",
    }
}

fn events(pair: &EventPair) -> String {
    let none = |count: &str| count.is_empty() || count == "0";
    if none(&pair.total) && none(&pair.bad) {
        return String::new();
    }
    format!("{}, {} of them bad", grouped(&legible(&pair.total)), grouped(&legible(&pair.bad)))
}
