//! How load may be shed: the switch that the service reads, and how far the operator may turn it.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Span;
use super::enforcement_status::ActionTarget;

/// A switch through which the service turns requests away: one key of a `ConfigMap` that the service, or what stands in
/// front of it, watches. What is turned away, and how, is the service's own matter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("!self.ttl.contains('d') && duration(self.ttl) >= duration('1m') \
     && duration(self.ttl) <= duration('1h')")
    .message("spec.enforcement.shed.ttl must be from 1m to 1h: for longer, requests are turned away by a person")
    .field_path(".ttl"))]
pub struct Shed {
    /// The `ConfigMap`, in the agreement's own namespace. It must exist; no other one is read or written.
    #[schemars(regex(pattern = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"), length(min = 1, max = 253))]
    pub config_map: String,
    /// The key of its `data` that is written. It may be absent, and is then absent again afterwards.
    #[schemars(regex(pattern = r"^[-._a-zA-Z0-9]+$"), length(min = 1, max = 253))]
    pub key: String,
    /// What is written there while load is shed, for example `on`.
    #[schemars(length(max = 1024))]
    pub value: String,
    /// Lets the operator turn the switch by itself, in mode `Enforce`. Left out: it says when it should be turned, and how.
    #[serde(default)]
    pub automatic: bool,
    /// How often the switch is turned within 24 hours, at most. Whatever it says, load is shed three times within ten minutes at
    /// most, for all agreements that the operator watches.
    #[serde(default = "default_per_day")]
    #[schemars(default = "default_per_day", range(min = 1, max = 10))]
    pub per_day: i32,
    /// After this time the switch is turned back, whether or not it helped.
    #[serde(default = "default_ttl")]
    #[schemars(default = "default_ttl")]
    pub ttl: Span,
}

impl Default for Shed {
    fn default() -> Self {
        Self {
            config_map: String::new(),
            key: String::new(),
            value: String::new(),
            automatic: false,
            per_day: default_per_day(),
            ttl: default_ttl(),
        }
    }
}

fn default_per_day() -> i32 {
    3
}

fn default_ttl() -> Span {
    Span::from("10m")
}

/// What the operator sheds, and what it shed.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ShedStatus {
    /// The switch as it is turned now. Left out: it is its owner's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standing: Option<StandingShed>,
    /// When it was turned within the last 24 hours, oldest first. Each time is entered with its intent, and taken out again
    /// when it is known not to have happened.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub turns: Vec<ShedTurn>,
    /// When somebody else was last seen to have set the key while the operator held it, for a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overruled: Option<Time>,
}

/// A switch that is turned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct StandingShed {
    /// The `ConfigMap`.
    pub target: ActionTarget,
    /// The key.
    pub key: String,
    /// The id of the action that turned it.
    pub action: String,
    /// Since when.
    pub since: Time,
    /// What stood there before. Left out: the key was absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What the operator wrote.
    pub value: String,
    /// Somebody else has set the key since; so it is left as they set it.
    #[serde(default)]
    pub theirs: bool,
}

/// A time at which a switch was turned, or may have been.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
pub struct ShedTurn {
    /// The action's id.
    pub action: String,
    /// When it was intended.
    pub at: Time,
}
