//! `EXDATE` and `RDATE` of RFC 5545: windows of a rule that do not take place, and others beside them.
//!
//! RFC 5545 passes over a date that is left out and not there, or added and there already. Here either is refused: who
//! wrote it meant another one.

use std::collections::BTreeSet;

use k8s_openapi::jiff::civil::DateTime;
use rrule::RRuleSet;

use super::{MOST_WINDOWS, beginnings, digits, too_many, wall};
use crate::api::exclusion::Recurrence;
use crate::evaluate::invalid::InvalidSpec;

const EXDATES: &str = "spec.recurrence.exdates";
const RDATES: &str = "spec.recurrence.rdates";

/// Beginnings of windows, by their digits on the wall, in the order in which they are given.
pub struct Exceptions {
    left_out: Vec<DateTime>,
    added: Vec<DateTime>,
}

impl Exceptions {
    /// Those of a recurrence whose first window begins at `start`.
    pub fn new(recurrence: &Recurrence, start: DateTime) -> Result<Self, InvalidSpec> {
        let left_out = read(EXDATES, &recurrence.exdates, start)?;
        Ok(Self { left_out, added: read(RDATES, &recurrence.rdates, start)? })
    }

    /// Whether the rule has everything that is left out, and nothing that is added.
    pub fn check(&self, rule: &RRuleSet) -> Result<(), InvalidSpec> {
        let Some(last) = self.left_out.iter().chain(&self.added).max() else { return Ok(()) };
        let given = beginnings(&rule.clone().limit()).take_while(|beginning| beginning <= last);
        let given: BTreeSet<DateTime> = given.take(MOST_WINDOWS + 1).collect();
        if given.len() > MOST_WINDOWS {
            return Err(too_many());
        }
        let refuse = |field: &str, index: usize, at: &DateTime, what: &str| {
            let message = format!("the rule gives {what} that begins at {at}; remove the entry, or correct it");
            Err(InvalidSpec::new(format!("{field}[{index}]"), message))
        };
        if let Some((index, at)) = self.left_out.iter().enumerate().find(|(_, at)| !given.contains(*at)) {
            return refuse(EXDATES, index, at, "no window");
        }
        match self.added.iter().enumerate().find(|(_, at)| given.contains(*at)) {
            Some((index, at)) => refuse(RDATES, index, at, "a window already"),
            None => Ok(()),
        }
    }

    /// The lines that a rule's text has after it.
    pub fn lines(&self) -> String {
        let line = |(name, dates): (&str, &Vec<DateTime>)| {
            let digits: Vec<String> = dates.iter().copied().map(digits).collect();
            (!dates.is_empty()).then(|| format!("\n{name}:{}", digits.join(",")))
        };
        [("EXDATE", &self.left_out), ("RDATE", &self.added)].into_iter().filter_map(line).collect()
    }
}

/// The beginnings in a field, none of them twice.
fn read(field: &str, texts: &[String], start: DateTime) -> Result<Vec<DateTime>, InvalidSpec> {
    let mut read = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        let field = format!("{field}[{index}]");
        let beginning = wall(&field, text)?;
        if beginning < start {
            return Err(InvalidSpec::new(field, format!("{text} is before spec.recurrence.start")));
        }
        if read.contains(&beginning) {
            return Err(InvalidSpec::new(field, format!("{text} stands there twice; remove one of the two")));
        }
        read.push(beginning);
    }
    Ok(read)
}
