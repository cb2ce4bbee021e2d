//! Which nodes the operator keeps new pods away from, until when, and how that ended.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is remembered of the nodes that were avoided.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AvoidanceStatus {
    /// The nodes that were avoided within the last 24 hours, oldest first. Each is entered with its intent, and taken out
    /// again when it is known not to have happened. At most one of them is avoided still.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<AvoidedNode>,
}

/// A node that is avoided, was, or may have been.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct AvoidedNode {
    /// The action's id, which is the taint's value too.
    pub action: String,
    /// The node's name.
    pub node: String,
    /// Its uid: another node under the same name is another node.
    pub uid: String,
    /// When it was intended.
    pub at: Time,
    /// When the taint is taken away at the latest.
    pub until: Time,
    /// How it ended. Left out: it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<AvoidanceEnd>,
}

/// How the avoiding of a node ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AvoidanceEnd {
    /// The operator took its taint away.
    Released,
    /// Somebody else took it away. It is not put back.
    RemovedByOthers,
    /// The node is gone.
    NodeGone,
}

impl AvoidanceStatus {
    /// The node that is avoided still.
    #[must_use]
    pub fn standing(&self) -> Option<&AvoidedNode> {
        self.nodes.iter().rev().find(|avoided| avoided.ended.is_none())
    }
}
