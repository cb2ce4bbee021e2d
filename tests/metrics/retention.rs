//! How long a real store keeps samples, by its own word.

use guarantor::sense::store::retention;
use k8s_openapi::jiff::Timestamp;

use crate::history;
use crate::stores;

#[tokio::test]
async fn a_prometheus_says_what_it_was_told_and_victoria_metrics_says_nothing() {
    let mut all = stores::all(&history::all(stores::start())).await;
    let other = all.remove(2);
    for store in all {
        let found = retention(&store.client, Timestamp::now()).await.unwrap();
        assert_eq!(found.keeps.map(|span| span.0).as_deref(), Some("400d"), "{}", found.evidence);
        assert!(found.evidence.ends_with("says storageRetention 400d"), "{}", found.evidence);
    }
    let found = retention(&other.client, Timestamp::now()).await.unwrap();
    assert_eq!(found.keeps, None, "{}", found.evidence);
    assert!(found.evidence.contains("/api/v1/status/runtimeinfo"), "{}", found.evidence);
}
