//! The statement as it should be: computed from its ledger and its terms, with the statement's own word where only it
//! knows.

use std::collections::BTreeMap;

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::looking_back::{LookedBack, look_back};
use super::{Basis, FieldPath, NotCompared, Presented, basis, beside};
use crate::api::agreement::AgreementSpec;
use crate::api::agreement_status::Violation;
use crate::api::credit_facts::CreditFacts;
use crate::api::metrics_source::IncreaseForm;
use crate::api::statement::{ExclusionLine, StatementSpec};
use crate::evaluate::assess::Circumstances;
use crate::evaluate::credit;
use crate::evaluate::detection;
use crate::evaluate::exclusion::{Exclusions, lines};
use crate::evaluate::period::Bounds;
use crate::evaluate::statement::{Closing, StatementError, name, statement};
use crate::evaluate::terms;

/// What can be edited while an agreement is in force and stands in its statements. Everything else that a statement is
/// computed from is kept from edits by the rules of the agreement's own definition.
pub(super) const AMENDABLE: [&[&str]; 4] =
    [&["parties"], &["service"], &["evidence", "source"], &["terms", "validity", "until"]];

/// What the statement is computed by, where no agreement confirms it.
const BASIS: [&[&str]; 5] = [&["terms"], &["parties"], &["service"], &["amendment"], &["period", "timeZone"]];

/// Told by the statement alone: what the operator found when the period closed.
const STATED_ONLY: [&[&str]; 3] =
    [&["evidence", "increase"], &["evidence", "operator"], &["evidence", "timeZoneDatabase"]];

/// What the credits rest on beside the measurements.
const FACTS: [&str; 2] = ["credits", "facts"];

/// The same, where they stand in it: what somebody asked to have excluded is known from its own objects, and that the
/// agreement was deleted from nothing else. What counted is applied as it is stated.
const STATED_AT_TIMES: [&[&str]; 3] = [&["exclusions"], &["exclusionsOmitted"], &["final"]];

/// The statement as it should be.
pub(super) struct Recomputed {
    /// Its content, still without its digest.
    pub content: Value,
    /// What stands in it only because the statement says so.
    pub taken_as_stated: Vec<FieldPath>,
    /// What of it was not compared, since it was not presented.
    pub not_compared: Vec<NotCompared>,
}

/// What was presented of that which only the statement tells otherwise.
#[derive(Clone, Copy)]
struct Known {
    /// Its name, which tells the revision.
    revision: bool,
    /// The statement whose place it takes, if there is one.
    superseded: bool,
    /// When its credit was determined at the earliest, where it says that it was before the one whose place it takes.
    since: Option<Timestamp>,
    /// The statements of the periods before.
    earlier: bool,
}

/// Computes the statement.
pub(super) fn recompute(presented: &Presented<'_>) -> Result<Recomputed, StatementError> {
    let told;
    let spec = if let Some(terms) = &presented.agreement {
        terms.spec
    } else {
        told = terms::agreement(presented.content)
            .map_err(|e| StatementError::Json(format!("it does not tell the terms it was made by: {e}")))?;
        &told
    };
    let url = text(presented.content, &["evidence", "source"]).split_once(' ').map_or("", |(_, url)| url);
    let revision = revision(presented);
    let LookedBack { window, taken_as_stated: of_window } = look_back(presented, spec)?;
    let period = Bounds { start: presented.ledger.period_start.0, end: presented.ledger.period_end.0 };
    let judged = window.as_ref().map_or(period, |window| window.judged);
    let exclusions = match beside::exclusions(presented, spec, judged)? {
        Some(exclusions) => exclusions,
        None => listed(presented.content)?,
    };
    let before = beside::superseded(presented)?;
    let at_least = before.and_then(|found| found.statement.credits.as_ref()?.since.as_ref()).map(|since| since.0);
    let determined = determined_at(presented.content);
    let too_early = determined.is_some_and(|at| at_least.is_some_and(|at_least| at < at_least));
    let circumstances = Circumstances {
        period: Some(period),
        exclusions,
        facts: beside::facts(presented, spec, facts(presented.content, spec)?)?,
        incidents: detection::told(&read(presented.content, "violations")),
        determined_at: if too_early { at_least } else { determined },
        last: presented.content.get("final").and_then(|last| serde_json::from_value(last.clone()).ok()),
        ..Circumstances::default()
    };
    let places = before.map(|found| beside::places(found, spec)).unwrap_or_default();
    let supersedes = places.first().copied();
    let closing = Closing {
        spec,
        generation: presented.agreement.and_then(|terms| terms.generation).unwrap_or_default(),
        revision: revision.unwrap_or_default(),
        ledger_name: presented.ledger_name.unwrap_or_default(),
        ledger: presented.ledger,
        window: window.as_ref(),
        circumstances: &circumstances,
        supersedes,
        queries: &BTreeMap::new(),
        source_name: &spec.metrics.source_ref.name,
        source_url: url,
        increase: IncreaseForm::Extrapolated,
    };
    // A statement of a closed period does not depend on when it is made, nor on how long the slots took to settle.
    let mut made = statement(&closing, Timestamp::MAX, SignedDuration::ZERO)?;
    for other in places.get(1..).unwrap_or_default() {
        let stated = presented.content.get("adjustment");
        let is_stated = |made: &StatementSpec| serde_json::to_value(&made.adjustment).ok().as_ref() == stated;
        if !is_stated(&made) {
            let closing = Closing { supersedes: Some(*other), ..closing.clone() };
            made = Some(statement(&closing, Timestamp::MAX, SignedDuration::ZERO)?).filter(is_stated).unwrap_or(made);
        }
    }
    let mut content = serde_json::to_value(&made).map_err(|e| StatementError::Json(e.to_string()))?;
    let known = Known {
        revision: revision.is_some(),
        superseded: presented.beside.previous.is_some(),
        since: at_least.filter(|_| too_early),
        earlier: beside::earlier(presented, spec).is_some(),
    };
    let mut taken_as_stated = taken_as_stated(presented, known, &content);
    taken_as_stated.extend(of_window.into_iter().filter(|path| path.find(presented.content).is_some()));
    for path in &taken_as_stated {
        path.put(&mut content, path.find(presented.content));
    }
    if presented.agreement.is_some() {
        // The name of the source was compared, its address was not.
        taken_as_stated.push(FieldPath::of(&["evidence", "source"]));
    } else {
        // What was not understood of them is compared all the same.
        let basis = BASIS.iter().map(|fields| FieldPath::of(fields));
        taken_as_stated.extend(basis.filter(|path| path.find(&content).is_some()));
    }
    taken_as_stated.sort();
    Ok(Recomputed { content, taken_as_stated, not_compared: beside::not_compared(presented, spec) })
}

/// What was excluded, as the statement lists it.
fn listed(content: &Value) -> Result<Exclusions, StatementError> {
    let stated: Vec<ExclusionLine> = read(content, "exclusions");
    let exclusions = lines::honoured(&stated);
    let omitted = content.get("exclusionsOmitted").and_then(Value::as_i64).unwrap_or_default();
    if omitted > 0 && lines::mark(&exclusions) != text(content, &["exclusionsMark"]) {
        return Err(StatementError::ExclusionsLeftOut(omitted));
    }
    Ok(exclusions)
}

/// What the statement says its credits rest on, beside the measurements.
fn facts(content: &Value, spec: &AgreementSpec) -> Result<credit::Facts, StatementError> {
    let Some(facts) = FieldPath::of(&FACTS).find(content) else { return Ok(credit::Facts::default()) };
    let facts: CreditFacts =
        serde_json::from_value(facts.clone()).map_err(|e| StatementError::Json(format!("spec.credits.facts: {e}")))?;
    Ok(credit::stated(&facts, spec)?)
}

/// The list in this field, as far as it is one.
fn read<T: DeserializeOwned>(content: &Value, field: &str) -> Vec<T> {
    content.get(field).and_then(|list| serde_json::from_value(list.clone()).ok()).unwrap_or_default()
}

/// When a statement was determined that takes the place of another one, which only it says.
pub(super) fn determined_at(content: &Value) -> Option<Timestamp> {
    content.get("supersedes")?;
    text(content, &["credits", "since"]).parse().ok()
}

/// What people reported, and what other statements tell that are not presented: told by the statement alone, where it is
/// told at all.
fn reported(presented: &Presented<'_>, known: Known) -> Vec<FieldPath> {
    let content = presented.content;
    let violations: Vec<Violation> = read(content, "violations");
    let reported = violations.iter().enumerate().filter(|(_, violation)| !detection::is_seen(violation));
    let noticed =
        |index| ["detectedBy", "detectedAt"].map(|field| FieldPath::of(&["violations"]).item(index).field(field));
    let detected = reported.flat_map(|(index, _)| noticed(index));
    let since =
        content.get("supersedes").filter(|_| known.since.is_none()).map(|_| FieldPath::of(&["credits", "since"]));
    let facts = FieldPath::of(&FACTS);
    let facts = match facts.find(content).filter(|_| known.earlier) {
        Some(found) => beside::reported(found).into_iter().map(|field| facts.field(field)).collect(),
        None => vec![facts],
    };
    let taken_place = ["supersedes", "adjustment"].into_iter().filter(|_| !known.superseded);
    let other = taken_place.map(|field| FieldPath::of(&[field]));
    other.chain(facts).chain(detected).chain(since).filter(|path| path.find(content).is_some()).collect()
}

/// The fields that nothing presented tells.
fn taken_as_stated(presented: &Presented<'_>, known: Known, computed: &Value) -> Vec<FieldPath> {
    let mut taken: Vec<FieldPath> = STATED_ONLY.iter().map(|fields| FieldPath::of(fields)).collect();
    taken.extend(reported(presented, known));
    let at_times = STATED_AT_TIMES.iter().filter(|_| presented.beside.exclusions.is_none());
    let at_times = at_times.map(|fields| FieldPath::of(fields));
    taken.extend(at_times.filter(|path| path.find(presented.content).is_some()));
    let count = computed.get("objectives").and_then(Value::as_array).map_or(0, Vec::len);
    let objectives = || (0..count).map(|index| FieldPath::of(&["objectives"]).item(index));
    taken.extend(objectives().map(|objective| objective.field("queries")));
    if basis(presented) != Basis::Agreement {
        taken.push(FieldPath::of(&["generation"]));
    }
    if !known.revision {
        taken.push(FieldPath::of(&["revision"]));
    }
    if presented.ledger_name.is_none() {
        taken.push(FieldPath::of(&["evidence", "ledger"]));
    }
    if presented.agreement.is_none() {
        taken.push(FieldPath::of(&["evidence", "source"]));
    }
    taken
}

/// The revision by the statement's name, which is derived from it.
pub(super) fn revision(presented: &Presented<'_>) -> Option<i32> {
    let object = presented.name?;
    let revision = object.rsplit_once("-r")?.1.parse().ok()?;
    let derived = name(&presented.ledger.agreement.name, presented.ledger.period_start.0, revision);
    (derived == object).then_some(revision)
}

fn text<'a>(content: &'a Value, path: &[&str]) -> &'a str {
    FieldPath::of(path).find(content).and_then(Value::as_str).unwrap_or_default()
}
