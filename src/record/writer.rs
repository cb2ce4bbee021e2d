//! The writes to Guarantor's own resources: status, finalizer, ledger, statement.
//!
//! Every write goes through a client that asks the leader's fence first, and is bounded in time. A timeout means
//! *unknown*: the caller reads the object again before it believes anything.

use std::time::Duration;

use k8s_openapi::serde::Serialize;
use kube::api::{Api, ObjectMeta, Patch, PatchParams, PostParams};
use kube::{Client, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::api::{FIELD_MANAGER, ServiceLevelAgreement, ServiceLevelLedger, ServiceLevelStatement};

/// What this module needs of the API server: group, resource, verbs. A test compares it with the chart.
pub const RBAC: &[(&str, &str, &[&str])] = &[
    ("guarantor.dev", "servicelevelagreements", &["get", "patch"]),
    ("guarantor.dev", "servicelevelagreements/status", &["patch"]),
    ("guarantor.dev", "metricssources/status", &["patch"]),
    ("guarantor.dev", "servicelevelexclusions/status", &["patch"]),
    ("guarantor.dev", "servicelevelclaims/status", &["patch"]),
    ("guarantor.dev", "servicelevelledgers", &["create", "update"]),
    ("guarantor.dev", "servicelevelstatements", &["create"]),
    ("events.k8s.io", "events", &["create", "patch"]),
];

/// How long one write may take before its outcome counts as unknown.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// How the API server says that a namespace is being deleted.
const NAMESPACE_TERMINATING: &str = "NamespaceTerminating";

/// How often the finalizer is tried again on a fresh reading.
const FINALIZER_ATTEMPTS: usize = 3;

/// Why a write did not happen, or may not have.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The API server answered with an error.
    #[error("writing {what} failed: {source}")]
    Api {
        /// What was written.
        what: String,
        /// The answer.
        source: Box<kube::Error>,
    },
    /// No answer in time.
    #[error("writing {0} was not answered within 10 s; it may have happened")]
    TimedOut(String),
}

impl WriteError {
    /// Whether the object may be another than the writer believes: it was written by somebody else, or by this write,
    /// whose answer was lost. Read it again before writing it again.
    #[must_use]
    pub fn leaves_doubt(&self) -> bool {
        match self {
            Self::TimedOut(_) => true,
            Self::Api { source, .. } => match &**source {
                kube::Error::Api(status) => status.code == 409 || status.code >= 500,
                _ => true,
            },
        }
    }

    fn is_conflict(&self) -> bool {
        matches!(self, Self::Api { source, .. } if matches!(&**source, kube::Error::Api(s) if s.is_conflict()))
    }

    /// Whether its namespace is being deleted and takes nothing new.
    #[must_use]
    pub fn is_of_a_terminating_namespace(&self) -> bool {
        let Self::Api { source, .. } = self else { return false };
        let kube::Error::Api(status) = &**source else { return false };
        let causes = status.details.iter().flat_map(|details| &details.causes);
        status.code == 403 && causes.into_iter().any(|cause| cause.reason == NAMESPACE_TERMINATING)
    }

    /// Whether the object is gone.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Api { source, .. } if matches!(&**source, kube::Error::Api(s) if s.is_not_found()))
    }
}

async fn bounded<T>(what: &str, write: impl Future<Output = kube::Result<T>>) -> Result<T, WriteError> {
    match tokio::time::timeout(WRITE_TIMEOUT, write).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(source)) => Err(WriteError::Api { what: what.to_owned(), source: Box::new(source) }),
        Err(_) => Err(WriteError::TimedOut(what.to_owned())),
    }
}

/// Replaces the status of `object` as a whole.
///
/// A JSON patch, because a merge patch cannot take away what is no longer said, and a PUT would fail whenever the
/// user changes the spec meanwhile. There is one writer: the leader.
///
/// # Errors
/// When the API server refuses or does not answer.
pub async fn replace_status<K, S>(api: &Api<K>, object: &K, status: &S) -> Result<(), WriteError>
where
    K: Resource + Clone + DeserializeOwned + std::fmt::Debug,
    S: Serialize,
{
    let name = object.name_any();
    let what = format!("the status of {name}");
    let uid = object.meta().uid.clone().unwrap_or_default();
    // The uid test keeps the status off an object made anew under the same name.
    let patch: json_patch::Patch = serde_json::from_value(json!([
        { "op": "test", "path": "/metadata/uid", "value": uid },
        { "op": "add", "path": "/status", "value": status },
    ]))
    .map_err(|e| WriteError::Api { what: what.clone(), source: Box::new(kube::Error::SerdeError(e)) })?;
    let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
    bounded(&what, api.patch_status(&name, &params, &Patch::<()>::Json(patch))).await.map(drop)
}

/// Adds or removes one of Guarantor's finalizers. Others stay.
///
/// `agreement` may be older than what is stored, even than our own last write of its status: after a conflict the
/// finalizers are read anew.
///
/// # Errors
/// When the API server refuses or does not answer.
pub async fn set_finalizer(
    client: &Client,
    agreement: &ServiceLevelAgreement,
    ours: &str,
    present: bool,
) -> Result<(), WriteError> {
    let (namespace, name) = (agreement.namespace().unwrap_or_default(), agreement.name_any());
    let api: Api<ServiceLevelAgreement> = Api::namespaced(client.clone(), &namespace);
    let what = format!("the finalizer of {namespace}/{name}");
    let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
    let mut metadata = agreement.metadata.clone();
    let mut written = bounded(&what, api.patch_metadata(&name, &params, &finalizer(&metadata, ours, present))).await;
    for _ in 0..FINALIZER_ATTEMPTS {
        if !written.as_ref().is_err_and(WriteError::is_conflict) {
            break;
        }
        metadata = bounded(&what, api.get_metadata(&name)).await?.metadata;
        metadata.uid = agreement.uid();
        written = bounded(&what, api.patch_metadata(&name, &params, &finalizer(&metadata, ours, present))).await;
    }
    written.map(drop)
}

/// The patch that leaves every other finalizer, provided that nothing changed since `metadata` was read. The uid keeps
/// it off an object made anew under the same name.
fn finalizer(metadata: &ObjectMeta, ours: &str, present: bool) -> Patch<serde_json::Value> {
    let others = metadata.finalizers.iter().flatten().filter(|f| *f != ours).cloned();
    let finalizers: Vec<String> = others.chain(present.then(|| ours.to_owned())).collect();
    Patch::Merge(json!({
        "metadata": {
            "uid": metadata.uid, "resourceVersion": metadata.resource_version, "finalizers": finalizers,
        }
    }))
}

/// Creates the ledger, or replaces it when it has a resource version. Gives back what the server stored.
///
/// # Errors
/// When the API server refuses (a conflict when somebody else wrote it) or does not answer.
pub async fn store_ledger(client: &Client, ledger: &ServiceLevelLedger) -> Result<ServiceLevelLedger, WriteError> {
    let namespace = ledger.namespace().unwrap_or_default();
    let api: Api<ServiceLevelLedger> = Api::namespaced(client.clone(), &namespace);
    let what = format!("the ledger {namespace}/{}", ledger.name_any());
    let params = PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() };
    if ledger.resource_version().is_some() {
        bounded(&what, api.replace(&ledger.name_any(), &params, ledger)).await
    } else {
        bounded(&what, api.create(&params, ledger)).await
    }
}

/// Creates the statement unless it exists. Its name is derived from agreement, period and revision, so making it
/// twice makes one.
///
/// # Errors
/// When the API server refuses or does not answer.
pub async fn issue_statement(client: &Client, statement: &ServiceLevelStatement) -> Result<(), WriteError> {
    let namespace = statement.namespace().unwrap_or_default();
    let api: Api<ServiceLevelStatement> = Api::namespaced(client.clone(), &namespace);
    let what = format!("the statement {namespace}/{}", statement.name_any());
    let params = PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() };
    match bounded(&what, api.create(&params, statement)).await {
        Err(WriteError::Api { source, .. }) if matches!(&*source, kube::Error::Api(s) if s.is_already_exists()) => {
            Ok(())
        }
        other => other.map(drop),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn refused(code: u16, cause: &str) -> WriteError {
        let status = json!({
            "status": "Failure", "reason": "Forbidden", "code": code, "message": "it is forbidden",
            "details": {"name": "web", "causes": [{"reason": cause, "message": "", "field": "metadata.namespace"}]},
        });
        let source = Box::new(kube::Error::Api(serde_json::from_value(status).unwrap()));
        WriteError::Api { what: "the statement".to_owned(), source }
    }

    #[test]
    fn a_namespace_that_is_being_deleted_is_told_from_other_refusals() {
        assert!(refused(403, "NamespaceTerminating").is_of_a_terminating_namespace());
        assert!(!refused(403, "Quota").is_of_a_terminating_namespace());
        assert!(!refused(404, "NamespaceTerminating").is_of_a_terminating_namespace());
        assert!(!WriteError::TimedOut(String::new()).is_of_a_terminating_namespace());
    }
}
