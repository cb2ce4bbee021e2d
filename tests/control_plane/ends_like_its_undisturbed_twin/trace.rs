//! What there was to be seen while a story was played: the states of everything a verb writes, and the acts that were done.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use futures::StreamExt;
use guarantor::api::enforcement_status::{ActionPhase, ActionRecord};
use guarantor::api::{
    AVOID_KEY, BASELINE_ANNOTATION, CPU_TARGET_ANNOTATION, ROLLOUT_ANNOTATION, SHED_ANNOTATION, ServiceLevelAgreement,
};
use guarantor_testbed::control_plane::POOL_LABEL;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{ConfigMap, Node, Pod};
use kube::api::Api;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Resource, ResourceExt};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::raises_the_floor_of_a_scaled_object::scaled_objects;
use crate::stage::Stage;

/// What was seen so far.
#[derive(Clone, Default)]
struct Seen {
    /// The states of each object, in order, by its kind and its uid.
    states: BTreeMap<(&'static str, String), Vec<Value>>,
    /// The acts that were done, in order, each as it was seen last. A status keeps the newest only.
    acts: Vec<ActionRecord>,
}

/// Notes from now on.
pub(super) struct Trace {
    seen: Arc<Mutex<Seen>>,
    _watches: JoinSet<()>,
}

impl Trace {
    pub(super) fn begin(stage: &Stage) -> Result<Self> {
        let (seen, mut watches) = (Arc::new(Mutex::new(Seen::default())), JoinSet::new());
        let client = stage.cluster.client()?;
        let namespace = stage.namespace.as_str();
        let all = watcher::Config::default;
        let autoscalers: Api<HorizontalPodAutoscaler> = Api::namespaced(client.clone(), namespace);
        watches.spawn(watch(autoscalers, all(), seen.clone(), |seen, autoscaler| {
            note(seen, "autoscaler", autoscaler, of_autoscaler(autoscaler));
        }));
        // Where KEDA's definition is not served, there is nothing to be seen of it.
        let scaled_objects = scaled_objects(stage)?;
        watches.spawn(watch(scaled_objects, all(), seen.clone(), |seen, object| {
            let floor = object.data.pointer("/spec/minReplicaCount");
            let baseline = object.annotations().get(BASELINE_ANNOTATION);
            note(seen, "scaled object", object, json!({"floor": floor, "baseline": baseline}));
        }));
        let deployments: Api<Deployment> = Api::namespaced(client.clone(), namespace);
        watches.spawn(watch(deployments, all(), seen.clone(), |seen, deployment| {
            note(seen, "deployment", deployment, of_deployment(deployment));
        }));
        let of_pool = all().labels(&format!("{POOL_LABEL}={namespace}"));
        watches.spawn(watch(Api::<Node>::all(client.clone()), of_pool, seen.clone(), |seen, node| {
            note(seen, "node", node, of_node(node));
        }));
        let switches: Api<ConfigMap> = Api::namespaced(client.clone(), namespace);
        watches.spawn(watch(switches, all(), seen.clone(), |seen, switch| {
            let marked = switch.annotations().contains_key(SHED_ANNOTATION);
            note(seen, "switch", switch, json!({"data": switch.data, "marked": marked}));
        }));
        let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
        watches.spawn(watch(pods, all(), seen.clone(), |seen, pod| {
            let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
            let sizes: Vec<_> = containers.map(|container| &container.resources).collect();
            note(seen, "pod", pod, json!(sizes));
        }));
        let agreements: Api<ServiceLevelAgreement> = Api::namespaced(client, namespace);
        watches.spawn(watch(agreements, all(), seen.clone(), |seen, agreement| {
            let actions = agreement.status.iter().flat_map(|status| status.actions.iter().rev());
            for act in actions.filter(|action| action.phase == ActionPhase::Done) {
                match seen.acts.iter_mut().find(|known| known.id == act.id) {
                    // Its verdict comes later.
                    Some(known) => known.clone_from(act),
                    None => seen.acts.push(act.clone()),
                }
            }
        }));
        Ok(Self { seen, _watches: watches })
    }

    /// The states of each object that changed, by kind. Which of several alike it was is another each time.
    pub(super) fn states(&self) -> BTreeMap<&'static str, Vec<Vec<Value>>> {
        let mut by_kind: BTreeMap<&'static str, Vec<Vec<Value>>> = BTreeMap::new();
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for ((kind, _), states) in seen.states.iter().filter(|(_, states)| states.len() > 1) {
            by_kind.entry(*kind).or_default().push(states.clone());
        }
        for alike in by_kind.values_mut() {
            alike.sort_by_key(|states| json!(states).to_string());
        }
        by_kind
    }

    /// The acts that were done, in order.
    pub(super) fn acts(&self) -> Vec<ActionRecord> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).acts.clone()
    }
}

fn of_autoscaler(autoscaler: &HorizontalPodAutoscaler) -> Value {
    let floor = autoscaler.spec.min_replicas;
    let baseline = autoscaler.annotations().get(BASELINE_ANNOTATION);
    let targeted = autoscaler.annotations().contains_key(CPU_TARGET_ANNOTATION);
    json!({"floor": floor, "baseline": baseline, "metrics": autoscaler.spec.metrics, "targeted": targeted})
}

fn of_deployment(deployment: &Deployment) -> Value {
    json!({
        "paused": deployment.spec.paused == Some(true),
        "template": deployment.spec.template.metadata.as_ref().and_then(|meta| meta.annotations.as_ref()),
        "marked": deployment.annotations().contains_key(ROLLOUT_ANNOTATION),
        "baseline": deployment.annotations().get(BASELINE_ANNOTATION),
    })
}

fn of_node(node: &Node) -> Value {
    let taints = node.spec.iter().flat_map(|spec| spec.taints.iter().flatten());
    let avoided = taints.filter(|taint| taint.key == AVOID_KEY).map(|taint| &taint.effect);
    json!({"avoided": avoided.collect::<Vec<_>>(), "marked": node.annotations().contains_key(AVOID_KEY)})
}

/// Enters a state, if it is another one than before.
fn note(seen: &mut Seen, kind: &'static str, object: &impl ResourceExt, state: Value) {
    let states = seen.states.entry((kind, object.uid().unwrap_or_default())).or_default();
    if states.last() != Some(&state) {
        states.push(state);
    }
}

async fn watch<K>(api: Api<K>, config: watcher::Config, seen: Arc<Mutex<Seen>>, enter: fn(&mut Seen, &K))
where
    K: Resource + Clone + Debug + DeserializeOwned + Send + 'static,
{
    let mut objects = pin!(watcher(api, config).default_backoff().applied_objects());
    while let Some(object) = objects.next().await {
        // A watch that broke is taken up again.
        let Ok(object) = object else { continue };
        enter(&mut seen.lock().unwrap_or_else(PoisonError::into_inner), &object);
    }
}
