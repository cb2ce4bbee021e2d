//! The statements of one period, revision by revision, as the operator would have issued them while more became known.
//!
//! A period is settled at its end. Later it is settled again where other exclusions count, or where what earlier periods
//! granted or missed by now gives another credit.

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use super::account::{Case, invalid};
use super::fault::Fault;
use super::grants;
use crate::api::credits::Credits;
use crate::api::ledger::LedgerSpec;
use crate::api::settlement::GrantMode;
use crate::api::statement::StatementSpec;
use crate::evaluate::amendment::terms_at;
use crate::evaluate::assess::Circumstances;
use crate::evaluate::credit::Facts;
use crate::evaluate::enforcement_log::EnforcementLog;
use crate::evaluate::exclusion::{self, Exclusions};
use crate::evaluate::history::{History, Legacy};
use crate::evaluate::ledger::Ledger;
use crate::evaluate::period::Bounds;
use crate::evaluate::restatement::{Superseded, same_outcome};
use crate::evaluate::statement::{self, Closing, StatementError};
use crate::evaluate::stored_ledger;
use crate::evaluate::window::Window;

/// A period and what was issued for it so far.
pub(super) struct Kept {
    /// The period.
    pub period: Bounds,
    /// When its last slot is over, and it is settled.
    pub closed: Timestamp,
    /// What was issued, the first one first.
    pub revisions: Vec<StatementSpec>,
    /// What was excluded by the one that stands.
    pub exclusions: Option<Exclusions>,
    /// The whole period it is a part of.
    whole: Bounds,
    /// The contract's year.
    year: i64,
    /// What was owed by the terms of the period.
    credits: Option<Credits>,
    /// What was turned over, delivered and chosen.
    reported: Facts,
    /// When its credit was granted on a claim, where the file tells it.
    granted_at: Option<Timestamp>,
    /// What the one that stands rests on.
    facts: Facts,
    /// The slots, as they are stored.
    pub ledger: LedgerSpec,
    /// What is judged at its end; `None`: the period itself.
    pub window: Option<Window>,
}

impl Kept {
    /// A period with its slots, of which nothing was issued yet.
    pub(super) fn new(
        case: &Case<'_>,
        (period, whole): (Bounds, Bounds),
        year: i64,
        (ledger, window): (&Ledger, Option<Window>),
        reported: Facts,
    ) -> Result<Self, Fault> {
        let credits = terms_at(case.spec, ledger.bounds().start).map_err(invalid)?.credits.clone();
        Ok(Self {
            period,
            closed: ledger.settles_at(SignedDuration::ZERO),
            revisions: Vec::new(),
            exclusions: None,
            whole,
            year,
            credits,
            reported,
            granted_at: grants::granted_at(case.measurements, case.spec, period)?,
            facts: Facts::default(),
            ledger: stored_ledger::to_spec(ledger, case.identity(), &EnforcementLog::default(), true),
            window,
        })
    }

    /// Settles the period by what is known at `as_of`, after all periods before it, unless that changes nothing; and
    /// enters what it leaves behind.
    pub(super) fn settle(&mut self, case: &Case<'_>, as_of: Timestamp, history: &mut History) -> Result<(), Fault> {
        let judged = self.window.as_ref().map_or(self.period, |window| window.judged);
        let exclusions =
            exclusion::resolve_over(case.spec, self.period, judged, case.requests, as_of).map_err(invalid)?;
        let facts = Facts {
            volume: self.reported.volume.clone(),
            deliveries: self.reported.deliveries.clone(),
            chosen: self.reported.chosen.clone(),
            ..history.facts(self.credits.as_ref(), self.year, self.whole.start)
        };
        let counts = self.exclusions.as_ref().is_none_or(|before| before.honoured != exclusions.honoured);
        if counts || self.facts != facts {
            let circumstances = Circumstances {
                exclusions,
                period: Some(self.period),
                whole_period: Some(self.whole),
                facts,
                incidents: super::incidents::over(case.measurements).into_iter().map(|(_, i)| i).collect(),
                last: None,
                determined_at: self.revisions.last().map(|_| as_of),
            };
            let made = self.statement(case, &circumstances, as_of)?;
            let standing = self.revisions.last().map(|standing| standing.credits.as_ref());
            if counts || standing.is_none_or(|standing| !same_outcome(standing, made.credits.as_ref())) {
                self.exclusions = Some(circumstances.exclusions);
                self.facts = circumstances.facts;
                self.revisions.push(made);
            }
        }
        if let Some(standing) = self.revisions.last() {
            let legacy = Legacy::of(standing).map_err(|e| Fault::new("agreement", e.to_string()))?;
            history.enter(self.year, self.whole.start, &legacy);
        }
        Ok(())
    }

    /// Days of service that the statement that stands adds to the term: those that are granted, and those of which nobody
    /// said so.
    pub(super) fn added_days(&self, mode: GrantMode) -> (i64, i64) {
        let days = self.revisions.last().and_then(|standing| standing.credits.as_ref()).map_or(0, |c| c.service_days);
        if mode == GrantMode::Automatic || self.granted_at.is_some() { (days, 0) } else { (0, days) }
    }

    fn statement(
        &self,
        case: &Case<'_>,
        circumstances: &Circumstances,
        as_of: Timestamp,
    ) -> Result<StatementSpec, Fault> {
        let superseded = self.revisions.last();
        let is_granted = self.granted_at.is_some_and(|at| at <= as_of);
        let revision = superseded.map_or(1, |s| s.revision.saturating_add(1));
        let start = self.ledger.period_start.0;
        let name = superseded.map(|s| statement::name(case.name, start, s.revision));
        let closing = Closing {
            spec: case.spec,
            generation: case.generation,
            revision,
            ledger_name: &statement::ledger_name(case.name, start),
            ledger: &self.ledger,
            window: self.window.as_ref(),
            circumstances,
            supersedes: name.as_deref().zip(superseded).map(|(name, standing)| {
                let made = Superseded::new(name, standing, case.spec.settlement.grant);
                if is_granted { Superseded { granted: standing.credits.as_ref(), ..made } } else { made }
            }),
            queries: &case.origin.queries,
            source_name: &case.origin.name,
            source_url: &case.origin.url,
            increase: case.origin.increase,
        };
        let made = statement::statement(&closing, self.closed, SignedDuration::ZERO);
        made.map_err(|error| match error {
            StatementError::Spec(fault) => invalid(fault),
            other => Fault::new("agreement", other.to_string()),
        })
    }
}
