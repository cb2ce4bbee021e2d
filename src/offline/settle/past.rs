//! What periods rest on of those before them, read from a store: as far back as a cap or a row of misses reaches.
//!
//! A cap by contract reaches to the beginning of the agreement, one by year to that of its year, and a row of misses to
//! the last period that was kept. Nothing is read beyond the beginning of the agreement, which `spec.validity` tells, and
//! beyond what the store keeps.

use std::collections::BTreeSet;

use k8s_openapi::jiff::{SignedDuration, Timestamp, ToSpan};

use super::account::{self, Case, Ledgers};
use super::fault::Fault;
use super::periods::MOST_PERIODS;
use super::report::PeriodReport;
use super::store::Store;
use crate::api::agreement_status::State;
use crate::api::credits::Credits;
use crate::evaluate::history::contract_year;
use crate::evaluate::period::{Bounds, Schedule, first_instant_of};
use crate::offline::trouble::Trouble;

/// Where the past of an agreement is read.
pub(super) struct Past<'a> {
    /// The agreement, and what it is settled by.
    pub case: &'a Case<'a>,
    /// Its schedule.
    pub schedule: &'a Schedule,
    /// The store.
    pub store: &'a Store<'a>,
}

impl Past<'_> {
    /// The periods before one that begins at `first` that it rests on, in order, and from when on the store keeps what
    /// they would be told from, where it no longer has all of it. What was read for this stays in `read`.
    ///
    /// # Errors
    /// They are too many, or can not be read.
    pub(super) fn before(
        &self,
        first: Timestamp,
        read: &mut Ledgers,
    ) -> Result<(Vec<Bounds>, Option<Timestamp>), Trouble> {
        let mut found: Vec<Bounds> = Vec::new();
        if self.case.spec.validity.is_none() {
            return Ok((found, None));
        }
        let (caps, mut rows) = (self.caps_reach(first), self.rows());
        let kept_from = self.store.kept_from();
        let mut next = first;
        while next > self.schedule.from() && (next > caps || !rows.is_empty()) {
            if next <= kept_from {
                return Ok((found, Some(kept_from)));
            }
            let parts = self.whole_before(next);
            let Some(oldest) = parts.first() else { break };
            if found.len().saturating_add(parts.len()) > MOST_PERIODS {
                let message = format!(
                    "rests on more than {MOST_PERIODS} periods before it, which are more than are read; name an earlier time"
                );
                return Err(Fault::new("--period", message).into());
            }
            next = oldest.start;
            self.store.read(&parts, read)?;
            if !rows.is_empty() {
                let settled = self.settled(&parts, read)?;
                rows.retain(|objective| !ends_row(&settled, objective));
            }
            found.splice(0..0, parts);
        }
        Ok((found, Some(kept_from).filter(|from| next < *from && next < first)))
    }

    /// The parts of the whole period before an instant, in order: several where an amendment splits it.
    fn whole_before(&self, at: Timestamp) -> Vec<Bounds> {
        let before =
            |at: Timestamp| self.schedule.containing(at.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(at));
        let Some(last) = before(at) else { return Vec::new() };
        let whole = self.schedule.whole(last.start).unwrap_or(last);
        let parts = std::iter::successors(Some(last), |part| before(part.start).filter(|p| p.start < part.start));
        let mut parts: Vec<_> = parts.take_while(|part| part.start >= whole.start).take(MOST_PERIODS).collect();
        parts.reverse();
        parts
    }

    /// The parts settled by themselves: how they came out needs no earlier ones.
    fn settled(&self, parts: &[Bounds], read: &Ledgers) -> Result<Vec<PeriodReport>, Fault> {
        let looked_back_on = parts.iter().flat_map(|part| self.schedule.looked_back_on(part));
        let starts = looked_back_on.chain(parts.iter().copied()).map(|period| period.start);
        let own = starts.filter_map(|start| Some((start, read.get(&start)?.clone()))).collect();
        Ok(account::settle(self.case, self.schedule, parts, own)?.periods)
    }

    /// Whatever was owed, by the terms as they were made or as an amendment has them.
    fn credits(&self) -> impl Iterator<Item = &Credits> {
        let amended = self.case.spec.amendments.iter().map(|amendment| amendment.credits.as_ref());
        std::iter::once(self.case.spec.credits.as_ref()).chain(amended).flatten()
    }

    /// From when on what was granted counts for a cap.
    fn caps_reach(&self, first: Timestamp) -> Timestamp {
        if self.credits().any(|credits| credits.cap_per_contract.is_some()) {
            return self.schedule.from();
        }
        if !self.credits().any(|credits| credits.cap_per_year.is_some()) {
            return Timestamp::MAX;
        }
        let zone = self.schedule.zone();
        let begun = self.schedule.from().to_zoned(zone.clone()).date();
        let anniversary = begun.checked_add(contract_year(self.schedule, first).years()).ok();
        anniversary.and_then(|day| first_instant_of(day, zone)).unwrap_or_else(|| self.schedule.from())
    }

    /// The objectives whose misses in a row are counted.
    fn rows(&self) -> BTreeSet<String> {
        let remedies = self.credits().flat_map(|credits| &credits.remedies);
        remedies.filter(|r| r.termination_right.is_some()).map(|r| r.objective.clone()).collect()
    }
}

/// Whether a row of misses ends with a period for good: it was kept, by every revision of its statements.
fn ends_row(parts: &[PeriodReport], objective: &str) -> bool {
    let states = |part: &PeriodReport| -> Vec<State> {
        let all = part.revisions.iter().flat_map(|revision| &revision.objectives);
        all.filter(|o| o.name == objective).map(|o| o.state).collect()
    };
    let kept = |states: &Vec<State>| {
        !states.is_empty() && states.iter().all(|state| matches!(state, State::Fulfilled | State::AtRisk))
    };
    let all: Vec<Vec<State>> = parts.iter().map(states).collect();
    all.iter().any(kept) && !all.iter().flatten().any(|state| *state == State::Violated)
}
