//! `guarantor simulate --prometheus` on a real store.

use std::process::{Command, Output};

use guarantor_testbed::{Prometheus, PrometheusOptions, Series};
use k8s_openapi::jiff::Timestamp;
use serde_json::Value;

const AGREEMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/simulate/agreement.yaml");
/// Seconds between two scrapes.
const SCRAPE: i64 = 15;
/// Requests per second of the catalogue in the first and in the second ten minutes; the cart has one.
const RATES: [f64; 2] = [5.0, 15.0];
const HALF: i64 = 600;

/// Twenty minutes of two services, two hours ago.
async fn store() -> (Prometheus, Timestamp) {
    let prometheus = Prometheus::start(PrometheusOptions::default()).await.unwrap();
    let start = (Timestamp::now().as_second() - 7_200).div_euclid(60) * 60;
    let series = |service: &str| Series::new("http_request_duration_seconds_count").label("service", service);
    let (mut catalog, mut cart, mut counted) = (series("catalog"), series("cart"), 0.0);
    for scrape in -8..=2 * HALF / SCRAPE {
        let at = Timestamp::from_second(start + scrape * SCRAPE).unwrap();
        catalog.push(at, counted);
        cart.push(at, f64::from(i32::try_from((scrape + 8) * SCRAPE).unwrap()));
        counted += RATES[usize::from(scrape * SCRAPE >= HALF)] * 15.0;
    }
    prometheus.remote_write(&[catalog, cart]).await.unwrap();
    (prometheus, Timestamp::from_second(start).unwrap())
}

fn simulate(url: &str, from: Timestamp, minutes: i64, flags: &[&str]) -> Output {
    let until = Timestamp::from_second(from.as_second() + minutes * 60).unwrap();
    Command::new(env!("CARGO_BIN_EXE_guarantor"))
        .args(["simulate", "-f", AGREEMENT, "--service-time", "50ms", "--start", "30s", "--policies", "static=3"])
        .args(["-o", "json", "--prometheus", url, "--from", &from.to_string(), "--until", &until.to_string()])
        .args(flags)
        .output()
        .unwrap()
}

fn load(output: &Output) -> (u64, f64) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    (report["trace"]["seconds"].as_u64().unwrap(), report["trace"]["meanRate"].as_f64().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_load_is_what_the_store_recorded() {
    let (store, from) = store().await;
    let url = store.url();
    // The agreement's own histogram, and of it the agreement's own service.
    let own = simulate(&url, from, 20, &[]);
    assert!(own.stderr.is_empty(), "{}", String::from_utf8_lossy(&own.stderr));
    let (seconds, mean) = load(&own);
    assert_eq!(seconds, 1200);
    assert!((mean - 10.0).abs() < 0.2, "{mean}");
    let (_, first) = load(&simulate(&url, from, 10, &[]));
    assert!((first - 5.0).abs() < 0.2, "{first}");
    let both = "sum(rate(http_request_duration_seconds_count[2m]))";
    let (_, mean) = load(&simulate(&url, from, 10, &["--query", both, "--step", "30s"]));
    assert!((mean - 6.0).abs() < 0.2, "{mean}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_store_does_not_know_is_said_or_refused() {
    let (store, from) = store().await;
    let url = store.url();
    // One of the 21 minutes is not over in the store.
    let hole = simulate(&url, from, 21, &[]);
    assert_eq!(load(&hole).0, 1260);
    let told = String::from_utf8_lossy(&hole.stderr);
    assert!(
        told.contains("nothing of 1 of 21 steps; the last one that is known stands for the 1 at the end"),
        "{told}"
    );
    for (minutes, flags, code, word) in [
        (40, vec![], 1, "--query: the store says nothing of 20 of 40 steps"),
        (20, vec!["--query", "rate(http_request_duration_seconds_count[1m])"], 1, "--query: gives 2 series"),
        (20, vec!["--query", "sum(rate(typo[1m]))"], 1, "--query: the store says nothing of 20 of 20 steps"),
        (20, vec!["--query", "sum(rate("], 2, "--prometheus"),
        (20, vec!["--step", "2h"], 1, "--step: must be"),
        (20, vec!["--step", "1500ms"], 1, "--step: must be whole seconds"),
        (1, vec![], 1, "--until: must be at least two steps after"),
        (20, vec!["--trace", "trace.csv"], 2, "--trace"),
    ] {
        let output = simulate(&url, from, minutes, &flags);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{flags:?}: {told}");
        assert!(told.contains(word), "{flags:?}: {told}");
        assert!(output.stdout.is_empty());
    }
}
