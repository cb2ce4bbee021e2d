//! The increase of a counter from its raw samples, for stores without an exact increase, and for
//! disputes.
//!
//! Per series: the last sample at or before the slot's start, within the lookback, is the edge; every
//! step from there to the last sample in the slot counts, and a step down is a reset, after which the
//! whole new value counts. Without an edge the first sample in the slot is where counting starts, and
//! its value is kept apart: it is what a newborn series brought. A series without a sample in the
//! slot says nothing. These are the rules of the store's anchored increase, so both forms agree.
//!
//! Only one thing is stricter: a value that is no exact number spoils the figure, where the store
//! skips it in silence. The differences are exact, since every value is below 2^53 and none passes through a float.

use super::demux::Outcome;
use super::quantity::{Quantity, QuantityError, parse_quantity};
use num_traits::{Signed, Zero};
use std::collections::BTreeMap;

/// How far before the slot the edge may lie: the stores' default lookback.
pub const LOOKBACK_MS: u64 = 300_000;

/// One series of a range answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampledSeries {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Time in milliseconds since 1970 and value as the store wrote it, oldest first.
    pub samples: Vec<(i64, String)>,
}

/// What one series counted within a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesIncrease {
    /// The reset-corrected increase.
    pub increase: Quantity,
    /// The first value in the slot if no edge was found: the series was born or came back.
    pub first: Option<Quantity>,
    /// How many samples lie in the slot.
    pub samples: usize,
}

/// What several series counted together within a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawFigure {
    /// The sum of the increases; absent if no series has a sample in the slot.
    pub increase: Outcome,
    /// The sum of the first values of series without an edge; absent if all have one. Such a series
    /// was born in the slot, or came back after a gap longer than the lookback: the births query,
    /// which looks an hour back, tells which.
    pub first_seen: Outcome,
    /// How many samples lie in the slot.
    pub samples: usize,
}

/// What one series counted in the slot that ends at `end_ms`; `None` if it has no sample in it.
///
/// # Errors
/// A value that is not an exact number.
pub fn measure(
    series: &SampledSeries,
    end_ms: i64,
    slot_ms: u64,
    lookback_ms: u64,
) -> Result<Option<SeriesIncrease>, QuantityError> {
    let start = end_ms.saturating_sub_unsigned(slot_ms);
    let oldest = start.saturating_sub_unsigned(lookback_ms);
    let edge = series.samples.iter().rev().find(|(time, _)| *time <= start && *time > oldest);
    let inside = series.samples.iter().filter(|(time, _)| *time > start && *time <= end_ms);
    let mut before = match edge {
        Some((_, value)) => Some(parse_quantity(value)?),
        None => None,
    };
    let mut found = SeriesIncrease { increase: Quantity::zero(), first: None, samples: 0 };
    for (_, text) in inside {
        let value = parse_quantity(text)?;
        found.samples += 1;
        match before.take() {
            None => found.first = Some(value.clone()),
            Some(before) if value < before => found.increase += &value,
            Some(before) => found.increase += &value - before,
        }
        before = Some(value);
    }
    Ok((found.samples > 0).then_some(found))
}

/// What all series of one question counted together.
pub(super) fn total(series: &[&SampledSeries], end_ms: i64, slot_ms: u64, lookback_ms: u64) -> RawFigure {
    let mut increase: Option<Quantity> = None;
    let mut first: Option<Quantity> = None;
    let mut samples = 0;
    for one in series {
        match measure(one, end_ms, slot_ms, lookback_ms) {
            Ok(None) => {}
            Ok(Some(counted)) => {
                samples += counted.samples;
                add(&mut increase, counted.increase);
                if let Some(value) = counted.first {
                    add(&mut first, value);
                }
            }
            Err(error) => {
                return RawFigure { increase: error.clone().into(), first_seen: error.into(), samples };
            }
        }
    }
    RawFigure { increase: outcome(increase), first_seen: outcome(first), samples }
}

fn add(sum: &mut Option<Quantity>, value: Quantity) {
    *sum = Some(match sum.take() {
        None => value,
        Some(sum) => sum + value,
    });
}

fn outcome(sum: Option<Quantity>) -> Outcome {
    match sum {
        None => Outcome::Absent,
        Some(value) if value.is_negative() => Outcome::Negative(value),
        Some(value) => Outcome::Value(value),
    }
}
