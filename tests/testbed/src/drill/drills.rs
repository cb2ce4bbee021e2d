//! Several drills side by side in one cluster, each under an operator of its own with the rights of the chart's account.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use futures::StreamExt;
use futures::stream;
use tokio::time::sleep;

use super::lane::operator_flags;
use super::{Fault, Run, run};
use crate::chart::{ACCOUNT, SYSTEM};
use crate::control_plane::ControlPlane;
use crate::operator::OperatorOptions;

/// One node in so many may be avoided at once, whosever pods are on it.
const ONE_IN: usize = 20;
/// The time between the starts of two that are played side by side: all at once they would slow each other down.
const STAGGER: Duration = Duration::from_secs(4);

/// A cluster in which drills can be played.
pub struct Drills<'a> {
    cluster: &'a ControlPlane,
    binary: PathBuf,
    kubeconfig: PathBuf,
    lanes: usize,
}

impl<'a> Drills<'a> {
    /// Prepares a cluster in which the chart is installed with every verb's rights, for the operator's `binary` and so many
    /// drills at once. A node may fall ill in each of them: nodes stand by, so that none waits for another.
    ///
    /// # Errors
    /// When the API server does not answer.
    pub async fn prepare(cluster: &'a ControlPlane, binary: PathBuf, lanes: usize) -> Result<Self> {
        let lanes = lanes.max(1);
        let kubeconfig = cluster.service_account_kubeconfig(SYSTEM, ACCOUNT).await?;
        cluster.add_idle_nodes("stands-by-for-drills", u16::try_from(lanes.saturating_mul(ONE_IN))?).await?;
        Ok(Self { cluster, binary, kubeconfig, lanes })
    }

    /// Plays these faults, each with a seed, in namespaces of their own names; `told` is called with the namespace when one has
    /// been played.
    pub async fn play(&self, drills: &[(Fault, u64)], told: impl Fn(&str, &Result<Run>)) -> Vec<Result<Run>> {
        let (Self { cluster, binary, kubeconfig, lanes }, told) = (self, &told);
        let played = stream::iter(drills.iter().enumerate()).map(|(number, (fault, seed))| async move {
            if number < *lanes {
                sleep(STAGGER.saturating_mul(u32::try_from(number).unwrap_or(0))).await;
            }
            let namespace = format!("{}-{seed}", fault.word());
            let options = OperatorOptions {
                binary: binary.clone(),
                kubeconfig: kubeconfig.clone(),
                watch_namespace: namespace.clone(),
                lease_namespace: SYSTEM.to_owned(),
                lease_name: format!("guarantor-{namespace}"),
                flags: operator_flags(),
            };
            let run = run(cluster, &namespace, &options, *fault, *seed).await;
            told(&namespace, &run);
            run
        });
        played.buffer_unordered(*lanes).collect().await
    }
}
