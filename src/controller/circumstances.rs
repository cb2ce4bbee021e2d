//! What the account of a period rests on beside its ledger, as it is known in the cluster: what is excluded, what earlier
//! periods granted and missed, and what customers noticed.

use k8s_openapi::jiff::Timestamp;

use super::claims::Claims;
use super::error::Error;
use super::exclusions::Declared;
use super::past::Past;
use crate::api::AgreementSpec;
use crate::evaluate::assess::Circumstances;
use crate::evaluate::period::{Bounds, Schedule};

/// What people declared and claimed, and the schedule it is judged by.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) schedule: &'a Schedule,
    pub(super) declared: &'a Declared,
    pub(super) claims: &'a Claims,
}

impl Known<'_> {
    /// The circumstances of a period, and of the time that is judged at its end, by the terms it is settled by.
    ///
    /// # Errors
    /// The agreement's rules cannot be worked with.
    pub(super) fn circumstances(
        &self,
        terms: &AgreementSpec,
        period: Bounds,
        judged: Bounds,
        past: Option<&Past>,
        now: Timestamp,
    ) -> Result<Circumstances, Error> {
        Ok(Circumstances {
            exclusions: self.declared.in_time(terms, period, judged, now)?,
            period: Some(period),
            facts: past.map(|past| past.facts(terms, self.schedule, period.start)).unwrap_or_default(),
            incidents: self.claims.incidents(now),
            ..Circumstances::default()
        })
    }
}
