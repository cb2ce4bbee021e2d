//! The service level indicator: what the store said about one slot becomes a slot of the ledger.
//!
//! Takes a [`SlotReading`] and the indicator of its series, gives a [`Slot`]. The rules, none of which may turn ignorance into a count:
//!
//! - Any reading that is neither a value nor absent makes the slot `Unknown` with that cause.
//! - No sample in the slot: `Unknown`, whatever the total says. An increase that is anchored at the samples around the
//!   slot reads 0 over a gap.
//! - The total is absent: `Unknown`, unless all series of the total were born in this slot.
//! - The total is zero: `NoTraffic`.
//! - The named part is absent while there is a total: none of it happened. Counters of errors appear with the first
//!   error, and counters of successes with the first success; so an absent *bad* part is 0 bad, and an absent *good*
//!   part is 0 good: all were bad. A histogram, however, writes all its buckets from the beginning: an absent bucket
//!   means that the threshold is no bucket bound, and the slot is `Unknown`.
//! - A single value is one event, bad when it exceeds its limit. No series while the source answers is no value, and no
//!   event: there was nothing to judge.
//! - Where the indicator asks how many instances there were, and the slot had no event: none means `NotDeployed`, some
//!   change nothing, and where nothing says how many, nobody knows what an empty slot was. No series is no answer: the
//!   exporter that counts may be gone with what it counts, or instead of it. Where there were events, they count: what
//!   was asked was there, whoever counts the instances.
//! - A part above its total is `Unknown` and never clamped: the two do not count the same events.

use num_rational::BigRational;
use num_traits::Zero;

use crate::api::objective::{Indicator, ValueIndicator};
use crate::sense::observation::{FailureKind, Reading, ReadingPair, SlotReading};

use super::count::{Count, NotACount};
use super::methods::value::Limit;
use super::slot::{Births, Slot, Tally, UnknownCause};

/// What an absent or present part of the total means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Good,
    Bad,
    /// Good as well, but never absent by itself.
    Bucket,
}

impl Part {
    fn of(indicator: &Indicator) -> Self {
        match &indicator.ratio {
            Some(ratio) if ratio.bad.is_some() => Self::Bad,
            Some(_) => Self::Good,
            None => Self::Bucket,
        }
    }
}

/// A total and the named part; `None` is an absent one.
#[derive(Clone, Copy, Default)]
struct Figures {
    total: Option<Count>,
    part: Option<Count>,
}

/// Makes a slot of what was read of a series. `generation` is that of the agreement's spec.
#[must_use]
pub fn slot(indicator: &Indicator, reading: &SlotReading, generation: i64) -> Slot {
    let counts = match &indicator.value {
        Some(value) => single(value, reading).map(|tally| (tally, Births::default())),
        None => counts(Part::of(indicator), reading),
    };
    match empty(reading) {
        Some(Ok(true)) => return Slot::not_deployed(generation),
        Some(Err(cause)) => return Slot::unknown(cause, generation),
        Some(Ok(false)) | None => {}
    }
    match counts {
        Ok((counted, births)) => Slot::known(counted, births, generation),
        Err(cause) => Slot::unknown(cause, generation),
    }
}

/// Whether nothing was deployed, where that is asked and the slot had no event. `None`: it is not, or there was one, or
/// whether there was is not known.
fn empty(reading: &SlotReading) -> Option<Result<bool, UnknownCause>> {
    let deployed = reading.deployed.as_ref()?;
    let is_none = |reading: &Reading| match reading {
        Reading::Value(value) => value.is_zero(),
        Reading::Absent => true,
        _ => false,
    };
    let pairs = [Some(&reading.counted), reading.born.as_ref(), reading.all_births.as_ref()];
    let no_event = pairs.into_iter().flatten().all(|pair| is_none(&pair.total) && is_none(&pair.part));
    let looked = matches!(reading.samples, Reading::Value(_) | Reading::Absent);
    (no_event && looked).then(|| match figure(deployed)? {
        Some(instances) => Ok(instances.is_zero()),
        None => Err(UnknownCause::DeployedAbsent),
    })
}

/// A value against its limit.
fn single(indicator: &ValueIndicator, reading: &SlotReading) -> Result<Tally, UnknownCause> {
    let value = match &reading.counted.total {
        Reading::Value(value) => value,
        Reading::Absent => return Ok(Tally::default()),
        other => return Err(figure(other).err().unwrap_or(UnknownCause::Absent)),
    };
    // The schema and validation let no limit through that can not be read.
    let limit = Limit::of(0, indicator).map_err(|_| UnknownCause::Expression)?;
    let bad = if limit.keeps(value, &BigRational::default()) { Count::ZERO } else { Count::events(1) };
    Ok(Tally { total: Count::events(1), bad })
}

fn counts(kind: Part, reading: &SlotReading) -> Result<(Tally, Births), UnknownCause> {
    let counted = figures(&reading.counted)?;
    let born = optional_figures(reading.born.as_ref())?;
    let all_births = optional_figures(reading.all_births.as_ref())?;
    let samples = figure(&reading.samples)?;

    if samples == Some(Count::ZERO) {
        return Err(UnknownCause::NoSamples);
    }
    let born_total = born.total.unwrap_or_default();
    let existing = match (counted.total, samples) {
        (Some(total), _) => total,
        (None, None) => return Err(UnknownCause::NoSamples),
        (None, Some(_)) if !born_total.is_zero() => Count::ZERO,
        (None, Some(_)) => return Err(UnknownCause::Absent),
    };
    for figures in [counted, born] {
        if kind == Part::Bucket && figures.part.is_none() && figures.total.is_some_and(|t| !t.is_zero()) {
            return Err(UnknownCause::BucketAbsent);
        }
    }

    // Compared as a sum: an error counter of its own name is born with the first error, while its total is not.
    let total = existing + born_total;
    let part = counted.part.unwrap_or_default() + born.part.unwrap_or_default();
    let rest = total.minus(part).ok_or(UnknownCause::PartAboveTotal)?;
    let counted = Tally { total, bad: if kind == Part::Bad { part } else { rest } };

    let unattributed = Figures {
        total: Some(difference(all_births.total, born.total)?),
        part: Some(difference(all_births.part, born.part)?),
    };
    let births = Births { born: tally(kind, born), unattributed: tally(kind, unattributed) };
    Ok((counted, births))
}

/// A column of births in terms of bad events. When more good births than births are seen (two metrics of different
/// names), none of them was bad; the counts themselves were compared above.
fn tally(kind: Part, figures: Figures) -> Tally {
    let (total, part) = (figures.total.unwrap_or_default(), figures.part.unwrap_or_default());
    Tally { total, bad: if kind == Part::Bad { part } else { total.minus(part).unwrap_or_default() } }
}

fn difference(all: Option<Count>, attributed: Option<Count>) -> Result<Count, UnknownCause> {
    match all {
        Some(all) => all.minus(attributed.unwrap_or_default()).ok_or(UnknownCause::PartAboveTotal),
        None => Ok(Count::ZERO),
    }
}

fn optional_figures(pair: Option<&ReadingPair>) -> Result<Figures, UnknownCause> {
    pair.map_or_else(|| Ok(Figures::default()), figures)
}

fn figures(pair: &ReadingPair) -> Result<Figures, UnknownCause> {
    Ok(Figures { total: figure(&pair.total)?, part: figure(&pair.part)? })
}

fn figure(reading: &Reading) -> Result<Option<Count>, UnknownCause> {
    match reading {
        Reading::Value(value) => match Count::from_ratio(value) {
            Ok(count) => Ok(Some(count)),
            Err(NotACount::Negative) => Err(UnknownCause::Negative),
            Err(NotACount::TooLarge) => Err(UnknownCause::TooLarge),
        },
        Reading::Absent => Ok(None),
        Reading::NonFinite => Err(UnknownCause::NonFinite),
        Reading::Negative => Err(UnknownCause::Negative),
        Reading::TooManySeries(_) => Err(UnknownCause::TooManySeries),
        Reading::Partial(_) => Err(UnknownCause::Partial),
        Reading::Failed(failure) => Err(match failure.kind {
            FailureKind::Unreachable => UnknownCause::Unreachable,
            FailureKind::TimedOut => UnknownCause::TimedOut,
            FailureKind::Refused => UnknownCause::Refused,
            FailureKind::StoreFailed | FailureKind::NoAnswer => UnknownCause::StoreFailed,
            FailureKind::WrongType => UnknownCause::WrongType,
            FailureKind::Expression => UnknownCause::Expression,
            FailureKind::BeyondRetention => UnknownCause::BeyondRetention,
        }),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
