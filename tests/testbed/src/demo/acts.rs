//! The acts of the demo, in order.

use std::time::Duration;

use anyhow::Result;
use serde_json::Value;

use super::stage::{SHOP, Stage};
use crate::plant::load::Load;
use crate::shop::STOREFRONT;
use crate::timeline::Timeline;
use crate::wait::{Progress, wait_until};

/// The agreement of the demo: slots of seconds and a period of minutes, so that all of its life fits into the demo.
const AGREEMENT: &str = r#"apiVersion: guarantor.dev/v1alpha1
kind: ServiceLevelAgreement
metadata: {name: storefront, namespace: shop}
spec:
  parties: {provider: {name: Acme Cloud GmbH}, customer: {name: Globex Inc.}}
  service:
    name: storefront
    workloads: [{apiVersion: apps/v1, kind: Deployment, name: storefront}]
  metrics: {sourceRef: {name: shop}, slot: 5s}
  period: {rolling: 3m}
  objectives:
  - name: availability
    indicator:
      ratio:
        bad: sum(increase(http_requests_total{service="storefront",code=~"5.."}[$slot]))
        total: sum(increase(http_requests_total{service="storefront"}[$slot]))
    target: "95"
  - name: latency
    indicator:
      latency: {histogram: http_request_duration_seconds, selector: {service: storefront}, threshold: 500ms}
    target: "80"
  credits:
    fee: {amount: "1200.00", currency: EUR}
    tiers:
    - {objective: availability, below: "95", percentOfFee: "10"}
    - {objective: availability, below: "80", percentOfFee: "50"}
  enforcement: {mode: Enforce, scale: {min: 3, max: 12}, cooldown: 10s, releaseAfter: 30s}
"#;

fn text<'a>(status: &'a Value, pointer: &str) -> &'a str {
    status.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(status: &'a Value, pointer: &str) -> &'a [Value] {
    status.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The agreement is applied and measured.
pub(super) async fn agreement_is_applied(stage: &Stage, timeline: &Timeline) -> Result<()> {
    timeline.headline("An agreement is applied")?;
    timeline.apply(&stage.cluster, AGREEMENT).await?;
    stage
        .until("the agreement to be measured and fulfilled", Duration::from_secs(60), |status| {
            // A quarter of a minute of calm, so that there is an error budget to lose.
            let objectives = list(status, "/objectives");
            let calm = !objectives.is_empty()
                && objectives
                    .iter()
                    .all(|o| text(o, "/state") == "Fulfilled" && text(o, "/totalEvents").parse().unwrap_or(0) > 400);
            calm.then_some(())
        })
        .await?;
    timeline.say("every slot is measured; all is well")?;
    timeline.kubectl(&stage.cluster, &["get", "sla", "-n", SHOP]).await?;
    Ok(())
}

/// Traffic nearly doubles, pods queue, the operator scales before the objective is lost.
pub(super) async fn traffic_grows_and_guarantor_scales(stage: &Stage, timeline: &Timeline) -> Result<()> {
    timeline.headline("Traffic grows to what three pods can just not do in time")?;
    stage.storefront_load(54.0)?;
    timeline.say("54 requests a second arrive; three pods can serve 60, but not in time")?;
    stage
        .until("an objective at risk", Duration::from_secs(60), |status| {
            (text(status, "/summary/state") == "AtRisk").then_some(())
        })
        .await?;
    timeline.say("Guarantor sees the error budget burn: AtRisk")?;
    timeline.kubectl(&stage.cluster, &["get", "sla", "-n", SHOP]).await?;
    let raised = stage
        .until("the floor to be raised", Duration::from_secs(60), |status| {
            list(status, "/actions")
                .iter()
                .find(|a| text(a, "/verb") == "RaiseFloor" && text(a, "/phase") == "Done")
                .cloned()
        })
        .await?;
    timeline.say(&format!("it raised the autoscaler's floor: {}", text(&raised, "/hypothesis")))?;
    timeline.kubectl(&stage.cluster, &["get", "hpa", "-n", SHOP]).await?;
    stage
        .until("a verdict on the raise", Duration::from_secs(90), |status| {
            list(status, "/actions")
                .iter()
                .find(|a| text(a, "/verb") == "RaiseFloor" && text(a, "/verdict") == "Effective")
                .map(|_| ())
        })
        .await?;
    timeline.say("the raise was judged by what it did: Effective")?;
    timeline.kubectl(&stage.cluster, &["get", "deployment,sla", "-n", SHOP]).await?;
    Ok(())
}

/// The application fails by itself: more pods would not help, and the objective is lost.
pub(super) async fn an_outage_that_scaling_cannot_mend(stage: &Stage, timeline: &Timeline) -> Result<()> {
    timeline.headline("The application itself fails")?;
    stage.shop.storefront.set_error_share(0.8)?;
    timeline.say("four of five requests now fail, on every pod")?;
    let credit = stage
        .until("a violation with a credit", Duration::from_secs(90), |status| {
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
    timeline.say(&format!("the objective is lost: a violation is on record, and {credit} EUR are at stake"))?;
    timeline.kubectl(&stage.cluster, &["get", "sla", "-n", SHOP]).await?;
    stage.shop.storefront.set_error_share(0.0)?;
    timeline.say("the application is mended")?;
    Ok(())
}

/// The period closes: one statement, with the credit.
pub(super) async fn the_period_is_settled(stage: &Stage, timeline: &Timeline) -> Result<()> {
    timeline.headline("The period closes and is settled")?;
    stage
        .until("a statement that grants a credit", Duration::from_secs(200), |status| {
            list(status, "/statements").iter().find(|s| !text(s, "/credit").is_empty()).map(|_| ())
        })
        .await?;
    timeline.say("the account of the period is closed, with its evidence and its digest")?;
    timeline.kubectl(&stage.cluster, &["get", "sls,sll", "-n", SHOP]).await?;
    timeline.kubectl(&stage.cluster, &["describe", "sla", STOREFRONT, "-n", SHOP]).await?;
    Ok(())
}

/// The agreement is deleted: the autoscaler gets back what its owner wrote.
pub(super) async fn the_agreement_ends(stage: &Stage, timeline: &Timeline) -> Result<()> {
    timeline.headline("The agreement ends")?;
    stage.storefront_load(30.0)?;
    timeline.kubectl(&stage.cluster, &["delete", "sla", STOREFRONT, "-n", SHOP, "--timeout=60s"]).await?;
    wait_until("the autoscaler's own floor", Duration::from_secs(30), async || {
        let path = "jsonpath={.spec.minReplicas}";
        let floor = stage.cluster.kubectl(&["get", "hpa", STOREFRONT, "-n", SHOP, "-o", path]).await?.ok()?;
        Ok(if floor == "3" { Progress::Done(()) } else { Progress::pending(format!("minReplicas is {floor}")) })
    })
    .await?;
    timeline.say("the autoscaler has its own floor back, and the statements stay")?;
    timeline.kubectl(&stage.cluster, &["get", "hpa,sls", "-n", SHOP]).await?;
    Ok(())
}

impl Stage {
    fn storefront_load(&self, rate: f64) -> Result<()> {
        self.shop.storefront.set_load(Load::Constant(rate))
    }
}
