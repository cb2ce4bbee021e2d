//! What the requests of a service and its CPU time came to, sample by sample, and why that is not known where it is not.
//!
//! Plain data, for estimates: whole millionths rather than exact fractions. What it means for the number of pods is for
//! `decide` to say.

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use super::observation::Failure;
use super::workload::Kin;
use crate::api::objective::LatencyIndicator;

/// The distance of two steps at which counters are read: the most usual scrape interval. What was not scraped anew since
/// the step before is no sample.
pub const STEP: SignedDuration = SignedDuration::from_secs(15);
/// The distance of two rates of days past.
pub const RATE_STEP: SignedDuration = SignedDuration::from_mins(5);

/// A number in millionths.
pub type Millionths = i64;

/// The counters at one step. What is counted is counted from the beginning of the course, for all pods together; what a
/// pod counted while its counters fell, or got or lost a series, is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterSample {
    /// The step.
    pub at: Timestamp,
    /// Requests answered, errors included.
    pub answered: Millionths,
    /// Errors among them.
    pub errors: Millionths,
    /// Core-seconds used.
    pub cpu_seconds: Millionths,
    /// Requests answered within each bound of the course.
    pub buckets: Vec<Millionths>,
    /// Requests in flight just then.
    pub in_flight: Millionths,
    /// Pods whose counters were there just then.
    pub pods: u32,
    /// The part of those that are warm.
    pub warm: Warm,
}

/// What pods did that have served for a while. One that has just begun burns CPU beside its first requests, so that what
/// those cost is not told by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Warm {
    /// How many of the pods they are.
    pub pods: u32,
    /// Requests they answered without an error.
    pub served: Millionths,
    /// Core-seconds they used.
    pub cpu_seconds: Millionths,
}

/// The samples of a while.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Course {
    /// The finite bounds of the histogram in seconds, rising.
    pub bounds: Vec<Millionths>,
    /// The samples, oldest first. Steps without a new sample are left out.
    pub samples: Vec<CounterSample>,
}

/// The outcome of asking for counters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Counters {
    /// The samples.
    Read(Course),
    /// The store has no samples of one of the metrics: which.
    Empty(&'static str),
    /// No series names its pod.
    NotByPod(String),
    /// The store warned that its answer may be incomplete.
    Partial(String),
    /// No usable answer.
    Failed(Failure),
}

impl Counters {
    /// Why there are no samples, in words; nothing when there are.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        Some(match self {
            Self::Read(_) => return None,
            Self::Empty(which) => format!("the store has no samples of {which}"),
            Self::NotByPod(why) => why.clone(),
            Self::Partial(why) => format!("the store's answer may be incomplete: {why}"),
            Self::Failed(failure) => failure.message.clone(),
        })
    }
}

/// What to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterAsk {
    /// The histogram of the requests.
    pub latency: LatencyIndicator,
    /// The expression that counts the errors among them: the sum of one counter.
    pub errors: Option<String>,
    /// The counter of the CPU seconds.
    pub cpu: String,
    /// The gauge of the requests in flight.
    pub in_flight: Option<String>,
    /// Which pods count; where requests are counted in front of the pods, their CPU time alone.
    pub kin: Kin,
    /// The labels, with their values, that every selected series must carry.
    pub tenancy: Vec<(String, String)>,
    /// The first step. It counts nothing, the others count from it.
    pub from: Timestamp,
    /// The last step.
    pub to: Timestamp,
}
