//! `--prometheus`: the load of one's own service, read from a metrics store.
//!
//! Asked for is the rate at the end of each step. What the store says nothing of is a hole, as in a recording. The load is as
//! long as asked for: before the first known rate that one stands, and the last one after it.

use k8s_openapi::jiff::Timestamp;

use crate::api::objective::LatencyIndicator;
use crate::offline::prometheus;
use crate::offline::settle::fault::Fault;
use crate::offline::trouble::Trouble;
use crate::sense::store::{Credentials, SetupError, StoreClient};
use crate::simulate::load::Load;
use crate::simulate::trace::{self, Holes};

/// Steps that are asked at once: most stores refuse more than 11,000.
const AT_ONCE: i64 = 10_000;

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

/// The load, and of how much of it the store said nothing.
#[derive(Debug)]
pub struct Recorded {
    /// The load.
    pub load: Load,
    /// Steps without a number.
    pub holes: Holes,
    /// The same in words, with what stands there.
    pub told: String,
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
    let unreadable = |why: String| prometheus::unreadable(url, &in_flags(&why));
    if !["http://", "https://"].iter().any(|scheme| url.starts_with(scheme)) {
        return Err(no_address(url));
    }
    let spec = prometheus::spec(url, None);
    let client = StoreClient::new(&spec, &Credentials::default()).map_err(|e| refused(url, &e))?;
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

/// No client can be made. The address is that of a flag here, and no field of a manifest.
fn refused(url: &str, error: &SetupError) -> Trouble {
    match error {
        SetupError::Field { field, .. } if field == "spec.url" => no_address(url),
        SetupError::Field { .. } => prometheus::unreadable(url, error),
    }
}

fn no_address(url: &str) -> Trouble {
    let why = "must be the URL of a store, without user name and password, such as http://localhost:9090";
    Fault::new("--prometheus", format!("{url:?} {why}")).into()
}

/// What the store's client advises, in terms of the flags.
fn in_flags(why: &str) -> String {
    why.replace("check the path of spec.url", "check the path of --prometheus")
        .replace("check spec.auth and what it may read", "no credentials are sent; name a store that needs none")
}

fn recorded(question: &Question<'_>, samples: &[(i64, String)]) -> Result<Recorded, Trouble> {
    let length = i64::from(question.step.max(1));
    let (from, until) = (question.from.as_second(), question.until.as_second());
    let steps = usize::try_from((until - from) / length).unwrap_or_default();
    let known =
        samples.iter().filter_map(|(at, value)| Some((at, value.parse::<f64>().ok().filter(|v| v.is_finite())?)));
    // A rate is that of the step before the instant it is asked for.
    let step = |at: &i64| (at.div_euclid(1000) - from).div_euclid(length) - 1;
    let known: Vec<(i64, f64)> = known.map(|(at, rate)| (step(at), rate)).collect();
    if let Some((step, rate)) = known.iter().find(|(_, rate)| *rate < 0.0) {
        let at = Timestamp::from_second(from + (step + 1) * length).map(|at| at.to_string()).unwrap_or_default();
        let why = format!("gives {rate} at {at}, and no load is below 0");
        return Err(Fault::new("--query", why).into());
    }
    let holes = Holes { steps: steps.saturating_sub(known.len()), of: steps };
    let (first, last) = match (known.first(), known.last()) {
        (Some(first), Some(last)) if !holes.are_too_many() => (*first, *last),
        _ => {
            let why = format!(
                "the store says nothing of {} of {}; correct it, or name a time that was recorded, or a --step that is twice \
                 as long as the store's scrape interval",
                holes.told(),
                question.query
            );
            return Err(Fault::new("--query", why).into());
        }
    };
    let end = i64::try_from(steps).unwrap_or(i64::MAX) - 1;
    let (before, after) = (first.0.max(0), (end - last.0).max(0));
    let mut rates = known;
    if before > 0 {
        rates.insert(0, (0, first.1));
    }
    if after > 0 {
        rates.push((end, last.1));
    }
    let begins = |step: i64| f64::from(i32::try_from(step * length).unwrap_or(i32::MAX));
    let rates: Vec<(f64, f64)> = rates.into_iter().map(|(step, rate)| (begins(step), rate)).collect();
    let load = trace::of_rates(&rates).map_err(|e| Fault::new("--query", e.to_string()))?;
    Ok(Recorded { load, told: told(holes, before, after), holes })
}

/// Of what the store said nothing, and what stands there: so many of the steps are at the beginning, and so many at the end.
fn told(holes: Holes, before: i64, after: i64) -> String {
    let at_an_edge = usize::try_from(before + after).unwrap_or_default();
    let mut stands = Vec::new();
    if holes.steps > at_an_edge {
        stands.push("the load before them is kept".to_owned());
    }
    if before > 0 {
        stands.push(format!("the first load that is known stands for the {before} at the beginning"));
    }
    if after > 0 {
        stands.push(format!("the last one that is known stands for the {after} at the end"));
    }
    format!("the store says nothing of {}; {}", holes.told(), stands.join(", "))
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
        assert_eq!((recorded.load.seconds(), recorded.holes), (600, Holes { steps: 0, of: 10 }));
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
        assert_eq!((found.load.seconds(), found.holes.steps, found.load.mean()), (1200, 2, 3.0));
        assert_eq!(found.told, "the store says nothing of 2 of 20 steps; the load before them is kept");
        samples.remove(3);
        let refused = recorded(&question(20), &samples).unwrap_err().to_string();
        assert!(refused.starts_with("--query: the store says nothing of 3 of 20 steps"), "{refused}");
        assert!(recorded(&question(20), &[]).is_err());
    }

    #[test]
    fn a_hole_at_an_edge_does_not_cut_the_load() {
        let samples = |known: &[i64]| -> Vec<_> {
            known.iter().map(|minute| sample(*minute, if *minute < 60 { "2" } else { "4" })).collect()
        };
        let late: Vec<i64> = (11..=120).collect();
        let found = recorded(&question(120), &samples(&late)).unwrap();
        assert_eq!((found.load.seconds(), found.holes), (7200, Holes { steps: 10, of: 120 }));
        assert_eq!((found.load.rate(0), found.load.rate(7199)), (2.0, 4.0));
        // The change is where it was: half-way between the middles of the 59th and 60th minute.
        assert!((found.load.rate(3539) + found.load.rate(3540) - 6.0).abs() < 1e-9);
        let beginning = "the first load that is known stands for the 10 at the beginning";
        assert_eq!(found.told, format!("the store says nothing of 10 of 120 steps; {beginning}"));
        let both: Vec<i64> = (3..=115).filter(|minute| *minute != 50).collect();
        let found = recorded(&question(120), &samples(&both)).unwrap();
        assert_eq!((found.load.seconds(), found.holes), (7200, Holes { steps: 8, of: 120 }));
        assert_eq!(
            found.told,
            "the store says nothing of 8 of 120 steps; the load before them is kept, the first load that is known stands for \
             the 2 at the beginning, the last one that is known stands for the 5 at the end"
        );
    }

    #[test]
    fn a_load_below_0_is_named_with_its_time() {
        let mut samples: Vec<_> = (1..=20).map(|minute| sample(minute, "3")).collect();
        samples[4].1 = "-1".to_owned();
        let told = recorded(&question(20), &samples).unwrap_err().to_string();
        assert_eq!(told, "--query: gives -1 at 1970-01-12T13:52:00Z, and no load is below 0");
    }

    #[test]
    fn what_a_manifest_would_be_told_names_the_flag() {
        for url in ["foo", "localhost:9090", "http://", "http://me:word@localhost"] {
            let told = read(&Question { url, ..question(10) }).unwrap_err().to_string();
            assert!(told.starts_with(&format!("--prometheus: {url:?} must be the URL")), "{told}");
        }
        assert_eq!(in_flags("Not Found; check the path of spec.url"), "Not Found; check the path of --prometheus");
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
