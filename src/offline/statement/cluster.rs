//! Reads a statement and what it was made from out of the cluster of the current kubeconfig context.

use std::future::Future;
use std::time::Duration;

use kube::api::{Api, ApiResource, DynamicObject};
use kube::{Client, Resource};

use super::paper::{Paper, PaperError};
use crate::api::{ServiceLevelAgreement, ServiceLevelLedger, ServiceLevelStatement};
use crate::runtime::client::{self, Clients, ConnectError};

/// How long one read may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why the cluster gives nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum ClusterError {
    /// No cluster.
    #[error("{0}; or give files with -f, which needs no cluster")]
    Connect(#[from] ConnectError),
    /// The name is none.
    #[error(
        "{0:?} is no name of a statement; write NAMESPACE/NAME, or NAME for the namespace of the kubeconfig context"
    )]
    Name(String),
    /// It does not exist.
    #[error("there is no {what}; {hint}")]
    Missing {
        /// What was looked for.
        what: String,
        /// What to do.
        hint: String,
    },
    /// The API server refused, or failed.
    #[error("reading {what} failed: {error}")]
    Read {
        /// What was read.
        what: String,
        /// The answer.
        error: Box<kube::Error>,
    },
    /// It did not answer.
    #[error("reading {0} was not answered within {limit} s", limit = PATIENCE.as_secs())]
    TimedOut(String),
    /// It gave something else.
    #[error(transparent)]
    Paper(#[from] PaperError),
    /// The process.
    #[error("{0}")]
    Process(String),
}

/// A cluster that is only read.
pub(super) struct Cluster {
    client: Client,
    namespace: String,
}

/// What can be read of a statement.
pub(super) struct Found {
    /// The statement.
    pub statement: Paper,
    /// The cluster, to read more.
    pub cluster: Cluster,
}

/// Runs what needs a cluster.
pub(super) fn wait<T>(work: impl Future<Output = Result<T, ClusterError>>) -> Result<T, ClusterError> {
    // Two libraries bring TLS; neither may guess whose cryptography is meant. Installed already: just as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| ClusterError::Process(error.to_string()))?.block_on(work)
}

/// Finds a statement by `NAMESPACE/NAME`, or by `NAME` in the namespace of the kubeconfig context.
pub(super) async fn statement(name: &str) -> Result<Found, ClusterError> {
    let Clients { reading, namespace: own, .. } = client::connect().await?;
    let (namespace, name) = name.split_once('/').unwrap_or((&own, name));
    if namespace.is_empty() || name.is_empty() || name.contains('/') {
        return Err(ClusterError::Name(format!("{namespace}/{name}")));
    }
    let cluster = Cluster { client: reading, namespace: namespace.to_owned() };
    let hint = format!("`kubectl get sls -n {namespace}` lists those there are");
    let statement = cluster.get::<ServiceLevelStatement>("statement", name).await?;
    let what = || format!("statement {namespace}/{name}");
    let statement = statement.ok_or_else(|| ClusterError::Missing { what: what(), hint })?;
    Ok(Found { statement, cluster })
}

impl Cluster {
    /// The ledger a statement names.
    pub(super) async fn ledger(&self, name: &str) -> Result<Paper, ClusterError> {
        let found = self.get::<ServiceLevelLedger>("ledger", name).await?;
        found.ok_or_else(|| ClusterError::Missing {
            what: format!("ledger {}/{name}, which the statement names", self.namespace),
            hint: "without it nothing can be computed; if somebody saved a copy, give it with --ledger".to_owned(),
        })
    }

    /// The agreement of this name and uid; `None`: it is gone, or was made anew.
    pub(super) async fn agreement(&self, name: &str, uid: &str) -> Result<Option<Paper>, ClusterError> {
        let found = self.get::<ServiceLevelAgreement>("agreement", name).await?;
        Ok(found.filter(|paper| paper.meta.uid.as_deref() == Some(uid)))
    }

    async fn get<K: Resource<DynamicType = ()>>(&self, what: &str, name: &str) -> Result<Option<Paper>, ClusterError> {
        let what = format!("{what} {}/{name}", self.namespace);
        let resource = ApiResource::erase::<K>(&());
        let api: Api<DynamicObject> = Api::namespaced_with(self.client.clone(), &self.namespace, &resource);
        let found = match tokio::time::timeout(PATIENCE, api.get_opt(name)).await {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => return Err(ClusterError::Read { what, error: Box::new(error) }),
            Err(_) => return Err(ClusterError::TimedOut(what)),
        };
        let Some(object) = found else { return Ok(None) };
        let value = serde_json::to_value(object).map_err(|error| ClusterError::Process(error.to_string()))?;
        Ok(Some(Paper::of::<K>(what, value)?))
    }
}
