//! What the leader keeps in memory of each agreement: the ledger of the period being measured, and the status as last
//! written.
//!
//! Both are read back from the API server when an agreement is first seen, by quorum reads. From then on this process
//! is their only writer, so its own memory is newer than any watch cache.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt;

use super::conclude::Ending;
use super::context::Context;
use super::error::Error;
use super::late::{self, ClosedInDoubt};
use super::load::EarlierLoad;
use super::past::Past;
use super::room::Room;
use super::terms::Resolved;
use super::window::Archive;
use crate::api::ServiceLevelAgreement;
use crate::api::agreement_status::AgreementStatus;
use crate::api::ledger::LedgerSpec;
use crate::evaluate::amendment::terms_at;
use crate::evaluate::assessment::Assessment;
use crate::evaluate::enforcement_log::EnforcementLog;
use crate::evaluate::ledger::Ledger;
use crate::evaluate::period::{Bounds, Schedule};
use crate::evaluate::stored_ledger::{self, StoredLedgerError};
use crate::evaluate::window::Window;
use crate::evaluate::{series, statement};
use crate::sense::account;
use crate::sense::signals::Signals;

/// The ledger of one period and what is known of its stored form.
#[derive(Clone, Debug)]
pub struct OpenLedger {
    /// The slots.
    pub ledger: Ledger,
    /// What was found and done in the period.
    pub log: EnforcementLog,
    /// The name of its object.
    pub name: String,
    /// The resource version of the stored form; `None`: not stored yet.
    pub resource_version: Option<String>,
    /// When this process took it up: from then on its missing slots could be read.
    pub taken_up: Timestamp,
    /// Slots that ended before this instant are not looked at again.
    pub looked_again: Timestamp,
    /// When it was stored, or taken up.
    pub stored_at: Timestamp,
    /// Whether it was never stored by this process: the first time has a moment of its own.
    pub first: bool,
    /// Whether it changed since it was stored.
    pub dirty: bool,
    /// Whether it is stored as closed: then it never changes again, here or there.
    pub closed: bool,
    /// Whether the stored form is what is remembered here.
    pub certainty: Certainty,
    /// What is left of its object.
    pub room: Room,
}

/// What is known of a ledger's stored form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// It is as this process read or wrote it.
    Known,
    /// A write of it was not answered, or met a version this process did not know: it is read again before anything else
    /// is done with it.
    Doubtful,
}

/// What keeps an agreement that is deleted until its account is closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keeping {
    /// Nothing that this process knows of.
    #[default]
    Nothing,
    /// The finalizer.
    Finalizer,
}

/// One agreement's memory.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// The ledger of the period being measured. `None`: not taken up yet, or the agreement is not in force.
    pub open: Option<OpenLedger>,
    /// How the period before stood at its end, if this process closed it.
    pub closing: Option<Arc<Assessment>>,
    /// The load at the end of the period before, if this process closed it, or began soon after it.
    pub earlier_load: Option<EarlierLoad>,
    /// The end of the account, while the agreement is being deleted.
    pub ending: Option<Ending>,
    /// What keeps the agreement, once it is deleted, until its account is closed.
    pub keeping: Keeping,
    /// The status as last written.
    pub status: AgreementStatus,
    /// Whether `status` is what is stored. Otherwise it is read back before anything else.
    pub loaded: bool,
    /// Whether the workload was looked at since this process took the agreement up.
    pub looked: bool,
    /// The terms as last worked out.
    pub terms: Option<Resolved>,
    /// The statements that stand for the closed periods. `None`: not read, since nothing rests on them so far.
    pub past: Option<Past>,
    /// The period before, if it was closed with slots that are to be looked at again.
    pub in_doubt: Option<ClosedInDoubt>,
    /// Whether it was found out if there is such a period, since this process took the agreement up.
    pub recalled: bool,
    /// The endangered objective by pod as it was at an instant before the last rollout.
    pub before_rollout: Option<(Timestamp, Signals)>,
    /// What the closed periods were last compared with: exclusions, amendments and statements as they stood.
    pub restated: Option<u64>,
    /// The ledgers that trailing days look back on.
    pub archive: Archive,
}

/// All books.
#[derive(Debug, Default)]
pub struct Books {
    books: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Book>>>>,
}

impl Books {
    /// The book of the agreement with this uid, made when there is none.
    #[must_use]
    pub fn book(&self, uid: &str) -> Arc<tokio::sync::Mutex<Book>> {
        let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(books.entry(uid.to_owned()).or_default())
    }

    /// Forgets an agreement.
    pub fn forget(&self, uid: &str) {
        self.books.lock().unwrap_or_else(PoisonError::into_inner).remove(uid);
    }

    /// The uids of all agreements with a book.
    #[must_use]
    pub fn uids(&self) -> Vec<String> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }
}

impl Book {
    /// Reads the status back, unless it is known.
    ///
    /// # Errors
    /// When the API server does not answer.
    pub async fn load(&mut self, context: &Context, agreement: &ServiceLevelAgreement) -> Result<(), Error> {
        if !self.loaded {
            let (namespace, name) = (agreement.namespace().unwrap_or_default(), agreement.name_any());
            let fresh = account::agreement(&context.client, &namespace, &name).await?;
            let fresh = fresh.filter(|f| f.uid() == agreement.uid());
            self.status = fresh.and_then(|f| f.status).unwrap_or_default();
            self.loaded = true;
        }
        Ok(())
    }

    /// Opens the ledger of the period to be measured at `now`, if the agreement is in force and none is open, and reads
    /// an open one again whose stored form is in doubt: what it had beyond that is measured again.
    ///
    /// That is the period the status names, unless its statement was issued: then the one after it. So nothing that
    /// ended while nobody looked is left out, however long that was. An account begins with the period in which somebody
    /// first asked for it; that of an agreement which was over by then, with its past. An amendment that splits the
    /// period closes it earlier: what was measured beyond that is measured again by the new terms.
    ///
    /// # Errors
    /// When the API server does not answer, or a stored ledger cannot be read.
    pub async fn open(
        &mut self,
        context: &Context,
        agreement: &ServiceLevelAgreement,
        schedule: &Schedule,
        now: Timestamp,
    ) -> Result<(), Error> {
        let bounds = match &self.open {
            Some(open) if open.certainty == Certainty::Known => None,
            Some(open) => Some(open.ledger.bounds()),
            None => self.next_period(schedule, now),
        };
        if let Some(bounds) = bounds {
            self.open = Some(take_up(context, agreement, bounds, now).await?);
        }
        if let Some(open) = self.open.as_mut().filter(|open| !open.closed)
            && let Some(cut) = schedule.cut_within(&open.ledger.bounds())
        {
            open.ledger = open.ledger.until(cut).map_err(|e| Error::Account(e.to_string()))?;
            open.dirty = true;
        }
        Ok(())
    }

    /// What is judged at the end of the open period; `None`: the period itself, or none is open.
    ///
    /// # Errors
    /// When the API server does not answer.
    pub async fn look_back(
        &mut self,
        context: &Context,
        agreement: &ServiceLevelAgreement,
        schedule: &Schedule,
    ) -> Result<Option<Window>, Error> {
        let Some(period) = self.open.as_ref().map(|open| open.ledger.bounds()) else {
            self.archive = Archive::default();
            return Ok(None);
        };
        self.archive.keep_for(schedule, &period);
        let judged = schedule.judged(&period);
        self.archive.window(context, agreement, schedule, self.past.as_ref(), (&period, judged)).await
    }

    /// What decisions rest on in place of `assessment`, while no slot of its period is due: the end of the period before.
    /// Nobody goes blind because an account begins anew.
    #[must_use]
    pub fn before_the_first_slot(&self, assessment: &Assessment) -> Option<Arc<Assessment>> {
        let begun = assessment.objectives.iter().any(|objective| objective.coverage.is_some());
        let before = self.closing.as_ref().filter(|closing| closing.period_end == assessment.period_start);
        before.filter(|_| !begun).cloned()
    }

    fn next_period(&self, schedule: &Schedule, now: Timestamp) -> Option<Bounds> {
        let Some(known) = &self.status.period else {
            return schedule.taken_up(now);
        };
        // By the bounds it was measured under: a validity that was extended or cut since moves only what follows.
        let known = Bounds { start: known.start.0, end: known.end.0 };
        let issued = self.status.statements.iter().any(|s| s.period_start.0 == known.start);
        let bounds = if issued { schedule.containing(known.end)? } else { known };
        (bounds.start <= now).then_some(bounds)
    }
}

/// The stored ledger of a period, or an empty one.
async fn take_up(
    context: &Context,
    agreement: &ServiceLevelAgreement,
    bounds: Bounds,
    now: Timestamp,
) -> Result<OpenLedger, Error> {
    let namespace = agreement.namespace().unwrap_or_default();
    let mut name = statement::ledger_name(&agreement.name_any(), bounds.start);
    let terms = terms_at(&agreement.spec, bounds.start).map_err(|e| Error::Account(e.to_string()))?;
    let series: Vec<String> = terms.objectives.iter().flat_map(series::names).collect();
    let mut stored = account::ledger(&context.client, &namespace, &name).await?;
    let uid = agreement.uid().unwrap_or_default();
    if stored.as_ref().is_some_and(|stored| stored.spec.closed && stored.spec.agreement.uid != uid) {
        // That is the evidence of an agreement of the same name, which was deleted while this period ran.
        name = statement::own_ledger_name(&agreement.name_any(), &uid, bounds.start);
        stored = account::ledger(&context.client, &namespace, &name).await?;
    }
    let (ledger, log, resource_version, closed, room) = match stored {
        // A ledger of an earlier agreement of the same name is another account: it is replaced.
        Some(stored) if stored.spec.agreement.uid == uid => {
            let (ledger, room) = resumed(&stored.spec, &series, context.ledger_bytes)
                .map_err(|e| Error::BrokenLedger { name: name.clone(), reason: e.to_string() })?;
            (ledger, EnforcementLog::of(&stored.spec), stored.resource_version(), stored.spec.closed, room)
        }
        other => {
            let empty = Ledger::new(bounds, agreement.spec.metrics.slot.seconds(), series.iter().map(String::as_str))
                .map_err(|e| Error::Account(e.to_string()))?;
            (empty, EnforcementLog::default(), other.and_then(|o| o.resource_version()), false, Room::default())
        }
    };
    Ok(OpenLedger {
        ledger,
        log,
        name,
        resource_version,
        taken_up: now,
        looked_again: late::first_look(context, bounds.start, now),
        stored_at: now,
        first: true,
        dirty: false,
        closed,
        certainty: Certainty::Known,
        room,
    })
}

/// A stored ledger as it is gone on with, and the room in its object. `series`: what the agreement asks.
///
/// # Errors
/// It is no ledger.
pub(super) fn resumed(
    stored: &LedgerSpec,
    series: &[String],
    most: usize,
) -> Result<(Ledger, Room), StoredLedgerError> {
    let mut ledger = stored_ledger::from_spec(stored)?;
    ledger.add_objectives(series.iter().map(String::as_str))?;
    Ok((ledger, Room::after(stored, most)))
}
