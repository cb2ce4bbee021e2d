//! The look that a decision rests on: all that is read of the metrics store and of the API server, what grows old fastest
//! last.

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;
use tokio::time::Instant;

use super::book::Book;
use super::context::Context;
use super::enforce::{holds_no_rollout, identity};
use super::giving_back::GivenBack;
use super::registry::Asked;
use super::{by_pod, cpu_target, finalize, load, nodes, shed, throttling, upstream};
use crate::api::agreement::WorkloadRef;
use crate::api::agreement_status::AgreementStatus;
use crate::api::enforcement_status::EnforcementStatus;
use crate::api::{FINALIZER, ServiceLevelAgreement};
use crate::decide::capacity::Need;
use crate::decide::cause::throttling::nodes as throttled_nodes;
use crate::decide::cause::usage::Usage;
use crate::decide::danger::health::{Danger, Health};
use crate::decide::danger::pulse::Present;
use crate::decide::{AgreementIdentity, FleetView, Situation, Staleness, Supply};
use crate::evaluate::load_course::LoadCourse;
use crate::record::status;
use crate::sense::signals::Signals;
use crate::sense::workload::{Floor, Nodes, Switch, WorkloadObservation, WorkloadProblem};

/// How old a reading of the workload may be when a decision rests on it.
const WORKLOAD_AGE: SignedDuration = SignedDuration::from_secs(10);

/// For what is looked.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) agreement: &'a ServiceLevelAgreement,
    pub(super) context: &'a Context,
    pub(super) present: Present<'a>,
    pub(super) asked: &'a [Asked],
    /// What the load needs, where the floor follows it.
    pub(super) need: Option<&'a Need>,
    pub(super) now: Timestamp,
}

/// What was seen.
pub(super) struct Look {
    pub(super) identity: AgreementIdentity,
    pub(super) staleness: Staleness,
    pub(super) fleet: FleetView,
    pub(super) observed: Result<WorkloadObservation, WorkloadProblem>,
    pub(super) nodes: Nodes,
    pub(super) switch: Switch,
    left: Option<Floor>,
    signals: Signals,
    before: Signals,
    throttling: Signals,
    load: LoadCourse,
    usage: Usage,
    status: EnforcementStatus,
}

/// Nothing is decided before something of another workload was given back: why, as one word and in words.
pub(super) struct GivingBack(pub(super) &'static str, pub(super) &'static str);

/// Whether the operator has acted for this agreement before and has not looked at it since it began: should the status have
/// lost what it held, the workload still says so.
pub(super) fn is_unseen(agreement: &ServiceLevelAgreement, book: &Book) -> bool {
    !book.looked && agreement.finalizers().iter().any(|finalizer| finalizer == FINALIZER)
}

/// Looks.
///
/// # Errors
/// Something of another workload has to be given back first.
pub(super) async fn look(
    question: Question<'_>,
    workload: &WorkloadRef,
    book: &mut Book,
    next: &mut AgreementStatus,
) -> Result<Look, GivingBack> {
    let Question { agreement, context, present, asked, now, .. } = question;
    let unseen = is_unseen(agreement, book);
    let identity = identity(agreement);
    let staleness = staleness(agreement, context);
    let upstream = upstream::of(agreement, context, now);
    let fleet = FleetView { upstream, ..context.fleet.seen_by(&identity.uid) };
    // Before the workload: a store that takes its time must not make that reading old.
    let signals = if now.duration_since(present.assessment.measured_through) > staleness.assessment {
        Signals::NotAsked("the account is too old to ask why".to_owned())
    } else {
        by_pod::just_now(agreement, context, asked, present, &fleet).await
    };
    let throttling = throttling::just_now(agreement, context, asked, present.assessment, &fleet).await;
    // Cut like the instant of the decision, or a reading of the same second would lie in its future.
    let read_at = status::whole_seconds(context.clock.now());
    let mut observed = context.workloads.read(&identity.namespace, workload, read_at).await;
    book.looked |= observed.is_ok();
    if let Ok(seen) = &observed {
        give_others_back(agreement, context, next, seen, now).await?;
    }
    let mut left = None;
    if let Ok(seen) = &observed {
        match left_behind(context, &identity, next, seen).await {
            Ok(floor) => left = floor,
            // What cannot be told is not decided on.
            Err(problem) => observed = Err(problem),
        }
    }
    let mut before = Signals::NotAsked("nothing is known by pod just now".to_owned());
    if let Ok(seen) = &mut observed {
        read_more(agreement, context, next, &throttling, seen).await;
        if let Signals::ByPod(_) = &signals {
            context.workloads.read_zones(seen).await;
            before = by_pod::before(agreement, context, book, asked, present, seen, now).await;
        }
    } else {
        shed::end_blind(agreement, context, next, now).await;
        let danger = Health::of(present.assessment).with_pulse(present.pulse).danger > Danger::None;
        cpu_target::end_blind(agreement, context, next, danger, now).await;
    }
    let closely = unseen || matches!(signals, Signals::ByPod(_));
    let nodes = nodes::read(agreement, context, next, observed.as_ref().ok(), closely).await;
    let switch = shed::read(agreement, context, next).await;
    let load = load::around(agreement, book, context, next, present.assessment, now);
    let usage = context.advice.usage(&identity.uid);
    let status = next.enforcement.clone().unwrap_or_default();
    Ok(Look {
        identity,
        staleness,
        fleet,
        observed,
        nodes,
        switch,
        left,
        signals,
        before,
        throttling,
        load,
        usage,
        status,
    })
}

fn staleness(agreement: &ServiceLevelAgreement, context: &Context) -> Staleness {
    let slot = SignedDuration::from_secs(agreement.spec.metrics.slot.seconds());
    Staleness {
        // A slot that just closed is read after the settle delay; one missed round more is still fresh.
        assessment: context.settle.saturating_add(slot).saturating_add(slot).saturating_add(WORKLOAD_AGE),
        workload: WORKLOAD_AGE,
    }
}

/// What is held of another workload is given back before anything else is done. What the API server refuses there is kept in the
/// status, and holds up only what would take its place in it: a guard says so.
async fn give_others_back(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    next: &mut AgreementStatus,
    seen: &WorkloadObservation,
    now: Timestamp,
) -> Result<(), GivingBack> {
    if finalize::let_another_rollout_go(agreement, context, next, seen, now).await == GivenBack::NotYet {
        return Err(GivingBack(
            "RolloutHeld",
            "a rollout that the operator paused cannot be given back yet; nothing else is done before",
        ));
    }
    if finalize::let_other_sizes_go(agreement, context, next, seen, now).await == GivenBack::NotYet {
        return Err(GivingBack(
            "SizesHeld",
            "pods of another workload that the operator resized cannot be given back yet; nothing else is done before",
        ));
    }
    if cpu_target::let_another_go(agreement, context, next, seen, now).await == GivenBack::NotYet {
        return Err(GivingBack(
            "TargetHeld",
            "the CPU target of an autoscaler that scales the workload no more cannot be given back yet; nothing else is done before",
        ));
    }
    Ok(())
}

/// Reads what only some agreements need.
async fn read_more(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    next: &AgreementStatus,
    throttling: &Signals,
    seen: &mut WorkloadObservation,
) {
    let enforcement = &agreement.spec.enforcement;
    if enforcement.rollback.is_some() || !holds_no_rollout(next) {
        context.workloads.read_revisions(&agreement.namespace().unwrap_or_default(), seen).await;
    }
    if let Some(resize) = &enforcement.resize {
        let nodes = throttled_nodes(seen, throttling, resize, status::whole_seconds(context.clock.now()));
        context.workloads.read_rooms(seen, &nodes).await;
    }
}

/// The floor the status names, when something else scales the workload by now.
async fn left_behind(
    context: &Context,
    identity: &AgreementIdentity,
    next: &AgreementStatus,
    observed: &WorkloadObservation,
) -> Result<Option<Floor>, WorkloadProblem> {
    let Some(standing) = next.enforcement.as_ref().and_then(|e| e.floor.as_ref()) else { return Ok(None) };
    if observed.floor.floor().is_some_and(|floor| floor.target.uid == standing.target.uid) {
        return Ok(None);
    }
    context.workloads.read_floor(&identity.namespace, &standing.target).await
}

impl Look {
    /// The situation at an instant.
    pub(super) fn situation<'a>(
        &'a self,
        question: Question<'a>,
        next: &'a AgreementStatus,
        supply: &'a Supply,
        now: Timestamp,
    ) -> Situation<'a> {
        let Question { agreement, context, present, need, .. } = question;
        Situation {
            agreement: &self.identity,
            enforcement: &agreement.spec.enforcement,
            ceiling: context.ceiling,
            slot: agreement.spec.metrics.slot,
            assessment: present.assessment,
            pulse: present.pulse,
            workload: self.observed.as_ref(),
            left_behind: self.left.as_ref(),
            nodes: &self.nodes,
            signals: &self.signals,
            before: &self.before,
            load: &self.load,
            usage: &self.usage,
            need,
            switch: &self.switch,
            throttling: &self.throttling,
            fleet: &self.fleet,
            supply,
            status: &self.status,
            actions: &next.actions,
            leader: context.fence.leads(Instant::now()),
            warm_until: context.warm_until,
            staleness: self.staleness,
            now,
        }
    }
}
