//! What the store is asked, with what, and how much at once.

use std::sync::Arc;
use std::time::Duration;

use guarantor_testbed::fake_store::{FakeStore, Received, Reply};
use k8s_openapi::jiff::Timestamp;

use super::credentials::{read, secret};
use super::{PATIENT, client_of, install_tls, source};
use crate::api::metrics_source::{Auth, Header, Limits, MetricsSourceSpec, SecretKey, SecretName, Tls};
use crate::sense::store::{Credentials, StoreClient};

async fn echo() -> FakeStore {
    FakeStore::start(|asked: &Received| match asked.path.as_str() {
        path if path.ends_with("/query") && asked.query().ends_with(']') => Reply::matrix(&[]),
        path if path.ends_with("/query") => Reply::vector(1, &[]),
        path if path.ends_with("/query_range") => Reply::matrix(&[]),
        path if path.ends_with("/values") => Reply::data(&serde_json::json!(["0.1", "1.0"])),
        _ => Reply::text(404, "text/plain", "no such page"),
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn queries_are_posted_below_the_url_with_exact_instants() {
    let store = echo().await;
    let client = client_of(&source(&format!("{}/prom/", store.url()), "1500ms"), &Credentials::default());
    let at = Timestamp::from_millisecond(1_700_000_100_250).unwrap();
    client.instant("sum(a{b=\"ü&+\"})", at).await.unwrap();
    client.samples("a[5m]", at).await.unwrap();
    client.range("a", 60, 180, 60).await.unwrap();
    assert_eq!(client.label_values("le", "a_bucket{b=\"c\"}", 60, 180).await.unwrap(), ["0.1", "1.0"]);
    let [instant, samples, range, labels] = <[Received; 4]>::try_from(store.take_received()).unwrap();
    assert_eq!((instant.method.as_str(), instant.path.as_str()), ("POST", "/prom/api/v1/query"));
    assert_eq!(instant.query(), "sum(a{b=\"ü&+\"})");
    assert_eq!(instant.parameter("time"), "1700000100.250");
    assert_eq!(instant.parameter("timeout"), "1500ms");
    assert_eq!(instant.parameter("nocache"), "1");
    assert_eq!((samples.path.as_str(), samples.query()), ("/prom/api/v1/query", "a[5m]"));
    assert_eq!((range.method.as_str(), range.path.as_str()), ("POST", "/prom/api/v1/query_range"));
    let window = ["start", "end", "step"].map(|name| range.parameter(name).to_owned());
    assert_eq!(window, ["60", "180", "60"]);
    assert_eq!((labels.method.as_str(), labels.path.as_str()), ("GET", "/prom/api/v1/label/le/values"));
    assert_eq!(labels.parameter("match[]"), "a_bucket{b=\"c\"}");
}

#[tokio::test]
async fn credentials_and_headers_go_with_every_request() {
    let store = echo().await;
    let mut spec = source(&store.url(), PATIENT);
    spec.allow_plain_text_credentials = Some(true);
    spec.headers = vec![Header { name: "X-Scope-OrgID".to_owned(), value: "team-a".to_owned() }];
    let ways = [
        (
            Auth { bearer_token: Some(SecretKey { secret: "s".to_owned(), key: "token".to_owned() }), basic: None },
            "Bearer abc",
        ),
        (Auth { bearer_token: None, basic: Some(SecretName { secret: "s".to_owned() }) }, "Basic dTpww6Q="),
    ];
    for (auth, header) in ways {
        spec.auth = Some(auth);
        let secrets = [secret("s", &[("token", "abc\n"), ("username", "u"), ("password", "pä")])];
        let client = client_of(&spec, &read(&spec, &secrets).unwrap());
        client.instant("up", Timestamp::UNIX_EPOCH).await.unwrap();
        client.range("up", 0, 1, 1).await.unwrap();
        client.label_values("le", "up", 0, 1).await.unwrap();
        client.features().await.unwrap_err();
        let received = store.take_received();
        assert_eq!(received.len(), 4);
        for asked in received {
            assert_eq!(asked.headers["authorization"], header, "{}", asked.path);
            assert_eq!(asked.headers["x-scope-orgid"], "team-a", "{}", asked.path);
        }
    }
}

#[tokio::test]
async fn no_more_requests_are_under_way_than_allowed() {
    let store = FakeStore::start(|_| Reply::never()).await.unwrap();
    let mut spec = source(&store.url(), "60s");
    spec.limits = Limits { concurrency: 2, requests_per_second: 1000 };
    let client = Arc::new(client_of(&spec, &Credentials::default()));
    let ask = |_| {
        let client = Arc::clone(&client);
        tokio::spawn(async move { client.instant("up", Timestamp::UNIX_EPOCH).await })
    };
    let asking: Vec<_> = (0..6).map(ask).collect();
    let mut seen = 0;
    for _ in 0..6000 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        seen += store.take_received().len();
        if seen >= 2 {
            break;
        }
    }
    // Time for a third one to come, were it let go.
    for _ in 0..30 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        seen += store.take_received().len();
    }
    assert_eq!(seen, 2);
    asking.iter().for_each(tokio::task::JoinHandle::abort);
}

#[test]
fn a_field_that_cannot_be_used_is_named() {
    type Change = fn(&mut MetricsSourceSpec);
    install_tls();
    let cases: [(Change, &str); 9] = [
        (|spec| spec.url = "http://user:word@127.0.0.1".to_owned(), "spec.url"),
        (|spec| spec.url = "http://[::1".to_owned(), "spec.url"),
        (|spec| spec.timeout = "3d".into(), "spec.timeout"),
        (|spec| spec.timeout = "0s".into(), "spec.timeout"),
        (|spec| spec.limits.concurrency = 0, "spec.limits.concurrency"),
        (|spec| spec.limits.requests_per_second = -1, "spec.limits.requestsPerSecond"),
        (
            |spec| spec.headers = vec![Header { name: "X-A".to_owned(), value: "a\nb".to_owned() }],
            "spec.headers[0].value",
        ),
        (
            |spec| spec.headers = vec![Header { name: "Authorization".to_owned(), value: "a".to_owned() }],
            "spec.headers[0].name",
        ),
        (|spec| spec.auth = Some(Auth { bearer_token: None, basic: None }), "spec.auth"),
    ];
    for (change, field) in cases {
        let mut spec = source("http://127.0.0.1:9", "10s");
        change(&mut spec);
        let error = StoreClient::new(&spec, &Credentials::default()).err().expect(field).to_string();
        assert!(error.starts_with(&format!("{field}: ")), "{error}");
    }
}

#[test]
fn a_certificate_that_is_none_is_named() {
    install_tls();
    let mut spec = source("https://127.0.0.1:9", "10s");
    let key = SecretKey { secret: "s".to_owned(), key: "ca.crt".to_owned() };
    spec.tls = Some(Tls { ca: Some(key), client_certificate: None });
    let no_ca = read(&spec, &[secret("s", &[("ca.crt", "no certificate")])]).unwrap();
    let error = StoreClient::new(&spec, &no_ca).err().unwrap().to_string();
    assert!(error.starts_with("spec.tls.ca: "), "{error}");
    spec.tls = Some(Tls { ca: None, client_certificate: Some(SecretName { secret: "s".to_owned() }) });
    let no_key = read(&spec, &[secret("s", &[("tls.crt", "no"), ("tls.key", "word")])]).unwrap();
    let error = StoreClient::new(&spec, &no_key).err().unwrap().to_string();
    assert!(error.starts_with("spec.tls.clientCertificate: "), "{error}");
}
