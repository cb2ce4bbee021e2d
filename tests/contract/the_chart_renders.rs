//! The chart is free of Helm's objections, renders for every Kubernetes it promises, and names the value it refuses.

use anyhow::Result;
use serde_json::Value;

use crate::helm::{helm, of_kind, rendered};

#[tokio::test]
async fn helm_has_nothing_against_the_chart() -> Result<()> {
    let answer = helm(&["lint"], &["--strict"]).await?;
    assert!(
        answer.success && !answer.text.contains("[WARNING]") && !answer.text.contains("[ERROR]"),
        "{}",
        answer.text
    );
    Ok(())
}

#[tokio::test]
async fn it_renders_for_every_kubernetes_it_promises_and_no_older() -> Result<()> {
    for version in ["1.33.0", "1.34.0", "1.35.0", "1.36.3", "1.37.0"] {
        let objects = rendered(&["--kube-version", version]).await?;
        for kind in ["ServiceAccount", "ClusterRole", "Role", "Service", "Deployment", "PodDisruptionBudget"] {
            assert!(of_kind(&objects, kind).is_some(), "{version}: no {kind}");
        }
        let definitions = objects.iter().filter(|object| object["kind"] == "CustomResourceDefinition").count();
        assert_eq!(definitions, guarantor::api::crds().len(), "{version}");
    }
    let answer = helm(&["template", "guarantor"], &["--kube-version", "1.32.0"]).await?;
    assert!(!answer.success && answer.text.contains("1.33"), "{}", answer.text);
    Ok(())
}

#[tokio::test]
async fn a_service_monitor_is_made_only_where_it_is_asked_for() -> Result<()> {
    assert!(of_kind(&rendered(&[]).await?, "ServiceMonitor").is_none());
    let flags = ["--set", "serviceMonitor.enabled=true,serviceMonitor.interval=15s,serviceMonitor.labels.team=web"];
    let objects = rendered(&flags).await?;
    let monitor = of_kind(&objects, "ServiceMonitor").unwrap();
    assert_eq!(monitor["metadata"]["labels"]["team"], "web");
    assert_eq!(monitor["spec"]["endpoints"][0]["interval"], "15s");
    let service = of_kind(&objects, "Service").unwrap();
    assert_eq!(monitor["spec"]["endpoints"][0]["port"], service["spec"]["ports"][0]["name"]);
    let wanted = monitor["spec"]["selector"]["matchLabels"].as_object().unwrap();
    assert!(wanted.iter().all(|(label, value)| service["metadata"]["labels"][label] == *value), "it finds the Service");
    Ok(())
}

#[tokio::test]
async fn policies_hold_where_the_operator_works_and_can_be_left_out() -> Result<()> {
    let of = |objects: &[Value], kind: &str| -> Vec<Value> {
        objects.iter().filter(|object| object["kind"] == kind).map(|object| object["spec"].clone()).collect()
    };
    let everywhere = rendered(&[]).await?;
    let policies = of(&everywhere, "ValidatingAdmissionPolicy");
    let about = |resource: &str| {
        let named = |policy: &&Value| policy["matchConstraints"].to_string().contains(resource);
        policies.iter().find(named).unwrap_or_else(|| panic!("no policy for {resource}"))
    };
    let validations = |resource: &str| about(resource)["validations"].as_array().unwrap().len();
    assert!(
        policies.len() == 3 && validations("servicelevelexclusions") >= 6 && validations("servicelevelclaims") >= 8
    );
    let records = about("servicelevelstatements");
    let account = "system:serviceaccount:default:guarantor";
    assert!(records["validations"][0]["expression"].as_str().unwrap().contains(&format!("'{account}'")));
    let bindings = of(&everywhere, "ValidatingAdmissionPolicyBinding");
    assert!(bindings.len() == 3 && bindings.iter().all(|b| b["matchResources"].is_null()));
    let one = rendered(&["--set", "watchNamespace=shop,serviceAccount.name=keeper"]).await?;
    let bindings = of(&one, "ValidatingAdmissionPolicyBinding");
    let label = "/matchResources/namespaceSelector/matchLabels/kubernetes.io~1metadata.name";
    assert!(bindings.iter().all(|binding| binding.pointer(label) == Some(&"shop".into())));
    let text = serde_json::to_string(&of(&one, "ValidatingAdmissionPolicy"))?;
    assert!(text.contains("system:serviceaccount:default:keeper") && !text.contains(account), "{text}");
    let none = rendered(&["--set", "admission.enabled=false"]).await?;
    assert!(none.iter().all(|object| !object["kind"].as_str().unwrap().starts_with("ValidatingAdmission")));
    Ok(())
}

#[tokio::test]
async fn the_definitions_can_be_left_to_somebody_else() -> Result<()> {
    let objects = rendered(&["--set", "crds.install=false"]).await?;
    assert!(objects.iter().all(|object| object["kind"] != "CustomResourceDefinition"));
    Ok(())
}

#[tokio::test]
async fn a_wrong_value_is_refused_by_name() -> Result<()> {
    let table = [
        ("replicas=-1", "/replicas"),
        ("replicas=two", "/replicas"),
        ("enforcement=Always", "/enforcement"),
        ("log.format=xml", "/log/format"),
        ("image.repository=", "/image/repository"),
        ("image.pullPolicy=Sometimes", "/image/pullPolicy"),
        ("serviceMonitor.interval=often", "/serviceMonitor/interval"),
        ("extraArgs={settle-delay=1m}", "/extraArgs/0"),
        ("metricsSources.secretNames=metrics-token", "/metricsSources/secretNames"),
        ("rbac.workloads[0].resource=Rollout,rbac.workloads[0].group=argoproj.io", "/rbac/workloads/0/resource"),
        ("rbac.workloads[0].group=argoproj.io", "'resource'"),
        ("crds.install=later", "/crds/install"),
        ("replicaCount=3", "'replicaCount'"),
        ("watchNamespaces=shop", "'watchNamespaces'"),
        ("crds.keep=false", "'keep'"),
        ("admission.enabled=maybe", "/admission/enabled"),
    ];
    for (value, named) in table {
        let answer = helm(&["template", "guarantor"], &["--set", value]).await?;
        assert!(!answer.success, "{value} was accepted");
        assert!(answer.text.contains(named), "{value}: {named} is not named in\n{}", answer.text);
    }
    Ok(())
}

#[tokio::test]
async fn every_value_reaches_the_operator() -> Result<()> {
    let table: [(&str, &str, Value); 10] = [
        ("replicas=3", "/spec/replicas", 3.into()),
        ("image.tag=v9", "/spec/template/spec/containers/0/image", "ghcr.io/guarantor-dev/guarantor:v9".into()),
        ("enforcement=Observe", "/spec/template/spec/containers/0/args/1", "--enforcement=Observe".into()),
        ("log.format=text", "/spec/template/spec/containers/0/args/2", "--log-format=text".into()),
        ("log.filter=debug", "/spec/template/spec/containers/0/args/3", "--log-filter=debug".into()),
        ("watchNamespace=shop", "/spec/template/spec/containers/0/args/6", "--watch-namespace=shop".into()),
        ("extraArgs={--settle-delay=1m}", "/spec/template/spec/containers/0/args/6", "--settle-delay=1m".into()),
        ("priorityClassName=high", "/spec/template/spec/priorityClassName", "high".into()),
        ("nodeSelector.disk=ssd", "/spec/template/spec/nodeSelector/disk", "ssd".into()),
        ("podLabels.team=web", "/spec/template/metadata/labels/team", "web".into()),
    ];
    let unchanged = rendered(&[]).await?;
    for (value, pointer, expected) in table {
        let objects = rendered(&["--set", value]).await?;
        let deployment = of_kind(&objects, "Deployment").unwrap();
        assert_eq!(deployment.pointer(pointer), Some(&expected), "{value}");
        assert_ne!(
            of_kind(&unchanged, "Deployment").unwrap().pointer(pointer),
            Some(&expected),
            "{value} is the default"
        );
    }
    Ok(())
}
