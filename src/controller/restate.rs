//! Restates closed periods: an exclusion was approved late, or taken back, and another account follows from the same
//! ledger. The statement that was issued stays as it is; a new revision takes its place and says so.
//!
//! The periods that the status lists are looked at, the latest ones, the oldest first: what one of them grants or misses by
//! now may be what a cap or a right in a later one rests on, and that is restated too where it comes to another credit.
//! They keep the terms they were settled by, the parties and the queries as they stood; only what is excluded and what
//! earlier periods left behind is decided anew.

use std::hash::{DefaultHasher, Hash, Hasher};

use k8s_openapi::jiff::Timestamp;
use kube::{Resource, ResourceExt};

use super::book::Book;
use super::circumstances::Known;
use super::context::Context;
use super::error::Error;
use super::exclusions::Declared;
use super::lives;
use super::past::Past;
use super::settle::{self, MOST_REVISIONS};
use crate::api::agreement::AgreementSpec;
use crate::api::agreement_status::{AgreementStatus, StatementRef};
use crate::api::credit_status::CreditState;
use crate::api::{ServiceLevelAgreement, ServiceLevelLedger, ServiceLevelStatement};
use crate::evaluate::amendment::{terms_at, terms_through};
use crate::evaluate::assess::Circumstances;
use crate::evaluate::exclusion::lines;
use crate::evaluate::invalid::InvalidSpec;
use crate::evaluate::period::Bounds;
use crate::evaluate::restatement::{Superseded, same_outcome};
use crate::evaluate::statement::{self, Closing};
use crate::record::metrics::Written;
use crate::record::writer;
use crate::sense::account as records;

/// Restates the closed periods of the status in which other exclusions count now than when they were settled, or which
/// rest on other credits and misses of earlier periods.
///
/// # Errors
/// When the API server does not answer or refuses, or an account cannot be made.
pub(super) async fn restate(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    book: &mut Book,
    known: &Known<'_>,
    next: &mut AgreementStatus,
    now: Timestamp,
) -> Result<(), Error> {
    let counted = next.statements.iter().any(|s| !s.exclusions.is_empty());
    if known.declared.is_empty() && !counted && book.past.is_none() {
        return Ok(());
    }
    let looked = fingerprint(agreement, known.declared, &next.statements, now);
    if book.restated == Some(looked) {
        return Ok(());
    }
    for reference in next.statements.iter_mut().rev() {
        let Some(period) = known.schedule.containing(reference.period_start.0) else { continue };
        let counts = lines::mark(&known.declared.in_period(&agreement.spec, period, now)?) != reference.exclusions;
        if !counts && !rests_on_others(agreement, book.past.as_ref(), known, period)? {
            continue;
        }
        if let Some(issued) = anew(agreement, context, known, book.past.as_ref(), reference, now).await? {
            if let Some(past) = &mut book.past {
                past.enter(&issued.spec, &agreement.spec)?;
            }
            *reference = settle::reference(&issued);
        }
    }
    // Of what was restated just now nothing is left to do.
    book.restated = Some(fingerprint(agreement, known.declared, &next.statements, now));
    Ok(())
}

/// Whether earlier periods granted or missed other than what the statement of this one rests on.
fn rests_on_others(
    agreement: &ServiceLevelAgreement,
    past: Option<&Past>,
    known: &Known<'_>,
    period: Bounds,
) -> Result<bool, Error> {
    let Some((past, standing)) = past.and_then(|past| Some((past, past.standing(period.start)?))) else {
        return Ok(false);
    };
    let terms = terms_at(&agreement.spec, period.start).map_err(|fault| unworkable(&fault))?;
    Ok(past.facts(&terms, known.schedule, period.start) != standing.facts)
}

fn unworkable(fault: &InvalidSpec) -> Error {
    Error::Account(fault.to_string())
}

/// What the outcome depends on.
fn fingerprint(
    agreement: &ServiceLevelAgreement,
    declared: &Declared,
    statements: &[StatementRef],
    now: Timestamp,
) -> u64 {
    let mut versions: Vec<_> = declared.versions(now).collect();
    versions.sort();
    let names: Vec<&str> = statements.iter().map(|s| s.name.as_str()).collect();
    let mut hasher = DefaultHasher::new();
    (agreement.meta().generation, versions, names).hash(&mut hasher);
    hasher.finish()
}

/// The statement that takes the place of another one; `None` where nothing changes, or it can not be made.
async fn anew(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    known: &Known<'_>,
    past: Option<&Past>,
    reference: &StatementRef,
    now: Timestamp,
) -> Result<Option<ServiceLevelStatement>, Error> {
    let (namespace, uid) = (agreement.namespace().unwrap_or_default(), agreement.uid().unwrap_or_default());
    let Some(earlier) = records::statement(&context.client, &namespace, &reference.name).await? else {
        tracing::warn!(statement = %reference.name, "it is gone, so its period cannot be restated");
        return Ok(None);
    };
    let ledger_name = &earlier.spec.evidence.ledger;
    let Some(ledger) = records::ledger(&context.client, &namespace, ledger_name).await? else {
        tracing::warn!(statement = %reference.name, ledger = %ledger_name, "without its ledger it cannot be restated");
        return Ok(None);
    };
    let terms = terms_of(agreement, &earlier);
    let period = Bounds { start: earlier.spec.period.start.0, end: earlier.spec.period.end.0 };
    let in_force = terms_through(&terms, &earlier.spec.amendment).map_err(|fault| unworkable(&fault))?;
    let facts = past.map(|past| past.facts(&in_force, known.schedule, period.start)).unwrap_or_default();
    let standing = past.and_then(|past| past.standing(period.start));
    let mut circumstances = Circumstances { facts, ..known.circumstances(&terms, period, None, now)? };
    let counts = lines::mark(&circumstances.exclusions) != reference.exclusions;
    if !counts && standing.is_none_or(|standing| standing.facts == circumstances.facts) {
        return Ok(None);
    }
    // Not the present: made again after a crash it shall be the same.
    let before = earlier.spec.credits.as_ref().and_then(|credits| credits.since.as_ref()).map(|since| since.0);
    circumstances.determined_at = before.max(known.declared.changed_at(now)).or(Some(period.end));
    let granted = is_granted(past, period, known, now);
    for revision in earlier.spec.revision.saturating_add(1)..=MOST_REVISIONS {
        let name = statement::name(&agreement.name_any(), period.start, revision);
        match records::statement(&context.client, &namespace, &name).await? {
            // Made before a crash. If other exclusions count by now, it is restated in turn.
            Some(issued) if issued.spec.agreement.uid == uid => return Ok(Some(issued)),
            Some(_) => {}
            None => {
                let made = make(context, &terms, &earlier, granted, &ledger, &circumstances, revision, now)?;
                if !counts && same_outcome(earlier.spec.credits.as_ref(), made.credits.as_ref()) {
                    return Ok(None);
                }
                let mut object = ServiceLevelStatement::new(&name, made);
                object.metadata.namespace = Some(namespace);
                writer::issue_statement(&context.client, &object).await?;
                context.metrics.wrote(Written::Statement);
                return Ok(Some(object));
            }
        }
    }
    tracing::warn!(statement = %reference.name, "its period has {MOST_REVISIONS} statements and is not restated again");
    Ok(None)
}

/// Whether the credit of a closed period is granted by now.
pub(super) fn is_granted(past: Option<&Past>, period: Bounds, known: &Known<'_>, now: Timestamp) -> bool {
    let standing = past.and_then(|past| past.standing(period.start));
    let life = standing.and_then(|standing| lives::stands(period.start, standing, known.claims, now));
    life.is_some_and(|life| matches!(life.state, CreditState::Granted | CreditState::Settled))
}

/// A statement that takes the place of `earlier`, from this ledger. `granted`: what that one determined is granted by now.
#[allow(clippy::too_many_arguments, reason = "each is one thing that the statement is made from")]
pub(super) fn make(
    context: &Context,
    terms: &AgreementSpec,
    earlier: &ServiceLevelStatement,
    granted: bool,
    ledger: &ServiceLevelLedger,
    circumstances: &Circumstances,
    revision: i32,
    now: Timestamp,
) -> Result<crate::api::statement::StatementSpec, Error> {
    let before = &earlier.spec;
    let queries = before.objectives.iter().map(|o| (o.name.clone(), o.queries.clone())).collect();
    let (source_name, source_url) = before.evidence.source.split_once(' ').unwrap_or((&before.evidence.source, ""));
    let (name, ledger_name) = (earlier.name_any(), ledger.name_any());
    let mut superseded = Superseded::new(&name, before, terms.settlement.grant);
    if granted {
        superseded.granted = before.credits.as_ref();
    }
    let closing = Closing {
        spec: terms,
        generation: before.generation,
        revision,
        ledger_name: &ledger_name,
        ledger: &ledger.spec,
        circumstances,
        supersedes: Some(superseded),
        queries: &queries,
        source_name,
        source_url,
        increase: before.evidence.increase,
    };
    statement::statement(&closing, now, context.settle).map_err(|e| Error::Account(e.to_string()))
}

/// The agreement as it was settled then: with the amendments of that time, the parties and the service as they stood.
pub(super) fn terms_of(agreement: &ServiceLevelAgreement, earlier: &ServiceLevelStatement) -> AgreementSpec {
    let mut terms = agreement.spec.clone();
    // Days of this form are ordered as texts.
    terms.amendments.retain(|amendment| amendment.effective <= earlier.spec.amendment);
    terms.parties.clone_from(&earlier.spec.parties);
    terms.service.name.clone_from(&earlier.spec.service);
    terms
}
