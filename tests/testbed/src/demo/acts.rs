//! The acts of the demo. Two of them may be played at a time: three services that fail together would be taken for one event,
//! and nothing would be done about any of them.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::agreements::{CART, SEARCH, of, of_the_storefront};
use super::stage::{SHOP, Stage};
use crate::plant::load::Load;
use crate::plant::pods::ERROR_SHARE_ANNOTATION;
use crate::shop::STOREFRONT;
use crate::timeline::Timeline;
use crate::wait::{Progress, wait_until};

fn text<'a>(status: &'a Value, pointer: &str) -> &'a str {
    status.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(status: &'a Value, pointer: &str) -> &'a [Value] {
    status.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The first action of a verb that the API server took.
fn done(status: &Value, verb: &str) -> Option<Value> {
    list(status, "/actions").iter().find(|a| text(a, "/verb") == verb && text(a, "/phase") == "Done").cloned()
}

/// What the operator takes for the cause, in words, once it is this one.
fn told(status: &Value, cause: &str) -> Option<String> {
    let diagnosis = status.pointer("/enforcement/diagnosis")?;
    (text(diagnosis, "/cause") == cause).then(|| text(diagnosis, "/message").to_owned())
}

/// Nothing is in danger any more.
fn well(status: &Value) -> Option<()> {
    let endangered = text(status, "/summary/state") != "Fulfilled";
    let safe = !text(status, "/enforcement/episode/safeSince").is_empty();
    (safe || !endangered && status.pointer("/enforcement/episode").is_none()).then_some(())
}

/// The agreements are applied and measured.
pub(super) async fn agreements_are_applied(stage: &Stage, timeline: &Timeline) -> Result<()> {
    timeline.headline("Three agreements are applied")?;
    timeline.apply(&stage.cluster, &of_the_storefront()).await?;
    for (service, more, words) in [
        (CART, "reschedule: {minAge: 10s}", "moving a pod that fails"),
        (SEARCH, "rollback: {servedFor: 20s}", "undoing a bad revision"),
    ] {
        let manifest = of(service, more);
        stage.cluster.kubectl_with_input(&["apply", "-f", "-"], &manifest).await?.ok()?;
        timeline.say(&format!("{service} has one about its availability, which also allows {words}: {more}"))?;
    }
    // The storefront's account is written down every few seconds, as its period is short; the others are as old by then.
    for (service, events) in [(STOREFRONT, 400), (CART, 0), (SEARCH, 0)] {
        stage
            .until(service, "the agreement to be measured and fulfilled", Duration::from_secs(60), |status| {
                // A quarter of a minute of calm, so that there is an error budget to lose.
                let objectives = list(status, "/objectives");
                let calm = !objectives.is_empty()
                    && objectives.iter().all(|o| {
                        text(o, "/state") == "Fulfilled" && text(o, "/totalEvents").parse().unwrap_or(0) > events
                    });
                calm.then_some(())
            })
            .await?;
    }
    timeline.say("every slot is measured; all is well")?;
    timeline.kubectl(&stage.cluster, &["get", "sla", "-n", SHOP]).await?;
    Ok(())
}

/// Traffic nearly doubles, pods queue, the operator scales before the objective is lost.
pub(super) async fn traffic_grows_and_guarantor_scales(stage: &Stage, timeline: &Timeline) -> Result<()> {
    stage.storefront_load(54.0)?;
    timeline.say("storefront: 54 requests a second arrive; three pods can serve 60, but not in time")?;
    stage
        .until(STOREFRONT, "an objective at risk", Duration::from_secs(60), |status| {
            (text(status, "/summary/state") == "AtRisk").then_some(())
        })
        .await?;
    timeline.say("storefront: Guarantor sees the error budget burn: AtRisk")?;
    let raised = stage
        .until(STOREFRONT, "the floor to be raised", Duration::from_secs(60), |status| done(status, "RaiseFloor"))
        .await?;
    timeline
        .say(&format!("storefront: RaiseFloor, it raised the autoscaler's floor: {}", text(&raised, "/hypothesis")))?;
    timeline.kubectl(&stage.cluster, &["get", "hpa", "-n", SHOP]).await?;
    stage
        .until(STOREFRONT, "a verdict on the raise", Duration::from_secs(90), |status| {
            list(status, "/actions")
                .iter()
                .find(|a| text(a, "/verb") == "RaiseFloor" && text(a, "/verdict") == "Effective")
                .map(|_| ())
        })
        .await?;
    timeline.say("storefront: the raise was judged by what it did: Effective")
}

/// One pod of four fails; more of them would not help, another one does.
pub(super) async fn a_sick_pod_is_moved(stage: &Stage, timeline: &Timeline) -> Result<()> {
    let path = "jsonpath={.items[0].metadata.name}";
    let pod = stage.cluster.kubectl(&["get", "pods", "-n", SHOP, "-l", "app=cart", "-o", path]).await?.ok()?;
    let annotation = format!("{ERROR_SHARE_ANNOTATION}=0.9");
    stage.cluster.kubectl(&["annotate", "pod", &pod, "-n", SHOP, &annotation]).await?.ok()?;
    timeline.say(&format!("cart: one of its four pods, {pod}, begins to fail"))?;
    let why =
        stage.until(CART, "the pod to be named", Duration::from_secs(60), |status| told(status, "OutlierPod")).await?;
    timeline.say(&format!("cart: Guarantor names the pod, and does not scale: {why}"))?;
    stage.until(CART, "a replica more", Duration::from_secs(60), |status| done(status, "Surge")).await?;
    timeline.say("cart: Surge, a fifth pod is made ready first")?;
    let evicted =
        stage.until(CART, "the eviction", Duration::from_secs(60), |status| done(status, "Reschedule")).await?;
    timeline.say(&format!("cart: Reschedule, {} is evicted", text(&evicted, "/target/name")))?;
    stage.until(CART, "cart to be well", Duration::from_secs(60), well).await?;
    timeline.say("cart: it is well again")?;
    timeline.kubectl(&stage.cluster, &["get", "pods", "-n", SHOP, "-l", "app=cart"]).await?;
    Ok(())
}

/// A new revision fails; more replicas would be more of it, the revision before it does not fail.
pub(super) async fn a_bad_revision_is_undone(stage: &Stage, timeline: &Timeline) -> Result<()> {
    let patch = format!(
        r#"{{"spec": {{"minReadySeconds": 60, "template": {{"metadata": {{"annotations": {{"{ERROR_SHARE_ANNOTATION}": "0.9"}}}}}}}}}}"#
    );
    stage.cluster.kubectl(&["patch", "deployment", SEARCH, "-n", SHOP, "-p", &patch]).await?.ok()?;
    timeline.say("search: a new revision is rolled out, and its pods fail")?;
    let why = stage
        .until(SEARCH, "the revision to be named", Duration::from_secs(60), |status| told(status, "BadRevision"))
        .await?;
    timeline.say(&format!("search: Guarantor names the revision: {why}"))?;
    stage.until(SEARCH, "a pause", Duration::from_secs(60), |status| done(status, "PauseRollout")).await?;
    timeline.say("search: PauseRollout, no further pod gets it")?;
    let back = stage.until(SEARCH, "a rollback", Duration::from_secs(60), |status| done(status, "RollBack")).await?;
    let number = |pointer| back.pointer(pointer).and_then(Value::as_i64).context("a rollback between two revisions");
    timeline.say(&format!("search: RollBack, from revision {} to revision {}", number("/from")?, number("/to")?))?;
    stage.until(SEARCH, "search to be well", Duration::from_secs(60), well).await?;
    timeline.say("search: it is well again")?;
    timeline.kubectl(&stage.cluster, &["rollout", "history", "deployment", SEARCH, "-n", SHOP]).await?;
    Ok(())
}

/// The application fails by itself: more pods would not help, and the objective is lost.
pub(super) async fn an_outage_that_nothing_mends(stage: &Stage, timeline: &Timeline) -> Result<()> {
    stage.shop.storefront.set_error_share(0.8)?;
    timeline.say("storefront: the application itself fails: four of five requests, on every pod")?;
    let credit = stage
        .until(STOREFRONT, "a violation with a credit", Duration::from_secs(90), |status| {
            let violated = text(status, "/summary/state") == "Violated" && !list(status, "/violations").is_empty();
            let amount = text(status, "/credits/amount");
            // Long enough that the rest of the period cannot make up for it.
            let deep = list(status, "/objectives")
                .iter()
                .filter(|o| text(o, "/name") == "availability")
                .any(|o| text(o, "/attainment").parse::<f64>().is_ok_and(|attained| attained < 80.0));
            (violated && deep && !amount.is_empty() && amount != "0.00").then(|| amount.to_owned())
        })
        .await?;
    timeline
        .say(&format!("storefront: the objective is lost: a violation is on record, and {credit} EUR are at stake"))?;
    stage.shop.storefront.set_error_share(0.0)?;
    timeline.say("storefront: the application is mended")?;
    timeline.kubectl(&stage.cluster, &["get", "sla", "-n", SHOP]).await?;
    Ok(())
}

/// The period closes: one statement, with the credit.
pub(super) async fn the_period_is_settled(stage: &Stage, timeline: &Timeline) -> Result<()> {
    timeline.headline("The storefront's period closes and is settled")?;
    stage
        .until(STOREFRONT, "a statement that grants a credit", Duration::from_secs(200), |status| {
            list(status, "/statements").iter().find(|s| !text(s, "/credit").is_empty()).map(|_| ())
        })
        .await?;
    timeline.say("the account of the period is closed, with its evidence and its digest")?;
    timeline.kubectl(&stage.cluster, &["get", "sls,sll", "-n", SHOP]).await?;
    timeline.kubectl(&stage.cluster, &["describe", "sla", STOREFRONT, "-n", SHOP]).await?;
    Ok(())
}

/// The agreements are deleted: every object gets back what its owner wrote.
pub(super) async fn the_agreements_end(stage: &Stage, timeline: &Timeline) -> Result<()> {
    timeline.headline("The agreements end")?;
    stage.storefront_load(30.0)?;
    timeline.kubectl(&stage.cluster, &["delete", "sla", "--all", "-n", SHOP, "--timeout=60s"]).await?;
    let owners = [
        ("hpa", STOREFRONT, "jsonpath={.spec.minReplicas}", "3"),
        ("deployment", CART, "jsonpath={.spec.replicas}", "4"),
    ];
    for (kind, name, path, own) in owners {
        wait_until(&format!("{name}'s own replicas"), Duration::from_secs(30), async || {
            let found = stage.cluster.kubectl(&["get", kind, name, "-n", SHOP, "-o", path]).await?.ok()?;
            Ok(if found == own { Progress::Done(()) } else { Progress::pending(format!("it is {found}")) })
        })
        .await?;
    }
    timeline.say("the autoscaler has its own floor back and cart its own replicas, and the statements stay")?;
    timeline.kubectl(&stage.cluster, &["get", "hpa,deployment,sls", "-n", SHOP]).await?;
    Ok(())
}

impl Stage {
    fn storefront_load(&self, rate: f64) -> Result<()> {
        self.shop.storefront.set_load(Load::Constant(rate))
    }
}
