//! The steps of a recording: how far apart its rows are, which of them are missing, and the rate in every second.

use super::header::Measure;
use super::{Load, Unreadable};
use crate::simulate::load::number;

/// Longest recording in seconds: three years.
pub const LONGEST: usize = 3 * 366 * 86_400;
/// Steps that may be missing, of all: with more of them the load would be a guess.
const MOST_HOLES: (usize, usize) = (1, 10);
/// Part of a step by which a row of counts may come early or late: a clock that is read to the second shifts rows that are
/// 15 s apart by 7 %. A row that is further off may count for any part of the time until the next one.
const JITTER: f64 = 0.1;
/// Rows of rates that are further apart, in steps, have a hole between them.
const WIDEST: f64 = 1.5;
/// The rate of a second is read once in it.
const SHORTEST: f64 = 1.0;

/// How much of a recording is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holes {
    /// Steps that nothing is known of.
    pub steps: usize,
    /// All steps.
    pub of: usize,
}

impl Holes {
    /// With so many the load would be a guess.
    #[must_use]
    pub fn are_too_many(self) -> bool {
        let (some, of) = MOST_HOLES;
        self.steps.saturating_mul(of) > self.of.saturating_mul(some)
    }

    /// As `8 of 4040 steps`.
    #[must_use]
    pub fn told(self) -> String {
        format!("{} of {} steps", self.steps, self.of)
    }
}

/// A row: its line, when it begins in seconds, and what it says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) line: usize,
    pub(super) at: f64,
    pub(super) value: f64,
}

/// Makes a load of rates: when each begins, in seconds, and requests per second until the next one. Over a hole the rate before
/// it is kept.
///
/// # Errors
/// When there are fewer than two, or they span too long.
pub fn of_rates(rates: &[(f64, f64)]) -> Result<Load, Unreadable> {
    let step = usual(rates.iter().map(|(at, _)| *at))?;
    Ok(Load::new(by_second(rates, step)?)?)
}

/// The rate in every second, and how many steps are missing.
pub(super) fn rates(rows: &[Row], says: Measure) -> Result<(Vec<f64>, Holes), Unreadable> {
    let step = usual(rows.iter().map(|row| row.at))?;
    if step < SHORTEST * (1.0 - JITTER) {
        return Err(Unreadable::Close);
    }
    let mut missing = 0;
    let mut longest = (0, 0);
    let mut rates: Vec<(f64, f64)> = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        // The last one lasts as long as is usual.
        let (distance, next) = rows.get(index + 1).map_or((step, row), |next| (next.at - row.at, next));
        let steps = match says {
            Measure::Counts => multiple(distance, step).ok_or_else(|| uneven(next.line, distance, step))?,
            Measure::Rates if distance > WIDEST * step => (distance / step).round(),
            Measure::Rates => 1.0,
        };
        // A count before a hole is that of a step; any other one lasts until the next row, be it early or late.
        let lasts = if steps > 1.0 { step } else { distance };
        rates.push((row.at, if says == Measure::Rates { row.value } else { row.value / lasts }));
        let hole = whole(steps - 1.0);
        missing += hole;
        if hole > longest.0 {
            longest = (hole, next.line);
        }
    }
    let holes = Holes { steps: missing, of: rows.len().saturating_add(missing) };
    if holes.are_too_many() {
        return Err(Unreadable::Holes { holes, row: longest.1 });
    }
    Ok((by_second(&rates, step)?, holes))
}

/// Of how many steps a distance consists, if of a whole number.
fn multiple(distance: f64, step: f64) -> Option<f64> {
    let steps = (distance / step).round().max(1.0);
    Some(steps).filter(|steps| (distance - steps * step).abs() <= JITTER * step)
}

fn uneven(row: usize, distance: f64, step: f64) -> Unreadable {
    // To the millisecond: a third of a minute has no end.
    let [distance, step] = [distance, step].map(|seconds| (seconds * 1000.0).round() / 1000.0);
    let problem = format!(
        "it comes {distance} s after the row before, which is no whole number of the usual steps of {step} s, so that nobody \
         can tell for how long that one counts; write rows at even distances, or rates in a column called rate"
    );
    Unreadable::Row { row, problem }
}

/// The usual distance is the median one: rows may be missing.
fn usual(times: impl Iterator<Item = f64> + Clone) -> Result<f64, Unreadable> {
    let mut steps: Vec<f64> = times.clone().zip(times.skip(1)).map(|(at, next)| next - at).collect();
    steps.sort_by(f64::total_cmp);
    steps.get(steps.len().saturating_sub(1) / 2).copied().ok_or(Unreadable::Short)
}

fn by_second(rates: &[(f64, f64)], step: f64) -> Result<Vec<f64>, Unreadable> {
    let [(start, _), .., (last, _)] = rates else { return Err(Unreadable::Short) };
    let seconds = whole(last - start + step);
    if seconds > LONGEST {
        return Err(Unreadable::Long);
    }
    let middles: Vec<(f64, f64)> = rates.iter().map(|(at, rate)| (at - start + step / 2.0, *rate)).collect();
    let mut all = Vec::with_capacity(seconds);
    let mut next = 0;
    for second in 0..seconds {
        let at = number(second) + 0.5;
        while middles.get(next).is_some_and(|(middle, _)| *middle <= at) {
            next += 1;
        }
        let before = next.checked_sub(1).and_then(|index| middles.get(index));
        all.push(match (before, middles.get(next)) {
            (Some((from, low)), Some((to, high))) => {
                // Over a hole the rate stays until the last step before its end.
                let from = from.max(to - step);
                low + (high - low) * ((at - from) / (to - from)).clamp(0.0, 1.0)
            }
            (Some((_, rate)), None) | (None, Some((_, rate))) => *rate,
            (None, None) => 0.0,
        });
    }
    Ok(all)
}

fn whole(number: f64) -> usize {
    // The cast saturates.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let whole = number.round().max(0.0) as usize;
    whole
}
