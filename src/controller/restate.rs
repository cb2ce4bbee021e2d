//! Restates closed periods: an exclusion was approved late, or taken back, or the customer chose another credit, and another
//! account follows from the same ledger. The statement that was issued stays as it is; a new revision takes its place and says so.
//!
//! All closed periods are looked at, the oldest first, also those that the status lists no more: what one of them grants or
//! misses by now may be what a cap or a right in a later one rests on, and that is restated too where it comes to another credit. So
//! is a period whose trailing days reach into one of which late samples told more, where it comes to other figures.

use std::hash::{DefaultHasher, Hash, Hasher};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use kube::{Resource, ResourceExt};

use super::book::Book;
use super::circumstances::Known;
use super::context::Context;
use super::error::Error;
use super::exclusions::Declared;
use super::past::{self, Past, Standing};
use super::revision::{Reopened, Slots};
use super::settle;
use super::window::Archive;
use crate::api::agreement_status::{AgreementStatus, KEPT, State, StatementRef};
use crate::api::statement::StatementSpec;
use crate::api::{ServiceLevelAgreement, ServiceLevelStatement};
use crate::evaluate::amendment::terms_at;
use crate::evaluate::exclusion::lines;
use crate::evaluate::invalid::InvalidSpec;
use crate::evaluate::period::Bounds;
use crate::evaluate::restatement::same_outcome;
use crate::record::event;
use crate::sense::account as records;

/// Restates the closed periods in which other exclusions count now than when they were settled, or which
/// rest on other credits, misses or ledgers of earlier periods.
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
    let looked = fingerprint(agreement, known, &next.statements, now);
    if book.restated == Some(looked) {
        return Ok(());
    }
    if next.statements.len() == KEPT && !known.declared.is_empty() {
        past::read(agreement, context, book).await?;
    }
    let mut older = older(book.past.as_ref(), known.declared, &next.statements);
    let before: Vec<String> = older.iter().map(|reference| reference.name.clone()).collect();
    for reference in older.iter_mut().chain(next.statements.iter_mut().rev()) {
        take_up(agreement, context, book.past.as_ref(), reference).await?;
        let Some(period) = known.schedule.containing(reference.period_start.0) else { continue };
        let judged = known.schedule.judged(&period);
        let exclusions = known.declared.in_time(&agreement.spec, period, judged, now)?;
        let counts = lines::mark(&exclusions) != reference.exclusions;
        if !counts && !rests_on_others(agreement, book.past.as_ref(), known, period, now)? {
            continue;
        }
        let memory = (book.past.as_ref(), &mut book.archive);
        if let Some(issued) = Box::pin(anew(agreement, context, memory, known, reference, now)).await? {
            if let Some(past) = &mut book.past {
                past.enter(&issued, &agreement.spec, now)?;
            }
            *reference = settle::reference(&issued);
        }
    }
    let restated = older.iter().filter(|reference| !before.contains(&reference.name));
    event::publish(&context.recorder, agreement.object_ref(&()), restated.map(event::settled).collect());
    // Of what was restated just now nothing is left to do.
    book.restated = Some(fingerprint(agreement, known, &next.statements, now));
    Ok(())
}

/// The statements of periods that the status does not list any more, the oldest first. One stays as it is if an exclusion
/// that counted is gone: an object that was cleared away after so long is not revoked.
fn older(past: Option<&Past>, declared: &Declared, listed: &[StatementRef]) -> Vec<StatementRef> {
    let Some(first) = listed.iter().map(|reference| reference.period_start.0).min() else { return Vec::new() };
    let all = past.into_iter().flat_map(Past::all).take_while(|(start, _)| *start < first);
    let standing = all.filter(|(_, standing)| standing.exclusions.iter().all(|name| declared.has(name)));
    let reference = |(start, standing): (Timestamp, &Standing)| {
        Some(StatementRef {
            name: standing.names.last()?.clone(),
            period_start: Time(start),
            state: State::default(),
            credit: String::new(),
            exclusions: standing.excluded.clone(),
            credit_state: None,
            credit_since: None,
            credit_reason: String::new(),
            claim_by: None,
            payment: None,
            later_payments: Vec::new(),
            overpaid: None,
        })
    };
    standing.filter_map(reference).collect()
}

/// Names the statement that stands, where a newer one was issued than the status tells.
async fn take_up(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    past: Option<&Past>,
    reference: &mut StatementRef,
) -> Result<(), Error> {
    let standing = past.and_then(|past| past.standing(reference.period_start.0)?.names.last());
    let Some(name) = standing.filter(|name| **name != reference.name) else { return Ok(()) };
    let namespace = agreement.namespace().unwrap_or_default();
    if let Some(issued) = records::statement(&context.client, &namespace, name).await? {
        *reference = settle::reference(&issued);
    }
    Ok(())
}

/// Whether earlier periods granted or missed other than what the statement of this one rests on, or have other ledgers by
/// now than those it looks back on, or the customer chose a credit since.
fn rests_on_others(
    agreement: &ServiceLevelAgreement,
    past: Option<&Past>,
    known: &Known<'_>,
    period: Bounds,
    now: Timestamp,
) -> Result<bool, Error> {
    let Some((past, standing)) = past.and_then(|past| Some((past, past.standing(period.start)?))) else {
        return Ok(false);
    };
    let terms = terms_at(&agreement.spec, period.start).map_err(|fault| unworkable(&fault))?;
    let looked_back_on = past.looked_back_on(known.schedule, &period).map(|earlier| &earlier.ledger);
    Ok(known.facts(&terms, Some(past), period.start, now) != standing.facts
        || !looked_back_on.eq(&standing.looks_back_on))
}

fn unworkable(fault: &InvalidSpec) -> Error {
    Error::Account(fault.to_string())
}

/// What the outcome depends on.
fn fingerprint(
    agreement: &ServiceLevelAgreement,
    known: &Known<'_>,
    statements: &[StatementRef],
    now: Timestamp,
) -> u64 {
    let mut versions: Vec<_> = known.declared.versions(now).chain(known.claims.choices(now)).collect();
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
    (past, archive): (Option<&Past>, &mut Archive),
    known: &Known<'_>,
    reference: &StatementRef,
    now: Timestamp,
) -> Result<Option<ServiceLevelStatement>, Error> {
    let reopened = Reopened::of(agreement, context, (past, archive), &reference.name, known, now).await?;
    let Some(mut reopened) = reopened else { return Ok(None) };
    let counts = lines::mark(&reopened.circumstances.exclusions) != reference.exclusions;
    let standing = past.and_then(|past| past.standing(reopened.period.start));
    let rests = standing.is_some_and(|standing| standing.facts != reopened.circumstances.facts);
    let looks = reopened.looks_back_on_others();
    if !counts && !rests && !looks {
        return Ok(None);
    }
    // Not the present: made again after a crash it shall be the same.
    let before = reopened.earlier.spec.credits.as_ref().and_then(|credits| credits.since.as_ref()).map(|since| since.0);
    let looked_back_on = past.into_iter().flat_map(|past| past.looked_back_on(known.schedule, &reopened.period));
    let restated = looked_back_on.filter(|standing| looks && standing.revision > 1);
    let restated = restated.filter_map(|standing| standing.course()?.determined_at).max();
    let terms = terms_at(&agreement.spec, reopened.period.start).map_err(|fault| unworkable(&fault))?;
    let chose = known.claims.chosen(&terms, reopened.period.start, standing, now).map(|choice| choice.at);
    let determined = before.max(known.declared.changed_at(now)).max(restated).max(chose);
    reopened.circumstances.determined_at = determined.or(Some(reopened.period.end));
    let namespace = agreement.namespace().unwrap_or_default();
    let ledger_name = &reopened.earlier.spec.evidence.ledger;
    let Some(ledger) = records::ledger(&context.client, &namespace, ledger_name).await? else {
        tracing::warn!(statement = %reference.name, ledger = %ledger_name, "without its ledger it cannot be restated");
        return Ok(None);
    };
    let before = &reopened.earlier.spec;
    let matters = |made: &StatementSpec| {
        counts
            || !same_outcome(before.credits.as_ref(), made.credits.as_ref())
            || (looks && (&made.objectives, &made.violations) != (&before.objectives, &before.violations))
    };
    reopened.issue(Slots::AsBefore(&ledger), matters, now).await
}
