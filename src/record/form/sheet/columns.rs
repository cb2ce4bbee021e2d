//! The columns of each sheet, and their cells. The names of columns are a contract with other people's spreadsheets: they
//! are only ever added to, at the end.

use crate::record::form::instant::Clock;
use crate::record::form::terms::terms;
use crate::record::form::{Issued, words};

/// In every sheet.
pub(super) const STATEMENT: [&str; 10] = [
    "statement",
    "namespace",
    "agreement",
    "revision",
    "service",
    "provider",
    "customer",
    "period_from",
    "period_until",
    "time_zone",
];

pub(super) fn statement(issued: &Issued, clock: &Clock) -> Vec<String> {
    let statement = &issued.statement;
    let parties = statement.parties.as_ref();
    vec![
        issued.name.clone(),
        issued.namespace.clone(),
        statement.agreement.name.clone(),
        statement.revision.to_string(),
        statement.service.clone(),
        parties.map(|p| p.provider.name.clone()).unwrap_or_default(),
        parties.map(|p| p.customer.name.clone()).unwrap_or_default(),
        clock.civil(statement.period.start.0),
        clock.civil(statement.period.end.0),
        clock.name().to_owned(),
    ]
}

pub(super) const OBJECTIVES: [&str; 31] = [
    "objective",
    "state",
    "method",
    "target_percent",
    "attained_percent",
    "attained_numerator",
    "attained_denominator",
    "attained_if_unknown_bad_percent",
    "attained_if_unknown_good_percent",
    "coverage_percent",
    "total_events",
    "bad_events",
    "born_total_events",
    "born_bad_events",
    "unattributed_total_events",
    "unattributed_bad_events",
    "slots_measured",
    "slots_no_traffic",
    "slots_unknown",
    "slots_excluded",
    "digest",
    "attained_displayed_percent",
    "slots_not_deployed",
    "counted_unit",
    "counted_good",
    "counted_total",
    "covered",
    "not_covered_because",
    "final_because",
    "counted_unknown_total",
    "counted_unknown_bad",
];

pub(super) fn objectives(issued: &Issued) -> Vec<Vec<String>> {
    let cells = issued.statement.objectives.iter().map(|objective| {
        let (numerator, denominator) = objective.attainment_ratio.split_once('/').unwrap_or_default();
        let [worst, best] = &objective.attainment_bounds;
        let unknown = objective.counted.unknown.as_ref();
        vec![
            objective.name.clone(),
            words::state(objective.state).to_owned(),
            objective.method.clone(),
            objective.target.clone(),
            objective.attainment.clone(),
            numerator.to_owned(),
            denominator.to_owned(),
            worst.clone(),
            best.clone(),
            objective.coverage.clone(),
            objective.total_events.clone(),
            objective.bad_events.clone(),
            objective.born_events.total.clone(),
            objective.born_events.bad.clone(),
            objective.unattributed_events.total.clone(),
            objective.unattributed_events.bad.clone(),
            objective.slots.measured.to_string(),
            objective.slots.no_traffic.to_string(),
            objective.slots.unknown.to_string(),
            objective.slots.excluded.to_string(),
            issued.statement.digest.clone(),
            objective.displayed.clone(),
            objective.slots.not_deployed.to_string(),
            objective.counted.unit.clone(),
            objective.counted.good.clone(),
            objective.counted.total.clone(),
            if objective.covered { "yes" } else { "no" }.to_owned(),
            objective.not_covered_because.clone(),
            issued.statement.last.as_ref().map(|last| format!("{:?}", last.reason)).unwrap_or_default(),
            unknown.map(|unknown| unknown.total.clone()).unwrap_or_default(),
            unknown.map(|unknown| unknown.bad.clone()).unwrap_or_default(),
        ]
    });
    cells.collect()
}

pub(super) const VIOLATIONS: [&str; 14] = [
    "objective",
    "from",
    "until",
    "from_utc",
    "until_utc",
    "seconds",
    "worst_slot_good_percent",
    "bad_events",
    "total_events",
    "detected_by",
    "episode_since_utc",
    "causes",
    "causes_since_utc",
    "done_against_it",
];

pub(super) fn violations(issued: &Issued, clock: &Clock) -> Vec<Vec<String>> {
    let cells = issued.statement.violations.iter().map(|violation| {
        let (start, end) = (violation.start.0, violation.end.as_ref().map_or(issued.statement.period.end.0, |e| e.0));
        vec![
            violation.objective.clone(),
            clock.civil(start),
            clock.civil(end),
            start.to_string(),
            end.to_string(),
            end.as_second().saturating_sub(start.as_second()).to_string(),
            violation.depth.clone(),
            violation.bad_events.clone(),
            violation.total_events.clone(),
            violation.detected_by.map(|who| format!("{who:?}")).unwrap_or_default(),
            violation.episode.as_ref().map(|since| since.0.to_string()).unwrap_or_default(),
            violation.causes.iter().map(words::cause).collect::<Vec<_>>().join("; "),
            violation.causes.iter().map(|named| named.since.0.to_string()).collect::<Vec<_>>().join("; "),
            words::done_against(&issued.statement, violation).join("; "),
        ]
    });
    cells.collect()
}

pub(super) const EXCLUSIONS: [&str; 16] = [
    "exclusion",
    "reason",
    "objectives",
    "from",
    "until",
    "from_utc",
    "until_utc",
    "seconds",
    "bad_events",
    "total_events",
    "honoured",
    "effect",
    "refused_because",
    "declared_by",
    "approved_by",
    "announced_utc",
];

pub(super) fn exclusions(issued: &Issued, clock: &Clock) -> Vec<Vec<String>> {
    let cells = issued.statement.exclusions.iter().map(|line| {
        let (from, until) = (line.from.0, line.until.0);
        vec![
            line.name.clone(),
            words::exclusion_rule(line.reason, &line.rule_name),
            line.objectives.join(" "),
            clock.civil(from),
            clock.civil(until),
            from.to_string(),
            until.to_string(),
            line.seconds.to_string(),
            line.events.as_ref().map(|events| events.bad.clone()).unwrap_or_default(),
            line.events.as_ref().map(|events| events.total.clone()).unwrap_or_default(),
            if line.honoured { "yes" } else { "no" }.to_owned(),
            words::exclusion_effect(line.effect).to_owned(),
            line.why.clone(),
            line.declared_by.clone(),
            line.approved_by.clone().unwrap_or_default(),
            line.announced_at.as_ref().map(|at| at.0.to_string()).unwrap_or_default(),
        ]
    });
    cells.collect()
}

pub(super) const TERMS: [&str; 2] = ["term", "agreed"];

pub(super) fn terms_agreed(issued: &Issued) -> Vec<Vec<String>> {
    let cells = terms(&issued.statement).into_iter();
    cells.map(|term| vec![term.what.to_owned(), spaced(&term.agreed)]).collect()
}

/// With spaces that a spreadsheet searches for.
pub(super) fn spaced(text: &str) -> String {
    text.replace(['\u{a0}', '\u{202f}'], " ")
}

pub(super) const ACTIONS: [&str; 11] = [
    "at",
    "at_utc",
    "verb",
    "target_kind",
    "target_name",
    "replicas_before",
    "replicas_after",
    "reason",
    "hypothesis",
    "outcome",
    "evidence",
];

pub(super) fn actions(issued: &Issued, clock: &Clock) -> Vec<Vec<String>> {
    let cells = issued.statement.actions.iter().map(|action| {
        vec![
            clock.civil(action.intended_at.0),
            action.intended_at.0.to_string(),
            words::verb(action.verb).to_owned(),
            action.target.kind.clone(),
            action.target.name.clone(),
            action.from.map(|from| from.to_string()).unwrap_or_default(),
            action.to.map(|to| to.to_string()).unwrap_or_default(),
            action.reason.clone(),
            action.hypothesis.clone(),
            words::action_outcome(action).to_owned(),
            action.evidence.clone(),
        ]
    });
    cells.collect()
}
