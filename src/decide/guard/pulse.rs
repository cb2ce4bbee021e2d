//! The pulse: what the last minute alone tells of may be a hiccup that is over already. Pods are disrupted only when it has
//! lasted longer than that minute can remember. What is only made ready for that need not wait so long: it comes as soon as what
//! came since the first look is an outage by itself.

use k8s_openapi::jiff::SignedDuration;

use crate::decide::facts::Facts;
use crate::decide::health::SeenByPulse;
use crate::decide::plan::Step;
use crate::decide::pulse::LASTS;

use super::Hold;
use super::verbs::TO_MOVE;

/// A look at a minute is answered so long after its end.
const ANSWERED: SignedDuration = SignedDuration::from_secs(2);
/// Looks come so late that it is asked again so soon, and not with the next slot.
const AGAIN: SignedDuration = SignedDuration::from_secs(5);

pub(super) fn lasts(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let SeenByPulse { since, last, goes_on } = facts.health.by_pulse?;
    let until = since.saturating_add(LASTS).unwrap_or(since);
    if last >= until {
        return None;
    }
    let message =
        format!("the outage was first seen at {since} and may be over already; no pod is touched before {until}");
    let hold = Hold::new("JustBegun", message);
    let soon = facts.now().saturating_add(AGAIN).ok();
    if TO_MOVE.contains(&step.verb) {
        let again = soon.unwrap_or(until);
        return (!goes_on).then(|| hold.until(again));
    }
    let again = until.saturating_add(ANSWERED).ok().max(soon).unwrap_or(until);
    Some(hold.until(again))
}
