//! Latency from classic histograms, whose bounds different writers spell differently.

use std::collections::BTreeMap;

use guarantor::api::objective::{Indicator, LatencyIndicator};
use guarantor::sense::observation::Reading;
use guarantor_testbed::Series;

use crate::history::add;
use crate::stores::{self, ask, slots};

/// A histogram that counts four with every scrape, three of them within a second; spelled `1` by one instance and `1.0`
/// by the other.
fn histogram(start: i64) -> Vec<Series> {
    let part = |metric: &str, instance: &str| {
        Series::new(metric).label("namespace", "shop").label("job", "web").label("instance", instance)
    };
    let mut all = Vec::new();
    for (instance, bound) in [("one", "1"), ("two", "1.0")] {
        for (le, pace) in [("0.5", 1), (bound, 3), ("+Inf", 4)] {
            let bucket = part("seconds_bucket", instance).label("le", le);
            all.push(add(bucket, start, |scrape| Some(10_000 + pace * scrape)));
        }
        all.push(add(part("seconds_count", instance), start, |scrape| Some(10_000 + 4 * scrape)));
    }
    all
}

fn latency(threshold: &str) -> Indicator {
    let selector = BTreeMap::from([("job".to_owned(), "web".to_owned())]);
    let histogram = "seconds".to_owned();
    Indicator {
        latency: Some(LatencyIndicator { histogram, selector, threshold: threshold.into() }),
        ..Indicator::default()
    }
}

#[tokio::test]
async fn every_spelling_of_the_bound_counts() {
    let start = stores::start();
    let value = |count: i64| Reading::Value(num_rational::BigRational::from_integer(count.into()));
    for store in stores::all(&histogram(start)).await {
        for slot in store.slots(&ask("web", latency("1s"), slots(start, 0, 3))).await {
            assert_eq!((&slot.counted.total, &slot.counted.part), (&value(160), &value(120)), "{:?}", store.form);
            assert_eq!(slot.samples, value(40));
        }
        let between = store.slots(&ask("web", latency("750ms"), slots(start, 0, 1))).await.remove(0);
        let Reading::Failed(failure) = &between.counted.part else { panic!("{between:?}") };
        assert!(failure.message.contains("0.5") && failure.message.contains('1'), "{}", failure.message);
    }
}
