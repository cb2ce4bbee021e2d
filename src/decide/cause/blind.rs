//! Blind: the account is too old, or no objective can be seen. Unknown is not zero, and nothing is done upon it.

use crate::api::diagnosis::CauseKind;

use super::{Answer, Cause, Look, Remedy};

pub(super) fn ask(look: &Look<'_>) -> Answer {
    let facts = look.facts;
    let blind = |message| Cause {
        kind: CauseKind::Blind,
        message,
        remedy: Remedy::Hold,
        evidence: Vec::new(),
        would_change: "the metrics store answers again: see the condition Measured, and the MetricsSource".to_owned(),
    };
    if facts.assessment_age() > facts.situation.staleness.assessment {
        // The instant and not the age, which would be another text at each look.
        let through = facts.situation.assessment.measured_through;
        return Ok(blind(format!("the account ends at {through}; what stands is held until it goes on")));
    }
    let objectives = facts.situation.assessment.objectives.len();
    if facts.health.unseen.len() >= objectives {
        let unseen = facts.health.unseen.join("; ");
        return Ok(blind(format!("no objective can be seen just now ({unseen}); what stands is held")));
    }
    let seen = objectives.saturating_sub(facts.health.unseen.len());
    Err(format!("the account is up to date, and {seen} of {objectives} objectives are seen"))
}
