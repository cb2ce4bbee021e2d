//! The pods of a service as the API server shows them.
//!
//! Takes a client, a namespace and a label selector, gives the present pods with what the simulation needs of them. Never writes.
//! While the API server is away it gives the last pods known: the service's own traffic does not depend on the control plane.
//!
//! A pod template can carry a fault of its own: annotation `testbed/error-share: "0.05"` makes that share of the pod's requests fail
//! with 500. A bad revision is then simply a rollout that adds the annotation, and rolling back mends it.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryFutureExt};
use k8s_openapi::api::core::v1::{ContainerState, ContainerStatus, Pod, PodStatus};
use k8s_openapi::jiff::Timestamp;
use kube::runtime::{WatchStreamExt, reflector, watcher};
use kube::{Api, Client, ResourceExt};
use tokio::task::JoinSet;

/// Annotation on a pod: the share of its requests, 0 to 1, that fail with 500.
pub const ERROR_SHARE_ANNOTATION: &str = "testbed/error-share";

/// How long the first list of pods may take.
const FIRST_LIST: Duration = Duration::from_secs(120);

/// What the simulation needs to know of a pod.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PodView {
    /// Tells a pod from its successor of the same name.
    pub uid: String,
    /// Value of the label `pod`.
    pub name: String,
    /// Where it runs, once scheduled.
    pub node: Option<String>,
    /// A process runs: it has counters and finishes what it has in flight.
    pub running: bool,
    /// It gets new requests: running, Ready and not being deleted.
    pub ready: bool,
    /// When the process started.
    pub started: Option<Timestamp>,
    /// Container restarts; each begins the counters anew.
    pub restarts: i64,
    /// Share of its requests that fail with 500, from [`ERROR_SHARE_ANNOTATION`].
    pub error_share: f64,
    /// The name of its first container.
    pub container: String,
    /// The cores that its node lets that container use, by the limit in force and not by the one that is wished for. `None`: it has
    /// no CPU limit.
    pub cores: Option<f64>,
}

impl PodView {
    /// Reads a pod.
    ///
    /// # Errors
    /// When the pod has no uid or [`ERROR_SHARE_ANNOTATION`] is not a share; such a pod is not simulated.
    pub fn of(pod: &Pod) -> Result<Self> {
        let uid = pod.uid().context("the pod has no uid")?;
        let status = pod.status.as_ref();
        let running = status.is_some_and(runs);
        let containers = || status.and_then(|s| s.container_statuses.as_deref()).unwrap_or_default();
        let started = containers().iter().find_map(|c| running_since(c.state.as_ref()));
        let ready_condition = status.and_then(|s| s.conditions.as_deref()).unwrap_or_default().iter();
        let ready = ready_condition.into_iter().any(|c| c.type_ == "Ready" && c.status == "True");
        Ok(Self {
            uid,
            name: pod.name_any(),
            node: pod.spec.as_ref().and_then(|spec| spec.node_name.clone()),
            running,
            ready: running && ready && pod.metadata.deletion_timestamp.is_none(),
            started: started.or_else(|| status.and_then(|s| s.start_time.as_ref()).map(|time| time.0)),
            restarts: containers().iter().map(|c| i64::from(c.restart_count)).sum(),
            error_share: error_share(pod)?,
            container: containers().first().map(|c| c.name.clone()).unwrap_or_default(),
            cores: containers().first().and_then(cores),
        })
    }
}

/// The CPU limit in force, in cores.
fn cores(container: &ContainerStatus) -> Option<f64> {
    let limit = &container.resources.as_ref()?.limits.as_ref()?.get("cpu")?.0;
    let cores = match limit.strip_suffix('m') {
        Some(thousandths) => thousandths.parse::<f64>().ok()? / 1000.0,
        None => limit.parse().ok()?,
    };
    Some(cores).filter(|cores: &f64| cores.is_finite() && *cores > 0.0)
}

fn runs(status: &PodStatus) -> bool {
    let containers = status.container_statuses.as_deref().unwrap_or_default();
    // The phase stays Running while a container waits in its crash loop.
    status.phase.as_deref() == Some("Running")
        && (containers.is_empty() || containers.iter().any(|c| c.state.as_ref().is_some_and(|s| s.running.is_some())))
}

fn running_since(state: Option<&ContainerState>) -> Option<Timestamp> {
    state?.running.as_ref()?.started_at.as_ref().map(|time| time.0)
}

fn error_share(pod: &Pod) -> Result<f64> {
    let Some(text) = pod.annotations().get(ERROR_SHARE_ANNOTATION) else {
        return Ok(0.0);
    };
    let share: f64 = text.parse().with_context(|| format!("annotation {ERROR_SHARE_ANNOTATION}: {text:?}"))?;
    ensure!((0.0..=1.0).contains(&share), "annotation {ERROR_SHARE_ANNOTATION} must be between 0 and 1, not {text:?}");
    Ok(share)
}

/// A watch that keeps the pods of one service at hand; ends when dropped.
#[derive(Debug)]
pub(super) struct PodWatch {
    store: reflector::Store<Pod>,
    _task: JoinSet<()>,
}

impl PodWatch {
    /// Watches, and returns once the present pods are known.
    ///
    /// # Errors
    /// When the API server has not listed the pods in time; the log has its answers.
    pub(super) async fn start(client: Client, namespace: &str, selector: &str) -> Result<Self> {
        let (store, writer) = reflector::store();
        let stream = watcher(Api::<Pod>::namespaced(client, namespace), watcher::Config::default().labels(selector))
            .default_backoff()
            .modify(|pod| pod.metadata.managed_fields = None)
            .reflect(writer)
            .applied_objects()
            .for_each(|pod| async {
                // Said once per change here, not at every step that reads the store.
                if let Err(error) = pod.map_err(anyhow::Error::from).and_then(|pod| PodView::of(&pod)) {
                    tracing::warn!("plant: {error:#}");
                }
            });
        let mut task = JoinSet::new();
        task.spawn(stream);
        tokio::time::timeout(FIRST_LIST, store.wait_until_ready().map_err(anyhow::Error::from)).await.with_context(
            || format!("pods {selector} in namespace {namespace} could not be listed in {FIRST_LIST:?}"),
        )??;
        Ok(Self { store, _task: task })
    }

    /// The pods as last heard.
    pub(super) fn pods(&self) -> Vec<PodView> {
        self.store.state().iter().filter_map(|pod| PodView::of(pod).ok()).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn pod(change: impl FnOnce(&mut Value)) -> Result<PodView> {
        let mut pod = json!({
            "metadata": {"name": "checkout-1", "namespace": "shop", "uid": "u1", "annotations": {}},
            "spec": {"nodeName": "node-a", "containers": []},
            "status": {
                "phase": "Running",
                "startTime": "2026-01-01T00:00:00Z",
                "conditions": [{"type": "Initialized", "status": "True"}, {"type": "Ready", "status": "True"}],
                "containerStatuses": [{
                    "name": "app", "image": "app", "imageID": "", "ready": true, "restartCount": 0,
                    "resources": {"limits": {"cpu": "750m"}},
                    "state": {"running": {"startedAt": "2026-01-01T00:00:05Z"}},
                }],
            },
        });
        change(&mut pod);
        PodView::of(&serde_json::from_value(pod).unwrap())
    }

    #[test]
    fn a_ready_pod_is_read_whole() {
        let expected = PodView {
            uid: "u1".into(),
            name: "checkout-1".into(),
            node: Some("node-a".into()),
            running: true,
            ready: true,
            started: Some("2026-01-01T00:00:05Z".parse().unwrap()),
            restarts: 0,
            error_share: 0.0,
            container: "app".into(),
            cores: Some(0.75),
        };
        assert_eq!(pod(|_| ()).unwrap(), expected);
        for (limit, cores) in [(json!("2"), Some(2.0)), (json!("1.5"), Some(1.5)), (json!("1Gi"), None)] {
            let limited = |p: &mut Value| p["status"]["containerStatuses"][0]["resources"]["limits"]["cpu"] = limit;
            assert_eq!(pod(limited).unwrap().cores, cores);
        }
    }

    #[test]
    fn who_runs_and_who_gets_requests() {
        type Change = fn(&mut Value);
        let cases: [(&str, Change, bool, bool); 7] = [
            ("as it is", |_| (), true, true),
            ("unready", |p| p["status"]["conditions"][1]["status"] = json!("False"), true, false),
            ("unknown, its node is away", |p| p["status"]["conditions"][1]["status"] = json!("Unknown"), true, false),
            ("terminating", |p| p["metadata"]["deletionTimestamp"] = json!("2026-01-01T01:00:00Z"), true, false),
            ("pending", |p| p["status"] = json!({"phase": "Pending"}), false, false),
            ("failed", |p| p["status"]["phase"] = json!("Failed"), false, false),
            (
                "crash loop",
                |p| p["status"]["containerStatuses"][0]["state"] = json!({"waiting": {"reason": "CrashLoopBackOff"}}),
                false,
                false,
            ),
        ];
        for (name, change, running, ready) in cases {
            let view = pod(change).unwrap();
            assert_eq!((view.running, view.ready), (running, ready), "{name}");
        }
    }

    #[test]
    fn restarts_and_the_pod_s_own_fault_are_read() {
        let view = pod(|p| {
            p["status"]["containerStatuses"][0]["restartCount"] = json!(3);
            p["metadata"]["annotations"] = json!({ERROR_SHARE_ANNOTATION: "0.05"});
        })
        .unwrap();
        assert_eq!((view.restarts, (view.error_share * 100.0).round()), (3, 5.0));
        for wrong in ["5%", "1.5", "NaN", "-0.1"] {
            let error = pod(|p| p["metadata"]["annotations"] = json!({ERROR_SHARE_ANNOTATION: wrong})).unwrap_err();
            assert!(error.to_string().contains(ERROR_SHARE_ANNOTATION), "{wrong}: {error}");
        }
    }
}
