//! What is written to a Deployment's rollout: pause, an earlier revision's template, or the owner's rollout again.

use serde_json::Value;

use crate::sense::workload::MarkRecord;

/// The change of a rollout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolloutChange {
    /// The number of the revision in force. `None`: it is not known, and does not matter.
    pub from: Option<i32>,
    /// The number of the revision that is gone back to. `None`: the template stays.
    pub to: Option<i32>,
    /// What is written.
    pub write: RolloutWrite,
    /// What becomes of the rollout annotation, in the same patch.
    pub mark: MarkChange,
    /// The object has annotations already.
    pub annotated: bool,
}

/// What is written to the spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RolloutWrite {
    /// `spec.paused` is set.
    Pause,
    /// `spec.paused` is taken away.
    Resume,
    /// This template, and no pause: so it is rolled out at once, also from a pause.
    Template(Value),
    /// Nothing: the annotation alone is removed.
    Keep,
}

/// What becomes of the rollout annotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MarkChange {
    /// It is written.
    Record(MarkRecord),
    /// It is removed.
    Remove,
}

impl RolloutChange {
    /// The change in words.
    #[must_use]
    pub fn describe(&self) -> String {
        match (self.from, self.to) {
            (Some(from), Some(to)) => format!("revision {from} -> {to}"),
            (Some(at), None) | (None, Some(at)) => format!("at revision {at}"),
            (None, None) => "as it is".to_owned(),
        }
    }
}
