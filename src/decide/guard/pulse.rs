//! The pulse: what the last minute alone tells of may be a hiccup that is over already. Pods are disrupted only when it has
//! lasted longer than that minute can remember.

use crate::decide::facts::Facts;
use crate::decide::health::SeenByPulse;
use crate::decide::plan::Step;
use crate::decide::pulse::LASTS;

use super::Hold;

pub(super) fn lasts(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let SeenByPulse { since, last } = facts.health.by_pulse?;
    let until = since.saturating_add(LASTS).unwrap_or(since);
    (last < until).then(|| {
        let message =
            format!("the outage was first seen at {since} and may be over already; no pod is touched before {until}");
        Hold::new("JustBegun", message).until(until)
    })
}
