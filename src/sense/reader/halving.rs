//! Finding out which part of a joined request a store objects to, so that only that part goes without a reading.
//!
//! A warning concerns the whole answer and does not name its cause; so does the refusal of one expression. The request
//! is asked again in halves, and the halves that are still objected to again. When every one of several parts is
//! objected to, the cause is the store and not a part; then, or when the search has cost too much, what is left goes
//! without a reading. What fails for the store's sake (time, connection, 5xx) is not asked again.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use futures::future::join_all;

use super::exchange::{Exchange, Fetched, Readings};
use super::slots::SlotRange;
use crate::sense::observation::Reading;
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
                        if cost == 0 && request.halves().is_none() {
                            done.accepted.extend(request.asks());
                        }
                        done.extend(readings);
                    }
                    Ok(Fetched { warning: Some(warning), .. }) => objections.push((request, Reading::Partial(warning))),
                    Err(error) if error.may_be_one_part() => objections.push((request, failed(&error))),
                    Err(error) => done.fill(&request, slots, &failed(&error)),
                }
            }
            let is_the_store = asked >= PARTS && objections.len() == asked;
            level = Vec::new();
            for (request, objection) in objections {
                match request.halves() {
                    Some(halves) if !is_the_store && cost + halves.len() <= MOST => {
                        cost += halves.len();
                        level.extend(halves);
                    }
                    Some(_) => done.fill(&request, slots, &objection),
                    None => {
                        done.objected.extend(request.asks());
                        done.fill(&request, slots, &objection);
                    }
                }
            }
        }
        done.halvings += cost;
    }
}

impl Done {
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
