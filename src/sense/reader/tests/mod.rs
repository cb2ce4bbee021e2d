//! Against a store that answers by script.

mod by_pod;
mod catching_up;
mod counters;
mod histograms;
mod joining;
mod objections;
mod quality;

use std::collections::BTreeMap;
use std::sync::Arc;

use guarantor_testbed::fake_store::{FakeStore, Received, Reply};
use k8s_openapi::jiff::Timestamp;
use num_rational::BigRational;

use super::{IndicatorAsk, IndicatorReading, ReadStats, Reader, ReadingKey, SlotRange};
use crate::api::metrics_source::IncreaseForm;
use crate::api::objective::{Indicator, LatencyIndicator, RatioIndicator};
use crate::sense::observation::Reading;
use crate::sense::store::tests::client;

/// A multiple of five minutes.
const START: i64 = 1_700_000_100;

fn slots(count: u32) -> SlotRange {
    SlotRange::new(Timestamp::from_second(START).unwrap(), 300, count).unwrap()
}

fn value(count: i64) -> Reading {
    Reading::Value(BigRational::from_integer(count.into()))
}

/// An indicator of the agreement `name` in the namespace shop.
fn ask(name: &str, indicator: Indicator, slots: SlotRange) -> IndicatorAsk {
    IndicatorAsk {
        key: ReadingKey { agreement: name.to_owned(), objective: "o".to_owned() },
        indicator,
        tenancy: vec![("namespace".to_owned(), "shop".to_owned())],
        slots,
    }
}

/// Bad requests over all requests of a job.
fn ratio(job: &str) -> Indicator {
    Indicator {
        ratio: Some(RatioIndicator {
            good: None,
            bad: Some(format!("sum(increase(errors_total{{job=\"{job}\"}}[$slot]))")),
            total: format!("sum(increase(requests_total{{job=\"{job}\"}}[$slot]))"),
        }),
        ..Indicator::default()
    }
}

/// Requests of a job that took no longer than 250 ms.
fn latency(job: &str) -> Indicator {
    let selector = BTreeMap::from([("job".to_owned(), job.to_owned())]);
    let histogram = "seconds".to_owned();
    Indicator {
        latency: Some(LatencyIndicator { histogram, selector, threshold: "250ms".into() }),
        ..Indicator::default()
    }
}

/// Agreements `svc-0` … of the same shape.
fn fleet(size: usize, slots: SlotRange) -> Vec<IndicatorAsk> {
    (0..size).map(|index| format!("svc-{index}")).map(|job| ask(&job, ratio(&job), slots)).collect()
}

fn reader(store: &FakeStore, form: IncreaseForm) -> Reader {
    Reader::new(Arc::new(client(store)), form)
}

/// Reads through a task, which the operator does as well: the future has to be movable between threads.
async fn read(reader: &Arc<Reader>, asks: &[IndicatorAsk]) -> (Vec<IndicatorReading>, ReadStats) {
    let (reader, asks) = (Arc::clone(reader), asks.to_vec());
    tokio::spawn(async move { reader.read_slots(&asks).await }).await.unwrap()
}

/// The jobs a query is about.
fn jobs(query: &str) -> Vec<String> {
    let (_, rest) = query.split_once("job=").unwrap();
    let values = rest.trim_start_matches('~').trim_start_matches('"').split('"').next().unwrap();
    values.split('|').map(str::to_owned).collect()
}

/// What a query asks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    Value,
    Coverage,
    Births,
    AttributedBirths,
    Bounds,
    Samples,
}

fn about(query: &str) -> About {
    match query {
        _ if query.starts_with("group by") => About::Bounds,
        _ if query.ends_with(']') => About::Samples,
        _ if query.contains("count_over_time") => About::Coverage,
        _ if query.contains("process_start_time_seconds") => About::AttributedBirths,
        _ if query.contains("min_over_time") => About::Births,
        _ => About::Value,
    }
}

/// One row per job of the query, with these further labels and value.
fn rows(asked: &Received, figure: impl Fn(&str) -> Option<String>) -> Reply {
    let figures: Vec<(String, String)> =
        jobs(asked.query()).into_iter().filter_map(|job| figure(&job).map(|value| (job, value))).collect();
    let labels: Vec<[(&str, &str); 2]> =
        figures.iter().map(|(job, _)| [("job", job.as_str()), ("namespace", "shop")]).collect();
    let series: Vec<_> =
        labels.iter().zip(&figures).map(|(labels, (_, value))| (labels.as_slice(), value.as_str())).collect();
    Reply::vector(START + 300, &series)
}

/// A healthy store: every job had 100 requests in 20 samples, of them 3 bad and none born.
fn healthy(asked: &Received) -> Reply {
    match about(asked.query()) {
        About::Value if asked.query().contains("errors") => rows(asked, |_| Some("3".to_owned())),
        About::Value => rows(asked, |_| Some("100".to_owned())),
        About::Coverage => rows(asked, |_| Some("20".to_owned())),
        About::Births | About::AttributedBirths | About::Bounds => rows(asked, |_| None),
        About::Samples => Reply::matrix(&[]),
    }
}
