//! From the steps of a reward table to what they come to together.

use num_rational::BigRational;
use num_traits::Zero;

use crate::api::credit_status::RewardStatus;
use crate::api::remedy::{RewardBasis, RewardScale, Rewards};
use crate::evaluate::credit::volume_parts;
use crate::evaluate::exact::{amount, decimal, hundred};
use crate::record::form::figure::{exact_money, exact_percent};
use crate::record::form::legible::legible;
use crate::record::form::reckoning::amount::Step;
use crate::record::form::reckoning::ground::Ground;

/// The way to a reward by the statement's own terms.
pub(super) struct Way {
    /// What each step comes to.
    pub(super) by_steps: Vec<Step>,
    /// What is granted beside the steps; `None`: nothing.
    pub(super) unconditional: Option<String>,
    /// Before the cap.
    pub(super) sum: BigRational,
    /// The cap, with what was used of it.
    pub(super) cap: Option<(BigRational, BigRational)>,
    /// ISO 4217.
    pub(super) currency: String,
}

impl Way {
    /// `None`: the terms know no reward.
    pub(super) fn of(reward: &RewardStatus, ground: &Ground) -> Option<Self> {
        let rules = ground.credits.rewards.as_ref()?;
        let fee = &ground.tariff.fee;
        let base = match rules.basis {
            RewardBasis::Attainment => Some(&fee.amount),
            RewardBasis::Volume => ground.facts.volume.as_ref(),
        };
        let cap = rules.cap.as_ref().and_then(|cap| amount(cap).ok());
        let mut way = Self {
            by_steps: Vec::new(),
            unconditional: None,
            sum: BigRational::zero(),
            cap: cap.map(|cap| (cap, ground.facts.rewarded_this_period.clone())),
            currency: legible(&fee.currency).into_owned(),
        };
        let Some(base) = base else { return Some(way) };
        if rules.basis == RewardBasis::Volume && rules.scale == RewardScale::Marginal {
            way.parts(rules, base);
        } else if let Some((product, comes_to)) = way.product(&reward.step_percent, base) {
            let figure = exact_money(&comes_to, &way.currency);
            way.by_steps.push(Step { name: "By the step", rule: format!("{product}."), figure });
            way.sum += comes_to;
        }
        if let Some((product, comes_to)) = way.product(&reward.unconditional_percent, base) {
            way.unconditional = Some(format!(" {product} = {}.", exact_money(&comes_to, &way.currency)));
            way.sum += comes_to;
        }
        Some(way)
    }

    /// Each part of a volume at the rate of its own step.
    fn parts(&mut self, rules: &Rewards, volume: &BigRational) {
        let money = |amount: &BigRational| exact_money(amount, &self.currency);
        for part in volume_parts(rules, volume).unwrap_or_default() {
            let comes_to = (&part.until - &part.from) * &part.share;
            let rule = format!(
                "{} of what lies from {} to {}.",
                exact_percent(&part.share),
                money(&part.from),
                money(&part.until)
            );
            self.by_steps.push(Step { name: "Part", rule, figure: money(&comes_to) });
            self.sum += comes_to;
        }
    }

    /// So many percent of the base. `None`: none were granted.
    fn product(&self, percent: &str, base: &BigRational) -> Option<(String, BigRational)> {
        let share = decimal(percent).ok()? / hundred();
        let product = format!("{} × {}", exact_percent(&share), exact_money(base, &self.currency));
        Some((product, share * base))
    }
}
