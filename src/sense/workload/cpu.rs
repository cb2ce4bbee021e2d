//! The CPU that a pod requests.

use k8s_openapi::api::core::v1::{Container, PodSpec, ResourceRequirements};

use crate::sense::promql::millionths;

/// What a pod requests in thousandths of a core: of the pod as a whole where that is given, else of its containers that
/// run as long as it does. `None`: one of them requests none.
pub(super) fn request(spec: &PodSpec) -> Option<i64> {
    if let Some(whole) = of(spec.resources.as_ref()) {
        return Some(whole);
    }
    let sidecar = |container: &&Container| container.restart_policy.as_deref() == Some("Always");
    let sidecars = spec.init_containers.iter().flatten().filter(sidecar);
    let requests = spec.containers.iter().chain(sidecars).map(|container| of(container.resources.as_ref()));
    requests.sum::<Option<i64>>().filter(|sum| *sum > 0)
}

fn of(resources: Option<&ResourceRequirements>) -> Option<i64> {
    millicores(&resources?.requests.as_ref()?.get("cpu")?.0)
}

/// `250m`, `0.25` and `1` in thousandths of a core.
pub(super) fn millicores(quantity: &str) -> Option<i64> {
    let number = quantity.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let millionths = millionths(number).filter(|number| *number >= 0)?;
    match quantity.strip_prefix(number)? {
        "" => Some(millionths / 1000),
        "m" => Some(millionths / 1_000_000),
        "k" => Some(millionths),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_as_kubernetes_writes_them() {
        for (text, expected) in [
            ("250m", Some(250)),
            ("1", Some(1000)),
            ("0.5", Some(500)),
            ("1k", Some(1_000_000)),
            ("1Gi", None),
            ("", None),
        ] {
            assert_eq!(millicores(text), expected, "{text}");
        }
    }

    #[test]
    fn what_runs_as_long_as_the_pod_counts() {
        let of = |spec: serde_json::Value| request(&serde_json::from_value(spec).unwrap());
        let cpu = |cpu: &str| serde_json::json!({"requests": {"cpu": cpu}});
        let app = serde_json::json!({"name": "app", "resources": cpu("500m")});
        let proxy = serde_json::json!({"name": "proxy", "restartPolicy": "Always", "resources": cpu("100m")});
        let once = serde_json::json!({"name": "migrate", "resources": cpu("2")});
        assert_eq!(of(serde_json::json!({"containers": [app], "initContainers": [proxy, once]})), Some(600));
        assert_eq!(of(serde_json::json!({"containers": [app, {"name": "bare"}]})), None);
        assert_eq!(of(serde_json::json!({"containers": [{"name": "bare"}], "resources": cpu("2")})), Some(2000));
    }
}
