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
#[allow(clippy::indexing_slicing)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::simulate::deployment::Deployment;
    use crate::simulate::view::Scrape;

    /// What is decided at `now` on so many replicas, where so many requests had come by each of these instants.
    fn decided(keda: &mut Keda, now: f64, replicas: u32, counted: &[(f64, u64)]) -> Option<u32> {
        let scrape = |(at, requests): &(f64, u64)| Scrape {
            at: *at,
            requests: *requests,
            errors: 0,
            in_flight: 0,
            cpu_seconds: 0.0,
            buckets: Vec::new(),
            ready: replicas,
            by_pod: Vec::new(),
        };
        let (scrapes, concurrency): (VecDeque<Scrape>, _) = (counted.iter().map(scrape).collect(), VecDeque::new());
        let deployment = Deployment::default();
        let (pods, nodes_lost, starts) = ([], [], []);
        keda.decide(&View {
            now,
            replicas,
            pods: &pods,
            deployment: &deployment,
            nodes_lost: &nodes_lost,
            scrapes: &scrapes,
            starts: &starts,
            concurrency: &concurrency,
        })
        .replicas
    }

    /// `rate(...[1m])` is that of the samples within the minute, and of one sample nothing.
    #[test]
    fn the_rate_is_that_of_the_last_minute() {
        let counted = [(0.0, 0), (45.0, 90_000), (75.0, 93_000), (105.0, 96_000)];
        let decided = |counted: &[(f64, u64)]| decided(&mut Keda::new(10.0, ""), 105.0, 5, counted);
        // 6000 requests in the 60 s from 45 s on are 100 a second.
        assert_eq!(decided(&counted), Some(10));
        assert_eq!(decided(&counted[3..]), None);
    }

    /// The documentation: from zero it is KEDA that activates, and back after `cooldownPeriod`, five minutes, without events.
    #[test]
    fn it_goes_to_nothing_after_the_cooldown_and_comes_back_by_one() {
        let mut keda = Keda::new(10.0, "");
        let quiet = |now: f64| [(now - 30.0, 600), (now, 600)];
        for (now, expected) in [(100.0, 1), (395.0, 1), (400.0, 0)] {
            assert_eq!(decided(&mut keda, now, 1, &quiet(now)), Some(expected), "at {now}");
        }
        assert_eq!(decided(&mut keda, 415.0, 0, &quiet(415.0)), None);
        assert_eq!(decided(&mut keda, 430.0, 0, &[(400.0, 600), (430.0, 900)]), Some(1));
        // What came between begins the five minutes anew.
        assert_eq!(decided(&mut keda, 445.0, 1, &[(415.0, 600), (445.0, 900)]), Some(1));
        assert_eq!(decided(&mut keda, 460.0, 1, &quiet(460.0)), Some(1));
        assert_eq!(decided(&mut keda, 759.0, 1, &quiet(759.0)), Some(1));
        assert_eq!(decided(&mut keda, 760.0, 1, &quiet(760.0)), Some(0));
    }

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
