//! Whole agreements, drawn at random, against the obvious way to reckon them.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::Zero;
use proptest::prelude::*;

use super::*;
use crate::evaluate::exact::{decimal, hundred};

/// A tier: the objective, its bound and its credit, in tenths of a percent.
type Step = (usize, i64, i64);

#[derive(Clone, Debug)]
struct Drawn {
    steps: Vec<Step>,
    attainments: Vec<Option<i64>>,
    combine: &'static str,
    cap: Option<i64>,
    cents: i64,
    used_cents: i64,
    year_cap: Option<i64>,
}

const NAMES: [&str; 3] = ["a", "b", "c"];

fn drawn() -> impl Strategy<Value = Drawn> {
    let steps = prop::collection::vec((0usize..3, 1i64..1000, 1i64..1000), 0..8);
    let attainments = prop::collection::vec(prop::option::weighted(0.8, 0i64..=1000), 3);
    let combine = prop::sample::select(vec!["Highest", "Sum", "CustomersChoice", "FirstListed"]);
    let cap = || prop::option::of(1i64..=1000);
    (steps, attainments, combine, cap(), 0i64..10_000_000, 0i64..10_000_000, cap()).prop_map(
        |(steps, attainments, combine, cap, cents, used_cents, year_cap)| Drawn {
            steps,
            attainments,
            combine,
            cap,
            cents,
            used_cents,
            year_cap,
        },
    )
}

fn tenths(n: i64) -> String {
    format!("{}.{}", n / 10, n % 10)
}

fn table(drawn: &Drawn) -> Value {
    let tiers: Vec<_> = drawn
        .steps
        .iter()
        .map(|(o, below, percent)| {
            json!({"objective": NAMES[*o], "below": tenths(*below), "percentOfFee": tenths(*percent)})
        })
        .collect();
    json!({
        "fee": fee(&format!("{}.{:02}", drawn.cents / 100, drawn.cents % 100), "EUR"),
        "tiers": tiers, "combine": drawn.combine,
        "cap": drawn.cap.map(|c| json!({"percentOfFee": tenths(c)})),
        "capPerYear": drawn.year_cap.map(|c| json!({"percentOfFee": tenths(c)})),
    })
}

fn reckoned(drawn: &Drawn) -> CreditAssessment {
    let outcomes: Vec<_> = NAMES
        .iter()
        .zip(&drawn.attainments)
        .map(|(name, attainment)| match attainment {
            Some(n) => attained(name, ratio(*n, 1000), ratio(1, 1)),
            None => not_determined(name),
        })
        .collect();
    let money = [("EUR".to_owned(), ratio(drawn.used_cents, 100))].into();
    let facts = Facts { granted_this_year: Granted { money, service_days: 0 }, ..Facts::default() };
    granted_with(table(drawn), &outcomes, &facts)
}

/// In thousandths of a cent, with whole numbers only: what each objective grants, how they combine, then the caps.
fn obvious(drawn: &Drawn) -> i64 {
    let per_objective: Vec<i64> = (0..3)
        .filter_map(|o| {
            let attained = drawn.attainments[o]?;
            let applies = drawn.steps.iter().filter(|(of, below, _)| *of == o && attained < *below);
            // The first of those with the lowest bound.
            let lowest = applies.clone().map(|(_, below, _)| *below).min()?;
            applies.clone().find(|(_, below, _)| *below == lowest).map(|(_, _, percent)| *percent * drawn.cents)
        })
        .filter(|granted| *granted > 0)
        .collect();
    let sum = match drawn.combine {
        "Sum" => per_objective.iter().sum(),
        "FirstListed" => per_objective.first().copied().unwrap_or(0),
        _ => per_objective.iter().copied().max().unwrap_or(0),
    };
    let capped = sum.min(drawn.cap.unwrap_or(1000) * drawn.cents);
    let room = drawn.year_cap.map_or(i64::MAX, |cap| (cap * drawn.cents - drawn.used_cents * 1000).max(0));
    capped.min(room)
}

proptest! {
    #[test]
    fn the_credit_is_what_the_obvious_way_gives(drawn in drawn()) {
        let credits = reckoned(&drawn);
        let expected = obvious(&drawn);
        prop_assert_eq!(&credits.amount.exact, &ratio(expected, 100_000));
        prop_assert_eq!(&credits.amount.minor_units, &BigInt::from((expected + 500).div_euclid(1000)));
    }

    #[test]
    fn the_lines_add_up_to_the_total_and_none_grants_more_than_it_comes_to(drawn in drawn()) {
        let credits = reckoned(&drawn);
        let parts: BigRational = credits.lines.iter().flat_map(|l| &l.money).map(|m| &m.granted).sum();
        prop_assert_eq!(&parts, &credits.amount.exact);
        for line in &credits.lines {
            for money in &line.money {
                prop_assert!(money.granted <= money.by_itself && money.granted >= BigRational::zero());
                prop_assert!(line.granted || money.granted.is_zero());
            }
        }
        prop_assert!(credits.amount.exact <= credits.amount.before_cap);
        let cut = credits.amount.exact < credits.amount.before_cap;
        prop_assert_eq!(cut, credits.amount.capped_by.is_some());
    }

    #[test]
    fn the_shown_figures_are_the_exact_ones(drawn in drawn()) {
        let credits = reckoned(&drawn);
        let shown = shown(&credits, CreditState::Determined);
        let amount = &shown.amounts[0];
        let (numerator, denominator) = amount.exact.split_once('/').unwrap();
        prop_assert_eq!(decimal(numerator).unwrap() / decimal(denominator).unwrap(), credits.amount.exact.clone());
        let gap = &credits.amount.exact - decimal(&amount.unrounded).unwrap();
        prop_assert!(gap >= BigRational::zero() && gap < ratio(1, 1_000_000));
        let rounding = decimal(&amount.amount).unwrap() - &credits.amount.exact;
        prop_assert!(ratio(-1, 200) < rounding && rounding <= ratio(1, 200));
        if drawn.cents > 0 {
            let percent = &credits.amount.exact / ratio(drawn.cents, 100) * hundred();
            prop_assert_eq!(credits.fraction_of_fee * hundred(), percent);
        }
    }
}
