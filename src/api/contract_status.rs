//! What follows from an agreement's account for its parties, as its status tells it.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What of a credit is to be paid, and by when (`spec.settlement.payment`). It is notified when it is granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentStatus {
    /// How much, with the currency: `120.00 EUR`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 512))]
    pub amount: String,
    /// The last day on which it is paid in time, in the agreement's time zone, `YYYY-MM-DD`.
    #[schemars(length(max = 10))]
    pub last_day: String,
    /// When the time for it is over.
    pub by: Time,
    /// Whether it was not paid by then.
    #[serde(default)]
    pub overdue: bool,
    /// What is not paid in time is taken off the settlement of the period that begins then, which is drawn up at its end.
    /// Left out: nothing is set off, or no period of the agreement follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_off_with: Option<Time>,
}

/// What was paid for a credit beyond what is owed by now: a newer statement grants less than the one that was paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OverpaymentStatus {
    /// How much, with the currency: `20.00 EUR`.
    #[schemars(length(max = 512))]
    pub amount: String,
    /// Since when: the newer statement was determined then.
    pub since: Time,
    /// It is taken back in the settlement of the period that begins then, which is drawn up at its end. Left out: nothing
    /// is set off by `spec.settlement.payment`, or no period of the agreement follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_off_with: Option<Time>,
}

/// A demand to cure a breach (`ServiceLevelClaim`, `spec.demand`), and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DemandStatus {
    /// The name of the claim.
    #[schemars(length(max = 253))]
    pub claim: String,
    /// When the demand was made.
    pub made_at: Time,
    /// Until when the breach may be cured (`spec.settlement.cureDays`); that instant is still in time.
    pub cure_by: Time,
    /// When it was cured. Left out: it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cured_at: Option<Time>,
    /// `Running`: it may still be cured. `Cured`: it was, in time. `MayEnd`: it was not, and the customer may end the
    /// agreement.
    pub state: CureState,
}

/// Where a demand to cure a breach stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CureState {
    /// It may still be cured.
    Running,
    /// It was cured in time.
    Cured,
    /// It was not, and the customer may end the agreement.
    MayEnd,
}

/// The term of an agreement and what its end brings with it.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TermStatus {
    /// The last day in force by `spec.validity.until`, `YYYY-MM-DD`. Left out: it ends by nothing that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 10))]
    pub agreed_last_day: Option<String>,
    /// Days of service that granted credits add to the term.
    #[serde(default)]
    pub service_days: i64,
    /// The last day with them. An agreement that something ends (`spec.ending`) is not extended. What runs beyond
    /// `spec.validity.until` is measured once that is moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 10))]
    pub last_day: Option<String>,
    /// The earliest day on which a notice ends it (`spec.ending.noticeOn`). Left out: none was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 10))]
    pub earliest_end: Option<String>,
    /// What becomes of the deposit. Left out: none is agreed, or no end is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deposit: Option<DepositStatus>,
}

/// What is returned of a deposit, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DepositStatus {
    /// The first day on which it is returned, `YYYY-MM-DD`.
    #[schemars(length(max = 10))]
    pub refund_from: String,
    /// The last one.
    #[schemars(length(max = 10))]
    pub refund_until: String,
    /// How much is returned: nothing after a severe breach.
    #[schemars(length(max = 64))]
    pub refund: String,
    /// ISO 4217.
    #[schemars(length(max = 3))]
    pub currency: String,
}
