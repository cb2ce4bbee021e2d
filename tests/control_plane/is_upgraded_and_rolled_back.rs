//! Helm installs, changes, rolls back and removes a second release beside the first, and leaves nothing behind.

use anyhow::{Context, Result};
use guarantor_testbed::wait::{Progress, wait_until};

use crate::stage::{PATIENCE, chart, cluster};

const NAMESPACE: &str = "second-release";

async fn kubectl(arguments: &[&str]) -> Result<String> {
    cluster().await?.kubectl(arguments).await?.ok()
}

/// What the operator of the release may do at most, as its Deployment says.
async fn enforcement() -> Result<String> {
    let arguments = "jsonpath={.spec.replicas} {.spec.template.spec.containers[0].args}";
    let found = kubectl(&["get", "deployment", "second-guarantor", "-n", NAMESPACE, "-o", arguments]).await?;
    let mode = found.split("--enforcement=").nth(1).and_then(|rest| rest.split('"').next());
    Ok(mode.with_context(|| format!("no --enforcement in {found}"))?.to_owned())
}

/// Everything of the release that the cluster has, in every namespace.
async fn left_over() -> Result<String> {
    let kinds = "deployment,service,serviceaccount,pdb,role,rolebinding,clusterrole,clusterrolebinding,\
                 validatingadmissionpolicy,validatingadmissionpolicybinding";
    kubectl(&["get", kinds, "-A", "-l", "app.kubernetes.io/instance=second", "-o", "name"]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn is_upgraded_and_rolled_back() -> Result<()> {
    let cluster = cluster().await?;
    let chart = chart();
    let chart = chart.to_str().context("the chart's path is not UTF-8")?;
    cluster.create_namespace(NAMESPACE).await?;
    // The pods have to pass the strictest of Kubernetes' own standards.
    kubectl(&["label", "namespace", NAMESPACE, "pod-security.kubernetes.io/enforce=restricted"]).await?;
    let helm = async |arguments: &[&str]| {
        let all = [arguments, &["--namespace", NAMESPACE]].concat();
        cluster.helm(&all).await?.ok()
    };
    // Its policies hold where it works, and leave the other release's namespaces alone.
    let watched = format!("watchNamespace={NAMESPACE}");
    // On simulated nodes: a real one would look for an image nobody published.
    let place = [
        "--set-json=nodeSelector={\"guarantor.dev/simulated\":\"true\"}",
        "--set-json=tolerations=[{\"key\":\"guarantor.dev/testbed\",\"operator\":\"Exists\"}]",
    ];
    helm(&[&["install", "second", chart, "--set", "crds.install=false", "--set", &watched], &place[..]].concat())
        .await?;
    assert_eq!(enforcement().await?, "Enforce");
    wait_until("two pods admitted", PATIENCE, async || {
        let pods = kubectl(&["get", "pods", "-n", NAMESPACE, "-o", "name"]).await?;
        Ok(if pods.lines().count() == 2 { Progress::Done(()) } else { Progress::Pending(pods) })
    })
    .await?;
    let secret = "metricsSources.secretNames={metrics-token}";
    helm(&["upgrade", "second", chart, "--reuse-values", "--set", "enforcement=Recommend", "--set", secret]).await?;
    assert_eq!(enforcement().await?, "Recommend");
    let account = format!("--as=system:serviceaccount:{NAMESPACE}:second-guarantor");
    let can_read = async |secret: &str| {
        let answer = cluster.kubectl(&["auth", "can-i", "get", secret, "-n", NAMESPACE, &account]).await?;
        anyhow::Ok(answer.stdout.trim() == "yes")
    };
    // A changed role is in force a little after it was written.
    let until_readable = async |expected: bool| {
        wait_until("the right to come or to go", PATIENCE, async || {
            let readable = can_read("secrets/metrics-token").await?;
            Ok(if readable == expected {
                Progress::Done(())
            } else {
                Progress::pending(format!("readable: {readable}"))
            })
        })
        .await
    };
    until_readable(true).await?;
    assert!(!can_read("secrets/another").await?, "only the Secrets that are named");
    let refused = cluster
        .helm(&["upgrade", "second", chart, "--namespace", NAMESPACE, "--reuse-values", "--set", "enforcement=Always"])
        .await?;
    assert!(!refused.status.success() && refused.stderr.contains("/enforcement"), "{}", refused.stderr);
    assert_eq!(enforcement().await?, "Recommend", "a refused upgrade changes nothing");
    helm(&["rollback", "second", "1"]).await?;
    assert_eq!(enforcement().await?, "Enforce");
    until_readable(false).await.context("the right goes with the value")?;
    assert_ne!(left_over().await?, "");
    helm(&["uninstall", "second", "--wait"]).await?;
    wait_until("nothing to be left over", PATIENCE, async || {
        let left = left_over().await?;
        Ok(if left.is_empty() { Progress::Done(()) } else { Progress::Pending(left) })
    })
    .await?;
    kubectl(&["get", "crd", "servicelevelagreements.guarantor.dev"]).await?;
    kubectl(&["get", "serviceaccount", "guarantor", "-n", crate::stage::SYSTEM]).await.map(drop)
}
