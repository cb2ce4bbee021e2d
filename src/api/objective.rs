//! Objectives: what is measured, how it is counted, and the target.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::{Percent, Span};

/// One objective of the agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Objective {
    /// The name by which tiers, status and statements refer to this objective.
    #[schemars(regex(pattern = r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$"), length(max = 40))]
    pub name: String,
    /// What the objective promises, in words for a reader of the statement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub description: Option<String>,
    /// The service level indicator: what counts as an event, and what as a good one.
    pub indicator: Indicator,
    /// How slots become the figure that is compared with the target.
    #[serde(default)]
    pub measurement: Measurement,
    /// The share of good events promised, in percent; reached when the attainment is not below it.
    #[x_kube(validation = Rule::new("quantity(self).isGreaterThan(quantity('0'))")
        .message("spec.objectives[].target must be above 0"))]
    pub target: Percent,
}

/// The service level indicator. Exactly one of `ratio` and `latency` is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.ratio) != has(self.latency)")
    .message("spec.objectives[].indicator must have exactly one of ratio and latency"))]
pub struct Indicator {
    /// Good (or bad) events over all events, each a PromQL expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio: Option<RatioIndicator>,
    /// Requests of a histogram that were no slower than a threshold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<LatencyIndicator>,
}

/// Events counted by PromQL. `$slot` stands for the range of one slot and is filled in by the operator:
/// `sum(increase(http_requests_total{job="checkout",code=~"5.."}[$slot]))`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.good) != has(self.bad)")
    .message("spec.objectives[].indicator.ratio must have exactly one of good and bad"))]
pub struct RatioIndicator {
    /// The number of good events in a slot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    #[x_kube(validation = Rule::new("self.contains('[$slot]')")
        .message("spec.objectives[].indicator.ratio.good must count over one slot; write [$slot] as its range"))]
    pub good: Option<String>,
    /// The number of bad events in a slot. No series while the total has one means no bad event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    #[x_kube(validation = Rule::new("self.contains('[$slot]')")
        .message("spec.objectives[].indicator.ratio.bad must count over one slot; write [$slot] as its range"))]
    pub bad: Option<String>,
    /// The number of all events in a slot. `$slot` stands for the range of one slot and is filled in by the operator:
    /// `sum(increase(http_requests_total{job="checkout"}[$slot]))`.
    #[schemars(length(min = 1, max = 2048))]
    #[x_kube(validation = Rule::new("self.contains('[$slot]')")
        .message("spec.objectives[].indicator.ratio.total must count over one slot; write [$slot] as its range"))]
    pub total: String,
}

/// Requests counted from a classic Prometheus histogram.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct LatencyIndicator {
    /// The histogram's base name in seconds, without `_bucket`: for example `http_request_duration_seconds`.
    #[schemars(regex(pattern = r"^[a-zA-Z_:][a-zA-Z0-9_:]*$"), length(max = 200))]
    pub histogram: String,
    /// Label values that select the service's series.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 16))]
    pub selector: BTreeMap<String, String>,
    /// A request is good when it took no longer than this. It must be a bound of the histogram's buckets:
    /// between two bounds nobody knows, and Guarantor does not guess.
    pub threshold: Span,
}

/// How the slots of a period become one figure.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Measurement {
    /// The counting method. `Events`: the good events of all slots over all their events, so that every request weighs
    /// the same.
    #[serde(default)]
    pub method: Method,
}

/// The counting method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum Method {
    /// The sum of good events over the sum of all events: every request weighs the same.
    #[default]
    Events,
}
