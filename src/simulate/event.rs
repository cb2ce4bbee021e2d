//! What happens at an instant of virtual time, in order.
//!
//! Instants are whole microseconds, so that the order is total and a run repeats to the byte; events of one instant keep
//! the order in which they were planned.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Microseconds since the beginning of the run.
pub type Instant = u64;

/// Something that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// A pod has started.
    Ready {
        /// Which.
        pod: u32,
    },
    /// A pod that has started is as fast as it gets.
    Warm {
        /// Which.
        pod: u32,
    },
    /// A fault begins.
    Fault {
        /// Its place in the list.
        index: usize,
    },
    /// A fault ends by itself, or by a human hand.
    Healed {
        /// Its place in the list.
        index: usize,
    },
    /// A crashed node's pods leave the load balancer.
    Forgotten {
        /// The node.
        node: u32,
    },
    /// The dead pods of a node are replaced.
    Evicted {
        /// The node.
        node: u32,
    },
    /// The concurrency of the second that ends here is noted.
    Second,
    /// The pods' CPU is noted, as the metrics server does.
    PodMetrics,
    /// The counters are scraped.
    Scrape,
    /// The policy is asked.
    Decide,
    /// The policy looks around between two decisions.
    Watch,
}

/// The events to come.
#[derive(Debug, Default)]
pub struct Agenda {
    heap: BinaryHeap<Reverse<(Instant, u64, Event)>>,
    planned: u64,
}

impl Agenda {
    /// Plans an event.
    pub fn plan(&mut self, at: Instant, event: Event) {
        self.planned += 1;
        self.heap.push(Reverse((at, self.planned, event)));
    }

    /// When the next event is.
    #[must_use]
    pub fn next_at(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, ..))| *at)
    }

    /// The same in seconds; never, if nothing is planned.
    #[must_use]
    pub fn next_seconds(&self) -> f64 {
        self.next_at().map_or(f64::INFINITY, seconds)
    }

    /// Takes the next event.
    pub fn pop(&mut self) -> Option<(Instant, Event)> {
        self.heap.pop().map(|Reverse((at, _, event))| (at, event))
    }
}

/// Seconds as an instant; what is negative is now, what is too far never comes.
#[must_use]
pub fn instant(seconds: f64) -> Instant {
    let micros = (seconds * 1e6).round().max(0.0);
    // The cast saturates.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let instant = micros as u64;
    instant
}

/// An instant in seconds.
#[must_use]
#[allow(clippy::cast_precision_loss)]
pub fn seconds(instant: Instant) -> f64 {
    // Exact for runs of up to 285 years.
    instant as f64 / 1e6
}

#[cfg(test)]
#[allow(clippy::float_cmp)]
mod tests {
    use super::*;

    #[test]
    fn events_come_in_order_of_time_then_of_planning() {
        let mut agenda = Agenda::default();
        agenda.plan(instant(2.0), Event::Decide);
        agenda.plan(instant(1.0), Event::Scrape);
        agenda.plan(instant(1.0), Event::Decide);
        assert_eq!(agenda.next_at(), Some(1_000_000));
        let order: Vec<_> = std::iter::from_fn(|| agenda.pop()).collect();
        assert_eq!(order, [(1_000_000, Event::Scrape), (1_000_000, Event::Decide), (2_000_000, Event::Decide)]);
    }

    #[test]
    fn instants_round_to_microseconds() {
        assert_eq!(instant(1.234_567_8), 1_234_568);
        assert_eq!(instant(-1.0), 0);
        assert!((seconds(instant(12.5)) - 12.5).abs() < 1e-12);
    }
}
