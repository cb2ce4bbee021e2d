//! What is owed for a period, as status and statement say it.
//!
//! Money, shares and fractions are decimal strings: exact ones as a fraction in lowest terms, shown ones cut at six
//! places, granted ones rounded to the currency's minor unit.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::credit_facts::CreditFacts;
use super::credits::CreditForm;
use super::remedy::RewardBasis;

/// Free hours listed in one status or statement; `freeHoursTotal` counts them all.
pub const LISTED_FREE_HOURS: usize = 200;

/// What is owed for one period.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CreditStatus {
    /// `Accruing` while the period runs; in its statement `Granted` where credits are granted automatically, and
    /// `Determined` where they have to be claimed or nothing is granted. What becomes of it afterwards stands in the
    /// agreement's `status.statements`: `Claimed` when the customer claimed it in time, `Granted` when the provider owes
    /// it, `Settled` when it was paid or set off; `Expired` when something was not done in time, `Voided` when it was
    /// rejected or a newer statement took its place.
    pub state: CreditState,
    /// Since when it is in this state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
    /// Why it is in this state, in words.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 512))]
    pub reason: String,
    /// All the money in percent of the fee, after combination and caps, cut at six places.
    pub percent_of_fee: String,
    /// The same as an exact fraction of the fee, before rounding: `7/144000`.
    pub fraction_of_fee: String,
    /// What is granted in the fee's currency: rounded half up once, and `0.00` where it is not issued.
    pub amount: String,
    /// The fee's currency, ISO 4217.
    pub currency: String,
    /// What it is given as: `Credit` (set off against the next invoice), `Voucher` or `Refund`.
    pub form: CreditForm,
    /// The reckoning for each currency, the fee's first. Amounts of different currencies are never added.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 9))]
    pub amounts: Vec<CreditAmount>,
    /// Days of service that are added to the end of the agreement, after combination and caps.
    #[serde(skip_serializing_if = "is_zero")]
    pub service_days: i64,
    /// Days of service that are paid, after combination and caps. Their value is part of the amounts.
    #[serde(skip_serializing_if = "is_zero")]
    pub paid_days: i64,
    /// A multiple of the daily usage, where that is counted in another unit than the fee's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily_usage: Option<UsageCredit>,
    /// The beginnings of the hours by the clock (UTC) that are not charged, the earliest two hundred.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200))]
    pub free_hours: Vec<Time>,
    /// How many hours are not charged.
    #[serde(skip_serializing_if = "is_zero")]
    pub free_hours_total: i64,
    /// Whether the customer may end the agreement; the line of the remedy says why.
    #[serde(skip_serializing_if = "is_false")]
    pub termination_right: bool,
    /// What is owed the other way, for more than was promised. It is not set off here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reward: Option<RewardStatus>,
    /// One line for every tier and remedy that applies, and for every objective that neither grants nor denies.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub lines: Vec<CreditLine>,
    /// What this rests on beside the measurements.
    #[serde(skip_serializing_if = "CreditFacts::is_nothing")]
    pub facts: CreditFacts,
    /// From when on a claim is taken. Left out: at once, or it need not be claimed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claims_open: Option<Time>,
    /// What has to be done by when for the credit to be granted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    pub deadlines: Vec<CreditDeadline>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(n: &i64) -> bool {
    *n == 0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(b: &bool) -> bool {
    !*b
}

/// The life of a credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum CreditState {
    /// The period runs; the figure may still change.
    #[default]
    Accruing,
    /// The period is closed and the figure stands.
    Determined,
    /// The customer claimed it in time.
    Claimed,
    /// The provider owes it.
    Granted,
    /// It was paid, or set off.
    Settled,
    /// Something that had to be done in time was not: nothing is owed any more.
    Expired,
    /// It was rejected, or a newer statement took its place before it was granted.
    Voided,
}

/// The reckoning in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CreditAmount {
    /// ISO 4217.
    pub currency: String,
    /// What the fee is for.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 256))]
    pub base: String,
    /// The fee of this period, to which the percentages refer: a prepayment divided by its months, and where agreed only
    /// the share of a period that is cut short. Cut at six places.
    pub fee: String,
    /// After combination and before any cap, cut at six places.
    pub before_cap: String,
    /// The cap that took something away: `Fee` (tiers grant no more than the whole fee), `Period`, `Year` or
    /// `Contract`. Empty: none did.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub capped_by: String,
    /// After the caps and before rounding, as an exact fraction: `7/720`.
    pub exact: String,
    /// The same, cut at six places: `0.009722`.
    pub unrounded: String,
    /// The same, rounded half up, once, to the currency's minor unit.
    pub amount: String,
    /// Whether it is issued.
    pub issued: bool,
    /// Why it is not issued although something is owed.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 512))]
    pub not_issued: String,
}

/// A multiple of what a day costs on average.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct UsageCredit {
    /// The unit it is counted in.
    #[schemars(length(max = 32))]
    pub unit: String,
    /// The multiple.
    pub multiple: String,
    /// The multiple of the daily usage, cut at six places; it is not rounded, since no minor unit is known.
    pub amount: String,
    /// The same as an exact fraction.
    pub exact: String,
}

/// What one tier or remedy comes to.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CreditLine {
    /// The objective.
    pub objective: String,
    /// The remedy's name. Empty: it is a tier.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub remedy: String,
    /// The tier's bound, in percent: the attainment is below it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub below: String,
    /// The tier's bound, in percent: the attainment is at most this.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub at_most: String,
    /// How it is reckoned, in words: `3 violations at 1000.00 CNY each`.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 512))]
    pub reckoning: String,
    /// In percent of the fee, as the tier has it or cut at six places. Empty: it is no share of the fee.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub percent_of_fee: String,
    /// In days of service.
    #[serde(skip_serializing_if = "is_zero")]
    pub service_days: i64,
    /// As a multiple of the daily usage.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub multiple_of_daily_usage: String,
    /// Whether this line is part of the sum after combination.
    pub granted: bool,
    /// Why it is not.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 512))]
    pub not_granted: String,
    /// What it comes to in money, for each currency.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 9))]
    pub amounts: Vec<LineAmount>,
}

/// What one line comes to in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LineAmount {
    /// ISO 4217.
    pub currency: String,
    /// By itself, before combination and caps, cut at six places.
    pub by_itself: String,
    /// Its part of the sum after combination and caps, cut at six places. A cap takes from the last lines first.
    pub granted: String,
    /// The same as an exact fraction; the fractions of all lines add up to the exact total.
    pub exact: String,
}

/// What has to be done by when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreditDeadline {
    /// What: `claim`, `ticket`, `notice`.
    #[schemars(length(max = 40))]
    pub name: String,
    /// The last day on which it is in time, in the agreement's time zone, `YYYY-MM-DD`.
    #[schemars(length(max = 10))]
    pub last_day: String,
    /// When the time for it is over.
    pub by: Time,
    /// It is reckoned as if the customer noticed the violation at once, since nobody told when they did. Noticed later, the
    /// time is over later.
    #[serde(default, skip_serializing_if = "is_false")]
    pub if_noticed_at_once: bool,
}

/// What is owed for more than was promised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RewardStatus {
    /// What decided: the `Attainment` of an objective, or the `Volume` of the period.
    pub basis: RewardBasis,
    /// What was reached: the attainment in percent, or the volume, cut at six places. Empty: it is not known.
    pub reached: String,
    /// The percentage of the highest step that was reached; empty where none was, or where each part has its own.
    pub step_percent: String,
    /// The percentage that is granted whatever was reached; empty where there is none.
    pub unconditional_percent: String,
    /// Before rounding, after the cap, as an exact fraction.
    pub exact: String,
    /// The same, cut at six places.
    pub unrounded: String,
    /// The same, rounded half up, once, to the currency's minor unit.
    pub amount: String,
    /// ISO 4217.
    pub currency: String,
    /// Whether the cap took something away.
    pub capped: bool,
    /// Why nothing can be said, in words. Empty: nothing stands in the way.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 512))]
    pub problem: String,
}

/// What changes against an earlier statement of the same period.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Adjustment {
    /// For each currency the credit of this statement less what was granted by the one it supersedes; a reversal is
    /// negative.
    #[schemars(length(max = 9))]
    pub amounts: Vec<AdjustmentAmount>,
    /// The same for days of service.
    #[serde(skip_serializing_if = "is_zero")]
    pub service_days: i64,
    /// The same for the daily usage, in its unit. Empty: it does not change.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub daily_usage: String,
    /// The same for the reward, which is owed the other way. Empty: it does not change.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reward: String,
}

/// The change in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AdjustmentAmount {
    /// ISO 4217.
    pub currency: String,
    /// In the currency's minor unit, with its sign: `-100.00`.
    pub amount: String,
}
