//! Amendments: what an agreement promises differently from a day on.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::agreement::MissingData;
use super::credits::{Credits, Fee};
use super::exclusion_rules::ExclusionRules;
use super::objective::Objective;
use super::parameter::Parameter;
use super::settlement::BusinessCalendar;

/// What is agreed differently from a day on. What it leaves out stays as it was agreed before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("!(has(self.credits) && has(self.fee))")
    .message("spec.amendments[] must not have both credits and fee; write the fee into the credits")
    .field_path(".fee"))]
#[x_kube(validation = Rule::new(
    "has(self.objectives) || has(self.credits) || has(self.fee) || has(self.missingData) || has(self.exclusions) \
     || has(self.calendar) || has(self.parameters)")
    .message("spec.amendments[] must change something: give objectives, credits, fee, missingData, exclusions, \
              calendar or parameters"))]
pub struct Amendment {
    /// The first day on which it is in force, `YYYY-MM-DD`, in the agreement's time zone. Later than that of the
    /// amendment before. Added to an agreement in force, it must not have begun: what was promised for a time is not
    /// changed afterwards.
    #[schemars(regex(pattern = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"), length(max = 10))]
    pub effective: String,
    /// What was agreed, in words for a reader of the statement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub description: Option<String>,
    /// The promises from then on, all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 10))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub objectives: Option<Vec<Objective>>,
    /// What is owed from then on when an objective was missed, all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credits: Option<Credits>,
    /// The fee from then on; the rest of the credits stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee: Option<Fee>,
    /// What becomes from then on of time in which nobody knows how the service did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_data: Option<MissingData>,
    /// What may be left out of the account from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exclusions: Option<ExclusionRules>,
    /// The days that count as working days from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<BusinessCalendar>,
    /// The facts and choices from then on, all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 32))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub parameters: Option<Vec<Parameter>>,
}

/// What becomes of a period in which an amendment takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AmendmentRule {
    /// The running period closes when the amendment takes effect, and the rest of it is a period of its own. The parts
    /// are charged and capped together: each has its share of the fee, by its seconds, and of fixed amounts of tiers.
    Split,
    /// The running period ends by the terms it began with; the amendment is in force from the next one on.
    NextPeriod,
}
