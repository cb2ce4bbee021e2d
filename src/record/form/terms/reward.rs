//! Rewards: what is owed the other way.

use crate::api::remedy::{RewardBasis, RewardScale, Rewards};
use crate::record::form::figure::{money, percent};

/// The steps, what is granted beside them, and the most.
pub(super) fn reward(rewards: &Rewards, currency: &str) -> Vec<String> {
    let steps = rewards.tiers.iter().map(|step| {
        let reached = match rewards.basis {
            RewardBasis::Attainment => percent(step.at_least.as_str()),
            RewardBasis::Volume => money(step.at_least.as_str(), currency),
        };
        format!("{} from {reached} on", percent(step.percent.as_str()))
    });
    let steps = steps.collect::<Vec<_>>().join(", ");
    let objective = rewards.objective.as_deref().unwrap_or_default();
    let (of, first) = match (rewards.basis, rewards.scale) {
        (RewardBasis::Attainment, _) => (
            "of the fee",
            format!(
                "by the attainment of {objective}, in percent of the fee: {steps}; the highest step that is reached counts, \
                 and none where it was missed"
            ),
        ),
        (RewardBasis::Volume, RewardScale::Whole) => (
            "of it",
            format!(
                "by what is turned over in the period, in percent of it: {steps}; the whole of it by the highest step that is reached"
            ),
        ),
        (RewardBasis::Volume, RewardScale::Marginal) => (
            "of it",
            format!(
                "by what is turned over in the period, in percent of it: {steps}; each part of it by its own step, and what \
                 lies below the first by none"
            ),
        ),
    };
    let mut told = vec![first];
    told.extend(
        rewards
            .unconditional_percent
            .as_ref()
            .map(|share| format!("beside that {} {of}, whatever was reached", percent(share.as_str()))),
    );
    told.extend(rewards.cap.as_ref().map(|cap| format!("at most {} for one period", money(cap.as_str(), currency))));
    told.push("reckoned by itself, rounded like a credit, and not set off against one".to_owned());
    told
}
