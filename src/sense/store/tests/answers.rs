//! Everything a store can answer is its own case.

use std::time::Duration;

use guarantor_testbed::fake_store::{FakeStore, Reply};
use k8s_openapi::jiff::Timestamp;
use serde_json::json;
use tokio::net::TcpSocket;

use super::{PATIENT, client, client_of, source};
use crate::sense::observation::FailureKind;
use crate::sense::store::{Credentials, StoreError};

const AT: Timestamp = Timestamp::constant(1_700_000_100, 0);

fn histogram() -> Reply {
    let result = json!([{ "metric": {}, "histogram": [1, { "count": "3", "sum": "4", "buckets": [] }] }]);
    Reply::data(&json!({ "resultType": "vector", "result": result }))
}

#[tokio::test]
async fn every_failure_has_its_kind_and_says_why() {
    use FailureKind::{NoAnswer, Refused, StoreFailed, TimedOut, Unreachable, WrongType};
    let vector = Reply::vector(1, &[(&[], "1")]);
    let cases = [
        (Reply::error(400, "bad_data", "1:4: parse error"), Refused, "(400): 1:4: parse error", 1),
        (Reply::error(422, "execution", "too many samples"), Refused, "(422): too many samples", 1),
        (Reply::text(401, "text/plain", "who are you?\n"), Refused, "who are you?; check spec.auth", 1),
        (Reply::text(404, "text/plain", ""), Refused, "Not Found; check the path of spec.url", 1),
        (Reply::error(429, "unavailable", "slow down").header("retry-after", "60"), StoreFailed, "slow down", 1),
        (Reply::error(429, "unavailable", "slow down"), StoreFailed, "(429)", 1),
        (Reply::error(500, "internal", "bad block"), StoreFailed, "(500): bad block", 2),
        (Reply::text(502, "text/html", "<h1>Bad Gateway</h1>"), StoreFailed, "Bad Gateway", 2),
        (Reply::error(503, "unavailable", "starting").header("retry-after", "60"), StoreFailed, "starting", 1),
        (Reply::error(503, "timeout", "query timed out"), TimedOut, "query timed out", 1),
        (Reply::error(200, "bad_data", "no such label"), Refused, "no such label", 1),
        (Reply::error(200, "internal", "one shard is gone"), StoreFailed, "one shard is gone", 1),
        (Reply::text(302, "text/html", "").header("location", "/login"), Refused, "redirects to /login", 1),
        (Reply::text(200, "text/html", "<form>"), NoAnswer, "text/html, not JSON", 1),
        (Reply::text(200, "application/json", "7"), NoAnswer, "invalid type", 1),
        (Reply::json(&json!({ "status": "success" })), NoAnswer, "holds no data", 1),
        (vector.clone().shortened(40), NoAnswer, "EOF", 1),
        (vector.clone().cut_off(), Unreachable, "", 2),
        (Reply::data(&json!({ "resultType": "string", "result": [1, "x"] })), WrongType, "string", 1),
        (Reply::matrix(&[]), WrongType, "range of samples", 1),
        (histogram(), WrongType, "native histograms", 1),
        (Reply::text(200, "application/json", &" ".repeat(33 << 20)), NoAnswer, "larger than", 1),
        (Reply::text(200, "application/json", &" ".repeat(33 << 20)).cut_off(), NoAnswer, "larger than", 1),
    ];
    let store = FakeStore::start(|_| Reply::never()).await.unwrap();
    let client = client(&store);
    for (reply, kind, why, requests) in cases {
        let description = format!("{reply:.400?}");
        store.follow(move |_| reply.clone());
        let error = client.instant("up", AT).await.expect_err(&description);
        assert_eq!(error.kind(), kind, "{error} for {description}");
        assert!(error.to_string().contains(why), "{error} for {description}");
        assert_eq!(store.take_received().len(), requests, "{description}");
    }
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_given_up() {
    let store = FakeStore::start(|_| Reply::never()).await.unwrap();
    let hasty = client_of(&source(&store.url(), "200ms"), &Credentials::default());
    let error = hasty.instant("up", AT).await.unwrap_err();
    assert_eq!(error.kind(), FailureKind::TimedOut);
    assert!(error.to_string().contains("200 ms"), "{error}");
    assert_eq!(hasty.requests_sent(), 1);
}

#[tokio::test]
async fn a_store_that_is_not_there_cannot_be_reached() {
    // Bound and never listened on: the port refuses, and is not given to another test's server meanwhile.
    let refusing = TcpSocket::new_v4().unwrap();
    refusing.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", refusing.local_addr().unwrap());
    let client = client_of(&source(&url, PATIENT), &Credentials::default());
    let error = client.instant("up", AT).await.unwrap_err();
    assert_eq!(error.kind(), FailureKind::Unreachable);
    assert_eq!(client.requests_sent(), 2);
}

#[tokio::test]
async fn a_second_try_may_succeed() {
    let store = FakeStore::start(|_| Reply::never()).await.unwrap();
    let client = client(&store);
    let tries = std::sync::atomic::AtomicUsize::new(0);
    store.follow(move |_| match tries.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
        0 => Reply::error(503, "unavailable", "starting").header("retry-after", "0"),
        _ => Reply::vector(1_700_000_100, &[(&[("job", "a")], "3")]),
    });
    let answer = client.instant("up", AT).await.unwrap();
    assert_eq!(answer.series[0].labels["job"], "a");
    assert_eq!(answer.series[0].samples, [(1_700_000_100_000, "3".to_owned())]);
    assert_eq!(client.requests_sent(), 2);
}

#[tokio::test]
async fn the_pause_a_store_asks_for_is_told() {
    let reply = Reply::error(429, "unavailable", "slow down").header("retry-after", "60");
    let store = FakeStore::start(move |_| reply.clone()).await.unwrap();
    let error = client(&store).instant("up", AT).await.unwrap_err();
    let StoreError::Failed { status: 429, retry_after, .. } = error else { panic!("{error}") };
    assert_eq!(retry_after, Some(Duration::from_secs(60)));
}

#[tokio::test]
async fn values_and_remarks_arrive_as_sent() {
    let store = FakeStore::start(|_| Reply::never()).await.unwrap();
    let client = client(&store);
    for value in ["NaN", "+Inf", "-Inf", "-3", "0", "9007199254740993", "1e+21"] {
        store.follow(move |_| Reply::vector(1, &[(&[], value)]));
        assert_eq!(client.instant("up", AT).await.unwrap().series[0].samples[0].1, value);
    }
    store.follow(|_| Reply::vector(1, &[]).warn("store 3 does not answer"));
    let answer = client.instant("up", AT).await.unwrap();
    assert_eq!(answer.series, []);
    assert_eq!(answer.remarks.warnings, ["store 3 does not answer"]);
    store.follow(|_| {
        let data = json!({ "resultType": "vector", "result": [] });
        Reply::json(&json!({ "status": "success", "isPartial": true, "data": data, "infos": ["not a counter"] }))
    });
    let answer = client.instant("up", AT).await.unwrap();
    assert_eq!(answer.remarks.warnings.len(), 1);
    assert_eq!(answer.remarks.infos, ["not a counter"]);
}
