//! What a statement rests on beside its ledger and its terms: what was asked to have excluded, and the statements before.
//!
//! Where these are presented, what the statement says of them is computed and compared. Where they are not, it is applied
//! as it is stated, and told as not compared: somebody who makes a new digest could have added or left out any of it.

use std::collections::BTreeMap;

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{FieldPath, Presented};
use crate::api::agreement::AgreementSpec;
use crate::api::credit_facts::CreditFacts;
use crate::api::settlement::GrantMode;
use crate::api::statement::StatementSpec;
use crate::evaluate::amendment::terms_at;
use crate::evaluate::credit::Facts;
use crate::evaluate::exclusion::{Exclusions, Request, resolve_over};
use crate::evaluate::history::{History, Legacy, contract_year};
use crate::evaluate::period::{Bounds, Schedule};
use crate::evaluate::restatement::Superseded;
use crate::evaluate::statement::{StatementError, name};
use crate::evaluate::stored_ledger::{self, StoredLedgerError};

/// Revisions that may be missing in a row before the one that is verified; nobody restates a period so often.
const MOST_BETWEEN: usize = 1_000;

/// What is presented beside ledgers and terms.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beside<'a> {
    /// All that was ever asked to have excluded from the agreement's account. `None`: what the statement says of it is
    /// applied.
    pub exclusions: Option<&'a [Request<'a>]>,
    /// All statements of the agreement that were issued before. `None`: what this one says of them is applied.
    pub previous: Option<&'a [Previous<'a>]>,
    /// When the statement was issued: what became known later does not count. `None`: as its content tells.
    pub issued: Option<Timestamp>,
}

/// A statement that was issued before.
#[derive(Clone, Copy, Debug)]
pub struct Previous<'a> {
    /// Its name.
    pub name: &'a str,
    /// When it was issued, where that is known.
    pub issued: Option<Timestamp>,
    /// What it says.
    pub statement: &'a StatementSpec,
}

/// Something that was not presented, so that what the statement says of it was not compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotCompared {
    /// What was asked to have excluded.
    Exclusions,
    /// The statements before.
    Previous,
    /// The same, although they were: a cap begins anew with each year of the agreement, and when that came into force
    /// nothing presented tells.
    Years,
    /// Whether the credit of the statement whose place it takes was granted by then, which only claims tell. What it changes
    /// was compared for both.
    Granted,
}

/// What should have been presented for a whole comparison.
pub(super) fn not_compared(presented: &Presented<'_>, spec: &AgreementSpec) -> Vec<NotCompared> {
    let content = presented.content;
    let tells = |path: &[&str]| FieldPath::of(path).find(content).is_some();
    let excludes = !spec.exclusions.rules.is_empty() || tells(&["exclusions"]);
    let granted = ["grantedThisPeriod", "rewardedThisPeriod", "grantedThisYear", "grantedBefore", "missedInARow"];
    let rests = History::matters(spec.credits.as_ref())
        || tells(&["supersedes"])
        || granted.iter().any(|field| tells(&["credits", "facts", field]));
    let given = presented.beside.previous.is_some();
    let takes_a_place = superseded(presented).is_ok_and(|found| found.is_some());
    let open = [
        (NotCompared::Exclusions, excludes && presented.beside.exclusions.is_none()),
        (NotCompared::Previous, rests && !given),
        (NotCompared::Years, rests && given && earlier(presented, spec).is_none()),
        (NotCompared::Granted, takes_a_place && spec.settlement.grant == GrantMode::OnClaim),
    ];
    open.into_iter().filter(|(_, is_open)| *is_open).map(|(what, _)| what).collect()
}

/// The exclusions of the judged time as they follow from what was asked. `None`: that was not presented.
pub(super) fn exclusions(
    presented: &Presented<'_>,
    spec: &AgreementSpec,
    judged: Bounds,
) -> Result<Option<Exclusions>, StatementError> {
    let Some(requests) = presented.beside.exclusions else { return Ok(None) };
    let period = Bounds { start: presented.ledger.period_start.0, end: presented.ledger.period_end.0 };
    let terms = terms_at(spec, period.start)?;
    Ok(Some(resolve_over(&terms, period, judged, requests, known_until(presented)?)?))
}

/// The instant whose knowledge the statement rests on: when it was issued; else what it says of what made it necessary, and
/// of the first one of a period the end of its last slot.
fn known_until(presented: &Presented<'_>) -> Result<Timestamp, StoredLedgerError> {
    if let Some(issued) = presented.beside.issued {
        return Ok(issued);
    }
    if presented.content.get("supersedes").is_some() {
        return Ok(super::recomputation::determined_at(presented.content).unwrap_or(Timestamp::MAX));
    }
    Ok(stored_ledger::from_spec(presented.ledger)?.settles_at(SignedDuration::ZERO))
}

/// The statements that facts can be computed from. None where a cap begins anew with each year and nobody knows when the
/// years do: that of an agreement without validity, only its creation tells.
pub(super) fn earlier<'a>(presented: &Presented<'a>, spec: &AgreementSpec) -> Option<&'a [Previous<'a>]> {
    let by_year = spec.credits.as_ref().is_some_and(|credits| credits.cap_per_year.is_some());
    let begins = spec.validity.is_some() || created(presented).is_some();
    presented.beside.previous.filter(|_| begins || !by_year)
}

/// When the agreement was created, where it is at hand and tells it.
fn created(presented: &Presented<'_>) -> Option<Timestamp> {
    presented.agreement.and_then(|terms| terms.created)
}

/// What the credits rest on as it follows from the statements before, in place of what is stated of them. What people
/// reported stays as it is stated.
pub(super) fn facts(presented: &Presented<'_>, spec: &AgreementSpec, stated: Facts) -> Result<Facts, StatementError> {
    let Some(previous) = earlier(presented, spec) else { return Ok(stated) };
    let start = presented.ledger.period_start.0;
    let schedule = Schedule::new(spec, created(presented).unwrap_or(Timestamp::UNIX_EPOCH))?;
    let mut standing: BTreeMap<Timestamp, &Previous<'_>> = BTreeMap::new();
    for one in previous.iter().filter(|p| p.statement.period.start.0 < start && was_there(presented, p)) {
        let known = standing.entry(one.statement.period.start.0).or_insert(one);
        if known.statement.revision < one.statement.revision {
            *known = one;
        }
    }
    let whole = |start: Timestamp| schedule.whole(start).map_or(start, |whole| whole.start);
    let mut history = History::default();
    let mut reached: Option<Timestamp> = None;
    for (begins, one) in &standing {
        if let Some(missing) = reached.filter(|reached| reached < begins) {
            return Err(StatementError::PreviousMissing(missing));
        }
        reached = Some(one.statement.period.end.0);
        history.enter(contract_year(&schedule, *begins), whole(*begins), &Legacy::of(one.statement)?);
    }
    if let Some(missing) = reached.filter(|reached| *reached < start) {
        return Err(StatementError::PreviousMissing(missing));
    }
    let terms = terms_at(spec, start)?;
    let found = history.facts(terms.credits.as_ref(), contract_year(&schedule, start), whole(start));
    Ok(Facts { volume: stated.volume, deliveries: stated.deliveries, chosen: stated.chosen, ..found })
}

/// The statement whose place this one takes: the one that stands before it in the same period, by revision, whatever this
/// one says. `None`: there is none, or the statements before were not presented.
///
/// # Errors
/// The one that it says it takes the place of may have stood there, and is not among those that were presented.
pub(super) fn superseded<'a>(presented: &Presented<'a>) -> Result<Option<&'a Previous<'a>>, StatementError> {
    let Some(previous) = presented.beside.previous else { return Ok(None) };
    let start = presented.ledger.period_start.0;
    let revision = super::recomputation::revision(presented).or_else(|| {
        let stated = presented.content.get("revision").and_then(Value::as_i64)?;
        i32::try_from(stated).ok()
    });
    let revision = revision.unwrap_or_default();
    let same = previous.iter().filter(|one| one.statement.period.start.0 == start);
    let before = same.filter(|one| one.statement.revision < revision).max_by_key(|one| one.statement.revision);
    let Some(stated) = presented.content.get("supersedes").and_then(Value::as_str) else { return Ok(before) };
    // A name that no statement in between can have contradicts what stands there.
    let first = before.map_or(1, |one| one.statement.revision.saturating_add(1));
    let mut between = (first..revision).take(MOST_BETWEEN);
    let is_missing = before.is_none() || between.any(|n| name(&presented.ledger.agreement.name, start, n) == stated);
    if is_missing { Err(StatementError::SupersededMissing(stated.to_owned())) } else { Ok(before) }
}

/// What a statement may take the place of: one that says itself whether it granted its credit; and where it had to be
/// claimed, the same with the credit granted afterwards.
pub(super) fn places<'a>(found: &Previous<'a>, spec: &AgreementSpec) -> Vec<Superseded<'a>> {
    let mode = spec.settlement.grant;
    let by_itself = Superseded::new(found.name, found.statement, mode);
    let granted = Superseded { granted: found.statement.credits.as_ref(), ..by_itself };
    if mode == GrantMode::OnClaim { vec![by_itself, granted] } else { vec![by_itself] }
}

/// Whether a statement was there when the one that is verified was made, as far as that can be told.
fn was_there(presented: &Presented<'_>, previous: &Previous<'_>) -> bool {
    presented.beside.issued.zip(previous.issued).is_none_or(|(this, that)| that <= this)
}

/// The fields of `credits.facts` that follow from no statement: what people reported.
pub(super) fn reported(facts: &Value) -> Vec<&'static str> {
    let known = serde_json::from_value::<CreditFacts>(facts.clone()).is_ok();
    ["volume", "deliveries", "chosen"].into_iter().filter(|field| known && facts.get(field).is_some()).collect()
}
