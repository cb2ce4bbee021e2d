//! What a credit rests on beside the measurements, so that a statement can be reckoned again from itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a credit rests on beside the measurements.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CreditFacts {
    /// What was turned over in the period, in the fee's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume: Option<String>,
    /// The deliveries made in the period.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub deliveries: Vec<DeliveryFact>,
    /// What was granted for earlier parts of the same period, where an amendment splits it.
    #[serde(skip_serializing_if = "GrantedFact::is_nothing")]
    pub granted_this_period: GrantedFact,
    /// The reward for those parts, in the fee's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub rewarded_this_period: Option<String>,
    /// What was granted for earlier periods of the same year of the contract.
    #[serde(skip_serializing_if = "GrantedFact::is_nothing")]
    pub granted_this_year: GrantedFact,
    /// What was granted for all earlier periods.
    #[serde(skip_serializing_if = "GrantedFact::is_nothing")]
    pub granted_before: GrantedFact,
    /// The objectives that were missed in the whole periods right before this one, with the number of those in a row.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10))]
    pub missed_in_a_row: Vec<MissedFact>,
    /// The objective or the remedy that the customer chose.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 40))]
    pub chosen: Option<String>,
}

impl CreditFacts {
    /// Whether there is nothing of all this.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// A delivery.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DeliveryFact {
    /// The objective that promises it.
    #[schemars(length(max = 40))]
    pub objective: String,
    /// The last day that was in time, `YYYY-MM-DD`.
    #[schemars(length(max = 10))]
    pub due: String,
    /// The day on which it was made, `YYYY-MM-DD`.
    #[schemars(length(max = 10))]
    pub done: String,
}

/// Credits of earlier periods.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct GrantedFact {
    /// In money, for each currency.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 9))]
    pub amounts: Vec<GrantedAmount>,
    /// In days of service, added to the agreement or paid.
    pub service_days: i64,
}

impl GrantedFact {
    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// Credits of earlier periods in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GrantedAmount {
    /// ISO 4217.
    #[schemars(length(max = 3))]
    pub currency: String,
    /// The sum, in decimal.
    pub amount: String,
}

/// Misses in a row.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct MissedFact {
    /// The objective.
    #[schemars(length(max = 40))]
    pub objective: String,
    /// How many periods.
    pub periods: i64,
}
