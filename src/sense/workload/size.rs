//! How much CPU the containers of a pod may use, who set that, and what became of the last change of it.

use k8s_openapi::api::core::v1::{Container, ContainerStatus, PodSpec, PodStatus, ResourceRequirements};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ManagedFieldsEntry;
use serde_json::Value;

use super::cpu::millicores;
use super::ownership;

/// What a container requests and may use at most, in thousandths of a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuSize {
    /// What the scheduler counts.
    pub request: i64,
    /// Above this the container is throttled.
    pub limit: i64,
}

/// The CPU of a container as its pod, or a template of pods, has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerCpu {
    /// The container's name.
    pub name: String,
    /// What it may use. `None`: it has no limit, or one that cannot be read.
    pub size: Option<CpuSize>,
    /// The limit in force on the node. `None`: the node does not tell.
    pub in_force: Option<i64>,
    /// A change of its CPU restarts it.
    pub restarts: bool,
    /// The field manager that owns the limit, as far as the API server knows.
    pub set_by: Option<String>,
}

/// The size of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodSize {
    /// Its containers, in the order of its spec.
    pub containers: Vec<ContainerCpu>,
    /// Its class of service, by which a node chooses what goes first; no change of its size may change it.
    pub quality: Option<String>,
    /// It has a size as a whole, which binds its containers.
    pub whole: bool,
    /// It runs on Windows.
    pub windows: bool,
    /// The node cannot give it the size it was given, or not yet, in words.
    pub pending: Option<String>,
    /// The node is about to give it the size it was given.
    pub under_way: bool,
    /// The pod's resource version.
    pub resource_version: String,
}

impl PodSize {
    /// The container of that name, or the only one, with its place in the spec.
    #[must_use]
    pub fn container(&self, name: Option<&str>) -> Option<(usize, &ContainerCpu)> {
        chosen(&self.containers, name)
    }
}

/// The container of that name, or the only one, with its place.
#[must_use]
pub fn chosen<'a>(containers: &'a [ContainerCpu], name: Option<&str>) -> Option<(usize, &'a ContainerCpu)> {
    match name {
        Some(name) => containers.iter().enumerate().find(|(_, container)| container.name == name),
        None => containers.first().filter(|_| containers.len() == 1).map(|only| (0, only)),
    }
}

/// The size of a pod.
pub(super) fn of(
    spec: &PodSpec,
    status: &PodStatus,
    resource_version: &str,
    entries: Option<&Vec<ManagedFieldsEntry>>,
) -> PodSize {
    let condition = |kind: &str| {
        let mut all = status.conditions.iter().flatten();
        all.find(|condition| condition.type_ == kind && condition.status == "True")
    };
    let pending = condition("PodResizePending").map(|condition| {
        let words = [condition.reason.as_deref(), condition.message.as_deref()];
        words.into_iter().flatten().collect::<Vec<_>>().join(": ")
    });
    let on_windows = |selector: &std::collections::BTreeMap<String, String>| {
        selector.get("kubernetes.io/os").is_some_and(|os| os == "windows")
    };
    PodSize {
        containers: spec.containers.iter().map(|container| observed(container, status, entries)).collect(),
        quality: status.qos_class.clone(),
        whole: spec.resources.as_ref().is_some_and(|whole| whole.limits.is_some() || whole.requests.is_some()),
        windows: spec.os.as_ref().is_some_and(|os| os.name == "windows")
            || spec.node_selector.as_ref().is_some_and(on_windows),
        pending,
        under_way: condition("PodResizeInProgress").is_some(),
        resource_version: resource_version.to_owned(),
    }
}

/// The containers of a workload's template of pods; none where the kind has no such template.
pub(super) fn of_template(workload: &Value) -> Vec<ContainerCpu> {
    let containers = workload.pointer("/spec/template/spec/containers").and_then(Value::as_array);
    let containers =
        containers.into_iter().flatten().filter_map(|one| serde_json::from_value::<Container>(one.clone()).ok());
    containers.map(|container| named(&container)).collect()
}

fn observed(container: &Container, status: &PodStatus, entries: Option<&Vec<ManagedFieldsEntry>>) -> ContainerCpu {
    let of = |one: &&ContainerStatus| one.name == container.name;
    let told = status.container_statuses.iter().flatten().find(of).and_then(|one| one.resources.as_ref());
    let key = format!("k:{{\"name\":\"{}\"}}", container.name);
    let path = ["f:spec", "f:containers", key.as_str(), "f:resources", "f:limits", "f:cpu"];
    ContainerCpu {
        in_force: told.and_then(|told| limit(Some(told))),
        set_by: ownership::owner_at(entries, &path),
        ..named(container)
    }
}

fn named(container: &Container) -> ContainerCpu {
    let restarts = |policy: &k8s_openapi::api::core::v1::ContainerResizePolicy| {
        policy.resource_name == "cpu" && policy.restart_policy == "RestartContainer"
    };
    ContainerCpu {
        name: container.name.clone(),
        size: size(container.resources.as_ref()),
        in_force: None,
        restarts: container.resize_policy.iter().flatten().any(restarts),
        set_by: None,
    }
}

/// A request that is left out is what the limit is: so the API server fills it in, in a pod but not in a template.
fn size(resources: Option<&ResourceRequirements>) -> Option<CpuSize> {
    let limit = limit(resources)?;
    match resources?.requests.as_ref().and_then(|requests| requests.get("cpu")) {
        None => Some(CpuSize { request: limit, limit }),
        Some(request) => Some(CpuSize { request: millicores(&request.0)?, limit }),
    }
}

fn limit(resources: Option<&ResourceRequirements>) -> Option<i64> {
    millicores(&resources?.limits.as_ref()?.get("cpu")?.0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(spec: &Value, status: &Value) -> PodSize {
        let (spec, status) = (serde_json::from_value(spec.clone()), serde_json::from_value(status.clone()));
        of(&spec.unwrap(), &status.unwrap(), "7", None)
    }

    fn web(resources: &Value) -> Value {
        json!({"name": "web", "resources": resources})
    }

    #[test]
    fn a_size_is_a_limit_with_what_is_requested() {
        let size = |request, limit| Some(CpuSize { request, limit });
        for (resources, expected) in [
            (json!({"limits": {"cpu": "500m"}, "requests": {"cpu": "250m"}}), size(250, 500)),
            (json!({"limits": {"cpu": "1"}}), size(1000, 1000)),
            (json!({"requests": {"cpu": "1"}}), None),
            (json!({"limits": {"cpu": "1Gi"}}), None),
            (json!({"limits": {"memory": "1Gi"}}), None),
        ] {
            let pod = read(&json!({"containers": [web(&resources)]}), &json!({}));
            assert_eq!(pod.container(None).unwrap().1.size, expected, "{resources}");
            let workload = json!({"spec": {"template": {"spec": {"containers": [web(&resources)]}}}});
            assert_eq!(of_template(&workload).first().unwrap().size, expected, "{resources}");
        }
        assert_eq!(of_template(&json!({"spec": {}})), []);
    }

    #[test]
    fn the_container_is_named_or_the_only_one() {
        let pod = read(&json!({"containers": [{"name": "proxy"}, {"name": "web"}]}), &json!({}));
        assert_eq!(pod.container(None), None);
        assert_eq!(pod.container(Some("web")).unwrap().0, 1);
        assert_eq!(pod.container(Some("other")), None);
    }

    #[test]
    fn the_node_tells_what_became_of_it() {
        let containers =
            json!([{"name": "web", "resizePolicy": [{"resourceName": "cpu", "restartPolicy": "RestartContainer"}]}]);
        let condition =
            |kind: &str, status: &str| json!({"type": kind, "status": status, "reason": "Deferred", "message": "full"});
        let status = json!({
            "qosClass": "Burstable",
            "conditions": [condition("PodResizePending", "True"), condition("PodResizeInProgress", "False")],
            "containerStatuses": [{
                "name": "web", "image": "", "imageID": "", "ready": true, "restartCount": 0,
                "resources": {"limits": {"cpu": "750m"}},
            }],
        });
        let pod = read(&json!({"containers": containers, "os": {"name": "windows"}}), &status);
        assert_eq!((pod.pending.as_deref(), pod.under_way, pod.windows), (Some("Deferred: full"), false, true));
        assert_eq!(pod.quality.as_deref(), Some("Burstable"));
        let web = pod.container(None).unwrap().1;
        assert_eq!((web.in_force, web.restarts), (Some(750), true));
    }
}
