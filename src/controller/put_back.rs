//! Replicas that were let go are put back where an agreement cannot be worked with: nobody would see the danger in which they are
//! missing. Whatever else is held stays as it is.

use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt;

use super::book::Book;
use super::context::Context;
use super::enforce::{by_what_stands, say};
use super::finalize::give_floor_back;
use crate::api::ServiceLevelAgreement;
use crate::api::agreement_status::AgreementStatus;
use crate::api::enforcement::Mode;
use crate::api::enforcement_status::{ActionPhase, ActionRecord, FloorStatus, Verb};

/// Puts them back, and says so in `next`, with why the agreement cannot be worked with, as one word and in words. Gives when that is
/// tried again; `None`: none is let go any more.
pub(super) async fn put_back(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    book: &Book,
    next: &mut AgreementStatus,
    (reason, why): (&str, &str),
    now: Timestamp,
) -> Option<Timestamp> {
    // The flag --enforcement forbids every change, this one too.
    if context.ceiling < Mode::Enforce || !are_let_go(&book.status) {
        return None;
    }
    let (give_backs, uid) = (&context.give_backs, agreement.uid().unwrap_or_default());
    let left = give_backs.pause_left(&uid);
    let done = left.is_none() && Box::pin(give_floor_back(agreement, context, book, now)).await;
    let message = if done {
        give_backs.succeeded(&uid);
        next.enforcement.get_or_insert_default().floor = None;
        format!("{why}; the replicas that were let go are put back meanwhile")
    } else {
        format!("{why}; the replicas that were let go could not be put back yet")
    };
    say(next, agreement, reason, &message, by_what_stands(next), now);
    if done {
        return None;
    }
    let pause = left.unwrap_or_else(|| give_backs.failed(&uid));
    Some(now.saturating_add(pause).unwrap_or(Timestamp::MAX))
}

/// Fewer replicas stand than are declared, or may do so: a step of which nobody knows yet whether it was taken.
fn are_let_go(status: &AgreementStatus) -> bool {
    let fewer = |floor: &FloorStatus| floor.value < floor.baseline;
    let open = |record: &ActionRecord| {
        record.verb == Verb::ScaleDown && matches!(record.phase, ActionPhase::Intended | ActionPhase::Unknown)
    };
    let floor = status.enforcement.as_ref().and_then(|enforcement| enforcement.floor.as_ref());
    floor.is_some_and(fewer) || status.actions.iter().any(open)
}
