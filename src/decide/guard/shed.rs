//! Shedding load turns users away: only where the agreement lets the operator do it by itself, seldom, through the switch it
//! names and no other, and not against somebody who has a hand on it.

use k8s_openapi::jiff::Timestamp;

use crate::decide::plan::Step;
use crate::decide::situation::facts::Facts;
use crate::decide::situation::timing::DAY;
use crate::sense::workload::ShedMark;

use super::Hold;

/// A value that is longer is no switch, and too long to be kept in an annotation.
const LONGEST: usize = 1024;

pub(super) fn allowed(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let shed = facts.situation.enforcement.shed.as_ref();
    let named = shed.is_some_and(|shed| shed.automatic && shed.config_map == step.target.name);
    (!named).then(|| {
        let message = "enforcement.shed does not let the operator turn this switch by itself";
        Hold::new("ShedNotAllowed", message)
    })
}

/// Nobody else has a hand on the switch, and turning it has an effect.
pub(super) fn free(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let state = facts.situation.switch.state()?;
    let (annotation, name) = (crate::api::SHED_ANNOTATION, &state.target.name);
    let hold = |reason, message: String| Some(Hold::new(reason, message));
    match &state.mark {
        ShedMark::Unreadable(text) => {
            let message =
                format!("the annotation {annotation} of ConfigMap {name} cannot be read: `{text}`; remove it");
            return hold("UnknownMark", message);
        }
        ShedMark::Recorded(mark) if mark.agreement != facts.situation.agreement.name => {
            let message = format!("ConfigMap {name} is held by the agreement {}", mark.agreement);
            return hold("HeldByOtherAgreement", message);
        }
        ShedMark::Recorded(_) | ShedMark::None => {}
    }
    if state.immutable {
        return hold("SwitchImmutable", format!("ConfigMap {name} is immutable; name another one in enforcement.shed"));
    }
    let value = state.value.as_ref()?;
    if value.chars().count() > LONGEST {
        let message =
            format!("data.{} of ConfigMap {name} is longer than {LONGEST} characters, so it is no switch", state.key);
        return hold("SwitchTooLong", message);
    }
    let wanted = facts.situation.enforcement.shed.as_ref().map(|shed| &shed.value);
    (wanted == Some(value)).then(|| {
        let message =
            format!("data.{} of {} {name} is `{value}` already, by somebody else's hand", state.key, step.target.kind);
        Hold::new("ShedByOthers", message)
    })
}

/// Nobody has set the key while the operator held it, in this episode.
pub(super) fn respected(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    Some(Hold::new("ConflictingManager", standing_conflict(facts)?))
}

/// Who decides about the switch for the rest of the episode, in words.
pub(super) fn standing_conflict(facts: &Facts<'_>) -> Option<String> {
    let overruled = facts.shed.as_ref()?.overruled.as_ref()?.0;
    let since = facts.episode.as_ref()?.since.0;
    let shed = facts.situation.enforcement.shed.as_ref()?;
    (overruled >= since).then(|| {
        format!(
            "somebody else set data.{} of ConfigMap {} at {overruled} or before, while the operator shed load through it; it is \
             theirs until this danger is over. If a tool applies it from a repository, leave the key out there",
            shed.key, shed.config_map
        )
    })
}

/// Counted by the status, so that a restart does not begin a new day.
pub(super) fn within_budget(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let allowed = facts.situation.enforcement.shed.as_ref().map_or(0, |shed| shed.per_day);
    let others = facts.shed.iter().flat_map(|shed| &shed.turns).filter(|turn| turn.action != step.id);
    let mut done: Vec<Timestamp> = others.map(|turn| turn.at.0).collect();
    done.sort_unstable();
    let count = i32::try_from(done.len()).unwrap_or(i32::MAX);
    let oldest = done.first()?.saturating_add(DAY).ok()?;
    (count >= allowed).then(|| {
        let message = format!("{count} times within 24 hours are all that enforcement.shed.perDay allows");
        Hold::new("ShedBudget", message).until(oldest)
    })
}
