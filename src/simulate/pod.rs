//! One pod: where it is, what became of it, what it does.

use super::queue::Queue;

/// What became of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Created, not ready yet.
    Starting,
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
    /// When it became ready.
    pub ready_since: Option<f64>,
    /// What became of it.
    pub phase: Phase,
    /// Whether it runs a revision that was rolled out and is bad.
    pub bad_revision: bool,
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
}
