//! A KEDA `ScaledObject` with a Prometheus trigger: the request rate through an HPA with an `AverageValue` target.
//!
//! The HPA part is `GetExternalPerPodMetricReplicas`; from and to zero replicas it is KEDA's own loop.

use super::behavior::Behavior;
use super::{Order, Policy, pods};
use crate::simulate::view::View;

/// `--horizontal-pod-autoscaler-tolerance`.
const TOLERANCE: f64 = 0.1;
/// The range of the usual query `sum(rate(requests[1m]))`, seconds.
const RANGE: f64 = 60.0;
/// Default `cooldownPeriod`: seconds without activity before zero replicas.
const COOLDOWN: f64 = 300.0;

/// A trigger on requests per second and pod.
#[derive(Debug)]
pub struct Keda {
    threshold: f64,
    label: String,
    behavior: Behavior,
    idle_since: Option<f64>,
}

impl Keda {
    /// One replica for each `threshold` requests per second; `label` names the setting in tables.
    #[must_use]
    pub fn new(threshold: f64, label: impl Into<String>) -> Self {
        Self { threshold, label: label.into(), behavior: Behavior::default(), idle_since: None }
    }
}

impl Policy for Keda {
    fn name(&self) -> String {
        format!("KEDA {}", self.label)
    }

    fn decide(&mut self, view: &View<'_>) -> Order {
        let Some(rate) = rate(view) else { return Order::default() };
        if view.replicas == 0 {
            return if rate > 0.0 { Order::replicas(1) } else { Order::default() };
        }
        if rate > 0.0 {
            self.idle_since = None;
        } else if view.now - *self.idle_since.get_or_insert(view.now) >= COOLDOWN {
            return Order::replicas(0);
        }
        let wanted = recommend(rate, self.threshold, view.replicas).max(1);
        Order::replicas(self.behavior.apply(view.now, view.replicas, wanted))
    }
}

/// The replicas for a rate.
#[must_use]
pub fn recommend(rate: f64, threshold: f64, replicas: u32) -> u32 {
    let ratio = rate / (threshold * f64::from(replicas));
    if (1.0 - TOLERANCE..=1.0 + TOLERANCE).contains(&ratio) { replicas } else { pods(rate / threshold) }
}

/// `sum(rate(requests[1m]))`, extrapolated to the whole range only as far as samples cover it. `None`: fewer than two
/// samples, which is no result.
fn rate(view: &View<'_>) -> Option<f64> {
    let newest = view.scrapes.back()?;
    let oldest = view.scrapes.iter().find(|scrape| scrape.at >= view.now - RANGE)?;
    let (seconds, requests) = (newest.at - oldest.at, newest.requests.saturating_sub(oldest.requests));
    let requests = usize::try_from(requests).map_or(f64::MAX, crate::simulate::load::number);
    (seconds > 0.0).then(|| requests / seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// KEDA's documentation and the HPA's: a threshold of 100 with 1,000 requests/s is ten pods; within a tenth nothing
    /// happens.
    #[test]
    fn a_replica_for_each_threshold() {
        for (rate, replicas, expected) in [
            (1000.0, 5, 10),
            (1001.0, 5, 11),
            (540.0, 5, 5),
            (560.0, 5, 6),
            (460.0, 5, 5),
            (440.0, 5, 5),
            (340.0, 5, 4),
        ] {
            assert_eq!(recommend(rate, 100.0, replicas), expected, "{rate} on {replicas}");
        }
    }
}
