//! An HPA targets the workload: its `minReplicas` is raised, judged, and given back when the agreement goes.

use anyhow::Result;
use guarantor::api::enforcement_status::{ActionPhase, Verb, Verdict};
use guarantor_testbed::manifest::Autoscaler;
use guarantor_testbed::plant::load::Load;
use guarantor_testbed::wait::{Progress, wait_until};

use crate::stage::{PATIENCE, Stage, latency_agreement};

#[tokio::test(flavor = "multi_thread")]
async fn raises_the_floor_of_an_autoscaler_and_gives_it_back() -> Result<()> {
    let stage = Stage::open("raises-hpa").await?;
    stage.apply(&Autoscaler::new("raises-hpa", 3, 12)).await?;
    stage.apply(&latency_agreement("raises-hpa", "Enforce")).await?;
    stage.until_calm("storefront").await?;
    stage.shop.storefront.set_load(Load::Constant(70.0))?;
    let raise = stage
        .until("storefront", "an effective raise", |s| {
            s.actions.iter().find(|a| a.verb == Verb::RaiseFloor && a.verdict == Some(Verdict::Effective)).cloned()
        })
        .await?;
    assert_eq!(raise.phase, ActionPhase::Done);
    assert_eq!(raise.target.kind, "HorizontalPodAutoscaler");
    assert!(stage.shop.replicas().await? > 3, "the effect is seen in the workload, not assumed");
    stage.shop.storefront.set_load(Load::Constant(20.0))?;
    stage.delete("storefront").await?;
    wait_until("the owner's own floor", PATIENCE, async || {
        let path = "jsonpath={.spec.minReplicas} {.metadata.annotations}";
        let found = stage.cluster.kubectl(&["get", "hpa", "storefront", "-n", "raises-hpa", "-o", path]).await?.ok()?;
        let restored = found.starts_with("3 ") && !found.contains("guarantor.dev/baseline");
        Ok(if restored { Progress::Done(()) } else { Progress::Pending(found) })
    })
    .await
}
