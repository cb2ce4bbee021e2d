//! What is owed the other way, for more than was promised.

mod way;

use num_rational::BigRational;
use num_traits::Zero;

use crate::api::credit_status::RewardStatus;
use crate::api::remedy::RewardBasis;
use crate::record::form::figure::{cut_money, exact_money, money, percent};
use crate::record::form::legible::legible;

use super::amount::{Step, exactly, rounding};
use super::ground::Ground;
use way::Way;

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
    pub(super) fn new(reward: &RewardStatus, ground: Option<&Ground>) -> Self {
        let currency = legible(&reward.currency);
        let cut = cut_money(&legible(&reward.unrounded), &reward.exact, &currency);
        let way = ground.and_then(|ground| Way::of(reward, ground));
        let mut steps = vec![Step { name: "Reached", rule: basis(reward).to_owned(), figure: reached(reward) }];
        steps.push(Step { name: "Step", rule: step(reward), figure: percent(&legible(&reward.step_percent)) });
        steps.extend(way.iter().flat_map(|way| way.by_steps.iter().cloned()));
        if !reward.unconditional_percent.is_empty() {
            let beside = way.as_ref().and_then(|way| way.unconditional.clone());
            let rule = format!("Granted whatever was reached.{}", beside.unwrap_or_default());
            let figure = percent(&legible(&reward.unconditional_percent));
            steps.push(Step { name: "Unconditional", rule, figure });
        }
        steps.push(Step { name: "Cap", rule: cap(reward, way.as_ref()), figure: cut.clone() });
        let exact = format!("{}.", exactly(&reward.exact, &cut, &currency));
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

fn cap(reward: &RewardStatus, way: Option<&Way>) -> String {
    let told = if reward.capped { "The cap of the reward took something away." } else { "No cap took anything away." };
    let Some(way) = way else { return told.to_owned() };
    let money = |amount: &BigRational| exact_money(amount, &way.currency);
    let sum = format!("Together {}.", money(&way.sum));
    match &way.cap {
        None => format!("{sum} {told}"),
        Some((cap, used)) if used.is_zero() => format!("{sum} At most {} for one period. {told}", money(cap)),
        Some((cap, used)) => {
            let (cap, used) = (money(cap), money(used));
            format!("{sum} At most {cap} for one period, of which {used} were given before. {told}")
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
