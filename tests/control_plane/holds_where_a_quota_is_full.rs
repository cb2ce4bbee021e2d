//! A quota leaves no room for one more pod: nothing is asked for in vain, the agreement names the quota, and the raise comes
//! when there is room again.

use anyhow::Result;
use guarantor::api::enforcement_status::Verb;
use guarantor_testbed::plant::load::Load;
use guarantor_testbed::shop::STOREFRONT;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Pod, ResourceQuota};
use kube::api::{Api, ListParams};

use crate::stage::{PATIENCE, Stage, effective_and_first_raise, latency_agreement};
use guarantor_testbed::wait::{Progress, wait_until};

const NAMESPACE: &str = "quota-is-full";

#[tokio::test(flavor = "multi_thread")]
async fn holds_where_a_quota_is_full() -> Result<()> {
    let stage = Stage::open(NAMESPACE).await?;
    stage.apply(&latency_agreement(NAMESPACE, "Enforce")).await?;
    stage.until_calm("storefront").await?;
    let client = stage.cluster.client()?;
    let pods: Api<Pod> = Api::namespaced(client.clone(), NAMESPACE);
    let count = pods.list(&ListParams::default()).await?.items.len();
    let hard = format!("--hard=pods={count}");
    stage.cluster.kubectl(&["create", "quota", "team", &hard, "-n", NAMESPACE]).await?.ok()?;
    let quotas: Api<ResourceQuota> = Api::namespaced(client.clone(), NAMESPACE);
    wait_until("the quota to be counted", PATIENCE, async || {
        let used = quotas.get("team").await?.status.and_then(|status| status.used).unwrap_or_default();
        let all = used.get("pods").is_some_and(|used| used.0 == count.to_string());
        Ok(if all { Progress::Done(()) } else { Progress::Pending(format!("{used:?}")) })
    })
    .await?;

    stage.shop.storefront.set_load(Load::Constant(70.0))?;
    let held = stage
        .until("storefront", "a hold", |s| {
            let condition = s.conditions.iter().find(|c| c.type_ == "CapacityInsufficient" && c.status == "True")?;
            (condition.reason == "QuotaExceeded").then(|| (condition.message.clone(), s.actions.clone()))
        })
        .await?;
    let (message, actions) = held;
    assert!(message.contains(&format!("ResourceQuota team (pods: {count} of {count} used)")), "{message}");
    assert!(actions.iter().all(|action| action.verb != Verb::RaiseFloor), "{actions:?}");
    let deployments: Api<Deployment> = Api::namespaced(client, NAMESPACE);
    assert_eq!(deployments.get(STOREFRONT).await?.spec.replicas, Some(3));

    let more = format!(r#"{{"spec": {{"hard": {{"pods": "{}"}}}}}}"#, count + 20);
    stage.cluster.kubectl(&["patch", "quota", "team", "-n", NAMESPACE, "--type=merge", "-p", &more]).await?.ok()?;
    let (raise, _) = stage.until("storefront", "an effective raise", effective_and_first_raise).await?;
    assert_eq!(raise.target.name, STOREFRONT);
    Ok(())
}
