//! Trailing days: the ledgers of several periods, judged together at the end of the last one.
//!
//! One ledger is kept for each period, and closed with it. Where an agreement looks back on the days before, what is
//! judged is put together from the ledger of the period itself and those of the periods before it
//! ([`Ledger::reaching_back`]). A ledger that is missing leaves its time unknown, which is never good.

use std::borrow::Cow;
use std::sync::Arc;

use crate::api::diagnosis_record::DiagnosisRecord;
use crate::api::ledger::LedgerSpec;
use crate::api::statement::EarlierLedger;

use super::ledger::{Ledger, LedgerError};
use super::period::Bounds;
use super::stored_ledger::{self, StoredLedgerError};

/// The closed ledger of an earlier period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// The name of its object.
    pub name: String,
    /// Its digest, by [`stored_ledger::digest`].
    pub digest: String,
    /// Its slots.
    pub ledger: Ledger,
    /// The causes that were found in it.
    pub diagnoses: Vec<DiagnosisRecord>,
}

impl Earlier {
    /// A ledger as it is stored under this name.
    ///
    /// # Errors
    /// It can not be read.
    pub fn of(name: &str, stored: &LedgerSpec) -> Result<Self, StoredLedgerError> {
        Ok(Self {
            name: name.to_owned(),
            digest: stored_ledger::digest(&stored.objectives),
            ledger: stored_ledger::from_spec(stored)?,
            diagnoses: stored.diagnoses.clone(),
        })
    }

    /// As a statement names it.
    #[must_use]
    pub fn named(&self) -> EarlierLedger {
        EarlierLedger { name: self.name.clone(), digest: self.digest.clone() }
    }
}

/// The time that is judged at the end of a period, where that is not the period itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// From its first day to the end of the period.
    pub judged: Bounds,
    /// What is left of the ledgers that reach into it, in the order of time, without that of the period.
    pub earlier: Vec<Arc<Earlier>>,
}

/// The causes that were found in the time that is judged, oldest first, those of the period itself last.
#[must_use]
pub fn diagnoses(own: &[DiagnosisRecord], window: Option<&Window>) -> Vec<DiagnosisRecord> {
    let earlier = window.iter().flat_map(|window| &window.earlier).flat_map(|earlier| &earlier.diagnoses);
    let mut found: Vec<DiagnosisRecord> = Vec::new();
    for record in earlier.chain(own) {
        // What was found in one period and still told in the next stands in both ledgers; the later one knows its end.
        found.retain(|known| {
            (&known.named.since, known.named.cause, &known.named.suspects)
                != (&record.named.since, record.named.cause, &record.named.suspects)
        });
        found.push(record.clone());
    }
    found
}

/// The slots that are judged: those of the period's `own` ledger, or of the window that ends with it.
///
/// # Errors
/// The window has too many slots.
pub fn judged<'a>(own: &'a Ledger, window: Option<&Window>) -> Result<Cow<'a, Ledger>, LedgerError> {
    let Some(Window { judged, earlier }) = window else { return Ok(Cow::Borrowed(own)) };
    let earlier: Vec<&Ledger> = earlier.iter().map(|earlier| &earlier.ledger).collect();
    own.reaching_back(judged.start, &earlier).map(Cow::Owned)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
