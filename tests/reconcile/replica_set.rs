//! A `ReplicaSet`'s controller, as far as pods go: it makes as many as are wanted, each ready a few seconds later on a node
//! of its own, and takes the newest away when there are too many. Some pods are sick, and fail every request; or all that are
//! on a sick node.

use std::collections::BTreeSet;

use guarantor::sense::signals::{PodEvents, PodVector, Signals};
use guarantor_testbed::model::ApiServer;
use jiff::{SignedDuration, Timestamp};
use num_rational::BigRational;
use serde_json::{Value, json};

use crate::stage::{DEPLOYMENTS, NAMESPACE, Stage};

const PODS: &str = "pods";
/// The key of the taint by which nodes are set aside for these pods, which all tolerate it.
pub const DEDICATED: &str = "example.com/dedicated";
/// So many seconds after it was made a pod is ready.
const START: i64 = 3;

/// The pods of the Deployment `web`.
#[derive(Clone, Debug, Default)]
pub struct ReplicaSet {
    /// The pods that fail every request.
    pub sick: BTreeSet<String>,
    /// The nodes whose pods fail every request.
    pub sick_nodes: BTreeSet<String>,
    /// Where pods land from now on; without it, on that of `nodes` with the fewest.
    pub node: Option<String>,
    /// The nodes there are; without them, each pod has one of its own. What is softly tainted is taken last, and every pod
    /// tolerates what is not.
    pub nodes: Vec<String>,
    /// The fewest pods that were ready at once since the first ones were.
    pub least_ready: Option<usize>,
    /// The thousandths of a core that a pod needs; a lower limit throttles it, and it fails every other request.
    pub needs: i64,
    /// The resources of the container of new pods.
    pub resources: Option<Value>,
    made: usize,
    /// Those that are ready, each with its node.
    ready: Vec<(String, String)>,
    /// The pods that their limit throttles.
    throttled: BTreeSet<String>,
}

impl ReplicaSet {
    /// On these nodes.
    pub fn on(nodes: Vec<String>) -> Self {
        Self { nodes, ..Self::default() }
    }

    /// Runs the pods of this Deployment in place of those of the stage, and lets them have served for an hour.
    pub fn take_over(self, stage: &mut Stage, web: Value) {
        for index in 0..3 {
            stage.api.delete(PODS, NAMESPACE, &format!("web-{index}")).unwrap();
        }
        stage.api.apply(web).unwrap();
        let now = stage.now();
        stage.api.set_time(now.checked_sub(SignedDuration::from_hours(1)).unwrap());
        stage.replica_set = Some(self);
        stage.world();
        stage.api.set_time(now);
    }

    /// A second of the controllers' work.
    pub fn step(&mut self, api: &ApiServer, web: &Value, now: Timestamp) {
        let replicas = usize::try_from(web["spec"]["replicas"].as_i64().unwrap()).unwrap();
        let mut pods = pods(api);
        while pods.len() > replicas {
            api.delete(PODS, NAMESPACE, &name(&pods.pop().unwrap())).unwrap();
        }
        for pod in &pods {
            let made: Timestamp = pod["metadata"]["creationTimestamp"].as_str().unwrap().parse().unwrap();
            if !is_ready(pod) && now.duration_since(made) >= SignedDuration::from_secs(START) {
                get_ready(api, &name(pod), now);
            }
        }
        for _ in pods.len()..replicas {
            self.make(api);
        }
        for pod in &pods {
            give(api, pod);
        }
        let all = self::pods(api);
        let too_small = |pod: &&Value| limit(pod).is_some_and(|limit| limit < self.needs);
        self.throttled = all.iter().filter(too_small).map(name).collect();
        self.ready = all.iter().filter(|pod| is_ready(pod)).map(|pod| (name(pod), node_of(pod))).collect();
        self.least_ready = match self.least_ready {
            None => (self.ready.len() >= replicas).then_some(self.ready.len()),
            Some(least) => Some(least.min(self.ready.len())),
        };
        let status = json!({
            "observedGeneration": web["metadata"]["generation"], "replicas": all.len(), "updatedReplicas": all.len(),
            "readyReplicas": self.ready.len(),
            "conditions": [{"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}],
        });
        let edit = |web: &mut Value| web["status"] = status;
        api.edit("kube-controller-manager", DEPLOYMENTS, NAMESPACE, "web", edit).unwrap();
        api.disruption_step();
    }

    fn make(&mut self, api: &ApiServer) {
        self.made += 1;
        let name = format!("web-{:02}", self.made);
        let node = self.place(api);
        let owner = json!([
            {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-1", "uid": "of the set", "controller": true},
        ]);
        let mut container = json!({"name": "web"});
        if let Some(resources) = &self.resources {
            container["resources"] = resources.clone();
        }
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "name": name, "namespace": NAMESPACE, "labels": {"app": "web", "pod-template-hash": "one"},
                "ownerReferences": owner,
            },
            "spec": {"nodeName": node, "containers": [container], "tolerations": [{"key": DEDICATED, "operator": "Exists"}]},
            "status": {"phase": "Running", "qosClass": "Burstable", "conditions": [{"type": "Ready", "status": "False"}]},
        });
        api.apply(pod).unwrap();
    }

    /// The node that the scheduler takes.
    fn place(&self, api: &ApiServer) -> String {
        let soft = |taint: &Value| taint["effect"] == "PreferNoSchedule";
        let is_soft = |node: &&Value| node["spec"]["taints"].as_array().is_some_and(|taints| taints.iter().any(soft));
        let tainted: Vec<String> = api.list("nodes").iter().filter(is_soft).map(name).collect();
        if let Some(node) = self.node.as_ref().filter(|node| !tainted.contains(node)) {
            return node.clone();
        }
        let on = |node: &String| pods(api).iter().filter(|pod| node_of(pod) == *node).count();
        let best = self.nodes.iter().min_by_key(|node| (tainted.contains(node), on(node)));
        best.cloned().unwrap_or_else(|| format!("node-{}", self.made))
    }

    fn is_sick(&self, (pod, node): &(String, String)) -> bool {
        self.sick.contains(pod) || self.sick_nodes.contains(node)
    }

    /// Of a hundred requests so many fail, with even balancing.
    pub fn bad_in_a_hundred(&self) -> u64 {
        let sick = self.ready.iter().filter(|pod| self.is_sick(pod)).count();
        let throttled = self.ready.iter().filter(|pod| self.throttled.contains(&pod.0)).count();
        ((sick * 100 + throttled * 50) / self.ready.len().max(1)) as u64
    }

    /// What the store says of throttling by pod.
    pub fn throttling(&self) -> Signals {
        let periods = |pod: &(String, String)| (600, if self.throttled.contains(&pod.0) { 360 } else { 6 });
        self.told(periods)
    }

    /// What the store says by pod.
    pub fn by_pod(&self) -> Signals {
        let bad = |pod: &(String, String)| match (self.is_sick(pod), self.throttled.contains(&pod.0)) {
            (true, _) => 600,
            (false, true) => 300,
            (false, false) => 1,
        };
        self.told(|pod| (600, bad(pod)))
    }

    /// Of each pod that is ready all events and the bad ones.
    fn told(&self, counts: impl Fn(&(String, String)) -> (u64, u64)) -> Signals {
        let whole = |number: u64| BigRational::from_integer(number.into());
        let events = |pod: &(String, String)| {
            let (total, bad) = counts(pod);
            PodEvents { pod: pod.0.clone(), total: whole(total), bad: whole(bad) }
        };
        Signals::ByPod(Box::new(PodVector {
            at: Timestamp::UNIX_EPOCH,
            window: SignedDuration::from_mins(1),
            newest: Timestamp::UNIX_EPOCH,
            pods: self.ready.iter().map(events).collect(),
            elsewhere: PodEvents { pod: String::new(), total: whole(0), bad: whole(0) },
        }))
    }
}

/// All pods, in the order in which they were made.
pub fn pods(api: &ApiServer) -> Vec<Value> {
    api.list(PODS)
}

/// A pod's name.
pub fn name(pod: &Value) -> String {
    pod["metadata"]["name"].as_str().unwrap().to_owned()
}

fn node_of(pod: &Value) -> String {
    pod["spec"]["nodeName"].as_str().unwrap().to_owned()
}

/// The CPU limit of a pod in thousandths of a core.
pub fn limit(pod: &Value) -> Option<i64> {
    let limit = pod.pointer("/spec/containers/0/resources/limits/cpu")?.as_str()?;
    match limit.strip_suffix('m') {
        Some(thousandths) => thousandths.parse().ok(),
        None => limit.parse::<i64>().ok().map(|cores| cores * 1000),
    }
}

/// The node gives a pod the resources it is to have.
fn give(api: &ApiServer, pod: &Value) {
    let Some(resources) = pod.pointer("/spec/containers/0/resources") else { return };
    if pod.pointer("/status/containerStatuses/0/resources") == Some(resources) {
        return;
    }
    let status = json!([{
        "name": "web", "image": "", "imageID": "", "ready": true, "restartCount": 0, "resources": resources,
    }]);
    api.edit("kubelet", PODS, NAMESPACE, &name(pod), |pod| pod["status"]["containerStatuses"] = status).unwrap();
}

fn is_ready(pod: &Value) -> bool {
    pod["status"]["conditions"][0]["status"] == "True"
}

fn get_ready(api: &ApiServer, name: &str, now: Timestamp) {
    let since = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let condition = json!([{"type": "Ready", "status": "True", "lastTransitionTime": since}]);
    api.edit("kubelet", PODS, NAMESPACE, name, |pod| pod["status"]["conditions"] = condition).unwrap();
}
