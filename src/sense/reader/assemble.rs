//! From the answers to all questions to the readings of one indicator.

use std::collections::BTreeMap;

use super::exchange::Readings;
use super::{Entry, IndicatorReading};
use crate::api::metrics_source::IncreaseForm;
use crate::sense::observation::{Failure, FailureKind, Reading, ReadingPair, SlotReading};
use crate::sense::promql::{self, AskId, Question};

/// Every answer to every question.
#[derive(Default)]
pub(super) struct Answers {
    readings: Readings,
    forms: BTreeMap<AskId, promql::IncreaseForm>,
}

/// A reading, and what it says about the histogram's bounds.
pub(super) struct Assembled {
    pub(super) reading: IndicatorReading,
    /// Some slot has other samples in the bucket than in the count.
    pub(super) mismatch: bool,
    /// The bounds were not looked up just now.
    pub(super) remembered_bounds: bool,
}

impl Answers {
    /// Enters readings; `form` when they are figures.
    pub(super) fn extend(&mut self, readings: Readings, form: Option<promql::IncreaseForm>) {
        if let Some(form) = form {
            self.forms.extend(readings.keys().map(|(id, _)| (*id, form)));
        }
        self.readings.extend(readings);
    }

    fn get(&self, id: AskId, question: Question, slot: usize) -> Option<&Reading> {
        self.readings.get(&(id, question))?.get(slot)
    }
}

/// The readings of one indicator.
pub(super) fn reading(entry: &Entry<'_>, form: IncreaseForm, answers: &Answers) -> Assembled {
    let ids = [entry.total, entry.part];
    let estimated = ids.iter().any(|id| answers.forms.get(id) == Some(&promql::IncreaseForm::Extrapolated));
    let mut mismatch = false;
    let mut slots = Vec::new();
    for (start, slot) in entry.ask.slots.starts().zip(0..) {
        let mut reading = SlotReading {
            start,
            counted: figures(entry, answers, slot),
            born: births(entry, answers, Question::AttributedBirths, slot),
            all_births: births(entry, answers, Question::Births, slot),
            samples: answers.get(entry.total, Question::Coverage, slot).cloned().unwrap_or(Reading::Absent),
            deployed: entry.ask.indicator.deployed.as_ref().map(|_| figure(entry, answers, entry.deployed, slot)),
        };
        if entry.ask.indicator.latency.is_some()
            && let (Reading::Value(count), Some(Reading::Value(bucket))) =
                (&reading.samples, answers.get(entry.part, Question::Coverage, slot))
            && count != bucket
        {
            mismatch = true;
            reading.counted.part = Reading::Partial(format!(
                "the histogram's count has {count} samples in the slot, its bucket at the threshold has {bucket}"
            ));
        }
        slots.push(reading);
    }
    Assembled {
        reading: IndicatorReading {
            key: entry.ask.key.clone(),
            form: if estimated { IncreaseForm::Extrapolated } else { form },
            slots,
        },
        mismatch,
        remembered_bounds: entry.expressions.as_ref().is_ok_and(|pair| pair.remembered_bounds),
    }
}

fn figures(entry: &Entry<'_>, answers: &Answers, slot: usize) -> ReadingPair {
    let figure = |id| figure(entry, answers, id, slot);
    ReadingPair { total: figure(entry.total), part: figure(entry.part) }
}

fn figure(entry: &Entry<'_>, answers: &Answers, id: AskId, slot: usize) -> Reading {
    match &entry.expressions {
        Err(failure) => Reading::Failed(failure.clone()),
        Ok(_) => answers.get(id, Question::Value, slot).cloned().unwrap_or_else(|| {
            Reading::Failed(Failure { kind: FailureKind::WrongType, message: "nothing was asked".to_owned() })
        }),
    }
}

/// Births are told only when they are for both figures.
fn births(entry: &Entry<'_>, answers: &Answers, question: Question, slot: usize) -> Option<ReadingPair> {
    Some(ReadingPair {
        total: answers.get(entry.total, question, slot)?.clone(),
        part: answers.get(entry.part, question, slot)?.clone(),
    })
}
