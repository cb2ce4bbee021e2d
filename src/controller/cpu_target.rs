//! The CPU target of an HPA: how it is given back without a decision about the workload.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt;
use tokio::time::Instant;

use super::context::Context;
use super::enforce::{identity, let_go_of};
use super::giving_back::{GivenBack, carry_out, unless_refused};
use super::put_back;
use crate::api::ServiceLevelAgreement;
use crate::api::agreement_status::AgreementStatus;
use crate::api::cpu_target::StandingCpuTarget;
use crate::api::enforcement::Mode;
use crate::api::enforcement_status::{ActionRecord, EnforcementStatus, Verb};
use crate::decide::verb::cpu_target::BLIND;
use crate::decide::{Restoration, Step, release_cpu_target};
use crate::sense::workload::cpu_target::PLURAL;
use crate::sense::workload::{CpuTarget, WorkloadObservation, WorkloadProblem};

fn standing(enforcement: Option<&EnforcementStatus>) -> Option<&StandingCpuTarget> {
    enforcement?.cpu_target.as_ref()?.standing.as_ref()
}

/// Whether the operator has set a target, as far as the status knows.
pub(super) fn stands(enforcement: Option<&EnforcementStatus>) -> bool {
    standing(enforcement).is_some()
}

/// Whether the operator has set one above what was declared, or may have: by a step of which nobody knows yet whether it was taken.
pub(super) fn may_be_leaner(status: &AgreementStatus) -> bool {
    let open = |record: &ActionRecord| {
        let raises = record.verb == Verb::SetTarget && record.to > record.from;
        raises && put_back::is_open(record)
    };
    let leaner = |standing: &StandingCpuTarget| standing.value > standing.baseline;
    standing(status.enforcement.as_ref()).is_some_and(leaner) || status.actions.iter().any(open)
}

/// Whether nothing of ours is left on another HPA than the one that scales the workload that was read.
pub(super) async fn let_another_go(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    next: &mut AgreementStatus,
    present: &WorkloadObservation,
    now: Timestamp,
) -> GivenBack {
    let Some(enforcement) = &mut next.enforcement else { return GivenBack::Done };
    // While it is not clear what scales the workload, nothing is left behind yet.
    let Some(floor) = present.floor.floor() else { return GivenBack::Done };
    let Some(other) = standing(Some(enforcement)).filter(|other| other.target.uid != floor.target.uid) else {
        return GivenBack::Done;
    };
    // The flag --enforcement forbids every change, this one too.
    if context.ceiling < Mode::Enforce {
        return GivenBack::NotYet;
    }
    let identity = identity(agreement);
    let seen = match context.workloads.read_cpu_target(&identity.namespace, &other.target).await {
        Ok(seen) => seen,
        Err(problem) => {
            tracing::warn!(agreement = %identity.name, %problem, "the CPU target cannot be given back yet");
            return GivenBack::NotYet;
        }
    };
    let leader = context.fence.leads(Instant::now());
    let let_go = match release_cpu_target(&identity, Some(other), seen.as_ref(), leader, now) {
        Restoration::Nothing => GivenBack::Done,
        Restoration::Hold(hold) => {
            tracing::info!(agreement = %identity.name, reason = hold.reason, message = %hold.message, "not yet");
            GivenBack::NotYet
        }
        Restoration::Act(plan) => {
            let (told, refusals) = (told(seen.as_ref()), &mut enforcement.refusals);
            unless_refused(agreement, context, plan, Verb::RestoreTarget, told, refusals, now).await
        }
    };
    if let (GivenBack::Done, Some(target)) = (let_go, &mut enforcement.cpu_target) {
        target.standing = None;
    }
    let_go
}

/// What came of giving a target back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Returned {
    /// What was declared stands again.
    Back,
    /// There was nothing of ours, or somebody else has changed it since.
    Left,
    /// It is tried again.
    NotYet,
}

/// Gives a target above what was declared back while the workload cannot be read, so that nothing is decided about it: at once in a
/// danger, and when that has lasted. The HPA is known by the status.
pub(super) async fn end_blind(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    next: &mut AgreementStatus,
    danger: bool,
    now: Timestamp,
) {
    if context.ceiling < Mode::Enforce || !may_be_leaner(next) {
        return;
    }
    let since = next.enforcement.as_mut().and_then(|enforcement| enforcement.cpu_target.as_mut());
    let since = since.map_or(now, |target| target.blind_since.get_or_insert(Time(now)).0);
    let (give_backs, uid) = (&context.give_backs, agreement.uid().unwrap_or_default());
    if !danger && now.duration_since(since) < BLIND || give_backs.pause_left(&uid).is_some() {
        return;
    }
    let returned = returned(agreement, context, next, now).await;
    if returned == Returned::NotYet {
        give_backs.failed(&uid);
        return;
    }
    give_backs.succeeded(&uid);
    put_back::enter_target(next, returned, "the workload cannot be read", now);
}

/// Whether nothing of ours is left on the HPA.
pub(super) async fn give_back(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    status: &AgreementStatus,
    now: Timestamp,
) -> bool {
    returned(agreement, context, status, now).await != Returned::NotYet
}

/// Gives the target back, and tells what came of it.
pub(super) async fn returned(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    status: &AgreementStatus,
    now: Timestamp,
) -> Returned {
    let identity = identity(agreement);
    let read = match (standing(status.enforcement.as_ref()), agreement.spec.service.workloads.first()) {
        (Some(standing), _) => context.workloads.read_cpu_target(&identity.namespace, &standing.target).await,
        // A crash may have come between the act and the record: the HPA says so by its annotation.
        (None, Some(workload)) => {
            context.workloads.read(&identity.namespace, workload, now).await.map(|observed| observed.cpu_target)
        }
        (None, None) => Ok(None),
    };
    let seen = match read {
        Ok(seen) => seen,
        // Nothing was read: what stands there is unknown.
        Err(
            problem @ (WorkloadProblem::TimedOut { .. }
            | WorkloadProblem::Failed { .. }
            | WorkloadProblem::Forbidden { .. }),
        ) => {
            tracing::warn!(agreement = %identity.name, %problem, "the CPU target cannot be given back yet");
            return Returned::NotYet;
        }
        Err(_) => None,
    };
    let (known, leader) = (standing(status.enforcement.as_ref()), context.fence.leads(Instant::now()));
    match release_cpu_target(&identity, known, seen.as_ref(), leader, now) {
        Restoration::Act(plan) => {
            let left = plan.steps.iter().filter_map(Step::cpu_target).all(|change| change.to().is_none());
            match carry_out(agreement, context, plan, Verb::RestoreTarget, told(seen.as_ref())).await {
                true if left => Returned::Left,
                true => Returned::Back,
                false => Returned::NotYet,
            }
        }
        Restoration::Nothing => {
            if let Some(left) = seen.filter(|seen| seen.entry_left) {
                let_go_of(context, &identity, &left.target, PLURAL).await;
            }
            Returned::Left
        }
        Restoration::Hold(hold) => {
            tracing::info!(agreement = %identity.name, reason = hold.reason, message = %hold.message, "not yet");
            Returned::NotYet
        }
    }
}

fn told(seen: Option<&CpuTarget>) -> (&'static str, String) {
    let name = seen.map(|seen| seen.target.name.as_str()).unwrap_or_default();
    ("CpuTargetRestored", format!("HorizontalPodAutoscaler {name} has its owner's CPU target again"))
}
