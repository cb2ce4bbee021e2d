//! More replicas run than the autoscaler's floor asks for: the floor is put to those replicas first, so that nothing is
//! taken away while the objective burns, and is raised after that.

use anyhow::Result;
use guarantor::api::enforcement_status::{ActionPhase, Verb};
use guarantor_testbed::ShopOptions;
use guarantor_testbed::manifest::Autoscaler;
use guarantor_testbed::plant::load::Load;

use crate::stage::{Stage, latency_agreement};

const NAMESPACE: &str = "freezes";

#[tokio::test(flavor = "multi_thread")]
async fn freezes_scale_down_before_it_raises() -> Result<()> {
    let stage = Stage::open_with(&ShopOptions { replicas: 4, ..ShopOptions::new(NAMESPACE) }).await?;
    stage.apply(&Autoscaler::new(NAMESPACE, 2, 12)).await?;
    stage.apply(&latency_agreement(NAMESPACE, "Enforce")).await?;
    stage.until_calm("storefront").await?;
    assert_eq!(stage.shop.replicas().await?, 4, "without metrics the autoscaler takes nothing away by itself");
    stage.shop.storefront.set_load(Load::Constant(100.0))?;
    let actions = stage
        .until("storefront", "a raise", |s| {
            let raised = s.actions.iter().any(|a| a.verb == Verb::RaiseFloor && a.phase == ActionPhase::Done);
            raised.then(|| s.actions.clone())
        })
        .await?;
    // One that met a write of the autoscaler's own was refused, and is decided anew.
    let carried_out = actions.iter().rev().filter(|a| a.phase != ActionPhase::Refused);
    let oldest_first: Vec<_> = carried_out.map(|a| (a.verb, a.phase, a.from)).take(2).collect();
    let (freeze, raise) =
        ((Verb::FreezeScaleDown, ActionPhase::Done, Some(2)), (Verb::RaiseFloor, ActionPhase::Done, Some(4)));
    assert_eq!(oldest_first, [freeze, raise]);
    assert_eq!(actions.last().map(|a| a.to), Some(Some(4)), "frozen at what runs");
    let baseline = "jsonpath={.metadata.annotations.guarantor\\.dev/baseline}";
    let noted = stage.cluster.kubectl(&["get", "hpa", "storefront", "-n", NAMESPACE, "-o", baseline]).await?.ok()?;
    assert_eq!(noted, r#"{"agreement":"storefront","replicas":2}"#, "the owner's floor, not the frozen one");
    Ok(())
}
