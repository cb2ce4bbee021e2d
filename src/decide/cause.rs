//! Why an objective is in danger, as far as it can be told, and so which kind of action may help at all.
//!
//! The causes are asked in order and the first that holds wins. A new cause (a bad revision, a sick pod or node, a slow
//! dependency, a danger common to many agreements) is a new function in the list; the verbs it leads to belong to
//! `policy`.

use crate::sense::workload::Rollout;

use super::facts::Facts;
use super::health::Danger;

/// The kinds of action a cause leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Touch nothing: acting could make it worse, or nobody knows.
    Hold,
    /// Hold and raise the floor.
    Scale,
}

/// A cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// As one word.
    pub reason: &'static str,
    /// In words.
    pub message: String,
    /// What may help.
    pub remedy: Remedy,
}

/// The causes, in the order in which they are asked.
const CAUSES: [fn(&Facts<'_>) -> Option<Cause>; 2] = [blind, rollout];

/// The first cause that holds; where none does, saturation.
#[must_use]
pub fn find(facts: &Facts<'_>) -> Cause {
    CAUSES.iter().find_map(|cause| cause(facts)).unwrap_or_else(|| saturation_or_unknown(facts))
}

fn blind(facts: &Facts<'_>) -> Option<Cause> {
    if facts.assessment_age() > facts.situation.staleness.assessment {
        // The instant and not the age, which would be another text at each look.
        let through = facts.situation.assessment.measured_through;
        let message = format!("the account ends at {through}; what stands is held until it goes on");
        return Some(Cause { reason: "Blind", message, remedy: Remedy::Hold });
    }
    let objectives = facts.situation.assessment.objectives.len();
    (facts.health.unseen.len() >= objectives).then(|| Cause {
        reason: "Blind",
        message: format!("no objective can be seen just now ({}); what stands is held", facts.health.unseen.join("; ")),
        remedy: Remedy::Hold,
    })
}

fn rollout(facts: &Facts<'_>) -> Option<Cause> {
    if facts.health.danger == Danger::None && facts.standing.is_none() {
        return None;
    }
    let (reason, message) = match &facts.workload.rollout {
        Rollout::Complete | Rollout::NotApplicable => return None,
        Rollout::InProgress => (
            "RolloutInProgress",
            "a rollout is in progress; more replicas now could be more of a bad \
             revision, and surge pods are not demand"
                .to_owned(),
        ),
        Rollout::Stuck(why) => ("RolloutStuck", format!("the rollout does not get on: {why}; undo or repair it")),
        Rollout::Paused => {
            ("RolloutPaused", "the rollout is paused; new replicas would be of both revisions; resume it".to_owned())
        }
    };
    Some(Cause { reason, message, remedy: Remedy::Hold })
}

// Which of the two it is cannot be told yet; replicas are what helps against the first and costs least for the second.
fn saturation_or_unknown(facts: &Facts<'_>) -> Cause {
    Cause {
        reason: "SaturationOrUnknown",
        message: format!("{} in danger", facts.health.endangered.join(", ")),
        remedy: Remedy::Scale,
    }
}
