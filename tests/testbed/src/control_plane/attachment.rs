//! A cluster that exists: claimed for one run at a time, and left as it was found.
//!
//! Everything made in it carries [`LABEL`], and a shell that outlives this process removes it by that label, however
//! this process ends. Before anything is made the cluster is looked at: where Guarantor is installed already, its
//! definitions, agreements and rights are somebody's, and nothing is touched.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::api::rbac::v1::ClusterRole;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, ListParams, PostParams};
use kube::config::Kubeconfig;
use kube::{Client, ResourceExt as _};

use super::choice::VARIABLE;
use super::kubeconfig;
use crate::wait::{Progress, wait_until};
use crate::watchdog::Watchdog;

/// What carries this label was made by the testbed.
pub(super) const LABEL: &str = "guarantor.dev/testbed";
/// The label's value in a cluster that is the testbed's as a whole.
pub(super) const OWN: &str = "own";
/// The label's value in a cluster that is not, on everything but the claim.
pub(super) const PART: &str = "part";
/// The namespace whose existence says that a run works on the cluster. It is removed last.
const CLAIM: &str = "guarantor-testbed";
/// The namespace Guarantor is installed in.
const SYSTEM: &str = "guarantor-system";

const CLEANUP: &str = include_str!("../../cleanup.sh");

/// A claimed cluster. When it is dropped, and when this process ends, what was made in the cluster is removed.
pub(super) struct Attachment {
    cleanup: Watchdog,
}

impl Attachment {
    /// Claims the cluster that `client` and `kubeconfig` reach, waiting so long for another run to clean up.
    ///
    /// # Errors
    /// When the cluster cannot be reached, has Guarantor installed, or is claimed.
    pub(super) async fn claim(
        client: &Client,
        kubeconfig: &Kubeconfig,
        kubectl: &Path,
        patience: Duration,
    ) -> Result<Self> {
        let namespaces: Api<Namespace> = Api::all(client.clone());
        let claimed = wait_until("the cluster to be free", patience, async || {
            if namespaces.get_opt(CLAIM).await?.is_some() {
                return Ok(Progress::pending(format!("there is a namespace {CLAIM}: another run works on it")));
            }
            if let Some(installed) = installed(client).await? {
                bail!(
                    "Guarantor is installed in this cluster already ({installed}), and tests would work on its \
                     agreements; name a cluster without it in {VARIABLE}, or remove it first"
                );
            }
            Ok(match namespaces.create(&PostParams::default(), &namespace(CLAIM, "claim")).await {
                Ok(_) => Progress::Done(()),
                Err(kube::Error::Api(status)) if status.code == 409 => Progress::pending(status.message),
                Err(error) => return Err(error.into()),
            })
        });
        claimed.await.with_context(|| {
            format!(
                "cannot use the cluster {VARIABLE} names. Should a run have been cut off before it could clean up, \
                 remove what is left with `kubectl delete namespace,node -l {LABEL}`"
            )
        })?;
        Self::guard(kubeconfig, kubectl)
    }

    /// Sees to the end of the claim.
    fn guard(kubeconfig: &Kubeconfig, kubectl: &Path) -> Result<Self> {
        // Not in the control plane's folder, which is gone by the time this is needed.
        let folder: PathBuf = tempfile::Builder::new().prefix("guarantor-cleanup-").tempdir()?.keep();
        kubeconfig::save(&folder.join("kubeconfig"), kubeconfig)?;
        let paths = [kubectl, &folder].map(Path::to_str);
        let [Some(kubectl), Some(folder)] = paths else { bail!("the path of kubectl or of a folder is not UTF-8") };
        Ok(Self { cleanup: Watchdog::running(CLEANUP, &[kubectl, folder, LABEL, PART, CLAIM])? })
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        eprintln!("testbed: removing what was made in the cluster");
        if !self.cleanup.fire() {
            eprintln!(
                "testbed: not everything could be removed from the cluster {VARIABLE} names; look with \
                 `kubectl get namespace,node -l {LABEL}`"
            );
        }
    }
}

/// A namespace of the testbed's.
pub(super) fn namespace(name: &str, value: &str) -> Namespace {
    let mut namespace = Namespace::default();
    namespace.metadata.name = Some(name.to_owned());
    namespace.labels_mut().insert(LABEL.to_owned(), value.to_owned());
    namespace
}

/// What of Guarantor is in the cluster, if anything is.
async fn installed(client: &Client) -> Result<Option<String>> {
    let definitions =
        Api::<CustomResourceDefinition>::all(client.clone()).list_metadata(&ListParams::default()).await?;
    if let Some(found) = definitions.iter().find(|definition| definition.name_any().ends_with(".guarantor.dev")) {
        return Ok(Some(format!("CustomResourceDefinition {}", found.name_any())));
    }
    if Api::<Namespace>::all(client.clone()).get_opt(SYSTEM).await?.is_some() {
        return Ok(Some(format!("Namespace {SYSTEM}")));
    }
    let ours = ListParams::default().labels("app.kubernetes.io/name=guarantor");
    let roles = Api::<ClusterRole>::all(client.clone()).list_metadata(&ours).await?;
    Ok(roles.iter().next().map(|role| format!("ClusterRole {}", role.name_any())))
}
