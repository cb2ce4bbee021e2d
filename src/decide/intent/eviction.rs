//! What the pods say of an open eviction: a pod of that uid that serves was not evicted, or is not yet.

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::api::enforcement_status::ActionRecord;
use crate::sense::workload::PodObservation;

use super::Finding;

/// How long after its intent a request may still take effect: the API server gives each a minute.
pub(super) const LATEST: SignedDuration = SignedDuration::from_secs(70);

/// `None`: it may still come.
pub(super) fn find(record: &ActionRecord, pods: &[PodObservation], now: Timestamp) -> Option<Finding> {
    let stays = pods.iter().any(|pod| pod.uid == record.target.uid && !pod.terminating);
    if !stays {
        // By whose hand nobody can tell; to count it is the careful side.
        return Some(Finding::Done);
    }
    let past = now.duration_since(record.intended_at.0) >= LATEST;
    past.then(|| Finding::Void("not done; the pod is still there".to_owned()))
}
