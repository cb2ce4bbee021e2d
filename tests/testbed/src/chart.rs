//! The chart, installed as a platform team would.

use std::path::Path;

use anyhow::{Context, Result};

use crate::control_plane::ControlPlane;

/// The namespace of the operator.
pub const SYSTEM: &str = "guarantor-system";
/// The name of the operator's account.
pub const ACCOUNT: &str = "guarantor";

/// The values that grant the rights of every verb.
pub const EVERY_VERB: &str =
    "rbac.rollback=true,rbac.reschedule=true,rbac.avoidNode=true,rbac.shed=true,rbac.resize=true";

/// Installs the chart in the folder `chart` with `values` (as `helm --set` takes them) besides, and no replica of the operator:
/// simulated nodes run nothing. The operator runs beside the cluster, under the account the chart made for it.
///
/// # Errors
/// When Helm refuses it.
pub async fn install(cluster: &ControlPlane, chart: &Path, values: &str) -> Result<()> {
    let chart = chart.to_str().context("the chart's path is not UTF-8")?;
    cluster.create_namespace(SYSTEM).await?;
    let values = format!("replicas=0,{values}");
    cluster.helm(&["install", ACCOUNT, chart, "--namespace", SYSTEM, "--set", &values]).await?.ok().map(drop)
}
