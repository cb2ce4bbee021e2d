//! The owner: the operator writes only where it is clear who else does, and stops where somebody resets it.

use crate::decide::plan::Step;
use crate::decide::situation::facts::Facts;
use crate::sense::workload::{Baseline, Floor, FloorHolder};

use super::{Hold, adds, left_behind};

/// So many resets, and the operator stops.
const ENOUGH: i32 = 2;

/// It is not clear what holds the floor.
pub(super) fn unclear(facts: &Facts<'_>) -> Option<Hold> {
    match &facts.workload.floor {
        FloorHolder::Ambiguous(who) => {
            let message = format!("more than one hand scales the workload: {}; leave one", who.join(", "));
            Some(Hold::new("ConflictingManager", message))
        }
        FloorHolder::Hpa(_) | FloorHolder::ScaledObject(_) | FloorHolder::Scale(_) => None,
    }
}

/// It is clear what holds the floor, and writing it has an effect.
pub(super) fn clear(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let Some(floor) = facts.floor() else { return unclear(facts) };
    if let Some(hold) = left_behind::floor(step, facts) {
        return Some(hold);
    }
    let (kind, name) = (&floor.target.kind, &floor.target.name);
    match &floor.baseline {
        Baseline::Recorded(record) if record.agreement != facts.situation.agreement.name => {
            let message = format!("{kind} {name} is held by the agreement {}", record.agreement);
            Some(Hold::new("HeldByOtherAgreement", message))
        }
        Baseline::Unreadable(text) => {
            let annotation = crate::api::BASELINE_ANNOTATION;
            let message = format!("the annotation {annotation} of {kind} {name} cannot be read: `{text}`; remove it");
            Some(Hold::new("UnknownBaseline", message))
        }
        _ => floor.inert.as_ref().filter(|_| adds(step)).map(|why| {
            Hold::new("AutoscalerPaused", format!("raising the floor of {kind} {name} has no effect: {why}"))
        }),
    }
}

/// Nobody resets what the operator writes.
pub(super) fn respected(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    Some(Hold::new("ConflictingManager", standing_conflict(facts)?))
}

/// Somebody has reset the floor too often.
pub(super) fn standing_conflict(facts: &Facts<'_>) -> Option<String> {
    let (standing, floor) = (facts.standing.as_ref()?, facts.floor()?);
    (standing.resets >= ENOUGH).then(|| conflict(floor, standing.resets))
}

/// Who resets the floor, and what to do about it.
fn conflict(floor: &Floor, resets: i32) -> String {
    let target = &floor.target;
    let pointer = floor.kind.pointer();
    let group = target.api_version.split_once('/').map_or("", |(group, _)| group);
    let who = floor.set_by.as_deref().unwrap_or("somebody the API server has no name for");
    let by_whom = if floor.kind.is_autoscaler() {
        "take it out of the manifest, and with Argo CD add"
    } else {
        "do not only take it out of the manifest, as the tool then removes it and the API server puts 1 in its place, but have \
         the tool leave it alone. With Argo CD add"
    };
    format!(
        "{who} reset {pointer} of {} {} {resets} times, so the operator stopped writing it. Leave the field to the \
         operator: {by_whom} to the Application's spec:\n\
         ignoreDifferences:\n- group: {group}\n  kind: {}\n  name: {}\n  jsonPointers: [{pointer}]\n\
         with `RespectIgnoreDifferences=true` under syncOptions",
        target.kind, target.name, target.kind, target.name
    )
}
