//! The nodes: read for a decision, given back before an agreement goes, and freed of what nobody took away in time.
//!
//! A taint is taken away by the agreement on whose behalf it stands. Should that not be able to (its workload cannot be read,
//! or somebody took its finalizer away), whoever leads does it a little later: the node itself says until when.

use std::collections::BTreeSet;
use std::time::Duration;

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::book::Book;
use super::context::Context;
use super::enforce::{identity, let_go_of};
use super::giving_back::carry_out;
use crate::act;
use crate::api::ServiceLevelAgreement;
use crate::api::agreement_status::AgreementStatus;
use crate::api::avoidance_status::AvoidedNode;
use crate::api::enforcement::Mode;
use crate::api::enforcement_status::{ActionTarget, Verb};
use crate::decide::{AgreementIdentity, Restoration, release_node};
use crate::sense::workload::nodes::{API_VERSION, KIND, PLURAL};
use crate::sense::workload::{NodeObservation, Nodes, WorkloadObservation, WorkloadProblem};

/// How often taints are looked for whose time is over.
const PACE: Duration = Duration::from_secs(60);
/// So long after its time a taint is nobody's any more.
const OVERDUE: SignedDuration = SignedDuration::from_mins(2);

fn may_avoid(agreement: &ServiceLevelAgreement) -> bool {
    let reschedule = agreement.spec.enforcement.reschedule.as_ref();
    reschedule.is_some_and(|reschedule| reschedule.avoid_node.is_some())
}

fn standing(status: &AgreementStatus) -> Option<&AvoidedNode> {
    status.enforcement.as_ref()?.avoidance.as_ref()?.standing()
}

/// Nothing is avoided for the agreement.
pub(super) fn holds_none(status: &AgreementStatus) -> bool {
    standing(status).is_none()
}

/// The nodes a decision rests on: all, where one may be avoided and it may come to that (`closely`) or is; otherwise the one
/// that is avoided, and those of pods that are not ready.
pub(super) async fn read(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    next: &AgreementStatus,
    observed: Option<&WorkloadObservation>,
    closely: bool,
) -> Nodes {
    let standing = standing(next);
    let not_ready =
        observed.into_iter().flat_map(|observed| &observed.pods).filter(|pod| !pod.ready && !pod.terminating);
    let moves = agreement.spec.enforcement.reschedule.is_some();
    let not_ready = not_ready.filter(|_| moves).filter_map(|pod| pod.node.clone());
    let names: BTreeSet<String> = not_ready.chain(standing.map(|avoided| avoided.node.clone())).collect();
    if may_avoid(agreement) && (closely || standing.is_some()) {
        return context.workloads.read_nodes(&names).await;
    }
    if names.is_empty() { Nodes::not_asked() } else { context.workloads.read_named_nodes(&names).await }
}

/// Gives up what a crash left of our ownership of nodes.
pub(super) async fn let_go_of_fields(context: &Context, identity: &AgreementIdentity, nodes: &Nodes) {
    for node in nodes.known.iter().filter(|node| node.entry_left) {
        let_go_of(context, identity, &target(node), PLURAL).await;
    }
}

fn target(node: &NodeObservation) -> ActionTarget {
    ActionTarget { api_version: API_VERSION.into(), kind: KIND.into(), name: node.name.clone(), uid: node.uid.clone() }
}

/// Whether no node is avoided for the agreement any more.
pub(super) async fn give_back(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    book: &Book,
    now: Timestamp,
) -> bool {
    let identity = identity(agreement);
    let known = standing(&book.status);
    let node = match find(agreement, context, known, &identity.uid).await {
        Ok(Some(node)) => node,
        Ok(None) => return true,
        Err(problem) => {
            tracing::warn!(agreement = %identity.name, %problem, "whether a node is avoided cannot be told yet");
            return false;
        }
    };
    let name = node.name.clone();
    match release_node(&identity, Some(&node), known, context.fence.leads(Instant::now()), now) {
        Restoration::Act(plan) => {
            let words = format!("Node {name} takes pods as before");
            carry_out(agreement, context, plan, Verb::ReleaseNode, ("NodeReleased", words)).await
        }
        Restoration::Nothing => {
            if node.entry_left {
                let_go_of(context, &identity, &target(&node), PLURAL).await;
            }
            true
        }
        Restoration::Hold(hold) => {
            tracing::info!(agreement = %identity.name, reason = hold.reason, message = %hold.message, "not yet");
            false
        }
    }
}

/// The node that is avoided for the agreement; where the status names none, the one that says so itself: a crash may have come
/// between the act and the record.
async fn find(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    known: Option<&AvoidedNode>,
    uid: &str,
) -> Result<Option<NodeObservation>, WorkloadProblem> {
    if let Some(known) = known {
        return context.workloads.read_node(&known.node).await;
    }
    if !may_avoid(agreement) {
        return Ok(None);
    }
    match context.workloads.list_nodes().await {
        Ok(nodes) => Ok(nodes.into_iter().find(|node| node.record().is_some_and(|record| record.uid == uid))),
        // Who may not list them has put nothing there.
        Err(WorkloadProblem::Forbidden { .. }) => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// Takes away what is overdue, now and then, until `ended`.
pub(super) async fn release_overdue(context: &Context, ended: &CancellationToken) {
    loop {
        tokio::select! {
            () = sleep(PACE) => {}
            () = ended.cancelled() => return,
        }
        let concerns = |agreement: &ServiceLevelAgreement| {
            may_avoid(agreement) || agreement.status.as_ref().is_some_and(|status| !holds_none(status))
        };
        let agreements = context.agreements.state();
        if context.ceiling >= Mode::Enforce && agreements.iter().any(|agreement| concerns(agreement)) {
            release_all_overdue(context).await;
        }
    }
}

async fn release_all_overdue(context: &Context) {
    let nodes = match context.workloads.list_nodes().await {
        Ok(nodes) => nodes,
        Err(problem) => {
            tracing::debug!(%problem, "whether a taint is overdue is not known");
            return;
        }
    };
    let now = context.clock.now();
    for node in nodes {
        let Some(record) = node.record() else { continue };
        if now.duration_since(record.until.0) < OVERDUE {
            continue;
        }
        let (namespace, name, uid) = (record.namespace, record.agreement, record.uid);
        let identity = AgreementIdentity { namespace, name, uid };
        let (Restoration::Act(plan), Ok(permit)) = (
            release_node(&identity, Some(&node), None, context.fence.leads(Instant::now()), now),
            context.fence.permit(Instant::now()),
        ) else {
            continue;
        };
        for outcome in act::execute(&context.actuator, permit.deadline(), plan).await {
            context.metrics.acted(format!("{:?}", Verb::ReleaseNode), format!("{:?}", outcome.result));
            tracing::info!(
                node = %node.name, agreement = %identity.name, namespace = %identity.namespace, result = ?outcome.result,
                message = %outcome.message, "a taint was overdue"
            );
        }
    }
}
