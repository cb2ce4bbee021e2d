//! The operator's own metrics. Labels are bounded: fixed words, source names, and the identity of agreements, whose
//! series go when the agreement goes.

use std::collections::HashSet;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use num_traits::ToPrimitive;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::evaluate::assessment::Assessment;

/// Every metric of the operator. Cheap to clone: clones share the figures.
#[derive(Clone, Debug)]
pub struct Metrics {
    reconciles: Family<Outcome, Counter>,
    reconcile_duration: Histogram,
    loop_lag: Histogram,
    requests: Family<Source, Counter>,
    lone_queries: Family<Source, Counter>,
    readings: Family<ReadingLabels, Counter>,
    read_lag: Family<Source, Gauge<f64, AtomicU64>>,
    pulses: Family<PulseLabels, Counter>,
    writes: Family<WriteLabels, Counter>,
    actions: Family<ActionLabels, Counter>,
    attainment: Family<ObjectiveLabels, Gauge<f64, AtomicU64>>,
    budget: Family<ObjectiveLabels, Gauge<f64, AtomicU64>>,
    leader: Gauge,
    /// The objectives that have series now.
    shown: Arc<Mutex<HashSet<ObjectiveLabels>>>,
}

/// How a reconcile ended: `Ok` or the category of its error.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

/// A metrics source.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Source {
    source: String,
}

/// What became of a slot that was read.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReadingLabels {
    source: String,
    state: &'static str,
}

/// A look at the last minute of an objective.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PulseLabels {
    source: String,
    said: Pulse,
}

/// What a look at the last minute of an objective said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
pub enum Pulse {
    /// It proves an outage.
    Outage,
    /// It proves none.
    Calm,
    /// Nothing: there was no answer, no sample, or too few events.
    Unknown,
}

/// A write to the API server, by what was written.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WriteLabels {
    what: Written,
}

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
pub enum Written {
    /// An agreement's or a source's status.
    Status,
    /// A ledger.
    Ledger,
    /// A statement.
    Statement,
    /// A finalizer.
    Finalizer,
}

/// An action, by verb and what the API server said.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ActionLabels {
    verb: String,
    phase: String,
}

/// One objective of one agreement.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ObjectiveLabels {
    namespace: String,
    agreement: String,
    objective: String,
}

impl Metrics {
    /// Makes the metrics and enters them in `registry` under `guarantor_`.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            reconciles: Family::default(),
            reconcile_duration: Histogram::new(exponential_buckets(0.001, 2.0, 14)),
            loop_lag: Histogram::new(exponential_buckets(0.01, 2.0, 16)),
            requests: Family::default(),
            lone_queries: Family::default(),
            readings: Family::default(),
            read_lag: Family::default(),
            pulses: Family::default(),
            writes: Family::default(),
            actions: Family::default(),
            attainment: Family::default(),
            budget: Family::default(),
            leader: Gauge::default(),
            shown: Arc::default(),
        };
        let registry = registry.sub_registry_with_prefix("guarantor");
        registry.register("reconciles", "Reconciles by outcome", metrics.reconciles.clone());
        registry.register_with_unit(
            "reconcile_duration",
            "How long reconciles took",
            Unit::Seconds,
            metrics.reconcile_duration.clone(),
        );
        registry.register_with_unit(
            "loop_lag",
            "How long readings waited for the reconcile of their agreement",
            Unit::Seconds,
            metrics.loop_lag.clone(),
        );
        registry.register("store_requests", "Requests sent to a metrics source", metrics.requests.clone());
        registry.register(
            "lone_queries",
            "Expressions that could not be joined with others",
            metrics.lone_queries.clone(),
        );
        registry.register("slot_readings", "Slots read, by what became of them", metrics.readings.clone());
        registry.register_with_unit(
            "read_lag",
            "How far behind its due time the last round of reading was",
            Unit::Seconds,
            metrics.read_lag.clone(),
        );
        registry.register(
            "pulses",
            "Looks at the last minute of an objective, by what they said",
            metrics.pulses.clone(),
        );
        registry.register("writes", "Writes to Guarantor's own resources", metrics.writes.clone());
        registry.register("actions", "Actions on workloads", metrics.actions.clone());
        registry.register(
            "objective_attainment_ratio",
            "Attained so far in the running period",
            metrics.attainment.clone(),
        );
        registry.register(
            "objective_budget_remaining_ratio",
            "Error budget left of the running period",
            metrics.budget.clone(),
        );
        registry.register("leader", "1 while this replica is the leader", metrics.leader.clone());
        metrics
    }

    /// Counts a finished reconcile. `outcome` is `Ok` or an error's category.
    pub fn reconciled(&self, outcome: &'static str, seconds: f64) {
        self.reconciles.get_or_create(&Outcome { outcome }).inc();
        self.reconcile_duration.observe(seconds);
    }

    /// Counts readings that waited so long for the reconcile of their agreement.
    pub fn waited(&self, time: Duration) {
        self.loop_lag.observe(time.as_secs_f64());
    }

    /// Counts one round of reading from a source.
    pub fn read(&self, source: &str, requests: u64, lone: u64, lag_seconds: f64) {
        let labels = Source { source: source.to_owned() };
        self.requests.get_or_create(&labels).inc_by(requests);
        self.lone_queries.get_or_create(&labels).inc_by(lone);
        self.read_lag.get_or_create(&labels).set(lag_seconds);
    }

    /// Counts requests to a source that read no slots.
    pub fn asked(&self, source: &str, requests: u64) {
        self.requests.get_or_create(&Source { source: source.to_owned() }).inc_by(requests);
    }

    /// Counts so many looks at the last minute of an objective.
    pub fn pulse(&self, source: &str, said: Pulse, looks: usize) {
        self.pulses.get_or_create(&PulseLabels { source: source.to_owned(), said }).inc_by(looks as u64);
    }

    /// Counts a slot that was entered in a ledger.
    pub fn slot(&self, source: &str, state: &'static str) {
        self.readings.get_or_create(&ReadingLabels { source: source.to_owned(), state }).inc();
    }

    /// Counts a write to one of Guarantor's own resources.
    pub fn wrote(&self, what: Written) {
        self.writes.get_or_create(&WriteLabels { what }).inc();
    }

    /// Counts an action on a workload.
    pub fn acted(&self, verb: String, phase: String) {
        self.actions.get_or_create(&ActionLabels { verb, phase }).inc();
    }

    /// Shows the account of an agreement.
    pub fn assessed(&self, namespace: &str, agreement: &str, assessment: &Assessment) {
        for objective in &assessment.objectives {
            let labels = ObjectiveLabels {
                namespace: namespace.to_owned(),
                agreement: agreement.to_owned(),
                objective: objective.name.clone(),
            };
            self.shown.lock().unwrap_or_else(PoisonError::into_inner).insert(labels.clone());
            for (family, value) in
                [(&self.attainment, &objective.attainment), (&self.budget, &objective.budget_remaining)]
            {
                match value.as_ref().and_then(ToPrimitive::to_f64) {
                    Some(figure) => {
                        family.get_or_create(&labels).set(figure);
                    }
                    // Nothing known is no series, not a zero.
                    None => {
                        family.remove(&labels);
                    }
                }
            }
        }
    }

    /// Takes away the series of every agreement that is not among these (namespace and name).
    pub fn retain(&self, present: &HashSet<(String, String)>) {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).retain(|labels| {
            let kept = present.contains(&(labels.namespace.clone(), labels.agreement.clone()));
            if !kept {
                self.attainment.remove(labels);
                self.budget.remove(labels);
            }
            kept
        });
    }

    /// Shows whether this replica leads.
    pub fn leads(&self, leader: bool) {
        self.leader.set(i64::from(leader));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
