//! The verbs that guards are about, by what they do.

use crate::api::enforcement_status::Verb;
use crate::decide::verdict::REMEDIES;

/// Asks for more replicas, or keeps some from going.
pub(super) const ADD: &[Verb] = &[Verb::FreezeScaleDown, Verb::RaiseFloor, Verb::Surge];
/// Asks for more replicas.
pub(super) const RAISE: &[Verb] = &[Verb::RaiseFloor, Verb::Surge];
/// Moves a floor.
pub(super) const MOVE: &[Verb] =
    &[Verb::FreezeScaleDown, Verb::RaiseFloor, Verb::LowerFloor, Verb::ScaleDown, Verb::Surge];
/// Writes a floor.
pub(super) const FLOOR: &[Verb] =
    &[Verb::FreezeScaleDown, Verb::RaiseFloor, Verb::LowerFloor, Verb::Restore, Verb::ScaleDown, Verb::Surge];
/// Takes replicas away or makes pods smaller, or lets it be done.
pub(super) const TAKE_AWAY: &[Verb] =
    &[Verb::LowerFloor, Verb::Restore, Verb::ScaleDown, Verb::SetTarget, Verb::RestoreSize];
/// Lets replicas go.
pub(super) const LET_GO: &[Verb] = &[Verb::ScaleDown];
/// Sets a CPU target.
pub(super) const AIM: &[Verb] = &[Verb::SetTarget];
/// Lets replicas go, or lets it be done.
pub(super) const LET_GO_BY_AND_BY: &[Verb] = &[Verb::ScaleDown, Verb::SetTarget];
/// Touches a rollout.
pub(super) const ROLLOUT: &[Verb] = &[Verb::PauseRollout, Verb::RollBack];
/// Stops a rollout.
pub(super) const PAUSE: &[Verb] = &[Verb::PauseRollout];
/// Undoes a revision.
pub(super) const UNDO: &[Verb] = &[Verb::RollBack];
/// Moves a pod.
pub(super) const RESCHEDULE: &[Verb] = &[Verb::Reschedule];
/// Keeps new pods off a node.
pub(super) const AVOID: &[Verb] = &[Verb::AvoidNode];
/// Turns requests away.
pub(super) const SHED: &[Verb] = &[Verb::Shed];
/// Disrupts pods that serve, or users, or what others count on.
pub(super) const DISRUPT: &[Verb] =
    &[Verb::RollBack, Verb::Reschedule, Verb::AvoidNode, Verb::Shed, Verb::ScaleDown, Verb::SetTarget];
/// The same, or is the first step to that.
pub(super) const TO_DISRUPT: &[Verb] = &[Verb::RollBack, Verb::Surge, Verb::Reschedule, Verb::AvoidNode, Verb::Shed];
/// Makes ready that pods are moved, and touches none of them.
pub(super) const TO_MOVE: &[Verb] = &[Verb::Surge, Verb::AvoidNode];
/// Is of use only where it did not fail in the episode.
pub(super) const OF_USE: &[Verb] = &REMEDIES;
/// Counts for all agreements, beside an eviction and a node that is avoided.
pub(super) const WIDELY_FELT: &[Verb] =
    &[Verb::PauseRollout, Verb::RollBack, Verb::Shed, Verb::Resize, Verb::ScaleDown, Verb::SetTarget];
/// Resizes a pod.
pub(super) const RESIZE: &[Verb] = &[Verb::Resize];
/// Counts on the replicas as they are, or changes them. What only keeps an autoscaler from taking pods away does neither: while a
/// revision fails, the CPU of its clients' threads falls, and an autoscaler would shrink what is good.
pub(super) const REPLICAS: &[Verb] =
    &[Verb::RaiseFloor, Verb::LowerFloor, Verb::Surge, Verb::Reschedule, Verb::Resize, Verb::RestoreSize];
/// Waits until it is known what moving a pod came to.
pub(super) const MOVED_FIRST: &[Verb] =
    &[Verb::RaiseFloor, Verb::LowerFloor, Verb::Restore, Verb::ScaleDown, Verb::SetTarget, Verb::Resize];
/// Waits until it is known what a raise came to.
pub(super) const RAISE_FIRST: &[Verb] = &[Verb::LowerFloor, Verb::Restore, Verb::ScaleDown, Verb::SetTarget];
/// Rests on what the workload's controller has seen.
pub(super) const OBSERVED: &[Verb] =
    &[Verb::PauseRollout, Verb::RollBack, Verb::Reschedule, Verb::Resize, Verb::RestoreSize];
/// Whatever the operator does against a danger, or after it.
pub(super) const ALL: &[Verb] = &[
    Verb::FreezeScaleDown,
    Verb::RaiseFloor,
    Verb::LowerFloor,
    Verb::Restore,
    Verb::ScaleDown,
    Verb::SetTarget,
    Verb::RestoreTarget,
    Verb::PauseRollout,
    Verb::RollBack,
    Verb::ReleaseRollout,
    Verb::Surge,
    Verb::Reschedule,
    Verb::AvoidNode,
    Verb::ReleaseNode,
    Verb::Shed,
    Verb::StopShedding,
    Verb::Resize,
    Verb::RestoreSize,
];
