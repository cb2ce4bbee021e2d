//! `ServiceLevelLedger`: the slots of one agreement and period, compressed. The evidence behind a statement.

use k8s_openapi::ByteString;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::{CustomResource, KubeSchema};
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::diagnosis_record::DiagnosisRecord;
use super::enforcement_status::ActionRecord;

/// The slots of one agreement and one period. Written by the operator only.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[kube(
    group = "guarantor.dev",
    version = "v1alpha1",
    kind = "ServiceLevelLedger",
    plural = "servicelevelledgers",
    shortname = "sll",
    category = "guarantor",
    namespaced,
    derive = "PartialEq",
    doc = "The slots of one agreement and one period, compressed: the evidence behind a statement. Written by the \
           operator only.",
    printcolumn(name = "Agreement", type_ = "string", json_path = ".spec.agreement.name"),
    printcolumn(name = "From", type_ = "string", json_path = ".spec.periodStart"),
    printcolumn(name = "Measured Through", type_ = "string", json_path = ".spec.measuredThrough"),
    printcolumn(name = "Closed", type_ = "boolean", json_path = ".spec.closed"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[cfg_attr(test, kube(cel))]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("!oldSelf.closed || self == oldSelf")
    .message("spec must not be edited: the period of this ledger is closed"))]
pub struct LedgerSpec {
    /// The agreement.
    pub agreement: AgreementIdentity,
    /// When the period begins (counts).
    pub period_start: Time,
    /// When the period ends (does not count).
    pub period_end: Time,
    /// The slots before this instant are filled in.
    pub measured_through: Time,
    /// The length of a slot in seconds.
    #[schemars(range(min = 1, max = 3600))]
    pub slot_seconds: i32,
    /// Whether the period was closed by a statement.
    pub closed: bool,
    /// One encoded series of slots per objective, and per member of a pool under `objective/member`.
    #[schemars(length(max = 64))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub objectives: Vec<ObjectiveSlots>,
    /// What the operator did in the period, oldest first: the status keeps only the latest. As much as there is room for
    /// beside the slots, the latest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200))]
    pub actions: Vec<ActionRecord>,
    /// How many actions came before these.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub actions_omitted: i64,
    /// The causes found of the period's dangers, oldest first. As much as there is room for, the latest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    pub diagnoses: Vec<DiagnosisRecord>,
    /// How many causes came before these.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub diagnoses_omitted: i64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(n: &i64) -> bool {
    *n == 0
}

/// Names an agreement beyond doubt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgreementIdentity {
    /// Its name, in the same namespace.
    #[schemars(length(max = 253))]
    pub name: String,
    /// Its uid: an agreement made anew under the same name is another one.
    #[schemars(length(max = 64))]
    pub uid: String,
}

/// The encoded slots of one objective.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
pub struct ObjectiveSlots {
    /// The objective, or `objective/member`.
    #[schemars(length(max = 81))]
    pub name: String,
    /// The encoded slots; `guarantor` documents the format in its `evaluate::codec` module.
    #[schemars(schema_with = "bytes")]
    pub slots: ByteString,
}

/// `ByteString` has no schema of its own: base64 text on the wire.
fn bytes(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "format": "byte" })
}
