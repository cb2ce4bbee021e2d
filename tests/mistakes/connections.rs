//! What can be wrong with what pods take of a dependency.

use serde_json::json;

use super::Mistake;

/// What can be wrong with it.
pub fn of_connections() -> Vec<Mistake> {
    vec![
        (
            "/spec/enforcement/scale/connections",
            json!({"perPod": 50, "limit": 99}),
            "spec.enforcement.scale.connections",
            &["spec.enforcement.scale.connections.limit must be at least perPod times spec.enforcement.scale.min"],
        ),
        (
            "/spec/enforcement/scale/connections",
            json!({"perPod": 0, "limit": 200}),
            "spec.enforcement.scale.connections.perPod",
            &[],
        ),
        ("/spec/enforcement/scale/connections", json!({"perPod": 50}), "spec.enforcement.scale.connections.limit", &[]),
    ]
}
