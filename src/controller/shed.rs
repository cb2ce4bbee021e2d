//! The switch through which load is shed: when it is read, and how it is given back without a decision about the workload.

use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt;
use tokio::time::Instant;

use super::context::Context;
use super::enforce::{identity, let_go_of};
use super::giving_back::carry_out;
use crate::api::ServiceLevelAgreement;
use crate::api::agreement_status::AgreementStatus;
use crate::api::enforcement::Mode;
use crate::api::enforcement_status::{ActionPhase, ActionRecord, EnforcementStatus, Verb};
use crate::decide::situation::timing::Timing;
use crate::decide::verb::shedding;
use crate::decide::{Restoration, release_shed};
use crate::sense::workload::Switch;
use crate::sense::workload::switch::PLURAL;

/// Whether the operator has turned a switch, as far as the status knows.
pub(super) fn stands(enforcement: Option<&EnforcementStatus>) -> bool {
    enforcement.and_then(|e| e.shed.as_ref()).is_some_and(|shed| shed.standing.is_some())
}

/// Reads the switch, where something hangs on it: it may be turned, or was.
pub(super) async fn read(agreement: &ServiceLevelAgreement, context: &Context, next: &AgreementStatus) -> Switch {
    let unsettled = |phase| matches!(phase, ActionPhase::Intended | ActionPhase::Unknown);
    let open = next.actions.iter().any(|action| action.verb.is_about_shedding() && unsettled(action.phase));
    let named = agreement.spec.enforcement.shed.as_ref();
    let turned = stands(next.enforcement.as_ref());
    if !turned && !open && !named.is_some_and(|shed| shed.automatic) {
        return Switch::NotAsked;
    }
    let Some((name, key)) = place(agreement, next) else { return Switch::NotAsked };
    context.workloads.read_switch(&agreement.namespace().unwrap_or_default(), &name, &key).await
}

/// The `ConfigMap` and the key: those that are turned, or may be.
fn place(agreement: &ServiceLevelAgreement, status: &AgreementStatus) -> Option<(String, String)> {
    let standing = status.enforcement.as_ref().and_then(|e| e.shed.as_ref()?.standing.as_ref());
    let named = agreement.spec.enforcement.shed.as_ref();
    let turned = standing.map(|standing| (standing.target.name.clone(), standing.key.clone()));
    turned.or_else(|| named.map(|shed| (shed.config_map.clone(), shed.key.clone())))
}

/// The last thing that was done to a switch, or may have been, is that it was turned.
fn turned_last(status: &AgreementStatus) -> bool {
    let happened = |action: &&ActionRecord| action.verb.is_about_shedding() && action.phase != ActionPhase::Refused;
    status.actions.iter().find(happened).is_some_and(|last| last.verb == Verb::Shed)
}

/// Gives a switch back whose time is over while the workload cannot be read: that must not prolong it.
pub(super) async fn end_blind(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    next: &mut AgreementStatus,
    now: Timestamp,
) {
    let shed = next.enforcement.as_ref().and_then(|e| e.shed.as_ref());
    let Some(standing) = shed.and_then(|shed| shed.standing.as_ref()) else { return };
    let ttl = Timing::of(&agreement.spec.enforcement).map(|timing| timing.shed_ttl);
    let goes_on = ttl.is_ok_and(|ttl| now < shedding::over_at(standing, ttl));
    // What failed lately is not tried again yet, as where all is given back.
    let (give_backs, uid) = (&context.give_backs, agreement.uid().unwrap_or_default());
    if goes_on || context.ceiling < Mode::Enforce || give_backs.pause_left(&uid).is_some() {
        return;
    }
    if !give_back(agreement, context, next, now).await {
        give_backs.failed(&uid);
        return;
    }
    give_backs.succeeded(&uid);
    if let Some(shed) = next.enforcement.as_mut().and_then(|e| e.shed.as_mut()) {
        shed.standing = None;
    }
}

/// Whether nothing of ours is left on the switch.
pub(super) async fn give_back(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    status: &AgreementStatus,
    now: Timestamp,
) -> bool {
    let Some((name, key)) = place(agreement, status) else { return true };
    // One that is not turned by the operator was never written.
    let may_be_turned = stands(status.enforcement.as_ref())
        || turned_last(status)
        || agreement.spec.enforcement.shed.as_ref().is_some_and(|shed| shed.automatic);
    if !may_be_turned {
        return true;
    }
    let identity = identity(agreement);
    let switch = context.workloads.read_switch(&identity.namespace, &name, &key).await;
    if let Switch::Forbidden(why) | Switch::Unreadable(why) = &switch {
        tracing::warn!(agreement = %identity.name, %why, "the switch cannot be given back yet");
        // Without the right to read it, it was not turned either, unless the status says so.
        return matches!(switch, Switch::Forbidden(_)) && !stands(status.enforcement.as_ref()) && !turned_last(status);
    }
    match release_shed(&identity, &switch, context.fence.leads(Instant::now()), now) {
        Restoration::Act(plan) => {
            let note = format!("ConfigMap {name} has its owner's {key} again");
            carry_out(agreement, context, plan, Verb::StopShedding, ("SheddingStopped", note)).await
        }
        Restoration::Nothing => {
            if let Some(left) = switch.state().filter(|state| state.entry_left) {
                let_go_of(context, &identity, &left.target, PLURAL).await;
            }
            true
        }
        Restoration::Hold(hold) => {
            tracing::info!(agreement = %identity.name, reason = hold.reason, message = %hold.message, "not yet");
            false
        }
    }
}
