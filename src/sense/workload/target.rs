//! Whether an autoscaler's `scaleTargetRef` names a workload.

use crate::api::agreement::WorkloadRef;

/// By group, kind and name. The version does not count: it is the same object under each.
pub(super) fn same(api_version: &str, kind: &str, name: &str, workload: &WorkloadRef) -> bool {
    group(api_version) == group(&workload.api_version) && kind == workload.kind && name == workload.name
}

fn group(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}
