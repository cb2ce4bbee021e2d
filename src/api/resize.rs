//! How far the CPU limit of throttled pods may be raised in place, and by which counters throttling is seen.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Quantity;

/// How far pods that their CPU limit throttles may be resized in place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("quantity(self.maxCpu).isGreaterThan(quantity('0'))")
    .message("spec.enforcement.resize.maxCpu must be above 0: the most cores that a container may be limited to")
    .field_path(".maxCpu"))]
pub struct Resize {
    /// The container whose CPU limit is raised. Left out: the pods have one container alone, and it is that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63), regex(pattern = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"))]
    pub container: Option<String>,
    /// The most cores that the container may be limited to, for example `2` or `1.5`.
    pub max_cpu: Quantity,
    /// Pods of the workload whose limit is raised within 24 hours, at most; a pod that is raised twice counts twice. Whatever it
    /// says, 8 pods of a node are resized within ten minutes at most, and 24 in all, for all agreements that the operator watches.
    #[serde(default = "default_per_day")]
    #[schemars(default = "default_per_day", range(min = 1, max = 64))]
    pub per_day: i32,
    /// The counters by which throttling is seen. Left out: those that cAdvisor, a part of every kubelet, counts for the
    /// container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttling: Option<ThrottlingCounters>,
}

fn default_per_day() -> i32 {
    16
}

/// Two counters, each as a selector without function or range. Their series name their pod, and only pods of the workload
/// count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ThrottlingCounters {
    /// The periods in which the container had something to do:
    /// `container_cpu_cfs_periods_total{pod=~"checkout-.*",container="web"}`.
    #[schemars(length(min = 1, max = 2048))]
    pub periods: String,
    /// The periods among them in which it was held back by its limit:
    /// `container_cpu_cfs_throttled_periods_total{pod=~"checkout-.*",container="web"}`.
    #[schemars(length(min = 1, max = 2048))]
    pub throttled: String,
}

impl Resize {
    /// The counters, as written or as they are where nothing is.
    #[must_use]
    pub fn counters(&self) -> ThrottlingCounters {
        self.throttling.clone().unwrap_or_else(|| {
            let container = self
                .container
                .as_ref()
                .map_or_else(|| "container!=\"\"".to_owned(), |name| format!("container=\"{name}\""));
            ThrottlingCounters {
                periods: format!("container_cpu_cfs_periods_total{{{container}}}"),
                throttled: format!("container_cpu_cfs_throttled_periods_total{{{container}}}"),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counters_are_those_of_the_container_unless_others_are_named() {
        let mut resize = Resize { container: None, max_cpu: "2".into(), per_day: 1, throttling: None };
        assert_eq!(resize.counters().periods, "container_cpu_cfs_periods_total{container!=\"\"}");
        resize.container = Some("web".to_owned());
        assert_eq!(resize.counters().throttled, "container_cpu_cfs_throttled_periods_total{container=\"web\"}");
        let named = ThrottlingCounters { periods: "p".to_owned(), throttled: "t".to_owned() };
        resize.throttling = Some(named.clone());
        assert_eq!(resize.counters(), named);
    }
}
