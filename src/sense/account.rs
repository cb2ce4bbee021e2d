//! Reads Guarantor's own records back: an agreement as the server has it now, and a stored ledger.
//!
//! Quorum reads, never the watch cache: after a restart the cache may be older than this operator's own last write.

use std::time::Duration;

use kube::api::{Api, ListParams};
use kube::{Client, Resource};
use serde::de::DeserializeOwned;

use crate::api::{ServiceLevelAgreement, ServiceLevelLedger, ServiceLevelStatement};

/// What this module needs of the API server: group, resource, verbs. A test compares it with the chart.
///
/// Agreements, exclusions, claims and sources are also listed and watched, by the controller.
pub const RBAC: &[(&str, &str, &[&str])] = &[
    ("guarantor.dev", "servicelevelagreements", &["get", "list", "watch"]),
    ("guarantor.dev", "metricssources", &["list", "watch"]),
    ("guarantor.dev", "servicelevelexclusions", &["list", "watch"]),
    ("guarantor.dev", "servicelevelclaims", &["list", "watch"]),
    ("guarantor.dev", "servicelevelledgers", &["get"]),
    ("guarantor.dev", "servicelevelstatements", &["get", "list"]),
];

/// Statements asked for at once: of a busy month one has about 50 kB.
const PAGE: u32 = 50;
/// Pages that are read at the most. A contract of ten years of months with every revision fits.
const MOST_PAGES: usize = 40;

/// How long one read may take.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// Why a record could not be read. That it does not exist is no error.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The API server answered with an error.
    #[error("reading {what} failed: {source}")]
    Api {
        /// What was read.
        what: String,
        /// The answer.
        source: Box<kube::Error>,
    },
    /// No answer in time.
    #[error("reading {0} was not answered within 10 s")]
    TimedOut(String),
    /// More than anybody reads.
    #[error("{0}: there are more than can be read; make a new agreement")]
    TooMany(String),
}

async fn get<K>(client: &Client, namespace: &str, name: &str, kind: &str) -> Result<Option<K>, ReadError>
where
    K: Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>
        + Clone
        + DeserializeOwned
        + std::fmt::Debug,
{
    let what = format!("{kind} {namespace}/{name}");
    let api: Api<K> = Api::namespaced(client.clone(), namespace);
    match tokio::time::timeout(READ_TIMEOUT, api.get_opt(name)).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(source)) => Err(ReadError::Api { what, source: Box::new(source) }),
        Err(_) => Err(ReadError::TimedOut(what)),
    }
}

/// The agreement as the server has it now.
///
/// # Errors
/// When the API server refuses or does not answer.
pub async fn agreement(
    client: &Client,
    namespace: &str,
    name: &str,
) -> Result<Option<ServiceLevelAgreement>, ReadError> {
    get(client, namespace, name, "the agreement").await
}

/// A stored ledger.
///
/// # Errors
/// When the API server refuses or does not answer.
pub async fn ledger(client: &Client, namespace: &str, name: &str) -> Result<Option<ServiceLevelLedger>, ReadError> {
    get(client, namespace, name, "the ledger").await
}

/// An issued statement.
///
/// # Errors
/// When the API server refuses or does not answer.
pub async fn statement(
    client: &Client,
    namespace: &str,
    name: &str,
) -> Result<Option<ServiceLevelStatement>, ReadError> {
    get(client, namespace, name, "the statement").await
}

/// All statements that were issued for the agreement with this uid.
///
/// # Errors
/// When the API server refuses or does not answer, or there are too many.
pub async fn statements(client: &Client, namespace: &str, uid: &str) -> Result<Vec<ServiceLevelStatement>, ReadError> {
    let what = || format!("the statements of the agreement {uid} in {namespace}");
    let api: Api<ServiceLevelStatement> = Api::namespaced(client.clone(), namespace);
    let mut page = ListParams::default().fields(&format!("spec.agreement.uid={uid}")).limit(PAGE);
    let mut found = Vec::new();
    for _ in 0..MOST_PAGES {
        let listed = match tokio::time::timeout(READ_TIMEOUT, api.list(&page)).await {
            Ok(Ok(listed)) => listed,
            Ok(Err(source)) => return Err(ReadError::Api { what: what(), source: Box::new(source) }),
            Err(_) => return Err(ReadError::TimedOut(what())),
        };
        found.extend(listed.items);
        match listed.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => page = page.continue_token(&token),
            None => return Ok(found),
        }
    }
    Err(ReadError::TooMany(what()))
}
