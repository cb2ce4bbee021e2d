//! The statements that stand for an agreement's closed periods, as far as later periods and the lives of credits rest on
//! them.
//!
//! Read with one bounded list when they are first asked for, and kept from then on: this process is the only one that
//! issues statements. Where no cap reaches beyond a period, no right grows from misses in a row, nothing is claimed and
//! nothing has to be, no time is agreed for paying, no days are added to the term, and no trailing days are judged, they are not read at all.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt;

use super::book::Book;
use super::claims::Claims;
use super::context::Context;
use super::error::Error;
use crate::api::amendment::AmendmentRule;
use crate::api::settlement::GrantMode;
use crate::api::statement::{EarlierLedger, StatementSpec};
use crate::api::{AgreementSpec, ServiceLevelAgreement};
use crate::evaluate::amendment::terms_through;
use crate::evaluate::claim::Claimed;
use crate::evaluate::credit::{Facts, stated};
use crate::evaluate::credit_course;
use crate::evaluate::credit_life::Course;
use crate::evaluate::exclusion::lines;
use crate::evaluate::history::{History, Legacy, contract_year};
use crate::evaluate::payment::Payable;
use crate::evaluate::period::{Bounds, Schedule};
use crate::evaluate::statement;
use crate::evaluate::term;
use crate::sense::account;

/// The statement that stands for a period.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Its name, after those it took the place of.
    pub names: Vec<String>,
    /// Its revision.
    pub revision: i32,
    /// What it leaves behind.
    pub legacy: Legacy,
    /// What was excluded from it, by [`lines::mark_of`].
    pub excluded: String,
    /// The exclusions that counted.
    pub exclusions: BTreeSet<String>,
    /// What it rests on.
    pub facts: Facts,
    /// Its ledger.
    pub ledger: EarlierLedger,
    /// The ledgers of earlier periods that it looks back on.
    pub looks_back_on: Vec<EarlierLedger>,
    /// What its credit has to go through. `None`: the agreement grants none.
    pub course: Option<Course>,
    /// What is to be paid for its credit. `None`: nothing, or nobody agreed when.
    pub payable: Option<Payable>,
}

impl Standing {
    fn of(statement: &StatementSpec, spec: &AgreementSpec) -> Result<Self, Error> {
        let fault = |e: &dyn std::fmt::Display| Error::Account(format!("an earlier statement: {e}"));
        let start = statement.period.start.0;
        let names = (1..=statement.revision).map(|r| statement::name(&statement.agreement.name, start, r));
        let terms = terms_through(spec, &statement.amendment).map_err(|e| fault(&e))?;
        let facts = statement.credits.as_ref().map(|credits| stated(&credits.facts, &terms)).transpose();
        Ok(Self {
            names: names.collect(),
            revision: statement.revision,
            legacy: Legacy::of(statement).map_err(|e| fault(&e))?,
            excluded: lines::mark_of(statement),
            exclusions: statement.exclusions.iter().filter(|e| e.honoured).map(|e| e.name.clone()).collect(),
            facts: facts.map_err(|e| fault(&e))?.unwrap_or_default(),
            ledger: EarlierLedger {
                name: statement.evidence.ledger.clone(),
                digest: statement.evidence.ledger_digest.clone(),
            },
            looks_back_on: statement.evidence.earlier.clone(),
            payable: Payable::of(&terms, statement.credits.as_ref()).map_err(|e| fault(&e))?,
            course: credit_course::of_statement(statement, spec.settlement.grant).map_err(|e| fault(&e))?,
        })
    }

    /// As claims on its credit see it.
    pub fn claimed(&self, period_start: Timestamp) -> Claimed<'_> {
        let restated = self.course.as_ref().filter(|_| self.revision > 1).and_then(|course| course.determined_at);
        Claimed { period_start, names: &self.names, restated }
    }
}

/// The statements that stand, by the beginning of their periods.
#[derive(Clone, Debug, Default)]
pub struct Past(BTreeMap<Timestamp, Standing>);

impl Past {
    /// Enters a statement of an agreement with this spec; of one period the latest revision stands.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn enter(&mut self, statement: &StatementSpec, spec: &AgreementSpec) -> Result<(), Error> {
        let standing = Standing::of(statement, spec)?;
        let known = self.0.get(&statement.period.start.0);
        if known.is_none_or(|known| known.revision <= standing.revision) {
            self.0.insert(statement.period.start.0, standing);
        }
        Ok(())
    }

    /// The one that stands for the period that begins then.
    pub fn standing(&self, period_start: Timestamp) -> Option<&Standing> {
        self.0.get(&period_start)
    }

    /// All that stand, the oldest first.
    pub fn all(&self) -> impl Iterator<Item = (Timestamp, &Standing)> {
        self.0.iter().map(|(start, standing)| (*start, standing))
    }

    /// The statements that stand for the periods that are judged with this one, in order.
    pub fn looked_back_on(&self, schedule: &Schedule, period: &Bounds) -> impl Iterator<Item = &Standing> {
        schedule.looked_back_on(period).into_iter().filter_map(|earlier| self.standing(earlier.start))
    }

    /// What a period that begins then rests on, by the terms it is settled by.
    pub fn facts(&self, terms: &AgreementSpec, schedule: &Schedule, period_start: Timestamp) -> Facts {
        let mut history = History::default();
        for (start, standing) in self.0.range(..period_start) {
            history.enter(contract_year(schedule, *start), whole(schedule, *start), &standing.legacy);
        }
        history.facts(terms.credits.as_ref(), contract_year(schedule, period_start), whole(schedule, period_start))
    }
}

/// Reads the past back, if anything rests on it and it is not known.
///
/// # Errors
/// When the API server does not answer, or a statement cannot be read.
pub(super) async fn recall(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    book: &mut Book,
    claims: &Claims,
) -> Result<(), Error> {
    if !(matters(&agreement.spec) || claims.concern_credits()) {
        return Ok(());
    }
    read(agreement, context, book).await
}

/// Reads the past back, if it is not known.
///
/// # Errors
/// As for [`recall`].
pub(super) async fn read(agreement: &ServiceLevelAgreement, context: &Context, book: &mut Book) -> Result<(), Error> {
    if book.past.is_some() {
        return Ok(());
    }
    let (namespace, uid) = (agreement.namespace().unwrap_or_default(), agreement.uid().unwrap_or_default());
    let mut past = Past::default();
    for statement in account::statements(&context.client, &namespace, &uid).await? {
        past.enter(&statement.spec, &agreement.spec)?;
    }
    book.past = Some(past);
    Ok(())
}

/// When the whole period begins that a part of it begins in.
fn whole(schedule: &Schedule, start: Timestamp) -> Timestamp {
    schedule.whole(start).map_or(start, |whole| whole.start)
}

/// Whether later periods or the lives of credits rest on earlier statements, by these terms or by any of their amendments.
fn matters(spec: &AgreementSpec) -> bool {
    let amended = spec.amendments.iter().filter_map(|amendment| amendment.credits.as_ref());
    let mut all = spec.credits.iter().chain(amended);
    let in_parts = spec.amendment_rule == Some(AmendmentRule::Split) && !spec.amendments.is_empty();
    let settlement = &spec.settlement;
    let on_past = in_parts || settlement.grant == GrantMode::OnClaim || settlement.payment.is_some();
    spec.period.trailing.is_some()
        || on_past && spec.credits.is_some()
        || all.any(|table| History::matters(Some(table)) || term::extends(table))
}
