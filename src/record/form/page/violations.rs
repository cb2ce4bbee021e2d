//! When objectives were not kept.

use crate::api::statement::StatementSpec;
use crate::record::form::figure::{grouped, percent};
use crate::record::form::instant::Clock;
use crate::record::form::legible::legible;
use crate::record::form::words;

/// The violations of the period.
pub(super) struct Violations {
    pub list: Vec<Violation>,
    pub omitted: i32,
}

/// One violation.
pub(super) struct Violation {
    pub objective: String,
    /// Who noticed it first; empty: nobody said.
    pub noticed: &'static str,
    pub start: String,
    pub end: String,
    pub length: String,
    pub depth: String,
    pub bad: String,
    pub total: String,
}

impl Violations {
    pub(super) fn new(statement: &StatementSpec, clock: &Clock) -> Self {
        let list = statement.violations.iter().map(|violation| {
            let end = violation.end.as_ref().map_or(statement.period.end.0, |end| end.0);
            Violation {
                objective: legible(&violation.objective).into_owned(),
                noticed: violation.detected_by.map(words::detected_by).unwrap_or_default(),
                start: clock.long(violation.start.0),
                end: clock.long(end),
                length: words::lasted(statement, violation),
                depth: percent(&legible(&violation.depth)),
                bad: grouped(&legible(&violation.bad_events)),
                total: grouped(&legible(&violation.total_events)),
            }
        });
        Self { list: list.collect(), omitted: statement.violations_omitted }
    }
}
