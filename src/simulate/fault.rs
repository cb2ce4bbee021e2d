//! What goes wrong in a run, and when.

pub mod kind;

/// Seconds the load balancer keeps the pods of a node that died: the node controller's grace period.
pub const NOTICED: f64 = 40.0;
/// Seconds after which the pods of a dead node are replaced: the grace period and the default toleration of 300 s.
pub const EVICTED: f64 = 340.0;

/// One fault. Times are seconds since the beginning of the run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// All pods of a node stop. They stay in the load balancer for [`NOTICED`] and are replaced after [`EVICTED`].
    NodeCrash {
        /// When.
        at: f64,
        /// Which node, from 0.
        node: u32,
    },
    /// A node becomes slow, until somebody moves its pods.
    GrayNode {
        /// When.
        at: f64,
        /// Which node, from 0.
        node: u32,
        /// Its speed, 1 is normal.
        speed: f64,
    },
    /// One pod becomes slow, until it goes.
    SlowPod {
        /// When.
        at: f64,
        /// Which pod, by its id: those of the beginning have the lowest.
        pod: u32,
        /// Its speed, 1 is normal.
        speed: f64,
    },
    /// The container of a pod stops, and starts again as a new pod does.
    PodCrash {
        /// When.
        at: f64,
        /// Which pod, by its id.
        pod: u32,
    },
    /// Every request waits for another service when its own work is done.
    SlowDependency {
        /// When.
        at: f64,
        /// Seconds for which each waits.
        wait: f64,
        /// Seconds until the other service is well again.
        lasts: f64,
    },
    /// A new revision that answers some requests with errors is rolled out, as a Deployment does it.
    BadRevision {
        /// When the rollout begins.
        at: f64,
        /// Share of errors of the new revision.
        errors: f64,
        /// Seconds until a human rolls it back.
        lasts: f64,
    },
    /// A new revision that is as good as the one before is rolled out: no fault, and to be taken for none.
    Rollout {
        /// When it begins.
        at: f64,
    },
    /// Nothing is scraped.
    ScrapeGap {
        /// When.
        at: f64,
        /// Seconds without scrapes.
        lasts: f64,
    },
    /// Every request takes more (or less) work from now on.
    ServiceTime {
        /// When.
        at: f64,
        /// Times as much as before.
        factor: f64,
    },
}

impl Fault {
    /// When it begins.
    #[must_use]
    pub fn at(&self) -> f64 {
        match *self {
            Self::NodeCrash { at, .. }
            | Self::GrayNode { at, .. }
            | Self::SlowPod { at, .. }
            | Self::PodCrash { at, .. }
            | Self::SlowDependency { at, .. }
            | Self::BadRevision { at, .. }
            | Self::Rollout { at }
            | Self::ScrapeGap { at, .. }
            | Self::ServiceTime { at, .. } => at,
        }
    }
}
