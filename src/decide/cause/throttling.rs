//! Whether their CPU limit throttles the pods of a service, told by the periods in which each had something to do.
//!
//! A limit that is too low throttles all pods alike, so most of the ready ones must be throttled; one alone is an outlier.
//! A pod is throttled if it was held back in a quarter of its periods, the share at which the usual alert on throttling
//! (`CPUThrottlingHigh` of the kubernetes-mixin) fires, and beyond chance in more than the twentieth that short bursts cost
//! anyway. Periods are held back one after the other, as requests fail one after the other: see
//! [`comparison`](super::comparison).

use std::collections::BTreeSet;

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use num_rational::BigRational;
use num_traits::ToPrimitive;

use crate::api::resize::Resize;
use crate::decide::held::resized;
use crate::decide::situation::facts::Facts;
use crate::sense::promql::millionths;
use crate::sense::signals::{PodEvents, STALE, Signals};
use crate::sense::workload::{PodObservation, WorkloadObservation};

use super::comparison::{Sample, exceeds};

/// The window in which it is looked at: so long that also a kubelet that is scraped once a minute was read twice.
pub const WINDOW: SignedDuration = SignedDuration::from_mins(2);
/// A pod is throttled from this share of its periods on.
pub const SHARE: f64 = 0.25;
/// So much of throttling is no trouble.
const ANYWAY: f64 = 0.05;
/// Periods a pod must have had: ten seconds of work.
const FEWEST_PERIODS: f64 = 100.0;
/// Ready pods that must be in the reading, in percent.
const COVERED_PERCENT: usize = 80;
/// How old the reading may be.
const AGE: SignedDuration = SignedDuration::from_secs(30);

/// The pods that are throttled, as most are.
#[derive(Clone, Debug, PartialEq)]
pub struct Throttled {
    /// Their names with their periods, the throttled ones as bad; the worst first.
    pub pods: Vec<(String, Sample)>,
    /// How many pods are ready.
    pub ready: usize,
}

impl Throttled {
    /// Reads what was seen by pod. `begun`: the names of pods whose limit was raised for this and is to show whether it
    /// helps; they count among those that are throttled alike.
    ///
    /// # Errors
    /// Why it is not known, or that most pods are not throttled, in words.
    pub fn of(
        workload: &WorkloadObservation,
        signals: &Signals,
        begun: &[&str],
        now: Timestamp,
    ) -> Result<Self, String> {
        let ready = ready(workload);
        let pods = throttled(&ready, signals, now)?;
        let is_begun = |pod: &&&PodObservation| {
            begun.contains(&pod.name.as_str()) && pods.iter().all(|(name, _)| *name != pod.name)
        };
        let alike = pods.len() + ready.iter().filter(is_begun).count();
        if pods.is_empty() || alike.saturating_mul(2) <= ready.len() {
            return Err(format!("their CPU limit throttles {alike} of {} ready pods, which is not most", ready.len()));
        }
        Ok(Self { pods, ready: ready.len() })
    }

    /// The periods of all of them together.
    #[must_use]
    pub fn sum(&self) -> Sample {
        self.pods.iter().fold(Sample::default(), |sum, (_, sample)| sum.and(*sample))
    }
}

/// The pods that are throttled, as most are.
///
/// # Errors
/// As for [`Throttled::of`].
pub fn seen(facts: &Facts<'_>) -> Result<Throttled, String> {
    let begun: Vec<&str> = resized::unjudged(&facts.actions).map(|record| record.target.name.as_str()).collect();
    Throttled::of(facts.workload, facts.situation.throttling, &begun, facts.now())
}

/// The most that a container may be limited to, in thousandths of a core. `None`: it cannot be read.
#[must_use]
pub fn most(allowed: &Resize) -> Option<i64> {
    millionths(allowed.max_cpu.as_str()).map(|cores| cores / 1000).filter(|most| *most > 0)
}

/// The share of the periods in which a pod was held back. `None`: not known.
#[must_use]
pub fn share(signals: &Signals, pod: &str) -> Option<f64> {
    let Signals::ByPod(vector) = signals else { return None };
    vector.pods.iter().find(|events| events.pod == pod).map(|events| sample(events).share())
}

/// The nodes of the throttled pods that may grow: what is left on these has to be known.
#[must_use]
pub fn nodes(workload: &WorkloadObservation, signals: &Signals, allowed: &Resize, now: Timestamp) -> BTreeSet<String> {
    let throttled = throttled(&ready(workload), signals, now).unwrap_or_default();
    let pods = throttled.iter().filter_map(|(name, _)| workload.pods.iter().find(|pod| pod.name == *name));
    let grows = |pod: &&PodObservation| {
        let container = pod.size.container(allowed.container.as_deref());
        let size = container.and_then(|(_, container)| container.size);
        size.is_some_and(|size| most(allowed).is_some_and(|most| size.limit < most))
    };
    pods.filter(grows).filter_map(|pod| pod.node.clone()).collect()
}

fn ready(workload: &WorkloadObservation) -> Vec<&PodObservation> {
    workload.pods.iter().filter(|pod| pod.ready && !pod.terminating).collect()
}

/// The pods among these that are throttled, with their periods; the worst first.
fn throttled(ready: &[&PodObservation], signals: &Signals, now: Timestamp) -> Result<Vec<(String, Sample)>, String> {
    let vector = match signals {
        Signals::ByPod(vector) => vector,
        other => return Err(format!("whether pods are throttled is not known: {}", trouble(other))),
    };
    let age = now.duration_since(vector.at);
    if age > AGE || age < SignedDuration::ZERO || now.duration_since(vector.newest) > STALE {
        return Err(format!("what was read of throttling is of {}, not of just now", vector.newest));
    }
    let events = |pod: &PodObservation| vector.pods.iter().find(|events| events.pod == pod.name);
    let seen: Vec<(String, Sample)> =
        ready.iter().filter_map(|pod| Some((pod.name.clone(), sample(events(pod)?)))).collect();
    if ready.is_empty() || seen.len().saturating_mul(100) < ready.len().saturating_mul(COVERED_PERCENT) {
        return Err(format!(
            "of throttling {} of {} ready pods tell, and {COVERED_PERCENT} % are needed",
            seen.len(),
            ready.len()
        ));
    }
    let mut pods: Vec<(String, Sample)> =
        seen.into_iter().filter(|(_, sample)| is_throttled(*sample, ready.len())).collect();
    pods.sort_by(|(name, a), (other, b)| b.share().total_cmp(&a.share()).then_with(|| name.cmp(other)));
    Ok(pods)
}

fn is_throttled(periods: Sample, pods: usize) -> bool {
    periods.total >= FEWEST_PERIODS && periods.share() >= SHARE && exceeds(periods, ANYWAY, pods)
}

fn trouble(signals: &Signals) -> String {
    signals.trouble().unwrap_or_default()
}

fn sample(events: &PodEvents) -> Sample {
    let float = |exact: &BigRational| exact.to_f64().filter(|number| number.is_finite()).unwrap_or(0.0);
    Sample { total: float(&events.total), bad: float(&events.bad) }
}
