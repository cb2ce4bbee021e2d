//! What the provider owes when an objective was missed.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Money, Percent};

/// Service credits: tiers in percent of a fee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new(
    "self.tiers.all(a, self.tiers.all(b, a.objective != b.objective || !quantity(a.below).isLessThan(quantity(b.below)) \
     || !quantity(a.percentOfFee).isLessThan(quantity(b.percentOfFee))))")
    .message("spec.credits.tiers[].percentOfFee must not be smaller for a lower `below` of the same objective; \
              raise it")
    .field_path(".tiers"))]
#[x_kube(validation = Rule::new(
    "self.tiers.all(a, self.tiers.exists_one(b, a.objective == b.objective \
     && quantity(a.below).compareTo(quantity(b.below)) == 0))")
    .message("spec.credits.tiers[].below must differ between the tiers of one objective; remove one of the two tiers")
    .field_path(".tiers"))]
pub struct Credits {
    /// The fee the percentages refer to.
    pub fee: Fee,
    /// The tiers. Of several that apply to an objective, the one with the lowest `below` is granted.
    #[schemars(length(min = 1, max = 32))]
    pub tiers: Vec<Tier>,
    /// How the credits of several missed objectives combine. `Highest`: only the highest is granted; `Sum`: they add
    /// up, as far as the cap.
    #[serde(default)]
    pub combine: Combine,
    /// The most that is granted for one period. Left out: the whole fee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<Cap>,
}

/// The fee of one settlement period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Fee {
    /// The amount for one settlement period.
    pub amount: Money,
    /// The ISO 4217 code of the currency; its minor unit is what credits are rounded to.
    #[schemars(regex(pattern = r"^[A-Z]{3}$"), length(max = 3))]
    pub currency: String,
}

/// One step of the credit table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tier {
    /// The objective whose attainment decides.
    #[schemars(length(min = 1, max = 40))]
    pub objective: String,
    /// The tier applies when the attainment is below this: exactly this much is not below.
    #[x_kube(validation = Rule::new("quantity(self).isGreaterThan(quantity('0'))")
        .message("spec.credits.tiers[].below must be above 0"))]
    pub below: Percent,
    /// The credit, in percent of the fee.
    #[x_kube(validation = Rule::new("quantity(self).isGreaterThan(quantity('0'))")
        .message("spec.credits.tiers[].percentOfFee must be above 0; remove a tier that grants nothing"))]
    pub percent_of_fee: Percent,
}

/// How the credits of several missed objectives combine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum Combine {
    /// Only the highest is granted.
    #[default]
    Highest,
    /// They add up, as far as the cap.
    Sum,
}

/// The most that is granted for one period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Cap {
    /// In percent of the fee.
    pub percent_of_fee: Percent,
}
