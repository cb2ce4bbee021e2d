mod courses;

use super::super::example::{issued, revised};
use super::super::instant::Clock;
use super::*;
use crate::api::credit_status::CreditAmount;

/// With spaces that can be read in a test.
fn plain(text: &str) -> String {
    text.replace(['\u{a0}', '\u{202f}'], " ")
}

fn told(credits: &CreditStatus) -> Reckoning {
    let statement = issued().statement;
    Reckoning::new(credits, &statement, &Clock::of(&statement.period))
}

fn revised_reckoning() -> Reckoning {
    let statement = revised().statement;
    Reckoning::new(statement.credits.as_ref().unwrap(), &statement, &Clock::of(&statement.period))
}

fn steps(amount: &Amount) -> Vec<String> {
    amount.steps.iter().map(|step| plain(format!("{}: {} {}", step.name, step.rule, step.figure).trim_end())).collect()
}

#[test]
fn the_way_to_the_amount_is_told_step_by_step() {
    let reckoning = told(&issued().statement.credits.unwrap());
    assert_eq!(
        steps(&reckoning.amounts[0]),
        [
            "Fee: The fee of the period, as agreed in generation 2. 4 000.000000 EUR",
            "Combination: One line comes to money, and is granted. 400.000000 EUR",
            "Cap: No cap took anything away. 400.000000 EUR",
            "Unrounded: Exactly so much, which is 10.000000 % of the fee. 400.000000 EUR",
            "Rounding: Once, at the end, half up, to 0.01 EUR. 400.00 EUR",
            "Issue: Issued.",
        ]
    );
    assert_eq!(plain(&reckoning.amounts[0].issued), "400.00 EUR");
}

#[test]
fn every_currency_has_its_own_way() {
    let reckoning = revised_reckoning();
    let euros = steps(&reckoning.amounts[0]);
    assert!(euros[0].starts_with("Fee: charges for the storage class in the region, as agreed"), "{euros:?}");
    assert_eq!(euros[1], "Combination: Of 3 lines 2 are granted and add up. 3 066.666666 EUR");
    assert_eq!(euros[2], "Cap: Cut to the most that is granted for one period. 2 400.000000 EUR");
    let dollars = steps(&reckoning.amounts[1]);
    assert_eq!(dollars[3], "Unrounded: Exactly 180 010 / 2 250 USD. 80.004444… USD");
    assert_eq!(plain(&reckoning.amounts[1].issued), "80.00 USD");
}

#[test]
fn what_is_not_issued_says_why_and_comes_to_nothing() {
    let amount = CreditAmount {
        currency: "EUR".to_owned(),
        amount: "0.50".to_owned(),
        not_issued: "0.5 EUR is not more than 1.00 EUR".to_owned(),
        ..CreditAmount::default()
    };
    let reckoning = told(&CreditStatus { amount: "0.00".to_owned(), amounts: vec![amount], ..CreditStatus::default() });
    assert_eq!(steps(&reckoning.amounts[0])[5], "Issue: Not issued: 0.5 EUR is not more than 1.00 EUR.");
    assert_eq!(plain(&reckoning.amounts[0].issued), "0.00 EUR");
}

#[test]
fn each_line_says_its_rule_and_its_grant() {
    let lines: Vec<_> = revised_reckoning()
        .lines
        .iter()
        .map(|line| plain(&format!("{} | {} | {} | {}", line.rule, line.reckoning, line.grant, line.not_granted)))
        .collect();
    assert_eq!(
        lines,
        [
            "Tier below 99.9 and at least 99.0 % |  | 10 % of the fee | ",
            "Remedy outages | 2 violations at 1333.33 EUR each | An amount | ",
            "Tier at most 95 % |  | 3 days of service | ",
            "Tier below 90 % |  | 2.5 × the daily usage | ",
            "Remedy leave | missed 3 period(s) in a row, and 3 are enough | Beside the money | ",
            "Remedy slow-recovery | 1 times the fee for 7/144000 of the period | 0.004861 % of the fee | only the highest is \
             granted, and \"availability\" is worth no less",
            "No tier and no remedy |  | – | it is not determined, so that its attainment neither grants nor denies",
        ]
    );
}

#[test]
fn a_tier_that_applies_for_certain_says_what_the_unknown_could_come_to() {
    let mut credits = issued().statement.credits.unwrap();
    credits.lines[0].reckoning = "below 99.9 for certain; below 95.0 if all that is unknown was bad".to_owned();
    let rule = plain(&told(&credits).lines[0].rule);
    assert_eq!(rule, "Tier below 99.9 % for certain; below 95.0 if all that is unknown was bad");
}

#[test]
fn what_is_no_money_stands_beside_it() {
    let beside: Vec<_> =
        revised_reckoning().beside.iter().map(|b| plain(&format!("{}: {}", b.name, b.figure))).collect();
    assert_eq!(
        beside,
        ["Days of service: 3 days", "Daily usage: 12.500000 GB", "Free hours: 4 hours", "Right to terminate: Yes"]
    );
}

#[test]
fn what_it_rests_on_beside_the_measurements_is_told() {
    let facts: Vec<_> = revised_reckoning().facts.iter().map(|f| plain(&format!("{}: {}", f.name, f.text))).collect();
    assert_eq!(
        facts,
        [
            "Turned over: 1 200 000.00",
            "Deliveries: recovery: due 5 Oct 2026, made 7 Oct 2026",
            "Granted before in this year: 800.00 EUR, 1 day of service",
            "Granted before in all: 800.00 EUR, 1 day of service",
            "Missed right before: availability: 2 periods",
            "Chosen by the customer: availability",
        ]
    );
    assert!(told(&issued().statement.credits.unwrap()).facts.is_empty());
}

#[test]
fn free_hours_in_a_row_are_told_together_and_those_not_listed_are_counted() {
    let mut credits = revised().statement.credits.unwrap();
    credits.free_hours_total = 250;
    let hours = told(&credits).beside.into_iter().find(|b| b.name == "Free hours").unwrap();
    let runs = "12 Oct 2026, 11:00 to 13:00; 28 Oct 2026, 00:00 to 02:00.";
    assert_eq!(hours.note, format!("Not charged, by the clock in Europe/Berlin: {runs} 246 more are not listed."));
}

#[test]
fn the_reward_is_told_apart() {
    let reward = revised_reckoning().reward.unwrap();
    let told: Vec<_> = reward.steps.iter().map(|step| plain(&format!("{} {}", step.name, step.figure))).collect();
    let cut = "133.333333… EUR";
    assert_eq!(
        told,
        [
            "Reached 99.990000 %",
            "Step 3 %",
            "Unconditional 0.333 %",
            &format!("Cap {cut}"),
            &format!("Unrounded {cut}"),
            "Rounding 133.33 EUR"
        ]
    );
}

#[test]
fn deadlines_and_state_stand_in_the_zone_of_the_agreement() {
    let reckoning = revised_reckoning();
    let due = &reckoning.deadlines[0];
    assert_eq!((due.last_day.as_str(), due.by.as_str()), ("31 Dec 2026", "1 Jan 2027, 00:00 CET"));
    assert_eq!(reckoning.life.since, "3 Nov 2026, 10:00 CET");
}

#[test]
fn amounts_are_rounded_to_the_minor_unit_of_their_currency() {
    for (currency, unit) in
        [("EUR", "0.01 EUR"), ("JPY", "1 JPY"), ("KWD", "0.001 KWD"), ("<b>", "the currency's minor")]
    {
        assert!(plain(&amount::rounding(currency)).contains(unit), "{currency}");
    }
}
