use k8s_openapi::jiff::civil::date;
use proptest::prelude::*;
use serde_json::json;

use super::super::example::ratio;
use super::*;

fn open(name: &str, amount: i64, due: Date) -> OpenCredit {
    OpenCredit { name: name.to_owned(), amount: ratio(amount, 1), due }
}

fn june(day: i8) -> Date {
    date(2025, 6, day)
}

#[test]
fn a_penalty_that_was_not_paid_in_time_is_taken_off_the_next_settlement() {
    let settled = settle(&ratio(10_000, 1), june(30), &[open("penalty", 1_300, june(15))]);
    assert_eq!((settled.net, settled.carried), (ratio(8_700, 1), Vec::new()));
    assert_eq!(settled.set_off, [SetOff { name: "penalty".to_owned(), amount: ratio(1_300, 1) }]);
}

#[test]
fn what_may_still_be_paid_is_left_alone() {
    let penalty = [open("penalty", 1_300, june(15))];
    let settled = settle(&ratio(10_000, 1), june(15), &penalty);
    assert_eq!((settled.net, settled.carried.as_slice()), (ratio(10_000, 1), &penalty[..]));
    assert_eq!(settle(&ratio(10_000, 1), june(16), &penalty).net, ratio(8_700, 1));
}

#[test]
fn nothing_is_taken_below_zero_and_the_rest_is_carried_on() {
    let first = settle(&ratio(1_000, 1), june(30), &[open("new", 500, june(20)), open("old", 800, june(10))]);
    assert_eq!(first.net, ratio(0, 1));
    let taken: Vec<_> = first.set_off.iter().map(|s| (s.name.as_str(), s.amount.clone())).collect();
    assert_eq!(taken, [("old", ratio(800, 1)), ("new", ratio(200, 1))], "the oldest first");
    assert_eq!(first.carried, [open("new", 300, june(20))]);
    let second = settle(&ratio(1_000, 1), date(2025, 7, 31), &first.carried);
    assert_eq!((second.net, second.carried), (ratio(700, 1), Vec::new()));
}

#[test]
fn a_reversal_is_paid_back_before_anything_is_taken_off() {
    let settled = settle(&ratio(0, 1), june(30), &[open("credit", 250, june(1)), open("reversal", -100, june(20))]);
    assert_eq!((settled.net, settled.carried), (ratio(0, 1), vec![open("credit", 150, june(1))]));
    assert_eq!(settle(&ratio(50, 1), june(30), &[open("reversal", -100, june(20))]).net, ratio(150, 1));
}

#[test]
fn a_deposit_is_returned_unless_there_was_a_severe_breach() {
    let deposit: Deposit = serde_json::from_value(
        json!({"amount": "3000.00", "currency": "CNY", "holdMonths": 3, "refundWithinDays": 10}),
    )
    .unwrap();
    let back = |breach, open: i64| refund(&deposit, breach, &ratio(open, 1)).unwrap();
    assert_eq!(back(false, 0), Refund { refund: ratio(3_000, 1), kept: ratio(0, 1) });
    assert_eq!(back(false, 1_300), Refund { refund: ratio(1_700, 1), kept: ratio(1_300, 1) });
    assert_eq!(back(false, 5_000).refund, ratio(0, 1));
    assert_eq!(back(false, -5).refund, ratio(3_000, 1));
    assert_eq!(back(true, 0), Refund { refund: ratio(0, 1), kept: ratio(3_000, 1) });
    let broken = Deposit { amount: "3,000".into(), ..deposit };
    assert_eq!(refund(&broken, false, &ratio(0, 1)).unwrap_err().field, "spec.settlement.deposit.amount");
}

proptest! {
    /// Money is neither made nor lost, and no settlement goes below zero for a credit.
    #[test]
    fn settlements_conserve_money(
        gross in prop::collection::vec(0i64..1_000, 1..6),
        credits in prop::collection::vec((-500i64..1_000, 1i8..29), 0..6),
    ) {
        let credits: Vec<_> =
            credits.iter().enumerate().map(|(i, (amount, day))| open(&i.to_string(), *amount, june(*day))).collect();
        let total: BigRational = credits.iter().map(|c| &c.amount).sum();
        let mut left = credits;
        let mut taken = ratio(0, 1);
        for (month, gross) in (6..).zip(&gross) {
            let gross = ratio(*gross, 1);
            let settled = settle(&gross, date(2025, month, 15), &left);
            let off: BigRational = settled.set_off.iter().map(|s| &s.amount).sum();
            prop_assert_eq!(&settled.net + &off, gross);
            prop_assert!(settled.net >= ratio(0, 1));
            taken += off;
            left = settled.carried;
        }
        let carried: BigRational = left.iter().map(|c| &c.amount).sum();
        prop_assert_eq!(taken + carried, total);
    }
}
