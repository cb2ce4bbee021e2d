//! The same figure, pod by pod.

use std::collections::BTreeMap;

use crate::sense::promql::{Expression, IncreaseForm, NotByLabel, Quantity, SampledSeries};

const WINDOW: u64 = 60_000;

fn pieces(text: &str, form: IncreaseForm) -> Result<Vec<String>, NotByLabel> {
    let tenancy = [("namespace".to_owned(), "shop".to_owned())];
    let confined = Expression::parse(text).unwrap().confine(&tenancy).unwrap();
    let by_pod = confined.by_label("pod")?;
    Ok(by_pod.pieces(WINDOW, form).into_iter().map(|piece| piece.query).collect())
}

#[test]
fn a_sum_of_counters_is_asked_by_pod_and_stays_confined() {
    let selector = r#"a{job="x",namespace="shop"}"#;
    let table = [
        (
            "sum(increase(a{job=\"x\"}[$slot]))",
            IncreaseForm::Native,
            format!("sum by (pod) (increase({selector}[60000ms]))"),
        ),
        (
            "(sum by (job) (increase(a{job=\"x\"}[$slot])))",
            IncreaseForm::Extrapolated,
            format!("sum by (pod) (increase({selector}[60000ms]))"),
        ),
        (
            "sum(rate(a{job=\"x\"}[$slot]))",
            IncreaseForm::Anchored,
            format!("sum by (pod) (rate({selector}[60000ms] anchored))"),
        ),
        (
            "sum(increase(a{job=\"x\"}[$slot]))",
            IncreaseForm::Anchored,
            format!("sum by (pod) (increase({selector}[60000ms] anchored))"),
        ),
        ("sum(increase(a{job=\"x\"}[$slot]))", IncreaseForm::Raw, format!("{selector}[360000ms]")),
    ];
    for (text, form, expected) in table {
        assert_eq!(pieces(text, form).unwrap()[0], expected, "{text} {form:?}");
    }
}

#[test]
fn births_are_asked_where_the_form_leaves_them_out() {
    let text = "sum(increase(a[$slot]))";
    let count = |form| pieces(text, form).unwrap().len();
    assert_eq!((count(IncreaseForm::Anchored), count(IncreaseForm::Raw)), (2, 2));
    assert_eq!((count(IncreaseForm::Native), count(IncreaseForm::Extrapolated)), (1, 1));
    let births = &pieces(text, IncreaseForm::Anchored).unwrap()[1];
    assert!(births.starts_with("sum by (pod) ((min_over_time(a{"), "{births}");
    assert!(births.contains("process_start_time_seconds{"), "only what certainly was in the window: {births}");
}

#[test]
fn what_cannot_be_taken_apart_is_refused() {
    for text in [
        "sum(increase(a[$slot])) * 2",
        "sum(increase(a[$slot])) / sum(increase(b[$slot]))",
        "max(increase(a[$slot]))",
        "sum(increase(a[$slot]) > 0)",
        "sum(sum_over_time(a[$slot]))",
        "sum(increase(a[$slot])) or sum(increase(b[$slot]))",
    ] {
        assert_eq!(pieces(text, IncreaseForm::Native), Err(NotByLabel::NotASum), "{text}");
    }
    let tenancy = [("pod".to_owned(), "mine".to_owned())];
    let confined = Expression::parse("sum(increase(a[$slot]))").unwrap().confine(&tenancy).unwrap();
    assert_eq!(confined.by_label("pod"), Err(NotByLabel::TenancyLabel));
}

fn series(pod: Option<&str>, samples: &[(i64, &str)]) -> SampledSeries {
    let labels = pod.map(|pod| ("pod".to_owned(), pod.to_owned())).into_iter().collect();
    SampledSeries { labels, samples: samples.iter().map(|(at, value)| (*at, (*value).to_owned())).collect() }
}

fn sums(text: &str, form: IncreaseForm, answers: &[Vec<SampledSeries>]) -> BTreeMap<String, Quantity> {
    let confined = Expression::parse(text).unwrap().confine(&[]).unwrap();
    let pieces = confined.by_label("pod").unwrap().pieces(WINDOW, form);
    assert_eq!(pieces.len(), answers.len());
    let mut sums = BTreeMap::new();
    for (piece, answer) in pieces.iter().zip(answers) {
        piece.add(answer, 600_000, &mut sums).unwrap();
    }
    sums
}

#[test]
fn terms_are_added_pod_by_pod_even_where_one_has_no_row() {
    let answers = [
        vec![series(Some("a"), &[(0, "10")]), series(Some("b"), &[(0, "5")]), series(None, &[(0, "1")])],
        vec![series(Some("b"), &[(0, "2")]), series(Some("c"), &[(0, "7")])],
    ];
    let figure = |sum: &BTreeMap<String, Quantity>| -> Vec<(String, String)> {
        sum.iter().map(|(pod, value)| (pod.clone(), value.to_string())).collect()
    };
    let named = |pairs: [(&str, &str); 4]| pairs.map(|(pod, value)| (pod.to_owned(), value.to_owned())).to_vec();
    let plus = sums("sum(increase(a[$slot])) + sum(increase(b[$slot]))", IncreaseForm::Native, &answers);
    assert_eq!(figure(&plus), named([("", "1"), ("a", "10"), ("b", "7"), ("c", "7")]));
    let minus = sums("sum(increase(a[$slot])) - sum(increase(b[$slot]))", IncreaseForm::Native, &answers);
    assert_eq!(figure(&minus), named([("", "1"), ("a", "10"), ("b", "3"), ("c", "-7")]));
}

#[test]
fn a_rate_is_told_as_the_events_of_the_window() {
    let answers = [vec![series(Some("a"), &[(0, "0.5")])]];
    let events = sums("sum(rate(a[$slot]))", IncreaseForm::Native, &answers);
    assert_eq!(events["a"], Quantity::from_integer(30.into()));
}

#[test]
fn raw_samples_are_subtracted_here_and_births_added() {
    let answers = [
        vec![series(Some("a"), &[(530_000, "100"), (560_000, "130"), (590_000, "10")])],
        vec![series(Some("a"), &[(0, "4")])],
    ];
    let events = sums("sum(increase(a[$slot]))", IncreaseForm::Raw, &answers);
    assert_eq!(events["a"], Quantity::from_integer(44.into()), "30, then a reset and 10, and 4 born");
}
