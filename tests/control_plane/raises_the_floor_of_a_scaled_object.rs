//! KEDA scales the workload: the `ScaledObject`'s `minReplicaCount` is raised and given back, and the HPA that KEDA made
//! for it is KEDA's.
//!
//! KEDA itself does not run. The test does what matters of it here: it carries the floor over to the HPA, and the cluster's
//! own autoscaler does the rest.

use anyhow::{Context, Result};
use guarantor::api::BASELINE_ANNOTATION;
use guarantor::sense::workload::scaled_object;
use guarantor_testbed::AuditEvent;
use guarantor_testbed::manifest::Autoscaler;
use guarantor_testbed::plant::load::Load;
use guarantor_testbed::wait::{Progress, wait_until};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use kube::ResourceExt;
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use serde_json::json;

use crate::stage::{PATIENCE, Stage, effective_and_first_raise, latency_agreement};

const NAMESPACE: &str = "raises-keda";

/// As much of KEDA's definition as a floor needs.
pub(crate) const DEFINITION: &str = r"apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: scaledobjects.keda.sh}
spec:
  group: keda.sh
  scope: Namespaced
  names: {kind: ScaledObject, plural: scaledobjects, singular: scaledobject, shortNames: [so]}
  versions:
  - name: v1alpha1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            x-kubernetes-preserve-unknown-fields: true
            required: [scaleTargetRef]
            properties:
              scaleTargetRef:
                type: object
                required: [name]
                properties: {name: {type: string}, kind: {type: string}, apiVersion: {type: string}}
              minReplicaCount: {type: integer, format: int32}
              maxReplicaCount: {type: integer, format: int32}
";

/// Has `ScaledObject`s served, makes that of the storefront, and the HPA that KEDA would make for it.
pub(crate) async fn scale_by_keda(stage: &Stage, floor: u32, most: u32) -> Result<()> {
    let namespace = stage.namespace.as_str();
    // A definition is served a little after it was made.
    wait_until("ScaledObjects to be served", PATIENCE, async || {
        let answer = stage.cluster.kubectl(&["get", "scaledobjects.keda.sh", "-n", namespace]).await?;
        Ok(if answer.status.success() { Progress::Done(()) } else { Progress::Pending(answer.stderr) })
    })
    .await?;
    let bounds = format!("minReplicaCount: {floor}, maxReplicaCount: {most}");
    let object = format!(
        "apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {{name: storefront, namespace: {namespace}}}\n\
         spec: {{scaleTargetRef: {{name: storefront}}, {bounds}, triggers: [{{type: cron}}]}}\n"
    );
    stage.apply(&object).await?;
    let uid = scaled_objects(stage)?.get("storefront").await?.uid().context("no uid")?;
    let owner =
        format!("{{apiVersion: keda.sh/v1alpha1, kind: ScaledObject, name: storefront, uid: {uid}, controller: true}}");
    let autoscaler = Autoscaler::new(namespace, floor, most);
    stage.apply(&Autoscaler { name: "keda-hpa-storefront", owner: Some(owner), ..autoscaler }).await.map(drop)
}

pub(crate) fn scaled_objects(stage: &Stage) -> Result<Api<DynamicObject>> {
    Ok(Api::namespaced_with(stage.cluster.client()?, &stage.namespace, &scaled_object::resource()))
}

/// What KEDA's reconcile does with a changed floor.
pub(crate) async fn carry_over(objects: &Api<DynamicObject>, autoscalers: &Api<HorizontalPodAutoscaler>) -> Result<()> {
    let floor = floor(&objects.get("storefront").await?)?;
    let autoscaler = autoscalers.get("keda-hpa-storefront").await?;
    if autoscaler.spec.min_replicas.map(i64::from) != Some(floor) {
        let patch = Patch::Merge(json!({"spec": {"minReplicas": floor}}));
        autoscalers.patch("keda-hpa-storefront", &PatchParams::apply("keda-operator"), &patch).await?;
    }
    Ok(())
}

fn floor(object: &DynamicObject) -> Result<i64> {
    object.data.pointer("/spec/minReplicaCount").and_then(serde_json::Value::as_i64).context("no minReplicaCount")
}

#[tokio::test(flavor = "multi_thread")]
async fn raises_the_floor_of_a_scaled_object_and_leaves_its_autoscaler_alone() -> Result<()> {
    let stage = Stage::open_audited(NAMESPACE).await?;
    stage.apply(DEFINITION).await?;
    scale_by_keda(&stage, 3, 12).await?;
    let objects = scaled_objects(&stage)?;
    let autoscalers: Api<HorizontalPodAutoscaler> = Api::namespaced(stage.cluster.client()?, NAMESPACE);
    stage.apply(&latency_agreement(NAMESPACE, "Enforce")).await?;
    stage.until_calm("storefront").await?;
    stage.shop.storefront.set_load(Load::Constant(70.0))?;

    let (raise, first) = wait_until("an effective raise", PATIENCE, async || {
        carry_over(&objects, &autoscalers).await?;
        let status = stage.status("storefront").await?;
        Ok(match effective_and_first_raise(&status) {
            Some(raises) => Progress::Done(raises),
            None => Progress::pending(format!("{:#?} {:#?}", status.enforcement, status.actions)),
        })
    })
    .await
    .with_context(|| stage.log())?;
    assert_eq!(
        (raise.target.kind.as_str(), raise.target.name.as_str(), first.from),
        ("ScaledObject", "storefront", Some(3))
    );
    let raised = objects.get("storefront").await?;
    assert!(Some(floor(&raised)?) >= raise.to.map(i64::from));
    assert!(raised.annotations().contains_key(BASELINE_ANNOTATION));

    stage.delete("storefront").await?;
    let restored = objects.get("storefront").await?;
    assert_eq!(floor(&restored)?, 3);
    assert!(!restored.annotations().contains_key(BASELINE_ANNOTATION));
    let written: Vec<_> =
        stage.requests(NAMESPACE)?.into_iter().filter(AuditEvent::is_write).map(|e| e.resource).collect();
    assert!(written.iter().any(|resource| resource == "scaledobjects"), "{written:?}");
    assert!(!written.iter().any(|resource| resource == "horizontalpodautoscalers" || resource == "deployments"));
    Ok(())
}
