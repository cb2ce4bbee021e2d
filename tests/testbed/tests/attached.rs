//! A cluster that was named for it is used, kept apart from what runs in it, and left as it was found.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use guarantor_testbed::control_plane::TOLERATIONS;
use guarantor_testbed::control_plane::choice::VARIABLE;
use guarantor_testbed::wait::{Progress, wait_until};
use guarantor_testbed::{ControlPlane, Options};

/// How long one thing may take. Machines are shared; this bounds a failure, not a success.
const PATIENCE: Duration = Duration::from_secs(300);

/// Something that is in the cluster of its own accord, and would be in the way if it were touched.
const RESIDENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: resident, namespace: default}
spec:
  replicas: 4
  selector: {matchLabels: {app: resident}}
  template:
    metadata: {labels: {app: resident}}
    spec: {containers: [{name: main, image: example.invalid/main}]}
";

fn guest() -> String {
    format!(
        "apiVersion: v1
kind: Pod
metadata: {{name: guest, namespace: guest-house}}
spec:
  nodeSelector: {{guarantor.dev/testbed: part}}
  tolerations: {TOLERATIONS}
  containers: [{{name: main, image: example.invalid/main}}]
"
    )
}

/// As much of an agreement's definition as its finalizer needs.
const DEFINITION: &str = "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: servicelevelagreements.guarantor.dev}
spec:
  group: guarantor.dev
  scope: Namespaced
  names: {kind: ServiceLevelAgreement, plural: servicelevelagreements}
  versions:
  - name: v1alpha1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
";

const AGREEMENT: &str = "apiVersion: guarantor.dev/v1alpha1
kind: ServiceLevelAgreement
metadata: {name: held, namespace: guest-house, finalizers: [guarantor.dev/nobody-takes-it-off]}
";

async fn apply(plane: &ControlPlane, manifest: &str) {
    plane.kubectl_with_input(&["apply", "-f", "-"], manifest).await.unwrap().ok().unwrap();
}

/// The same for a kind whose definition was made just now: it is discovered a little after it is established.
async fn apply_once_served(plane: &ControlPlane, manifest: &str) {
    wait_until("the kind to be served", PATIENCE, async || {
        let applied = plane.kubectl_with_input(&["apply", "-f", "-"], manifest).await?;
        Ok(if applied.status.success() { Progress::Done(()) } else { Progress::Pending(applied.stderr) })
    })
    .await
    .unwrap();
}

async fn get(plane: &ControlPlane, arguments: &[&str]) -> String {
    plane.kubectl(&[&["get"], arguments].concat()).await.unwrap().ok().unwrap()
}

/// What a guest could leave behind.
async fn inventory(plane: &ControlPlane) -> String {
    let kinds = "namespaces,nodes,customresourcedefinitions,clusterroles,clusterrolebindings";
    let all = get(plane, &[kinds, "-o", "name"]).await;
    all + &get(plane, &["leases", "-n", "kube-node-lease", "-o", "name"]).await
}

async fn nodes_of(plane: &ControlPlane, namespace: &str) -> Vec<String> {
    let path = "jsonpath={range .items[*]}{.spec.nodeName}{\"\\n\"}{end}";
    get(plane, &["pods", "-n", namespace, "-o", path]).await.lines().map(str::to_owned).collect()
}

async fn wait_as_before(plane: &ControlPlane, before: &str) {
    wait_until("the cluster to be as it was", PATIENCE, async || {
        let now = inventory(plane).await;
        Ok(if now == before { Progress::Done(()) } else { Progress::Pending(now) })
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_cluster_is_left_as_it_was_found() {
    let host = ControlPlane::start(Options { nodes: 1, zones: 1, ..Options::default() }).await.unwrap();
    let kubeconfig = host.kubeconfig_path();
    let before = inventory(&host).await;
    let options = Options { nodes: 2, ..Options::default() };
    let plane = ControlPlane::attach(&kubeconfig, &options, PATIENCE).await.unwrap();
    assert!(!plane.is_own() && plane.audit_events().is_err());

    apply(&plane, RESIDENT).await;
    plane.create_namespace("guest-house").await.unwrap();
    apply(&plane, &guest()).await;
    let ready = ["wait", "--for=condition=Ready", "pod/guest", "-n", "guest-house", "--timeout=300s"];
    plane.kubectl(&ready).await.unwrap().ok().unwrap();
    let available = ["rollout", "status", "deployment/resident", "--timeout=300s"];
    plane.kubectl(&available).await.unwrap().ok().unwrap();
    assert_eq!(nodes_of(&host, "default").await, ["node-1"; 4], "nothing of the host's gets onto simulated nodes");
    assert!(nodes_of(&host, "guest-house").await[0].starts_with("guarantor-testbed-node-"));
    // Long enough for one look.
    let taken = ControlPlane::attach(&kubeconfig, &options, Duration::from_secs(10)).await.err().unwrap();
    assert!(format!("{taken:#}").contains("another run works on it"), "{taken:#}");

    apply(&plane, DEFINITION).await;
    let established =
        ["wait", "--for=condition=Established", "crd/servicelevelagreements.guarantor.dev", "--timeout=300s"];
    plane.kubectl(&established).await.unwrap().ok().unwrap();
    apply_once_served(&plane, AGREEMENT).await;
    drop(plane);
    wait_as_before(&host, &before).await;
    assert_eq!(nodes_of(&host, "default").await, ["node-1"; 4]);

    // Now it is somebody's.
    apply(&host, DEFINITION).await;
    let before = inventory(&host).await;
    let refused = ControlPlane::attach(&kubeconfig, &options, PATIENCE).await.err().unwrap();
    let text = format!("{refused:#}");
    assert!(text.contains("Guarantor is installed in this cluster already") && text.contains(VARIABLE), "{text}");
    assert_eq!(inventory(&host).await, before);
}

/// `testbed up` with these variables set, and the address of the API server it tells.
fn up(variables: &[(&str, &Path)]) -> (Child, String) {
    let mut testbed = Command::new(env!("CARGO_BIN_EXE_testbed"));
    testbed.args(["up", "--nodes", "1", "--zones", "1"]).env_remove(VARIABLE).stdout(Stdio::piped());
    let mut testbed = testbed.envs(variables.iter().copied()).spawn().unwrap();
    let mut lines = BufReader::new(testbed.stdout.take().unwrap()).lines().map_while(Result::ok);
    let said = lines.find_map(|line| Some(line.strip_prefix("The API server is at ")?.split(';').next()?.to_owned()));
    assert!(lines.any(|line| line.contains("Ctrl-C")));
    (testbed, said.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_is_used_by_our_variable_only_and_left_even_by_who_is_killed() {
    let host = ControlPlane::start(Options { nodes: 1, zones: 1, ..Options::default() }).await.unwrap();
    let kubeconfig = host.kubeconfig_path();
    let before = inventory(&host).await;
    let (mut own, address) = up(&[("KUBECONFIG", &kubeconfig)]);
    assert_ne!(address, host.url());
    assert_eq!(inventory(&host).await, before, "KUBECONFIG alone names nothing");
    own.kill().unwrap();
    own.wait().unwrap();

    let (mut guest, address) = up(&[(VARIABLE, &kubeconfig)]);
    assert_eq!(address, host.url());
    assert!(inventory(&host).await.contains("node/guarantor-testbed-node-1"));
    guest.kill().unwrap();
    guest.wait().unwrap();
    wait_as_before(&host, &before).await;
}
