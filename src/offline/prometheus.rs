//! `--prometheus`: how a command reaches a metrics store.
//!
//! With the rights of whoever runs it: secrets are in the cluster, so that there are none here. What a `MetricsSource` says
//! beside them (headers, limits) holds as in the cluster.

use tokio::runtime::{Builder, Runtime};

use super::trouble::Trouble;
use crate::api::metrics_source::{Limits, MetricsSourceSpec, default_pod_label};
use crate::api::{MetricsSource, Span};

/// How long one request may take: nobody waits for the next slot here.
const PATIENCE: &str = "60s";

/// What the requests of a command run on.
///
/// # Errors
/// The system grants none.
pub(super) fn runtime() -> Result<Runtime, Trouble> {
    // Another command of this process may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Builder::new_current_thread().enable_all().build().map_err(|e| Trouble::Unreadable(e.to_string()))
}

/// The store at an address; `source`: the `MetricsSource` that names it, if it was given.
pub(super) fn spec(url: &str, source: Option<&MetricsSource>) -> MetricsSourceSpec {
    MetricsSourceSpec {
        url: url.to_owned(),
        timeout: Span::from(PATIENCE),
        tls: None,
        auth: None,
        allow_plain_text_credentials: None,
        headers: source.map(|source| source.spec.headers.clone()).unwrap_or_default(),
        pod_label: source.map_or_else(default_pod_label, |source| source.spec.pod_label.clone()),
        limits: source.map_or_else(Limits::default, |source| source.spec.limits.clone()),
        tenants: Vec::new(),
    }
}

/// The store cannot be read.
pub(super) fn unreadable(url: &str, why: &dyn std::fmt::Display) -> Trouble {
    Trouble::Unreadable(format!("--prometheus {url}: {why}"))
}
