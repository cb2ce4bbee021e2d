//! One query and what its rows mean.

use super::confine::ConfinedExpression;
use super::demux::{Member, Outcome, Row, sort};
use super::form::{IncreaseForm, Question};
use super::joined;
use super::lift::{Shape, Taken};
use super::plan::AskId;
use super::quantity::Quantity;
use super::raw::{self, LOOKBACK_MS, RawFigure, SampledSeries};
use num_bigint::BigInt;
use std::collections::BTreeMap;

/// What a request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// A counter of one shape for all members.
    Counter { shape: Shape, members: Vec<Member> },
    /// Any other expression, alone.
    Lone { expression: ConfinedExpression, asks: Vec<AskId> },
}

/// One query to send, with the table that tells its rows apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The query's text. It names no instant, so it can be asked at any slot's end.
    pub query: String,
    /// What it asks.
    pub question: Question,
    /// The form the figures are in. It differs from the plan's where an expression could not be
    /// asked in that form.
    pub form: IncreaseForm,
    /// The slot's length in milliseconds.
    pub slot_ms: u64,
    /// The slot's end in milliseconds since 1970: the instant to ask at.
    pub at_ms: i64,
    subject: Subject,
}

impl Request {
    pub(super) fn new(question: Question, form: IncreaseForm, (slot_ms, at_ms): (u64, i64), subject: Subject) -> Self {
        let query = match &subject {
            Subject::Counter { shape, members } => joined::query(question, form, slot_ms, shape, members),
            Subject::Lone { expression, .. } => expression.text(slot_ms, form),
        };
        Self { query, question, form, slot_ms, at_ms, subject }
    }

    /// The asks this answers, each once.
    #[must_use]
    pub fn asks(&self) -> Vec<AskId> {
        match &self.subject {
            Subject::Counter { members, .. } => members.iter().flat_map(|member| member.asks.iter().copied()).collect(),
            Subject::Lone { asks, .. } => asks.clone(),
        }
    }

    /// The query for the samples of all slots within `span_ms` before the last one's end, each of which can then be
    /// measured; nothing for any other question.
    #[must_use]
    pub fn samples_over(&self, span_ms: u64) -> Option<String> {
        match (&self.subject, self.question) {
            (Subject::Counter { shape, members }, Question::Samples) => {
                Some(joined::query(Question::Samples, self.form, span_ms, shape, members))
            }
            _ => None,
        }
    }

    /// This request as two smaller ones, or nothing if it is about one expression only. On a warning
    /// or an error of the store, halving finds the expression that caused it, so that one agreement
    /// cannot make all others unknown.
    #[must_use]
    pub fn halves(&self) -> Option<[Self; 2]> {
        let Subject::Counter { shape, members } = &self.subject else {
            return None;
        };
        let (first, second) = members.split_at_checked(members.len() / 2)?;
        if first.is_empty() {
            return None;
        }
        Some([first, second].map(|half| {
            Self::new(
                self.question,
                self.form,
                (self.slot_ms, self.at_ms),
                Subject::Counter { shape: shape.clone(), members: half.to_vec() },
            )
        }))
    }

    /// What the rows of one instant say for every ask. Rows nobody asked for are dropped.
    #[must_use]
    pub fn demultiplex(&self, rows: &[Row]) -> BTreeMap<AskId, Outcome> {
        self.each(rows, |row| &row.labels, Outcome::of_rows)
    }

    /// Which series belong to which ask, for an answer that spans several slots. Every ask has an entry; series nobody
    /// asked for are dropped.
    #[must_use]
    pub fn sort<'r>(&self, series: &'r [SampledSeries]) -> BTreeMap<AskId, Vec<&'r SampledSeries>> {
        self.each(series, |one| &one.labels, <[&SampledSeries]>::to_vec)
    }

    /// What the samples of one slot, the answer to [`Question::Samples`], say for every ask. The slot
    /// ends at `end_ms`.
    #[must_use]
    pub fn measure(&self, series: &[SampledSeries], end_ms: i64) -> BTreeMap<AskId, RawFigure> {
        self.each(series, |one| &one.labels, |own| self.scaled(own, end_ms))
    }

    fn scaled(&self, series: &[&SampledSeries], end_ms: i64) -> RawFigure {
        let mut figure = raw::total(series, end_ms, self.slot_ms, LOOKBACK_MS);
        if let (Subject::Counter { shape, .. }, Outcome::Value(increase)) = (&self.subject, &figure.increase)
            && shape.taken == Taken::Rate
            && self.slot_ms > 0
        {
            let seconds = Quantity::new(BigInt::from(self.slot_ms), BigInt::from(1000));
            figure.increase = Outcome::Value(increase / seconds);
        }
        figure
    }

    fn each<'r, T, A: Clone>(
        &self,
        rows: &'r [T],
        labels: impl Fn(&T) -> &BTreeMap<String, String>,
        answer: impl Fn(&[&'r T]) -> A,
    ) -> BTreeMap<AskId, A> {
        let mut answers = BTreeMap::new();
        match &self.subject {
            Subject::Counter { shape, members } => {
                let sorted = sort(&shape.keys, members, rows, labels);
                for (member, own) in members.iter().zip(sorted) {
                    let said = answer(&own);
                    answers.extend(member.asks.iter().map(|ask| (*ask, said.clone())));
                }
            }
            Subject::Lone { asks, .. } => {
                let said = answer(&rows.iter().collect::<Vec<_>>());
                answers.extend(asks.iter().map(|ask| (*ask, said.clone())));
            }
        }
        answers
    }
}
