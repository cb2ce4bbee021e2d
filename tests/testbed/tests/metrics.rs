//! The metrics stores take history and scrape, and their `increase` differs as the documentation says.
#![allow(clippy::unwrap_used, clippy::float_cmp)]

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use guarantor_testbed::wait::{Progress, wait_until};
use guarantor_testbed::{Prometheus, PrometheusOptions, Row, ScrapeTarget, Series, VictoriaMetrics};
use jiff::{SignedDuration, Timestamp};

/// A counter scraped every 15 s for twenty minutes until `end`, which grows by one a scrape and by 100 more between
/// the two scrapes around the edge five minutes before `end`.
fn burst_at_the_edge(end: Timestamp) -> Series {
    let samples = (0..80).map(|scrape| {
        let at = end - SignedDuration::from_millis(1_192_500 - scrape * 15_000);
        let edge = end - SignedDuration::from_mins(5);
        let burst = if at > edge { 100.0 } else { 0.0 };
        (at, f64::from(i32::try_from(scrape).unwrap()) + burst)
    });
    Series::new("requests_total").label("job", "web").with(samples)
}

fn only(rows: &[Row]) -> f64 {
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows.iter().map(|row| row.value).sum()
}

/// A time far enough in the past, in whole seconds.
fn yesterday() -> Timestamp {
    let second = Timestamp::now().as_second() - 24 * 60 * 60;
    Timestamp::from_second(second).unwrap()
}

#[tokio::test]
async fn anchored_increase_is_exact_over_history_where_plain_increase_is_not() {
    let prometheus = Prometheus::start(PrometheusOptions::default()).await.unwrap();
    let end = yesterday();
    prometheus.remote_write(&[burst_at_the_edge(end)]).await.unwrap();
    let exact = "increase(requests_total[5m] anchored)";
    assert_eq!(only(&prometheus.query(exact, end).await.unwrap()), 120.0);
    let plain = "increase(requests_total[5m])";
    assert!(only(&prometheus.query(plain, end).await.unwrap()) < 30.0);

    // A month back, after newer samples: what the out-of-order window is for.
    let past = end - SignedDuration::from_hours(30 * 24);
    prometheus.remote_write(&[burst_at_the_edge(past)]).await.unwrap();
    assert_eq!(only(&prometheus.query(exact, past).await.unwrap()), 120.0);
}

#[tokio::test]
async fn without_exact_increase_the_modifier_is_refused() {
    let prometheus =
        Prometheus::start(PrometheusOptions { exact_increase: false, ..PrometheusOptions::default() }).await.unwrap();
    let refused = prometheus.query("increase(up[5m] anchored)", Timestamp::now()).await;
    let text = format!("{:#}", refused.unwrap_err());
    assert!(text.contains("anchored modifier") && text.contains("not enabled"), "{text}");
}

#[tokio::test]
async fn victoria_metrics_has_exact_plain_increase_and_no_anchored() {
    let store = VictoriaMetrics::start().await.unwrap();
    let end = yesterday();
    store.import(&[burst_at_the_edge(end)]).await.unwrap();
    let plain = store.query("increase(requests_total[5m])", end).await;
    assert_eq!(only(&plain.unwrap()), 120.0);
    let anchored = store.query("increase(requests_total[5m] anchored)", end).await;
    assert!(anchored.is_err());
}

/// A server that exposes `told{pod="a"} 7`, and its address.
async fn exposing(body: &'static str) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let app = Router::new().route("/pods", get(move || async move { body }));
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

#[tokio::test]
async fn targets_are_scraped_changed_and_survive_a_pause_and_a_restart() {
    let target = |job: &str, address: String| ScrapeTarget {
        job: job.to_owned(),
        address,
        metrics_path: "/pods".to_owned(),
        labels: BTreeMap::from([("namespace".to_owned(), "shop".to_owned())]),
    };
    let first = exposing("told{pod=\"a\"} 7\n").await;
    let second = exposing("told{pod=\"b\"} 8\n").await;
    let mut prometheus = Prometheus::start(PrometheusOptions {
        scrape: vec![target("first", first)],
        scrape_interval: Duration::from_millis(200),
        ..PrometheusOptions::default()
    })
    .await
    .unwrap();
    wait_for(&prometheus, r#"told{job="first",pod="a",namespace="shop"}"#, 7.0).await;
    prometheus.set_targets(vec![target("second", second)]).await.unwrap();
    wait_for(&prometheus, r#"told{job="second",pod="b"}"#, 8.0).await;

    prometheus.pause().unwrap();
    let hanging = tokio::time::timeout(Duration::from_millis(300), prometheus.query("vector(1)", Timestamp::now()));
    assert!(hanging.await.is_err(), "a paused server does not answer");
    prometheus.resume().unwrap();
    wait_for(&prometheus, "vector(1)", 1.0).await;

    prometheus.leave().await.unwrap();
    prometheus.query("vector(1)", Timestamp::now()).await.unwrap_err();
    prometheus.come_back().await.unwrap();
    wait_for(&prometheus, r#"max_over_time(told{job="first"}[5m])"#, 7.0).await;
}

async fn wait_for(prometheus: &Prometheus, expression: &str, expected: f64) {
    wait_until(expression, Duration::from_secs(180), async || {
        let rows = prometheus.query(expression, Timestamp::now()).await?;
        Ok(if rows.iter().any(|row| row.value == expected) {
            Progress::Done(())
        } else {
            Progress::Pending(format!("{rows:?}"))
        })
    })
    .await
    .unwrap();
}
