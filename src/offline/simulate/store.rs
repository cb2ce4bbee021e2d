//! `--prometheus`: the load of one's own service, read from a metrics store.
//!
//! Asked for is the rate at the end of each step. What the store says nothing of is a hole, as in a recording.

use jiff::SignedDuration;
use k8s_openapi::jiff::Timestamp;

use crate::api::objective::LatencyIndicator;
use crate::offline::prometheus;
use crate::offline::settle::fault::Fault;
use crate::offline::trouble::Trouble;
use crate::sense::store::{Credentials, StoreClient};
use crate::simulate::load::Load;
use crate::simulate::trace;

/// Steps that are asked at once: most stores refuse more than 11,000.
const AT_ONCE: i64 = 10_000;
/// Steps of which the store may say nothing, of all: with more of them the load would be a guess.
const MOST_HOLES: (usize, usize) = (1, 10);

/// What is asked.
#[derive(Debug)]
pub struct Question<'a> {
    /// The store's address.
    pub url: &'a str,
    /// Requests per second, as PromQL: one series.
    pub query: &'a str,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Seconds of a step.
    pub step: u32,
}

/// The load, and of how many of its steps the store said nothing.
#[derive(Debug)]
pub struct Recorded {
    /// The load.
    pub load: Load,
    /// Steps without a number, and all steps.
    pub holes: (usize, usize),
}

/// What an agreement's own histogram counts, in requests per second over each step.
#[must_use]
pub fn query(latency: &LatencyIndicator, step: u32) -> String {
    let labels: Vec<String> = latency.selector.iter().map(|(label, value)| format!("{label}={value:?}")).collect();
    format!("sum(rate({}_count{{{}}}[{step}s]))", latency.histogram, labels.join(","))
}

/// Reads the load.
///
/// # Errors
/// Names the flag that can not be worked with, or says why the store can not be read.
pub(super) fn read(question: &Question<'_>) -> Result<Recorded, Trouble> {
    let samples = prometheus::runtime()?.block_on(ask(question))?;
    recorded(question, &samples)
}

async fn ask(question: &Question<'_>) -> Result<Vec<(i64, String)>, Trouble> {
    let Question { url, query, from, until, step } = question;
    let unreadable = |why: String| prometheus::unreadable(url, &why);
    let spec = prometheus::spec(url, None);
    let client = StoreClient::new(&spec, &Credentials::default()).map_err(|e| unreadable(e.to_string()))?;
    let length = i64::from(*step);
    let (mut at, last) = (from.as_second() + length, until.as_second());
    let mut samples = Vec::new();
    while at <= last {
        let end = last.min(at.saturating_add(length * (AT_ONCE - 1)));
        let answer = client.range(query, at, end, *step).await.map_err(|e| unreadable(e.to_string()))?;
        if let Some(warning) = answer.remarks.warnings.first() {
            return Err(unreadable(format!("the answer may be incomplete: {warning}")));
        }
        match answer.series.as_slice() {
            [] => {}
            [one] => samples.extend(one.samples.iter().cloned()),
            several => {
                let why = format!("gives {} series, and one load is played; put sum(...) around it", several.len());
                return Err(Fault::new("--query", why).into());
            }
        }
        at = end.saturating_add(length);
    }
    Ok(samples)
}

fn recorded(question: &Question<'_>, samples: &[(i64, String)]) -> Result<Recorded, Trouble> {
    let length = i64::from(question.step.max(1));
    let steps = (question.until.as_second() - question.from.as_second()) / length;
    let steps = usize::try_from(steps).unwrap_or_default();
    let known =
        samples.iter().filter_map(|(at, value)| Some((*at, value.parse::<f64>().ok().filter(|v| v.is_finite())?)));
    // A rate is that of the step before the instant it is asked for.
    let begins = question.from.as_millisecond() + length * 1000;
    let rows = known.map(|(at, rate)| (SignedDuration::from_millis(at - begins).as_secs_f64(), rate));
    let rows: Vec<(f64, f64)> = rows.collect();
    let holes = steps.saturating_sub(rows.len());
    let (some, of) = MOST_HOLES;
    if holes * of > steps * some {
        let why = format!(
            "the store says nothing of {holes} of {steps} steps of {}; correct it, or name a time that was recorded, or a \
             --step that is twice as long as the store's scrape interval",
            question.query
        );
        return Err(Fault::new("--query", why).into());
    }
    let load = trace::of_rates(&rows).map_err(|e| Fault::new("--query", e.to_string()))?;
    Ok(Recorded { load, holes: (holes, steps) })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::float_cmp)]
mod tests {
    use super::*;

    fn question(minutes: i64) -> Question<'static> {
        let from = Timestamp::from_second(1_000_020).unwrap();
        let until = Timestamp::from_second(1_000_020 + minutes * 60).unwrap();
        Question { url: "http://store", query: "sum(rate(r[1m]))", from, until, step: 60 }
    }

    fn sample(minute: i64, value: &str) -> (i64, String) {
        ((1_000_020 + minute * 60) * 1000, value.to_owned())
    }

    #[test]
    fn a_rate_is_that_of_the_minute_before() {
        let samples: Vec<_> = (1..=10).map(|minute| sample(minute, if minute < 6 { "2" } else { "4" })).collect();
        let recorded = recorded(&question(10), &samples).unwrap();
        assert_eq!((recorded.load.seconds(), recorded.holes), (600, (0, 10)));
        assert_eq!((recorded.load.rate(0), recorded.load.rate(599)), (2.0, 4.0));
        // Half-way between the middles of the fifth and the sixth minute.
        assert!((recorded.load.rate(299) + recorded.load.rate(300) - 6.0).abs() < 1e-9);
    }

    #[test]
    fn a_hole_keeps_the_rate_before_and_many_are_refused() {
        let mut samples: Vec<_> = (1..=20).map(|minute| sample(minute, "3")).collect();
        samples.remove(7);
        samples[12].1 = "NaN".to_owned();
        let found = recorded(&question(20), &samples).unwrap();
        assert_eq!((found.load.seconds(), found.holes, found.load.mean()), (1200, (2, 20), 3.0));
        samples.remove(3);
        let refused = recorded(&question(20), &samples).unwrap_err().to_string();
        assert!(refused.starts_with("--query: the store says nothing of 3 of 20 steps"), "{refused}");
        assert!(recorded(&question(20), &[]).is_err());
    }

    #[test]
    fn the_agreements_histogram_is_what_is_asked_by_default() {
        let latency: LatencyIndicator = serde_json::from_value(serde_json::json!({
            "histogram": "http_request_duration_seconds", "selector": {"service": "shop"}, "threshold": "500ms"
        }))
        .unwrap();
        assert_eq!(query(&latency, 60), "sum(rate(http_request_duration_seconds_count{service=\"shop\"}[60s]))");
    }
}
