//! The pulse: what the last minute alone tells of may be a hiccup that is over already. Pods are disrupted only when it has
//! lasted longer than that minute can remember. What is only made ready for that need not wait so long: it comes as soon as what
//! came since the first look is an outage by itself.

use k8s_openapi::jiff::SignedDuration;

use crate::decide::danger::health::SeenByPulse;
use crate::decide::danger::pulse::LASTS;
use crate::decide::plan::Step;
use crate::decide::situation::facts::Facts;

use super::Hold;
use super::verbs::TO_MOVE;

/// A look at a minute is answered so long after its end.
const ANSWERED: SignedDuration = SignedDuration::from_secs(2);
/// One look comes so long after the other.
const LOOK: SignedDuration = SignedDuration::from_secs(15);
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
    let is_to_move = TO_MOVE.contains(&step.verb);
    let next = if is_to_move { last.saturating_add(LOOK).unwrap_or(until).min(until) } else { until };
    let again = [next.saturating_add(ANSWERED), facts.now().saturating_add(AGAIN)];
    let again = again.into_iter().flatten().max().unwrap_or(until);
    (!(is_to_move && goes_on)).then(|| hold.until(again))
}
