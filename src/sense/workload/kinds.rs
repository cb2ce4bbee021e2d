//! Which resource a kind is served as: asked of the API server once, then remembered.
//!
//! Takes `apiVersion` and `kind`, gives the resource if it is namespaced and has a scale subresource. Only what was found
//! is remembered, so that a kind installed later is seen. An entry is dropped by [`Kinds::forget`] when its resource
//! answers 404, as a definition can be deleted and come back under another plural.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kube::Client;
use kube::core::gvk::{GroupVersion, GroupVersionKind};
use kube::discovery::{self, ApiResource, Scope};

use crate::api::agreement::WorkloadRef;

use super::call::bounded;
use super::problem::WorkloadProblem;

/// The scalable kinds found so far. Cloning is cheap; all clones share what was found.
#[derive(Clone, Debug, Default)]
pub struct Kinds {
    found: Arc<Mutex<HashMap<(String, String), ApiResource>>>,
}

impl Kinds {
    /// The resource of a workload's kind.
    pub(super) async fn resolve(
        &self,
        client: &Client,
        limit: Duration,
        workload: &WorkloadRef,
    ) -> Result<ApiResource, WorkloadProblem> {
        let key = (workload.api_version.clone(), workload.kind.clone());
        let known = self.found.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let resource = discover(client, limit, workload).await?;
        self.found.lock().unwrap_or_else(PoisonError::into_inner).insert(key, resource.clone());
        Ok(resource)
    }

    /// Forgets a kind, so that it is asked for anew.
    pub(super) fn forget(&self, workload: &WorkloadRef) {
        let key = (workload.api_version.clone(), workload.kind.clone());
        self.found.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
    }
}

async fn discover(client: &Client, limit: Duration, workload: &WorkloadRef) -> Result<ApiResource, WorkloadProblem> {
    let (api_version, kind) = (workload.api_version.clone(), workload.kind.clone());
    // The parser takes every further slash for part of the version.
    let parsed = api_version.parse().ok().filter(|version: &GroupVersion| !version.version.contains('/'));
    let Some(version) = parsed else { return Err(WorkloadProblem::InvalidApiVersion { api_version }) };
    let wanted = GroupVersionKind::gvk(&version.group, &version.version, &kind);
    let asked = async {
        match discovery::pinned_kind(client, &wanted).await {
            // The only discovery error here: the group is served, the kind is not in it.
            Err(kube::Error::Discovery(_)) => Ok(None),
            other => other.map(Some),
        }
    };
    match bounded(limit, &format!("the kinds of {api_version}"), asked).await {
        Ok(Some((resource, capabilities))) => {
            let scalable = capabilities.subresources.iter().any(|(subresource, _)| subresource.plural == "scale");
            if scalable && capabilities.scope == Scope::Namespaced {
                Ok(resource)
            } else {
                Err(WorkloadProblem::NoScale { api_version, kind })
            }
        }
        Ok(None) | Err(WorkloadProblem::NotFound { .. }) => Err(WorkloadProblem::UnknownKind { api_version, kind }),
        Err(other) => Err(other),
    }
}
