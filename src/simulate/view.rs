//! What a policy sees: what was scraped and what the API server tells, never the state of the plant.

use std::collections::VecDeque;

use super::deployment::Deployment;

/// The counters of the whole service at one scrape.
#[derive(Clone, Debug, PartialEq)]
pub struct Scrape {
    /// When, in seconds.
    pub at: f64,
    /// Requests answered since the beginning, errors included.
    pub requests: u64,
    /// Errors among them.
    pub errors: u64,
    /// Requests in flight.
    pub in_flight: usize,
    /// Core-seconds used since the beginning.
    pub cpu_seconds: f64,
    /// Answers within each bound, cumulative as Prometheus has them; the last one counts all.
    pub buckets: Vec<u64>,
    /// Ready pods.
    pub ready: u32,
    /// The counters of each pod, where the policy looks at them.
    pub by_pod: Vec<PodCounters>,
}

/// The counters of one pod at a scrape.
#[derive(Clone, Debug, PartialEq)]
pub struct PodCounters {
    /// Its id.
    pub pod: u32,
    /// Requests that it answered, or that were lost on it.
    pub requests: u64,
    /// Errors among them.
    pub errors: u64,
    /// Answers within each bound, cumulative.
    pub buckets: Vec<u64>,
    /// Periods in which it had something to do, where it has a CPU limit.
    pub periods: u64,
    /// Those in which its limit held it back.
    pub throttled: u64,
}

/// One pod as the API server and the metrics server tell of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PodView {
    /// Its id, which is its name too.
    pub id: u32,
    /// The node it runs on.
    pub node: u32,
    /// The template it was made from.
    pub template: u32,
    /// When it was created.
    pub created: f64,
    /// Since when it is ready or, if it is not, since when it is not.
    pub turned: f64,
    /// Whether it is ready.
    pub ready: bool,
    /// Cores used over the last window, and when that window ended; none until a window is complete.
    pub usage: Option<(f64, f64)>,
}

/// What is known at the instant of a decision.
#[derive(Debug)]
pub struct View<'a> {
    /// The present time in seconds.
    pub now: f64,
    /// The replicas asked for at present.
    pub replicas: u32,
    /// The pods that are not being deleted.
    pub pods: &'a [PodView],
    /// The workload's Deployment.
    pub deployment: &'a Deployment,
    /// The nodes that are known not to be ready.
    pub nodes_lost: &'a [u32],
    /// The last scrapes, the newest at the end.
    pub scrapes: &'a VecDeque<Scrape>,
    /// Seconds from creation to readiness of the pods that started since the last decision.
    pub starts: &'a [f64],
    /// The mean number of requests in flight in each of the last seconds, the newest at the end.
    pub concurrency: &'a VecDeque<f64>,
}

impl View<'_> {
    /// Ready pods.
    #[must_use]
    pub fn ready(&self) -> u32 {
        u32::try_from(self.pods.iter().filter(|pod| pod.ready).count()).unwrap_or(u32::MAX)
    }
}
