//! The control plane does what a test will rely on.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use guarantor_testbed::wait::{Progress, wait_until};
use guarantor_testbed::{ControlPlane, Options};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Namespace, Node, Pod};
use kube::api::{Api, ListParams, ObjectMeta, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

/// How long one thing may take. Machines are shared; this bounds a failure, not a success.
const PATIENCE: Duration = Duration::from_secs(300);

async fn namespace(plane: &ControlPlane, name: &str) {
    let namespace = Namespace {
        metadata: ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() },
        ..Namespace::default()
    };
    Api::all(plane.client().unwrap()).create(&PostParams::default(), &namespace).await.unwrap();
}

fn deployment(name: &str, replicas: u8) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: main, image: example.invalid/main}}]}}
"
    )
}

async fn wait_available(plane: &ControlPlane, namespace: &str, name: &str, replicas: i32) {
    let deployments: Api<Deployment> = Api::namespaced(plane.client().unwrap(), namespace);
    wait_until("the pods", PATIENCE, async || {
        let status = deployments.get(name).await?.status.unwrap_or_default();
        Ok(if status.available_replicas == Some(replicas) {
            Progress::Done(())
        } else {
            Progress::Pending(format!("{status:?}"))
        })
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_deployment_becomes_ready_on_the_nodes_of_every_zone() {
    let plane = ControlPlane::shared_own().await.unwrap();
    namespace(plane, "ready").await;
    let applied = plane.kubectl_with_input(&["apply", "-n", "ready", "-f", "-"], &deployment("web", 3)).await.unwrap();
    assert!(applied.ok().unwrap().contains("deployment.apps/web created"));
    wait_available(plane, "ready", "web", 3).await;

    let client = plane.client().unwrap();
    let no_pool = ListParams::default().labels("!guarantor.dev/pool");
    let nodes = Api::<Node>::all(client.clone()).list(&no_pool).await.unwrap();
    let zone_of: BTreeMap<String, String> = nodes
        .into_iter()
        .map(|node| {
            let zone = node.metadata.labels.unwrap()["topology.kubernetes.io/zone"].clone();
            (node.metadata.name.unwrap(), zone)
        })
        .collect();
    assert_eq!(zone_of.len(), 6);
    let pods = Api::<Pod>::namespaced(client, "ready").list(&ListParams::default()).await.unwrap();
    let used: BTreeSet<&str> =
        pods.iter().map(|pod| pod.spec.as_ref().unwrap().node_name.as_deref().unwrap()).collect();
    let zones: BTreeSet<&str> = used.iter().map(|node| zone_of[*node].as_str()).collect();
    assert_eq!(used.len(), 3, "{used:?}");
    assert_eq!(zones, BTreeSet::from(["zone-1", "zone-2"]));
}

#[tokio::test]
async fn a_pod_fails_recovers_and_is_resized_as_it_is_told() {
    let plane = ControlPlane::shared_own().await.unwrap();
    namespace(plane, "steered").await;
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: one}, spec: {containers: [
        {name: main, image: example.invalid/main, resources: {requests: {cpu: 100m}}}]}}";
    let steps: [(&[&str], &str); 8] = [
        (&["apply", "-f", "-"], "created"),
        (&["wait", "pod/one", "--for=condition=Ready", "--timeout=300s"], "met"),
        (&["annotate", "pod/one", "testbed/ready=false"], "annotated"),
        (&["wait", "pod/one", "--for=condition=Ready=False", "--timeout=300s"], "met"),
        (&["annotate", "pod/one", "testbed/ready-"], "annotated"),
        (&["wait", "pod/one", "--for=condition=Ready", "--timeout=300s"], "met"),
        (
            &[
                "patch",
                "pod/one",
                "--subresource=resize",
                "--patch",
                r#"{"spec":{"containers":[{"name":"main","resources":{"requests":{"cpu":"200m"}}}]}}"#,
            ],
            "patched",
        ),
        (
            &[
                "wait",
                "pod/one",
                "--for=jsonpath={.status.containerStatuses[0].allocatedResources.cpu}=200m",
                "--timeout=300s",
            ],
            "met",
        ),
    ];
    for (arguments, expected) in steps {
        let arguments = [&["-n", "steered"], arguments].concat();
        let done = plane.kubectl_with_input(&arguments, pod).await.unwrap();
        let text = done.ok().unwrap();
        assert!(text.contains(expected), "{arguments:?}: {text}");
    }
    let crash = ["annotate", "-n", "steered", "pod/one", "testbed/crash=true"];
    plane.kubectl(&crash).await.unwrap().ok().unwrap();
    let pods: Api<Pod> = Api::namespaced(plane.client().unwrap(), "steered");
    wait_until("the crash", PATIENCE, async || {
        let status = pods.get("one").await?.status.unwrap_or_default();
        let restarts: i32 = status.container_statuses.iter().flatten().map(|container| container.restart_count).sum();
        Ok(if restarts == 1 { Progress::Done(()) } else { Progress::Pending(format!("{restarts} restarts")) })
    })
    .await
    .unwrap();
}

/// The nodes of the pods of a Deployment that are not on their way out.
async fn nodes_of(plane: &ControlPlane, namespace: &str, name: &str) -> BTreeSet<String> {
    let pods: Api<Pod> = Api::namespaced(plane.client().unwrap(), namespace);
    let pods = pods.list(&ListParams::default().labels(&format!("app={name}"))).await.unwrap();
    let stays = pods.iter().filter(|pod| pod.metadata.deletion_timestamp.is_none());
    stays.filter_map(|pod| pod.spec.as_ref()?.node_name.clone()).collect()
}

#[tokio::test]
async fn a_pool_takes_its_own_pods_only_and_one_of_its_nodes_falls_ill() {
    let plane = ControlPlane::shared_own().await.unwrap();
    namespace(plane, "pooled").await;
    assert_eq!(plane.add_pool("pooled", 2).await.unwrap(), ["pooled-1", "pooled-2"]);
    let within = "spec: {nodeSelector: {guarantor.dev/pool: pooled}, \
                  tolerations: [{key: guarantor.dev/pool, value: pooled}], containers:";
    let inside = deployment("inside", 2).replace("spec: {containers:", within);
    for manifest in [inside, deployment("outside", 8)] {
        plane.kubectl_with_input(&["apply", "-n", "pooled", "-f", "-"], &manifest).await.unwrap().ok().unwrap();
    }
    wait_available(plane, "pooled", "inside", 2).await;
    wait_available(plane, "pooled", "outside", 8).await;
    let both = BTreeSet::from(["pooled-1".to_owned(), "pooled-2".to_owned()]);
    assert_eq!(nodes_of(plane, "pooled", "inside").await, both);
    assert!(nodes_of(plane, "pooled", "outside").await.is_disjoint(&both));

    plane.set_node_ready("pooled-1", false).await.unwrap();
    wait_until("the pods to leave", PATIENCE, async || {
        let nodes = nodes_of(plane, "pooled", "inside").await;
        Ok(if nodes.contains("pooled-1") { Progress::pending(format!("{nodes:?}")) } else { Progress::Done(()) })
    })
    .await
    .unwrap();
    wait_available(plane, "pooled", "inside", 2).await;
    plane.set_node_ready("pooled-1", true).await.unwrap();
    let ready = ["wait", "node/pooled-1", "--for=condition=Ready", "--timeout=300s"];
    plane.kubectl(&ready).await.unwrap().ok().unwrap();
    plane.remove_pool("pooled").await.unwrap();
    let gone = ["wait", "node", "-l", "guarantor.dev/pool=pooled", "--for=delete", "--timeout=300s"];
    plane.kubectl(&gone).await.unwrap().ok().unwrap();
}

#[tokio::test]
async fn a_refusal_of_kubectl_is_an_error_with_its_text() {
    let plane = ControlPlane::shared_own().await.unwrap();
    let refused = plane.kubectl(&["get", "unicorns"]).await.unwrap();
    let text = format!("{:#}", refused.ok().unwrap_err());
    assert!(text.contains("get unicorns") && text.contains("resource type"), "{text}");
}

#[tokio::test]
async fn helm_installs_a_chart_that_demands_a_kubernetes_version() {
    let plane = ControlPlane::shared_own().await.unwrap();
    let chart = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(chart.path().join(name), text).unwrap();
    std::fs::create_dir(chart.path().join("templates")).unwrap();
    write("Chart.yaml", "apiVersion: v2\nname: probe\nversion: 0.1.0\nkubeVersion: '>=1.33.0-0'\n");
    write("templates/web.yaml", &deployment("charted", 1));
    let chart = chart.path().to_str().unwrap();
    plane
        .helm(&["install", "probe", chart, "--namespace", "charts", "--create-namespace", "--wait"])
        .await
        .unwrap()
        .ok()
        .unwrap();
    wait_available(plane, "charts", "charted", 1).await;
}

#[tokio::test]
async fn a_service_account_comes_as_itself_and_the_audit_log_tells_what_it_did() {
    let plane = ControlPlane::shared_own().await.unwrap();
    namespace(plane, "audited").await;
    plane.kubectl(&["create", "serviceaccount", "robot", "-n", "audited"]).await.unwrap().ok().unwrap();
    let path = plane.service_account_kubeconfig("audited", "robot").await.unwrap();
    let config = Config::from_custom_kubeconfig(Kubeconfig::read_from(path).unwrap(), &KubeConfigOptions::default())
        .await
        .unwrap();
    let pods: Api<Pod> = Api::namespaced(Client::try_from(config).unwrap(), "audited");
    let refused = pods.delete("nobody", &kube::api::DeleteParams::default()).await;
    assert!(matches!(&refused, Err(kube::Error::Api(status)) if status.code == 403), "{refused:?}");

    let robot = "system:serviceaccount:audited:robot";
    // The log may be a little behind the answer.
    let events = wait_until("the event", PATIENCE, async || {
        let events = plane.audit_events_of(robot)?;
        Ok(if events.is_empty() { Progress::pending("none yet") } else { Progress::Done(events) })
    });
    let events = events.await.unwrap();
    let [event] = events.as_slice() else {
        panic!("one event of {robot}, but: {events:?}");
    };
    assert_eq!(
        (event.verb.as_str(), event.resource.as_str(), event.namespace.as_str(), event.name.as_str(), event.code),
        ("delete", "pods", "audited", "nobody", 403)
    );
    assert!(event.is_write());
}

#[tokio::test]
async fn the_api_server_comes_back_with_its_data_and_a_frozen_zone_loses_its_nodes() {
    let options = Options { nodes: 2, node_grace: Duration::from_secs(4), ..Options::default() };
    let mut plane = ControlPlane::start(options).await.unwrap();
    namespace(&plane, "kept").await;
    plane.kill_apiserver().unwrap();
    let namespaces: Api<Namespace> = Api::all(plane.client().unwrap());
    assert!(namespaces.get("kept").await.is_err());
    plane.restart_apiserver().await.unwrap();
    namespaces.get("kept").await.unwrap();

    plane.freeze_zone("zone-2").unwrap();
    let nodes: Api<Node> = Api::all(plane.client().unwrap());
    for (expected, then_thaw) in [("Unknown", true), ("True", false)] {
        wait_until("the node of the zone", PATIENCE, async || {
            let status = nodes.get("node-2").await?.status.unwrap_or_default();
            let ready = status
                .conditions
                .unwrap_or_default()
                .into_iter()
                .find(|condition| condition.type_ == "Ready")
                .map(|condition| condition.status);
            Ok(if ready.as_deref() == Some(expected) {
                Progress::Done(())
            } else {
                Progress::Pending(format!("{ready:?}"))
            })
        })
        .await
        .unwrap();
        if then_thaw {
            plane.thaw_zone("zone-2").unwrap();
        }
    }
    let error = plane.freeze_zone("zone-9").unwrap_err();
    assert!(error.to_string().contains("zone-9"), "{error}");
}
