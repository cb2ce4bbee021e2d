//! How many pods the load needs: what the scaling law reads, and what it says.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the scaling law is fed with, and what is done with what it says. It learns from the samples how much a request costs,
/// how long pods take to start and how busy they may be, and tells how many pods the expected load needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("self.mode != 'Floor' || has(self.availability)")
    .message("spec.enforcement.capacity.mode Floor needs spec.enforcement.capacity.availability, as requests that clients \
              repeat because they failed look like load; name the objective that counts the errors, or set mode to Advise")
    .field_path(".availability"))]
#[x_kube(validation = Rule::new("self.mode != 'Own' || has(self.availability)")
    .message("spec.enforcement.capacity.mode Own needs spec.enforcement.capacity.availability, as requests that clients \
              repeat because they failed look like load; name the objective that counts the errors, or set mode to Advise")
    .field_path(".availability"))]
#[x_kube(validation = Rule::new("self.mode != 'Target' || has(self.availability)")
    .message("spec.enforcement.capacity.mode Target needs spec.enforcement.capacity.availability, as requests that clients \
              repeat because they failed look like load; name the objective that counts the errors, or set mode to Advise")
    .field_path(".availability"))]
pub struct Capacity {
    /// `Advise` tells how many pods are needed and raises nothing. `Floor` also raises the floor to that ahead of the load,
    /// while no objective is in danger, and lets it down no further than that. `Own` does the same where nothing else scales
    /// the workload, and also takes replicas away below what was declared, as long as all is safe and the load needs fewer:
    /// slowly, one judged step after the other, and no further than `spec.enforcement.scale.min`. `Target` does what `Floor` does,
    /// and also sets the CPU utilisation at which the `HorizontalPodAutoscaler` of the workload aims to what the load bears: by
    /// judged steps, up only as long as all is safe.
    #[serde(default)]
    pub mode: CapacityMode,
    /// The name of the objective that the pods are to keep. Its `indicator.latency` tells the load and how fast it is
    /// served, its threshold and its target how busy pods may be. Its method is `Events` or `MeanOfSlots`.
    #[schemars(length(min = 1, max = 40))]
    pub objective: String,
    /// The name of the objective that counts the errors of the same requests. Its `indicator.ratio.bad` is the sum of one
    /// counter: `sum(increase(http_requests_total{code=~"5.."}[$slot]))`. Left out: errors are not counted, and only the
    /// latency says how busy pods may be. The modes `Floor`, `Own` and `Target` need it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 40))]
    pub availability: Option<String>,
    /// The counter of the CPU seconds that the pods have used, as a selector without function or range:
    /// `container_cpu_usage_seconds_total{pod=~"checkout-.*",container!=""}`. Its series name their pod. A pod's share is
    /// measured by its CPU request, and only pods of the workload count.
    #[schemars(length(min = 1, max = 2048))]
    pub cpu: String,
    /// The gauge of the requests that are being worked on, as a selector: `http_requests_in_flight{job="checkout"}`. Left
    /// out: what waits in a queue is seen only when it is answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub in_flight: Option<String>,
}

/// What is done with the number of pods that the expected load needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum CapacityMode {
    /// It is told.
    #[default]
    Advise,
    /// The floor follows it, within the bounds and under the mode of the agreement.
    Floor,
    /// The replicas follow it, up as with `Floor` and down too, where no autoscaler scales the workload.
    Own,
    /// The floor follows it, and so does the CPU utilisation at which the HPA aims that scales the workload.
    Target,
}

impl CapacityMode {
    /// Something is done by it.
    #[must_use]
    pub fn is_followed(self) -> bool {
        self != Self::Advise
    }

    /// Pods may be let go by it too, so that something may be done while nothing is in danger and no pod more is needed.
    #[must_use]
    pub fn lets_go(self) -> bool {
        matches!(self, Self::Own | Self::Target)
    }
}

/// What the scaling law says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct CapacityStatus {
    /// The pods that the expected load needs: advice, by which nothing is changed unless the mode of
    /// `spec.enforcement.capacity` is `Floor`, `Own` or `Target`. Left out: nothing can be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pods: Option<i32>,
    /// How that was reckoned with what was learned, or why nothing can be said, in words.
    pub message: String,
    /// When that was reckoned. It is written when the number changes, and every ten minutes.
    pub as_of: Time,
}
