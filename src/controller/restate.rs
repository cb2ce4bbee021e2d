//! Restates closed periods: an exclusion was approved late, or taken back, and another account follows from the same
//! ledger. The statement that was issued stays as it is; a new revision takes its place and says so.
//!
//! The periods that the status lists are looked at, the latest ones. They keep the terms they were settled by, the
//! parties and the queries as they stood; only what is excluded is decided anew.

use std::hash::{DefaultHasher, Hash, Hasher};

use k8s_openapi::jiff::Timestamp;
use kube::{Resource, ResourceExt};

use super::book::Book;
use super::context::Context;
use super::error::Error;
use super::exclusions::Declared;
use super::settle::{self, MOST_REVISIONS};
use super::window;
use crate::api::agreement::AgreementSpec;
use crate::api::agreement_status::{AgreementStatus, StatementRef};
use crate::api::{ServiceLevelAgreement, ServiceLevelLedger, ServiceLevelStatement};
use crate::evaluate::assess::Circumstances;
use crate::evaluate::exclusion::lines;
use crate::evaluate::period::{Bounds, Schedule};
use crate::evaluate::restatement::Superseded;
use crate::evaluate::statement::{self, Closing};
use crate::evaluate::window::Window;
use crate::record::metrics::Written;
use crate::record::writer;
use crate::sense::account as records;

/// Restates the closed periods of the status in which other exclusions count now than when they were settled.
///
/// # Errors
/// When the API server does not answer or refuses, or an account cannot be made.
pub(super) async fn restate(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    book: &mut Book,
    schedule: &Schedule,
    declared: &Declared,
    next: &mut AgreementStatus,
    now: Timestamp,
) -> Result<(), Error> {
    let counted = next.statements.iter().any(|s| !s.exclusions.is_empty());
    if declared.is_empty() && !counted {
        return Ok(());
    }
    let looked = fingerprint(agreement, declared, &next.statements, now);
    if book.restated == Some(looked) {
        return Ok(());
    }
    for reference in &mut next.statements {
        let Some(period) = schedule.containing(reference.period_start.0) else { continue };
        let exclusions = declared.in_time(&agreement.spec, period.start, schedule.judged(&period), now)?;
        if lines::mark(&exclusions) == reference.exclusions {
            continue;
        }
        if let Some(issued) = anew(agreement, context, declared, reference, now).await? {
            *reference = settle::reference(&issued);
        }
    }
    // Of what was restated just now nothing is left to do.
    book.restated = Some(fingerprint(agreement, declared, &next.statements, now));
    Ok(())
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
    declared: &Declared,
    reference: &StatementRef,
    now: Timestamp,
) -> Result<Option<ServiceLevelStatement>, Error> {
    let (namespace, uid) = (agreement.namespace().unwrap_or_default(), agreement.uid().unwrap_or_default());
    let Some(earlier) = records::statement(&context.client, &namespace, &reference.name).await? else {
        tracing::warn!(statement = %reference.name, "it is gone, so its period cannot be restated");
        return Ok(None);
    };
    let ledger_name = &earlier.spec.evidence.ledger;
    let ledger = records::ledger(&context.client, &namespace, ledger_name).await?;
    let (Some(ledger), Ok(window)) = (ledger, window::of_statement(&context.client, &earlier).await?) else {
        tracing::warn!(statement = %reference.name, ledger = %ledger_name, "without its ledgers it cannot be restated");
        return Ok(None);
    };
    let terms = terms_of(agreement, &earlier);
    let period = Bounds { start: earlier.spec.period.start.0, end: earlier.spec.period.end.0 };
    let judged = window.as_ref().map_or(period, |window| window.judged);
    let exclusions = declared.in_time(&terms, period.start, judged, now)?;
    if lines::mark(&exclusions) == reference.exclusions {
        return Ok(None);
    }
    let circumstances = Circumstances { exclusions, period: Some(period), ..Circumstances::default() };
    for revision in earlier.spec.revision.saturating_add(1)..=MOST_REVISIONS {
        let name = statement::name(&agreement.name_any(), period.start, revision);
        match records::statement(&context.client, &namespace, &name).await? {
            // Made before a crash. If other exclusions count by now, it is restated in turn.
            Some(issued) if issued.spec.agreement.uid == uid => return Ok(Some(issued)),
            Some(_) => {}
            None => {
                let made = make(context, &terms, &earlier, (&ledger, window.as_ref()), &circumstances, revision, now)?;
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

fn make(
    context: &Context,
    terms: &AgreementSpec,
    earlier: &ServiceLevelStatement,
    (ledger, window): (&ServiceLevelLedger, Option<&Window>),
    circumstances: &Circumstances,
    revision: i32,
    now: Timestamp,
) -> Result<crate::api::statement::StatementSpec, Error> {
    let before = &earlier.spec;
    let queries = before.objectives.iter().map(|o| (o.name.clone(), o.queries.clone())).collect();
    let (source_name, source_url) = before.evidence.source.split_once(' ').unwrap_or((&before.evidence.source, ""));
    let name = earlier.name_any();
    let closing = Closing {
        spec: terms,
        generation: before.generation,
        revision,
        ledger_name: &before.evidence.ledger,
        ledger: &ledger.spec,
        window,
        circumstances,
        supersedes: Some(Superseded::new(&name, before, terms.settlement.grant)),
        queries: &queries,
        source_name,
        source_url,
        increase: before.evidence.increase,
    };
    statement::statement(&closing, now, context.settle).map_err(|e| Error::Account(e.to_string()))
}

/// The agreement as it was settled then: with the amendments of that time, the parties and the service as they stood.
fn terms_of(agreement: &ServiceLevelAgreement, earlier: &ServiceLevelStatement) -> AgreementSpec {
    let mut terms = agreement.spec.clone();
    // Days of this form are ordered as texts.
    terms.amendments.retain(|amendment| amendment.effective <= earlier.spec.amendment);
    terms.parties.clone_from(&earlier.spec.parties);
    terms.service.name.clone_from(&earlier.spec.service);
    terms
}
