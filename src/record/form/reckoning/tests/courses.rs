//! The way to a line leads to what was credited: every kind of tier, remedy and reward, credited by the rules and told.

use num_rational::BigRational;
use serde_json::{Value, json};

use super::*;
use crate::api::agreement::AgreementSpec;
use crate::api::agreement_status::State;
use crate::api::credit_status::CreditState;
use crate::evaluate::credit::{Delivery, Facts, Granted, Outcome, owed, shown};
use crate::evaluate::exact::{decimal, percent_text};
use crate::evaluate::example::{at, ratio};
use crate::evaluate::period::{Bounds, whole_of};
use crate::evaluate::terms;

/// A month in UTC, and what is owed for it.
struct Case {
    credits: Value,
    facts: Facts,
    violations: usize,
    attainment: BigRational,
    validity: [&'static str; 2],
    period: [&'static str; 2],
    amendment: &'static str,
}

impl Case {
    fn of(credits: Value) -> Self {
        Self {
            credits,
            facts: Facts::default(),
            violations: 0,
            attainment: ratio(984, 1000),
            validity: ["2026-01-01", "2027-01-01"],
            period: ["2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"],
            amendment: "",
        }
    }

    fn told(self) -> (CreditStatus, Reckoning) {
        let mut statement = serde_json::to_value(issued().statement).unwrap();
        statement["terms"]["credits"] = self.credits;
        let [from, until] = self.validity;
        statement["terms"]["validity"] = json!({"from": from, "until": until});
        let [start, end] = self.period;
        statement["period"] = json!({"start": start, "end": end, "timeZone": "UTC"});
        if !self.amendment.is_empty() {
            statement["amendment"] = self.amendment.into();
            statement["terms"]["amendmentRule"] = "Split".into();
        }
        statement["objectives"][0]["attainment"] = percent_text(&self.attainment).into();
        statement["objectives"][0]["attainmentRatio"] =
            format!("{}/{}", self.attainment.numer(), self.attainment.denom()).into();
        let spec: AgreementSpec = terms::agreement(&statement).unwrap();
        let period = Bounds { start: at(start), end: at(end) };
        let outcome = Outcome {
            objective: "availability",
            covered: true,
            state: if self.attainment < ratio(999, 1000) { State::Violated } else { State::Fulfilled },
            settles_on: Some(self.attainment.clone()),
            at_least: Some(self.attainment.clone()),
            downtime: &[],
            violations: self.violations,
        };
        let other = Outcome { objective: "latency", ..outcome.clone() };
        let whole = whole_of(&spec, &period).unwrap();
        let credits = owed(&spec, period, whole, &[outcome, other], &self.facts).unwrap().unwrap();
        let credits = shown(&credits, CreditState::Determined);
        statement["credits"] = serde_json::to_value(&credits).unwrap();
        let statement: StatementSpec = serde_json::from_value(statement).unwrap();
        let reckoning = Reckoning::new(&credits, &statement, &Clock::of(&statement.period));
        (credits, reckoning)
    }
}

fn fee() -> Value {
    json!({"amount": "4000.00", "currency": "EUR"})
}

fn tier(grant: Value) -> Value {
    let mut tier = json!({"objective": "availability", "below": "99.9"});
    tier.as_object_mut().unwrap().extend(grant.as_object().unwrap().clone());
    tier
}

fn remedy(kind: &str, rule: Value) -> Value {
    json!({"name": "it", "objective": "availability", kind: rule})
}

fn told_steps(reckoning: &Reckoning) -> Vec<String> {
    reckoning.lines.iter().flat_map(|line| line.steps.iter().map(|step| plain(step))).collect()
}

/// What a product says that it comes to: the figure behind the last sign of equality.
fn result(step: &str) -> Option<BigRational> {
    let (_, figure) = step.rsplit_once("= ")?;
    let digits: String = figure.chars().take_while(|c| c.is_ascii_digit() || matches!(c, '.' | ' ')).collect();
    decimal(&digits.replace(' ', "")).ok()
}

#[test]
fn every_kind_of_line_is_reckoned_from_its_terms() {
    let late = |due: &str, done: &str| Delivery {
        objective: "availability".to_owned(),
        due: due.parse().unwrap(),
        done: done.parse().unwrap(),
    };
    let deliveries = || vec![late("2026-10-01", "2026-10-05"), late("2026-10-01", "2026-10-20")];
    let of_tier = |grant| Case::of(json!({"fee": fee(), "tiers": [tier(grant)]}));
    let of_remedy = |kind, rule| Case {
        violations: 3,
        facts: Facts { deliveries: deliveries(), ..Facts::default() },
        ..Case::of(json!({"fee": fee(), "remedies": [remedy(kind, rule)]}))
    };
    let paid = json!({"fee": fee(), "tiers": [tier(json!({"serviceDays": 3}))], "serviceDays": "MonetaryValue"});
    let usage = json!({"fee": fee(), "tiers": [tier(json!({"multipleOfDailyUsage": "2.5"}))],
        "dailyUsage": {"amount": "12.5", "unit": "EUR"}});
    let cases: Vec<(Case, &[&str])> = vec![
        (of_tier(json!({"percentOfFee": "33.3"})), &["33.3 % × 4 000.00 EUR = 1 332.00 EUR"]),
        (of_tier(json!({"amount": "250.00"})), &["250.00 EUR, as agreed"]),
        (Case::of(paid), &["3 days × 4 000.00 EUR / 31 days = 387.096774… EUR"]),
        (Case::of(usage), &["2.5 × 12.5 EUR a day = 31.25 EUR"]),
        (
            of_remedy("proportional", json!({"multiple": "1.5"})),
            &["100 % less 98.400000 % is 2 / 125, which was lost", "1.5 × 2 / 125 × 4 000.00 EUR = 96.00 EUR"],
        ),
        (of_remedy("perIncident", json!({"amount": "333.33"})), &["3 violations × 333.33 EUR = 999.99 EUR"]),
        (of_remedy("multipleOfFee", json!({"multiple": "0.05"})), &["3 violations × 0.05 × 4 000.00 EUR = 600.00 EUR"]),
        (
            of_remedy("perDayLate", json!({"percentOfFee": "0.7"})),
            &[
                "due 1 Oct 2026, made 5 Oct 2026: 4 days late × 0.7 % × 4 000.00 EUR = 112.00 EUR",
                "due 1 Oct 2026, made 20 Oct 2026: 19 days late × 0.7 % × 4 000.00 EUR = 532.00 EUR",
                "together 644.00 EUR",
            ],
        ),
        (
            of_remedy(
                "perDayLate",
                json!({"amount": "25", "days": "Working", "capPercentOfFee": "5",
                "escalation": {"afterDays": 10, "percentOfFee": "12"}}),
            ),
            &[
                "due 1 Oct 2026, made 5 Oct 2026: 2 working days late × 25 EUR = 50.00 EUR",
                "due 1 Oct 2026, made 20 Oct 2026: 13 working days late, which is more than 10: 12 % × 4 000.00 EUR = \
                 480.00 EUR; cut by 280.00 EUR to 5 % × 4 000.00 EUR = 200.00 EUR",
                "together 250.00 EUR",
            ],
        ),
    ];
    for (case, expected) in cases {
        let (credits, reckoning) = case.told();
        assert_eq!(told_steps(&reckoning), expected);
        let stated = decimal(&credits.lines[0].amounts[0].by_itself).unwrap();
        let last = expected.last().unwrap();
        let comes_to = result(last).or_else(|| result(&format!("= {}", last.trim_start_matches("together ")))).unwrap();
        assert_eq!(comes_to, stated, "{last}");
    }
}

#[test]
fn limits_say_what_they_leave_and_what_they_take() {
    let before = |amount: i64| Granted { money: [("EUR".to_owned(), ratio(amount, 1))].into(), service_days: 0 };
    let facts = Facts { granted_this_year: before(800), granted_before: before(900), ..Facts::default() };
    let credits = json!({"fee": fee(), "combine": "Sum", "tiers": [tier(json!({"percentOfFee": "40"}))],
        "remedies": [remedy("perIncident", json!({"amount": "500"}))],
        "cap": {"percentOfFee": "45"}, "capPerYear": {"amount": "2000"}, "capPerContract": {"percentOfFee": "60"}});
    let (_, reckoning) = Case { violations: 1, facts, ..Case::of(credits) }.told();
    let told = steps(&reckoning.amounts[0]);
    for step in [
        "Limit: At most 45 % × 4 000.00 EUR = 1 800.00 EUR for one period. 1 800.00 EUR",
        "Limit: At most 2 000.00 EUR in one year, of which 800.00 EUR were granted before. 1 200.00 EUR",
        "Limit: At most 60 % × 4 000.00 EUR = 2 400.00 EUR as long as the agreement lasts, of which 900.00 EUR were granted \
         before. 1 500.00 EUR",
        "Cap: Cut to what is left of the most that is granted in one year. It takes 900.00 EUR. 1 200.000000 EUR",
    ] {
        assert!(told.iter().any(|told| told == step), "{step}: {told:#?}");
    }
    let lines = told_steps(&reckoning);
    assert!(lines.contains(&"the limits take 400.00 EUR of it and leave 1 200.00 EUR".to_owned()), "{lines:#?}");
    assert!(lines.contains(&"the limits take 500.00 EUR of it and leave 0.00 EUR".to_owned()), "{lines:#?}");
}

#[test]
fn tiers_in_percent_of_the_fee_grant_no_more_than_the_whole_of_it() {
    let mut other = tier(json!({"percentOfFee": "70"}));
    other["objective"] = "latency".into();
    let credits = json!({"fee": fee(), "combine": "Sum", "tiers": [tier(json!({"percentOfFee": "60"})), other],
        "remedies": [remedy("perIncident", json!({"amount": "500"}))], "capPerYear": {"amount": "4200"}});
    let (_, reckoning) = Case { violations: 1, ..Case::of(credits) }.told();
    let told = steps(&reckoning.amounts[0]);
    for step in [
        "Limit: Tiers in percent of the fee come to 5 200.00 EUR, and grant at most the whole of it for one period. 4 000.00 EUR",
        "Limit: At most 4 200.00 EUR in one year. 4 200.00 EUR",
        "Cap: Cut to what is left of the most that is granted in one year. It takes 1 500.00 EUR. 4 200.000000 EUR",
    ] {
        assert!(told.iter().any(|told| told == step), "{step}: {told:#?}");
    }
}

#[test]
fn deliveries_that_are_not_all_listed_are_not_summed_up() {
    let one = |day: u32| Delivery {
        objective: "availability".to_owned(),
        due: "2026-10-01".parse().unwrap(),
        done: format!("2026-10-{day:02}").parse().unwrap(),
    };
    let deliveries = (0..70).map(|n| one(2 + n % 20)).collect();
    let credits = json!({"fee": fee(), "remedies": [remedy("perDayLate", json!({"amount": "1"}))]});
    let (_, reckoning) = Case { facts: Facts { deliveries, ..Facts::default() }, ..Case::of(credits) }.told();
    let told = told_steps(&reckoning);
    assert_eq!((told.len(), told[64].as_str()), (65, "the statement does not list every delivery"));
    assert_eq!(plain(&reckoning.lines[0].money[0].by_itself), "685.000000 EUR");
}

#[test]
fn the_fee_of_a_period_is_told_from_what_was_agreed() {
    let prepaid = json!({"amount": "48000", "currency": "EUR", "prepaidMonths": 12, "prorated": true});
    let credits = || {
        json!({"fee": prepaid, "furtherFees": [{"amount": "700", "currency": "USD"}],
        "tiers": [tier(json!({"percentOfFee": "10"}))], "issuedAbove": "1.50"})
    };
    let cut = Case {
        validity: ["2026-10-17", "2027-01-01"],
        period: ["2026-10-17T00:00:00Z", "2026-11-01T00:00:00Z"],
        ..Case::of(credits())
    };
    let (_, reckoning) = cut.told();
    let (euros, dollars) = (steps(&reckoning.amounts[0]), steps(&reckoning.amounts[1]));
    assert!(
        euros[0].ends_with(
            "48 000 EUR paid for 12 months, of which the period has 1: 4 000.00 EUR. The agreement is in force for \
             1 296 000 / 2 678 400 seconds of the whole period, which is charged by that share. 1 935.483870… EUR"
        ),
        "{euros:#?}"
    );
    assert!(dollars[0].ends_with("which is charged in full. 700.000000 USD"), "{dollars:#?}");
    assert!(euros.last().unwrap().ends_with("before rounding it is more than 1.50 EUR."), "{euros:#?}");
    assert_eq!(told_steps(&reckoning), ["10 % × 1 935.483870… EUR = 193.548387… EUR", "10 % × 700.00 USD = 70.00 USD"]);

    let part = Case {
        period: ["2026-10-17T00:00:00Z", "2026-11-01T00:00:00Z"],
        amendment: "2026-10-17",
        ..Case::of(json!({"fee": fee(), "tiers": [tier(json!({"amount": "310"}))]}))
    };
    let (_, reckoning) = part.told();
    let told = steps(&reckoning.amounts[0]);
    assert!(told[0].contains("this part has 1 296 000 / 2 678 400 seconds, and that share of the fee."), "{told:#?}");
    assert_eq!(
        told_steps(&reckoning),
        ["310.00 EUR × 1 296 000 / 2 678 400 s for this part of the period = 150.00 EUR"]
    );
}

#[test]
fn what_is_no_money_is_reckoned_too() {
    let credits = json!({"fee": fee(), "dailyUsage": {"amount": "12.5", "unit": "GB"}, "cap": {"serviceDays": 2},
        "tiers": [tier(json!({"serviceDays": 3}))], "remedies": [remedy("perIncident", json!({"amount": "1"}))]});
    let (_, reckoning) = Case { violations: 1, ..Case::of(credits.clone()) }.told();
    assert_eq!(told_steps(&reckoning)[0], "compared as 3 × 4 000.00 EUR / 31 days = 387.096774… EUR");
    let days = &reckoning.beside[0];
    assert_eq!((days.name, days.figure.as_str()), ("Days of service", "2 days"));
    assert!(days.note.ends_with("The granted lines come to 3 days; at most 2 days for one period."), "{}", days.note);

    let mut of_usage = credits.clone();
    of_usage["tiers"] = json!([tier(json!({"multipleOfDailyUsage": "2"}))]);
    let (_, reckoning) = Case { violations: 1, ..Case::of(of_usage) }.told();
    assert_eq!(plain(&told_steps(&reckoning)[0]), "2 × 12.5 GB a day = 25 GB");
    assert!(plain(&reckoning.beside[0].note).starts_with("2 × 12.5 GB, what a day costs on average."));

    let mut paid = credits;
    paid["serviceDays"] = "MonetaryValue".into();
    let (_, reckoning) = Case::of(paid).told();
    assert!(reckoning.beside[0].note.contains("They are paid"), "{}", reckoning.beside[0].note);
    assert_eq!(told_steps(&reckoning)[1], "the limits take 129.032258… EUR of it and leave 258.064516… EUR");
}

#[test]
fn a_reward_is_reckoned_step_by_step() {
    let rewards = |rules: Value| json!({"fee": fee(), "rewards": rules});
    let told = |case: Case| {
        let (_, reckoning) = case.told();
        let reward = reckoning.reward.unwrap();
        reward
            .steps
            .iter()
            .map(|s| plain(format!("{}: {} {}", s.name, s.rule, s.figure).trim_end()))
            .collect::<Vec<_>>()
    };
    let attained = told(Case {
        attainment: ratio(9995, 10_000),
        ..Case::of(rewards(json!({"basis": "Attainment", "objective": "availability", "unconditionalPercent": "0.1",
            "tiers": [{"atLeast": "99.95", "percent": "3"}], "cap": "100"})))
    });
    for step in [
        "By the step: 3 % × 4 000.00 EUR. 120.00 EUR",
        "Unconditional: Granted whatever was reached. 0.1 % × 4 000.00 EUR = 4.00 EUR. 0.1 %",
        "Cap: Together 124.00 EUR. At most 100.00 EUR for one period. The cap of the reward took something away. 100.000000 EUR",
    ] {
        assert!(attained.iter().any(|told| told == step), "{step}: {attained:#?}");
    }
    let volume = |scale: &str| Case {
        facts: Facts { volume: Some(ratio(250, 1)), rewarded_this_period: ratio(1, 1), ..Facts::default() },
        ..Case::of(rewards(json!({"basis": "Volume", "scale": scale, "cap": "50",
            "tiers": [{"atLeast": "100", "percent": "1"}, {"atLeast": "200", "percent": "10"}]})))
    };
    let marginal = told(volume("Marginal"));
    for step in [
        "Part: 10 % of what lies from 200.00 EUR to 250.00 EUR. 5.00 EUR",
        "Part: 1 % of what lies from 100.00 EUR to 200.00 EUR. 1.00 EUR",
        "Cap: Together 6.00 EUR. At most 50.00 EUR for one period, of which 1.00 EUR were given before. No cap took anything \
         away. 6.000000 EUR",
    ] {
        assert!(marginal.iter().any(|told| told == step), "{step}: {marginal:#?}");
    }
    let whole = told(volume("Whole"));
    assert!(whole.iter().any(|told| told == "By the step: 10 % × 250.00 EUR. 25.00 EUR"), "{whole:#?}");
}

#[test]
fn what_cannot_be_reckoned_is_told_as_it_is_stated() {
    let (credits, _) = Case::of(json!({"fee": fee(), "tiers": [tier(json!({"percentOfFee": "10"}))]})).told();
    let mut statement = issued().statement;
    statement.terms.credits.as_mut().unwrap().fee.currency = "nothing".to_owned();
    let reckoning = Reckoning::new(&credits, &statement, &Clock::of(&statement.period));
    assert!(told_steps(&reckoning).is_empty() && reckoning.amounts.len() == 1);
    assert_eq!(plain(&reckoning.amounts[0].issued), "400.00 EUR");
}
