//! Prometheus answers nothing for a while: nothing is taken away although the load that was the reason is gone, the
//! condition says why, and afterwards every slot of that time is in the account as what it was: unknown, not zero.

use anyhow::{Context, Result, ensure};
use guarantor::api::agreement_status::AgreementStatus;
use guarantor::api::condition::{ENFORCING, MEASURED};
use guarantor::api::enforcement_status::{ActionPhase, Verb};
use guarantor::evaluate::slot::{SlotState, UnknownCause};
use guarantor::evaluate::stored_ledger;
use guarantor_testbed::plant::load::Load;
use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::accounts::{apply_in_calm, ledgers, let_time_pass, reason};
use crate::stage::{Stage, latency_agreement};

const NAMESPACE: &str = "holds-silent";
/// Longer than the twenty seconds after which the agreement lets go of a floor that is no longer needed.
const SILENCE: SignedDuration = SignedDuration::from_secs(30);
const SLOT: SignedDuration = SignedDuration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn holds_what_it_raised_while_prometheus_is_silent() -> Result<()> {
    let mut stage = Stage::open(NAMESPACE).await?;
    apply_in_calm(&stage, &latency_agreement(NAMESPACE, "Enforce")).await?;
    stage.until_calm("storefront").await?;
    stage.shop.storefront.set_load(Load::Constant(70.0))?;
    let raised = |verb| verb == Verb::RaiseFloor;
    stage
        .until("storefront", "a raise", |s| {
            s.actions.iter().any(|a| raised(a.verb) && a.phase == ActionPhase::Done).then_some(())
        })
        .await?;

    // Somewhere between these two it falls silent, and between the other two it speaks again.
    let speaks_until = Timestamp::now();
    stage.shop.prometheus.pause()?;
    stage.shop.storefront.set_load(Load::Constant(10.0))?;
    let silent_from = Timestamp::now();
    let says_why = |s: &_| reason(s, MEASURED, "False").filter(|why| *why == "StoreTimedOut").map(drop);
    stage.until("storefront", "StoreTimedOut for a reason", says_why).await?;
    let floor = stage.status("storefront").await?.enforcement.and_then(|e| e.floor).context("a floor")?;
    let replicas = stage.shop.replicas().await?;
    assert!(replicas > 3, "{replicas}");
    let_time_pass(Timestamp::now() + SILENCE, async || {
        ensure!(stage.shop.replicas().await? >= replicas, "replicas were taken away in the dark");
        Ok(())
    })
    .await?;
    let held = |s: &AgreementStatus| reason(s, ENFORCING, "False").or(reason(s, ENFORCING, "True")) == Some("Blind");
    let status = stage.until("storefront", "a hold for blindness", |s| held(s).then(|| s.clone())).await?;
    assert_eq!(status.enforcement.and_then(|e| e.floor), Some(floor), "what stands goes on standing");

    let silent_until = Timestamp::now();
    stage.shop.prometheus.resume()?;
    let back = Timestamp::now();
    stage.until("storefront", "measured slots", |s| reason(s, MEASURED, "True").map(drop)).await?;
    stage
        .until("storefront", "a floor that is let go, now that it is known to be safe", |s| {
            let lowered = |verb| matches!(verb, Verb::LowerFloor | Verb::Restore);
            s.actions.iter().any(|a| lowered(a.verb) && a.intended_at.0 > back).then_some(())
        })
        .await?;

    stage.operator.take().context("an operator")?.stop().await?;
    let ledgers = ledgers(&stage, NAMESPACE).await?;
    let ledger = stored_ledger::from_spec(&ledgers.first().context("a ledger")?.spec)?;
    let slots = ledger.slots("latency");
    let (mut gap, mut start) = (0, ledger.bounds().start);
    for slot in slots {
        let end = start + SLOT;
        let within = silent_from < start && end < silent_until;
        let touched = speaks_until < end && start < back;
        match slot.state() {
            SlotState::Unknown(UnknownCause::NoSamples) if within => gap += 1,
            SlotState::Measured if !within => {}
            // At the edges it depends on whether a scrape came before the silence, or still in the slot after it.
            SlotState::Unknown(UnknownCause::NoSamples) if touched => {}
            other => panic!("the slot from {start} is {other:?}"),
        }
        start = end;
    }
    assert!(gap >= SILENCE.as_secs() / SLOT.as_secs() - 1, "{gap} slots without samples: {slots:#?}");
    assert!(slots.last().is_some_and(|s| s.state() == SlotState::Measured), "it went on measuring");
    Ok(())
}
