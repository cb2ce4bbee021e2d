//! The answer for programs.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde::Serialize;

use super::inputs::Inputs;
use super::player::{DeedReport, FindingReport};
use crate::api::credit_status::CreditStatus;
use crate::api::enforcement_status::Verb;
use crate::simulate::run::Outcome;
use crate::simulate::score::Score;

/// What was tried, and how each way of scaling came out.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The agreement and the objective.
    pub agreement: String,
    /// The objective that was tried.
    pub objective: String,
    /// The share of requests promised, in percent.
    pub target_percent: String,
    /// A request is good when it took no longer.
    pub threshold: String,
    /// Fewest and most replicas.
    pub min_replicas: u32,
    /// See `min_replicas`.
    pub max_replicas: u32,
    /// What the answer rests on.
    pub inputs: Inputs,
    /// From when on the terms are in force that were tried, where the agreement is amended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terms_since: Option<Time>,
    /// The load.
    pub trace: TraceReport,
    /// What went wrong, in the order asked for.
    pub faults: Vec<FaultReport>,
    /// The other objectives of the agreement, by which nothing is judged here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_judged: Vec<String>,
    /// What of the agreement's credits is not reckoned: those of these objectives, and rewards.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_reckoned: Vec<String>,
    /// Fields of the agreement that the operator of a run follows, and the simulated service does not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_played: Vec<&'static str>,
    /// What the operator would have to know before it does all that the agreement allows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub needs_more: Vec<&'static str>,
    /// The zone that decides when a period begins.
    pub time_zone: String,
    /// What the figures of `policies[].owed` are.
    pub owed_is: String,
    /// One for each way of scaling, in the order asked for.
    pub policies: Vec<PolicyReport>,
}

/// The load.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TraceReport {
    /// When what is judged begins, where the load says when it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begins: Option<Time>,
    /// The length of its part that is the past of the rest.
    pub history_seconds: usize,
    /// The length of what is judged.
    pub seconds: usize,
    /// Requests per second.
    pub mean_rate: f64,
    /// The same in the highest second.
    pub highest_rate: f64,
}

/// A fault.
#[derive(Clone, Debug, Serialize)]
pub struct FaultReport {
    /// When it begins, in seconds since the beginning of what is judged.
    pub at: f64,
    /// As it was asked for.
    pub fault: String,
}

/// How often a verb was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VerbReport {
    /// Which.
    pub verb: Verb,
    /// How often.
    pub times: usize,
}

/// A way of scaling, all seeds together.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyReport {
    /// Its name with its setting.
    pub policy: String,
    /// Requests that are good by the objective that is tried: answered within the promised latency.
    pub good: u64,
    /// All requests.
    pub total: u64,
    /// Those that failed or got no answer. An error in time is good by an objective on latency.
    pub failed: u64,
    /// The attainment in percent, cut at six places; empty without any request.
    pub attainment_percent: String,
    /// The same as an exact fraction.
    pub attainment_ratio: String,
    /// Whether every objective that is judged was kept in every period; left out without any request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<bool>,
    /// Minutes in which fewer requests than promised were good, in the mean of the seeds.
    pub bad_minutes: f64,
    /// Minutes with requests, in the mean of the seeds.
    pub minutes: f64,
    /// Pods over the time of a run, starting and draining ones included, in the mean of the seeds.
    pub mean_pods: f64,
    /// The most replicas that were asked for.
    pub most_pods: u32,
    /// Pod-hours of a run, in the mean of the seeds.
    pub pod_hours: f64,
    /// What would be owed for all periods, in a few words; left out where the agreement grants no credits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owed: Option<String>,
    /// Each period by itself.
    pub periods: Vec<PeriodReport>,
    /// The faults, by their place in `faults`, that found nothing to strike: their pod or node was gone, in how many of the runs.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub struck_nothing: BTreeMap<usize, usize>,
    /// Who plays is the operator: only then are there `verbs`, `deeds` and `findings`.
    pub acts: bool,
    /// What the operator did, all runs together, in the order in which each was done first.
    pub verbs: Vec<VerbReport>,
    /// Each run by itself.
    pub runs: Vec<RunReport>,
}

/// A settlement period, all seeds together.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PeriodReport {
    /// Its first instant.
    pub start: Time,
    /// The first one after it.
    pub end: Time,
    /// Whether all of it was played. Otherwise it is settled as if all had gone like what was.
    pub whole: bool,
    /// Each objective that is judged.
    pub objectives: Vec<ObjectiveReport>,
    /// Whether all of them were kept; left out without any request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<bool>,
    /// What would be owed, in a few words; left out where the agreement grants no credits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owed: Option<String>,
    /// The same as a statement has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credits: Option<CreditStatus>,
}

/// An objective in a settlement period, all seeds together.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectiveReport {
    /// Its name.
    pub name: String,
    /// As in [`PolicyReport`], of this objective and the requests that the period is judged by.
    pub good: u64,
    /// See `good`.
    pub total: u64,
    /// See `good`.
    pub attainment_percent: String,
    /// See `good`.
    pub attainment_ratio: String,
    /// Whether the target was met; left out without any request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<bool>,
}

/// One run.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunReport {
    /// Its seed.
    pub seed: u64,
    /// As in [`PolicyReport`], of this run.
    pub good: u64,
    /// See `good`.
    pub total: u64,
    /// See `good`.
    pub failed: u64,
    /// See `good`.
    pub bad_minutes: u32,
    /// See `good`.
    pub minutes: u32,
    /// See `good`.
    pub mean_pods: f64,
    /// See `good`.
    pub most_pods: u32,
    /// See `good`.
    pub pod_hours: f64,
    /// What the operator did, in order.
    pub deeds: Vec<DeedReport>,
    /// What the operator found at its looks at a danger, in order.
    pub findings: Vec<FindingReport>,
}

impl RunReport {
    /// What came of a run, of which nobody did anything but scale.
    #[must_use]
    pub fn new(seed: u64, outcome: &Outcome, score: &Score) -> Self {
        Self {
            seed,
            good: score.requests.saturating_sub(score.bad),
            total: score.requests,
            failed: score.failed,
            bad_minutes: score.bad_minutes,
            minutes: score.minutes,
            mean_pods: score.mean_pods,
            most_pods: outcome.replicas.iter().map(|(_, replicas)| *replicas).max().unwrap_or_default(),
            pod_hours: score.pod_hours,
            deeds: Vec::new(),
            findings: Vec::new(),
        }
    }
}

/// How often each verb was done in these runs, in the order in which each was done first.
#[must_use]
pub fn verbs(runs: &[RunReport]) -> Vec<VerbReport> {
    let mut verbs: Vec<VerbReport> = Vec::new();
    for deed in runs.iter().flat_map(|run| &run.deeds) {
        match verbs.iter_mut().find(|known| known.verb == deed.verb) {
            Some(known) => known.times += 1,
            None => verbs.push(VerbReport { verb: deed.verb, times: 1 }),
        }
    }
    verbs
}
