//! What a pod says of an open change of its size: the limit it has, and whose that is.

use crate::api::enforcement_status::{ActionRecord, Verb};
use crate::api::resize_status::manager;
use crate::sense::workload::{ContainerCpu, PodObservation};

use super::Finding;

pub(super) fn find(record: &ActionRecord, pods: &[PodObservation], uid: &str) -> Finding {
    let Some(pod) = pods.iter().find(|pod| pod.uid == record.target.uid) else {
        return Finding::Overwritten("the pod is gone".to_owned());
    };
    let ours = manager(uid);
    let limit = |one: &ContainerCpu| one.size.map(|size| size.limit);
    let has = |limit_wanted: Option<i32>| {
        pod.size.containers.iter().find(|one| limit(one).is_some() && limit(one) == limit_wanted.map(i64::from))
    };
    match (has(record.to), has(record.from)) {
        (Some(found), _) if record.verb == Verb::RestoreSize || found.set_by.as_deref() == Some(ours.as_str()) => {
            Finding::Done
        }
        (_, Some(_)) => Finding::Void("not done".to_owned()),
        (Some(_), None) => Finding::Overwritten("somebody else gave it that size meanwhile".to_owned()),
        (None, None) => Finding::Overwritten("it has another size now; somebody changed it meanwhile".to_owned()),
    }
}
