//! How many pods the load needs: what the scaling law reads, and what it says.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// What the scaling law is fed with. It learns from the samples how much a request costs, how long pods take to start and
/// how busy they may be, and tells how many pods the expected load needs. It raises nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Capacity {
    /// The name of the objective that the pods are to keep. Its `indicator.latency` tells the load and how fast it is
    /// served, its threshold and its target how busy pods may be. Its method is `Events` or `MeanOfSlots`.
    #[schemars(length(min = 1, max = 40))]
    pub objective: String,
    /// The name of the objective that counts the errors of the same requests. Its `indicator.ratio.bad` is the sum of one
    /// counter: `sum(increase(http_requests_total{code=~"5.."}[$slot]))`. Left out: errors are not counted, and only the
    /// latency says how busy pods may be.
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

/// What the scaling law says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct CapacityStatus {
    /// The pods that the expected load needs: advice, by which nothing is changed. Left out: nothing can be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pods: Option<i32>,
    /// How that was reckoned with what was learned, or why nothing can be said, in words.
    pub message: String,
    /// When that was reckoned. It is written when the number changes, and every ten minutes.
    pub as_of: Time,
}
