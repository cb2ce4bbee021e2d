//! Periods that follow each other.

use super::super::periods::{Periods, periods};
use super::super::promised::promised;
use super::*;
use crate::api::ServiceLevelAgreement;

const EXAMPLE: &str = include_str!("../../../../examples/simulate/agreement.yaml");

/// The example with credits that end so.
fn with(credits: &str) -> Promised {
    let text = EXAMPLE.replace("  enforcement:\n", &format!("{credits}  enforcement:\n"));
    promised(&serde_saphyr::from_str::<ServiceLevelAgreement>(&text).unwrap().spec, None).unwrap()
}

/// July to October, of which `good` of a hundred requests each were good.
fn told(promised: &Promised, good: [u64; 4]) -> (Vec<String>, String) {
    let Periods { parts, .. } = periods(promised, "2026-07-01T00:00:00Z".parse().unwrap(), 123 * 86_400).unwrap();
    let (periods, owed) = settled(promised, &parts, &good.map(|good| vec![Counted { good, total: 100 }])).unwrap();
    (periods.into_iter().map(|period| period.owed.unwrap()).collect(), owed.unwrap())
}

#[test]
fn each_month_is_settled_and_all_are_summed() {
    let (months, all) = told(&with(""), [100, 98, 90, 99]);
    assert_eq!(months, ["0.00 EUR", "120.00 EUR", "360.00 EUR", "0.00 EUR"]);
    assert_eq!(all, "480.00 EUR");
    assert_eq!(told(&with(""), [100; 4]).1, "0.00 EUR");
}

/// 360 of the 600 of a year are left for the second bad month, and nothing for the third.
#[test]
fn a_cap_of_the_year_counts_the_months_before() {
    let (months, all) = told(&with("    capPerYear: {amount: \"600\"}\n"), [90, 100, 90, 90]);
    assert_eq!(months, ["360.00 EUR", "0.00 EUR", "240.00 EUR", "0.00 EUR"]);
    assert_eq!(all, "600.00 EUR");
}

#[test]
fn misses_in_a_row_give_the_right_to_end_it() {
    let right = "    remedies:\n    - {name: end, objective: latency, terminationRight: {missedPeriods: 2}}\n";
    let (months, all) = told(&with(right), [98, 100, 98, 98]);
    assert_eq!(months, ["120.00 EUR", "0.00 EUR", "120.00 EUR", "120.00 EUR + right to terminate"]);
    assert_eq!(all, "360.00 EUR + right to terminate");
}

/// A credit that is too small for its month is not paid with that of another.
#[test]
fn what_is_not_issued_is_not_in_the_sum() {
    let (months, all) = told(&with("    issuedAbove: \"120\"\n"), [98, 98, 90, 98]);
    assert_eq!(months, ["0.00 EUR", "0.00 EUR", "360.00 EUR", "0.00 EUR"]);
    assert_eq!(all, "360.00 EUR");
}

#[test]
fn days_of_service_add_up() {
    let tiers =
        EXAMPLE.replace("percentOfFee: \"10\"", "serviceDays: 3").replace("percentOfFee: \"30\"", "serviceDays: 7");
    let promised = promised(&serde_saphyr::from_str::<ServiceLevelAgreement>(&tiers).unwrap().spec, None).unwrap();
    let (months, all) = told(&promised, [98, 100, 90, 98]);
    assert_eq!(months, ["3 service day(s)", "0.00 EUR", "7 service day(s)", "3 service day(s)"]);
    assert_eq!(all, "13 service day(s)");
}

/// As in a statement, it breaks a row of misses.
#[test]
fn a_month_without_requests_is_not_missed() {
    let right = "    remedies:\n    - {name: end, objective: latency, terminationRight: {missedPeriods: 2}}\n";
    let promised = with(right);
    let Periods { parts, .. } = periods(&promised, "2026-07-01T00:00:00Z".parse().unwrap(), 92 * 86_400).unwrap();
    let counted =
        [98, 0, 98].map(|good| vec![if good > 0 { Counted { good, total: 100 } } else { Counted::default() }]);
    let (periods, owed) = settled(&promised, &parts, &counted).unwrap();
    assert_eq!((periods[1].kept, owed.as_deref()), (None, Some("240.00 EUR")));
}

#[test]
fn a_month_without_requests_is_not_judged() {
    let promised = with("");
    let Periods { parts, .. } = periods(&promised, "2026-07-01T00:00:00Z".parse().unwrap(), 62 * 86_400).unwrap();
    let (periods, _) =
        settled(&promised, &parts, &[vec![Counted::default()], vec![Counted { good: 9, total: 9 }]]).unwrap();
    let told = |place: usize| (periods[place].kept, periods[place].objectives[0].attainment_percent.as_str());
    assert_eq!([told(0), told(1)], [(None, ""), (Some(true), "100.000000")]);
}

#[test]
fn the_answer_says_of_what_the_figures_are() {
    let promised = with("");
    let told = |begins: &str, days: usize, is_dated| {
        owed_is(&periods(&promised, begins.parse().unwrap(), days * 86_400).unwrap().parts, is_dated)
    };
    assert_eq!(told("2026-07-01T00:00:00Z", 1, true), "for one period, if the whole period went like this");
    assert_eq!(told("2026-07-01T00:00:00Z", 31, true), "for one period, all of which was played");
    assert_eq!(told("2026-07-01T00:00:00Z", 62, true), "for all 2 periods");
    let begins_so = "for all 2 periods, the first of which is taken to begin with the load; one was played in part, and is \
                     settled as if all of it went like that";
    assert_eq!(told("2026-07-01T00:00:00Z", 40, false), begins_so);
    assert!(told("2026-07-10T00:00:00Z", 90, true).starts_with("for all 4 periods; 2 were played in part"));
}

/// Latency is kept, and availability is not, for which a tier of its own grants a fifth of the fee.
#[test]
fn every_objective_that_counts_requests_is_settled() {
    const TWO: &str = include_str!("../../../../examples/simulate/enforced.yaml");
    let tier = "    - {objective: availability, below: \"99.9\", percentOfFee: \"20\"}\n  enforcement:\n";
    let text = TWO.replace("  enforcement:\n", tier);
    let promised = promised(&serde_saphyr::from_str::<ServiceLevelAgreement>(&text).unwrap().spec, None).unwrap();
    let Periods { parts, .. } = periods(&promised, "2026-07-01T00:00:00Z".parse().unwrap(), 31 * 86_400).unwrap();
    let counted = vec![Counted { good: 1000, total: 1000 }, Counted { good: 998, total: 1000 }];
    let (periods, owed) = settled(&promised, &parts, &[counted]).unwrap();
    let kept: Vec<_> = periods[0].objectives.iter().map(|o| (o.name.as_str(), o.kept.unwrap())).collect();
    assert_eq!(kept, [("latency", true), ("availability", false)]);
    assert_eq!((periods[0].kept, owed.as_deref()), (Some(false), Some("240.00 EUR")));
}
