//! What the operator says of an agreement: its state, its account so far, and what it did.
//!
//! Bounded lists only: the full record is in the statements. Counts are decimal strings, because JSON numbers above
//! 2^53 do not survive every reader.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::contract_status::{DemandStatus, OverpaymentStatus, PaymentStatus, TermStatus};
use super::credit_status::{CreditState, CreditStatus};
use super::diagnosis_record::{DiagnosisRecord, NamedCause};
use super::enforcement_status::{ActionRecord, EnforcementStatus};

/// Violations, actions and statement references kept in the status, the newest first.
pub const KEPT: usize = 10;

/// The state of an agreement.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgreementStatus {
    /// The generation this status was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// `Ready`, `Measured`, `Fulfilled`, `Enforcing`, and while true `Stalled`, `ConflictingManager`,
    /// `CapacityInsufficient`, `ActionHarmful`, `Advised`, `PaymentOverdue`, `Overpaid`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
    /// The columns of `kubectl get sla`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
    /// The period now running.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<PeriodStatus>,
    /// Slots before this instant were in the account when this status was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured_through: Option<Time>,
    /// One entry per objective.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub objectives: Vec<ObjectiveStatus>,
    /// The latest violations, newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub violations: Vec<Violation>,
    /// What would be owed if the period closed now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credits: Option<CreditStatus>,
    /// What the operator holds, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enforcement: Option<EnforcementStatus>,
    /// The latest actions, newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<ActionRecord>,
    /// The causes found of the latest dangers, newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diagnoses: Vec<DiagnosisRecord>,
    /// The `effective` day of an entry of `spec.amendments` that cannot be worked with. It can be corrected or removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 10))]
    pub refused_amendment: Option<String>,
    /// The `effective` day of the last entry of `spec.amendments` that was taken up. Later entries must take effect after
    /// they were added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 10))]
    pub amended_through: Option<String>,
    /// The latest statements, newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statements: Vec<StatementRef>,
    /// The latest demands to cure a breach, newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10))]
    pub demands: Vec<DemandStatus>,
    /// Its term. Left out: nothing is agreed of its end, and nothing adds to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub term: Option<TermStatus>,
}

/// The columns of `kubectl get sla`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Summary {
    /// The worst state of the objectives.
    pub state: State,
    /// Per objective `attained/target`, in percent.
    pub attainment: String,
    /// The smallest error budget left, in percent of the whole.
    pub budget_remaining: String,
    /// Amount and currency.
    pub credits_at_stake: String,
    /// What the operator does, or why it holds.
    pub enforcement: String,
}

/// The state of an objective in the running period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema)]
pub enum State {
    /// The promise does not cover this instance.
    NotCovered,
    /// The target is met so far, and nothing threatens it.
    Fulfilled,
    /// Too little is known to say.
    #[default]
    NotDetermined,
    /// Still met, but the error budget burns too fast or is nearly spent.
    AtRisk,
    /// The attainment is below the target.
    Violated,
}

/// A settlement period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct PeriodStatus {
    /// Counts.
    pub start: Time,
    /// Does not count.
    pub end: Time,
}

/// The account of one objective in the running period.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectiveStatus {
    /// The objective's name.
    pub name: String,
    /// Its state.
    pub state: State,
    /// The target, in percent.
    pub target: String,
    /// Attained so far, in percent, truncated to six places. Empty: nothing was measured.
    pub attainment: String,
    /// Events so far.
    pub total_events: String,
    /// Bad events so far.
    pub bad_events: String,
    /// The share of slots that are known, in percent.
    pub coverage: String,
    /// The error budget left, in percent of the whole; negative when overspent. Empty: none to speak of.
    pub budget_remaining: String,
    /// How fast the error budget burns, in multiples of the pace that would just use it up.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub burn_rates: Vec<BurnRate>,
    /// What stands in the way of measuring, in words. Empty: nothing.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub problem: String,
}

/// A burn rate over one window.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct BurnRate {
    /// The window's length, for example `1h`.
    pub window: String,
    /// Multiples of the sustainable pace, with two places.
    pub rate: String,
}

/// A time in which an objective was not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Violation {
    /// The objective.
    pub objective: String,
    /// The beginning of the first bad slot.
    pub start: Time,
    /// The end of the last bad slot. Left out: it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Time>,
    /// The worst share of good events in one slot, in percent; 0 where no event of it is known.
    pub depth: String,
    /// Bad events.
    pub bad_events: String,
    /// All events in that time.
    pub total_events: String,
    /// Who noticed it first. Left out: nobody said, and the operator saw no danger itself (`episode`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detected_by: Option<DetectedBy>,
    /// When the customer noticed it. Left out: nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detected_at: Option<Time>,
    /// When the episode of danger began that it belongs to. Left out: the operator saw no danger, or did not look for
    /// its cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub episode: Option<Time>,
    /// What the operator found to be its cause while it went on, in the order found: an observation, and no part of the
    /// figures. Left out: nothing was found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 3))]
    pub causes: Vec<NamedCause>,
    /// The `id`s of the actions that were taken against it; with what became of them they are listed under `actions`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub actions: Vec<String>,
}

/// Who noticed an incident first, the `Provider` or the `Customer`: whom a report names, and without one the provider where the
/// operator saw the danger itself. Left out: nobody said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DetectedBy {
    /// The provider, by its monitoring.
    Provider,
    /// The customer, who told the provider.
    Customer,
}

/// Points at a statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatementRef {
    /// The `ServiceLevelStatement`'s name.
    pub name: String,
    /// The period's beginning.
    pub period_start: Time,
    /// What became of the agreement in that period.
    pub state: State,
    /// The credit granted, with its currency; empty when none was.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub credit: String,
    /// A mark of the exclusions that counted; empty when none did. When others count by now, the period is restated.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 64))]
    pub exclusions: String,
    /// Where the credit stands: `Determined` (it waits for a claim, or nothing is granted), `Claimed`, `Granted`,
    /// `Settled`, `Expired` or `Voided`. Left out: the agreement grants no credits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_state: Option<CreditState>,
    /// Since when it stands there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_since: Option<Time>,
    /// Why it stands there, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 512))]
    pub credit_reason: String,
    /// When the time is over for the next thing that has to be done, or the credit expires. Left out: nothing has to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim_by: Option<Time>,
    /// What is to be paid of it first, and by when. Left out: it is not granted or it was paid, it is no money, or nothing was
    /// agreed on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<PaymentStatus>,
    /// What newer statements of the period added to what was due already: each falls due by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 15))]
    pub later_payments: Vec<PaymentStatus>,
    /// What was paid beyond what is owed by now. Left out: nothing, or a payment on a claim took account of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overpaid: Option<OverpaymentStatus>,
}
