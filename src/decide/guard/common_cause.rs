//! Many services burn as one: nothing is taken away from the calm ones either, as they may be the next, or what calms them may be
//! the failure itself, which keeps their users away.

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::decide::danger::health::Danger;
use crate::decide::plan::Step;
use crate::decide::situation::facts::Facts;

use super::Hold;

/// For so long the others are spared: where it lasts, it is how things are.
const LASTS: SignedDuration = SignedDuration::from_hours(1);

/// Not so many services began to burn together that the cause lies outside of each. In danger the cause says what is kept.
pub(super) fn none(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let fleet = facts.situation.fleet;
    let since = facts.now().saturating_sub(LASTS).unwrap_or(Timestamp::MIN);
    let together = fleet.common_cause(since).filter(|_| facts.health.danger == Danger::None)?;
    let message = format!(
        "{together} of {} services began to burn within five minutes, through what they share: nothing is taken away from the \
         others meanwhile, for an hour at most",
        fleet.services
    );
    Some(Hold::new("CommonCause", message))
}
