//! Everything a store can say about a figure is a reading of its own, and none of it is zero.

use std::sync::Arc;

use guarantor_testbed::fake_store::FakeStore;
use serde_json::json;

use super::*;
use crate::sense::observation::FailureKind;

fn one(figure: &str) -> Reply {
    Reply::vector(1, &[(&[("job", "a"), ("namespace", "shop")], figure)])
}

fn failed(reading: &Reading) -> Option<FailureKind> {
    match reading {
        Reading::Failed(failure) => Some(failure.kind),
        _ => None,
    }
}

#[tokio::test]
async fn every_answer_is_a_reading_of_its_own() {
    let store = FakeStore::start(|_| Reply::never()).await.unwrap();
    let reader = Arc::new(reader(&store, IncreaseForm::Native));
    let own = [("job", "a"), ("namespace", "shop")];
    let twice = Reply::vector(1, &[(&own, "1"), (&own, "2")]);
    let foreign = Reply::vector(1, &[(&[("job", "a"), ("namespace", "other")], "1")]);
    let cases = [
        (one("0"), value(0)),
        (one("12"), value(12)),
        (one("0.5"), Reading::Value(BigRational::new(1.into(), 2.into()))),
        (Reply::vector(1, &[]), Reading::Absent),
        (foreign, Reading::Absent),
        (one("NaN"), Reading::NonFinite),
        (one("+Inf"), Reading::NonFinite),
        (one("-Inf"), Reading::NonFinite),
        (one("-1"), Reading::Negative),
        (twice, Reading::TooManySeries(2)),
        (one("5").warn("store 3 is gone"), Reading::Partial("store 3 is gone".to_owned())),
    ];
    for (reply, expected) in cases {
        let description = format!("{reply:?}");
        store.follow(move |_| reply.clone());
        let (readings, _) = read(&reader, &fleet_of_a()).await;
        assert_eq!(readings[0].slots[0].counted.total, expected, "{description}");
        assert_eq!(readings[0].slots[0].counted.part, expected, "{description}");
    }
}

#[tokio::test]
async fn accident_01_an_empty_answer_is_read_as_zero() {
    let store = FakeStore::start(|_| Reply::vector(1, &[])).await.unwrap();
    let (readings, _) = read(&Arc::new(reader(&store, IncreaseForm::Native)), &fleet_of_a()).await;
    let counted = &readings[0].slots[0].counted;
    assert_eq!((&counted.total, &counted.part), (&Reading::Absent, &Reading::Absent));
}

#[tokio::test]
async fn accident_03_what_is_no_count_is_read_as_zero() {
    let store = FakeStore::start(|_| Reply::never()).await.unwrap();
    let reader = Arc::new(reader(&store, IncreaseForm::Native));
    for (figure, expected) in [
        ("NaN", Reading::NonFinite),
        ("nan", Reading::NonFinite),
        ("+Inf", Reading::NonFinite),
        ("-Inf", Reading::NonFinite),
        ("-0.000001", Reading::Negative),
        ("-5", Reading::Negative),
    ] {
        store.follow(move |_| one(figure));
        let (readings, _) = read(&reader, &fleet_of_a()).await;
        let counted = &readings[0].slots[0].counted;
        assert_eq!((&counted.total, &counted.part), (&expected, &expected), "{figure}");
    }
}

#[tokio::test]
async fn every_failure_is_a_reading_of_its_own() {
    let store = FakeStore::start(|_| Reply::never()).await.unwrap();
    let reader = Arc::new(reader(&store, IncreaseForm::Native));
    let histogram = json!({ "resultType": "vector", "result": [{ "metric": {}, "histogram": [1, {}] }] });
    let cases = [
        (Reply::error(400, "bad_data", "x"), FailureKind::Refused),
        (Reply::error(422, "execution", "x"), FailureKind::Refused),
        (Reply::error(429, "unavailable", "x"), FailureKind::StoreFailed),
        (Reply::error(500, "internal", "x").header("retry-after", "60"), FailureKind::StoreFailed),
        (Reply::error(503, "timeout", "x"), FailureKind::TimedOut),
        (one("7").shortened(50), FailureKind::NoAnswer),
        (one("7").cut_off(), FailureKind::Unreachable),
        (one("9007199254740992"), FailureKind::WrongType),
        (one("seven"), FailureKind::WrongType),
        (Reply::text(200, "text/html", "<p>"), FailureKind::NoAnswer),
        (Reply::data(&json!({ "resultType": "string", "result": [1, "7"] })), FailureKind::WrongType),
        (Reply::data(&histogram), FailureKind::WrongType),
        (Reply::matrix(&[]), FailureKind::WrongType),
    ];
    for (reply, expected) in cases {
        let description = format!("{reply:?}");
        store.follow(move |_| reply.clone());
        let (readings, _) = read(&reader, &fleet_of_a()).await;
        let slot = &readings[0].slots[0];
        for reading in [&slot.counted.total, &slot.counted.part, &slot.samples] {
            assert_eq!(failed(reading), Some(expected), "{reading:?} for {description}");
        }
    }
}

#[tokio::test]
async fn no_row_of_the_coverage_means_no_sample() {
    let store = FakeStore::start(|asked: &Received| match about(asked.query()) {
        About::Coverage => Reply::vector(1, &[]),
        _ => healthy(asked),
    })
    .await
    .unwrap();
    let (readings, _) = read(&Arc::new(reader(&store, IncreaseForm::Anchored)), &fleet(2, slots(1))).await;
    assert_eq!(readings[0].slots[0].samples, value(0));
}

#[tokio::test]
async fn births_that_cannot_be_read_leave_the_counts_alone() {
    let store = FakeStore::start(|asked: &Received| match about(asked.query()) {
        About::AttributedBirths => Reply::error(400, "bad_data", "unless is not supported"),
        About::Births => rows(asked, |job| (job == "svc-1").then(|| "7".to_owned())),
        _ => healthy(asked),
    })
    .await
    .unwrap();
    let (readings, _) = read(&Arc::new(reader(&store, IncreaseForm::Anchored)), &fleet(3, slots(1))).await;
    let slot = &readings[1].slots[0];
    assert_eq!(slot.counted.total, value(100));
    assert_eq!(slot.all_births.as_ref().unwrap().total, value(7));
    assert_eq!(failed(&slot.born.as_ref().unwrap().total), Some(FailureKind::Expression));
    assert_eq!(readings[0].slots[0].all_births.as_ref().unwrap().total, Reading::Absent);
}

fn fleet_of_a() -> Vec<IndicatorAsk> {
    vec![ask("a", ratio("a"), slots(1))]
}
