//! A Deployment's controller, as far as a rollout goes: a `ReplicaSet` for each template, revisions numbered as a real one
//! numbers them, one pod replaced every few seconds, nothing while it is paused; and pods that fail like their revision.

use guarantor::sense::signals::{PodEvents, PodVector, Signals};
use guarantor_testbed::model::ApiServer;
use jiff::{SignedDuration, Timestamp};
use num_rational::BigRational;
use serde_json::{Value, json};

use crate::stage::{DEPLOYMENTS, NAMESPACE, deployment};

const SETS: &str = "replicasets.apps";
const REVISION: &str = "deployment.kubernetes.io/revision";
const HISTORY: &str = "deployment.kubernetes.io/revision-history";
/// So many seconds a pod is watched before the next one is replaced.
const PACE: u64 = 20;
/// Of a hundred requests to a pod of a revision called `bad…` so many fail.
const BAD: u64 = 60;

/// The pods of a Deployment, by the image they run, which is their revision's name too.
#[derive(Clone, Debug)]
pub struct Rollouts {
    /// The Deployment's name.
    pub name: String,
    pods: Vec<(String, String)>,
    made: usize,
    rested: u64,
    through: Option<Timestamp>,
}

impl Default for Rollouts {
    fn default() -> Self {
        Self::of("web")
    }
}

/// A Deployment `web` of four that runs this image.
pub fn running(image: &str) -> Value {
    running_as("web", image)
}

/// The same of another name.
pub fn running_as(name: &str, image: &str) -> Value {
    let mut web = deployment(name);
    web["spec"]["replicas"] = json!(4);
    web["spec"]["template"]["spec"]["containers"][0]["image"] = image.into();
    web
}

/// Somebody applies another image.
pub fn apply(api: &ApiServer, image: &str) {
    apply_to(api, "web", image);
}

/// The same to another Deployment.
pub fn apply_to(api: &ApiServer, name: &str, image: &str) {
    let edit = |web: &mut Value| web["spec"]["template"]["spec"]["containers"][0]["image"] = image.into();
    api.edit("kubectl", DEPLOYMENTS, NAMESPACE, name, edit).unwrap();
}

/// What runs by the Deployment's spec, and whether its rollout is paused.
pub fn declared(api: &ApiServer) -> (String, bool) {
    declared_of(api, "web")
}

/// The same of another Deployment.
pub fn declared_of(api: &ApiServer, name: &str) -> (String, bool) {
    let web = api.get(DEPLOYMENTS, NAMESPACE, name).unwrap();
    (image(&web).to_owned(), web["spec"]["paused"] == true)
}

fn image(object: &Value) -> &str {
    object.pointer("/spec/template/spec/containers/0/image").and_then(Value::as_str).unwrap()
}

impl Rollouts {
    /// No pod of this Deployment yet.
    pub fn of(name: &str) -> Self {
        Self { name: name.to_owned(), pods: Vec::new(), made: 0, rested: 0, through: None }
    }

    /// A second of the controller's work.
    pub fn step(&mut self, api: &ApiServer, web: &Value, now: Timestamp) {
        let (wanted, paused) = (image(web).to_owned(), web["spec"]["paused"] == true);
        let replicas = usize::try_from(web["spec"]["replicas"].as_i64().unwrap()).unwrap();
        if !paused {
            number(api, &self.name, web, &wanted);
            self.replace(api, &wanted, replicas, now);
        }
        let updated = self.pods.iter().filter(|(_, image)| *image == wanted).count();
        if updated < self.pods.len() || self.pods.len() < replicas {
            self.through = None;
        } else if self.through.is_none() {
            self.through = Some(now);
        }
        let progress = match self.through {
            Some(through) => json!({
                "type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable",
                "lastUpdateTime": through.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            }),
            None => json!({"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated"}),
        };
        let status = json!({
            "observedGeneration": web["metadata"]["generation"], "replicas": self.pods.len(),
            "updatedReplicas": updated, "readyReplicas": self.pods.len(), "conditions": [progress],
        });
        let edit = |web: &mut Value| web["status"] = status;
        api.edit("kube-controller-manager", DEPLOYMENTS, NAMESPACE, &self.name, edit).unwrap();
    }

    /// One pod of another revision goes, one of the wanted comes, when the last one has run for a while.
    fn replace(&mut self, api: &ApiServer, wanted: &str, replicas: usize, now: Timestamp) {
        self.rested += 1;
        while self.pods.len() < replicas {
            self.make(api, wanted, now);
        }
        let Some(old) = self.pods.iter().position(|(_, image)| image != wanted) else { return };
        if self.rested >= PACE {
            let (name, _) = self.pods.remove(old);
            api.delete("pods", NAMESPACE, &name).unwrap();
            self.make(api, wanted, now);
            self.rested = 0;
        }
    }

    fn make(&mut self, api: &ApiServer, image: &str, now: Timestamp) {
        self.made += 1;
        let name = format!("{}-{}", self.name, self.made);
        let ready = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let labels = json!({"app": self.name, "pod-template-hash": image});
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels},
            "spec": {"nodeName": "node", "containers": [{"name": "web"}]},
            "status": {
                "phase": "Running", "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": ready}],
            },
        });
        api.apply(pod).unwrap();
        self.pods.push((name, image.to_owned()));
    }

    /// Of a hundred requests so many fail, with even balancing.
    pub fn bad_in_a_hundred(&self) -> u64 {
        let bad = self.pods.iter().filter(|(_, image)| image.starts_with("bad")).count() as u64;
        bad * BAD / (self.pods.len() as u64).max(1)
    }

    /// What the store says by pod.
    pub fn by_pod(&self) -> Signals {
        let whole = |number: u64| BigRational::from_integer(number.into());
        let events = |(name, image): &(String, String)| PodEvents {
            pod: name.clone(),
            total: whole(600),
            bad: whole(if image.starts_with("bad") { 6 * BAD } else { 1 }),
        };
        Signals::ByPod(Box::new(PodVector {
            at: Timestamp::UNIX_EPOCH,
            window: SignedDuration::from_mins(1),
            newest: Timestamp::UNIX_EPOCH,
            pods: self.pods.iter().map(events).collect(),
            elsewhere: PodEvents { pod: String::new(), total: whole(0), bad: whole(0) },
        }))
    }
}

/// Makes the `ReplicaSet` of a template, or numbers it anew when it is used again.
fn number(api: &ApiServer, of: &str, web: &Value, image: &str) {
    let mut sets = api.list(SETS);
    sets.retain(|set| set["metadata"]["labels"]["app"] == of);
    let numbered = |set: &Value| set["metadata"]["annotations"][REVISION].as_str().unwrap().parse::<i64>().unwrap();
    let newest = sets.iter().map(numbered).max().unwrap_or(0);
    let name = format!("{of}-{image}");
    match sets.iter().find(|set| set["metadata"]["name"] == name.as_str()) {
        Some(set) if numbered(set) < newest => {
            let edit = |set: &mut Value| {
                let annotations = &mut set["metadata"]["annotations"];
                annotations[HISTORY] = annotations[REVISION].clone();
                annotations[REVISION] = (newest + 1).to_string().into();
            };
            api.edit("kube-controller-manager", SETS, NAMESPACE, &name, edit).unwrap();
        }
        Some(_) => return,
        None => {
            let mut template = web["spec"]["template"].clone();
            template["metadata"]["labels"]["pod-template-hash"] = image.into();
            let owner = json!([{
                "apiVersion": "apps/v1", "kind": "Deployment", "name": of, "uid": web["metadata"]["uid"],
                "controller": true,
            }]);
            let set = json!({
                "apiVersion": "apps/v1", "kind": "ReplicaSet",
                "metadata": {
                    "name": name, "namespace": NAMESPACE, "labels": {"app": of, "pod-template-hash": image},
                    "annotations": {REVISION: (newest + 1).to_string()}, "ownerReferences": owner,
                },
                "spec": {"replicas": 1, "selector": {"matchLabels": {"app": of}}, "template": template},
            });
            api.apply(set).unwrap();
        }
    }
    let edit = |web: &mut Value| web["metadata"]["annotations"][REVISION] = (newest + 1).to_string().into();
    api.edit("kube-controller-manager", DEPLOYMENTS, NAMESPACE, of, edit).unwrap();
}
