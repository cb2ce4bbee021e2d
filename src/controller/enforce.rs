//! The acting part of a reconcile: look at the workload, decide, write the intent, act, and enter the outcome.
//!
//! The workload is read only when something hangs on it: an agreement that is kept, and for which nothing was done, costs
//! the API server nothing.

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::{Resource, ResourceExt};
use tokio::time::Instant;

use super::agreement::write_status;
use super::book::Book;
use super::context::Context;
use super::disruptions::Others;
use super::error::Error;
use super::look::{self, GivingBack, Question};
use super::registry::Asked;
use super::{capacity, cpu_target, finalize, nodes, refused, shed, supply};
use crate::act;
use crate::api::agreement_status::{AgreementStatus, State};
use crate::api::condition::{self, ConditionStatus};
use crate::api::enforcement::Mode;
use crate::api::enforcement_status::{ActionPhase, ActionRecord, ActionTarget, EnforcementStatus};
use crate::api::resize_status::ResizeStatus;
use crate::api::{FINALIZER, ServiceLevelAgreement};
use crate::decide::capacity::Need;
use crate::decide::danger::pulse::Present;
use crate::decide::diagnosis::record;
use crate::decide::held::{budgets, cpu_target_state, owned, refusal};
use crate::decide::{AgreementIdentity, Decided, Decision, FleetView, Hints, Situation, Step, Supply, decide};
use crate::evaluate::assessment::{Assessment, ObjectiveAssessment};
use crate::record::{event, status, writer};
use crate::sense::workload::{DeploymentState, Switch, WorkloadObservation, deployment, switch};

/// Decides and acts, and enters both in `next`.
///
/// # Errors
/// When the intent cannot be written: then nothing was done.
pub(super) async fn enforce(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    book: &mut Book,
    next: &mut AgreementStatus,
    present: Present<'_>,
    asked: &[Asked],
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let assessment = present.assessment;
    let mode = agreement.spec.enforcement.mode.min(context.ceiling);
    let unseen = look::is_unseen(agreement, book);
    if mode == Mode::Observe && holds_nothing(next) && !unseen {
        nothing_is_wrong(context, agreement, next, assessment, now);
        say(next, agreement, "Observing", "mode Observe: measured, nothing is decided", ConditionStatus::False, now);
        return Ok(None);
    }
    let need = capacity::followed(agreement, context);
    // Whose replicas are owned, or whose CPU target is set, is looked at in any case: fewer may be needed, and somebody else may
    // have changed them.
    let asks = need.as_ref().is_some_and(Need::wants_more) || capacity::owns(agreement);
    if !asks && !something_hangs_on_it(next, present) && !unseen {
        nothing_is_wrong(context, agreement, next, assessment, now);
        say(next, agreement, "NothingToDo", "no objective is in danger", ConditionStatus::False, now);
        return Ok(None);
    }
    let Some(workload) = agreement.spec.service.workloads.first() else {
        if !holds_nothing(next) {
            return give_back(agreement, context, book, next, now).await;
        }
        let message = "an objective is in danger, and spec.service.workloads names nothing to act on";
        say(next, agreement, "NoWorkload", message, ConditionStatus::False, now);
        return Ok(None);
    };
    let stood = by_what_stands(next);
    let question = Question { agreement, context, present, asked, need: need.as_ref(), now };
    let look = match look::look(question, workload, book, next).await {
        Ok(look) => look,
        Err(GivingBack(reason, words)) => {
            say(next, agreement, reason, words, ConditionStatus::False, now);
            return Ok(now.checked_add(SignedDuration::from_secs(5)).ok());
        }
    };
    let uid = &look.identity.uid;
    let nothing_asked = Supply::default();
    let first = look.situation(question, next, &nothing_asked, status::whole_seconds(context.clock.now()));
    let supply = supply::of(agreement, context, &first).await;
    // People read these instants.
    let decided_at = status::whole_seconds(context.clock.now());
    let situation = look.situation(question, next, &supply, decided_at);
    let decided = context.disruptions.decide(&look.identity, &context.agreements, decided_at, |others| {
        let Others { evictions, avoided, acts } = others;
        context.bids.decide(uid, &context.agreements, decided_at, |bids| {
            let fleet = FleetView { evictions, bids, avoided, acts, ..look.fleet.clone() };
            decide(&Situation { fleet: &fleet, ..situation.clone() })
        })
    });
    let decision = enter(agreement, context, next, decided, (assessment.measured_through, decided_at), now);
    // An act gives up the ownership that comes with it, and is conditional on the object as it was read.
    if mode == Mode::Enforce && !matches!(decision, Decision::Act(_)) {
        let_go_of_fields(context, &look.identity, look.observed.as_ref().ok(), &look.switch).await;
    }
    let on_node = |step: &Step| step.verb.is_about_node();
    if context.ceiling >= Mode::Enforce && !matches!(&decision, Decision::Act(plan) if plan.steps.iter().any(on_node)) {
        nodes::let_go_of_fields(context, &look.identity, &look.nodes).await;
    }
    follow(agreement, context, book, next, (decision, stood), now).await
}

/// Writes into the next status what was decided `at` an instant on an account up to another, and gives what is to be done.
fn enter(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    next: &mut AgreementStatus,
    decided: Decided,
    (account_through, at): (Timestamp, Timestamp),
    now: Timestamp,
) -> Decision {
    let Decided { decision, enforcement, actions, hints, .. } = decided;
    let intended = intended(&next.actions, &actions);
    let look = record::Look { enforcement: &enforcement, intended: &intended, account_through, now: at };
    record::enter(&mut next.diagnoses, look);
    if let (Some(reset), Some(floor)) = (&hints.reset, &enforcement.floor) {
        event::publish(&context.recorder, agreement.object_ref(&()), vec![event::reset(&floor.target, reset)]);
    }
    next.enforcement = Some(enforcement);
    next.actions = actions;
    hints_as_conditions(next, agreement, &hints, now);
    decision
}

/// Carries out what was decided, or says why nothing is done; gives when to look again. `stood`: whether anything was enforced
/// before.
async fn follow(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    book: &mut Book,
    next: &mut AgreementStatus,
    (decision, stood): (Decision, ConditionStatus),
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    Ok(match decision {
        Decision::Act(plan) => {
            let again = plan.followed_up(now);
            let steps: Vec<String> = plan.steps.iter().map(|step| step.id.clone()).collect();
            let outcomes = carry_out(agreement, context, book, next, plan, now).await?;
            refused::tell(agreement, context, next, &outcomes, stood, now);
            // What was refused is not tried again at once, and what was done is looked at.
            let is_done =
                |id: &String| next.actions.iter().any(|done| done.id == *id && done.phase == ActionPhase::Done);
            again.filter(|_| steps.iter().any(is_done))
        }
        Decision::Recommend(words) => {
            say(next, agreement, "Recommends", &format!("would {words}"), ConditionStatus::False, now);
            None
        }
        Decision::Hold(hold) => {
            say(next, agreement, hold.reason, &hold.message, by_what_stands(next), now);
            hold.until
        }
        Decision::Nothing { reason, message, until } => {
            say(next, agreement, reason, &message, by_what_stands(next), now);
            until
        }
    })
}

/// It is enforced as long as something of the operator stands, whether or not there is more to do just now.
pub(super) fn by_what_stands(next: &AgreementStatus) -> ConditionStatus {
    if holds_nothing(next) { ConditionStatus::False } else { ConditionStatus::True }
}

/// The workload was taken out of the spec while something is held for it.
async fn give_back(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    book: &Book,
    next: &mut AgreementStatus,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let again = finalize::give_back(agreement, context, book, now).await;
    if again.is_none() {
        next.enforcement = next.enforcement.as_ref().and_then(|held| budgets::left_of(held, now));
        let message = "spec.service.workloads names nothing to act on any more; what was held was given back";
        say(next, agreement, "NoWorkload", message, ConditionStatus::False, now);
    }
    Ok(again)
}

/// Intent first, then the act, then its outcome.
async fn carry_out(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    book: &mut Book,
    next: &mut AgreementStatus,
    plan: crate::decide::Plan<crate::decide::Admitted>,
    now: Timestamp,
) -> Result<Vec<act::Outcome>, Error> {
    let words = next.enforcement.as_ref().map(|e| e.message.clone()).unwrap_or_default();
    let reason = next.enforcement.as_ref().map(|e| e.reason.clone()).unwrap_or_default();
    say(next, agreement, &reason, &words, ConditionStatus::True, now);
    // Before anything is changed there is a finalizer that will put it back, and a record that finds it after a crash.
    if !agreement.finalizers().iter().any(|f| f == FINALIZER) {
        writer::set_finalizer(&context.client, agreement, FINALIZER, true).await?;
        context.metrics.wrote(crate::record::metrics::Written::Finalizer);
    }
    write_status(agreement, context, book, next.clone()).await?;
    let outcomes = match context.fence.permit(Instant::now()) {
        Ok(permit) => act::execute(&context.actuator, permit.deadline(), plan).await,
        Err(refusal) => {
            tracing::warn!(agreement = %agreement.name_any(), %refusal, "not acting");
            Vec::new()
        }
    };
    let enforcement = next.enforcement.get_or_insert_default();
    act::outcome::enter(&outcomes, enforcement, &mut next.actions);
    if enforcement.bid.is_none() {
        context.bids.withdraw(&agreement.uid().unwrap_or_default());
    }
    for outcome in &outcomes {
        if let Some(record) = next.actions.iter().find(|a| a.id == outcome.id) {
            context.metrics.acted(format!("{:?}", record.verb), format!("{:?}", record.phase));
            tracing::info!(
                agreement = %agreement.name_any(), verb = ?record.verb, change = %record.change(),
                phase = ?record.phase, outcome = %outcome.message, "acted"
            );
        }
    }
    Ok(outcomes)
}

/// Whether a decision could change anything, or an earlier one still has to be followed up.
fn something_hangs_on_it(next: &AgreementStatus, present: Present<'_>) -> bool {
    let is_low = |o: &ObjectiveAssessment| matches!(o.state, State::AtRisk | State::Violated);
    let danger = present.burns() || present.assessment.objectives.iter().any(is_low);
    let pending = next
        .actions
        .iter()
        .any(|a| a.verdict.is_none() && a.phase != crate::api::enforcement_status::ActionPhase::Refused);
    danger || pending || !holds_nothing(next) || next.enforcement.as_ref().is_some_and(|e| e.episode.is_some())
}

/// There is no danger, and so no cause of one.
fn nothing_is_wrong(
    context: &Context,
    agreement: &ServiceLevelAgreement,
    next: &mut AgreementStatus,
    assessment: &Assessment,
    now: Timestamp,
) {
    let enforcement = next.enforcement.get_or_insert_default();
    (enforcement.diagnosis, enforcement.review, enforcement.bid) = (None, None, None);
    enforcement.owned = owned::aged(enforcement.owned.as_ref(), &next.actions, now);
    enforcement.cpu_target = cpu_target_state::aged(enforcement.cpu_target.as_ref(), &next.actions, now);
    context.bids.withdraw(&agreement.uid().unwrap_or_default());
    let (account_through, now) = (assessment.measured_through, status::whole_seconds(now));
    enforcement.refusals = refusal::reconcile(&enforcement.refusals, &next.actions, now);
    record::enter(&mut next.diagnoses, record::Look { enforcement, intended: &[], account_through, now });
}

/// The ids of the actions that are intended now and were not before.
fn intended(before: &[ActionRecord], now: &[ActionRecord]) -> Vec<String> {
    let is_new = |action: &&ActionRecord| before.iter().all(|known| known.id != action.id);
    now.iter().filter(is_new).map(|action| action.id.clone()).collect()
}

pub(super) fn holds_nothing(next: &AgreementStatus) -> bool {
    let no_size = |resize: &ResizeStatus| resize.pods == 0;
    let nothing = |e: &EnforcementStatus| e.floor.is_none() && e.resize.as_ref().is_none_or(no_size);
    next.enforcement.as_ref().is_none_or(nothing)
        && holds_no_rollout(next)
        && nodes::holds_none(next)
        && !shed::stands(next.enforcement.as_ref())
        && !cpu_target::stands(next.enforcement.as_ref())
}

pub(super) fn holds_no_rollout(next: &AgreementStatus) -> bool {
    next.enforcement.as_ref().and_then(|e| e.rollout.as_ref()).is_none_or(|rollout| rollout.paused_at.is_none())
}

/// Gives up what a crash left of our ownership of the floor and of the rollout.
async fn let_go_of_fields(
    context: &Context,
    identity: &AgreementIdentity,
    observed: Option<&WorkloadObservation>,
    switch: &Switch,
) {
    if let Some(left) = switch.state().filter(|state| state.entry_left) {
        let_go_of(context, identity, &left.target, switch::PLURAL).await;
    }
    let Some(observed) = observed else { return };
    let floor = observed.floor.floor().filter(|floor| floor.entry_left);
    if let Some(floor) = floor {
        let_go_of(context, identity, &floor.target, floor.kind.plural()).await;
    }
    let known = floor.map(|floor| floor.target.uid.as_str());
    let left = |deployment: &&DeploymentState| deployment.entry_left && known != Some(&deployment.target.uid);
    if let Some(deployment) = observed.deployment.as_ref().filter(left) {
        let_go_of(context, identity, &deployment.target, deployment::PLURAL).await;
    }
}

/// Gives up what a crash left of our ownership of an object: until then its owner's server-side apply is refused.
pub(super) async fn let_go_of(context: &Context, identity: &AgreementIdentity, target: &ActionTarget, plural: &str) {
    let Ok(permit) = context.fence.permit(Instant::now()) else { return };
    let until = permit.deadline();
    let given_up = act::give_up_ownership(&context.actuator, until, &identity.namespace, target, plural).await;
    if let Err(error) = given_up {
        tracing::warn!(agreement = %identity.name, %error, "our entry in managedFields could not be given up yet");
    }
}

pub(super) fn identity(agreement: &ServiceLevelAgreement) -> AgreementIdentity {
    AgreementIdentity {
        namespace: agreement.namespace().unwrap_or_default(),
        name: agreement.name_any(),
        uid: agreement.uid().unwrap_or_default(),
    }
}

pub(super) fn say(
    next: &mut AgreementStatus,
    agreement: &ServiceLevelAgreement,
    reason: &str,
    message: &str,
    state: ConditionStatus,
    now: Timestamp,
) {
    let generation = agreement.meta().generation;
    condition::set(&mut next.conditions, condition::ENFORCING, state, reason, message, generation, now);
    let enforcement = next.enforcement.get_or_insert_default();
    reason.clone_into(&mut enforcement.reason);
    message.clone_into(&mut enforcement.message);
    reason.clone_into(&mut next.summary.get_or_insert_default().enforcement);
}

fn hints_as_conditions(next: &mut AgreementStatus, agreement: &ServiceLevelAgreement, hints: &Hints, now: Timestamp) {
    let generation = agreement.meta().generation;
    let (verb, harm) = hints.did_harm.clone().unzip();
    let pairs = [
        (condition::CONFLICTING_MANAGER, "ResetByOthers", &hints.conflicting_manager),
        (condition::CAPACITY_INSUFFICIENT, hints.short_of, &hints.capacity_insufficient),
        (condition::ACTION_HARMFUL, verb.unwrap_or_default(), &harm),
    ];
    for (kind, reason, words) in pairs {
        match words {
            Some(words) => {
                condition::set(&mut next.conditions, kind, ConditionStatus::True, reason, words, generation, now);
            }
            None => condition::clear(&mut next.conditions, kind),
        }
    }
}
