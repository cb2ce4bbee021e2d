//! The counters that the scaling law is fed with, scrape by scrape: what they count does not depend on the store.

use std::collections::BTreeMap;
use std::sync::Arc;

use guarantor::api::objective::LatencyIndicator;
use guarantor::sense::counters::{CounterAsk, Counters, Course};
use guarantor::sense::reader::Reader;
use guarantor::sense::workload::Kin;
use guarantor_testbed::Series;
use k8s_openapi::jiff::Timestamp;

use crate::history::add;
use crate::stores::{self, Store};

/// Two scrapes of nobody.
const GAP: [i64; 2] = [25, 26];

/// Two pods that answer four requests between two scrapes, three of them in time, with two core-seconds. The first one
/// restarts before its eleventh scrape, the second one is gone after its twentieth.
fn history(start: i64) -> Vec<Series> {
    let scraped = |scrape: i64| !GAP.contains(&scrape);
    let first = move |scrape: i64| scraped(scrape).then_some(if scrape < 10 { 5000 + scrape } else { scrape - 9 });
    let second = move |scrape: i64| (scrape < 20).then_some(7000 + scrape);
    let part = |metric: &str, pod: &str| Series::new(metric).label("namespace", "shop").label("pod", pod);
    let mut all = Vec::new();
    for (pod, scrapes) in [("one", &first as &dyn Fn(i64) -> Option<i64>), ("two", &second)] {
        for (le, pace) in [("0.25", 3), ("+Inf", 4)] {
            let bucket = part("seconds_bucket", pod).label("le", le);
            all.push(add(bucket, start, |scrape| scrapes(scrape).map(|count| count * pace)));
        }
        all.push(add(part("seconds_count", pod), start, |scrape| scrapes(scrape).map(|count| count * 4)));
        all.push(add(part("cpu_total", pod).label("container", "web"), start, |scrape| scrapes(scrape).map(|c| c * 2)));
        all.push(add(part("in_flight", pod), start, |scrape| scrapes(scrape).map(|_| 3)));
    }
    all
}

fn ask(start: i64, tenant: &str) -> CounterAsk {
    CounterAsk {
        latency: LatencyIndicator {
            histogram: "seconds".to_owned(),
            selector: BTreeMap::new(),
            threshold: "250ms".into(),
        },
        errors: Some("sum(increase(errors_total[$slot]))".to_owned()),
        cpu: "cpu_total{container!=\"\"}".to_owned(),
        in_flight: Some("in_flight".to_owned()),
        kin: Kin::of(["one", "two"]),
        tenancy: vec![("namespace".to_owned(), tenant.to_owned())],
        from: Timestamp::from_second(start).unwrap(),
        to: Timestamp::from_second(start + 600).unwrap(),
    }
}

fn reader(store: &Store) -> Reader {
    Reader::new(Arc::clone(&store.client), store.form)
}

fn whole(millionths: i64) -> i64 {
    assert_eq!(millionths % 1_000_000, 0);
    millionths / 1_000_000
}

#[tokio::test]
async fn what_was_counted_from_scrape_to_scrape_is_the_same_on_every_store() {
    let start = stores::start();
    for store in stores::all(&history(start)).await {
        let counters = reader(&store).read_counters(&ask(start, "shop")).await;
        let Counters::Read(Course { bounds, samples }) = counters else { panic!("{:?}: {counters:?}", store.form) };
        assert_eq!(bounds, [250_000]);
        let at: Vec<i64> = samples.iter().map(|sample| (sample.at.as_second() - start) / 15).collect();
        // What the first counted when it restarted is not known.
        // Where the store does not say that the second is gone, a minute passes until it is taken for that.
        let at: Vec<i64> = at.into_iter().filter(|step| !(21..=24).contains(step)).collect();
        let scraped = |step: &i64| !GAP.contains(&(step - 1)) && *step != 11 && !(21..=24).contains(step);
        let scraped: Vec<i64> = (0..=40).filter(scraped).collect();
        assert_eq!(at, scraped, "{:?}: a step without a new scrape is no sample", store.form);
        for sample in samples.iter().take(20) {
            let steps = (sample.at.as_second() - start) / 15;
            let lost = i64::from(steps > 11);
            let counts = [sample.answered, sample.buckets[0], sample.cpu_seconds, sample.in_flight].map(whole);
            let expected = [8 * steps - 4 * lost, 6 * steps - 3 * lost, 4 * steps - 2 * lost, 6];
            assert_eq!(counts, expected, "{:?} at step {steps}", store.form);
            assert_eq!((sample.pods, sample.errors), (2, 0));
        }
        // Forty steps of the first but for its restart, twenty of the second; the gap takes none away.
        let last = samples.last().unwrap();
        let counts = [last.answered, last.buckets[0], last.cpu_seconds].map(whole);
        assert_eq!(counts, [236, 177, 118], "{:?}", store.form);
    }
}

#[tokio::test]
async fn another_tenant_reads_none_of_it() {
    let start = stores::start();
    let store = stores::prometheus(true, &history(start)).await;
    let counters = reader(&store).read_counters(&ask(start, "bank")).await;
    assert_eq!(counters, Counters::Empty("indicator.latency.histogram"));
}

#[tokio::test]
async fn the_rates_of_days_are_read_in_one_step_every_five_minutes() {
    let start = stores::start();
    let steady = |metric: &str| Series::new(metric).label("namespace", "shop").label("pod", "one");
    let store =
        stores::prometheus(true, &[add(steady("seconds_count"), start, |scrape| Some(9000 + 30 * scrape))]).await;
    let rates = reader(&store).read_rates(&ask(start, "shop")).await.unwrap();
    // The store reckons with floats.
    let thousandths = |rate: i64| (rate + 500) / 1000;
    let rates = rates.into_iter().map(|(at, rate)| (at.as_second() - start, thousandths(rate)));
    assert_eq!(rates.collect::<Vec<(i64, i64)>>(), [(0, 2000), (300, 2000), (600, 2000)]);
}
