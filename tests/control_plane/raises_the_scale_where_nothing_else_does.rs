//! Nothing scales the workload: its own `.scale` is raised, judged, and given back when the agreement goes.

use anyhow::Result;
use guarantor::api::enforcement_status::ActionPhase;
use guarantor::api::{BASELINE_ANNOTATION, FIELD_MANAGER};
use guarantor_testbed::plant::load::Load;
use guarantor_testbed::shop::STOREFRONT;
use k8s_openapi::api::apps::v1::Deployment;
use kube::ResourceExt;
use kube::api::Api;

use crate::stage::{Stage, effective_and_first_raise, latency_agreement};

const NAMESPACE: &str = "raises-scale";

#[tokio::test(flavor = "multi_thread")]
async fn raises_the_scale_where_nothing_else_does_and_gives_it_back() -> Result<()> {
    let stage = Stage::open(NAMESPACE).await?;
    stage.apply(&latency_agreement(NAMESPACE, "Enforce")).await?;
    stage.until_calm("storefront").await?;
    stage.shop.storefront.set_load(Load::Constant(70.0))?;
    let (raise, first) = stage.until("storefront", "an effective raise", effective_and_first_raise).await?;
    assert_eq!((raise.phase, first.from), (ActionPhase::Done, Some(3)));
    assert_eq!((raise.target.kind.as_str(), raise.target.name.as_str()), ("Deployment", STOREFRONT));

    let deployments: Api<Deployment> = Api::namespaced(stage.cluster.client()?, NAMESPACE);
    let raised = deployments.get(STOREFRONT).await?;
    assert!(raised.spec.replicas >= raise.to);
    let baseline = raised.annotations().get(BASELINE_ANNOTATION).map(String::as_str);
    assert_eq!(baseline, Some(r#"{"agreement":"storefront","replicas":3}"#));
    let owners: Vec<_> = raised.managed_fields().iter().filter_map(|e| e.manager.as_deref()).collect();
    assert!(!owners.contains(&FIELD_MANAGER), "the owner's next apply would be refused: {owners:?}");

    stage.delete("storefront").await?;
    let restored = deployments.get(STOREFRONT).await?;
    assert_eq!(restored.spec.replicas, Some(3));
    assert_eq!(restored.annotations().get(BASELINE_ANNOTATION), None);
    Ok(())
}
