//! When objectives were not kept.

use crate::api::diagnosis_record::NamedCause;
use crate::api::statement::StatementSpec;
use crate::record::form::OBSERVED;
use crate::record::form::figure::{grouped, percent};
use crate::record::form::instant::Clock;
use crate::record::form::legible::legible;
use crate::record::form::words;

/// The violations of the period.
pub(super) struct Violations {
    pub list: Vec<Violation>,
    pub omitted: i32,
    /// What causes are, and are not.
    pub observation: &'static str,
}

/// One violation.
pub(super) struct Violation {
    pub objective: String,
    /// Who noticed it first; empty: nobody said.
    pub noticed: String,
    pub start: String,
    pub end: String,
    pub length: String,
    pub depth: String,
    pub bad: String,
    pub total: String,
    /// What the operator found to be its cause.
    pub causes: Vec<Cause>,
    /// What was done against it.
    pub done: Vec<String>,
}

/// A cause that was found.
pub(super) struct Cause {
    pub named: String,
    pub since: String,
    pub ended: String,
    pub message: String,
}

impl Cause {
    fn new(named: &NamedCause, clock: &Clock) -> Self {
        Self {
            named: words::cause(named),
            since: clock.long(named.since.0),
            ended: words::cause_ended(named, clock),
            message: legible(&named.message).into_owned(),
        }
    }
}

impl Violation {
    /// Whether anything was found or done.
    fn is_observed(&self) -> bool {
        !self.causes.is_empty() || !self.done.is_empty()
    }
}

impl Violations {
    /// Those of which a cause was found, or against which something was done.
    pub(super) fn observed(&self) -> Vec<&Violation> {
        self.list.iter().filter(|violation| violation.is_observed()).collect()
    }

    pub(super) fn new(statement: &StatementSpec, clock: &Clock) -> Self {
        let list = statement.violations.iter().map(|violation| {
            let end = violation.end.as_ref().map_or(statement.period.end.0, |end| end.0);
            Violation {
                objective: legible(&violation.objective).into_owned(),
                noticed: words::noticed(violation, clock),
                start: clock.long(violation.start.0),
                end: clock.long(end),
                length: words::lasted(statement, violation),
                depth: percent(&legible(&violation.depth)),
                bad: grouped(&legible(&violation.bad_events)),
                total: grouped(&legible(&violation.total_events)),
                causes: violation.causes.iter().map(|named| Cause::new(named, clock)).collect(),
                done: words::done_against(statement, violation),
            }
        });
        Self { list: list.collect(), omitted: statement.violations_omitted, observation: OBSERVED }
    }
}
