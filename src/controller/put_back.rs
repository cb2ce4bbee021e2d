//! Replicas that were let go, and a CPU target that was raised above what was declared, are put back where an agreement cannot be
//! worked with: nobody would see the danger in which pods are missing. Whatever else is held stays as it is.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt;

use super::book::Book;
use super::context::Context;
use super::cpu_target::{self, Returned};
use super::enforce::{by_what_stands, say};
use super::finalize::give_floor_back;
use crate::api::ServiceLevelAgreement;
use crate::api::agreement_status::AgreementStatus;
use crate::api::enforcement::Mode;
use crate::api::enforcement_status::{ActionPhase, ActionRecord, ActionTarget, FloorStatus, Verb, Verdict};
use crate::decide;

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
    let (fewer, leaner) = (are_let_go(&book.status), cpu_target::may_be_leaner(&book.status));
    if context.ceiling < Mode::Enforce || !fewer && !leaner {
        return None;
    }
    let (give_backs, uid) = (&context.give_backs, agreement.uid().unwrap_or_default());
    let left = give_backs.pause_left(&uid);
    let is_tried = left.is_none();
    let floor = !fewer || is_tried && Box::pin(give_floor_back(agreement, context, book, now)).await;
    let target = match (leaner, is_tried) {
        (false, _) => Returned::Left,
        (true, false) => Returned::NotYet,
        (true, true) => Box::pin(cpu_target::returned(agreement, context, &book.status, now)).await,
    };
    if fewer && floor {
        let stood = next.enforcement.get_or_insert_default().floor.take();
        let stood = stood.map(|floor| (floor.value, floor.baseline));
        enter(&mut next.actions, (Verb::ScaleDown, Verb::Restore), (None, stood), why, now);
    }
    if leaner {
        enter_target(next, target, why, now);
    }
    let done = floor && target != Returned::NotYet;
    let what = match (fewer, target) {
        (true, _) => "the replicas that were let go are",
        (false, Returned::Left) => "nothing of the CPU target is left to be",
        (false, _) => "the CPU target that was declared is",
    };
    let message = if done {
        give_backs.succeeded(&uid);
        format!("{why}; {what} put back meanwhile")
    } else {
        format!("{why}; {what} not put back yet")
    };
    say(next, agreement, reason, &message, by_what_stands(next), now);
    if done {
        return None;
    }
    let pause = left.unwrap_or_else(|| give_backs.failed(&uid));
    Some(now.saturating_add(pause).unwrap_or(Timestamp::MAX))
}

/// Enters what became of a CPU target that was given back without a decision.
pub(super) fn enter_target(next: &mut AgreementStatus, returned: Returned, why: &str, now: Timestamp) {
    let target = next.enforcement.as_mut().and_then(|enforcement| enforcement.cpu_target.as_mut());
    let stood = target.filter(|_| returned != Returned::NotYet).and_then(|target| target.standing.take());
    if returned == Returned::Back {
        let numbers = stood.as_ref().map(|stood| (stood.value, stood.baseline));
        let object = stood.map(|stood| stood.target);
        enter(&mut next.actions, (Verb::SetTarget, Verb::RestoreTarget), (object, numbers), why, now);
    }
}

/// Enters what was put back beside the step by which pods went, so that all is to be safe for as long as after any other put-back
/// before the next step. Of a step that nobody saw the end of nothing can be said any more. `stood`: on which object, should the
/// step be forgotten, what was there, and what was declared.
fn enter(
    actions: &mut Vec<ActionRecord>,
    (done, back): (Verb, Verb),
    (object, stood): (Option<ActionTarget>, Option<(i32, i32)>),
    why: &str,
    now: Timestamp,
) {
    for record in actions.iter_mut().filter(|record| record.verb == done && is_open(record)) {
        (record.phase, record.verdict) = (ActionPhase::Done, Some(Verdict::Inconclusive));
        "put back before anybody saw whether it was done".clone_into(&mut record.outcome);
    }
    let step = actions.iter().find(|record| record.verb == done);
    let Some(target) = step.map(|step| step.target.clone()).or(object) else { return };
    let (id, from, to) = step.map_or((target.uid.as_str(), None, None), |step| (step.id.as_str(), step.from, step.to));
    // Where the status knows of no change yet, the step is what was put back.
    let (stands, declared) = match stood {
        Some((stands, declared)) if stands != declared || step.is_none() => (Some(stands), Some(declared)),
        _ => (to, stood.map(|(_, declared)| declared).or(from)),
    };
    let restore = ActionRecord {
        id: format!("{id}-back"),
        verb: back,
        target,
        from: stands,
        to: declared,
        reason: why.to_owned(),
        hypothesis: "what was declared is there again".to_owned(),
        ahead: false,
        phase: ActionPhase::Done,
        intended_at: Time(now),
        deadline: Time(now),
        outcome: String::new(),
        verdict: Some(Verdict::Inconclusive),
        evidence: String::new(),
    };
    actions.retain(|record| record.id != restore.id);
    actions.insert(0, restore);
    decide::keep(actions);
}

/// Nobody knows yet whether it was taken.
pub(super) fn is_open(record: &ActionRecord) -> bool {
    matches!(record.phase, ActionPhase::Intended | ActionPhase::Unknown)
}

/// Fewer replicas stand than are declared, or may do so: a step of which nobody knows yet whether it was taken.
fn are_let_go(status: &AgreementStatus) -> bool {
    let fewer = |floor: &FloorStatus| floor.value < floor.baseline;
    let floor = status.enforcement.as_ref().and_then(|enforcement| enforcement.floor.as_ref());
    let open = |record: &ActionRecord| record.verb == Verb::ScaleDown && is_open(record);
    floor.is_some_and(fewer) || status.actions.iter().any(open)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: (Verb, Verb) = (Verb::ScaleDown, Verb::Restore);

    fn step(phase: ActionPhase) -> ActionRecord {
        ActionRecord {
            id: "a-step".into(),
            verb: STEP.0,
            target: ActionTarget {
                api_version: "apps/v1".into(),
                kind: "Deployment".into(),
                name: "web".into(),
                uid: "u".into(),
            },
            from: Some(10),
            to: Some(9),
            reason: String::new(),
            hypothesis: String::new(),
            ahead: false,
            phase,
            intended_at: Time(Timestamp::UNIX_EPOCH),
            deadline: Time(Timestamp::UNIX_EPOCH),
            outcome: String::new(),
            verdict: None,
            evidence: String::new(),
        }
    }

    #[test]
    fn what_is_put_back_is_an_action_and_leaves_no_step_open() {
        let mut actions = vec![step(ActionPhase::Unknown)];
        for _ in 0..2 {
            enter(&mut actions, STEP, (None, None), "its source is gone", Timestamp::UNIX_EPOCH);
            assert_eq!(actions.iter().map(|record| record.verb).collect::<Vec<_>>(), [Verb::Restore, Verb::ScaleDown]);
        }
        assert!(actions.iter().all(|record| record.phase == ActionPhase::Done && record.verdict.is_some()));
        assert_eq!(actions.first().map(|record| (record.from, record.to)), Some((Some(9), Some(10))));
        // What another verb did is none of its business.
        enter(&mut actions, (Verb::SetTarget, Verb::RestoreTarget), (None, Some((70, 60))), "", Timestamp::UNIX_EPOCH);
        assert_eq!(actions.len(), 2);
        let mut raised = vec![ActionRecord { verb: Verb::SetTarget, ..step(ActionPhase::Done) }];
        enter(&mut raised, (Verb::SetTarget, Verb::RestoreTarget), (None, Some((70, 60))), "", Timestamp::UNIX_EPOCH);
        let told = raised.first().map(|record| (record.verb, record.from, record.to));
        assert_eq!(told, Some((Verb::RestoreTarget, Some(70), Some(60))));
        // A step of which the status knew nothing yet, and one that is forgotten.
        let target = raised.first().map(|record| record.target.clone());
        for (step, expected) in [(true, Some((Some(9), Some(10)))), (false, Some((Some(10), Some(10))))] {
            let open = ActionRecord { verb: Verb::SetTarget, ..self::step(ActionPhase::Unknown) };
            let mut actions: Vec<ActionRecord> = step.then_some(open).into_iter().collect();
            let stood = (target.clone(), Some((10, 10)));
            enter(&mut actions, (Verb::SetTarget, Verb::RestoreTarget), stood, "", Timestamp::UNIX_EPOCH);
            assert_eq!(actions.first().map(|record| (record.from, record.to)), expected);
        }
        let mut none = Vec::new();
        enter(&mut none, STEP, (None, None), "its source is gone", Timestamp::UNIX_EPOCH);
        assert!(none.is_empty(), "nothing was let go");
    }
}
