//! What one pod counted from step to step, of its requests and of its CPU time together.
//!
//! Both count or neither does: they are one measurement only where both were scraped anew since the step before. What a
//! counter has when it is first seen, falls, or gets or loses a series was counted nobody knows when, and is left out.

use std::collections::BTreeMap;

use crate::sense::counters::Millionths;

/// A longer silence than so many steps makes what was counted in it belong to none.
const SILENCE: usize = 4;
/// A pod is warm when it served already so many steps before: two minutes, in which most of what is compiled, filled or
/// connected at first is.
pub(super) const WARM: usize = 8;

/// Values by step.
pub(super) type Row = BTreeMap<usize, Millionths>;

/// Counters that are scraped together.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// Cumulative, each the sum of its series.
    pub(super) rows: Vec<Row>,
    /// The instant of the newest sample.
    pub(super) newest: Row,
    /// How many series there are.
    pub(super) series: Row,
}

/// A part at a step.
#[derive(Debug)]
struct Reading {
    values: Vec<Millionths>,
    newest: Millionths,
    series: Millionths,
}

impl Part {
    /// `None`: not all of it is there.
    fn at(&self, step: usize) -> Option<Reading> {
        let values = self.rows.iter().map(|row| row.get(&step).copied()).collect::<Option<Vec<_>>>()?;
        Some(Reading { values, newest: *self.newest.get(&step)?, series: *self.series.get(&step)? })
    }
}

impl Reading {
    /// What was counted since an earlier reading. `None`: that is not known.
    fn since(&self, was: &Self) -> Option<Vec<Millionths>> {
        let gains =
            self.values.iter().zip(&was.values).map(|(now, was)| now.checked_sub(*was).filter(|gain| *gain >= 0));
        gains.collect::<Option<Vec<_>>>().filter(|_| self.series == was.series)
    }

    /// Something of it fell: what counts has begun anew.
    fn fell(&self, was: &Self) -> bool {
        self.values.iter().zip(&was.values).any(|(now, was)| now < was)
    }
}

/// What came of a pod at a step.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It is not there, or not with all of its counters.
    Absent,
    /// It was not scraped anew.
    Old,
    /// It was, and what it counted is not known.
    Lost,
    /// It counted so much.
    Counted {
        /// The rows of its requests.
        requests: Vec<Millionths>,
        /// The errors among them.
        errors: Millionths,
        /// Its CPU time.
        cpu: Millionths,
    },
}

/// The counters of a pod. One part is left out where requests are counted in front of the pods.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) requests: Option<Part>,
    pub(super) cpu: Option<Part>,
    pub(super) errors: Row,
    last: Option<(usize, Vec<Reading>, Option<Millionths>)>,
    /// The first step at which it had served.
    serves_since: Option<usize>,
}

impl Tally {
    pub(super) fn of(requests: Option<Part>, cpu: Option<Part>, errors: Row) -> Self {
        Self { requests, cpu, errors, last: None, serves_since: None }
    }

    /// Whether it had served for a while already when the step came.
    pub(super) fn is_warm(&self, step: usize) -> bool {
        self.serves_since.is_some_and(|since| step.saturating_sub(since) >= WARM)
    }

    /// Notes since when it serves. Where requests are counted in front of it, it does since it is there.
    fn note(&mut self, step: usize, now: &[Reading]) {
        let restarted =
            self.last.as_ref().is_some_and(|(_, was, _)| now.iter().zip(was).any(|(now, was)| now.fell(was)));
        let all = now.first().and_then(|reading| reading.values.first()).copied().unwrap_or_default();
        let serves = self.requests.is_none() || all > 0;
        if restarted || !serves {
            self.serves_since = None;
        }
        if serves {
            self.serves_since.get_or_insert(step);
        }
    }

    /// The next step: they come in their order.
    pub(super) fn step(&mut self, step: usize) -> Step {
        let parts = self.requests.iter().chain(&self.cpu);
        let Some(now) = parts.map(|part| part.at(step)).collect::<Option<Vec<_>>>() else { return Step::Absent };
        let errors = self.errors.get(&step).copied();
        self.note(step, &now);
        let Some((at, was, errors_then)) = &self.last else {
            self.last = Some((step, now, errors));
            return Step::Lost;
        };
        if now.iter().zip(was).any(|(now, was)| now.newest <= was.newest) {
            // Long silence is that of a pod that is gone, and of which nobody said so.
            return if step.saturating_sub(*at) > SILENCE { Step::Absent } else { Step::Old };
        }
        let gains: Option<Vec<_>> = now.iter().zip(was).map(|(now, was)| now.since(was)).collect();
        let gains = gains.filter(|_| step.saturating_sub(*at) <= SILENCE);
        let failed = errors.zip(*errors_then).map_or(0, |(now, was)| now.saturating_sub(was).max(0));
        self.last = Some((step, now, errors));
        let Some(gains) = gains else { return Step::Lost };
        let mut gains = gains.into_iter();
        let requests = if self.requests.is_some() { gains.next().unwrap_or_default() } else { Vec::new() };
        let cpu = gains.next().and_then(|gains| gains.first().copied()).unwrap_or_default();
        Step::Counted { requests, errors: failed, cpu }
    }
}
