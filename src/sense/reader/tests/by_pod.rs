//! One indicator pod by pod: each outcome is a case of its own, and none of them is zero.

use super::*;
use crate::sense::observation::FailureKind;
use crate::sense::signals::{PodEvents, SignalAsk, Signals};

fn signal_ask(indicator: Indicator) -> SignalAsk {
    SignalAsk {
        indicator,
        tenancy: vec![("namespace".to_owned(), "shop".to_owned())],
        at: Timestamp::from_second(START + 7).unwrap(),
        window_seconds: 60,
    }
}

async fn signals(reader: &Arc<Reader>, ask: SignalAsk) -> Signals {
    let reader = Arc::clone(reader);
    tokio::spawn(async move { reader.read_signals(&ask).await }).await.unwrap()
}

fn by_pod(figures: &[(&str, &str)]) -> Reply {
    let labels: Vec<[(&str, &str); 1]> = figures.iter().map(|(pod, _)| [("pod", *pod)]).collect();
    let labelled = figures.iter().map(|(pod, _)| !pod.is_empty());
    let rows: Vec<_> = labels
        .iter()
        .zip(labelled)
        .zip(figures)
        .map(|((labels, labelled), (_, value))| (if labelled { labels.as_slice() } else { &[] }, *value))
        .collect();
    Reply::vector(START, &rows)
}

/// A store of these totals and parts, its newest sample so many seconds old.
fn answering(
    totals: &'static [(&str, &str)],
    parts: &'static [(&str, &str)],
    age: i64,
) -> impl Fn(&Received) -> Reply + Send + Sync + 'static {
    move |asked| {
        let query = asked.query();
        let newest = (START + 7 - age).to_string();
        match about(query) {
            About::Bounds => Reply::vector(START, &[(&[("job", "a"), ("namespace", "shop"), ("le", "0.25")], "1")]),
            _ if query.contains("timestamp(") => by_pod(&[("a", newest.as_str())]),
            About::Value if query.contains("errors") || query.contains("_bucket") => by_pod(parts),
            About::Value => by_pod(totals),
            _ => by_pod(&[]),
        }
    }
}

fn events(pod: &str, total: i64, bad: i64) -> PodEvents {
    let whole = |number: i64| BigRational::from_integer(number.into());
    PodEvents { pod: pod.to_owned(), total: whole(total), bad: whole(bad) }
}

#[tokio::test]
async fn the_events_of_every_pod_are_read_at_the_instant_asked_for() {
    let store = FakeStore::start(answering(&[("a", "100"), ("b", "50"), ("", "9")], &[("b", "5"), ("", "9")], 3))
        .await
        .unwrap();
    let reader = Arc::new(reader(&store, IncreaseForm::Anchored));
    let Signals::ByPod(read) = signals(&reader, signal_ask(ratio("a"))).await else { panic!() };
    assert_eq!(read.pods, [events("a", 100, 0), events("b", 50, 5)], "an absent error counter is no errors");
    assert_eq!(read.elsewhere, events("", 9, 9));
    assert_eq!((read.newest.as_second(), read.window.as_secs()), (START + 4, 60));
    let asked = store.take_received();
    assert_eq!(asked.len(), 5, "two figures with their births, and the newest sample");
    assert!(asked.iter().all(|asked| asked.parameter("time") == format!("{}.000", START + 7)), "{asked:#?}");
    assert!(asked.iter().all(|asked| asked.query().contains(r#"namespace="shop""#)), "{asked:#?}");
}

#[tokio::test]
async fn latency_is_read_by_pod_and_a_pod_without_the_bucket_is_left_out() {
    let store = FakeStore::start(answering(&[("a", "100"), ("b", "50"), ("c", "7")], &[("a", "98"), ("b", "51")], 3))
        .await
        .unwrap();
    let reader = Arc::new(reader(&store, IncreaseForm::Native));
    let Signals::ByPod(read) = signals(&reader, signal_ask(latency("a"))).await else { panic!() };
    assert_eq!(read.pods, [events("a", 100, 2)], "of b the part is above its total");
}

#[tokio::test]
async fn another_label_can_name_the_pod() {
    let store = FakeStore::start(|asked| {
        let named: &[(&str, &str)] = &[("k8s_pod_name", "a")];
        let value = if asked.query().contains("timestamp(") { (START + 6).to_string() } else { "3".to_owned() };
        Reply::vector(START, &[(named, value.as_str())])
    })
    .await
    .unwrap();
    let plain = Arc::new(reader(&store, IncreaseForm::Native));
    let Signals::NotByPod(why) = signals(&plain, signal_ask(ratio("a"))).await else { panic!() };
    assert!(why.contains("no label `pod`") && why.contains("spec.podLabel"), "{why}");
    let named = Arc::new(reader(&store, IncreaseForm::Native).with_pod_label("k8s_pod_name"));
    let Signals::ByPod(read) = signals(&named, signal_ask(ratio("a"))).await else { panic!() };
    assert_eq!(read.pods, [events("a", 3, 3)]);
}

#[tokio::test]
async fn every_outcome_is_a_case_of_its_own() {
    let store = FakeStore::start(|_| Reply::never()).await.unwrap();
    let reader = Arc::new(reader(&store, IncreaseForm::Native));
    store.follow(answering(&[], &[], 3));
    assert_eq!(signals(&reader, signal_ask(ratio("a"))).await, Signals::Empty);
    store.follow(answering(&[], &[], 100));
    let newest = Timestamp::from_second(START - 93).unwrap();
    assert_eq!(signals(&reader, signal_ask(ratio("a"))).await, Signals::Stale(newest));
    store.follow(|_| by_pod(&[("a", "3")]).warn("store 3 is gone"));
    assert_eq!(signals(&reader, signal_ask(ratio("a"))).await, Signals::Partial("store 3 is gone".to_owned()));
    store.follow(|_| Reply::error(422, "execution", "too dear"));
    let Signals::Failed(failure) = signals(&reader, signal_ask(ratio("a"))).await else { panic!() };
    assert_eq!(failure.kind, FailureKind::Refused);
    store.follow(|_| by_pod(&[("a", "NaN")]));
    assert!(matches!(signals(&reader, signal_ask(ratio("a"))).await, Signals::Failed(_) | Signals::Empty));
    store.take_received();
    let mut odd = ratio("a");
    odd.ratio.as_mut().unwrap().total = "max(increase(requests_total[$slot]))".to_owned();
    let Signals::NotByPod(why) = signals(&reader, signal_ask(odd)).await else { panic!() };
    assert!(why.contains("sums of increases"), "{why}");
    assert!(store.take_received().is_empty(), "what cannot be told by pod is not asked");
}
