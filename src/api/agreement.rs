//! `ServiceLevelAgreement`: the contract in force.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::agreement_status::AgreementStatus;
use super::amendment::{Amendment, AmendmentRule};
use super::credits::Credits;
use super::ending::Ending;
use super::enforcement::Enforcement;
use super::exclusion_rules::ExclusionRules;
pub use super::missing_data::{MissingData, TreatAs};
use super::objective::Objective;
use super::parameter::{Dependency, Parameter, ParameterRule};
use super::period::{Period, Validity};
use super::settlement::{BusinessCalendar, Settlement};

pub use super::slot_length::SlotLength;

/// A service level agreement: who promises what to whom, how it is measured, what is owed when it is missed, and what
/// the operator may do to keep it.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[kube(
    group = "guarantor.dev",
    version = "v1alpha1",
    kind = "ServiceLevelAgreement",
    plural = "servicelevelagreements",
    shortname = "sla",
    category = "guarantor",
    namespaced,
    derive = "PartialEq",
    status = "AgreementStatus",
    doc = "A service level agreement: who promises what to whom, how it is measured, what is owed when it is missed, \
           and what the operator may do to keep it.",
    printcolumn(
        name = "State",
        type_ = "string",
        json_path = ".status.summary.state",
        description = "Fulfilled, AtRisk, Violated or NotDetermined, the worst of the objectives"
    ),
    printcolumn(
        name = "Attainment",
        type_ = "string",
        json_path = ".status.summary.attainment",
        description = "Per objective: attained so far / target, in percent"
    ),
    printcolumn(
        name = "Budget",
        type_ = "string",
        json_path = ".status.summary.budgetRemaining",
        description = "Smallest error budget left of this period, in percent"
    ),
    printcolumn(
        name = "Credits",
        type_ = "string",
        json_path = ".status.summary.creditsAtStake",
        description = "What would be owed if the period closed now"
    ),
    printcolumn(
        name = "Mode",
        type_ = "string",
        json_path = ".spec.enforcement.mode",
        description = "Observe, Recommend or Enforce"
    ),
    printcolumn(
        name = "Enforcement",
        type_ = "string",
        json_path = ".status.summary.enforcement",
        description = "What the operator does or why it holds"
    ),
    printcolumn(
        name = "Until",
        type_ = "string",
        json_path = ".status.period.end",
        priority = 1,
        description = "When the current period closes"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[cfg_attr(test, kube(cel))]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("self.type != 'Internal' || !has(self.credits)")
    .message("spec.credits must be left out where spec.type is Internal; remove the block or set spec.type to Customer")
    .field_path(".credits"))]
#[x_kube(validation = Rule::new(
    "!has(self.credits) || self.credits.tiers.all(t, self.objectives.exists(o, o.name == t.objective))")
    .message("spec.credits.tiers[].objective must be the name of one of spec.objectives; correct it or add the \
              objective")
    .field_path(".credits.tiers"))]
#[x_kube(validation = Rule::new(
    "!has(self.credits) || self.credits.remedies.all(r, self.objectives.exists(o, o.name == r.objective))")
    .message("spec.credits.remedies[].objective must be the name of one of spec.objectives; correct it or add the \
              objective")
    .field_path(".credits.remedies"))]
#[x_kube(validation = Rule::new(
    "!has(self.credits) || !has(self.credits.rewards) || !has(self.credits.rewards.objective) \
     || self.objectives.exists(o, o.name == self.credits.rewards.objective)")
    .message("spec.credits.rewards.objective must be the name of one of spec.objectives; correct it or add the objective")
    .field_path(".credits.rewards"))]
#[x_kube(validation = Rule::new(
    "!has(self.credits) || self.credits.tiers.all(t, self.objectives.all(o, o.name != t.objective \
     || (has(t.below) ? !quantity(t.below).isGreaterThan(quantity(o.target)) \
         : !has(t.atMost) || !quantity(t.atMost).isGreaterThan(quantity(o.target)))))")
    .message("spec.credits.tiers[].below must not be above the target of its objective, nor atMost, or a kept promise \
              would cost money; lower it or raise the target")
    .field_path(".credits.tiers"))]
#[x_kube(validation = Rule::new(
    "!has(self.enforcement) || self.enforcement.mode != 'Enforce' || size(self.service.workloads) > 0")
    .message("spec.service.workloads must name the workload that may be acted on where spec.enforcement.mode is \
              Enforce; name it or set the mode to Recommend")
    .field_path(".service.workloads"))]
#[x_kube(validation = Rule::new("!has(self.enforcement) || !has(self.enforcement.rollback) \
     || self.service.workloads.all(w, w.apiVersion == 'apps/v1' && w.kind == 'Deployment')")
    .message("spec.enforcement.rollback goes with a Deployment of apps/v1; remove it").field_path(".enforcement.rollback"))]
#[x_kube(validation = Rule::new("!has(self.enforcement) || !has(self.enforcement.reschedule) \
     || self.service.workloads.all(w, w.kind != 'StatefulSet' && w.kind != 'DaemonSet')")
    .message("spec.enforcement.reschedule goes with a workload that keeps its pods by a ReplicaSet, such as a Deployment; \
              remove it")
    .field_path(".enforcement.reschedule"))]
#[x_kube(validation = Rule::new("has(self.validity) == has(oldSelf.validity)")
    .field_path(".validity")
    .message("spec.validity cannot be added or removed, as periods are counted from its first day; make a new \
              agreement"))]
#[x_kube(validation = Rule::new(
    "has(self.credits) == has(oldSelf.credits) && (!has(self.credits) || self.credits == oldSelf.credits)")
    .field_path(".credits")
    .message("spec.credits cannot be changed while the agreement is in force, as the running period is settled by \
              them; add an entry to spec.amendments"))]
#[x_kube(validation = Rule::new(
    "has(self.parameters) == has(oldSelf.parameters) \
     && (!has(self.parameters) || self.parameters == oldSelf.parameters)")
    .field_path(".parameters")
    .message("spec.parameters cannot be changed while the agreement is in force, as they decide whether the promise \
              covers the service; add an entry to spec.amendments"))]
#[x_kube(validation = Rule::new(
    "has(self.coveredWhen) == has(oldSelf.coveredWhen) \
     && (!has(self.coveredWhen) || self.coveredWhen == oldSelf.coveredWhen)")
    .field_path(".coveredWhen")
    .message("spec.coveredWhen cannot be changed while the agreement is in force; make a new agreement"))]
#[x_kube(validation = Rule::new("size(self.amendments) == 0 || has(self.amendmentRule)")
    .field_path(".amendmentRule")
    .message("spec.amendmentRule must say what becomes of the running period where there are spec.amendments; give \
              Split or NextPeriod"))]
#[x_kube(validation = Rule::new(
    "!has(oldSelf.amendmentRule) || (has(self.amendmentRule) && self.amendmentRule == oldSelf.amendmentRule)")
    .field_path(".amendmentRule")
    .message("spec.amendmentRule cannot be changed, as it decides where periods begin; make a new agreement"))]
#[x_kube(validation = Rule::new("!has(self.ending) || !has(self.ending.noticeOn) \
     || has(self.settlement.terminationNoticeDays)")
    .field_path(".ending.noticeOn")
    .message("spec.ending.noticeOn goes with spec.settlement.terminationNoticeDays, which says when a notice takes effect; \
              remove it, and give spec.validity.until the day on which the agreement ends"))]
#[x_kube(validation = Rule::new("!has(self.ending) || !self.ending.severeBreach \
     || (has(self.settlement.deposit) && has(self.validity) && has(self.validity.until))")
    .field_path(".ending.severeBreach")
    .message("spec.ending.severeBreach goes with spec.settlement.deposit, which it keeps, and with spec.validity.until, when \
              the agreement ended"))]
pub struct AgreementSpec {
    /// `Customer`: with credits. `Internal`: between teams of one house, without money.
    #[serde(rename = "type", default)]
    pub agreement_type: AgreementType,
    /// Who promises, and to whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parties: Option<Parties>,
    /// The days on which the agreement is in force. Left out: from its creation until it is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validity: Option<Validity>,
    /// What ends the agreement before its term. When it ends, `validity.until` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
    /// The IANA time zone that decides every day, month and quarter, for example `Europe/Berlin`.
    #[serde(default = "utc")]
    #[schemars(default = "utc", length(min = 1, max = 64))]
    #[x_kube(validation = Rule::new("self == oldSelf")
        .message("spec.timeZone cannot be changed, as it decides where periods begin; make a new agreement"))]
    pub time_zone: String,
    /// The service the agreement is about.
    pub service: Service,
    /// Where the measurements come from.
    pub metrics: Metrics,
    /// The period that is settled.
    #[x_kube(validation = Rule::new("self == oldSelf")
        .message("spec.period cannot be changed while the agreement is in force; make a new agreement"))]
    pub period: Period,
    /// The promises.
    #[schemars(length(min = 1, max = 10))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]), validation = Rule::new("self == oldSelf")
        .message("spec.objectives cannot be changed while the agreement is in force, as the slots already counted were \
                  counted by them; add an entry to spec.amendments"))]
    pub objectives: Vec<Objective>,
    /// What becomes of time in which nobody knows how the service did. Left out: nobody agreed how it counts, so that
    /// there is a verdict only where it could not change it, all good or all bad.
    #[serde(default)]
    #[x_kube(validation = Rule::new("self == oldSelf")
        .message("spec.missingData cannot be changed while the agreement is in force; add an entry to \
                  spec.amendments"))]
    pub missing_data: MissingData,
    /// What may be left out of the account, and under which conditions. Left out: nothing.
    #[serde(default)]
    #[x_kube(validation = Rule::new("self == oldSelf")
        .message("spec.exclusions cannot be changed while the agreement is in force; add an entry to \
                  spec.amendments"))]
    pub exclusions: ExclusionRules,
    /// What is owed when an objective was missed. Left out: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credits: Option<Credits>,
    /// What was agreed differently later, oldest first. Entries can be added at the end, and never changed or removed,
    /// except one that `status.refusedAmendment` names.
    #[serde(default)]
    #[schemars(length(max = 12))]
    #[x_kube(validation = Rule::new(
        "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].all(i, i >= size(self) || self[i - 1].effective < self[i].effective)")
        .message("spec.amendments[].effective must be a later day than that of the entry before"))]
    pub amendments: Vec<Amendment>,
    /// What becomes of a period in which an amendment takes effect. Needed where there are amendments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amendment_rule: Option<AmendmentRule>,
    /// How a credit becomes money, and what else the contract attaches to a breach.
    #[serde(default)]
    #[x_kube(validation = Rule::new("self == oldSelf")
        .message("spec.settlement cannot be changed while the agreement is in force; make a new agreement"))]
    pub settlement: Settlement,
    /// The days that count as working days. Left out: Monday to Friday, without holidays.
    #[serde(default)]
    #[x_kube(validation = Rule::new("self == oldSelf")
        .message("spec.calendar cannot be changed while the agreement is in force, as notices and deadlines are \
                  reckoned by it; add an entry to spec.amendments"))]
    pub calendar: BusinessCalendar,
    /// Facts of the service instance and choices of the parties, on which `constraints` and `coveredWhen` rest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub parameters: Vec<Parameter>,
    /// The promises of suppliers without which this service can not be up: together they bound what can be promised.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub dependencies: Vec<Dependency>,
    /// What must hold between the parameters. Where it does not, the agreement is refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub constraints: Vec<ParameterRule>,
    /// What must hold for the promise to cover this instance. Where it does not, the statement says that it is not
    /// covered, and nothing is owed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub covered_when: Vec<ParameterRule>,
    /// What the operator may do before an objective is lost. Left out: it recommends and changes nothing.
    #[serde(default)]
    pub enforcement: Enforcement,
}

fn utc() -> String {
    "UTC".to_owned()
}

/// Between whom the agreement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum AgreementType {
    /// A provider and its customer.
    #[default]
    Customer,
    /// Two teams of one house.
    Internal,
}

/// The parties of the agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Parties {
    /// Who promises.
    pub provider: Party,
    /// To whom.
    pub customer: Party,
}

/// A party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Party {
    /// The legal name, as it shall stand in statements.
    #[schemars(length(min = 1, max = 256))]
    pub name: String,
    /// The account number under which the party is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub account: Option<String>,
}

/// The service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    /// The service's name, as it shall stand in statements.
    #[schemars(length(min = 1, max = 128))]
    pub name: String,
    /// What the service does, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub description: Option<String>,
    /// The workload that may be acted on, in the agreement's own namespace. At most one for now.
    #[serde(default)]
    #[schemars(length(max = 1))]
    pub workloads: Vec<WorkloadRef>,
    /// The names of agreements in the same namespace about services that this one calls. While one of them burns, this one's
    /// danger is put down to it: replicas are held and none are added, as they would only press on it harder.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 8),
        inner(regex(pattern = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"), length(min = 1, max = 253))
    )]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub depends_on: Vec<String>,
}

/// A workload of the agreement's namespace: any kind with a scale subresource.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadRef {
    /// For example `apps/v1`.
    #[schemars(length(min = 1, max = 128))]
    pub api_version: String,
    /// For example `Deployment`.
    #[schemars(length(min = 1, max = 63))]
    pub kind: String,
    /// The workload's name.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// May only repeat the agreement's own namespace: an agreement acts on nothing outside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub namespace: Option<String>,
}

/// Where the measurements come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Metrics {
    /// The `MetricsSource` to read.
    pub source_ref: SourceRef,
    /// The length of a slot, the smallest time that is counted. Slots are aligned to UTC and every one has its own
    /// line in the ledger.
    #[serde(default)]
    #[x_kube(validation = Rule::new("self == oldSelf")
        .message("spec.metrics.slot cannot be changed, as the ledger counts in slots of one length; make a new \
                  agreement"))]
    pub slot: SlotLength,
}

/// Names a `MetricsSource`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
pub struct SourceRef {
    /// Its name.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
}
