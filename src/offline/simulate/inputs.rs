//! What an answer rests on, so that anybody can come to the same one.

use k8s_openapi::jiff::SignedDuration;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::promised::Promised;
use crate::evaluate::canonical_json::canonical;
use crate::evaluate::stored_ledger::hex;
use crate::offline::trouble::Trouble;
use crate::record::form::figure::counted;
use crate::record::form::legible::legible;
use crate::runtime::cli::simulate::SimulateArgs;
use crate::simulate::load::Load;
use crate::simulate::plant::Balancing;
use crate::simulate::run::Scenario;
use crate::simulate::trace::{Column, Holes, Measure};

/// What was played, besides the faults.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Inputs {
    /// The version of this program.
    pub version: &'static str,
    /// SHA-256 of the terms that were tried, as canonical JSON.
    pub terms: String,
    /// SHA-256 of the load: its requests per second, second by second, each as its shortest decimal and a line feed; what is
    /// known and not played first.
    pub load: String,
    /// The column of the trace, where it has columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// What its rows were taken for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column_says: Option<&'static str>,
    /// The store that the load comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prometheus: Option<String>,
    /// What it was asked, unless that is what the agreement's histogram counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// Steps of which nothing is said, of all, where there are any; the load beside them fills them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holes: Option<String>,
    /// What an average request takes in an idle pod.
    pub service_time: String,
    /// Until a new pod is ready, on average.
    pub start: String,
    /// How requests are spread over the pods.
    pub balancer: &'static str,
    /// Between two scrapes.
    pub scrape: String,
    /// Pods at the beginning, unless the policy says so itself.
    pub pods: u32,
}

/// What an answer by these flags rests on.
///
/// # Errors
/// The terms cannot be written as canonical JSON.
pub(super) fn inputs(
    promised: &Promised,
    scenario: &Scenario,
    remembered: &Load,
    arguments: &SimulateArgs,
    (column, holes): (Option<&Column>, Holes),
) -> Result<Inputs, Trouble> {
    let unreadable = |e: &dyn std::fmt::Display| Trouble::Unreadable(e.to_string());
    let terms = serde_json::to_value(&promised.terms).map_err(|e| unreadable(&e))?;
    let terms = canonical(&terms).map_err(|e| unreadable(&e))?;
    let mut load = Sha256::new();
    for rate in remembered.rates().iter().chain(scenario.load.rates()) {
        load.update(format!("{rate}\n"));
    }
    let length = |seconds: f64| SignedDuration::try_from_secs_f64(seconds).map(|length| format!("{length:#}"));
    let length = |seconds: f64| length(seconds).map_err(|e| unreadable(&e));
    let plant = &scenario.plant;
    Ok(Inputs {
        version: env!("CARGO_PKG_VERSION"),
        terms: hex(&Sha256::digest(terms)),
        load: hex(&load.finalize()),
        column: column.map(|column| column.name.clone()),
        column_says: column.map(|column| match column.says {
            Measure::Counts => "requests until the next row",
            Measure::Rates => "requests per second",
        }),
        prometheus: arguments.prometheus.clone(),
        query: arguments.query.clone(),
        holes: (holes.steps > 0).then(|| holes.told()),
        service_time: length(plant.service_time)?,
        start: length(plant.start)?,
        balancer: match plant.balancing {
            Balancing::Random => "random",
            Balancing::PowerOfTwoChoices => "power-of-two",
            Balancing::RoundRobin => "round-robin",
        },
        scrape: length(scenario.scrape)?,
        pods: scenario.replicas,
    })
}

impl Inputs {
    /// How the load was read, in words. `None`: it has neither columns nor holes.
    #[must_use]
    pub fn trace(&self) -> Option<String> {
        let read = self.column.as_ref().zip(self.column_says);
        let read = read.map(|(name, says)| format!("column {} is taken for {says}", legible(name)));
        let holes =
            self.holes.as_ref().map(|holes| format!("nothing is said of {holes}, which the load beside them fills"));
        let told: Vec<_> = read.into_iter().chain(holes).collect();
        (!told.is_empty()).then(|| format!("Load: {}.", told.join("; ")))
    }

    /// The service that was played, in words.
    #[must_use]
    pub fn service(&self) -> String {
        let Self { service_time, start, balancer, scrape, pods, .. } = self;
        let pods = counted(usize::try_from(*pods).unwrap_or(usize::MAX), "pod", "pods");
        format!(
            "Service: {service_time} of work a request, {start} until a pod is ready, {balancer} balancer, scraped every \
             {scrape}; {pods} at first, unless a policy says how many"
        )
    }
}
