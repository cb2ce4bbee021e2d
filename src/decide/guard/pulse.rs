//! The pulse: what the last minute alone tells of may be a hiccup that is over already. Pods are disrupted only when it has
//! lasted longer than that minute can remember.

use k8s_openapi::jiff::SignedDuration;

use crate::decide::facts::Facts;
use crate::decide::health::SeenByPulse;
use crate::decide::plan::Step;
use crate::decide::pulse::LASTS;

use super::Hold;

/// A look at a minute is answered so long after its end.
const ANSWERED: SignedDuration = SignedDuration::from_secs(2);
/// Looks come so late that it is asked again so soon, and not with the next slot.
const AGAIN: SignedDuration = SignedDuration::from_secs(5);

pub(super) fn lasts(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let SeenByPulse { since, last } = facts.health.by_pulse?;
    let until = since.saturating_add(LASTS).unwrap_or(since);
    (last < until).then(|| {
        let message =
            format!("the outage was first seen at {since} and may be over already; no pod is touched before {until}");
        let again = [until.saturating_add(ANSWERED), facts.now().saturating_add(AGAIN)];
        let again = again.into_iter().flatten().max().unwrap_or(until);
        Hold::new("JustBegun", message).until(again)
    })
}
