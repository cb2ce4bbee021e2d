//! One pod: where it is, what became of it, what it does.

use super::counters::Counters;
use super::queue::{Departure, Queue};

/// What became of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Created, not ready yet.
    Starting,
    /// Its container stopped and starts again.
    Restarting,
    /// Takes requests.
    Ready,
    /// Its node has stopped; it still counts as a replica.
    Dead,
    /// Takes no more requests and finishes those it has.
    Draining,
}

/// One pod.
#[derive(Clone, Debug)]
pub struct Pod {
    /// Rises with every pod created.
    pub id: u32,
    /// The node it runs on.
    pub node: u32,
    /// When it was created, in seconds.
    pub created: f64,
    /// When it last became ready, or ceased to be.
    pub turned: f64,
    /// What became of it.
    pub phase: Phase,
    /// Everybody takes it for ready. A pod whose node has stopped is so for a while.
    pub ready: bool,
    /// The template it was made from.
    pub template: u32,
    /// What left it.
    pub counters: Counters,
    /// Its requests.
    pub queue: Queue,
    /// Core-seconds when the metrics server last looked.
    pub measured_cpu: Option<f64>,
    /// Cores used over the last window of the metrics server, and when the window ended.
    pub usage: Option<(f64, f64)>,
}

impl Pod {
    /// Whether the workload counts it as one of its replicas.
    #[must_use]
    pub fn is_replica(&self) -> bool {
        self.phase != Phase::Draining
    }

    /// Serves until the instant `until`, telling `left` who departs and the place of the bucket it was counted in.
    pub fn advance(&mut self, until: f64, left: &mut impl FnMut(Departure, Option<usize>)) {
        let counters = &mut self.counters;
        self.queue.advance(until, &mut |gone| {
            let bucket = counters.count(gone);
            left(gone, bucket);
        });
    }

    /// Its container stops: all in flight are lost.
    pub fn kill(&mut self, left: &mut impl FnMut(Departure, Option<usize>)) {
        let counters = &mut self.counters;
        self.queue.kill(&mut |gone| {
            let bucket = counters.count(gone);
            left(gone, bucket);
        });
    }

    /// From now on everybody takes it for ready, or does not.
    pub fn turn(&mut self, ready: bool, now: f64) {
        (self.ready, self.turned) = (ready, now);
    }
}
