//! What became of a step, and how it is entered in the record.

use crate::api::enforcement_status::{ActionPhase, ActionRecord, EnforcementStatus, Verb};
use crate::api::reschedule_status::Obstacle;
use crate::decide::held::{cpu_target_state, moved, refusal, resized};
use crate::decide::{self, Hold, Step, plan};

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The step's id.
    pub id: String,
    /// How it ended.
    pub result: WriteResult,
    /// What the API server said, in words; empty when it simply did it.
    pub message: String,
}

/// How a write ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteResult {
    /// The API server took it.
    Done,
    /// The object is not as it was read any more. Nothing changed; decide again on a fresh reading.
    Conflict,
    /// It is not allowed or not valid. Nothing changed, and the same write will be refused again.
    Refused,
    /// Nobody looked at it: it was not sent, or the API server had no time for it. Nothing changed.
    NotTried,
    /// What concerns one pod, an eviction or a resize, was refused. Nothing changed; it may be tried again later, as far as
    /// the obstacle lets it.
    Hindered {
        /// Why.
        obstacle: Obstacle,
        /// The seconds for which the API server asked.
        retry_after: u32,
    },
    /// No answer, or a failure after which the write may still take effect. Read it back.
    Unknown,
}

impl Outcome {
    pub(super) fn of(step: &Step, result: WriteResult, message: impl Into<String>) -> Self {
        Self { id: step.id.clone(), result, message: message.into() }
    }
}

/// Enters outcomes in the records their intents are in, in the floor and the CPU target that stand, and in what was moved.
pub fn enter(outcomes: &[Outcome], enforcement: &mut EnforcementStatus, actions: &mut [ActionRecord]) {
    for outcome in outcomes {
        let Some(record) = actions.iter_mut().find(|record| record.id == outcome.id) else { continue };
        record.phase = match outcome.result {
            WriteResult::Done => ActionPhase::Done,
            WriteResult::Conflict | WriteResult::Refused | WriteResult::NotTried | WriteResult::Hindered { .. } => {
                ActionPhase::Refused
            }
            WriteResult::Unknown => ActionPhase::Unknown,
        };
        record.outcome.clone_from(&outcome.message);
        if matches!(outcome.result, WriteResult::Refused | WriteResult::Hindered { .. }) {
            refusal::enter(&mut enforcement.refusals, record);
        }
        if outcome.result == WriteResult::Done {
            enforcement.floor = decide::effect(enforcement.floor.take(), record);
        }
        if outcome.result == WriteResult::Done && record.verb.is_about_cpu_target() {
            enforcement.cpu_target = cpu_target_state::done(enforcement.cpu_target.take(), record);
        }
        if record.phase == ActionPhase::Refused && matches!(record.verb, Verb::RaiseFloor | Verb::Surge) {
            // What was not granted is left for others.
            enforcement.bid = None;
        }
        if record.verb == Verb::Resize && matches!(outcome.result, WriteResult::Hindered { .. }) {
            enforcement.resize = resized::refused(enforcement.resize.take(), record);
        }
        if record.verb == Verb::Reschedule {
            let before = enforcement.reschedule.take();
            enforcement.reschedule = match outcome.result {
                WriteResult::Done => moved::done(before),
                WriteResult::Unknown => before,
                WriteResult::Hindered { obstacle, retry_after } => {
                    moved::refused(before, record, obstacle, retry_after)
                }
                WriteResult::Conflict => moved::refused(before, record, Obstacle::Changed, 0),
                WriteResult::Refused => moved::refused(before, record, Obstacle::Forbidden, 0),
                // Where the permit had ended, whoever leads next decides anew; after another one was refused, that says why.
                WriteResult::NotTried => moved::not_tried(before, record),
            };
        }
    }
}

/// What keeps the first of these that is not done from being done, in words. `None`: all are.
#[must_use]
pub fn hold(outcomes: &[Outcome], enforcement: &EnforcementStatus, actions: &[ActionRecord]) -> Option<Hold> {
    let outcome = outcomes.iter().find(|outcome| outcome.result != WriteResult::Done)?;
    let record = actions.iter().find(|record| record.id == outcome.id)?;
    let known = enforcement.refusals.iter().find(|refused| refusal::is_of(refused, record.verb, &record.target));
    let (what, kind, name) = (plan::words(record.verb), &record.target.kind, &record.target.name);
    let said = &outcome.message;
    Some(match (outcome.result, known) {
        (WriteResult::Refused | WriteResult::Hindered { .. }, Some(refused)) => refusal::hold(refused),
        (WriteResult::Refused | WriteResult::Hindered { obstacle: Obstacle::Forbidden, .. }, None) => {
            Hold::new("ActionRefused", format!("the API server refused to {what} {kind} {name}: {said}"))
        }
        (WriteResult::Unknown, _) => Hold::new(
            "ActionUnanswered",
            format!("whether it came to {what} {kind} {name} is not known: {said}; the next look at it tells"),
        ),
        (WriteResult::Hindered { .. } | WriteResult::Conflict | WriteResult::NotTried | WriteResult::Done, _) => {
            let message =
                format!("it did not come to {what} {kind} {name}: {said}; it is decided again on a fresh reading");
            Hold::new("ActionNotDone", message)
        }
    })
}
