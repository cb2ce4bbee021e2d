use num_rational::BigRational;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::example::agreement;
use super::band::{Band, Edge};
use super::*;
use crate::evaluate::exact::{decimal, whole};

mod terms;

/// A band as mathematicians write it, with what it grants: `(99.0,99.9] 10`; without a lower end: `<99.9 10`.
fn band(tier: usize, text: &str) -> Band {
    let (range, credit) = text.split_once(' ').unwrap();
    let edge =
        |text: &str, included, field| Edge { at: decimal(text).unwrap(), text: text.to_owned(), included, field };
    let (lower, upper) = if let Some(upper) = range.strip_prefix('<') {
        (None, edge(upper, false, "below"))
    } else {
        let (lower, upper) = range[1..range.len() - 1].split_once(',').unwrap();
        (Some(edge(lower, range.starts_with('['), "lower")), edge(upper, range.ends_with(']'), "below"))
    };
    Band { tier, lower, upper, credit: decimal(credit).unwrap(), unit: "percentOfFee" }
}

fn bands(texts: &[&str]) -> Vec<Band> {
    texts.iter().enumerate().map(|(tier, text)| band(tier, text)).collect()
}

/// Code, field without the table's path, and where it shows.
fn remarks(texts: &[&str]) -> Vec<(&'static str, String, Option<String>)> {
    let found = tiers::lint(&bands(texts), "availability", &decimal("99.9").unwrap());
    found.into_iter().map(|l| (l.code.as_str(), l.field.replace("spec.credits.tiers", ""), l.at)).collect()
}

type Case<'a> = (&'a [&'a str], &'a [(&'a str, &'a str, Option<&'a str>)]);

fn check(cases: &[Case<'_>]) {
    for (texts, expected) in cases {
        let found = remarks(texts);
        let found: Vec<(&str, &str, Option<&str>)> =
            found.iter().map(|(c, f, a)| (*c, f.as_str(), a.as_deref())).collect();
        assert_eq!(found, *expected, "{texts:?}");
    }
}

#[test]
fn a_table_of_upper_bounds_has_nothing_to_remark_if_credits_grow() {
    check(&[
        (&["<99.9 10", "<99.0 25", "<95.0 100"], &[]),
        (&["<95.0 100", "<99.9 10", "<99.0 25"], &[]),
        (&["<99.9 10"], &[]),
        (&[], &[]),
    ]);
}

#[test]
fn bands_that_meet_have_nothing_to_remark() {
    check(&[
        (&["[99.0,99.9) 10", "<99.0 25"], &[]),
        (&["[99.0,99.9) 10", "[95.0,99.0) 25", "[0,95.0) 100"], &[]),
        (&["(99.0,99.9) 10", "[0,99.0] 25"], &[]),
    ]);
}

#[test]
fn a_gap_is_named_with_a_value_in_it() {
    check(&[
        // GitHub in 2021: exactly 99.0 is in no band.
        (&["(99.0,99.9) 10", "<99.0 25"], &[("tier_gap", "[0].lower", Some("99.0"))]),
        (&["<99.0 25", "(99.0,99.9) 10"], &[("tier_gap", "[1].lower", Some("99.0"))]),
        (&["(99.5,99.9) 10", "<99.0 25"], &[("tier_gap", "[0].lower", Some("99.5"))]),
        (&["[99.5,99.9) 10", "<99.0 25"], &[("tier_gap", "[0].lower", Some("99.0"))]),
        (
            &["[99.5,99.9) 10", "(0,99.0] 25"],
            &[("tier_gap", "[0].lower", Some("99.25")), ("tier_gap", "[1].lower", Some("0"))],
        ),
        // A worse period costs nothing.
        (&["[95,99.9) 10"], &[("tier_gap", "[0].lower", Some("0"))]),
        (&["(95,99.9) 10"], &[("tier_gap", "[0].lower", Some("95"))]),
    ]);
    let found = |texts: &[&str]| tiers::lint(&bands(texts), "a", &decimal("99.9").unwrap()).remove(0).message;
    assert!(found(&["(99.0,99.9) 10", "<99.0 25"]).starts_with("at exactly 99.0 no tier holds"));
    assert!(found(&["[99.5,99.9) 10", "<99.0 25"]).starts_with("from 99.0, below 99.5 no tier holds"));
    assert!(found(&["(99.5,99.9) 10", "<99.0 25"]).starts_with("from 99.0 up to 99.5 no tier holds"));
    assert!(found(&["(99.5,99.9) 10", "[0,99.0] 25"]).starts_with("above 99.0, up to 99.5 no tier holds"));
    assert!(found(&["[99.5,99.9) 10", "[0,99.0] 25"]).starts_with("above 99.0 and below 99.5 no tier holds"));
}

#[test]
fn bands_that_say_where_they_end_may_not_overlap() {
    check(&[
        (&["[99.0,99.9) 10", "<99.5 25"], &[("tier_overlap", "[0].lower", Some("99.25"))]),
        (&["[99.0,99.9) 10", "[0,99.0] 25"], &[("tier_overlap", "[0].lower", Some("99"))]),
        (&["[99.0,99.9) 10", "[98,99.9) 25", "<98 30"], &[("tier_overlap", "[0].lower", Some("99.45"))]),
    ]);
}

#[test]
fn a_table_of_bands_says_of_every_tier_where_it_ends() {
    // As MongoDB printed it: below 99.995 but at least 99.0, below 99.0, below 95.0.
    let printed = ["[99.0,99.8) 10", "<99.0 25", "<95.0 100"];
    check(&[
        (&printed, &[("tier_overlap", "[1].below", Some("95.0"))]),
        (&["<95.0 100", "<99.0 25", "[99.0,99.8) 10"], &[("tier_overlap", "[1].below", Some("95.0"))]),
        (&["[99.0,99.8) 10", "[95.0,99.0) 25", "<95.0 100"], &[]),
        (&["<99.8 10", "<99.0 25", "<95.0 100"], &[]),
    ]);
    let found = tiers::lint(&bands(&printed), "a", &decimal("99.9").unwrap());
    assert_eq!(found[0].severity, Severity::Warning, "the deepest is granted, and nobody is in doubt");
    assert!(found[0].message.contains("write `atLeast: 95.0` here"), "{}", found[0].message);
}

#[test]
fn a_worse_attainment_earns_more() {
    let code = "non_monotonic_credit";
    check(&[
        (&["<99.9 25", "<99.0 10"], &[(code, "[1].percentOfFee", None)]),
        (&["<99.0 10", "<99.9 25"], &[(code, "[0].percentOfFee", None)]),
        (
            &["<99.9 10", "<99.0 25", "<95 20", "<90 22"],
            &[(code, "[2].percentOfFee", None), (code, "[3].percentOfFee", None)],
        ),
        // The first tier comes back where the second one ends.
        (&["<99.9 10", "[95,99.0) 25"], &[(code, "[0].percentOfFee", None)]),
        (&["<99.9 10", "<99.0 10"], &[(code, "[1].percentOfFee", None)]),
    ]);
    let severity = |texts: &[&str]| tiers::lint(&bands(texts), "a", &decimal("99.9").unwrap())[0].severity;
    assert_eq!(severity(&["<99.9 25", "<99.0 10"]), Severity::Error);
    // No harm, but one tier too many.
    assert_eq!(severity(&["<99.9 10", "<99.0 10"]), Severity::Warning);
}

#[test]
fn credits_of_different_kinds_are_not_compared() {
    let mut bands = bands(&["<99.9 10", "<99.0 3"]);
    bands[1].unit = "serviceDays";
    assert_eq!(tiers::lint(&bands, "availability", &decimal("99.9").unwrap()), []);
}

#[test]
fn a_tier_that_settles_nothing_is_named() {
    check(&[
        (&["<99.9 10", "<99.90 20"], &[("unreachable_tier", "[1].below", None)]),
        (&["<99.9 10", "<0 20"], &[("unreachable_tier", "[1].below", None)]),
        (&["<99.9 10", "(99.5,99.5) 20"], &[("unreachable_tier", "[1].below", None)]),
        (&["<99.9 10", "[99.5,99) 20"], &[("unreachable_tier", "[1].below", None)]),
        (&["<99.9 10", "[99.5,99.5] 20"], &[("non_monotonic_credit", "[0].percentOfFee", None)]),
    ]);
}

#[test]
fn a_kept_promise_may_not_cost_money() {
    check(&[
        (&["<99.95 10", "<99 20"], &[("tier_above_target", "[0].below", Some("99.95"))]),
        (&["<99.900 10"], &[]),
        (&["[0,99.90] 10"], &[("tier_above_target", "[0].below", Some("99.90"))]),
    ]);
    let severity = |texts: &[&str]| tiers::lint(&bands(texts), "a", &decimal("99.9").unwrap())[0].severity;
    assert_eq!(severity(&["<99.95 10"]), Severity::Error);
    assert_eq!(severity(&["[0,99.9] 10"]), Severity::Warning);
}

#[test]
fn a_tier_is_read_as_it_is_written() {
    let tiers = |tiers: Value| {
        let credits = json!({"fee": {"amount": "1", "currency": "EUR"}, "tiers": tiers});
        super::band::bands(&serde_json::from_value(credits).unwrap(), "a")
    };
    let edge =
        |text: &str, included, field| Edge { at: decimal(text).unwrap(), text: text.to_owned(), included, field };
    let band = |tier, lower, upper, credit: u32, unit| Band { tier, lower, upper, credit: whole(credit), unit };
    let read = tiers(json!([
        {"objective": "a", "above": "99.0", "atMost": "99.9", "percentOfFee": "10"},
        {"objective": "b", "below": "1", "percentOfFee": "10"},
        {"objective": "a", "atLeast": "95", "below": "99", "serviceDays": 3},
        {"objective": "a", "below": "95", "multipleOfDailyUsage": "7"},
        {"objective": "a", "below": "90", "amount": "1000.00"},
    ]));
    let expected = vec![
        band(0, Some(edge("99.0", false, "above")), edge("99.9", true, "atMost"), 10, "percentOfFee"),
        band(2, Some(edge("95", true, "atLeast")), edge("99", false, "below"), 3, "serviceDays"),
        band(3, None, edge("95", false, "below"), 7, "multipleOfDailyUsage"),
        band(4, None, edge("90", false, "below"), 1000, "amount"),
    ];
    assert_eq!(read, Some(expected));
    // What the definition's rules refuse is not guessed at.
    for broken in [
        json!({"objective": "a", "percentOfFee": "10"}),
        json!({"objective": "a", "below": "9", "atMost": "9", "percentOfFee": "10"}),
        json!({"objective": "a", "below": "9", "above": "1", "atLeast": "1", "percentOfFee": "10"}),
        json!({"objective": "a", "below": "9"}),
        json!({"objective": "a", "below": "9", "percentOfFee": "10", "serviceDays": 1}),
        json!({"objective": "a", "below": "nine", "percentOfFee": "10"}),
    ] {
        assert_eq!(tiers(json!([broken])), None, "{broken}");
    }
}

fn of_agreement(changes: &[(&str, Value)], kept: Option<SignedDuration>) -> Vec<(&'static str, Severity, String)> {
    let mut value = serde_json::to_value(agreement()).unwrap();
    for (path, change) in changes {
        let (parent, key) = path.rsplit_once('/').unwrap();
        value.pointer_mut(parent).unwrap()[key] = change.clone();
    }
    let spec: AgreementSpec = serde_json::from_value(value).unwrap();
    lint(&spec, kept).into_iter().map(|l| (l.code.as_str(), l.severity, l.field)).collect()
}

#[test]
fn a_sound_agreement_has_nothing_to_remark() {
    assert_eq!(of_agreement(&[], None), []);
    assert_eq!(of_agreement(&[], Some(SignedDuration::from_hours(31 * 24))), []);
}

#[test]
fn the_tiers_of_an_agreement_are_read_objective_by_objective() {
    let tier = |objective: &str, below: &str, percent: &str| json!({"objective": objective, "below": below, "percentOfFee": percent});
    let second = json!({"name": "errors", "target": "95", "indicator": {}});
    let changes = [
        ("/objectives", json!([agreement().objectives[0], second])),
        (
            "/credits/tiers",
            json!([
                tier("errors", "95", "50"),
                tier("availability", "99.9", "10"),
                tier("availability", "99", "5"),
                tier("errors", "99", "10"),
                tier("nobody", "10", "10"),
            ]),
        ),
    ];
    let expected = [
        ("non_monotonic_credit", Severity::Error, "spec.credits.tiers[2].percentOfFee".to_owned()),
        ("tier_above_target", Severity::Error, "spec.credits.tiers[3].below".to_owned()),
    ];
    assert_eq!(of_agreement(&changes, None), expected);
}

#[test]
fn a_target_leaves_something_to_spend() {
    let of = |target: &str| of_agreement(&[("/objectives/0/target", json!(target)), ("/credits", Value::Null)], None);
    let field = || "spec.objectives[0].target".to_owned();
    assert_eq!(of("100"), [("target_not_below_100", Severity::Warning, field())]);
    assert_eq!(of("100.000"), [("target_not_below_100", Severity::Warning, field())]);
    assert_eq!(of("100.1"), [("target_not_below_100", Severity::Error, field())]);
    assert_eq!(of("99.999999999"), []);
    assert_eq!(of("ninety"), []);
}

#[test]
fn a_period_beyond_the_retention_is_said() {
    let kept = |hours| Some(SignedDuration::from_hours(hours));
    let expected = [("period_beyond_retention", Severity::Warning, "spec.period".to_owned())];
    assert_eq!(of_agreement(&[], kept(15 * 24)), expected);
    assert_eq!(of_agreement(&[("/period", json!({"rolling": "15d"}))], kept(15 * 24)), []);
    assert_eq!(of_agreement(&[("/period", json!({"rolling": "361h"}))], kept(15 * 24)), expected);
}

#[test]
fn parameters_keep_the_constraints_between_them() {
    let with = |zones: &str| {
        let parameter = |name: &str, value: &str| json!({"name": name, "value": value});
        let constraint = |rule: &str, message: &str| json!({"rule": rule, "message": message});
        let changes = [
            ("/parameters", json!([parameter("tier", "gold"), parameter("zones", zones)])),
            (
                "/constraints",
                json!([
                    constraint("zones > 0", "there is a zone"),
                    constraint("tier != 'gold' || zones >= 2", "gold has two zones")
                ]),
            ),
        ];
        of_agreement(&changes, None)
    };
    assert_eq!(with("2"), []);
    let expected = ("parameter_dependency_violated", Severity::Error, "spec.constraints[1]".to_owned());
    assert_eq!(with("1"), [expected]);
}

#[test]
fn the_words_for_machines_are_snake_case_and_differ() {
    let mut words: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert!(words.iter().all(|w| w.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')));
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), Code::ALL.len());
}

fn any_band() -> impl Strategy<Value = (Option<(u8, bool)>, (u8, bool), u8)> {
    (proptest::option::of((0u8..=10, any::<bool>())), (0u8..=10, any::<bool>()), 1u8..6)
}

proptest! {
    /// Against every value from 0 to 100 in steps of 2.5, where the ends of the bands are multiples of ten: so every end
    /// and the space between any two are tried.
    #[test]
    fn the_cells_say_what_trying_every_value_says(raw in proptest::collection::vec(any_band(), 0..5)) {
        let edge = |at: u8, included, field| {
            Edge { at: whole(u32::from(at) * 10), text: (u32::from(at) * 10).to_string(), included, field }
        };
        let bands: Vec<Band> = raw.iter().enumerate().map(|(tier, (lower, upper, credit))| Band {
            tier,
            lower: lower.map(|(at, included)| edge(at, included, "lower")),
            upper: edge(upper.0, upper.1, "below"),
            credit: whole(*credit),
            unit: "percentOfFee",
        }).collect();
        // The oracle: integers, and no cells.
        let holds = |tier: usize, v: u32| {
            let (lower, (upper, upper_included), _) = &raw[tier];
            let over = lower.is_none_or(|(l, i)| v > u32::from(l) * 100 || (i && v == u32::from(l) * 100));
            over && (v < u32::from(*upper) * 100 || (*upper_included && v == u32::from(*upper) * 100))
        };
        let granted = |v: u32| {
            let mut holding: Vec<usize> = (0..raw.len()).filter(|t| holds(*t, v)).collect();
            holding.sort_by_key(|t| (raw[*t].1, *t));
            holding.first().copied()
        };
        let values: Vec<u32> = (0..=40).rev().map(|n| n * 25).collect();
        let found = tiers::lint(&bands, "a", &whole(100));
        let has = |code: Code| found.iter().any(|l| l.code == code);
        let on_the_way_down: Vec<usize> = values.iter().filter_map(|v| granted(*v)).collect();

        let first = values.iter().position(|v| granted(*v).is_some());
        let gap = first.is_some_and(|first| values[first..].iter().any(|v| granted(*v).is_none()));
        prop_assert_eq!(has(Code::TierGap), gap);
        for lint in found.iter().filter(|l| l.code == Code::TierGap) {
            let at = decimal(lint.at.as_deref().unwrap()).unwrap() * whole(10);
            prop_assert!(values.iter().any(|v| BigRational::from_integer((*v).into()) == at && granted(*v).is_none()));
        }
        let falls = on_the_way_down.windows(2).any(|w| w[0] != w[1] && raw[w[1]].2 < raw[w[0]].2);
        let errors = found.iter().any(|l| l.code == Code::NonMonotonicCredit && l.severity == Severity::Error);
        prop_assert_eq!(errors, falls);
        let unreachable: Vec<usize> = (0..raw.len()).filter(|t| !on_the_way_down.contains(t)).collect();
        prop_assert_eq!(found.iter().filter(|l| l.code == Code::UnreachableTier).count(), unreachable.len());
    }
}

#[test]
fn no_more_is_promised_than_the_suppliers_promise_together() {
    let of = |promises: &[&str]| {
        let named = promises.iter().enumerate().map(|(i, p)| json!({"name": format!("supplier-{i}"), "target": p}));
        of_agreement(&[("/dependencies", named.collect())], None)
    };
    let above = [("promise_above_composite", Severity::Warning, "spec.objectives[0].target".to_owned())];
    // 0.9995 squared is 0.99900025, just above the 99.9 promised; 0.9995 times 0.9994 is 0.9989003.
    assert_eq!(of(&["99.95", "99.95"]), []);
    assert_eq!(of(&["99.95", "99.94"]), above);
    assert_eq!(of(&["99.9"]), [], "exactly what is promised is enough");
    assert_eq!(of(&[]), []);
}

#[test]
fn what_people_report_is_told_apart_from_what_is_measured() {
    let mut spec = serde_json::to_value(agreement()).unwrap();
    let plain = lint(&serde_json::from_value(spec.clone()).unwrap(), None);
    spec["credits"]["remedies"] = json!([
        {"name": "end", "objective": "availability", "terminationRight": {"missedPeriods": 2}},
        {"name": "delay", "objective": "availability", "perDayLate": {"percentOfFee": "1"}},
    ]);
    spec["credits"]["rewards"] = json!({"basis": "Volume", "tiers": [{"atLeast": "1000", "percent": "2"}]});
    spec["amendments"] = json!([{"effective": "2026-07-01", "credits": {
        "fee": {"amount": "1.00", "currency": "EUR"},
        "rewards": {"basis": "Volume", "tiers": [{"atLeast": "1000", "percent": "2"}]},
    }}]);
    let found = lint(&serde_json::from_value(spec).unwrap(), None);
    let told: Vec<_> = found.iter().filter(|l| !plain.contains(l)).map(|l| (l.field.as_str(), l.severity)).collect();
    let expected = [
        "spec.credits.remedies[1].perDayLate",
        "spec.credits.rewards.basis",
        "spec.amendments[0].credits.rewards.basis",
    ];
    assert_eq!(told, expected.map(|field| (field, Severity::Warning)));
    assert!(found.iter().all(|l| l.code != Code::OwedByHearsay || l.message.contains("guarantor settle")));
}
