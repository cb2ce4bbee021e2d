//! The whole operator in the place of a policy: what it measures, decides and does, beside an autoscaler or where nothing else
//! scales the workload.
//!
//! ```text
//!   scrapes -> history -> account, pulse, sizing -> look -> decide -> objects -> order
//!                             by pod  --------------^         status, actions --^
//! ```
//!
//! All that is decided is decided by [`decide`](crate::decide::decide), fed with what a store and an API server would tell of
//! the plant, and carried from one look to the next as the controller carries it: the intent is in the status before it is
//! done. It looks in the second in which a slot is due, in which the pulse begins or ends to prove an outage, or for which it said
//! so. The autoscaler beside it sees a floor, and another CPU target, when it decides the next time; what nothing else scales is
//! scaled at once.
//!
//! Not modelled: a store that answers in part, an API server that refuses, pods that are resized, trailing days, and other agreements.

pub mod account;
pub mod clock;
pub mod deed;
pub mod history;
mod look;
pub mod measure;
pub mod objects;
pub mod pulse;
pub mod sizing;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
mod workload;

use k8s_openapi::jiff::Timestamp;
use thiserror::Error;

use crate::api::agreement::AgreementSpec;
use crate::api::enforcement_status::{ActionRecord, EnforcementStatus};
use crate::decide::cause::usage::Usage;
use crate::evaluate::assessment::Assessment;
use crate::evaluate::invalid::InvalidSpec;
use crate::evaluate::ledger::LedgerError;
use crate::sense::signals::Signals;
use crate::simulate::load::Load;
use crate::simulate::policy::{Order, Policy};
use crate::simulate::view::View;

use account::Account;
use deed::{Deed, Finding};
use history::History;
use objects::Objects;
use pulse::Pulse;
use sizing::Sizing;

/// An agreement that cannot be played.
#[derive(Debug, Error)]
pub enum Unfit {
    /// The threshold of an objective is no bound of the plant's histogram.
    #[error("the threshold of objective {0} is no bound of the simulated histogram")]
    Threshold(String),
    /// Something else cannot be worked with.
    #[error(transparent)]
    Invalid(#[from] InvalidSpec),
    /// Its period is too long for its slots.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Where the workload stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// The floor before the operator came; the replicas that are declared, where nothing else scales the workload.
    pub floor: i32,
    /// The autoscaler's upper bound. `None`: nothing else scales the workload.
    pub most: Option<i32>,
    /// CPU request and limit of a pod, in thousandths of a core.
    pub millicores: i64,
    /// How long the pods took to start that are there when a run begins, in seconds.
    pub start: f64,
    /// At which CPU utilisation the autoscaler aims, in percent of what is requested. `None`: at none.
    pub cpu_target: Option<i32>,
}

/// What is known when a run begins.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// So many seconds before the run the period has begun by then, in which all was good.
    pub good_for: u32,
    /// The events a second of that time.
    pub rate: u32,
    /// The bounds of the plant's histogram.
    pub bounds: &'a [f64],
    /// The seconds of the run at which periods end, in order. After the last one no account is kept.
    pub period_ends: &'a [f64],
}

/// Seconds between two looks at the last minute: the default of the operator's flag.
const ROUND: f64 = 15.0;

/// The operator.
pub struct Operator {
    account: Account,
    beside: Box<dyn Policy>,
    objects: Objects,
    history: History,
    pulse: Pulse,
    usage: Usage,
    /// What the load needs, where a floor follows it.
    sizing: Option<Sizing>,
    assessment: Assessment,
    status: EnforcementStatus,
    actions: Vec<ActionRecord>,
    /// Since when the service burns.
    burning_since: Option<Timestamp>,
    /// What was by pod before the last rollout, by when it began.
    before: Option<(Timestamp, Signals)>,
    /// When the next round begins in which it feels the pulse, in seconds.
    next_round: Option<f64>,
    /// When it is to look in any case.
    until: Option<Timestamp>,
    deeds: Vec<Deed>,
    findings: Vec<Finding>,
}

impl Operator {
    /// An operator that keeps an agreement beside an autoscaler.
    ///
    /// # Errors
    /// What of the agreement cannot be played.
    pub fn new(spec: AgreementSpec, beside: Box<dyn Policy>, place: Place, known: &Known<'_>) -> Result<Self, Unfit> {
        let account = Account::new(spec, known)?;
        let assessment = account.assess(clock::at(0.0))?;
        let service = &account.spec().service;
        let workload = service.workloads.first().map_or_else(|| service.name.clone(), |workload| workload.name.clone());
        let sizing = Sizing::of(account.spec(), &assessment, known.bounds, place.millicores);
        Ok(Self {
            account,
            beside,
            objects: Objects::new(workload, place),
            history: History::default(),
            pulse: Pulse::default(),
            usage: Usage::default(),
            sizing,
            assessment,
            status: EnforcementStatus::default(),
            actions: Vec::new(),
            burning_since: None,
            before: None,
            next_round: None,
            until: None,
            deeds: Vec::new(),
            findings: Vec::new(),
        })
    }

    /// Tells it of the load before the run, which ends as the run begins.
    #[must_use]
    pub fn knowing(mut self, before: &Load) -> Self {
        if let Some(sizing) = &mut self.sizing {
            sizing.knows(before);
        }
        self
    }

    /// What it did, in order.
    #[must_use]
    pub fn deeds(&self) -> &[Deed] {
        &self.deeds
    }

    /// What it found at each look at a danger, in order.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What it holds at the end.
    #[must_use]
    pub fn status(&self) -> &EnforcementStatus {
        &self.status
    }
}

impl Policy for Operator {
    fn name(&self) -> String {
        format!("operator + {}", self.beside.name())
    }

    fn wants_seconds(&self) -> bool {
        self.beside.wants_seconds()
    }

    fn wants_pods(&self) -> bool {
        true
    }

    fn rounds(&self) -> Option<f64> {
        Some(ROUND)
    }

    fn period(&self) -> f64 {
        self.beside.period()
    }

    fn decide(&mut self, view: &View<'_>) -> Order {
        if let Some(percent) = self.objects.cpu_target {
            self.beside.aim_at(f64::from(percent) / 100.0);
        }
        let mut order = self.beside.decide(view);
        let floor = self.objects.floor();
        order.replicas = Some(match self.objects.place.most {
            // Also where it cannot tell how many it wants, an autoscaler keeps its floor.
            Some(most) => {
                order.replicas.unwrap_or(view.replicas).max(floor).min(u32::try_from(most).unwrap_or(u32::MAX))
            }
            None => floor,
        });
        order
    }

    fn watch(&mut self, view: &View<'_>) -> Order {
        let mut order = Order::default();
        let now = clock::at(view.now);
        if self.history.take(view.scrapes) {
            self.observe_usage();
        }
        let round = self.next_round.is_none_or(|next| next <= view.now);
        if round {
            self.next_round = Some(view.now + ROUND);
        }
        let due = self.until.is_some_and(|until| until <= now);
        if self.history.is_there(view.now) {
            let read = self.account.read(&self.history, now);
            if read && let Ok(assessment) = self.account.assess(now) {
                self.assessment = assessment;
            }
            let changed = round && self.pulse.feel(&self.account, &self.assessment, &self.history, view.now);
            let asks = self.size(view, now);
            if read || changed || due || asks {
                self.look_on(view, now, &mut order);
            }
        } else if due || round && self.until.is_none() {
            // Nobody wakes it, and it looks all the same.
            if let Ok(assessment) = self.account.assess(now) {
                self.assessment = assessment;
            }
            self.look_on(view, now, &mut order);
        }
        if self.objects.place.most.is_none() && self.objects.floor() != view.replicas {
            order.replicas = Some(self.objects.floor());
        }
        order
    }
}
