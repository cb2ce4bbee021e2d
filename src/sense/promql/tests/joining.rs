//! Asking together gives what asking alone gives.

use super::store::{Series, answer};
use crate::sense::promql::{Ask, AskId, Expression, IncreaseForm, MAX_CELLS, MAX_VALUES, Outcome, Plan, Question, Row};
use num_bigint::BigInt;
use num_rational::BigRational;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Values that go wrong when quoted wrongly, and pairs of which one is a part of the other.
const NASTY: [&str; 14] = [
    "a.b|c",
    "a",
    "aXb",
    "x+y",
    "xxy",
    "back\\slash",
    "quo\"te",
    "new\nline",
    "ümlaut",
    "^c$",
    "c",
    "svc-1",
    "svc-10",
    "(?i)A",
];

fn ask(id: u64, text: &str, tenancy: &[(String, String)]) -> Ask {
    Ask {
        id: AskId(id),
        expression: Expression::parse(text).unwrap().confine(tenancy).unwrap(),
        slot_ms: 300_000,
        at_ms: 1_800_000_000_000,
    }
}

fn values(plan: &Plan, series: &[Series]) -> BTreeMap<AskId, Outcome> {
    plan.requests
        .iter()
        .filter(|request| request.question == Question::Value)
        .flat_map(|request| request.demultiplex(&answer(series, &request.query)))
        .collect()
}

fn matchers() -> impl Strategy<Value = String> {
    let one = (
        proptest::sample::select(&["job", "path"][..]),
        proptest::sample::select(&["=", "=", "=", "=", "!="][..]),
        proptest::sample::select(&NASTY[..]),
    )
        .prop_map(|(label, operator, value)| format!("{label}{operator}{value:?}"));
    let odd = proptest::sample::select(&["job=\"\"", "path=~\"a.*|c\"", "le=\"1\"", "job!~\"svc-1\""][..])
        .prop_map(str::to_owned);
    proptest::collection::vec(prop_oneof![4 => one, 1 => odd], 0..3).prop_map(|matchers| matchers.join(","))
}

fn agreement() -> impl Strategy<Value = (String, String)> {
    (
        proptest::sample::select(&["good_total", "all_total"][..]),
        matchers(),
        proptest::sample::select(&["increase", "rate"][..]),
        proptest::sample::select(&NASTY[..3]),
    )
        .prop_map(|(metric, matchers, function, namespace)| {
            let text = format!("sum({function}({metric}{{{matchers}}}[$slot]))");
            (text, namespace.to_owned())
        })
}

fn series() -> impl Strategy<Value = Series> {
    let value = proptest::sample::select(&NASTY[..]);
    (
        proptest::sample::select(&["good_total", "all_total"][..]),
        proptest::option::of(value.clone()),
        proptest::option::of(value.clone()),
        proptest::sample::select(&NASTY[..3]),
        proptest::option::of(Just("1")),
        0_u64..1000,
    )
        .prop_map(|(metric, job, path, namespace, le, increase)| {
            let labels = [("job", job), ("path", path), ("le", le)];
            let mut labels: BTreeMap<String, String> =
                labels.into_iter().filter_map(|(label, value)| Some((label.to_owned(), value?.to_owned()))).collect();
            labels.insert("__name__".to_owned(), metric.to_owned());
            labels.insert("namespace".to_owned(), namespace.to_owned());
            Series { labels, increase }
        })
}

proptest! {
    // Debug builds compile each regular expression slowly.
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn joined_answers_equal_single_ones(
        agreements in proptest::collection::vec(agreement(), 1..40),
        series in proptest::collection::vec(series(), 0..60),
    ) {
        let asks: Vec<Ask> = agreements
            .iter()
            .zip(0..)
            .map(|((text, namespace), id)| {
                ask(id, text, &[("namespace".to_owned(), namespace.clone())])
            })
            .collect();
        let together = values(&Plan::of(&asks, IncreaseForm::Anchored), &series);
        prop_assert_eq!(together.len(), asks.len());
        for ask in &asks {
            let text = ask.expression.text(ask.slot_ms, IncreaseForm::Anchored);
            let alone = match answer(&series, &text).as_slice() {
                [] => Outcome::Absent,
                [row] => Outcome::Value(BigRational::from_integer(row.value.parse::<BigInt>().unwrap())),
                rows => panic!("{} rows for {text}", rows.len()),
            };
            prop_assert_eq!(&together[&ask.id], &alone, "{}", text);
        }
    }
}

#[test]
fn two_hundred_agreements_are_a_handful_of_queries() {
    let asks: Vec<Ask> = (0..201)
        .flat_map(|i| {
            let tenancy = [("namespace".to_owned(), format!("team-{}", i % 20))];
            [("good", 0), ("all", 1)].map(|(metric, which)| {
                let text = format!("sum(increase({metric}_total{{job=\"svc-{i}\"}}[$slot]))");
                ask(2 * i + which, &text, &tenancy)
            })
        })
        .collect();
    let plan = Plan::of(&asks, IncreaseForm::Anchored);
    let figures = plan.requests.iter().filter(|request| request.question == Question::Value);
    assert_eq!(figures.count(), 2);
    assert_eq!(plan.requests.len(), 8);
    assert_eq!(plan.lone, 0);
    let births = |ask: &Ask| {
        let about = |request: &&crate::sense::promql::Request| request.asks().contains(&ask.id);
        plan.requests.iter().filter(about).map(|request| request.question).collect::<Vec<_>>()
    };
    for ask in &asks {
        assert_eq!(births(ask), [Question::Value, Question::Coverage, Question::Births, Question::AttributedBirths]);
    }
}

#[test]
fn what_cannot_be_joined_is_asked_alone_and_counted() {
    let shop = [("namespace".to_owned(), "shop".to_owned())];
    let table = [
        ("sum(increase(m{job=\"a\"}[$slot]))", 0),
        ("(sum((increase(m{job=\"a\"}[$slot]))))", 0),
        ("sum by () (increase(m{job=\"a\"}[$slot]))", 0),
        ("sum(rate(m{job=\"a\"}[$slot]))", 0),
        ("sum(increase(m{job=\"\"}[$slot]))", 1),
        ("sum(increase(m{job=\"a\",job=\"b\"}[$slot]))", 1),
        ("sum(increase(m{namespace=\"other\"}[$slot]))", 1),
        ("sum by (job) (increase(m{job=\"a\"}[$slot]))", 1),
        ("avg(increase(m{job=\"a\"}[$slot]))", 1),
        ("sum(delta(m{job=\"a\"}[$slot]))", 1),
        ("sum(increase(m{job=\"a\"}[$slot])) * 2", 1),
        ("-sum(increase(m{job=\"a\"}[$slot]))", 1),
        ("sum(increase(m{job=\"a\"}[$slot]) > 0)", 1),
        ("sum(abs(increase(m{job=\"a\"}[$slot])))", 1),
        ("sum(increase(m[$slot])) or sum(increase(n[$slot]))", 1),
        ("max(max_over_time(m{job=\"a\"}[$slot]))", 0),
        ("count(last_over_time(m{job=\"a\"}[$slot]))", 0),
        ("max by (job) (max_over_time(m{job=\"a\"}[$slot]))", 1),
        ("topk(1, max_over_time(m{job=\"a\"}[$slot]))", 1),
        ("sum(quantile_over_time(0.9, m{job=\"a\"}[$slot]))", 1),
    ];
    for (text, lone) in table {
        let plan = Plan::of(&[ask(1, text, &shop), ask(2, text, &shop)], IncreaseForm::Native);
        assert_eq!(plan.lone, lone, "{text}");
        for request in &plan.requests {
            assert_eq!(request.asks(), [AskId(1), AskId(2)], "{text}: asked once for both");
        }
    }
}

#[test]
fn levels_of_one_shape_are_one_query() {
    let asks: Vec<Ask> =
        (0..40).map(|i| ask(i, &format!("max(max_over_time(lag{{job=\"svc-{i}\"}}[$slot]))"), &[])).collect();
    for form in [IncreaseForm::Anchored, IncreaseForm::Native, IncreaseForm::Raw, IncreaseForm::Extrapolated] {
        let plan = Plan::of(&asks, form);
        let [request] = plan.requests.as_slice() else { panic!("{form:?}: {} requests", plan.requests.len()) };
        assert_eq!((request.question, request.asks().len(), plan.lone), (Question::Value, 40, 0), "{form:?}");
        let query = "max by (job) (max_over_time(lag{job=~\"svc-0|";
        assert!(request.query.starts_with(query) && request.query.ends_with("[300000ms]))"), "{}", request.query);
        let row = |job: &str, value: &str| Row {
            labels: BTreeMap::from([("job".to_owned(), job.to_owned())]),
            value: value.to_owned(),
        };
        let told = request.demultiplex(&[row("svc-7", "5"), row("svc-8", "0")]);
        assert_eq!(told[&AskId(7)], Outcome::Value(BigRational::from_integer(BigInt::from(5))));
        assert_eq!(told[&AskId(8)], Outcome::Value(BigRational::from_integer(BigInt::from(0))));
        assert_eq!(told[&AskId(9)], Outcome::Absent);
    }
    let other = ask(99, "min(max_over_time(lag{job=\"svc-1\"}[$slot]))", &[]);
    let two = Plan::of(&[asks[1].clone(), other], IncreaseForm::Anchored);
    assert_eq!(two.requests.len(), 2, "another aggregation is another figure");
}

#[test]
fn only_equalities_with_values_become_keys() {
    let text = |job: &str| format!("sum(increase(h_bucket{{job=\"{job}\",code!=\"5\",le=\"1\",p=~\"a.*\"}}[$slot]))");
    let shop = [("namespace".to_owned(), "shop".to_owned())];
    let plan = Plan::of(&[ask(1, &text("a.b"), &shop), ask(2, &text("c\\\\d"), &shop)], IncreaseForm::Anchored);
    assert_eq!(
        plan.requests[0].query,
        "sum by (job, namespace) (increase(h_bucket{code!=\"5\",job=~\"a\\\\.b|c\\\\\\\\d\",le=\"1\",\
         namespace=\"shop\",p=~\"a.*\"}[300000ms] anchored))"
    );
}

#[test]
fn different_slots_and_shapes_are_not_mixed() {
    let mut asks = vec![
        ask(1, "sum(increase(m{a=\"1\"}[$slot]))", &[]),
        ask(2, "sum(increase(m{a=\"2\"}[$slot]))", &[]),
        ask(3, "sum(increase(m{b=\"2\"}[$slot]))", &[]),
        ask(4, "sum(increase(m{a=\"1\",b=\"2\"}[$slot]))", &[]),
        ask(5, "sum(rate(m{a=\"1\"}[$slot]))", &[]),
        ask(6, "sum(increase(m{a=\"1\"}[$slot]))", &[]),
        ask(7, "sum(increase(m{a=\"1\"}[$slot]))", &[]),
    ];
    asks[5].slot_ms = 60_000;
    asks[6].at_ms += 300_000;
    let plan = Plan::of(&asks, IncreaseForm::Native);
    let together: BTreeSet<Vec<AskId>> = plan.requests.iter().map(crate::sense::promql::Request::asks).collect();
    let expected = [vec![1, 2], vec![3], vec![4], vec![5], vec![6], vec![7]];
    assert_eq!(together, expected.map(|ids| ids.into_iter().map(AskId).collect()).into_iter().collect());
}

#[test]
fn chunks_keep_their_bounds_and_lose_nobody() {
    let sparse: Vec<Ask> =
        (0..2500).map(|i| ask(i, &format!("sum(increase(m{{a=\"{i}\",b=\"{}\"}}[$slot]))", i % 700), &[])).collect();
    let flat: Vec<Ask> = (0..2500).map(|i| ask(i, &format!("sum(increase(m{{a=\"{i}\"}}[$slot]))"), &[])).collect();
    for (asks, requests) in [(flat, Some(3)), (sparse, None)] {
        let plan = Plan::of(&asks, IncreaseForm::Extrapolated);
        let figures: Vec<_> = plan.requests.iter().filter(|request| request.question == Question::Value).collect();
        assert_eq!(figures.iter().map(|request| request.asks().len()).sum::<usize>(), 2500);
        if let Some(requests) = requests {
            assert_eq!(figures.len(), requests);
        }
        for request in figures {
            let asked = request.asks();
            let second: BTreeSet<u64> = asked.iter().map(|ask| ask.0 % 700).collect();
            assert!(asked.len() <= MAX_VALUES);
            assert!(requests.is_some() || asked.len() * second.len() <= MAX_CELLS);
        }
    }
}

#[test]
fn halving_ends_at_single_expressions() {
    let asks: Vec<Ask> = (0..5).map(|i| ask(i, &format!("sum(increase(m{{a=\"{i}\"}}[$slot]))"), &[])).collect();
    let plan = Plan::of(&asks, IncreaseForm::Anchored);
    let mut open = vec![plan.requests[0].clone()];
    let mut single = Vec::new();
    while let Some(request) = open.pop() {
        match request.halves() {
            Some(halves) => open.extend(halves),
            None => single.push(request),
        }
    }
    assert_eq!(single.len(), 5);
    for request in single {
        let id = request.asks()[0].0;
        let query = format!("sum by (a) (increase(m{{a=\"{id}\"}}[300000ms] anchored))");
        assert_eq!(request.query, query);
    }
    let lone = Plan::of(&[ask(1, "max(increase(m[$slot]))", &[])], IncreaseForm::Anchored);
    assert_eq!(lone.requests[0].halves(), None);
}

#[test]
fn every_kind_of_answer_is_a_case_of_its_own() {
    let row = |labels: &[(&str, &str)], value: &str| Row {
        labels: labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        value: value.to_owned(),
    };
    let grouped = ask(1, "sum by (job) (increase(m{job=~\"a|b\"}[$slot]))", &[]);
    let lone = &Plan::of(&[grouped], IncreaseForm::Anchored).requests[0];
    let one = |rows: &[Row]| lone.demultiplex(rows)[&AskId(1)].clone();
    assert_eq!(one(&[]), Outcome::Absent);
    assert_eq!(one(&[row(&[("job", "a")], "3")]), Outcome::of_value("3"));
    assert_eq!(one(&[row(&[("job", "a")], "3"), row(&[("job", "b")], "3")]), Outcome::TooManySeries(2));
    assert_eq!(one(&[row(&[], "NaN")]), Outcome::NonFinite("NaN".to_owned()));
    assert_eq!(one(&[row(&[], "+Inf")]), Outcome::NonFinite("+Inf".to_owned()));
    assert!(matches!(one(&[row(&[], "-1")]), Outcome::Negative(_)));
    assert!(matches!(one(&[row(&[], "9007199254740992")]), Outcome::Inexact(_)));
    assert!(matches!(one(&[row(&[], "three")]), Outcome::Unreadable(_)));

    let asks = [
        ask(1, "sum(increase(m{a=\"1\",b=\"2\"}[$slot]))", &[]),
        ask(2, "sum(increase(m{a=\"3\",b=\"4\"}[$slot]))", &[]),
    ];
    let joined = &Plan::of(&asks, IncreaseForm::Anchored).requests[0];
    let rows = [
        row(&[("a", "1"), ("b", "4")], "7"),
        row(&[("a", "3"), ("b", "2")], "8"),
        row(&[("a", "3")], "9"),
        row(&[("a", "3"), ("b", "4")], "5"),
    ];
    let said = joined.demultiplex(&rows);
    assert_eq!(said[&AskId(1)], Outcome::Absent, "a row of another pair is nobody's");
    assert_eq!(said[&AskId(2)], Outcome::of_value("5"));
}
