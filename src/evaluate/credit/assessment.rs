//! What is owed for a period: the result of the reckoning.

use k8s_openapi::jiff::Timestamp;
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::Zero;

use crate::api::credits::CreditForm;

use super::amount::Amount;
use super::line::Line;
use super::outcome::Facts;
use super::reward::RewardAssessment;

/// Credits after combination, caps and rounding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditAssessment {
    /// The credit in the fee's currency.
    pub amount: Amount,
    /// Credits in the currencies of the further fees, in their order.
    pub further: Vec<Amount>,
    /// The credit in the fee's currency over the fee, before rounding.
    pub fraction_of_fee: BigRational,
    /// What it is given as.
    pub form: CreditForm,
    /// Days that are added to the end of the agreement.
    pub service_days: i64,
    /// Days that are paid; their value is part of the amounts.
    pub paid_days: i64,
    /// A multiple of the daily usage in a unit of its own.
    pub daily_usage: Option<UsageAmount>,
    /// The beginnings of the hours that are not charged, in order.
    pub free_hours: Vec<Timestamp>,
    /// The customer may end the agreement.
    pub terminates: bool,
    /// What is owed the other way.
    pub reward: Option<RewardAssessment>,
    /// The lines, by objective in the order of the spec.
    pub lines: Vec<Line>,
    /// What it rests on beside the measurements.
    pub facts: Facts,
}

/// A multiple of the daily usage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageAmount {
    /// The unit it is counted in.
    pub unit: String,
    /// The multiple.
    pub multiple: BigRational,
    /// The multiple of the daily usage.
    pub amount: BigRational,
}

impl CreditAssessment {
    /// The credits in every currency, the fee's first.
    pub fn amounts(&self) -> impl Iterator<Item = &Amount> {
        std::iter::once(&self.amount).chain(&self.further)
    }

    /// Whether anything is granted at all.
    #[must_use]
    pub fn grants(&self) -> bool {
        self.amounts().any(|amount| amount.issued() > BigInt::zero())
            || self.service_days > 0
            || self.daily_usage.is_some()
            || !self.free_hours.is_empty()
            || self.terminates
    }
}
