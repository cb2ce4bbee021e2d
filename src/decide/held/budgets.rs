//! What is left in the status when all that was held is given back: what was done within a day counts on.
//!
//! An agreement that names no workload for a while, or is not in force for a while, begins no new day by that. Nothing that is
//! left here is held, and nothing has to be given back for it.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;

use crate::api::avoidance_status::{AvoidanceEnd, AvoidanceStatus, AvoidedNode};
use crate::api::enforcement_status::EnforcementStatus;
use crate::api::reschedule_status::RescheduleStatus;
use crate::api::resize_status::ResizeStatus;
use crate::api::shed::ShedStatus;
use crate::decide::situation::timing::DAY;

use super::{cpu_target_state, hand, owned};

/// What counts on of what was `held` and has been given back. `None`: nothing was done within a day.
#[must_use]
pub fn left_of(held: &EnforcementStatus, now: Timestamp) -> Option<EnforcementStatus> {
    let is_young = |at: &Time| now.duration_since(at.0) < DAY;
    let rollout = held.rollout.as_ref().map(|before| hand::counted(before, before.target.clone()));
    let reschedule = held.reschedule.clone().map(|mut moved| {
        moved.evictions.retain(|eviction| is_young(&eviction.at));
        moved.surges.retain(is_young);
        RescheduleStatus { hindered: None, ..moved }
    });
    let avoidance = held.avoidance.clone().map(|mut avoided| {
        avoided.nodes.retain(|node| is_young(&node.at));
        AvoidanceStatus { nodes: avoided.nodes.into_iter().map(over).collect() }
    });
    let shed = held.shed.clone().map(|mut shed| {
        shed.turns.retain(|turn| is_young(&turn.at));
        ShedStatus { standing: None, overruled: shed.overruled.filter(is_young), ..shed }
    });
    let resize = held.resize.clone().map(|mut resized| {
        resized.raised.retain(|raised| is_young(&raised.at));
        ResizeStatus { pods: 0, refused: None, ..resized }
    });
    let left = EnforcementStatus {
        rollout: hand::aged(rollout.as_ref(), now),
        reschedule: reschedule.filter(|moved| *moved != RescheduleStatus::default()),
        avoidance: avoidance.filter(|avoided| !avoided.nodes.is_empty()),
        shed: shed.filter(|shed| *shed != ShedStatus::default()),
        resize: resize.filter(|resized| !resized.raised.is_empty()),
        owned: owned::aged(held.owned.as_ref(), &[], now),
        cpu_target: cpu_target_state::aged(held.cpu_target.as_ref(), &[], now),
        ..EnforcementStatus::default()
    };
    (left != EnforcementStatus::default()).then_some(left)
}

/// The taint that stood was taken away with all else.
fn over(node: AvoidedNode) -> AvoidedNode {
    AvoidedNode { ended: node.ended.or(Some(AvoidanceEnd::Released)), ..node }
}
