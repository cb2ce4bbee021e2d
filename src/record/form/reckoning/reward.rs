//! What is owed the other way, for more than was promised.

use crate::api::credit_status::RewardStatus;
use crate::api::remedy::RewardBasis;
use crate::record::form::figure::{cut_money, money, percent};
use crate::record::form::legible::legible;

use super::amount::{Step, exactly, rounding};

/// A reward.
#[derive(Clone, Debug)]
pub struct Reward {
    /// The steps, in the order of the calculation.
    pub steps: Vec<Step>,
    /// What it comes to.
    pub amount: String,
    /// Why nothing can be said; empty: nothing stands in the way.
    pub problem: String,
}

impl Reward {
    pub(super) fn new(reward: &RewardStatus) -> Self {
        let currency = legible(&reward.currency);
        let cut = cut_money(&legible(&reward.unrounded), &reward.exact, &currency);
        let cap =
            if reward.capped { "The cap of the reward took something away." } else { "No cap took anything away." };
        let mut steps = vec![Step { name: "Reached", rule: basis(reward).to_owned(), figure: reached(reward) }];
        steps.push(Step { name: "Step", rule: step(reward), figure: percent(&legible(&reward.step_percent)) });
        if !reward.unconditional_percent.is_empty() {
            let rule = "Granted whatever was reached.".to_owned();
            let figure = percent(&legible(&reward.unconditional_percent));
            steps.push(Step { name: "Unconditional", rule, figure });
        }
        steps.push(Step { name: "Cap", rule: cap.to_owned(), figure: cut.clone() });
        let exact = format!("Exactly {}.", exactly(&reward.exact, &currency));
        steps.push(Step { name: "Unrounded", rule: exact, figure: cut });
        let rounded = money(&legible(&reward.amount), &currency);
        steps.push(Step { name: "Rounding", rule: rounding(&currency), figure: rounded });
        Self {
            steps,
            amount: money(&legible(&reward.amount), &currency),
            problem: legible(&reward.problem).into_owned(),
        }
    }
}

fn basis(reward: &RewardStatus) -> &'static str {
    match reward.basis {
        RewardBasis::Attainment => "The attainment of the objective.",
        RewardBasis::Volume => "What was turned over in the period.",
    }
}

fn reached(reward: &RewardStatus) -> String {
    match reward.basis {
        _ if reward.reached.is_empty() => "not known".to_owned(),
        RewardBasis::Attainment => percent(&legible(&reward.reached)),
        RewardBasis::Volume => money(&legible(&reward.reached), &legible(&reward.currency)),
    }
}

fn step(reward: &RewardStatus) -> String {
    let of = match reward.basis {
        RewardBasis::Attainment => "fee",
        RewardBasis::Volume => "volume",
    };
    if reward.step_percent.is_empty() {
        "None was reached, or each part has its own.".to_owned()
    } else {
        format!("The highest that was reached, in percent of the {of}.")
    }
}
