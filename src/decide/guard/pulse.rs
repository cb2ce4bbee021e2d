//! The pulse: what the last minute alone tells of may be a hiccup that is over already. Pods are disrupted only when it has
//! lasted longer than that minute can remember.

use k8s_openapi::jiff::SignedDuration;

use crate::decide::facts::Facts;
use crate::decide::plan::Step;
use crate::decide::pulse::WINDOW;

use super::Hold;

/// Beyond the minute: its last look, at the slowest pace but a few.
const MORE: SignedDuration = SignedDuration::from_secs(15);

pub(super) fn lasts(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let since = facts.health.by_pulse?;
    let until = since.saturating_add(WINDOW).and_then(|minute| minute.saturating_add(MORE)).unwrap_or(since);
    (facts.now() < until).then(|| {
        let message =
            format!("the outage was first seen at {since} and may be over already; no pod is touched before {until}");
        Hold::new("JustBegun", message).until(until)
    })
}
