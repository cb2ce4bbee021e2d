//! Rewards: what is owed the other way, for more than was promised.
//!
//! A reward is reckoned by itself, has a cap of its own, and is never set off against credits here. A promise that was
//! broken reaches no step of attainment, whatever the steps say.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::Zero;

use crate::api::Percent;
use crate::api::agreement_status::State;
use crate::api::remedy::{RewardBasis, RewardScale, RewardTier, Rewards};

use super::super::exact::hundred;
use super::super::invalid::InvalidSpec;
use super::amount::rounded;
use super::fee::BaseFee;
use super::figure;
use super::outcome::{Facts, Outcome};

/// A reward, in the fee's currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RewardAssessment {
    /// What decided.
    pub basis: RewardBasis,
    /// The attainment in percent, or the volume. `None`: not known.
    pub reached: Option<BigRational>,
    /// The percentage of the highest step that was reached. `None`: none was, or each part has its own.
    pub step: Option<Percent>,
    /// The percentage that is granted whatever was reached.
    pub unconditional: Option<Percent>,
    /// After the cap, before rounding.
    pub exact: BigRational,
    /// In minor units, rounded half up once.
    pub minor_units: BigInt,
    /// ISO 4217.
    pub currency: String,
    /// Decimal places of the currency.
    pub exponent: u16,
    /// The cap took something away.
    pub capped: bool,
    /// Why nothing can be said; empty otherwise.
    pub problem: String,
}

/// One step, read.
struct Step<'a> {
    at_least: BigRational,
    share: BigRational,
    tier: &'a RewardTier,
}

/// What is owed the other way.
pub(super) fn reward(
    rules: &Rewards,
    fee: &BaseFee,
    outcomes: &[Outcome<'_>],
    facts: &Facts,
) -> Result<RewardAssessment, InvalidSpec> {
    let steps = steps(rules)?;
    let unconditional = rules.unconditional_percent.as_ref();
    let unconditional =
        unconditional.map(|p| figure::share(|| "spec.credits.rewards.unconditionalPercent".to_owned(), p));
    let unconditional = unconditional.transpose()?.unwrap_or_default();
    let cap = rules.cap.as_ref().map(|m| figure::money(|| "spec.credits.rewards.cap".to_owned(), m)).transpose()?;

    let reached = match rules.basis {
        RewardBasis::Attainment => attained(rules, outcomes),
        RewardBasis::Volume => facts.volume.clone(),
    };
    let base = match rules.basis {
        RewardBasis::Attainment => Some(&fee.amount),
        RewardBasis::Volume => reached.as_ref(),
    };
    let is_broken = rules.basis == RewardBasis::Attainment && is_violated(rules, outcomes);
    let highest = reached
        .as_ref()
        .filter(|_| !is_broken)
        .and_then(|reached| steps.iter().filter(|s| s.at_least <= *reached).max_by(|a, b| a.at_least.cmp(&b.at_least)));
    let is_marginal = rules.basis == RewardBasis::Volume && rules.scale == RewardScale::Marginal;
    let by_steps = match (&reached, base) {
        (Some(volume), _) if is_marginal => marginal(&steps, volume),
        (_, Some(base)) => highest.map(|step| &step.share * base).unwrap_or_default(),
        _ => BigRational::zero(),
    };
    let sum = by_steps + base.map(|base| base * unconditional).unwrap_or_default();
    // The cap is for all parts of a period that an amendment splits.
    let room = cap.map(|cap| (cap - &facts.rewarded_this_period).max(BigRational::zero()));
    let exact = room.map_or_else(|| sum.clone(), |room| room.min(sum.clone()));
    let problem = match (&reached, rules.basis) {
        (Some(_), _) => "",
        (None, RewardBasis::Attainment) => "the objective is not determined, not covered, or had nothing to measure",
        (None, RewardBasis::Volume) => "nobody reported the volume of the period",
    };
    Ok(RewardAssessment {
        basis: rules.basis,
        step: highest.filter(|_| !is_marginal).map(|step| step.tier.percent.clone()),
        unconditional: rules.unconditional_percent.clone(),
        minor_units: rounded(&exact, fee.exponent),
        capped: exact < sum,
        currency: fee.currency.clone(),
        exponent: fee.exponent,
        problem: problem.to_owned(),
        reached,
        exact,
    })
}

fn steps(rules: &Rewards) -> Result<Vec<Step<'_>>, InvalidSpec> {
    let step = |(index, tier): (usize, &'_ RewardTier)| {
        let field = format!("spec.credits.rewards.tiers[{index}]");
        Ok((
            figure::quantity(|| format!("{field}.atLeast"), &tier.at_least)?,
            figure::share(|| format!("{field}.percent"), &tier.percent)?,
        ))
    };
    rules
        .tiers
        .iter()
        .enumerate()
        .map(|(index, tier)| step((index, tier)).map(|(at_least, share)| Step { at_least, share, tier }))
        .collect()
}

/// The attainment of the objective that is rewarded, in percent.
fn attained(rules: &Rewards, outcomes: &[Outcome<'_>]) -> Option<BigRational> {
    let name = rules.objective.as_deref()?;
    let outcome = outcomes.iter().find(|o| o.objective == name && o.covered)?;
    outcome.at_least.as_ref().map(|attainment| attainment * hundred())
}

fn is_violated(rules: &Rewards, outcomes: &[Outcome<'_>]) -> bool {
    let of_rewards = outcomes.iter().find(|o| Some(o.objective) == rules.objective.as_deref());
    of_rewards.is_some_and(|o| o.state == State::Violated)
}

/// Each part of a volume at the rate of the step it lies in; what lies below the first step has none.
fn marginal(steps: &[Step<'_>], volume: &BigRational) -> BigRational {
    parts(steps, volume).iter().map(|part| (&part.until - &part.from) * &part.share).sum()
}

/// The part of a volume that lies in one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VolumePart {
    /// Where the step begins.
    pub from: BigRational,
    /// Where the next one does, or the volume ends.
    pub until: BigRational,
    /// The rate of the step, as a share.
    pub share: BigRational,
}

/// The parts of a volume by the steps of a reward, the highest first.
///
/// # Errors
/// Names the step that is no number.
pub fn volume_parts(rules: &Rewards, volume: &BigRational) -> Result<Vec<VolumePart>, InvalidSpec> {
    Ok(parts(&steps(rules)?, volume))
}

fn parts(steps: &[Step<'_>], volume: &BigRational) -> Vec<VolumePart> {
    let mut steps: Vec<_> = steps.iter().filter(|step| step.at_least <= *volume).collect();
    steps.sort_by(|a, b| b.at_least.cmp(&a.at_least));
    let mut upper = volume.clone();
    let mut parts = Vec::with_capacity(steps.len());
    for step in steps {
        let until = std::mem::replace(&mut upper, step.at_least.clone());
        parts.push(VolumePart { from: step.at_least.clone(), until, share: step.share.clone() });
    }
    parts
}
