//! The operator's hand on the switch through which load is shed: what the status says, corrected by the annotation on the
//! `ConfigMap` and by what stands in its key.
//!
//! A turn is entered with its intent, so that a crash cannot make the day's budget larger, and taken out when it is known not
//! to have happened. A key with another value than was written, or with another owner, is that owner's: it is not fought.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;

use crate::api::FIELD_MANAGER;
use crate::api::enforcement_status::{ActionPhase, ActionRecord};
use crate::api::shed::{ShedStatus, ShedTurn, StandingShed};
use crate::decide::plan::{Change, ShedWrite, Step};
use crate::decide::situation::timing::DAY;
use crate::sense::workload::{ShedRecord, Switch, SwitchState};

/// What is remembered, as of now. `None`: nothing.
#[must_use]
pub fn reconcile(
    status: Option<&ShedStatus>,
    switch: &Switch,
    actions: &[ActionRecord],
    agreement: &str,
    now: Timestamp,
) -> Option<ShedStatus> {
    let mut shed = status.cloned().unwrap_or_default();
    let is_young = |at: &Time| now.duration_since(at.0) < DAY;
    let refused = |id: &str| actions.iter().any(|record| record.id == id && record.phase == ActionPhase::Refused);
    shed.turns.retain(|turn| is_young(&turn.at) && !refused(&turn.action));
    shed.overruled = shed.overruled.filter(is_young);
    match switch {
        Switch::NotAsked | Switch::Forbidden(_) | Switch::Unreadable(_) => {}
        Switch::Gone => shed.standing = None,
        Switch::Read(state) => {
            let standing = state.mark.held_by(agreement).map(|mark| standing(state, mark));
            if let Some(standing) = &standing {
                enter(&mut shed.turns, &standing.action, &standing.since);
            }
            if let Some(theirs) = standing.as_ref().filter(|standing| standing.theirs) {
                let known = shed.overruled.filter(|at| at.0 >= theirs.since.0);
                shed.overruled = known.or(Some(Time(now)));
            }
            shed.standing = standing;
        }
    }
    something(shed)
}

fn standing(state: &SwitchState, mark: &ShedRecord) -> StandingShed {
    StandingShed {
        target: state.target.clone(),
        key: mark.key.clone(),
        action: mark.action.clone(),
        since: mark.at.clone(),
        before: mark.before.clone(),
        value: mark.value.clone(),
        theirs: state.value.as_ref() != Some(&mark.value) || is_foreign(state),
    }
}

/// Somebody else owns the key: Guarantor gives up its own entry after every write.
fn is_foreign(state: &SwitchState) -> bool {
    state.set_by.as_deref().is_some_and(|manager| manager != FIELD_MANAGER)
}

fn enter(turns: &mut Vec<ShedTurn>, action: &str, at: &Time) {
    if turns.iter().all(|turn| turn.action != action) {
        turns.push(ShedTurn { action: action.to_owned(), at: at.clone() });
    }
}

/// Enters the turn that a step intends.
#[must_use]
pub fn intended(shed: Option<ShedStatus>, step: &Step, now: Timestamp) -> Option<ShedStatus> {
    let Change::Shed(change) = &step.change else { return shed };
    let ShedWrite::Turn(_) = &change.write else { return shed };
    let mut shed = shed.unwrap_or_default();
    shed.turns.retain(|turn| turn.action != step.id);
    shed.turns.push(ShedTurn { action: step.id.clone(), at: Time(now) });
    Some(shed)
}

fn something(shed: ShedStatus) -> Option<ShedStatus> {
    (shed != ShedStatus::default()).then_some(shed)
}
