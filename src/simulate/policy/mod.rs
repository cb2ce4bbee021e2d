//! Who decides how many pods run: today's autoscalers, two yardsticks, and Guarantor's law.
//!
//! The references are written from the sources and the documentation of what they stand for, with tests on the examples
//! given there, so that nobody is beaten who was not rebuilt faithfully.

pub mod behavior;
pub mod clairvoyant;
pub mod fixed;
pub mod guarantor;
pub mod hpa;
pub mod keda;
pub mod kpa;

use super::view::View;

/// What a policy wants done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// Replicas from now on; `None` leaves them.
    pub replicas: Option<u32>,
    /// The pods that are to be evicted, by their ids.
    pub evict: Vec<u32>,
    /// Nodes, and whether new pods are kept off each from now on.
    pub avoid: Vec<(u32, bool)>,
    /// What is to be done to the rollout.
    pub rollout: Option<Hand>,
}

/// A hand on the rollout of the workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hand {
    /// Nothing is replaced for the present.
    Pause,
    /// The rollout goes on.
    Resume,
    /// The template before is in force again.
    GoBack,
}

impl Order {
    /// So many replicas.
    #[must_use]
    pub fn replicas(replicas: u32) -> Self {
        Self { replicas: Some(replicas), ..Self::default() }
    }
}

/// Something that decides how many pods run.
pub trait Policy {
    /// Its name with its setting.
    fn name(&self) -> String;

    /// Seconds between two decisions.
    fn period(&self) -> f64 {
        15.0
    }

    /// Whether it looks at the concurrency of every second. Noting it costs time.
    fn wants_seconds(&self) -> bool {
        false
    }

    /// Whether it looks at the counters of every pod. Noting them costs time too.
    fn wants_pods(&self) -> bool {
        false
    }

    /// Seconds between two of its rounds, where it does something between its decisions: it is then asked each second too,
    /// from somewhere in the first round on.
    fn rounds(&self) -> Option<f64> {
        None
    }

    /// Aims at so much of the CPU request from now on, where it aims at any: a share.
    fn aim_at(&mut self, _target: f64) {}

    /// Decides.
    fn decide(&mut self, view: &View<'_>) -> Order;

    /// Does what it does between two decisions.
    fn watch(&mut self, _view: &View<'_>) -> Order {
        Order::default()
    }
}

/// A setting as it is told: with two digits, or all where there are more.
#[must_use]
pub fn told(setting: f64) -> String {
    let short = format!("{setting:.2}");
    if short.parse() == Ok(setting) { short } else { setting.to_string() }
}

/// `ceil` of a number of pods; what is not finite is none.
fn pods(value: f64) -> u32 {
    let value = value.ceil();
    // The cast saturates.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let pods = if value.is_nan() { 0 } else { value as u32 };
    pods
}
