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
use crate::api::{AgreementSpec, ServiceLevelAgreement, ServiceLevelStatement};
use crate::evaluate::amendment::terms_through;
use crate::evaluate::claim::Claimed;
use crate::evaluate::credit::{Facts, stated};
use crate::evaluate::credit_balance::Issue;
use crate::evaluate::credit_course;
use crate::evaluate::credit_life::{Course, CreditEvent};
use crate::evaluate::exclusion::lines;
use crate::evaluate::history::{History, Legacy, contract_year};
use crate::evaluate::owed::Owed;
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
    /// How its credit is paid. `None`: nobody agreed on it.
    pub payable: Option<Payable>,
    /// It and those it took the place of, by their revisions.
    issued: BTreeMap<i32, Issued>,
}

/// A statement of a period, as far as the life of the period's credit goes.
#[derive(Clone, Debug)]
struct Issued {
    /// What its credit has to go through. `None`: the agreement grants none.
    course: Option<Course>,
    /// What it comes to.
    owed: Owed,
    /// Since when it stands: it was determined and issued by then. What nobody had seen nobody paid or rejected.
    known: Timestamp,
}

impl Issued {
    fn of(statement: &StatementSpec, issued: Timestamp, spec: &AgreementSpec) -> Result<Self, Error> {
        let course = credit_course::of_statement(statement, spec.settlement.grant).map_err(|e| fault(&e))?;
        let owed = statement.credits.as_ref().map(Owed::of).transpose().map_err(|e| fault(&e))?.unwrap_or_default();
        let determined = course.as_ref().and_then(|course| course.determined_at);
        Ok(Self { course, owed, known: determined.map_or(issued, |determined| determined.max(issued)) })
    }
}

fn fault(error: &dyn std::fmt::Display) -> Error {
    Error::Account(format!("an earlier statement: {error}"))
}

impl Standing {
    fn of(statement: &StatementSpec, spec: &AgreementSpec, issued: BTreeMap<i32, Issued>) -> Result<Self, Error> {
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
            payable: Payable::of(&terms).map_err(|e| fault(&e))?,
            issued,
        })
    }

    /// As claims on the credit of its period see it.
    pub fn claimed(&self, period_start: Timestamp) -> Claimed<'_> {
        Claimed { restated: None, ..self.claimed_since(period_start, None) }
    }

    fn claimed_since(&self, period_start: Timestamp, restated: Option<Timestamp>) -> Claimed<'_> {
        Claimed { period_start, names: &self.names, restated }
    }

    /// What its credit has to go through. `None`: the agreement grants none.
    pub fn course(&self) -> Option<&Course> {
        self.issued.values().next_back()?.course.as_ref()
    }

    /// The credit of its period, statement by statement, with what happened to each by these claims. Empty: the agreement
    /// grants none.
    pub fn issues(&self, period_start: Timestamp, events: impl Fn(&Claimed<'_>) -> Vec<CreditEvent>) -> Vec<Issue<'_>> {
        if self.course().is_none() {
            return Vec::new();
        }
        let mut found: Vec<Issue<'_>> = Vec::new();
        for issued in self.issued.values() {
            let Some(course) = &issued.course else { continue };
            let restated = Some(issued.known).filter(|_| !found.is_empty());
            let events = events(&self.claimed_since(period_start, restated));
            found.push(Issue { course, owed: &issued.owed, known: issued.known, events });
        }
        found
    }
}

/// The statements that stand, by the beginning of their periods.
#[derive(Clone, Debug, Default)]
pub struct Past(BTreeMap<Timestamp, Standing>);

impl Past {
    /// Enters a statement of an agreement with this spec; of one period the latest revision stands. `now`: when it was issued,
    /// where the API server did not say so yet.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn enter(&mut self, object: &ServiceLevelStatement, spec: &AgreementSpec, now: Timestamp) -> Result<(), Error> {
        let issued_at = object.creation_timestamp().map_or(now, |at| at.0);
        let statement = &object.spec;
        let start = statement.period.start.0;
        let mut issued = self.0.get(&start).map(|known| known.issued.clone()).unwrap_or_default();
        issued.insert(statement.revision, Issued::of(statement, issued_at, spec)?);
        match self.0.get_mut(&start).filter(|known| statement.revision < known.revision) {
            Some(known) => known.issued = issued,
            None => {
                self.0.insert(start, Standing::of(statement, spec, issued)?);
            }
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
        past.enter(&statement, &agreement.spec, context.clock.now())?;
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
