//! A raised floor is never in its owner's way: `helm upgrade` and a server-side apply of the whole manifest succeed while
//! it stands. Both put the owner's value back; the first time the operator holds what runs again, the second time it
//! stops and says who does not want it.

use anyhow::{Context, Result};
use guarantor::api::FIELD_MANAGER;
use guarantor::api::agreement_status::AgreementStatus;
use guarantor::api::condition::CONFLICTING_MANAGER;
use guarantor::api::enforcement_status::{ActionPhase, Verb};
use guarantor_testbed::Scratch;
use guarantor_testbed::plant::load::Load;
use guarantor_testbed::wait::{Progress, wait_until};

use crate::stage::{PATIENCE, Stage, TIMEOUT, condition, latency_agreement};

const NAMESPACE: &str = "owner-applies";

const CHART: &str = "apiVersion: v2\nname: shop\nversion: 1.0.0\n";

/// Who owns fields of the autoscaler.
const MANAGERS: &str = "{.metadata.managedFields[*].manager}";

const VALUES: &str = "maxReplicas: 12\n";

const TEMPLATE: &str = r#"apiVersion: apps/v1
kind: Deployment
metadata: {name: storefront}
spec:
  selector: {matchLabels: {app: storefront}}
  template:
    metadata:
      labels: {app: storefront}
      annotations: {testbed/start-delay: "2s"}
    spec:
      terminationGracePeriodSeconds: 1
      nodeSelector: {guarantor.dev/simulated: "true"}
      tolerations: [{key: guarantor.dev/testbed, operator: Exists}]
      containers:
      - name: storefront
        image: example.com/storefront:1
        resources: {requests: {cpu: "1", memory: 128Mi}, limits: {cpu: "1", memory: 128Mi}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: storefront}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: storefront}
  minReplicas: 3
  maxReplicas: {{ .Values.maxReplicas }}
  metrics:
  - type: Resource
    resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}
"#;

/// What another field manager applies: the owner's floor again.
const MANIFEST: &str = r"apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: storefront, namespace: owner-applies}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: storefront}
  minReplicas: 3
  maxReplicas: 11
";

/// The user's own chart, with `arguments` for `helm`.
async fn helm(stage: &Stage, verb: &str, chart: &Scratch, arguments: &[&str]) -> Result<()> {
    let folder = chart.path().to_str().context("the folder is not UTF-8")?;
    let all = [&[verb, "shop", folder, "--namespace", NAMESPACE], arguments].concat();
    stage.cluster.helm(&all).await?.ok().map(drop)
}

fn user_chart() -> Result<Scratch> {
    let chart = Scratch::new()?;
    std::fs::create_dir(chart.file("templates"))?;
    std::fs::write(chart.file("Chart.yaml"), CHART)?;
    std::fs::write(chart.file("values.yaml"), VALUES)?;
    std::fs::write(chart.file("templates/shop.yaml"), TEMPLATE)?;
    Ok(chart)
}

async fn autoscaler(stage: &Stage, path: &str) -> Result<String> {
    let path = format!("jsonpath={path}");
    stage.cluster.kubectl(&["get", "hpa", "storefront", "-n", NAMESPACE, "-o", &path]).await?.ok()
}

/// Waits until a floor above the owner's stands that was reset so often.
async fn until_held(stage: &Stage, resets: i32) -> Result<()> {
    stage
        .until("storefront", "a floor above the owner's", |s| {
            let stands = s.enforcement.as_ref()?.floor.as_ref()?;
            let settled = s.actions.iter().all(|a| a.phase != ActionPhase::Intended);
            (stands.value > 3 && stands.resets == resets && settled).then_some(())
        })
        .await
}

/// Waits until the operator owns no field of the autoscaler: a write is followed by giving that up.
async fn until_nothing_is_owned(stage: &Stage) -> Result<()> {
    wait_until("the entry to go", PATIENCE, async || {
        let managers = autoscaler(stage, MANAGERS).await?;
        Ok(if managers.contains(FIELD_MANAGER) { Progress::Pending(managers) } else { Progress::Done(()) })
    })
    .await
}

/// A write that was not followed by giving up its ownership, as by an operator that crashed in between, does not stay.
async fn until_a_left_entry_is_given_up(stage: &Stage) -> Result<()> {
    let manager = format!("--field-manager={FIELD_MANAGER}");
    let note = ["annotate", "hpa", "storefront", "-n", NAMESPACE, "note=left", manager.as_str()];
    stage.cluster.kubectl(&note).await?.ok()?;
    until_nothing_is_owned(stage).await?;
    assert_eq!(autoscaler(stage, "{.metadata.annotations.note}").await?, "left", "what was written stays");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn lets_the_owner_apply_while_a_floor_stands() -> Result<()> {
    let stage = Stage::open(NAMESPACE).await?;
    let chart = user_chart()?;
    stage.cluster.kubectl(&["delete", "deployment", "storefront", "-n", NAMESPACE, TIMEOUT]).await?.ok()?;
    helm(&stage, "install", &chart, &[]).await?;
    stage.shop.wait_for_replicas(3).await?;
    stage.apply(&latency_agreement(NAMESPACE, "Enforce")).await?;
    stage.until_calm("storefront").await?;
    // More than the ten replicas allowed can serve: it burns to the end of the test.
    stage.shop.storefront.set_load(Load::Constant(300.0))?;
    until_held(&stage, 0).await?;
    until_nothing_is_owned(&stage).await?;
    until_a_left_entry_is_given_up(&stage).await?;
    // Until the autoscaler has followed there is nothing more to hold than the owner's own floor.
    wait_until("the floor to take effect", PATIENCE, async || {
        let replicas = stage.shop.replicas().await?;
        Ok(if replicas > 3 { Progress::Done(()) } else { Progress::pending(format!("{replicas} replicas")) })
    })
    .await?;

    helm(&stage, "upgrade", &chart, &["--set", "maxReplicas=11"]).await?;
    assert_eq!(autoscaler(&stage, "{.spec.maxReplicas}").await?, "11");
    until_held(&stage, 1).await?;
    let frozen = |s: &AgreementStatus| s.actions.iter().any(|a| a.verb == Verb::FreezeScaleDown).then_some(());
    stage.until("storefront", "what runs to be held again", frozen).await?;

    let apply = ["apply", "--server-side", "--field-manager=flux", "-f", "-"];
    stage.cluster.kubectl_with_input(&apply, MANIFEST).await?.ok()?;
    let conflict = stage
        .until("storefront", "the conflict", |s| {
            condition(s, CONFLICTING_MANAGER).filter(|c| c.status == "True").cloned()
        })
        .await?;
    for words in ["flux reset /spec/minReplicas of HorizontalPodAutoscaler storefront 2 times", "ignoreDifferences:"] {
        assert!(conflict.message.contains(words), "{}", conflict.message);
    }
    stage
        .until("storefront", "a hold", |s| {
            s.enforcement.as_ref().filter(|e| e.reason == "ConflictingManager").map(drop)
        })
        .await?;
    assert_eq!(autoscaler(&stage, "{.spec.minReplicas}").await?, "3", "the owner's word stands");
    let path = "jsonpath={range .items[?(@.reason==\"FloorReset\")]}{.note}{\"\\n\"}{end}";
    for who in ["helm", "flux"] {
        // Events are published beside the work, not before it goes on.
        wait_until(&format!("the Event about {who}"), PATIENCE, async || {
            let arguments = ["get", "events.events.k8s.io", "-n", NAMESPACE, "-o", path];
            let events = stage.cluster.kubectl(&arguments).await?.ok()?;
            let told = events.lines().any(|line| line.starts_with(&format!("{who} changed the floor")));
            Ok(if told { Progress::Done(()) } else { Progress::Pending(events) })
        })
        .await?;
    }

    stage.delete("storefront").await?;
    assert_eq!(autoscaler(&stage, "{.spec.minReplicas}{.metadata.annotations.guarantor\\.dev/baseline}").await?, "3");
    Ok(())
}
