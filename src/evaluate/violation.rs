//! Violations: maximal runs of slots in which the target was missed.
//!
//! A run begins with a bad slot and ends with the last bad slot before a slot that is known to be good or without
//! traffic. An excluded slot neither ends a run nor makes it longer: when bad slots follow on both sides it lies inside,
//! and its events are nobody's. So does an unknown one where nothing is agreed of it; otherwise it is bad, or not, as
//! agreed. A run at the end of what is known goes on while the period runs.
//!
//! Objectives that count time have their bad time for violations, as far as it counts.
//!
//! What only excluded time separates is one violation ([`joined`]): an exclusion takes time out of an outage, and makes no
//! second one of it.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use num_rational::BigRational;

use crate::api::agreement_status::Violation;

use super::assessment::ViolationSpan;
use super::count::Count;
use super::due_slots::{DueSlots, instant};
use super::exact::{divide, percent_text};
use super::run::second;
use super::slot::{Slot, Tally};
use super::stretch::{Stretch, seconds_within};

/// A run that is being put together.
struct Open {
    from: i64,
    until: i64,
    sum: Tally,
    /// The slot with the smallest share of good events.
    deepest: Tally,
}

/// The violations among slots that are due, oldest first: runs of slots that `missed` the target (`None`: nobody knows).
/// `closed`: the period is over, so that none goes on.
#[must_use]
pub fn violations(
    objective: &str,
    slots: DueSlots<'_>,
    closed: bool,
    missed: impl Fn(&Slot) -> Option<bool>,
) -> Vec<ViolationSpan> {
    let length = slots.slot_seconds();
    let mut found = Vec::new();
    let mut open: Option<Open> = None;
    for run in slots.runs() {
        match missed(run.slot) {
            Some(true) => {
                let from = run.start;
                let until = second(from, run.count, length);
                let (one, all) = (run.slot.counted(), run.slot.counted().times(run.count));
                open = Some(match open.take() {
                    None => Open { from, until, sum: all, deepest: one },
                    Some(open) => Open {
                        until,
                        sum: open.sum + all,
                        deepest: if open.deepest.total.is_zero() || is_deeper(one, open.deepest) {
                            one
                        } else {
                            open.deepest
                        },
                        ..open
                    },
                });
            }
            Some(false) => found.extend(open.take().map(|run| span(objective, &run, true))),
            None => {}
        }
    }
    found.extend(open.map(|run| span(objective, &run, closed)));
    found
}

/// The violations of an objective that counts time: the bad time that counts, with the events of the slots it touches.
/// What reaches the end of what is due goes on, unless the period is `closed`.
#[must_use]
pub fn of_downtime(objective: &str, series: &[DueSlots<'_>], downtime: &[Stretch], closed: bool) -> Vec<ViolationSpan> {
    let mut open: Vec<Open> = downtime
        .iter()
        .map(|s| Open { from: s.from, until: s.until, sum: Tally::default(), deepest: Tally::default() })
        .collect();
    let runs = series.iter().flat_map(|slots| slots.runs().map(|run| (run, slots.slot_seconds())));
    for (run, length) in runs.filter(|(run, _)| !run.slot.counted().total.is_zero()) {
        let until = second(run.start, run.count, length);
        let first = open.partition_point(|open| open.until <= run.start);
        for open in open.iter_mut().skip(first).take_while(|open| open.from < until) {
            let (from, until) = (open.from.max(run.start) - run.start, open.until.min(until) - run.start);
            let touched = (until + length - 1).div_euclid(length) - from.div_euclid(length);
            let one = run.slot.counted();
            open.sum = open.sum + one.times(usize::try_from(touched).unwrap_or(0));
            if is_deeper(one, open.deepest) || open.deepest.total.is_zero() {
                open.deepest = one;
            }
        }
    }
    let end = series.iter().map(DueSlots::end).max().unwrap_or(i64::MAX);
    open.iter().map(|run| span(objective, run, closed || run.until < end)).collect()
}

/// The same violations, those as one between which there is nothing but time of these stretches (ordered, disjoint).
#[must_use]
pub fn joined(spans: Vec<ViolationSpan>, bridges: &[Stretch]) -> Vec<ViolationSpan> {
    let mut joined: Vec<ViolationSpan> = Vec::with_capacity(spans.len());
    for span in spans {
        let gap =
            joined.last().and_then(|last| Some(Stretch { from: last.end?.as_second(), until: span.start.as_second() }));
        let is_bridged = gap.is_some_and(|gap| seconds_within(bridges, gap) == gap.seconds());
        match joined.last_mut().filter(|_| is_bridged) {
            Some(last) => {
                last.end = span.end;
                last.depth = span.depth.min(last.depth.clone());
                last.bad_events += span.bad_events;
                last.total_events += span.total_events;
            }
            None => joined.push(span),
        }
    }
    joined
}

fn span(objective: &str, run: &Open, ended: bool) -> ViolationSpan {
    let deepest = run.deepest;
    ViolationSpan {
        objective: objective.to_owned(),
        start: instant(run.from),
        end: ended.then(|| instant(run.until)),
        depth: divide(&deepest.good().ratio(), &deepest.total.ratio()).unwrap_or_default(),
        bad_events: run.sum.bad.ratio(),
        total_events: run.sum.total.ratio(),
    }
}

/// Whether the share of bad events is larger. By cross multiplication: no fraction is brought to lowest terms for it.
fn is_deeper(a: Tally, b: Tally) -> bool {
    a.bad.product(b.total) > b.bad.product(a.total)
}

/// The violation as status and statement show it.
#[must_use]
pub fn shown(span: &ViolationSpan) -> Violation {
    let count = |value: &BigRational| Count::from_ratio(value).unwrap_or_default().text();
    Violation {
        objective: span.objective.clone(),
        start: Time(span.start),
        end: span.end.map(Time),
        depth: percent_text(&span.depth),
        bad_events: count(&span.bad_events),
        total_events: count(&span.total_events),
        detected_by: None,
        detected_at: None,
        episode: None,
        causes: Vec::new(),
        actions: Vec::new(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
