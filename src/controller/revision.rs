//! One more revision of a closed period: the statement that takes the place of another one, made once.
//!
//! It keeps the terms the period was settled by, the parties and the queries as they stood. What is excluded, what earlier
//! periods left behind and the ledgers that trailing days look back on are those of now. Made again after a crash it is
//! the same, and what was issued before one is found by its name.

use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt;

use super::circumstances::Known;
use super::context::Context;
use super::error::Error;
use super::lives;
use super::past::Past;
use super::settle::MOST_REVISIONS;
use super::window::Archive;
use crate::api::agreement::AgreementSpec;
use crate::api::statement::StatementSpec;
use crate::api::{ServiceLevelAgreement, ServiceLevelLedger, ServiceLevelStatement};
use crate::evaluate::amendment::terms_through;
use crate::evaluate::assess::Circumstances;
use crate::evaluate::enforcement_log::EnforcementLog;
use crate::evaluate::ledger::Ledger;
use crate::evaluate::period::Bounds;
use crate::evaluate::restatement::Superseded;
use crate::evaluate::statement::{self, Closing};
use crate::evaluate::window::Window;
use crate::record::metrics::Written;
use crate::record::{ledger, writer};
use crate::sense::account as records;

/// A closed period that is looked at again.
pub(super) struct Reopened<'a> {
    agreement: &'a ServiceLevelAgreement,
    context: &'a Context,
    /// The statement that stands.
    pub earlier: ServiceLevelStatement,
    /// The period.
    pub period: Bounds,
    /// What is judged at its end by now; `None`: the period itself.
    pub window: Option<Window>,
    /// What it rests on by now beside its ledgers.
    pub circumstances: Circumstances,
    /// The agreement as it was settled then.
    terms: AgreementSpec,
    /// Whether what the statement determined is granted by now.
    granted: bool,
}

/// The slots of a newer statement.
pub(super) enum Slots<'a> {
    /// Those of the statement before.
    AsBefore(&'a ServiceLevelLedger),
    /// More is known: a ledger of its own, under the statement's name, with what was found and done in the period.
    Anew(&'a Ledger, &'a EnforcementLog),
}

impl<'a> Reopened<'a> {
    /// The period of the statement of this name; `None` where it is gone, or a ledger that it looks back on.
    ///
    /// # Errors
    /// When the API server does not answer, or the agreement's rules cannot be worked with.
    pub(super) async fn of(
        agreement: &'a ServiceLevelAgreement,
        context: &'a Context,
        (past, archive): (Option<&Past>, &mut Archive),
        name: &str,
        known: &Known<'_>,
        now: Timestamp,
    ) -> Result<Option<Self>, Error> {
        let namespace = agreement.namespace().unwrap_or_default();
        let Some(earlier) = records::statement(&context.client, &namespace, name).await? else {
            tracing::warn!(statement = %name, "it is gone, so its period cannot be restated");
            return Ok(None);
        };
        let before = &earlier.spec;
        let terms = terms_of(agreement, before);
        let period = Bounds { start: before.period.start.0, end: before.period.end.0 };
        let judged = before.judged_time();
        let judged = Bounds { start: judged.start.0, end: judged.end.0 };
        let window = archive.window(context, agreement, known.schedule, past, (&period, judged)).await?;
        let kept = window.as_ref().map_or(0, |window| window.earlier.len());
        if kept < before.evidence.earlier.len() {
            tracing::warn!(statement = %name, "without a ledger that it looks back on it cannot be restated");
            return Ok(None);
        }
        let in_force = terms_through(&terms, &before.amendment).map_err(|e| Error::Account(e.to_string()))?;
        let facts = known.facts(&in_force, past, period.start, now);
        let last = before.last.clone();
        let circumstances = Circumstances { facts, last, ..known.circumstances(&terms, period, judged, None, now)? };
        let granted = is_granted(past, period, known, now);
        Ok(Some(Self { agreement, context, earlier, period, window, circumstances, terms, granted }))
    }

    /// Whether it looks back on other ledgers by now than its statement does.
    pub(super) fn looks_back_on_others(&self) -> bool {
        let named = self.window.iter().flat_map(|window| &window.earlier).map(|earlier| earlier.named());
        !named.eq(self.earlier.spec.evidence.earlier.iter().cloned())
    }

    /// Issues the statement over these slots, unless it does not matter; `None` where nothing was issued.
    ///
    /// # Errors
    /// When the API server does not answer or refuses, or the account cannot be made.
    pub(super) async fn issue(
        &self,
        slots: Slots<'_>,
        matters: impl Fn(&StatementSpec) -> bool,
        now: Timestamp,
    ) -> Result<Option<ServiceLevelStatement>, Error> {
        let (agreement, context) = (self.agreement, self.context);
        let (namespace, uid) = (agreement.namespace().unwrap_or_default(), agreement.uid().unwrap_or_default());
        for revision in self.earlier.spec.revision.saturating_add(1)..=MOST_REVISIONS {
            let name = statement::name(&agreement.name_any(), self.period.start, revision);
            match records::statement(&context.client, &namespace, &name).await? {
                // Made before a crash. If something else counts by now, it is restated in turn.
                Some(issued) if issued.spec.agreement.uid == uid => return Ok(Some(issued)),
                // Of an earlier agreement under the same name.
                Some(_) => {}
                None => {
                    let made = match slots {
                        Slots::AsBefore(ledger) => self.make(ledger, revision, now)?,
                        Slots::Anew(slots, log) => self.make(&self.store(&name, slots, log).await?, revision, now)?,
                    };
                    if !matters(&made) {
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
        let standing = self.earlier.name_any();
        tracing::warn!(statement = %standing, "its period has {MOST_REVISIONS} statements and is not restated again");
        Ok(None)
    }

    /// Stores the ledger of a statement of this name.
    async fn store(&self, name: &str, slots: &Ledger, log: &EnforcementLog) -> Result<ServiceLevelLedger, Error> {
        let client = &self.context.client;
        let namespace = self.agreement.namespace().unwrap_or_default();
        let before = records::ledger(client, &namespace, name).await?;
        let version = before.and_then(|ledger| ledger.resource_version());
        let object = ledger::object(self.agreement, name, slots, log, true, version);
        writer::store_ledger(client, &object).await?;
        self.context.metrics.wrote(Written::Ledger);
        Ok(object)
    }

    fn make(&self, ledger: &ServiceLevelLedger, revision: i32, now: Timestamp) -> Result<StatementSpec, Error> {
        let before = &self.earlier.spec;
        let queries = before.objectives.iter().map(|o| (o.name.clone(), o.queries.clone())).collect();
        let (source_name, source_url) = before.evidence.source.split_once(' ').unwrap_or((&before.evidence.source, ""));
        let (name, ledger_name) = (self.earlier.name_any(), ledger.name_any());
        let mut superseded = Superseded::new(&name, before, self.terms.settlement.grant);
        if self.granted {
            superseded.granted = before.credits.as_ref();
        }
        let closing = Closing {
            spec: &self.terms,
            generation: before.generation,
            revision,
            ledger_name: &ledger_name,
            ledger: &ledger.spec,
            window: self.window.as_ref(),
            circumstances: &self.circumstances,
            supersedes: Some(superseded),
            queries: &queries,
            source_name,
            source_url,
            increase: before.evidence.increase,
        };
        statement::statement(&closing, now, self.context.settle).map_err(|e| Error::Account(e.to_string()))
    }
}

/// Whether the credit of a closed period is granted by now.
fn is_granted(past: Option<&Past>, period: Bounds, known: &Known<'_>, now: Timestamp) -> bool {
    let standing = past.and_then(|past| past.standing(period.start));
    let found = standing.and_then(|standing| lives::stands(period.start, standing, known.claims, now));
    found.is_some_and(|found| found.is_granted())
}

/// The agreement as it was settled then: with the amendments of that time, the parties and the service as they stood.
fn terms_of(agreement: &ServiceLevelAgreement, before: &StatementSpec) -> AgreementSpec {
    let mut terms = agreement.spec.clone();
    // Days of this form are ordered as texts.
    terms.amendments.retain(|amendment| amendment.effective <= before.amendment);
    terms.parties.clone_from(&before.parties);
    terms.service.name.clone_from(&before.service);
    terms
}
