//! Facts of the service instance and choices of the parties, and the conditions that rest on them.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Percent;

/// A fact of the service instance, or a choice the parties made: `zones` is `2`, `tier` is `gold`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Parameter {
    /// The name by which conditions refer to it.
    #[schemars(regex(pattern = r"^[a-z][a-zA-Z0-9_]{0,62}$"), length(max = 63))]
    pub name: String,
    /// The value. A condition takes it for what it is compared with: a number beside `99.9`, a truth value beside `true`,
    /// a text beside `'gold'`.
    #[schemars(length(max = 256))]
    pub value: String,
}

/// A condition on the parameters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ParameterRule {
    /// A CEL expression over the parameters, by their names: `tier != 'gold' || availability >= 99.9`. Numbers are exact
    /// decimals, also in a quotient.
    #[schemars(length(min = 1, max = 512))]
    pub rule: String,
    /// What a reader is told where it does not hold.
    #[schemars(length(min = 1, max = 256))]
    pub message: String,
}

/// The promise of a supplier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Dependency {
    /// The supplier, or what it supplies.
    #[schemars(regex(pattern = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"), length(max = 63))]
    pub name: String,
    /// What it promises, in percent.
    pub target: Percent,
}
