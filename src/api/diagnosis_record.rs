//! The causes that were found of dangers, one after the other: what a violation is told to have come from.
//!
//! An observation beside the account, and no part of its figures. Bounded, since the ledger, the status and every
//! statement keep it.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::diagnosis::{CauseKind, Subject};

/// Suspects kept of one cause.
pub const MOST_SUSPECTS: usize = 3;
/// The characters kept of a cause's words.
pub const MOST_WORDS: usize = 200;
/// The characters kept of a suspect's name.
pub const MOST_NAME: usize = 253;
/// Actions kept of one cause, and of one violation.
pub const MOST_ACTIONS: usize = 16;

/// A cause with a name, and when it was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct NamedCause {
    /// The cause.
    pub cause: CauseKind,
    /// What is blamed: pods, nodes, zones or a revision. Empty: the cause blames no part of the service.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 3))]
    pub suspects: Vec<Suspect>,
    /// Since when it was told.
    pub since: Time,
    /// Since when it was not told any more. Left out: it still is, or was when the period closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// What was told in its place while the danger went on. Left out: it was told to the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gave_way_to: Option<CauseKind>,
    /// The cause in words, with its figures, as it was told first.
    #[schemars(length(max = 200))]
    pub message: String,
}

/// A part of the service that is blamed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
pub struct Suspect {
    /// What kind of thing it is.
    pub subject: Subject,
    /// Its name; of several, joined by commas.
    #[schemars(length(max = 253))]
    pub name: String,
}

/// A cause as the ledger keeps it: with the danger it was found in, and what was done because of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct DiagnosisRecord {
    /// The cause.
    pub named: NamedCause,
    /// The objectives that were in danger.
    #[schemars(length(max = 10), inner(length(max = 40)))]
    pub objectives: Vec<String>,
    /// When the episode began in which it was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub episode: Option<Time>,
    /// Slots before this instant were in the account by which it was found.
    pub account_from: Time,
    /// Slots before this instant were in the account by which it did not hold any more. Left out: it still holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_until: Option<Time>,
    /// The `id`s of the actions that were taken while it was told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub actions: Vec<String>,
}
