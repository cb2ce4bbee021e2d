//! A rollout: while revisions change, more replicas could be more of a bad one, and surge pods are not demand. The pods that are
//! there stay. The same holds for a minute after it, and for as long as what was read by pod has it in it: fewer pods served then,
//! which looks like more load for each, and hides that the new revision is bad.

use k8s_openapi::jiff::Timestamp;

use crate::api::diagnosis::CauseKind;
use crate::decide::danger::health::Danger;
use crate::decide::danger::pulse::WINDOW;
use crate::sense::workload::Rollout;

use super::{Answer, Cause, Look, Remedy};

pub(super) fn ask(look: &Look<'_>) -> Answer {
    let facts = look.facts;
    if facts.health.danger == Danger::None && facts.standing.is_none() && facts.paused_at().is_none() {
        return Err("nothing is in danger, and nothing is held".to_owned());
    }
    let (kind, message, would_change) = match &facts.workload.rollout {
        Rollout::Complete => match just_through(look) {
            Some(through) => (
                CauseKind::RolloutInProgress,
                format!(
                    "a rollout was through at {through}, and what was counted last still has it in it; more replicas now could be \
                     more of a bad revision"
                ),
                "what is counted begins after it",
            ),
            None => return Err("no rollout is going on".to_owned()),
        },
        Rollout::NotApplicable => return Err("this kind of workload does not tell of rollouts".to_owned()),
        Rollout::InProgress => (
            CauseKind::RolloutInProgress,
            "a rollout is in progress; more replicas now could be more of a bad revision, and surge pods are not demand"
                .to_owned(),
            "the rollout is through, or undone",
        ),
        Rollout::Stuck(why) => (
            CauseKind::RolloutStuck,
            format!("the rollout does not get on: {why}; undo or repair it"),
            "the rollout gets on, or is undone (`kubectl rollout undo`)",
        ),
        Rollout::Paused if facts.paused_at().is_some() => (
            CauseKind::RolloutPaused,
            "the operator paused the rollout, and gives it back when the objectives have been safe for a while".to_owned(),
            "the objectives have been safe for enforcement.releaseAfter",
        ),
        Rollout::Paused => (
            CauseKind::RolloutPaused,
            "the rollout is paused; new replicas would be of both revisions; resume it".to_owned(),
            "the rollout is resumed (`kubectl rollout resume`)",
        ),
    };
    let would_change = would_change.to_owned();
    let remedy = if facts.health.danger > Danger::None { Remedy::KeepFloor } else { Remedy::Hold };
    Ok(Cause { kind, message, remedy, evidence: Vec::new(), would_change })
}

/// When a rollout was through, where that is in what is looked at. `None`: it is not, or nothing is in danger.
fn just_through(look: &Look<'_>) -> Option<Timestamp> {
    let facts = look.facts;
    let through = facts.workload.rolled_out_at.filter(|_| facts.health.danger > Danger::None)?;
    let by_pod = look.pods.as_ref().is_ok_and(|pods| pods.began < through);
    (by_pod || facts.now().duration_since(through) < WINDOW).then_some(through)
}
