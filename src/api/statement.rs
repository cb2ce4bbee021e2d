//! `ServiceLevelStatement`: the account of one closed period. Never edited; a correction is a new revision.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::agreement::Parties;
use super::agreement_status::{State, Violation};
use super::credit_status::{Adjustment, CreditStatus};
use super::enforcement_status::ActionRecord;
pub use super::exclusion_line::{AppliedExclusion, ExcludedWindow, ExclusionLine};
use super::ledger::AgreementIdentity;
use super::metrics_source::IncreaseForm;
use super::objective_statement::is_zero;
pub use super::objective_statement::{
    CountedUnits, EventPair, MemberStatement, ObjectiveStatement, SlotCounts, UnknownCounted,
};
use super::terms::AgreedTerms;

/// The account of one closed period of one agreement. Written by the operator only, and never edited.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[kube(
    group = "guarantor.dev",
    version = "v1alpha1",
    kind = "ServiceLevelStatement",
    plural = "servicelevelstatements",
    shortname = "sls",
    category = "guarantor",
    namespaced,
    derive = "PartialEq",
    selectable = ".spec.agreement.uid",
    doc = "The account of one closed period of one agreement. Written by the operator only, and never edited.",
    printcolumn(name = "Agreement", type_ = "string", json_path = ".spec.agreement.name"),
    printcolumn(name = "From", type_ = "string", json_path = ".spec.period.start"),
    printcolumn(name = "Until", type_ = "string", json_path = ".spec.period.end"),
    printcolumn(name = "State", type_ = "string", json_path = ".spec.state"),
    printcolumn(name = "Credit", type_ = "string", json_path = ".spec.credits.amount"),
    printcolumn(name = "Currency", type_ = "string", json_path = ".spec.credits.currency"),
    printcolumn(name = "Revision", type_ = "integer", json_path = ".spec.revision"),
    printcolumn(name = "Digest", type_ = "string", json_path = ".spec.digest", priority = 1)
)]
#[cfg_attr(test, kube(cel))]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("self == oldSelf")
    .message("spec must not be edited: a statement is final, and a correction is a new revision"))]
pub struct StatementSpec {
    /// The agreement.
    pub agreement: AgreementIdentity,
    /// The generation of the agreement's spec when the period closed.
    pub generation: i64,
    /// `1` for the first statement of a period; a later one supersedes it.
    #[schemars(range(min = 1))]
    pub revision: i32,
    /// The parties, as they stood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parties: Option<Parties>,
    /// The service's name, as it stood.
    pub service: String,
    /// The settled period.
    pub period: StatementPeriod,
    /// The time that is judged at the end of the period, and that all figures are of: trailing days. Left out: the period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged: Option<JudgedTime>,
    /// Why the account ends with this period before the agreement's validity does: it is the last statement. Left out: it
    /// does not.
    #[serde(rename = "final", default, skip_serializing_if = "Option::is_none")]
    pub last: Option<FinalStatement>,
    /// The `effective` day of the last of `spec.amendments` that was in force in the period. Empty: none was.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 10))]
    pub amendment: String,
    /// The terms by which the period was judged, with that amendment and those before it. Their fields are those of
    /// `ServiceLevelAgreement`, which `kubectl explain sla.spec` describes.
    pub terms: Box<AgreedTerms>,
    /// The worst state of the objectives.
    pub state: State,
    /// One entry per objective.
    #[schemars(length(max = 10))]
    pub objectives: Vec<ObjectiveStatement>,
    /// The violations of the period, oldest first, as far as `violationsOmitted` does not say otherwise.
    #[schemars(length(max = 200))]
    pub violations: Vec<Violation>,
    /// Violations beyond the two hundred that are listed. Their events are in the counts.
    pub violations_omitted: i32,
    /// What somebody asked to have excluded: first, by their beginning, those that counted, one line for each time on
    /// end; then those that were refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200))]
    pub exclusions: Vec<ExclusionLine>,
    /// Lines of exclusions beyond the two hundred that are listed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub exclusions_omitted: i64,
    /// A mark of everything that counted, also of what is not listed: digits of a hash. Empty: nothing did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 64))]
    pub exclusions_mark: String,
    /// What the operator did in the period, oldest first, as far as `actionsOmitted` does not say otherwise.
    #[schemars(length(max = 50))]
    pub actions: Vec<ActionRecord>,
    /// Actions before those that are listed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub actions_omitted: i64,
    /// Causes found in the period that its ledger had no room for, the earliest: of violations of that time none may be
    /// told.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub causes_omitted: i64,
    /// What is owed. Left out: the agreement grants no credits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credits: Option<CreditStatus>,
    /// The name of the statement of the same period that this one takes the place of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub supersedes: Option<String>,
    /// What changes against what that statement granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adjustment: Option<Adjustment>,
    /// Where the figures come from.
    pub evidence: Evidence,
    /// SHA-256 over the canonical JSON of everything above, in hexadecimal.
    #[schemars(length(max = 64))]
    pub digest: String,
}

/// The settled period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatementPeriod {
    /// Counts.
    pub start: Time,
    /// Does not count.
    pub end: Time,
    /// The IANA zone that decided both.
    pub time_zone: String,
}

/// The time that is judged at the end of a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
pub struct JudgedTime {
    /// Counts.
    pub start: Time,
    /// Does not count.
    pub end: Time,
}

/// Why an account ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
pub struct FinalStatement {
    /// The reason as one word.
    pub reason: FinalReason,
    /// When that was. The period ends with the last whole slot before it.
    pub at: Time,
}

/// What an account ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum FinalReason {
    /// Somebody deleted the agreement.
    AgreementDeleted,
}

/// Where the figures come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// The metrics source's name and URL.
    pub source: String,
    /// How increases were counted; `Extrapolated` is an estimate.
    pub increase: IncreaseForm,
    /// The ledger object.
    pub ledger: String,
    /// SHA-256 over the encoded slots of all objectives, in hexadecimal.
    pub ledger_digest: String,
    /// The ledgers of earlier periods that the judged time reaches into, in the order of time, as far as there were any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub earlier: Vec<EarlierLedger>,
    /// The operator's version.
    pub operator: String,
    /// The version of the time zone database.
    pub time_zone_database: String,
}

/// The ledger of an earlier period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
pub struct EarlierLedger {
    /// The ledger object.
    #[schemars(length(max = 253))]
    pub name: String,
    /// SHA-256 over the encoded slots of all its objectives, in hexadecimal.
    #[schemars(length(max = 64))]
    pub digest: String,
}

impl StatementSpec {
    /// The first and the last instant of what was judged, half open: of the period, or of the trailing days.
    #[must_use]
    pub fn judged_time(&self) -> JudgedTime {
        let period = || JudgedTime { start: self.period.start.clone(), end: self.period.end.clone() };
        self.judged.clone().unwrap_or_else(period)
    }
}
