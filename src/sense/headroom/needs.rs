//! What one more pod of a workload needs, by its template.
//!
//! What a container does not request counts as nothing, though a `LimitRange` may fill it in: so what is told to fit is
//! an upper bound.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Container, PodSpec, ResourceRequirements};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::quantity::nanos;
use crate::sense::workload::Tolerated;

/// Amounts by the name of the resource, in thousand-millionths of its unit.
pub type Amounts = BTreeMap<String, i128>;

/// What one more pod needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodNeeds {
    /// What it requests.
    pub requests: Amounts,
    /// Its limits.
    pub limits: Amounts,
    /// `nodeSelector`.
    pub node_selector: BTreeMap<String, String>,
    /// The taints of nodes that it tolerates.
    pub tolerated: Vec<Tolerated>,
}

/// Which of the two kinds of amounts is read.
type Kind = fn(&ResourceRequirements) -> Amounts;

impl PodNeeds {
    /// What a pod of this spec needs.
    #[must_use]
    pub fn of(spec: &PodSpec) -> Self {
        Self {
            requests: effective(spec, requests),
            limits: effective(spec, limits),
            node_selector: spec.node_selector.clone().unwrap_or_default(),
            tolerated: spec.tolerations.iter().flatten().filter_map(Tolerated::of).collect(),
        }
    }
}

/// As the scheduler counts: what runs together is added up, what runs before it counts where it is more, and what is given
/// for the pod as a whole goes before both.
fn effective(spec: &PodSpec, kind: Kind) -> Amounts {
    let of = |container: &Container| container.resources.as_ref().map(kind).unwrap_or_default();
    let mut together = Amounts::new();
    spec.containers.iter().for_each(|container| add(&mut together, &of(container)));
    let mut sidecars = Amounts::new();
    let mut before = Amounts::new();
    for container in spec.init_containers.iter().flatten() {
        let mut while_it_runs = sidecars.clone();
        add(&mut while_it_runs, &of(container));
        for (name, amount) in &while_it_runs {
            let most = before.entry(name.clone()).or_default();
            *most = (*most).max(*amount);
        }
        if container.restart_policy.as_deref() == Some("Always") {
            sidecars = while_it_runs;
        }
    }
    add(&mut together, &sidecars);
    for (name, amount) in before {
        let most = together.entry(name).or_default();
        *most = (*most).max(amount);
    }
    together.extend(spec.resources.as_ref().map(kind).unwrap_or_default());
    add(&mut together, &read(spec.overhead.as_ref()));
    together
}

fn requests(resources: &ResourceRequirements) -> Amounts {
    // The API server puts a limit in the place of a request that is left out.
    let mut amounts = limits(resources);
    amounts.extend(read(resources.requests.as_ref()));
    amounts
}

fn limits(resources: &ResourceRequirements) -> Amounts {
    read(resources.limits.as_ref())
}

/// The amounts that can be read.
pub(super) fn read(quantities: Option<&BTreeMap<String, Quantity>>) -> Amounts {
    let pairs = quantities.into_iter().flatten();
    pairs.filter_map(|(name, quantity)| Some((name.clone(), nanos(&quantity.0)?))).collect()
}

fn add(sum: &mut Amounts, more: &Amounts) {
    for (name, amount) in more {
        let total = sum.entry(name.clone()).or_default();
        *total = total.saturating_add(*amount);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use serde_json::{Value, json};

    use super::super::quantity::NANO;
    use super::*;

    fn cpu(spec: Value) -> Option<i128> {
        let needs = PodNeeds::of(&serde_json::from_value(spec).unwrap());
        needs.requests.get("cpu").map(|nanos| nanos * 1000 / NANO)
    }

    #[test]
    fn a_pod_needs_what_the_scheduler_counts() {
        let cpu_of = |name: &str, cpu: &str| json!({"name": name, "resources": {"requests": {"cpu": cpu}}});
        let app = cpu_of("app", "500m");
        let mut proxy = cpu_of("proxy", "100m");
        proxy["restartPolicy"] = "Always".into();
        let once = cpu_of("migrate", "2");
        assert_eq!(cpu(json!({"containers": [app, {"name": "bare"}]})), Some(500));
        assert_eq!(cpu(json!({"containers": [app], "initContainers": [proxy]})), Some(600));
        assert_eq!(cpu(json!({"containers": [app], "initContainers": [proxy, once]})), Some(2100));
        assert_eq!(cpu(json!({"containers": [app], "overhead": {"cpu": "250m"}})), Some(750));
        let whole = json!({"containers": [app], "resources": {"requests": {"cpu": "3"}}});
        assert_eq!(cpu(whole), Some(3000));
        let limited = json!({"containers": [{"name": "app", "resources": {"limits": {"cpu": "2"}}}]});
        assert_eq!(cpu(limited), Some(2000), "the limit stands for the request");
        assert_eq!(cpu(json!({"containers": [{"name": "bare"}]})), None);
    }
}
