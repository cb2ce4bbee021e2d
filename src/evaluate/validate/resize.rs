//! What is wrong with what pods may be resized to.

use crate::api::agreement::AgreementSpec;

use super::super::invalid::InvalidSpec;

/// The faults of `spec.enforcement.resize`.
pub(super) fn resize(spec: &AgreementSpec) -> Vec<InvalidSpec> {
    if spec.enforcement.resize.is_none() || !spec.service.workloads.is_empty() {
        return Vec::new();
    }
    let message = "has no pods to resize; name the workload in spec.service.workloads";
    vec![InvalidSpec::new("spec.enforcement.resize", message)]
}
