//! Finding out which part of a joined request a store objects to, so that only that part goes without a reading.
//!
//! A warning concerns the whole answer and does not name its cause; so does the refusal of one expression. The request
//! is asked again in halves, and the halves that are still objected to again. When every one of several parts is
//! objected to, the cause is no part: it is the store, or what the parts have in common. Then, or when the search has
//! cost too much, what is left goes without a reading. What fails for the store's sake (time, connection, 5xx) is not
//! asked again.
//!
//! An expression that is refused by itself will be refused again: its slots would otherwise wait for ever, and with
//! them those of its agreement's other objectives. For several slots that is concluded when the first and the last are
//! refused by themselves in the same words, figures aside; otherwise fewer are asked the next time.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use futures::future::join_all;

use super::exchange::{Exchange, Fetched, Readings};
use super::slots::SlotRange;
use crate::sense::observation::{Failure, FailureKind, Reading};
use crate::sense::promql::{AskId, IncreaseForm, Question, Request};
use crate::sense::store::StoreError;

/// When this many parts are all objected to, it is not the parts.
const PARTS: usize = 8;
/// Requests one search may cost.
const MOST: usize = 128;

/// A request that is dealt with.
pub(super) struct Done {
    /// One reading per slot for every ask.
    pub(super) readings: Readings,
    /// The form its figures are in.
    pub(super) form: Option<IncreaseForm>,
    /// The asks the store objected to when they were asked alone.
    pub(super) objected: BTreeSet<AskId>,
    /// The asks that were planned alone, and not objected to.
    pub(super) accepted: BTreeSet<AskId>,
    /// The asks that the store refuses by themselves, if it is not the store that refuses everything.
    pub(super) refused: BTreeSet<AskId>,
    /// The store answered something.
    pub(super) answered: bool,
    pub(super) requests: usize,
    pub(super) halvings: usize,
    /// Figures that came from a joined request.
    pub(super) joined: usize,
}

impl Exchange<'_> {
    pub(super) async fn run(self) -> Done {
        let is_figure = matches!(self.request.question, Question::Value | Question::Samples);
        let asks = self.request.asks().len();
        let mut done = Done {
            readings: Readings::new(),
            form: is_figure.then_some(self.request.form),
            objected: BTreeSet::new(),
            accepted: BTreeSet::new(),
            refused: BTreeSet::new(),
            answered: false,
            requests: 0,
            halvings: 0,
            joined: if is_figure && asks > 1 { asks } else { 0 },
        };
        for slots in self.pieces() {
            self.search(slots, &mut done).await;
        }
        done.requests = self.sent.load(Ordering::Relaxed);
        done
    }

    async fn search(&self, slots: SlotRange, done: &mut Done) {
        let mut level = vec![self.request.clone()];
        let mut cost = 0;
        while !level.is_empty() {
            let answers = join_all(level.iter().map(|request| self.fetch(request, slots))).await;
            let asked = level.len();
            let mut objections = Vec::new();
            for (request, answer) in level.into_iter().zip(answers) {
                match answer {
                    Ok(Fetched { readings, warning: None }) => {
                        done.answered = true;
                        if cost == 0 && request.halves().is_none() {
                            done.accepted.extend(request.asks());
                        }
                        done.extend(readings);
                    }
                    Ok(Fetched { warning: Some(warning), .. }) => {
                        done.answered = true;
                        objections.push((request, Objection::Doubt(warning)));
                    }
                    Err(error) if error.may_be_one_part() => objections.push((request, Objection::Error(error))),
                    Err(error) => done.fill(&request, slots, &failed(&error)),
                }
            }
            let is_no_part = asked >= PARTS && objections.len() == asked;
            // All parts of a request have one shape, so what holds for one of them holds for all.
            let all_refused = is_no_part
                && match objections.first() {
                    Some((request, objection)) => self.is_refused_by_itself(request, slots, objection).await,
                    None => false,
                };
            level = Vec::new();
            for (request, objection) in objections {
                match request.halves() {
                    Some(halves) if !is_no_part && cost + halves.len() <= MOST => {
                        cost += halves.len();
                        level.extend(halves);
                        continue;
                    }
                    Some(_) if all_refused => done.refused.extend(request.asks()),
                    Some(_) => {}
                    None => {
                        done.objected.extend(request.asks());
                        if all_refused || self.is_refused_by_itself(&request, slots, &objection).await {
                            done.refused.extend(request.asks());
                        }
                    }
                }
                done.fill(&request, slots, &objection.reading());
            }
        }
        done.halvings += cost;
    }

    /// Whether the store refuses a request for what it asks.
    async fn is_refused_by_itself(&self, request: &Request, slots: SlotRange, objection: &Objection) -> bool {
        let Objection::Error(error) = objection else { return false };
        if slots.count() == 1 {
            // No smaller question is left than one expression in one slot.
            return matches!(error, StoreError::Refused { .. } | StoreError::TooLarge { .. });
        }
        // A range may be refused for its size, or for what happens in one of its slots.
        let ends = slots.ends().map(async |slot| self.fetch(request, slot).await.err());
        let [first, last] = ends.map(Box::pin);
        match futures::join!(first, last) {
            (Some(StoreError::Refused { message: first, .. }), Some(StoreError::Refused { message: last, .. })) => {
                without_figures(&first) == without_figures(&last)
            }
            _ => false,
        }
    }
}

/// A store's words without the instants it may name in them.
fn without_figures(words: &str) -> String {
    words.chars().filter(|c| !c.is_ascii_digit()).collect()
}

/// What a store has against a request.
enum Objection {
    /// It answered, with a warning.
    Doubt(String),
    /// It did not answer.
    Error(StoreError),
}

impl Objection {
    fn reading(&self) -> Reading {
        match self {
            Self::Doubt(warning) => Reading::Partial(warning.clone()),
            Self::Error(error) => failed(error),
        }
    }
}

impl Done {
    /// Says of the refused expressions that it is them, by the name of their field.
    pub(super) fn blame(&mut self, field: impl Fn(AskId) -> &'static str) {
        for ((id, _), readings) in self.readings.iter_mut().filter(|((id, _), _)| self.refused.contains(id)) {
            for reading in readings {
                if let Reading::Failed(failure) = reading
                    && matches!(failure.kind, FailureKind::Refused | FailureKind::NoAnswer)
                {
                    let message = format!("{}: {}", field(*id), failure.message);
                    *failure = Failure { kind: FailureKind::Expression, message };
                }
            }
        }
    }

    fn extend(&mut self, readings: Readings) {
        for (key, readings) in readings {
            self.readings.entry(key).or_default().extend(readings);
        }
    }

    /// The same reading for every ask and slot of a request.
    fn fill(&mut self, request: &Request, slots: SlotRange, reading: &Reading) {
        let questions: &[Question] = match request.question {
            Question::Samples => &[Question::Value, Question::Coverage],
            Question::Value => &[Question::Value],
            Question::Births => &[Question::Births],
            Question::AttributedBirths => &[Question::AttributedBirths],
            Question::Coverage => &[Question::Coverage],
        };
        for id in request.asks() {
            for question in questions {
                let entry = self.readings.entry((id, *question)).or_default();
                entry.extend(slots.ends_ms().map(|_| reading.clone()));
            }
        }
    }
}

fn failed(error: &StoreError) -> Reading {
    Reading::Failed(error.into())
}
