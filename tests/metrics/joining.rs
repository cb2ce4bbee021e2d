//! Joined requests say what single ones say.

use guarantor::sense::reader::IndicatorAsk;
use guarantor_testbed::Series;

use crate::history::series;
use crate::stores::{self, ask, ratio, slots};

/// Values that would break a careless quoting.
const NASTY: [&str; 9] = ["a.b|c", "x+y", r"back\slash", "quo\"te", "new\nline", "umläut", "^c$", "svc-1.*", "(?i)svc"];

fn jobs() -> Vec<String> {
    NASTY.iter().map(|job| (*job).to_owned()).chain((0..193).map(|index| format!("svc-{index}"))).collect()
}

/// Every job with another pace, and some with failures.
fn fleet(start: i64) -> Vec<Series> {
    let mut all = Vec::new();
    for (job, pace) in jobs().iter().zip(1..) {
        all.push(series(start, "requests_total", job, "200", |scrape| Some(100_000 + pace * scrape)));
        if pace % 3 != 0 {
            all.push(series(start, "requests_total", job, "500", |scrape| (scrape > 30 - pace).then_some(scrape / 7)));
        }
        // Another tenant's, of the same name.
        all.push(series(start, "requests_total", job, "500", |scrape| Some(scrape * 13)).label("namespace", "other"));
    }
    all
}

#[tokio::test]
async fn four_hundred_and_four_expressions_joined_are_as_each_alone() {
    let start = stores::start();
    for store in stores::all(&fleet(start)).await {
        let asks: Vec<IndicatorAsk> = jobs().iter().map(|job| ask(job, ratio(job), slots(start, 1, 1))).collect();
        let (joined, stats) = store.read(&asks).await;
        assert_eq!((stats.joined, stats.lone), (404, 0));
        assert!(stats.requests <= 7, "{stats:?}");
        for (ask, joined) in asks.iter().zip(&joined) {
            let (alone, stats) = store.read(std::slice::from_ref(ask)).await;
            assert_eq!(stats.joined, 0);
            assert_eq!(*joined, alone[0], "{:?}", store.form);
        }
        let counted = |job: &str| joined.iter().find(|one| one.key.agreement == job).unwrap().slots[0].counted.clone();
        // The twelfth job: twelve more with every one of twenty scrapes.
        assert_eq!(format!("{:?}", counted("svc-2").total), format!("{:?}", of(240)), "{:?}", store.form);
    }
}

fn of(count: i64) -> guarantor::sense::observation::Reading {
    guarantor::sense::observation::Reading::Value(num_rational::BigRational::from_integer(count.into()))
}
