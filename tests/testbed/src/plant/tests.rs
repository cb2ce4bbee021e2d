//! The plant from the API server's answer to the scraped text, against a stand-in API server on loopback.
//!
//! The stand-in lists one ready pod and then reports a second one on the watch when told to. The real API server is used by the
//! tests of the whole operator.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures::stream;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::load::Load;
use super::*;

const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

fn pod(name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "shop", "uid": name, "resourceVersion": "2"},
        "spec": {"nodeName": "node-a", "containers": []},
        "status": {
            "phase": "Running",
            "startTime": "2026-01-01T00:00:00Z",
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    })
}

async fn pods(State(second): State<watch::Receiver<bool>>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    assert!(query.contains("labelSelector=app%3Dcheckout"), "{query}");
    if !query.contains("watch=true") {
        let list =
            json!({"apiVersion": "v1", "kind": "PodList", "metadata": {"resourceVersion": "1"}, "items": [pod("a")]});
        return ([("content-type", "application/json")], list.to_string()).into_response();
    }
    // One event when the test says so, then an open connection.
    let events = stream::unfold(Some(second), |second| async {
        let mut second = second?;
        second.wait_for(|told| *told).await.ok()?;
        let line = format!("{}\n", json!({"type": "ADDED", "object": pod("b")}));
        second.mark_unchanged();
        Some((Ok::<_, std::convert::Infallible>(Bytes::from(line)), None))
    });
    Body::from_stream(futures::StreamExt::chain(events, stream::pending())).into_response()
}

/// Serves until the set is dropped.
async fn api_server(tasks: &mut JoinSet<()>, second: watch::Receiver<bool>) -> Client {
    let router = Router::new().route("/api/v1/namespaces/shop/pods", get(pods)).with_state(second);
    let listener = TcpListener::bind(LOOPBACK).await.unwrap();
    let address = listener.local_addr().unwrap();
    tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::try_from(kube::Config::new(format!("http://{address}").parse().unwrap())).unwrap()
}

async fn scrape(plant: &Plant, namespace: &str) -> (u16, String) {
    let url = format!("http://{}{}", plant.address(), Plant::metrics_path(namespace));
    let response = reqwest::get(url).await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

/// Scrapes until `found` is content, half a minute at most.
async fn scrape_until(plant: &Plant, found: impl Fn(&str) -> bool) -> String {
    for _ in 0..600 {
        let (_, text) = scrape(plant, "shop").await;
        if found(&text) {
            return text;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the scraped text did not become what was waited for")
}

fn requests(text: &str, pod: &str) -> Option<u64> {
    let name = format!("http_requests_total{{service=\"checkout\",pod=\"{pod}\",code=\"200\"}} ");
    text.lines().find_map(|line| line.strip_prefix(&name)).and_then(|count| count.parse().ok())
}

#[tokio::test]
async fn pods_become_series_that_count_requests() {
    let (tell, second) = watch::channel(false);
    let mut tasks = JoinSet::new();
    let client = api_server(&mut tasks, second).await;
    let plant = Plant::start(client, LOOPBACK).await.unwrap();
    assert_eq!(scrape(&plant, "shop").await.0, 404, "no service yet");

    let spec = ServiceSpec::new("shop", "checkout", "app=checkout", Load::Constant(50.0));
    let handle = plant.add_service(spec.clone()).await.unwrap();
    let text = scrape_until(&plant, |text| requests(text, "a").is_some_and(|count| count > 0)).await;
    assert_eq!(requests(&text, "b"), None);
    assert!(!text.contains("code=\"500\""), "{text}");
    assert_eq!(handle.ready_pods(), 1);

    tell.send(true).unwrap();
    handle.set_error_share(0.5).unwrap();
    let full = |text: &str| requests(text, "b").is_some_and(|count| count > 0) && text.contains("code=\"500\"");
    scrape_until(&plant, full).await;
    assert_eq!(handle.ready_pods(), 2);
    assert!(handle.totals().offered > 0);
    assert_eq!(scrape(&plant, "other").await.0, 404);
    assert!(plant.add_service(spec).await.unwrap_err().to_string().contains("already"));

    let address = plant.address();
    drop(plant);
    for _ in 0..600 {
        if tokio::net::TcpStream::connect(address).await.is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("a dropped plant still listens")
}
