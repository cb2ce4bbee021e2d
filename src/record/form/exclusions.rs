//! What somebody asked to have excluded, and what became of it: for the page and the terminal.

use crate::api::exclusion_rules::ExclusionEffect;
use crate::api::statement::{AppliedExclusion, EventPair, ExclusionLine, StatementSpec};

use super::figure::grouped;
use super::instant::{Clock, length_of};
use super::legible::legible;
use super::words;

/// What an exclusion of time reaches, in one sentence.
pub const REACH: &str = "Where bad time is counted, an exclusion reaches to the second; where events, rates or values are, it \
                         reaches the slots that lie wholly within it.";

/// The exclusions of the period.
#[derive(Clone, Debug)]
pub struct Exclusions {
    /// Those that counted, then those that were refused.
    pub list: Vec<Exclusion>,
    /// How many are not listed.
    pub omitted: i64,
    /// What those of time reach.
    pub reach: &'static str,
}

/// One time that somebody asked to have excluded.
#[derive(Clone, Debug)]
pub struct Exclusion {
    /// The name of the object.
    pub name: String,
    /// Why it was asked for, with the rule's name where it has one.
    pub reason: String,
    /// The objectives it is about.
    pub objectives: String,
    /// Its beginning.
    pub from: String,
    /// Its end.
    pub until: String,
    /// How much time is meant.
    pub length: String,
    /// Where only events are meant, how many; empty: the time.
    pub events: String,
    /// Where less of it was applied than it asks for, how much was, for each objective; empty: all of it was.
    pub applied: String,
    /// Whether it counted.
    pub honoured: bool,
    /// What it did to the account.
    pub effect: &'static str,
    /// Why it did not count; empty: it did.
    pub why: String,
    /// Who declared and approved it, and when it was announced; empty where the statement does not tell.
    pub told: String,
}

impl Exclusions {
    /// The exclusions of a statement.
    #[must_use]
    pub fn new(statement: &StatementSpec, clock: &Clock) -> Self {
        let list = statement.exclusions.iter().map(|line| Exclusion::new(line, clock));
        Self { list: list.collect(), omitted: statement.exclusions_omitted, reach: REACH }
    }
}

impl Exclusion {
    fn new(line: &ExclusionLine, clock: &Clock) -> Self {
        let objectives = legible(&line.objectives.join(", ")).into_owned();
        let all = if line.honoured { "all" } else { "–" };
        Self {
            name: legible(&line.name).into_owned(),
            reason: words::exclusion_rule(line.reason, &line.rule_name),
            objectives: if objectives.is_empty() { all.to_owned() } else { objectives },
            from: clock.long(line.from.0),
            until: clock.long(line.until.0),
            length: match line.windows.len() {
                0 => length_of(line.seconds),
                windows => format!("{} in {windows} windows", length_of(line.seconds)),
            },
            events: line.events.as_ref().map(|pair| events(pair, line.effect)).unwrap_or_default(),
            applied: applied(line),
            honoured: line.honoured,
            effect: words::exclusion_effect(line.effect.filter(|_| line.honoured)),
            why: legible(&line.why).into_owned(),
            told: told(line, clock),
        }
    }
}

fn told(line: &ExclusionLine, clock: &Clock) -> String {
    let declared = (!line.declared_by.is_empty()).then(|| format!("declared by {}", legible(&line.declared_by)));
    let approved = line.approved_by.as_ref().map(|by| format!("approved by {}", legible(by)));
    let announced = line.announced_at.as_ref().map(|at| format!("announced {}", clock.long(at.0)));
    [declared, approved, announced].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// What of an exclusion was applied, in words, for each objective to which less was than it asks for.
#[must_use]
pub fn applied(line: &ExclusionLine) -> String {
    let told = |one: &AppliedExclusion| {
        let objective = legible(&one.objective);
        match (&one.events, one.seconds) {
            (Some(found), _) => {
                let (bad, total) = (grouped(&legible(&found.bad)), grouped(&legible(&found.total)));
                if line.effect == Some(ExclusionEffect::CountAsGood) {
                    return format!("of {objective} {bad} bad ones were found in it");
                }
                format!("of {objective} {bad} bad ones were not held against the service, and {total} left the total")
            }
            (None, Some(seconds)) if seconds > 0 => {
                format!(
                    "{} of it applied to {objective}, whose slots count where they lie wholly inside",
                    length_of(seconds)
                )
            }
            (None, _) => format!("has no effect on {objective}: no slot lies wholly inside it"),
        }
    };
    line.applied.iter().map(told).collect::<Vec<_>>().join("; ")
}

fn events(events: &EventPair, effect: Option<ExclusionEffect>) -> String {
    let (bad, total) = (grouped(&legible(&events.bad)), grouped(&legible(&events.total)));
    if effect == Some(ExclusionEffect::CountAsGood) {
        return format!("only the earliest events: {bad} bad ones count as good, as far as there were so many");
    }
    format!(
        "only the earliest events, as far as there were so many: {bad} bad ones are not held against the service, {total} \
         leave the total"
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::super::example::revised;
    use super::*;

    #[test]
    fn events_that_count_as_good_leave_nothing() {
        let pair = EventPair { total: "30".to_owned(), bad: "12".to_owned() };
        let told = events(&pair, Some(ExclusionEffect::CountAsGood));
        assert_eq!(told, "only the earliest events: 12 bad ones count as good, as far as there were so many");
    }

    #[test]
    fn what_counted_and_what_did_not_is_told_with_the_reason() {
        let statement = revised().statement;
        let told: Vec<_> = Exclusions::new(&statement, &Clock::of(&statement.period))
            .list
            .iter()
            .map(|e| {
                let Exclusion { reason, objectives, length, effect, events, why, told, .. } = e;
                format!("{reason} | {objectives} | {length} | {effect} | {events}{why} | {told}")
            })
            .map(|text| text.replace(['\u{a0}', '\u{202f}'], " "))
            .collect();
        assert_eq!(
            told,
            [
                "Maintenance | all | 2 h | Counted as good |  | declared by ann, approved by bob, announced 1 Oct 2026, \
                 08:00 CEST",
                "Caused by the customer | availability | 30 min | Left out | only the earliest events, as far as there \
                 were so many: 1 200 bad ones are not held against the service, 3 000 leave the total | declared by ann",
                "Force majeure | – | 1 h 30 min | Refused | notice was given 26h after the beginning; 24h are agreed | ",
            ]
        );
    }
}
