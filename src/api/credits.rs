//! What the provider owes when an objective was missed: the fee, the tiers, and how they come together.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::remedy::{Remedy, Rewards};
use super::{Money, Percent, Quantity};

/// Service credits: tiers by attainment, remedies of other kinds, and the limits on both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new(
    "self.tiers.all(a, !has(a.below) || !has(a.percentOfFee) || self.tiers.all(b, a.objective != b.objective \
     || !has(b.below) || !has(b.percentOfFee) || !quantity(a.below).isLessThan(quantity(b.below)) \
     || !quantity(a.percentOfFee).isLessThan(quantity(b.percentOfFee))))")
    .message("spec.credits.tiers[].percentOfFee must not be smaller for a lower `below` of the same objective; \
              raise it")
    .field_path(".tiers"))]
#[x_kube(validation = Rule::new(
    "self.tiers.all(a, !has(a.below) || self.tiers.exists_one(b, a.objective == b.objective && has(b.below) \
     && quantity(a.below).compareTo(quantity(b.below)) == 0))")
    .message("spec.credits.tiers[].below must differ between the tiers of one objective; remove one of the two tiers")
    .field_path(".tiers"))]
#[x_kube(validation = Rule::new("size(self.tiers) > 0 || size(self.remedies) > 0 || has(self.rewards)")
    .message("spec.credits must have tiers, remedies or rewards; remove the block if nothing is ever owed"))]
#[x_kube(validation = Rule::new(
    "!has(self.serviceDays) || self.tiers.exists(t, has(t.serviceDays))")
    .message("spec.credits.serviceDays goes with tiers that grant serviceDays; remove it")
    .field_path(".serviceDays"))]
#[x_kube(validation = Rule::new("!has(self.furtherFees) || !self.furtherFees.exists(f, f.currency == self.fee.currency)")
    .message("spec.credits.furtherFees[].currency must be another one than spec.credits.fee.currency; add the two fees")
    .field_path(".furtherFees"))]
#[x_kube(validation = Rule::new("has(self.dailyUsage) || !self.tiers.exists(t, has(t.multipleOfDailyUsage))")
    .message("spec.credits.dailyUsage must be given where a tier grants multipleOfDailyUsage")
    .field_path(".dailyUsage"))]
pub struct Credits {
    /// The fee the percentages refer to.
    pub fee: Fee,
    /// Fees in other currencies to which the same percentages apply. Each credit stays in the currency of its fee. Fixed
    /// amounts, and limits given as an amount, are in the currency of `fee` only, so that the highest of several credits
    /// cannot be told where some of them are fixed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["currency".into()]))]
    pub further_fees: Vec<Fee>,
    /// What a day costs on average, for tiers that grant a multiple of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daily_usage: Option<DailyUsage>,
    /// The tiers. Of several that apply to an objective, the one with the lowest bound is granted.
    #[serde(default)]
    #[schemars(length(max = 32))]
    pub tiers: Vec<Tier>,
    /// What is owed by other rules than tiers.
    #[serde(default)]
    #[schemars(length(max = 8))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub remedies: Vec<Remedy>,
    /// What is owed the other way when more was delivered than promised. It is reckoned by itself, and never set off
    /// against credits here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rewards: Option<Rewards>,
    /// How the credits of several missed objectives combine: of each the tier that applies, and every remedy that comes
    /// to something. `Highest` (the default): only the highest is granted, of equal ones the first. `Sum`: they add up,
    /// as far as the caps. `CustomersChoice`: the customer chooses one; until then it is the highest. `FirstListed`: only
    /// one, of the objective that is listed first among those that earn something: its tier, and where none applies the first
    /// of its remedies. They are compared in money of the fee;
    /// only for that, a day of service and a day's usage are worth the fee over the days of the period. Free hours and
    /// the right to end the agreement stand beside them.
    #[serde(default)]
    pub combine: Combine,
    /// The most that is granted for one period. Left out: the whole fee for tiers in percent of it, and no limit for
    /// anything else. Days and an amount hold for all parts of a period together that an amendment splits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<Cap>,
    /// The most that is granted in a year, counted from the beginning of the agreement; a period belongs to the year in which
    /// it begins, and so does its credit. A credit counts by its statement,
    /// whether or not it was claimed and paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap_per_year: Option<Cap>,
    /// The most that is granted as long as the agreement lasts, counted in the same way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap_per_contract: Option<Cap>,
    /// A credit in the currency of `fee` is only issued when it is more than this, before it is rounded: exactly this
    /// much is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_above: Option<Money>,
    /// What a credit is given as. `Credit` (the default) is set off against the next invoice, a `Voucher` pays for
    /// further purchases, a `Refund` is paid back.
    #[serde(default)]
    pub form: CreditForm,
    /// What becomes of days of service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_days: Option<ServiceDaysRule>,
}

/// A fee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Fee {
    /// The amount for one settlement period, or for `prepaidMonths`.
    pub amount: Money,
    /// The ISO 4217 code of the currency; its minor unit is what credits are rounded to.
    #[schemars(regex(pattern = r"^[A-Z]{3}$"), length(max = 3))]
    pub currency: String,
    /// What the fee is for, as it shall stand in statements: `charges for the storage class in the region`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub base: Option<String>,
    /// The amount was paid for so many months in advance: percentages refer to as many of them as the settlement period
    /// has, which is one where that is no calendar quarter or year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 120))]
    pub prepaid_months: Option<i32>,
    /// Whether a first or last period that is cut short is charged by its share of the whole period, reckoned in seconds.
    /// Left out: it is charged in full. A part of a period that an amendment splits is charged by its share of it in any
    /// case.
    #[serde(default)]
    pub prorated: bool,
}

/// What a day costs on average.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct DailyUsage {
    /// How much of the unit.
    pub amount: Quantity,
    /// The unit: the fee's currency, which makes it money like any other, or what the provider counts in.
    #[schemars(length(min = 1, max = 32))]
    pub unit: String,
}

/// One step of the credit table: exactly one upper bound, perhaps a lower one, and exactly one grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.below) != has(self.atMost)")
    .message("spec.credits.tiers[] must have exactly one of below and atMost"))]
#[x_kube(validation = Rule::new("!(has(self.above) && has(self.atLeast))")
    .message("spec.credits.tiers[] must not have both above and atLeast; remove one"))]
#[x_kube(validation = Rule::new(
    "[has(self.percentOfFee), has(self.serviceDays), has(self.multipleOfDailyUsage), has(self.amount)]\
     .filter(x, x).size() == 1")
    .message("spec.credits.tiers[] must have exactly one of percentOfFee, serviceDays, multipleOfDailyUsage and amount"))]
#[x_kube(validation = Rule::new(
    "(!has(self.above) || !has(self.below) || quantity(self.above).isLessThan(quantity(self.below))) \
     && (!has(self.above) || !has(self.atMost) || quantity(self.above).isLessThan(quantity(self.atMost))) \
     && (!has(self.atLeast) || !has(self.below) || quantity(self.atLeast).isLessThan(quantity(self.below))) \
     && (!has(self.atLeast) || !has(self.atMost) || !quantity(self.atLeast).isGreaterThan(quantity(self.atMost)))")
    .message("spec.credits.tiers[]: no attainment lies between the lower and the upper bound; lower the one or raise the \
              other"))]
pub struct Tier {
    /// The objective whose attainment decides.
    #[schemars(length(min = 1, max = 40))]
    pub objective: String,
    /// The tier applies when the attainment is below this: exactly this much is not below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("quantity(self).isGreaterThan(quantity('0'))")
        .message("spec.credits.tiers[].below must be above 0"))]
    pub below: Option<Percent>,
    /// The tier applies when the attainment is at most this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Percent>,
    /// The tier applies only when the attainment is above this. Left out: however low it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<Percent>,
    /// The tier applies only when the attainment is at least this. Left out: however low it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Percent>,
    /// The credit, in percent of the fee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("quantity(self).isGreaterThan(quantity('0'))")
        .message("spec.credits.tiers[].percentOfFee must be above 0; remove a tier that grants nothing"))]
    pub percent_of_fee: Option<Percent>,
    /// The credit, in days of service. Each part of a period that an amendment splits grants them, as far as the caps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 366))]
    pub service_days: Option<i32>,
    /// The credit, as a multiple of `dailyUsage`. Of a period that an amendment splits each part has its share of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("quantity(self).isGreaterThan(quantity('0'))")
        .message("spec.credits.tiers[].multipleOfDailyUsage must be above 0; remove a tier that grants nothing"))]
    pub multiple_of_daily_usage: Option<Quantity>,
    /// The credit, as an amount in the fee's currency. Of a period that an amendment splits each part has its share of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("quantity(self).isGreaterThan(quantity('0'))")
        .message("spec.credits.tiers[].amount must be above 0; remove a tier that grants nothing"))]
    pub amount: Option<Money>,
}

/// How the credits of several missed objectives combine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum Combine {
    /// Only the highest is granted; of equal ones the first.
    #[default]
    Highest,
    /// They add up, as far as the caps.
    Sum,
    /// The customer chooses one; until then it is taken to be the highest.
    CustomersChoice,
    /// Only one, of the objective that is listed first among those that earn something: its tier, else its first remedy.
    FirstListed,
}

/// The most that is granted. At least one is given; each limits what is granted in its unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.percentOfFee) || has(self.serviceDays) || has(self.amount)")
    .message("spec.credits.cap must have percentOfFee, serviceDays or amount"))]
pub struct Cap {
    /// In percent of the fee of one period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent_of_fee: Option<Percent>,
    /// In days of service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 3660))]
    pub service_days: Option<i32>,
    /// As an amount in the fee's currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
}

/// What a credit is given as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum CreditForm {
    /// Set off against the next invoice.
    #[default]
    Credit,
    /// A voucher for further purchases.
    Voucher,
    /// Paid back.
    Refund,
}

/// What becomes of days of service. `ExtendTerm` (the default): they are added to the end of the agreement.
/// `MonetaryValue`: each is paid, at the fee over the days of the whole period.
// Of an optional choice `kubectl explain` shows this text, and not that of the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum ServiceDaysRule {
    /// They are added to the end of the agreement.
    #[default]
    ExtendTerm,
    /// Their value is paid: for each the fee over the days of the whole period.
    MonetaryValue,
}
