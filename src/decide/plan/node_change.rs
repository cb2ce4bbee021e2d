//! What is written to a node: the soft taint and the annotation beside it, or neither any more.

use serde_json::Value;

use crate::sense::workload::AvoidanceRecord;

/// The change of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeChange {
    /// `spec.taints` as it was read: a precondition where one is added.
    pub taints: Vec<Value>,
    /// The node has annotations already.
    pub annotated: bool,
    /// What is written.
    pub write: NodeWrite,
}

/// What is written to a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeWrite {
    /// The taint, and the annotation that says on whose behalf.
    Avoid(AvoidanceRecord),
    /// Both go.
    Release {
        /// Where among the taints ours stands.
        index: usize,
        /// The taint's value.
        action: String,
        /// The annotation as it was read. `None`: it is not of this action, and stays.
        annotation: Option<String>,
    },
}

impl NodeChange {
    /// The change in words.
    #[must_use]
    pub fn describe(&self) -> String {
        match &self.write {
            NodeWrite::Avoid(record) => format!("PreferNoSchedule until {} at the latest", record.until.0),
            NodeWrite::Release { .. } => "no taint of the operator's any more".to_owned(),
        }
    }
}
