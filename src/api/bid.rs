//! A bid for replicas, where what there is may not do for all agreements that want some.
//!
//! It is kept in the status, so that the others see it, and so that it outlives a restart.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// A bid for more replicas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Bid {
    /// What it draws on: `nodes`, or `ResourceQuota NAMESPACE/NAME`.
    #[schemars(length(max = 16), inner(length(max = 520)))]
    pub draws_on: Vec<String>,
    /// How many replicas more are wanted.
    pub replicas: i32,
    /// What one of them requests, in thousandths of a core.
    pub millicores: i64,
    /// What one of them requests, in MiB.
    pub mebibytes: i64,
    /// What is at stake per replica.
    #[serde(default)]
    pub stake: BidStake,
    /// Since when they are wanted and not there.
    pub since: Time,
    /// It lapses then, unless it is made again.
    pub until: Time,
    /// When they were asked for. Left out: it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted: Option<Time>,
    /// Since when it gives way to others that could go first. Left out: it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yields_since: Option<Time>,
}

/// What an agreement loses next if nothing helps, per replica that is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct BidStake {
    /// The credit that would be owed more, as an exact fraction: `4000/3`. Left out: it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub amount: Option<String>,
    /// Its currency, ISO 4217.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 3))]
    pub currency: String,
    /// The same as a share of the fee, as an exact fraction: `1/30`. Left out: it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub share: Option<String>,
}
