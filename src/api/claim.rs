//! `ServiceLevelClaim`: what the customer asks for and says, and what the provider answers.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::credit_status::CreditState;

/// A customer's claim on the credit of a period, an incident that the customer noticed, or their demand to cure a breach. The
/// customer writes it once; after that the provider adds what was decided, paid and cured.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[kube(
    group = "guarantor.dev",
    version = "v1alpha1",
    kind = "ServiceLevelClaim",
    plural = "servicelevelclaims",
    shortname = "slc",
    category = "guarantor",
    namespaced,
    derive = "PartialEq",
    status = "ClaimStatus",
    doc = "A customer's claim on the credit of a period, an incident that the customer noticed, or their demand to cure a \
           breach. The customer writes it once; after that the provider adds what was decided, paid and cured.",
    printcolumn(name = "Agreement", type_ = "string", json_path = ".spec.agreement"),
    printcolumn(name = "Period", type_ = "string", json_path = ".spec.credit.periodStart"),
    printcolumn(name = "Statement", type_ = "string", json_path = ".spec.credit.statement", priority = 1),
    printcolumn(name = "Noticed", type_ = "string", json_path = ".spec.incident.noticedAt"),
    printcolumn(name = "Made By", type_ = "string", json_path = ".spec.madeBy"),
    printcolumn(name = "Decision", type_ = "string", json_path = ".spec.decision.verdict"),
    printcolumn(
        name = "Credit",
        type_ = "string",
        json_path = ".status.credit",
        description = "Where the credit stands that is claimed"
    ),
    printcolumn(
        name = "Effective",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Effective\")].status",
        description = "Whether the claim has an effect on the account"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[cfg_attr(test, kube(cel))]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("[has(self.credit), has(self.incident), has(self.demand)].filter(x, x).size() == 1")
    .message("spec must have exactly one of credit, incident and demand"))]
#[x_kube(validation = Rule::new("size(self.acts) == 0 || has(self.credit)")
    .message("spec.acts goes with spec.credit: what was done in time is done for a credit").field_path(".acts"))]
#[x_kube(validation = Rule::new("!has(self.payment) || has(self.credit)")
    .message("spec.payment goes with spec.credit: an incident is not paid").field_path(".payment"))]
#[x_kube(validation = Rule::new("!has(self.cure) || has(self.demand)")
    .message("spec.cure goes with spec.demand: only what was demanded is cured").field_path(".cure"))]
#[x_kube(validation = Rule::new("!has(self.cure) || self.cure.by != self.madeBy")
    .message("spec.cure.by must be another person than spec.madeBy").field_path(".cure.by"))]
#[x_kube(validation = Rule::new("!has(self.decision) || self.decision.by != self.madeBy")
    .message("spec.decision.by must be another person than spec.madeBy").field_path(".decision.by"))]
#[x_kube(validation = Rule::new("!has(self.payment) || self.payment.by != self.madeBy")
    .message("spec.payment.by must be another person than spec.madeBy").field_path(".payment.by"))]
#[x_kube(validation = Rule::new(
    "self.agreement == oldSelf.agreement && self.madeBy == oldSelf.madeBy \
     && has(self.madeAt) == has(oldSelf.madeAt) && (!has(self.madeAt) || self.madeAt == oldSelf.madeAt) \
     && has(self.description) == has(oldSelf.description) \
     && (!has(self.description) || self.description == oldSelf.description) \
     && has(self.credit) == has(oldSelf.credit) && (!has(self.credit) || self.credit == oldSelf.credit) \
     && has(self.demand) == has(oldSelf.demand) && (!has(self.demand) || self.demand == oldSelf.demand) \
     && self.acts == oldSelf.acts \
     && has(self.incident) == has(oldSelf.incident) && (!has(self.incident) \
         || (self.incident.objectives == oldSelf.incident.objectives && self.incident.from == oldSelf.incident.from \
             && self.incident.noticedAt == oldSelf.incident.noticedAt \
             && (!has(oldSelf.incident.until) || (has(self.incident.until) \
                 && self.incident.until == oldSelf.incident.until))))")
    .message("spec must not be edited, since what was claimed counts from when it was; only incident.until, decision, \
              payment and cure can be added, and for everything else make a new claim"))]
#[x_kube(validation = Rule::new(
    "!has(oldSelf.decision) || (has(self.decision) && self.decision == oldSelf.decision)")
    .message("spec.decision cannot be changed or taken back once it is given").field_path(".decision"))]
#[x_kube(validation = Rule::new(
    "!has(oldSelf.payment) || (has(self.payment) && self.payment == oldSelf.payment)")
    .message("spec.payment cannot be changed or taken back once it is given").field_path(".payment"))]
#[x_kube(validation = Rule::new("!has(oldSelf.cure) || (has(self.cure) && self.cure == oldSelf.cure)")
    .message("spec.cure cannot be changed or taken back once it is given").field_path(".cure"))]
pub struct ClaimSpec {
    /// The agreement, in the same namespace.
    #[schemars(length(min = 1, max = 253))]
    pub agreement: String,
    /// The credit that is claimed. Exactly one of this, `incident` and `demand` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit: Option<ClaimedCredit>,
    /// An incident that the customer noticed. A violation in that time was noticed by the customer first, and a deadline
    /// that runs from awareness runs from then, unless the provider rejects it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<NoticedIncident>,
    /// A demand to cure a breach within `spec.settlement.cureDays` of the agreement, from when the claim was made. Where it
    /// is not cured by then, the customer may end the agreement, unless the provider rejected it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub demand: Option<CureDemand>,
    /// What it is about, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub description: Option<String>,
    /// The user who makes it. The chart's admission policy makes sure that it is who they say.
    #[schemars(length(min = 1, max = 253))]
    pub made_by: String,
    /// When it was made, by letter or ticket. Left out: when this object was created. An earlier instant counts only where
    /// the provider's decision confirms it (`decision.confirmsTimes`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_at: Option<Time>,
    /// What else was done that the agreement asks for in time (`spec.settlement.deadlines`). An instant before the
    /// creation of this object counts only where the provider's decision confirms it.
    #[serde(default)]
    #[schemars(length(max = 8))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub acts: Vec<ClaimAct>,
    /// What the provider decided. Another person than `madeBy` gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<ClaimDecision>,
    /// That the credit was paid or set off, as much of it as was granted by then. Another person than `madeBy` says so. What a
    /// newer statement of the period changes is told by a payment on another claim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<ClaimPayment>,
    /// That the breach was cured. Another person than `madeBy` says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cure: Option<ClaimCure>,
}

/// The credit that is claimed: the one of a period. A claim goes over to the statement that takes the place of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.statement) != has(self.periodStart)")
    .message("spec.credit must have exactly one of statement and periodStart"))]
pub struct ClaimedCredit {
    /// By the name of a `ServiceLevelStatement` of the period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub statement: Option<String>,
    /// By the beginning of the period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period_start: Option<Time>,
    /// The objective whose tier the customer chooses, or the remedy, where one credit of several is theirs to choose
    /// (`spec.credits.combine: CustomersChoice`). The first choice for a period counts. After its statement, a newer one
    /// takes its place if that is another credit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 40))]
    pub chooses: Option<String>,
}

/// An incident that the customer noticed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("!has(self.until) || self.from < self.until")
    .message("spec.incident.until must be later than spec.incident.from").field_path(".until"))]
#[x_kube(validation = Rule::new("!(self.noticedAt < self.from)")
    .message("spec.incident.noticedAt must not be before spec.incident.from").field_path(".noticedAt"))]
pub struct NoticedIncident {
    /// The objectives it is about. Empty: all.
    #[serde(default)]
    #[schemars(length(max = 10), inner(length(max = 40)))]
    pub objectives: Vec<String>,
    /// When it began.
    pub from: Time,
    /// When it was over. Left out: it was not over yet, and what had begun when it was noticed is meant. It can be added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// When the customer noticed it.
    pub noticed_at: Time,
}

/// A demand to cure a breach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct CureDemand {
    /// What is to be cured, in words.
    #[schemars(length(min = 1, max = 512))]
    pub breach: String,
}

/// That a breach was cured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClaimCure {
    /// The user who says so.
    #[schemars(length(min = 1, max = 253))]
    pub by: String,
    /// When it was cured.
    pub at: Time,
}

/// Something that was done in time, or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClaimAct {
    /// The name of the deadline it is for: `ticket`, `notice`.
    #[schemars(regex(pattern = r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$"), length(max = 40))]
    pub name: String,
    /// When it was done.
    pub at: Time,
}

/// What the provider decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("self.verdict != 'Rejected' || has(self.reason)")
    .message("spec.decision.reason must be given where the claim is rejected").field_path(".reason"))]
pub struct ClaimDecision {
    /// The user.
    #[schemars(length(min = 1, max = 253))]
    pub by: String,
    /// When.
    pub at: Time,
    /// `Approved`: it is owed. `Rejected`: it is not, for the reason given.
    pub verdict: ClaimVerdict,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub reason: Option<String>,
    /// Whether the provider confirms what is said to have happened before this object was created: `madeAt`, `acts`.
    #[serde(default)]
    pub confirms_times: bool,
}

/// What becomes of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ClaimVerdict {
    /// It is owed.
    Approved,
    /// It is not.
    Rejected,
}

/// That a credit was paid: all that was granted of it by then and not paid before, or what had been paid too much was taken
/// back. What a newer statement grants is paid by another claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClaimPayment {
    /// The user who says so.
    #[schemars(length(min = 1, max = 253))]
    pub by: String,
    /// When it was paid.
    pub at: Time,
    /// The invoice or settlement it was set off in. Left out: it was paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub set_off_in: Option<String>,
}

/// What became of a claim.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClaimStatus {
    /// The generation this status was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// `Effective`, with the reason where it is not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
    /// Where the credit stands that is claimed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit: Option<CreditState>,
    /// Since when it stands there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
    /// The statement that grants it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub statement: Option<String>,
    /// Until when the breach may be cured that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cure_by: Option<Time>,
}
