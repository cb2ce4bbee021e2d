//! Guarantor's law in the place of an autoscaler.

use super::{Order, Policy};
use crate::decide::law::{Law, Sample, Settings, Wanted, Warm};
use crate::simulate::load::{Load, number};
use crate::simulate::view::{Scrape, View};

/// Seconds of which a metrics store is asked one rate.
const REMEMBERED: usize = 300;

/// The law, fed by scrapes.
#[derive(Debug)]
pub struct Guarantor {
    law: Law,
    seen: f64,
    course: Vec<(f64, Wanted)>,
}

impl Guarantor {
    /// A law that knows nothing yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { law: Law::new(settings), seen: f64::NEG_INFINITY, course: Vec::new() }
    }

    /// Tells it of the load before the run, which ends as the run begins: its mean in every five minutes.
    #[must_use]
    pub fn knowing(mut self, before: &Load) -> Self {
        let all = number(before.seconds());
        let (mut from, each) = (0, REMEMBERED);
        while from + each <= before.seconds() {
            let middle = number(from) + number(each) / 2.0;
            self.law.remember(middle - all, before.part(from, from + each).mean());
            from += each;
        }
        self
    }

    /// What the law wanted at each decision, and why.
    #[must_use]
    pub fn course(&self) -> &[(f64, Wanted)] {
        &self.course
    }
}

impl Policy for Guarantor {
    fn name(&self) -> String {
        "law".to_owned()
    }

    fn decide(&mut self, view: &View<'_>) -> Order {
        for seconds in view.starts {
            self.law.started(*seconds);
        }
        for scrape in view.scrapes.iter().filter(|scrape| scrape.at > self.seen) {
            self.law.observe(sample(scrape));
        }
        self.seen = view.scrapes.back().map_or(self.seen, |scrape| scrape.at);
        let wanted = self.law.want(view.now, view.replicas);
        self.course.push((view.now, wanted));
        match wanted {
            Wanted::Hold(_) => Order::default(),
            Wanted::Pods(pods, _) => Order::replicas(pods),
        }
    }
}

/// A scrape as the law takes it.
#[must_use]
pub fn sample(scrape: &Scrape) -> Sample {
    let count = |count: u64| usize::try_from(count).map_or(f64::MAX, number);
    Sample {
        at: scrape.at,
        answered: count(scrape.requests),
        errors: count(scrape.errors),
        in_flight: number(scrape.in_flight),
        cpu_seconds: scrape.cpu_seconds,
        // The last one has no bound: it is all.
        buckets: scrape.buckets.iter().take(scrape.buckets.len().saturating_sub(1)).map(|c| count(*c)).collect(),
        ready: f64::from(scrape.ready),
        // The plant's pods are as fast at first as later.
        warm: Warm {
            pods: f64::from(scrape.ready),
            served: count(scrape.requests.saturating_sub(scrape.errors)),
            cpu_seconds: scrape.cpu_seconds,
        },
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
