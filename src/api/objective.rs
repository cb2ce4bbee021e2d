//! Objectives: what is measured, how it is counted, and the target.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::measurement::Measurement;
use super::{Percent, Quantity, Span};

/// One objective of the agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("!has(self.measurement) || (self.measurement.method == 'Pooled') == has(self.indicator.members)")
    .message("spec.objectives[].indicator.members must be given with the method Pooled, and only with it")
    .field_path(".indicator"))]
#[x_kube(validation = Rule::new("!has(self.measurement) || (self.measurement.method == 'Value') == has(self.indicator.value)")
    .message("spec.objectives[].indicator.value must be given with the method Value, and only with it")
    .field_path(".indicator"))]
#[x_kube(validation = Rule::new("!has(self.indicator.deployed) || (has(self.measurement) && self.measurement.method == 'BadMinutes')")
    .message("spec.objectives[].indicator.deployed belongs to the method BadMinutes, and with Pooled to each member; remove it")
    .field_path(".indicator"))]
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
    /// The share of good events or of good time promised, in percent; reached when the attainment is not below it.
    #[x_kube(validation = Rule::new("quantity(self).isGreaterThan(quantity('0'))")
        .message("spec.objectives[].target must be above 0"))]
    pub target: Percent,
    /// The places to which the parties' own reports round the figure, for example `2`: statements then show it so, too.
    /// No verdict rests on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 6))]
    pub display_decimals: Option<i32>,
}

/// The service level indicator. Exactly one of `ratio`, `latency`, `value` and `members` is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("[has(self.ratio), has(self.latency), has(self.value), has(self.members)].filter(x, x).size() == 1")
    .message("spec.objectives[].indicator must have exactly one of ratio, latency, value and members"))]
pub struct Indicator {
    /// Good (or bad) events over all events, each a PromQL expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio: Option<RatioIndicator>,
    /// Requests of a histogram that were no slower than a threshold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<LatencyIndicator>,
    /// Single values, each compared with a limit: a recovery time, the age of a backup, the time to respond.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<ValueIndicator>,
    /// The resources of a pool, each measured by itself. With the method `Pooled` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 32))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub members: Option<Vec<Member>>,
    /// How many instances there were in a slot, by PromQL:
    /// `sum(max_over_time(kube_deployment_spec_replicas{deployment="checkout"}[$slot]))`. 0, in a slot without any
    /// event, says that the service was not deployed; what becomes of that time, `measurement.denominator` says. Where
    /// there were events, they count. No series says nothing: without events the slot is unknown. If the count goes
    /// with what it counts, name a witness that stays, for example `count(a) or 0 * count(b)`. Count what was ordered
    /// and not what answers, or an outage would be time in which nothing was deployed. With the method `BadMinutes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    #[x_kube(validation = Rule::new("self.contains('[$slot]')")
        .message("spec.objectives[].indicator.deployed must look at one slot; write [$slot] as its range"))]
    pub deployed: Option<String>,
}

impl Indicator {
    /// Its `PromQL`, with the fields it stands in.
    pub fn expressions(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let ratio = self.ratio.as_ref();
        [
            ("ratio.good", ratio.and_then(|r| r.good.as_deref())),
            ("ratio.bad", ratio.and_then(|r| r.bad.as_deref())),
            ("ratio.total", ratio.map(|r| r.total.as_str())),
            ("value.expression", self.value.as_ref().and_then(|v| v.expression.as_deref())),
            ("deployed", self.deployed.as_deref()),
        ]
        .into_iter()
        .filter_map(|(field, text)| Some((field, text?)))
    }
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

/// Single values that must not exceed a limit. A value of exactly the limit is in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ValueIndicator {
    /// The largest value of a slot in seconds, by PromQL: `max(max_over_time(replication_lag_seconds[$slot]))`. Every
    /// slot in which it has a value is one event. Left out: the values are reported, not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    #[x_kube(validation = Rule::new("self.contains('[$slot]')")
        .message("spec.objectives[].indicator.value.expression must look at one slot; write [$slot] as its range"))]
    pub expression: Option<String>,
    /// The most that a value may be.
    pub limit: Span,
    /// What the limit gains with the size of the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowance: Option<LimitAllowance>,
}

/// A limit that grows with a size: one hour more for every 25 GB above 100 GB.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct LimitAllowance {
    /// What the limit gains for every step.
    pub adds: Span,
    /// The size of one step, in the unit in which sizes are reported. Only whole steps count.
    pub every: Quantity,
    /// The size up to which the limit stands as it is.
    #[serde(default = "zero")]
    #[schemars(default = "zero")]
    pub above: Quantity,
}

fn zero() -> Quantity {
    Quantity::from("0")
}

/// One resource of a pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.ratio) != has(self.latency)")
    .message("spec.objectives[].indicator.members[] must have exactly one of ratio and latency"))]
pub struct Member {
    /// Its name among the members.
    #[schemars(regex(pattern = r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$"), length(max = 40))]
    pub name: String,
    /// Good (or bad) events over all events, each a PromQL expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio: Option<RatioIndicator>,
    /// Requests of a histogram that were no slower than a threshold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<LatencyIndicator>,
    /// How many instances of it there were in a slot, by PromQL, as in `indicator.deployed`: 0, in a slot without any
    /// event, says that it was not deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    #[x_kube(validation = Rule::new("self.contains('[$slot]')")
        .message("spec.objectives[].indicator.members[].deployed must look at one slot; write [$slot] as its range"))]
    pub deployed: Option<String>,
    /// Whether the promise covers it. A resource that is not covered is named in the statement and counts for nothing.
    #[serde(default = "yes")]
    #[schemars(default = "yes")]
    pub covered: bool,
}

fn yes() -> bool {
    true
}
