//! A raise that did harm is taken back, once.
//!
//! Replicas are taken away in an outage only where nothing else explains it: nothing else was done since, nobody else has
//! changed the floor, all is seen, and no cause is shown that has replicas help or another part of the service to blame. What
//! the load is known to need stays.
//!
//! A floor is all that is taken back. An autoscaler may keep its pods by its own metrics, and take them away when it likes.

use crate::api::diagnosis::CauseKind;
use crate::api::enforcement::ScaleBounds;
use crate::api::enforcement_status::{ActionPhase, ActionRecord, FloorStatus, Verb};
use crate::decide::cause::{Cause, Remedy};
use crate::decide::danger::health::Danger;
use crate::decide::plan::{Plan, Proposed};
use crate::decide::situation::facts::Facts;
use crate::decide::verdict::harm;
use crate::sense::workload::Floor;

use super::{ahead, policy, release};

/// The step back to the floor before the raise. `None`: no raise did harm, or it is not to be taken back.
pub(in crate::decide) fn propose(facts: &Facts<'_>, cause: &Cause) -> Option<Plan<Proposed>> {
    let bounds = facts.situation.enforcement.scale.as_ref()?;
    let (floor, standing) = (facts.floor()?, facts.standing.as_ref()?);
    if facts.health.danger == Danger::None || is_explained(cause) {
        return None;
    }
    let raise = standing_raise(facts, standing)?;
    let to = back_to(facts, bounds, standing, raise)?;
    let reason = format!(
        "the raise ({}) did harm: under no more load the budget is spent much faster since its pods are ready; {}",
        raise.change(),
        what_follows(floor, to)
    );
    Some(policy::lower(facts, floor, to, reason, "the error budget burns no more or clearly more slowly"))
}

/// What becomes of the pods, whose number is not only for the operator to say.
fn what_follows(floor: &Floor, to: i32) -> String {
    let kind = &floor.target.kind;
    if floor.kind.is_autoscaler() {
        format!(
            "the {kind} may keep more than {to} by its own metrics, and takes them away when these and its behavior let it"
        )
    } else {
        format!("{to} are wanted again")
    }
}

/// Replicas are shown to help, or another part of the service or of the cluster to be to blame, or it is over.
fn is_explained(cause: &Cause) -> bool {
    match cause.kind {
        CauseKind::Dependency | CauseKind::RetryStorm => false,
        CauseKind::Unknown => cause.remedy != Remedy::Scale,
        CauseKind::Blind
        | CauseKind::CommonCause
        | CauseKind::BadRevision
        | CauseKind::RolloutInProgress
        | CauseKind::RolloutStuck
        | CauseKind::RolloutPaused
        | CauseKind::OutlierZone
        | CauseKind::OutlierNode
        | CauseKind::OutlierPod
        | CauseKind::Saturation => true,
    }
}

/// The raise of this episode that did harm, if nothing else was done since.
fn standing_raise<'a>(facts: &'a Facts<'_>, standing: &FloorStatus) -> Option<&'a ActionRecord> {
    let episode = facts.episode.as_ref()?;
    let mut done = facts.actions.iter().filter(|record| record.phase != ActionPhase::Refused);
    let last = done.find(|record| !harm::BESIDE.contains(&record.verb))?;
    (last.target.uid == standing.target.uid && harm::did_harm(last, Verb::RaiseFloor, episode)).then_some(last)
}

/// The floor before the raise: what somebody else wants, what the agreement promises, and what the load needs stays. `None`:
/// that is all that stands.
fn back_to(facts: &Facts<'_>, bounds: &ScaleBounds, standing: &FloorStatus, raise: &ActionRecord) -> Option<i32> {
    let needed = ahead::least(facts, standing).ok()?;
    let to = raise.from?.max(release::lowest(standing, bounds)).max(needed);
    (to < standing.value).then_some(to)
}
