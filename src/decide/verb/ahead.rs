//! Raising the floor ahead of the load, where the agreement asks for that: before an objective is in danger, to what the
//! load needs that is expected.
//!
//! It acts only while all objectives are seen and none is in danger: then the ladder of [`policy`](super::policy) goes on
//! alone, and what it raised comes down no further than the load allows. What is not known for sure raises nothing and takes
//! nothing away. A step asks for at most as many pods again as are ready, and the next one waits until those are: a load that
//! only seems to be one, like clients that ask again, is paid for once.

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::api::enforcement::ScaleBounds;
use crate::api::enforcement_status::{ActionPhase, ActionRecord, FloorReason, FloorStatus, Verb};
use crate::decide::capacity::{Aim, Keep, Need, ceiling, size};
use crate::decide::plan::{Plan, Proposed};
use crate::decide::situation::facts::Facts;
use crate::sense::workload::Floor;

use super::own;
use super::policy::{self, Proposal};

/// Samples older than this say nothing of the load just now: a look, the delay with which samples are read, and three scrapes.
pub(in crate::decide) const OLDEST: SignedDuration = SignedDuration::from_mins(3);

/// What the expected load needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::decide) struct Known<'a> {
    /// So many pods; no fewer than are kept, where some were let go.
    pub(in crate::decide) pods: i32,
    /// What is kept where some are let go.
    pub(in crate::decide) keep: &'a Keep,
    /// What an HPA may aim at; in words why nobody can say.
    pub(in crate::decide) aim: &'a Result<Aim, String>,
    /// How that was reckoned, in words.
    why: &'a str,
    /// The newest sample it rests on.
    pub(in crate::decide) through: Timestamp,
}

/// What the load needs, as far as something may rest on it; in words why nothing may. `None`: no floor is to follow it.
pub(in crate::decide) fn known<'a>(facts: &Facts<'a>) -> Option<Result<Known<'a>, String>> {
    Some(match facts.need()? {
        Need::Unknown(why) => Err(why.clone()),
        Need::Pods { doubt: Some(doubt), .. } => Err(doubt.clone()),
        Need::Pods { sure, keep, aim, why, through, sampled, doubt: None, .. } => {
            let (age, ready) = (facts.now().duration_since(*through), facts.workload.ready_pods());
            if age > OLDEST || age.is_negative() {
                Err(format!("the newest samples of it are of {through}, and not of just now"))
            } else if sampled.saturating_mul(5) < ready.saturating_mul(4) {
                Err(format!("{ready} pods are ready, and it was sampled on {sampled} of them"))
            } else if sampled.saturating_mul(4) > ready.saturating_mul(5) {
                Err(format!("it was sampled on {sampled} pods, and only {ready} of the workload are ready"))
            } else {
                Ok(Known { pods: own::wanted(facts, *sure, keep.fewest), keep, aim, why, through: *through })
            }
        }
    })
}

/// The most replicas that are asked for at once: as many again as are ready, and no more than any step may ask for; or as many
/// as were declared, where some were let go.
pub(in crate::decide) fn most(facts: &Facts<'_>) -> i32 {
    let most = facts.workload.ready_pods().saturating_mul(2).min(size::most(facts.workload.spec_replicas));
    own::let_go(facts).map_or(most, |standing| most.max(standing.baseline))
}

/// The floor that the load asks for, within the bounds. `None`: no more than there is, or nobody knows.
pub(in crate::decide) fn sought(facts: &Facts<'_>, floor: &Floor, bounds: &ScaleBounds) -> Option<i32> {
    let known = known(facts)?.ok()?;
    let present = facts.workload.spec_replicas.max(floor.current);
    // A floor is never below the agreement's minimum; where that would be too large a step, none is made.
    let step = known.pods.min(most(facts));
    (known.pods > present && step >= bounds.min).then(|| step.min(ceiling::highest(facts, floor, bounds)))
}

/// The raise to what the load needs. `None`: it needs no more than there is, or nothing is known of it.
pub(in crate::decide) fn propose(facts: &Facts<'_>, floor: &Floor, bounds: &ScaleBounds) -> Option<Proposal> {
    if !facts.health.is_safe() {
        return None;
    }
    let wanted = facts.workload.spec_replicas;
    let needed = facts.need().and_then(Need::sure)?;
    if let (Some(Err(why)), None, true) = (known(facts), &facts.standing, needed > wanted.max(floor.current)) {
        let message = format!("the load seems to need {needed} pods, and {wanted} are wanted; none is added, as {why}");
        return Some(policy::idle("LoadInDoubt", message, None));
    }
    let to = sought(facts, floor, bounds)?;
    Some(Proposal::Plan(raise(facts, floor, to)?))
}

fn raise(facts: &Facts<'_>, floor: &Floor, to: i32) -> Option<Plan<Proposed>> {
    let known = known(facts)?.ok()?;
    let wanted = facts.workload.spec_replicas;
    // Without the figures, which are others at every look: a recommendation is told anew when its words change.
    let part = if to < known.pods { format!(", in steps of which this is one ({to})") } else { String::new() };
    let reason = format!(
        "ahead of the load: what is expected needs {} pods{part}, and {wanted} are wanted; no objective is in danger yet",
        known.pods
    );
    let hypothesis = format!("{to} pods are ready before the load is there; {}", known.why);
    Some(policy::raise_ahead(facts, floor, to, known.through, reason, hypothesis))
}

/// How far a floor may come down as far as the load is concerned; in words why not, while nothing is known of the load for
/// which it was raised.
///
/// One pod is no reason to hold a floor: whether there may be none is for its owner to say.
pub(in crate::decide) fn least(facts: &Facts<'_>, standing: &FloorStatus) -> Result<i32, String> {
    match known(facts) {
        Some(Ok(known)) => Ok(if known.pods > 1 { known.pods } else { 0 }),
        Some(Err(why)) if standing.reason == FloorReason::Load => Err(why),
        // The objectives tell enough of what was raised for them.
        Some(Err(_)) | None => Ok(0),
    }
}

/// The last raise that was made, ahead of the load or not.
pub(in crate::decide) fn last_raise<'a>(facts: &'a Facts<'_>) -> Option<&'a ActionRecord> {
    let raise = |record: &&ActionRecord| record.verb == Verb::RaiseFloor && record.phase != ActionPhase::Refused;
    facts.actions_on_floor().find(raise)
}
