//! Against a store that answers by script.

mod answers;
mod credentials;
mod probe;
mod requests;
mod tls;

use guarantor_testbed::fake_store::FakeStore;

use super::{Credentials, StoreClient};
use crate::api::metrics_source::{Limits, MetricsSourceSpec};

/// A timeout that no slow machine reaches, and shorter than the pause that a store asks for where a second try would spoil
/// the count.
const PATIENT: &str = "50s";

/// A source that answers within this time.
pub(in crate::sense) fn source(url: &str, timeout: &str) -> MetricsSourceSpec {
    MetricsSourceSpec {
        url: url.to_owned(),
        timeout: timeout.into(),
        tls: None,
        auth: None,
        allow_plain_text_credentials: None,
        headers: Vec::new(),
        pod_label: "pod".to_owned(),
        limits: Limits { concurrency: 4, requests_per_second: 1000 },
        tenants: Vec::new(),
    }
}

/// A client of a fake store.
pub(in crate::sense) fn client(store: &FakeStore) -> StoreClient {
    client_of(&source(&store.url(), PATIENT), &Credentials::default())
}

fn client_of(spec: &MetricsSourceSpec, credentials: &Credentials) -> StoreClient {
    install_tls();
    StoreClient::new(spec, credentials).unwrap()
}

/// As `main` does it.
fn install_tls() {
    // Another test may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
