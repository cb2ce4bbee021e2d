//! An act that was not done: condition and status say so in place of what was intended, and an Event where the API server
//! refused it.

use k8s_openapi::jiff::Timestamp;
use kube::Resource;

use super::context::Context;
use super::enforce::{by_what_stands, say};
use crate::act::outcome;
use crate::act::{Outcome, WriteResult};
use crate::api::ServiceLevelAgreement;
use crate::api::agreement_status::AgreementStatus;
use crate::api::condition::ConditionStatus;
use crate::api::reschedule_status::Obstacle;
use crate::decide::diagnosis;
use crate::record::event;

/// Tells of the first of these outcomes that is none. `stood`: whether anything was enforced before.
pub(super) fn tell(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    next: &mut AgreementStatus,
    outcomes: &[Outcome],
    stood: ConditionStatus,
    now: Timestamp,
) {
    let enforcement = next.enforcement.get_or_insert_default();
    let Some(hold) = outcome::hold(outcomes, enforcement, &next.actions) else { return };
    diagnosis::hold(enforcement, &hold);
    let refused = outcomes.iter().filter(|outcome| is_refused(outcome.result));
    let refused = refused.filter_map(|outcome| next.actions.iter().find(|record| record.id == outcome.id));
    let notices = refused.map(|record| event::refused(record, &enforcement.refusals)).collect();
    event::publish(&context.recorder, agreement.object_ref(&()), notices);
    let nothing_new = outcomes.iter().all(|outcome| is_void(outcome.result));
    let state = if nothing_new { stood } else { by_what_stands(next) };
    say(next, agreement, hold.reason, &hold.message, state, now);
}

/// Nothing changed.
fn is_void(result: WriteResult) -> bool {
    !matches!(result, WriteResult::Done | WriteResult::Unknown)
}

/// It is worth an Event of its own: a disruption budget, a pod that changed, or an API server without time is told by what holds
/// next.
pub(super) fn is_refused(result: WriteResult) -> bool {
    match result {
        WriteResult::Refused => true,
        WriteResult::Hindered { obstacle, .. } => matches!(obstacle, Obstacle::Forbidden | Obstacle::SeveralBudgets),
        WriteResult::Done | WriteResult::Conflict | WriteResult::NotTried | WriteResult::Unknown => false,
    }
}
