//! Latency thresholds are bounds of the histogram's buckets, however they are spelled.

use std::sync::Arc;

use guarantor_testbed::fake_store::FakeStore;

use super::*;
use crate::sense::observation::FailureKind;

/// A store whose histograms have these bounds, and this many samples in the bucket at the threshold.
fn bounded(bounds: &'static [&'static str], bucket_samples: &'static str) -> impl Fn(&Received) -> Reply {
    move |asked| match about(asked.query()) {
        About::Bounds => {
            let jobs = jobs(asked.query());
            let labels: Vec<[(&str, &str); 3]> = jobs
                .iter()
                .flat_map(|job| bounds.iter().map(|le| [("job", job.as_str()), ("namespace", "shop"), ("le", *le)]))
                .collect();
            Reply::vector(1, &labels.iter().map(|labels| (labels.as_slice(), "1")).collect::<Vec<_>>())
        }
        About::Coverage if asked.query().contains("_bucket") => rows(asked, |_| Some(bucket_samples.to_owned())),
        About::Value if asked.query().contains("_bucket") => rows(asked, |_| Some("90".to_owned())),
        _ => healthy(asked),
    }
}

fn histograms(count: usize) -> Vec<IndicatorAsk> {
    (0..count).map(|index| format!("svc-{index}")).map(|job| ask(&job, latency(&job), slots(1))).collect()
}

#[tokio::test]
async fn two_hundred_histograms_cost_nine_requests_and_then_eight() {
    let store = FakeStore::start(bounded(&["0.1", "0.25", "0.250", "1", "+Inf"], "20")).await.unwrap();
    let reader = Arc::new(reader(&store, IncreaseForm::Anchored));
    let asks = histograms(200);
    let (readings, stats) = read(&reader, &asks).await;
    assert_eq!((stats.requests, stats.lone), (9, 0));
    for reading in &readings {
        assert_eq!((&reading.slots[0].counted.total, &reading.slots[0].counted.part), (&value(100), &value(90)));
    }
    let received = store.take_received();
    let bucket = received.iter().find(|asked| asked.query().contains("increase(seconds_bucket")).unwrap();
    assert!(bucket.query().contains(r#"le=~"0\\.25|0\\.250""#), "{}", bucket.query());
    // The bounds are remembered.
    assert_eq!(read(&reader, &asks).await.1.requests, 8);
}

#[tokio::test]
async fn a_threshold_between_two_bounds_is_refused_with_both() {
    let store = FakeStore::start(bounded(&["0.1", "0.5", "+Inf"], "20")).await.unwrap();
    let (readings, _) = read(&Arc::new(reader(&store, IncreaseForm::Anchored)), &histograms(1)).await;
    let Reading::Failed(failure) = &readings[0].slots[0].counted.part else { panic!("{readings:?}") };
    assert_eq!(failure.kind, FailureKind::Expression);
    for word in ["indicator.latency.threshold", "0.1", "0.5"] {
        assert!(failure.message.contains(word), "{}", failure.message);
    }
}

#[tokio::test]
async fn bounds_that_cannot_be_looked_up_are_the_stores_failure() {
    let store = FakeStore::start(|_| Reply::error(503, "timeout", "x")).await.unwrap();
    let (readings, _) = read(&Arc::new(reader(&store, IncreaseForm::Anchored)), &histograms(2)).await;
    for reading in &readings {
        let total = &reading.slots[0].counted.total;
        assert!(matches!(total, Reading::Failed(f) if f.kind == FailureKind::TimedOut), "{total:?}");
    }
}

#[tokio::test]
async fn a_bound_that_is_spelled_anew_is_looked_up_again() {
    let store = FakeStore::start(bounded(&["0.25", "+Inf"], "20")).await.unwrap();
    let reader = Arc::new(reader(&store, IncreaseForm::Anchored));
    read(&reader, &histograms(2)).await;
    store.take_received();
    // Half of the samples are in buckets of another spelling; asked for both, all are there.
    let new = bounded(&["0.25", "0.250", "+Inf"], "20");
    store.follow(move |asked| {
        let old_spelling = about(asked.query()) == About::Coverage && asked.query().contains("le=\"0.25\"");
        if old_spelling { rows(asked, |_| Some("10".to_owned())) } else { new(asked) }
    });
    let (readings, stats) = read(&reader, &histograms(2)).await;
    assert_eq!(readings[0].slots[0].counted.part, value(90));
    assert_eq!(stats.requests, 8 + 9);
}

#[tokio::test]
async fn buckets_that_have_other_samples_than_the_count_are_partial() {
    let store = FakeStore::start(bounded(&["0.25", "+Inf"], "19")).await.unwrap();
    let (readings, stats) = read(&Arc::new(reader(&store, IncreaseForm::Anchored)), &histograms(2)).await;
    let slot = &readings[0].slots[0];
    assert_eq!(slot.counted.total, value(100));
    assert!(
        matches!(&slot.counted.part, Reading::Partial(why) if why.contains("20") && why.contains("19")),
        "{slot:?}"
    );
    // They were looked up just now: no second look.
    assert_eq!(stats.requests, 9);
}

#[tokio::test]
async fn a_selector_cannot_leave_the_tenant_or_choose_the_bucket() {
    let store = FakeStore::start(bounded(&["0.25"], "20")).await.unwrap();
    for (label, word) in [("namespace", "namespace"), ("le", "le")] {
        let mut foreign = histograms(1).remove(0);
        let indicator = foreign.indicator.latency.as_mut().unwrap();
        indicator.selector.insert(label.to_owned(), "other".to_owned());
        let (readings, stats) = read(&Arc::new(reader(&store, IncreaseForm::Anchored)), &[foreign]).await;
        let Reading::Failed(failure) = &readings[0].slots[0].counted.total else { panic!("{readings:?}") };
        assert_eq!(failure.kind, FailureKind::Expression);
        assert!(failure.message.contains(word), "{}", failure.message);
        assert_eq!(stats.requests, 0);
    }
}
