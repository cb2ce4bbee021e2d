//! Violations: maximal runs of slots in which the target was missed.
//!
//! A run begins with a bad slot and ends with the last bad slot before a slot that is known to be good or without
//! traffic. An unknown or excluded slot neither ends a run nor makes it longer: when bad slots follow on both sides it
//! lies inside, and its events are nobody's. A run at the end of what is known goes on while the period runs.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use num_rational::BigRational;

use crate::api::agreement_status::Violation;

use super::assessment::ViolationSpan;
use super::count::Count;
use super::due_slots::DueSlots;
use super::exact::{divide, percent_text};
use super::method::CountingMethod;
use super::slot::Tally;

/// A run that is being put together.
struct Run {
    start: Timestamp,
    end: Timestamp,
    sum: Tally,
    /// The slot with the smallest share of good events.
    deepest: Tally,
}

/// The violations among slots that are due, oldest first. `closed`: the period is over, so that none goes on.
#[must_use]
pub fn violations(
    method: &dyn CountingMethod,
    objective: &str,
    slots: DueSlots<'_>,
    target: &BigRational,
    closed: bool,
) -> Vec<ViolationSpan> {
    let length = SignedDuration::from_secs(slots.slot_seconds());
    let mut found = Vec::new();
    let mut open: Option<Run> = None;
    for (start, slot) in slots.timed() {
        match method.missed(slot, target) {
            Some(true) => {
                let end = start.saturating_add(length).unwrap_or(Timestamp::MAX);
                let tally = slot.counted();
                open = Some(match open.take() {
                    None => Run { start, end, sum: tally, deepest: tally },
                    Some(run) => Run {
                        end,
                        sum: run.sum + tally,
                        deepest: if is_deeper(tally, run.deepest) { tally } else { run.deepest },
                        ..run
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

fn span(objective: &str, run: &Run, ended: bool) -> ViolationSpan {
    let Tally { total, bad } = run.deepest;
    let good = total.minus(bad).unwrap_or_default();
    ViolationSpan {
        objective: objective.to_owned(),
        start: run.start,
        end: ended.then_some(run.end),
        depth: divide(&good.ratio(), &total.ratio()).unwrap_or_default(),
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
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
