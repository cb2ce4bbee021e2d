//! What is offered, second by second, and what goes wrong: the same for all that are compared.
//!
//! Calm at first, which is not judged, so that all have settled; then a step as of a campaign, and the burst of a recording, made
//! shorter. Pure.

use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;

use crate::plant::trace::{Recording, Trace};

/// Requests a second while it is calm.
const CALM: f64 = 45.0;
/// Requests a second during the step.
const STEP: f64 = 110.0;
/// The second of what is judged at which the step comes.
const STEP_AT: usize = 60;
/// What is taken of the recording: from its 18th to its 58th minute its load rises to three and a half times what it was, and
/// falls again.
const BURST: std::ops::Range<usize> = 1080..3480;
/// So many seconds of the recording are one.
const COMPRESSION: usize = 4;
/// The recording's rates are multiplied by this, so that its calm is ours.
const SCALE: f64 = 0.4;
/// The part of what is judged after which the fault strikes.
const FAULT_AFTER: (usize, usize) = (4, 5);

/// What goes wrong, in the last fifth of what is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Fault {
    /// The oldest pod runs at a seventh of its pace until it goes.
    SlowPod,
    /// Every request takes half as much work again.
    CostlierRequests,
}

/// What is offered.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    /// Requests a second, in each second.
    rates: Vec<f64>,
    /// Seconds at the beginning that are not judged; whole minutes.
    lead_in: usize,
    fault: Option<Fault>,
}

impl Course {
    /// Six minutes of calm: the autoscaler scales down on what five minutes agree on. Then fifteen that are judged.
    ///
    /// # Errors
    /// When the recording cannot be read.
    pub fn whole(fault: Option<Fault>) -> Result<Self> {
        let recording = Trace::recorded(Recording::AutothrottleBursty)?;
        let burst = compressed(recording.rates().get(BURST).unwrap_or_default(), COMPRESSION);
        let burst = burst.into_iter().map(|rate| rate * SCALE);
        let step = [(CALM, STEP_AT), (STEP, 240)];
        Ok(Self { rates: flat(&[(CALM, 360)]).chain(flat(&step)).chain(burst).collect(), lead_in: 360, fault })
    }

    /// Three minutes of calm and the step alone, for four minutes: to see that all works.
    #[must_use]
    pub fn short(fault: Option<Fault>) -> Self {
        let rates = flat(&[(CALM, 180 + STEP_AT), (STEP, 180)]).collect();
        Self { rates, lead_in: 180, fault }
    }

    /// Requests a second, in each second from the first of the calm on.
    #[must_use]
    pub fn rates(&self) -> &[f64] {
        &self.rates
    }

    /// Requests a second before it begins, and in its first second.
    #[must_use]
    pub fn calm(&self) -> f64 {
        CALM
    }

    /// Minutes at the beginning that are not judged.
    #[must_use]
    pub fn lead_in_minutes(&self) -> usize {
        self.lead_in / 60
    }

    /// Minutes that are judged.
    #[must_use]
    pub fn minutes(&self) -> usize {
        self.rates.len().saturating_sub(self.lead_in) / 60
    }

    /// How long all of it is.
    #[must_use]
    pub fn length(&self) -> Duration {
        seconds(self.rates.len())
    }

    /// When judging begins.
    #[must_use]
    pub fn judged_from(&self) -> Duration {
        seconds(self.lead_in)
    }

    /// When the step comes.
    #[must_use]
    pub fn step(&self) -> Duration {
        seconds(self.lead_in.saturating_add(STEP_AT))
    }

    /// The fault, with the seconds of what is judged after which it strikes.
    #[must_use]
    pub fn fault(&self) -> Option<(Fault, usize)> {
        let (part, of) = FAULT_AFTER;
        let judged = self.rates.len().saturating_sub(self.lead_in);
        self.fault.map(|fault| (fault, judged.saturating_mul(part) / of))
    }

    /// When the fault strikes.
    #[must_use]
    pub fn strikes(&self) -> Option<(Fault, Duration)> {
        self.fault().map(|(fault, after)| (fault, seconds(self.lead_in.saturating_add(after))))
    }
}

fn flat(parts: &[(f64, usize)]) -> impl Iterator<Item = f64> {
    parts.iter().flat_map(|(rate, seconds)| std::iter::repeat_n(*rate, *seconds))
}

/// One of each `by` rates, their mean: the shape is the same, and sooner over.
fn compressed(rates: &[f64], by: usize) -> Vec<f64> {
    // A chunk is far shorter than 2^32 seconds.
    let count = |chunk: &[f64]| u32::try_from(chunk.len()).map_or(f64::INFINITY, f64::from);
    rates.chunks(by.max(1)).map(|chunk| chunk.iter().sum::<f64>() / count(chunk)).collect()
}

fn seconds(count: usize) -> Duration {
    Duration::from_secs(u64::try_from(count).unwrap_or(u64::MAX))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::float_cmp)]
mod tests {
    use super::*;

    #[test]
    fn a_load_made_shorter_keeps_its_shape() {
        assert_eq!(compressed(&[1.0, 3.0, 5.0, 7.0, 9.0], 2), [2.0, 6.0, 9.0]);
        assert_eq!(compressed(&[], 4), [0.0; 0]);
    }

    #[test]
    fn the_course_is_calm_then_steps_then_bursts() {
        let course = Course::whole(None).unwrap();
        assert_eq!((course.lead_in_minutes(), course.minutes(), course.length().as_secs()), (6, 15, 1260));
        let step = usize::try_from(course.step().as_secs()).unwrap();
        assert!(course.rates()[..step].iter().all(|rate| *rate == course.calm()));
        assert_eq!((course.rates()[step], course.rates()[step + 239]), (STEP, STEP));
        let burst = &course.rates()[step + 240..];
        let peak = burst.iter().copied().fold(0.0, f64::max);
        let ends = [burst[0], burst[burst.len() - 1]];
        assert!((150.0..165.0).contains(&peak) && ends.iter().all(|end| *end < STEP), "{peak} between {ends:?}");
    }

    #[test]
    fn a_fault_strikes_late_and_is_told_from_where_judging_begins() {
        let course = Course::whole(Some(Fault::SlowPod)).unwrap();
        assert_eq!(course.fault(), Some((Fault::SlowPod, 720)));
        assert_eq!(course.strikes(), Some((Fault::SlowPod, Duration::from_secs(1080))));
        let short = Course::short(None);
        assert_eq!((short.fault(), short.minutes(), short.length().as_secs()), (None, 4, 420));
    }
}
