//! The statement: the account of one closed period, put together from its ledger, with a digest over all of it.
//!
//! Takes everything as arguments and gives the content of a `ServiceLevelStatement`. The same arguments always give the
//! same statement and the same name, so that making it twice makes one. Must never look at the present.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use num_rational::BigRational;
use num_traits::Zero;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::api::agreement::AgreementSpec;
use crate::api::agreement_status::Violation;
use crate::api::credit_status::CreditState;
use crate::api::enforcement_status::ActionRecord;
use crate::api::ledger::{AgreementIdentity, LedgerSpec};
use crate::api::measurement::Method;
use crate::api::metrics_source::IncreaseForm;
use crate::api::objective::Objective;
use crate::api::statement::{
    CountedUnits, EventPair, Evidence, JudgedTime, MemberStatement, ObjectiveStatement, SlotCounts, StatementPeriod,
    StatementSpec, UnknownCounted,
};

use super::amendment::{last_in_force, terms_at, terms_through};
use super::assess::{Circumstances, assess};
use super::assessment::ObjectiveAssessment;
use super::attribution;
use super::canonical_json::{NotCanonical, canonical};
use super::count::Count;
use super::credit;
use super::credit_course::{self, Beginning};
use super::detection;
use super::exact::{NotANumber, decimal_text, hundred, percent_text, ratio_text, round_half_up, ten_to, whole};
use super::exclusion::lines;
use super::exemption::applied;
use super::invalid::InvalidSpec;
use super::ledger::Ledger;
use super::methods::{MemberAccount, words};
use super::period::{time_zone_database_version, whole_of};
use super::restatement::{Superseded, adjustment};
use super::slot::Tally;
use super::span;
use super::stored_ledger::{self, StoredLedgerError, hex};
use super::terms;
use super::violation;
use super::window::{self, Window};

/// Violations listed in one statement.
const MAX_VIOLATIONS: usize = 200;
/// Actions listed in one statement; the latest are kept.
const MAX_ACTIONS: usize = 50;
/// Queries listed for one objective: three for each of the 32 members a pool may have.
const MAX_QUERIES: usize = 96;
/// Longest object name the API server accepts.
const MAX_NAME: usize = 253;

/// What a statement is made from.
#[derive(Clone, Debug)]
pub struct Closing<'a> {
    /// The agreement's spec at the end of the period, with all its amendments.
    pub spec: &'a AgreementSpec,
    /// Its generation.
    pub generation: i64,
    /// `1` for the first statement of the period.
    pub revision: i32,
    /// The ledger object's name.
    pub ledger_name: &'a str,
    /// The ledger as it is stored.
    pub ledger: &'a LedgerSpec,
    /// The time that is judged, where it is not the period itself.
    pub window: Option<&'a Window>,
    /// What it rests on beside the ledger; of a window, with the period.
    pub circumstances: &'a Circumstances,
    /// The statement of the same period that it takes the place of.
    pub supersedes: Option<Superseded<'a>>,
    /// What was asked of the store, per objective.
    pub queries: &'a BTreeMap<String, Vec<String>>,
    /// The metrics source's name.
    pub source_name: &'a str,
    /// The metrics source's URL.
    pub source_url: &'a str,
    /// How the source's increases were counted.
    pub increase: IncreaseForm,
}

/// Why a statement can not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// The last slots of the period can not have been read yet.
    #[error("the period can be settled from {0} on, when its last slot can be read")]
    TooEarly(Timestamp),
    /// The ledger can not be read.
    #[error(transparent)]
    Ledger(#[from] StoredLedgerError),
    /// The spec can not be worked with.
    #[error(transparent)]
    Spec(#[from] InvalidSpec),
    /// The superseded statement has an amount that is none.
    #[error("the statement that is superseded can not be read: {0}")]
    Superseded(#[from] NotANumber),
    /// What counted as excluded is not all listed, so that it can not be applied again.
    #[error(
        "not everything that was excluded is listed ({0} lines are left out), so that it can not be computed again"
    )]
    ExclusionsLeftOut(i64),
    /// Of the statements before, on which the credits rest, one is missing.
    #[error(
        "the statement of the period that begins at {0} is not among those before that were given; give all of them"
    )]
    PreviousMissing(Timestamp),
    /// The statement whose place it takes is missing.
    #[error("statement {0}, whose place it takes, is not among those before that were given; give all of them")]
    SupersededMissing(String),
    /// The content has no canonical text to make a digest of.
    #[error(transparent)]
    Canonical(#[from] NotCanonical),
    /// The content can not be written as JSON.
    #[error("the statement can not be written as JSON: {0}")]
    Json(String),
}

/// The name of a statement, derived from agreement, period and revision: `checkout-20260101t000000z-r1`.
///
/// A name that would be too long is cut and gets eight digits of its hash, so that two agreements never share one.
#[must_use]
pub fn name(agreement: &str, period_start: Timestamp, revision: i32) -> String {
    dated(agreement, period_start, &format!("-r{revision}"))
}

/// The name of a ledger, derived from agreement and period: `checkout-20260101t000000z`.
#[must_use]
pub fn ledger_name(agreement: &str, period_start: Timestamp) -> String {
    dated(agreement, period_start, "")
}

/// The name of a ledger where the other one is taken by the closed ledger of an earlier agreement of the same name.
#[must_use]
pub fn own_ledger_name(agreement: &str, uid: &str, period_start: Timestamp) -> String {
    let mark: String = hex(&Sha256::digest(uid.as_bytes())).chars().take(8).collect();
    dated(agreement, period_start, &format!("-{mark}"))
}

fn dated(agreement: &str, period_start: Timestamp, ending: &str) -> String {
    let suffix = format!("-{}{ending}", period_start.strftime("%Y%m%dt%H%M%Sz"));
    if agreement.len() + suffix.len() <= MAX_NAME {
        return format!("{agreement}{suffix}");
    }
    let mark: String = hex(&Sha256::digest(agreement.as_bytes())).chars().take(8).collect();
    let room = MAX_NAME.saturating_sub(suffix.len() + mark.len() + 1);
    let cut: String = agreement.chars().take(room).collect();
    format!("{}-{mark}{suffix}", cut.trim_end_matches(['-', '.']))
}

/// Makes the statement of a closed period.
///
/// # Errors
/// The period is not over by `settle`, or the spec or the ledger can not be read.
pub fn statement(
    closing: &Closing<'_>,
    now: Timestamp,
    settle: SignedDuration,
) -> Result<StatementSpec, StatementError> {
    let ledger = stored_ledger::from_spec(closing.ledger)?;
    let ready = ledger.settles_at(settle);
    if now < ready {
        return Err(StatementError::TooEarly(ready));
    }
    let bounds = closing.circumstances.period.unwrap_or_else(|| ledger.bounds());
    // What takes the place of a statement is made by the terms of that one, whatever was agreed since.
    let (in_force, amendment) = match closing.supersedes {
        Some(superseded) => (terms_through(closing.spec, superseded.amendment)?, superseded.amendment),
        None => (terms_at(closing.spec, bounds.start)?, last_in_force(closing.spec, bounds.start)?),
    };
    let spec: &AgreementSpec = &in_force;
    // At the instant at which the last slot is due, not now: a statement made later is the same.
    let judged_ledger = window::judged(&ledger, closing.window).map_err(StoredLedgerError::from)?;
    let assessment = assess(spec, &judged_ledger, closing.circumstances, ready, settle)?;
    let judged = judged_ledger.bounds();
    let mut shown: Vec<_> = assessment.violations.iter().take(MAX_VIOLATIONS).map(violation::shown).collect();
    detection::enter(&mut shown, &closing.circumstances.incidents);
    let found = window::diagnoses(&closing.ledger.diagnoses, closing.window);
    attribution::enter(&mut shown, &found, Timestamp::MIN, ledger.slot_seconds());
    detection::enter_seen(&mut shown);
    let mut credits = assessment.credits.as_ref().map(|credits| credit::shown(credits, CreditState::Determined));
    if let Some(credits) = &mut credits {
        let whole = closing.circumstances.whole_period.map_or_else(|| whole_of(spec, &bounds), Ok)?;
        // With the last slot, however long it took to be read; or with what made a newer statement necessary.
        let last = ledger.settles_at(SignedDuration::ZERO);
        let determined = closing.circumstances.determined_at.map_or(last, |at| at.max(last));
        // What trailing days look back on was claimed with its own period.
        let own = |violation: &&Violation| violation.end.as_ref().is_none_or(|end| bounds.start < end.0);
        let violations: Vec<Violation> = shown.iter().filter(own).cloned().collect();
        let beginning = Beginning { spec, period: bounds, whole, violations: &violations, determined };
        credit_course::enter(credits, &beginning)?;
    }
    let superseded = closing.supersedes.as_ref();
    let adjustment = superseded.map(|s| adjustment(s.granted, credits.as_ref())).transpose()?;
    let omitted = assessment.violations.len().saturating_sub(shown.len());
    let objectives = assessment.objectives.iter().zip(&spec.objectives);
    let earlier = closing.window.iter().flat_map(|window| &window.earlier);
    let (mut exclusions, exclusions_omitted) = lines::lines(&closing.circumstances.exclusions);
    applied::enter(&mut exclusions, spec, &judged_ledger, &closing.circumstances.exclusions);
    let (actions, actions_omitted) = actions(closing.ledger, &ledger);
    let mut statement = StatementSpec {
        agreement: AgreementIdentity::clone(&closing.ledger.agreement),
        generation: closing.generation,
        revision: closing.revision,
        parties: spec.parties.clone(),
        service: spec.service.name.clone(),
        period: StatementPeriod { start: Time(bounds.start), end: Time(bounds.end), time_zone: spec.time_zone.clone() },
        judged: (judged != bounds).then_some(JudgedTime { start: Time(judged.start), end: Time(judged.end) }),
        last: closing.circumstances.last.clone(),
        amendment: amendment.to_owned(),
        terms: Box::new(terms::stated(spec, amendment)),
        state: assessment.state,
        objectives: objectives
            .map(|(assessed, objective)| {
                let queries = closing.queries.get(&objective.name).cloned().unwrap_or_default();
                ObjectiveStatement {
                    target: objective.target.to_string(),
                    displayed: displayed(objective, assessed),
                    method: words::name(objective.measurement.method).to_owned(),
                    counting: words::sentence(&objective.measurement, &span::text(ledger.slot_seconds())),
                    counted: units(objective.measurement.method, assessed),
                    queries: queries.into_iter().take(MAX_QUERIES).collect(),
                    ..figures(assessed)
                }
            })
            .collect(),
        violations: shown,
        violations_omitted: i32::try_from(omitted).unwrap_or(i32::MAX),
        exclusions,
        exclusions_omitted,
        exclusions_mark: lines::mark(&closing.circumstances.exclusions),
        actions,
        actions_omitted,
        causes_omitted: closing.ledger.diagnoses_omitted,
        credits,
        supersedes: superseded.map(|s| s.name.to_owned()),
        adjustment,
        evidence: Evidence {
            source: format!("{} {}", closing.source_name, closing.source_url),
            increase: closing.increase,
            ledger: closing.ledger_name.to_owned(),
            ledger_digest: stored_ledger::digest(&closing.ledger.objectives),
            earlier: earlier.map(|earlier| earlier.named()).collect(),
            operator: env!("CARGO_PKG_VERSION").to_owned(),
            time_zone_database: time_zone_database_version().to_owned(),
        },
        digest: String::new(),
    };
    statement.digest = digest(&statement)?;
    Ok(statement)
}

/// SHA-256 over the canonical JSON of a statement without its digest, in hexadecimal.
///
/// # Errors
/// The content has no canonical text.
pub fn digest(statement: &StatementSpec) -> Result<String, StatementError> {
    let content = serde_json::to_value(statement).map_err(|e| StatementError::Json(e.to_string()))?;
    Ok(content_digest(&content)?)
}

/// The same over a statement's `spec` as somebody holds it: fields this version does not know are part of it.
///
/// # Errors
/// The content has no canonical text.
pub fn content_digest(content: &Value) -> Result<String, NotCanonical> {
    let mut content = content.clone();
    if let Value::Object(fields) = &mut content {
        fields.remove("digest");
    }
    Ok(hex(&Sha256::digest(canonical(&content)?.as_bytes())))
}

/// Whether a statement still says what was signed by its digest.
#[must_use]
pub fn digest_matches(statement: &StatementSpec) -> bool {
    digest(statement).is_ok_and(|digest| digest == statement.digest)
}

/// What the assessment says about an objective; what the spec says is filled in by the caller.
fn figures(assessed: &ObjectiveAssessment) -> ObjectiveStatement {
    let percent = |share: Option<&BigRational>| share.map(percent_text).unwrap_or_default();
    let (worst, best) = assessed.bounds.as_ref().map(|(worst, best)| (worst, best)).unzip();
    ObjectiveStatement {
        name: assessed.name.clone(),
        target: String::new(),
        state: assessed.state,
        method: String::new(),
        counting: String::new(),
        counted: CountedUnits::default(),
        covered: assessed.covered,
        not_covered_because: assessed.not_covered_because.clone(),
        members: assessed.members.iter().map(member).collect(),
        total_events: count(&assessed.total_events),
        bad_events: count(&assessed.bad_events),
        born_events: pair(assessed.born),
        unattributed_events: pair(assessed.unattributed),
        attainment_ratio: assessed.attainment.as_ref().map(ratio_text).unwrap_or_default(),
        attainment: percent(assessed.attainment.as_ref()),
        displayed: String::new(),
        attainment_bounds: [percent(worst), percent(best)],
        slots: SlotCounts {
            measured: number(assessed.slots.measured),
            no_traffic: number(assessed.slots.no_traffic),
            unknown: number(assessed.slots.unknown),
            excluded: number(assessed.slots.excluded),
            not_deployed: number(assessed.slots.not_deployed),
        },
        coverage: percent(assessed.coverage.as_ref()),
        queries: Vec::new(),
    }
}

fn units(method: Method, assessed: &ObjectiveAssessment) -> CountedUnits {
    let text = |n: &BigRational| {
        let text = decimal_text(n, 6);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    let (good, total) = (text(&assessed.good_units), text(&assessed.total_units));
    let unknown = assessed.unknown_units.as_ref();
    let unknown = unknown.map(|units| UnknownCounted {
        total: text(&units.total),
        bad: text(&units.bad),
        gained: (!units.gained.is_zero()).then(|| text(&units.gained)),
    });
    CountedUnits { unit: words::unit(method).to_owned(), good, total, unknown }
}

fn member(account: &MemberAccount) -> MemberStatement {
    MemberStatement {
        name: account.name.clone(),
        covered: account.covered,
        deployed_seconds: account.deployed_seconds,
        down_seconds: account.down_seconds,
    }
}

/// The attainment as the parties' own reports round it.
fn displayed(objective: &Objective, assessed: &ObjectiveAssessment) -> String {
    let places = objective.display_decimals.and_then(|places| u32::try_from(places).ok());
    let Some((places, attained)) = places.zip(assessed.attainment.as_ref()) else { return String::new() };
    let scale = whole(ten_to(places));
    decimal_text(&(whole(round_half_up(&(attained * hundred() * &scale))) / &scale), places)
}

fn pair(tally: Tally) -> EventPair {
    EventPair { total: tally.total.text(), bad: tally.bad.text() }
}

fn count(events: &BigRational) -> String {
    Count::from_ratio(events).unwrap_or_default().text()
}

fn number(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// The actions of the period, oldest first; of too many, the latest, and how many came before them.
fn actions(stored: &LedgerSpec, ledger: &Ledger) -> (Vec<ActionRecord>, i64) {
    let of_the_period = stored.actions.iter().filter(|action| ledger.bounds().contains(action.intended_at.0));
    let mut actions: Vec<_> = of_the_period.cloned().collect();
    actions.sort_by(|a, b| (a.intended_at.0, &a.id).cmp(&(b.intended_at.0, &b.id)));
    let over = actions.len().saturating_sub(MAX_ACTIONS);
    (actions.split_off(over), stored.actions_omitted.saturating_add(number(over)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
