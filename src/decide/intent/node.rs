//! What a node says of an open action: its taint bears the id of the action that put it there.

use k8s_openapi::jiff::Timestamp;

use crate::api::enforcement_status::{ActionRecord, Verb};
use crate::sense::workload::Nodes;

use super::Finding;
use super::eviction::LATEST;

/// `None`: it may still come, or nobody can tell.
pub(super) fn find(record: &ActionRecord, nodes: &Nodes, now: Timestamp) -> Option<Finding> {
    let Some(node) = nodes.with_uid(&record.target.uid) else {
        let gone = nodes.all.is_ok() || nodes.named(&record.target.name).is_some();
        return gone.then(|| Finding::Void("the node is gone".to_owned()));
    };
    let stands = node.avoided().map(|(_, value)| value);
    let done = match record.verb {
        Verb::AvoidNode => stands == Some(record.id.as_str()),
        _ => stands.is_none() || node.record().is_some_and(|found| found.at.0 > record.intended_at.0),
    };
    if done {
        return Some(Finding::Done);
    }
    let past = now.duration_since(record.intended_at.0) >= LATEST;
    past.then(|| Finding::Void("not done; the node's taints are as they were".to_owned()))
}
