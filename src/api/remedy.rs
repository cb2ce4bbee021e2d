//! Remedies that are no tiers, and rewards.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Money, Percent, Quantity, Span};

/// What is owed by another rule than a tier. Exactly one rule is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new(
    "[has(self.proportional), has(self.perIncident), has(self.perDayLate), has(self.multipleOfFee), \
     has(self.freeHours), has(self.terminationRight)].filter(x, x).size() == 1")
    .message("spec.credits.remedies[] must have exactly one of proportional, perIncident, perDayLate, multipleOfFee, \
              freeHours and terminationRight"))]
pub struct Remedy {
    /// The name by which statements refer to it.
    #[schemars(regex(pattern = r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$"), length(max = 40))]
    pub name: String,
    /// The objective it is about.
    #[schemars(length(min = 1, max = 40))]
    pub objective: String,
    /// The fee for the time that was lost, times a multiple: fee x (1 - attainment) x multiple, where the objective was
    /// missed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proportional: Option<Proportional>,
    /// A fixed amount for each violation of the objective: each unbroken time in which it was missed or, where the objective
    /// counts reported values, each value that was late. What only excluded time separates is one violation; what goes on
    /// over the end of a period is one in each. Unknown time counts as `missingData` says; where it says nothing of it, what
    /// only unknown time separates is one violation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_incident: Option<PerIncident>,
    /// So much for each day by which a delivery was late, owed in the period in which it was delivered. The objective
    /// counts values; deliveries are none of them, and it may be fulfilled while one was late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_day_late: Option<PerDayLate>,
    /// A multiple of the fee for each violation of the objective, counted as for `perIncident`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multiple_of_fee: Option<MultipleOfFee>,
    /// Hours by the clock of the agreement's zone that are not charged. The objective counts bad time (method `BadMinutes` or
    /// `Pooled`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_hours: Option<FreeHours>,
    /// The right to end the agreement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub termination_right: Option<TerminationRight>,
}

/// A multiple of the fee for the time that was lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Proportional {
    /// The multiple; `1` is the fee for that time.
    pub multiple: Quantity,
}

/// A fixed amount for each violation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct PerIncident {
    /// In the fee's currency.
    pub amount: Money,
}

/// So much for each day of delay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.percentOfFee) != has(self.amount)")
    .message("spec.credits.remedies[].perDayLate must have exactly one of percentOfFee and amount"))]
pub struct PerDayLate {
    /// In percent of the fee, for each day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent_of_fee: Option<Percent>,
    /// In the fee's currency, for each day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// Which days count. `Calendar` (the default): every day. `Working`: the working days of `spec.calendar`.
    #[serde(default)]
    pub days: DayCount,
    /// The most that it comes to for one delivery, a long delay included, in percent of the fee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap_percent_of_fee: Option<Percent>,
    /// What a long delay costs in place of the daily sum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation: Option<DelayEscalation>,
}

/// What a long delay costs in place of the daily sum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct DelayEscalation {
    /// A delay of more days than this is a long one.
    #[schemars(range(min = 1, max = 366))]
    pub after_days: i32,
    /// In percent of the fee.
    pub percent_of_fee: Percent,
    /// Whether the customer may then end the agreement.
    #[serde(default)]
    pub terminates: bool,
}

/// Which days count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum DayCount {
    /// Every day.
    #[default]
    Calendar,
    /// Working days of `spec.calendar`.
    Working,
}

/// A multiple of the fee for each violation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct MultipleOfFee {
    /// The multiple.
    pub multiple: Quantity,
}

/// Hours by the clock that are not charged: one begins where a clock of the agreement's time zone shows a full hour, or is
/// set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct FreeHours {
    /// An hour is free when the service was down for longer than this within it; exactly this long is not longer. Unknown
    /// time is down where `missingData` counts it as bad.
    pub unavailable_for: Span,
}

/// The right to end the agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminationRight {
    /// After so many periods in a row in which the objective was missed. A period for which nothing can be said neither
    /// counts nor ends the row. A period that an amendment splits is one, and missed when a part of it is.
    #[schemars(range(min = 1, max = 36))]
    pub missed_periods: i32,
}

/// What is owed to the other side for more than was promised. It is in the fee's currency, and rounded like a credit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("(self.basis == 'Attainment') == has(self.objective)")
    .message("spec.credits.rewards.objective must be given with the basis Attainment, and only with it")
    .field_path(".objective"))]
#[x_kube(validation = Rule::new("self.basis == 'Volume' || self.scale == 'Whole'")
    .message("spec.credits.rewards.scale Marginal goes with the basis Volume; remove it")
    .field_path(".scale"))]
pub struct Rewards {
    /// What decides about the tier. `Attainment`: the attainment of the objective, in percent. `Volume`: what was
    /// turned over in the period.
    pub basis: RewardBasis,
    /// The objective, for the basis `Attainment`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 40))]
    pub objective: Option<String>,
    /// The steps; of several that are reached, the highest counts.
    #[schemars(length(min = 1, max = 16))]
    pub tiers: Vec<RewardTier>,
    /// How a volume is rewarded. `Whole` (the default): the whole of it at the rate of the highest step. `Marginal`:
    /// each part at the rate of its own step.
    #[serde(default)]
    pub scale: RewardScale,
    /// Granted whatever was reached, beside the steps: in percent of the fee or of the volume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unconditional_percent: Option<Percent>,
    /// The most that is granted for one period, as an amount in the fee's currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<Money>,
}

/// What decides about a reward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RewardBasis {
    /// The attainment of an objective.
    Attainment,
    /// What was turned over in the period.
    Volume,
}

/// How a volume is rewarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum RewardScale {
    /// The whole of it at the rate of the highest step.
    #[default]
    Whole,
    /// Each part at the rate of its own step.
    Marginal,
}

/// One step of the reward table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct RewardTier {
    /// The step is reached at this, in percent of attainment or as a volume. A step of attainment is not below the target of
    /// its objective, and is not reached by a period that misses it.
    pub at_least: Quantity,
    /// In percent of the fee (`Attainment`) or of the volume (`Volume`).
    pub percent: Percent,
}
