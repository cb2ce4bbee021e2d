//! Kubernetes Events for what a person would want to be told: found by comparing two statuses, published best effort.

mod credits;
mod decision;

use std::time::Duration;

use k8s_openapi::api::core::v1::ObjectReference;
use kube::runtime::events::{Event, EventType, Recorder};
use tokio::time::timeout;

use crate::api::agreement_status::{AgreementStatus, ObjectiveStatus, State, StatementRef};
use crate::api::condition;
use crate::api::contract_status::{CureState, DemandStatus};
use crate::api::enforcement_status::{ActionPhase, ActionRecord, ActionTarget, Verb, Verdict};
use crate::decide::held::standing::Reset;

pub use decision::{not_given_back, refused};

/// Longest note the API server takes, in bytes.
const NOTE_LIMIT: usize = 1024;

/// Longest action the API server takes.
const ACTION_LIMIT: usize = 128;

/// How long publishing one Event may take.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(10);

/// Something worth an Event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Whether it is a warning.
    pub warning: bool,
    /// One word in `PascalCase`.
    pub reason: String,
    /// What was done and to what. Repeats with the same reason *and* action are counted under the first note, so
    /// what makes a note different stands here too.
    pub action: String,
    /// The sentence.
    pub note: String,
}

/// What changed between two statuses that is worth telling, in the order in which it should be read.
#[must_use]
pub fn notices(last: &AgreementStatus, next: &AgreementStatus) -> Vec<Notice> {
    let mut found = Vec::new();
    for objective in &next.objectives {
        let before = last.objectives.iter().find(|o| o.name == objective.name).map(|o| o.state);
        if before == Some(objective.state) {
            continue;
        }
        let figures = figures(objective);
        let assess = format!("Assess-{}", objective.name);
        match objective.state {
            State::AtRisk => found.push(notice(true, "ObjectiveAtRisk", &assess, figures)),
            State::Violated => found.push(notice(true, "ObjectiveViolated", &assess, figures)),
            State::Fulfilled if matches!(before, Some(State::AtRisk | State::Violated)) => {
                found.push(notice(false, "ObjectiveRecovered", &assess, figures));
            }
            State::Fulfilled | State::NotDetermined | State::NotCovered => {}
        }
    }
    for violation in &next.violations {
        let before = last.violations.iter().find(|v| v.objective == violation.objective && v.start == violation.start);
        match (before.map(|b| b.end.is_some()), &violation.end) {
            (None | Some(false), Some(end)) => found.push(notice(
                true,
                "ViolationEnded",
                &format!("Account-{}", violation.objective),
                format!(
                    "{}: below its target from {} until {}, {} of {} events bad",
                    violation.objective, violation.start.0, end.0, violation.bad_events, violation.total_events
                ),
            )),
            (None, None) => found.push(notice(
                true,
                "ViolationStarted",
                &format!("Account-{}", violation.objective),
                format!("{}: below its target since {}", violation.objective, violation.start.0),
            )),
            _ => {}
        }
    }
    for action in next.actions.iter().rev() {
        let before = last.actions.iter().find(|a| a.id == action.id);
        if action.phase == ActionPhase::Done && before.is_none_or(|b| b.phase != ActionPhase::Done) {
            found.push(done(action));
        }
        if let Some(verdict) = action.verdict
            && before.is_none_or(|b| b.verdict.is_none())
        {
            let note = format!("{}: {verdict:?}. {}", told(action), action.evidence);
            let warning = verdict == Verdict::Harmful;
            found.push(notice(warning, "ActionJudged", &format!("Judge-{}", told_apart(action)), note));
        }
    }
    for statement in &next.statements {
        if !last.statements.iter().any(|s| s.name == statement.name) {
            found.push(settled(statement));
        }
    }
    found.extend(next.statements.iter().filter_map(|statement| credits::moved(last, statement)));
    found.extend(next.statements.iter().flat_map(|statement| credits::not_paid(last, statement)));
    found.extend(next.statements.iter().filter_map(|statement| credits::overpaid(last, statement)));
    found.extend(next.demands.iter().filter_map(|demand| not_cured(last, demand)));
    for kind in [condition::BEYOND_RETENTION, condition::LEDGER_FULL] {
        let said = |s: &AgreementStatus| s.conditions.iter().find(|c| c.type_ == kind).cloned();
        if let Some(now) = said(next)
            && said(last).is_none_or(|before| before.reason != now.reason)
        {
            found.push(notice(true, kind, &now.reason, now.message));
        }
    }
    found.extend(decision::cause_found(last, next));
    found.extend(decision::changed(last, next));
    found
}

/// A breach was not cured in time.
fn not_cured(last: &AgreementStatus, demand: &DemandStatus) -> Option<Notice> {
    let before = last.demands.iter().find(|before| before.claim == demand.claim).map(|before| before.state);
    if demand.state != CureState::MayEnd || before == Some(CureState::MayEnd) {
        return None;
    }
    let by = demand.cure_by.0;
    let note =
        format!("{} demanded a cure by {by}, and there was none: the customer may end the agreement", demand.claim);
    let action: String = format!("Cure-{}", demand.claim).chars().take(ACTION_LIMIT).collect();
    Some(notice(true, "BreachNotCured", &action, note))
}

/// Somebody else changed a floor that the operator holds.
#[must_use]
pub fn reset(target: &ActionTarget, reset: &Reset) -> Notice {
    let who = reset.by.as_deref().unwrap_or("somebody the API server has no name for");
    let (ours, theirs) = (reset.ours, reset.theirs);
    let note = format!("{who} changed the floor of {} {} from {ours} to {theirs}", target.kind, target.name);
    // The API server takes 128 characters of an action and as many of a manager's name.
    let action: String = format!("Reset-{who}").chars().take(ACTION_LIMIT).collect();
    notice(theirs < ours, "FloorReset", &action, note)
}

/// What an objective came to, in words.
fn figures(objective: &ObjectiveStatus) -> String {
    let ObjectiveStatus { name, attainment, target, budget_remaining, .. } = objective;
    let budget = match budget_remaining.strip_prefix('-') {
        Some(over) => format!("the error budget is overspent by {} %", shortened(over)),
        None => format!("{} % of the error budget are left", shortened(budget_remaining)),
    };
    format!("{name}: attained {} % of the promised {target} %; {budget}", shortened(attainment))
}

/// A decimal cut to three places: an Event is read, not reckoned with.
fn shortened(decimal: &str) -> &str {
    let end = decimal.find('.').map_or(decimal.len(), |point| (point + 4).min(decimal.len()));
    decimal.get(..end).unwrap_or(decimal)
}

/// A reconcile that keeps failing, for `category` in words.
#[must_use]
pub fn failing(category: &str, words: String) -> Notice {
    notice(true, category, "Reconcile", words)
}

/// An object that cannot be read.
#[must_use]
pub fn unreadable(words: &str) -> Notice {
    let note = format!(
        "this object cannot be read, so nothing is done for it until it is applied as the installed definition wants it: \
         {words}"
    );
    notice(true, "Unreadable", "Watch", note)
}

fn done(action: &ActionRecord) -> Notice {
    let reason = match action.verb {
        Verb::FreezeScaleDown => "ScaleDownFrozen",
        Verb::RaiseFloor if action.ahead => "FloorRaisedAhead",
        Verb::RaiseFloor => "FloorRaised",
        Verb::LowerFloor => "FloorLowered",
        Verb::Restore => "BaselineRestored",
        Verb::ScaleDown => "ReplicasLetGo",
        Verb::SetTarget => "CpuTargetSet",
        Verb::RestoreTarget => "CpuTargetRestored",
        Verb::PauseRollout => "RolloutPaused",
        Verb::RollBack => "RevisionUndone",
        Verb::ReleaseRollout => "RolloutReleased",
        Verb::Surge => "FloorSurged",
        Verb::Reschedule => "PodEvicted",
        Verb::AvoidNode => "NodeAvoided",
        Verb::ReleaseNode => "NodeReleased",
        Verb::Shed => "LoadShed",
        Verb::StopShedding => "SheddingStopped",
        Verb::Resize => "PodResized",
        Verb::RestoreSize => "PodSizeRestored",
    };
    let change = match action.change() {
        change if change.is_empty() => change,
        change => format!(": {change}"),
    };
    let note = format!("{} {}{change}. {}", action.target.kind, action.target.name, action.reason);
    notice(false, reason, &told_apart(action), note)
}

/// An action in few words.
fn told(action: &ActionRecord) -> String {
    format!("{:?} {}", action.verb, action.change()).trim_end().to_owned()
}

/// What makes two Events about actions different.
fn told_apart(action: &ActionRecord) -> String {
    match action.to {
        Some(to) => format!("{:?}-{to}", action.verb),
        None => format!("{:?}", action.verb),
    }
}

/// That a period is settled by this statement.
#[must_use]
pub fn settled(statement: &StatementRef) -> Notice {
    let credit = match statement.credit.as_str() {
        "" => "no credit".to_owned(),
        credit => format!("a credit of {credit}"),
    };
    let since = statement.period_start.0;
    let note = format!("the period from {since} is settled by {}: {:?}, {credit}", statement.name, statement.state);
    // The name ends with the period and the revision.
    let mut ending = statement.name.rsplitn(3, '-');
    let (revision, period) = (ending.next().unwrap_or_default(), ending.next().unwrap_or_default());
    notice(false, "StatementIssued", &format!("Settle-{period}-{revision}"), note)
}

/// Something to be told, its note cut to what the API server takes.
#[must_use]
pub fn notice(warning: bool, reason: &str, action: &str, note: String) -> Notice {
    Notice { warning, reason: reason.to_owned(), action: action.to_owned(), note: bounded(note) }
}

/// Cuts at a character's edge, since the limit counts bytes.
fn bounded(mut note: String) -> String {
    if note.len() > NOTE_LIMIT {
        let end = (0..=NOTE_LIMIT).rev().find(|at| note.is_char_boundary(*at)).unwrap_or(0);
        note.truncate(end);
    }
    note
}

/// Publishes the notices, beside whatever is done next: no act waits for an Event. What fails is logged: an Event is a
/// courtesy, the status is the record.
pub fn publish(recorder: &Recorder, about: ObjectReference, notices: Vec<Notice>) {
    if notices.is_empty() {
        return;
    }
    let recorder = recorder.clone();
    tokio::spawn(async move {
        for notice in notices {
            let event = Event {
                type_: if notice.warning { EventType::Warning } else { EventType::Normal },
                reason: notice.reason,
                note: Some(notice.note),
                action: notice.action,
                secondary: None,
            };
            let trouble = match timeout(PUBLISH_TIMEOUT, recorder.publish(&event, &about)).await {
                Ok(Ok(())) => continue,
                Ok(Err(error)) => error.to_string(),
                Err(_) => "no answer in time".to_owned(),
            };
            let name = about.name.as_deref().unwrap_or_default();
            tracing::warn!(object = %name, reason = %event.reason, %trouble, "an Event was not published");
        }
    });
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn status(state: State) -> AgreementStatus {
        AgreementStatus {
            objectives: vec![ObjectiveStatus { name: "latency".to_owned(), state, ..ObjectiveStatus::default() }],
            ..AgreementStatus::default()
        }
    }

    #[test]
    fn a_change_of_state_is_told_once() {
        let (calm, risk) = (status(State::Fulfilled), status(State::AtRisk));
        assert_eq!(notices(&AgreementStatus::default(), &calm), []);
        assert_eq!(notices(&calm, &risk)[0].reason, "ObjectiveAtRisk");
        assert_eq!(notices(&risk, &risk), []);
        assert_eq!(notices(&risk, &calm)[0].reason, "ObjectiveRecovered");
    }

    #[test]
    fn a_verdict_is_told_and_harm_is_a_warning() {
        let judged = |verdict: Option<&str>| {
            let time = "2026-01-01T00:00:00Z";
            let mut record = serde_json::json!({
                "id": "1", "verb": "RollBack", "from": 7, "to": 8, "reason": "", "hypothesis": "", "phase": "Done",
                "target": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "u"},
                "intendedAt": time, "deadline": time, "evidence": "before: worse; a person decides",
            });
            record["verdict"] = verdict.into();
            let actions: Option<Vec<ActionRecord>> = serde_json::from_value(serde_json::json!([record])).ok();
            AgreementStatus { actions: actions.unwrap_or_default(), ..status(State::AtRisk) }
        };
        for (verdict, warning) in [("Effective", false), ("Ineffective", false), ("Harmful", true)] {
            let found = notices(&judged(None), &judged(Some(verdict)));
            assert_eq!(
                (found.len(), found[0].reason.as_str(), found[0].warning),
                (1, "ActionJudged", warning),
                "{verdict}"
            );
            assert!(
                found[0].note.contains(verdict) && found[0].note.ends_with("a person decides"),
                "{}",
                found[0].note
            );
        }
    }

    #[test]
    fn a_reset_names_who_and_what_and_is_counted_apart_from_others() {
        let target = ActionTarget {
            api_version: "autoscaling/v2".to_owned(),
            kind: "HorizontalPodAutoscaler".to_owned(),
            name: "web".to_owned(),
            uid: "u".to_owned(),
        };
        let by = |who: Option<&str>, theirs| reset(&target, &Reset { by: who.map(Into::into), ours: 6, theirs });
        let lowered = by(Some("helm"), 3);
        assert_eq!(lowered.note, "helm changed the floor of HorizontalPodAutoscaler web from 6 to 3");
        assert_eq!((lowered.reason.as_str(), lowered.warning), ("FloorReset", true));
        assert_ne!(lowered.action, by(Some("flux"), 3).action);
        assert!(!by(None, 8).warning, "more than was asked for is no harm");
        assert_eq!(by(Some(&"m".repeat(128)), 3).action.len(), ACTION_LIMIT);
    }

    #[test]
    fn an_overspent_budget_is_not_called_left() {
        let objective = |attainment: &str, budget: &str| ObjectiveStatus {
            name: "latency".to_owned(),
            attainment: attainment.to_owned(),
            target: "95".to_owned(),
            budget_remaining: budget.to_owned(),
            ..ObjectiveStatus::default()
        };
        let kept = figures(&objective("99.123456", "82.5"));
        assert_eq!(kept, "latency: attained 99.123 % of the promised 95 %; 82.5 % of the error budget are left");
        let lost = figures(&objective("85", "-190.780142"));
        assert_eq!(lost, "latency: attained 85 % of the promised 95 %; the error budget is overspent by 190.780 %");
    }

    #[test]
    fn notes_are_cut_by_bytes_at_a_character() {
        let note = bounded("ü".repeat(1000));
        assert!(note.len() <= NOTE_LIMIT && note.chars().all(|c| c == 'ü'));
    }
}
