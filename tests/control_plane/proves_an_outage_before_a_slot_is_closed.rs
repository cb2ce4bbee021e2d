//! Slots of a minute, as people agree on them: every request begins to fail, and the floor is held for what the last scrapes of
//! a real store prove, while no slot tells of it yet.

use anyhow::{Context, Result};
use guarantor::api::enforcement_status::{ActionPhase, Verb};
use guarantor_testbed::ShopOptions;
use guarantor_testbed::manifest::{Agreement, Autoscaler};
use guarantor_testbed::shop::STOREFRONT;
use k8s_openapi::jiff::Timestamp;

use crate::accounts::{apply_in_calm, middle_of_a_slot};
use crate::stage::Stage;

const NAMESPACE: &str = "feels-the-pulse";

#[tokio::test(flavor = "multi_thread")]
async fn proves_an_outage_before_a_slot_is_closed() -> Result<()> {
    let stage = Stage::open_with(&ShopOptions { replicas: 4, rate: 40.0, ..ShopOptions::new(NAMESPACE) }).await?;
    stage.apply(&Autoscaler::new(NAMESPACE, 2, 12)).await?;
    let agreement = Agreement::new(NAMESPACE).to_string();
    assert!(agreement.contains("slot: 5s"), "{agreement}");
    apply_in_calm(&stage, &agreement.replace("slot: 5s", "slot: 1m")).await?;
    stage.until(STOREFRONT, "a first slot", |status| status.measured_through.as_ref().map(drop)).await?;
    middle_of_a_slot(60).await?;
    let onset = Timestamp::now();
    stage.shop.storefront.set_error_share(1.0)?;
    let (observed, actions) = stage
        .until(STOREFRONT, "the floor to be held", |status| {
            let held = status.actions.iter().any(|action| action.phase == ActionPhase::Done);
            let diagnosis = status.enforcement.as_ref()?.diagnosis.clone()?;
            held.then(|| (diagnosis.observed, status.actions.clone()))
        })
        .await?;
    assert!(observed.account_through.0 <= onset, "no slot tells of it: {observed:#?}");
    let pulse = observed.pulse.context("the pulse")?;
    assert_eq!(pulse.objective, "availability");
    assert!(pulse.at.0 > onset, "{pulse:?}");
    let first = actions.last().context("an action")?;
    assert_eq!((first.verb, first.from, first.to), (Verb::FreezeScaleDown, Some(2), Some(4)));
    Ok(())
}
