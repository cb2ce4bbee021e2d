//! What the account of a period rests on beside its ledger, as it is known in the cluster: what is excluded, what earlier
//! periods granted and missed, and what customers noticed and chose.

use k8s_openapi::jiff::Timestamp;

use super::claims::Claims;
use super::error::Error;
use super::exclusions::Declared;
use super::past::Past;
use crate::api::AgreementSpec;
use crate::evaluate::assess::Circumstances;
use crate::evaluate::credit::Facts;
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
            facts: self.facts(terms, past, period.start, now),
            incidents: self.claims.incidents(now),
            ..Circumstances::default()
        })
    }

    /// What a period rests on beside its measurements: what earlier ones left behind, and what the customer chose. A choice
    /// that its statement rests on stands.
    pub(super) fn facts(
        &self,
        terms: &AgreementSpec,
        past: Option<&Past>,
        period_start: Timestamp,
        now: Timestamp,
    ) -> Facts {
        let before = past.map(|past| past.facts(terms, self.schedule, period_start)).unwrap_or_default();
        let standing = past.and_then(|past| past.standing(period_start));
        let settled = standing.and_then(|standing| standing.facts.chosen.clone());
        let choice = || self.claims.chosen(terms, period_start, standing, now).map(|choice| choice.name.to_owned());
        Facts { chosen: settled.or_else(choice), ..before }
    }
}
