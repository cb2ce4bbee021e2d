//! What the pods of a service did within the last minutes, pod by pod, and why that is not known where it is not.
//!
//! Plain data: what it means for the cause of a danger is for `decide` to say.

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use num_rational::BigRational;

use super::observation::Failure;
use crate::api::agreement::SlotLength;
use crate::api::objective::Indicator;

/// The shortest window, however short the slots: less holds too few events and too few samples.
pub const SHORTEST_WINDOW: SignedDuration = SignedDuration::from_mins(1);
/// A newest sample older than this tells of another time than the present one.
pub const STALE: SignedDuration = SignedDuration::from_secs(90);

/// The window that is read by pod where slots have this length.
#[must_use]
pub fn window(slot: SlotLength) -> SignedDuration {
    SHORTEST_WINDOW.max(SignedDuration::from_secs(slot.seconds()))
}

/// The events of one pod within the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodEvents {
    /// The value of the label that names pods.
    pub pod: String,
    /// All events.
    pub total: BigRational,
    /// The bad ones.
    pub bad: BigRational,
}

/// The events of a service by pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodVector {
    /// The end of the window: the instant that was asked for.
    pub at: Timestamp,
    /// The window's length.
    pub window: SignedDuration,
    /// The newest sample of any pod.
    pub newest: Timestamp,
    /// By pod, in order of the names. Pods whose figures contradict each other are left out.
    pub pods: Vec<PodEvents>,
    /// Events of series that name no pod, such as what a front door had to refuse.
    pub elsewhere: PodEvents,
}

/// The outcome of asking for the events by pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signals {
    /// Nobody asked: nothing hangs on it, or it would be of no use.
    NotAsked(String),
    /// The events by pod.
    ByPod(Box<PodVector>),
    /// The indicator cannot be told by pod, and why.
    NotByPod(String),
    /// The store has no samples of it in the window.
    Empty,
    /// The newest sample is too old.
    Stale(Timestamp),
    /// The store warned that its answer may be incomplete.
    Partial(String),
    /// No usable answer.
    Failed(Failure),
}

impl Signals {
    /// Why there are no events by pod, in words; nothing when there are.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        Some(match self {
            Self::ByPod(_) => return None,
            Self::NotAsked(why) => why.clone(),
            Self::NotByPod(why) => format!("the indicator cannot be told by pod: {why}"),
            Self::Empty => "the store has no samples of the last minutes by pod".to_owned(),
            Self::Stale(newest) => format!("the newest sample by pod is of {newest}"),
            Self::Partial(why) => format!("the store's answer by pod may be incomplete: {why}"),
            Self::Failed(failure) => format!("the store was asked by pod in vain: {}", failure.message),
        })
    }
}

/// What to ask by pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignalAsk {
    /// What to count.
    pub indicator: Indicator,
    /// The labels, with their values, that every selected series must carry.
    pub tenancy: Vec<(String, String)>,
    /// The end of the window, in whole seconds.
    pub at: Timestamp,
    /// The window's length in seconds, above zero.
    pub window_seconds: u32,
}
