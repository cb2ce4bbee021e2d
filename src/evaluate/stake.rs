//! What an agreement loses next: the credit of the next tier, less what is owed already.
//!
//! The account is reckoned once more as if an endangered objective had just fallen into its next tier, with every
//! combination and cap, and what is owed now is taken off. Of several endangered objectives the dearest counts. All exact.

use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use crate::api::agreement::AgreementSpec;
use crate::api::agreement_status::State;
use crate::api::credits::Tier;

use super::assessment::{Assessment, ObjectiveAssessment};
use super::credit::{CreditAssessment, outcomes, owed};
use super::exact::share;
use super::period::{Bounds, whole_of};

/// What is lost next.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Stake {
    /// In the fee's currency, and which that is. `None`: no further credit in money is known.
    pub amount: Option<(BigRational, String)>,
    /// As a share of the fee. `None`: the same, or there is no fee.
    pub share: Option<BigRational>,
}

/// What is lost next, if nothing is done.
#[must_use]
pub fn at_stake(spec: &AgreementSpec, assessment: &Assessment) -> Stake {
    let Some(now) = &assessment.credits else { return Stake::default() };
    let endangered = assessment.objectives.iter().filter(|o| o.burning || matches!(o.state, State::AtRisk));
    let more = endangered.filter_map(|objective| next(spec, assessment, now, objective)).max_by(|a, b| a.0.cmp(&b.0));
    let Some((amount, share)) = more else { return Stake::default() };
    Stake { amount: Some((amount, now.amount.fee.currency.clone())), share: Some(share).filter(Signed::is_positive) }
}

/// What would be owed more, as an amount and as a share, in the next tier of an objective that grants more.
fn next(
    spec: &AgreementSpec,
    assessment: &Assessment,
    now: &CreditAssessment,
    objective: &ObjectiveAssessment,
) -> Option<(BigRational, BigRational)> {
    let period = Bounds { start: assessment.period_start, end: assessment.period_end };
    let whole = whole_of(spec, &period).unwrap_or(period);
    let present =
        objective.settles_on.clone().or_else(|| objective.attainment.clone()).unwrap_or_else(BigRational::one);
    let mut fallen = attainments(spec, &objective.name).into_iter().filter(|attainment| *attainment < present);
    fallen.find_map(|attainment| {
        let mut outcomes = outcomes(assessment);
        let outcome = outcomes.iter_mut().find(|outcome| outcome.objective == objective.name)?;
        outcome.state = State::Violated;
        (outcome.settles_on, outcome.at_least) = (Some(attainment.clone()), Some(attainment));
        let then = owed(spec, period, whole, &outcomes, &now.facts).ok()??;
        let more = then.amount.exact - &now.amount.exact;
        more.is_positive().then(|| (more, then.fraction_of_fee - &now.fraction_of_fee))
    })
}

/// One attainment in each tier of an objective, the highest first.
fn attainments(spec: &AgreementSpec, objective: &str) -> Vec<BigRational> {
    let of_this = |tier: &&Tier| tier.objective == objective;
    let tiers = spec.credits.iter().flat_map(|credits| &credits.tiers).filter(of_this);
    let mut bounds: Vec<(BigRational, bool)> = tiers.filter_map(upper).collect();
    bounds.sort();
    let mut lower = BigRational::zero();
    let mut inside = Vec::new();
    for (bound, belongs) in bounds {
        // Just below a bound that does not belong to its tier: halfway to the one before is in no other.
        let half = (&lower + &bound) / BigRational::from_integer(2.into());
        inside.push(if belongs { bound.clone() } else { half });
        lower = bound;
    }
    inside.reverse();
    inside
}

/// The upper bound of a tier, and whether it belongs to it.
fn upper(tier: &Tier) -> Option<(BigRational, bool)> {
    let below = tier.below.as_ref().map(|below| (below, false));
    let (percent, belongs) = below.or_else(|| tier.at_most.as_ref().map(|most| (most, true)))?;
    Some((share(percent).ok()?, belongs))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use serde_json::{Value, json};

    use super::super::credit::Facts;
    use super::super::example::{agreement, at, ratio};
    use super::*;

    /// June, with `availability` attained so far, and burning.
    fn june(attainment: (i64, i64), credits: &Value) -> (AgreementSpec, Assessment) {
        let mut spec = serde_json::to_value(agreement()).unwrap();
        if !credits.is_null() {
            spec["credits"] = credits.clone();
        }
        let spec: AgreementSpec = serde_json::from_value(spec).unwrap();
        let attained = ratio(attainment.0, attainment.1);
        let state = if attained < ratio(999, 1000) { State::Violated } else { State::AtRisk };
        let objective = ObjectiveAssessment {
            name: "availability".into(),
            state,
            verdict: if state == State::AtRisk { State::Fulfilled } else { state },
            covered: true,
            burning: true,
            target: ratio(999, 1000),
            attainment: Some(attained.clone()),
            settles_on: Some(attained.clone()),
            at_least: Some(attained),
            ..ObjectiveAssessment::default()
        };
        let period = Bounds { start: at("2026-06-01T00:00:00+02:00"), end: at("2026-07-01T00:00:00+02:00") };
        let mut assessment = Assessment {
            period_start: period.start,
            period_end: period.end,
            judged_from: period.start,
            measured_through: period.start,
            state,
            objectives: vec![objective],
            violations: Vec::new(),
            credits: None,
        };
        assessment.credits = owed(&spec, period, period, &outcomes(&assessment), &Facts::default()).unwrap();
        (spec, assessment)
    }

    fn lost(attainment: (i64, i64), credits: &Value) -> Option<(BigRational, BigRational)> {
        let (spec, assessment) = june(attainment, credits);
        let stake = at_stake(&spec, &assessment);
        Some((stake.amount?.0, stake.share?))
    }

    #[test]
    fn the_next_tier_less_what_is_owed_is_at_stake() {
        for (attainment, expected) in [
            ((9995, 10_000), Some((ratio(400, 1), ratio(1, 10)))),
            // Exactly the bound is not below it.
            ((999, 1000), Some((ratio(400, 1), ratio(1, 10)))),
            ((998, 1000), Some((ratio(600, 1), ratio(15, 100)))),
            ((96, 100), Some((ratio(3000, 1), ratio(75, 100)))),
            ((90, 100), None),
        ] {
            assert_eq!(lost(attainment, &Value::Null), expected, "{attainment:?}");
        }
    }

    #[test]
    fn what_a_cap_takes_away_is_not_at_stake() {
        let mut credits = serde_json::to_value(agreement()).unwrap()["credits"].clone();
        credits["cap"] = json!({"percentOfFee": "20"});
        assert_eq!(lost((998, 1000), &credits), Some((ratio(400, 1), ratio(1, 10))));
        assert_eq!(lost((96, 100), &credits), None, "the cap is reached");
    }

    #[test]
    fn a_bound_that_belongs_to_its_tier_is_in_it() {
        let tier =
            |most: &str, percent: &str| json!({"objective": "availability", "atMost": most, "percentOfFee": percent});
        let credits =
            json!({"fee": {"amount": "100.00", "currency": "EUR"}, "tiers": [tier("99.9", "10"), tier("99", "50")]});
        assert_eq!(lost((9995, 10_000), &credits), Some((ratio(10, 1), ratio(1, 10))));
        assert_eq!(lost((999, 1000), &credits), Some((ratio(40, 1), ratio(4, 10))), "exactly at most is in it");
    }

    #[test]
    fn nothing_is_at_stake_without_credits_or_danger() {
        let (mut spec, mut assessment) = june((9995, 10_000), &Value::Null);
        assessment.objectives[0].burning = false;
        assessment.objectives[0].state = State::Fulfilled;
        assert_eq!(at_stake(&spec, &assessment), Stake::default());
        (spec.credits, assessment.credits) = (None, None);
        assert_eq!(at_stake(&spec, &assessment), Stake::default());
    }
}
