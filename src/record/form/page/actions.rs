//! What the operator did in the period.

use crate::api::enforcement_status::ActionRecord;
use crate::record::form::instant::Clock;
use crate::record::form::legible::legible;
use crate::record::form::words;

/// One action.
pub(super) struct Action {
    pub at: String,
    pub verb: &'static str,
    pub target: String,
    pub change: String,
    pub reason: String,
    pub hypothesis: String,
    pub deadline: String,
    pub outcome: &'static str,
    /// What the outcome rests on: the API server's answer, and what was seen afterwards.
    pub evidence: String,
}

impl Action {
    pub(super) fn new(action: &ActionRecord, clock: &Clock) -> Self {
        let grounds: Vec<&str> =
            [&action.outcome, &action.evidence].into_iter().filter(|t| !t.is_empty()).map(String::as_str).collect();
        Self {
            at: clock.long(action.intended_at.0),
            verb: words::verb(action.verb),
            target: legible(&format!("{} {}", action.target.kind, action.target.name)).into_owned(),
            change: words::change(action),
            reason: legible(&action.reason).into_owned(),
            hypothesis: legible(&action.hypothesis).into_owned(),
            deadline: clock.long(action.deadline.0),
            outcome: words::action_outcome(action),
            evidence: legible(&grounds.join("; ")).into_owned(),
        }
    }
}
