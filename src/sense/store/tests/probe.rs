//! What a store's increase does is found out by trying.

use guarantor_testbed::fake_store::{FakeStore, Received, Reply};
use k8s_openapi::jiff::Timestamp;
use serde_json::json;

use super::client;
use crate::api::metrics_source::IncreaseForm;
use crate::sense::observation::FailureKind;
use crate::sense::store::{StoreError, probe};

const NOW: Timestamp = Timestamp::constant(1_700_000_123, 0);

/// A store by what it says to the four kinds of question.
#[derive(Clone)]
struct Kind {
    features: Reply,
    anchored: Reply,
    edge: Reply,
    birth: Reply,
    samples: Reply,
}

fn number(text: &str) -> Reply {
    Reply::vector(1, &[(&[], text)])
}

fn refused() -> Reply {
    Reply::error(400, "bad_data", "parse error")
}

fn features(anchored: bool) -> Reply {
    Reply::data(&json!({ "promql": { "anchored": anchored, "smoothed": anchored } }))
}

/// A Prometheus without the modifier.
fn plain() -> Kind {
    Kind {
        features: features(false),
        anchored: refused(),
        edge: number("0"),
        birth: number("0"),
        samples: Reply::matrix(&[]),
    }
}

async fn start(kind: Kind) -> FakeStore {
    FakeStore::start(move |asked: &Received| match asked.query() {
        "" => kind.features.clone(),
        query if query.contains("anchored") => kind.anchored.clone(),
        query if query.contains("bool") => kind.edge.clone(),
        query if query.contains(" and on() ") => kind.birth.clone(),
        query if query.ends_with(']') => kind.samples.clone(),
        query => panic!("{query}"),
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn every_kind_of_store_is_told() {
    let no_page = Reply::text(400, "text/plain", "unsupported path requested");
    let cases = [
        (Kind { features: features(true), ..plain() }, IncreaseForm::Anchored, "features says", 1),
        (
            Kind { features: no_page.clone(), anchored: Reply::vector(1, &[]), ..plain() },
            IncreaseForm::Anchored,
            "accepted",
            2,
        ),
        (
            Kind { features: no_page.clone(), edge: number("1"), birth: number("7"), ..plain() },
            IncreaseForm::Native,
            "edge is 1, of a counter born at 7 in it is 7",
            4,
        ),
        (plain(), IncreaseForm::Raw, "up[300s] gives samples", 5),
        // Exact at the edges, but births are lost: what its increase says may not be taken as it is.
        (Kind { edge: number("1"), ..plain() }, IncreaseForm::Raw, "gives samples", 5),
        (Kind { edge: refused(), birth: refused(), ..plain() }, IncreaseForm::Raw, "edge is nothing", 5),
        (Kind { samples: number("1"), ..plain() }, IncreaseForm::Extrapolated, "up[300s] is refused", 5),
        (Kind { samples: refused(), ..plain() }, IncreaseForm::Extrapolated, "up[300s] is refused", 5),
    ];
    for (kind, form, evidence, requests) in cases {
        let store = start(kind).await;
        let found = probe(&client(&store), NOW).await.unwrap();
        assert_eq!(found.form, form, "{}", found.evidence);
        assert!(found.evidence.contains(evidence), "{}", found.evidence);
        assert_eq!(found.probed_at.0, NOW);
        assert_eq!(store.take_received().len(), requests, "{}", found.evidence);
    }
}

#[tokio::test]
async fn a_store_that_fails_decides_nothing() {
    type Spoil = fn(&mut Kind, Reply);
    let questions: [Spoil; 5] = [
        |kind, reply| kind.features = reply,
        |kind, reply| kind.anchored = reply,
        |kind, reply| kind.edge = reply,
        |kind, reply| kind.birth = reply,
        |kind, reply| kind.samples = reply,
    ];
    let failures = [
        (Reply::error(500, "internal", "x").header("retry-after", "60"), FailureKind::StoreFailed),
        (Reply::error(503, "timeout", "x"), FailureKind::TimedOut),
        (Reply::text(401, "text/plain", "x"), FailureKind::Refused),
        (Reply::text(403, "text/plain", "x"), FailureKind::Refused),
    ];
    for spoil in questions {
        for (reply, failure) in &failures {
            let mut kind = plain();
            spoil(&mut kind, reply.clone());
            let error: StoreError = probe(&client(&start(kind).await), NOW).await.unwrap_err();
            assert_eq!(error.kind(), *failure);
        }
    }
}
