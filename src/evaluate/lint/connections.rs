//! Replicas that are allowed, and that a dependency has no connections for.

use super::{Code, Lint, Severity};
use crate::api::agreement::AgreementSpec;

/// A maximum that no floor is raised to.
pub(super) fn lint(spec: &AgreementSpec) -> Option<Lint> {
    let scale = spec.enforcement.scale.as_ref()?;
    let connections = scale.connections.as_ref()?;
    let pods = connections.pods();
    (scale.max > pods).then(|| Lint {
        code: Code::MaxAboveConnections,
        severity: Severity::Warning,
        field: "spec.enforcement.scale.max".to_owned(),
        message: format!(
            "no floor is raised to {}: {} connections at {} a pod (spec.enforcement.scale.connections) are enough for {pods} pods; \
             lower max, and the maximum of the autoscaler, or raise limit",
            scale.max, connections.limit, connections.per_pod
        ),
        at: None,
    })
}
