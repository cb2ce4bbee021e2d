//! A service with one sick pod, and a `ReplicaSet` that makes another one of what is evicted.

use super::fixture::{Scene, by_pod, pod, reason};
use crate::api::enforcement::Reschedule;
use crate::api::enforcement_status::Verb;
use crate::decide::{Decided, Decision, Step};
use crate::sense::signals::{PodEvents, Signals};

/// Six pods on six nodes, of which `checkout-0` fails every other request; one may be moved.
pub(crate) fn one_sick() -> Scene {
    let mut scene = Scene::burning();
    scene.enforcement.reschedule = Some(Reschedule::default());
    // The floor stands where it is to be kept, so that nothing else is to be done.
    scene.floor().current = 6;
    spread(&mut scene);
    fail(&mut scene, &["checkout-0"]);
    scene
}

/// A node of its own for each pod.
pub(crate) fn spread(scene: &mut Scene) {
    for (index, pod) in scene.workload().pods.iter_mut().enumerate() {
        pod.node = Some(format!("node-{index}"));
    }
}

/// These pods fail every other request of six hundred, the others one.
pub(crate) fn fail(scene: &mut Scene, sick: &[&str]) {
    let now = scene.now;
    let names: Vec<String> = scene.workload().pods.iter().map(|pod| pod.name.clone()).collect();
    let Signals::ByPod(mut vector) = by_pod(&vec![(600, 1); names.len()]) else { panic!() };
    (vector.at, vector.newest) = (now, now);
    let whole = |number: i64| num_rational::BigRational::from_integer(number.into());
    vector.pods = names
        .into_iter()
        .map(|name| PodEvents {
            total: whole(600),
            bad: whole(if sick.contains(&&*name) { 300 } else { 1 }),
            pod: name,
        })
        .collect();
    scene.signals = Signals::ByPod(vector);
    scene.burn(!sick.is_empty());
}

/// The same, with a replica more that is ready for a minute; the next thing is the eviction.
pub(crate) fn surged() -> Scene {
    let mut scene = one_sick();
    assert_eq!(verb(&scene.live()), Some(Verb::Surge));
    spread(&mut scene);
    fail(&mut scene, &["checkout-0"]);
    scene.wait(60);
    scene
}

/// The same, with the pod evicted and another one in its place on node `node`, not ready yet.
pub(crate) fn evicted_to(node: &str) -> Scene {
    let mut scene = surged();
    assert_eq!(verb(&scene.live()), Some(Verb::Reschedule));
    scene.workload().pods.last_mut().unwrap().node = Some(node.to_owned());
    scene
}

/// The verb to be carried out.
pub(crate) fn verb(decided: &Decided) -> Option<Verb> {
    match &decided.decision {
        Decision::Act(plan) => Some(plan.steps[0].verb),
        _ => None,
    }
}

/// The API server evicts the pod, and its `ReplicaSet` makes another one, which no node has taken yet.
pub(crate) fn write(scene: &mut Scene, step: &Step) {
    let now = scene.now;
    let pods = &mut scene.workload().pods;
    let index = pods.iter().position(|pod| pod.uid == step.target.uid).expect("a pod of that uid");
    pods.remove(index);
    let mut new = pod(0);
    new.name = format!("checkout-{}", now.as_second());
    while pods.iter().any(|pod| pod.name == new.name) {
        new.name.push('x');
    }
    new.uid = format!("uid of {}", new.name);
    (new.created, new.ready, new.ready_since, new.node) = (Some(now), false, None, None);
    pods.push(new);
}

/// The newest pod is ready.
pub(crate) fn newest_ready(scene: &mut Scene) -> String {
    let now = scene.now;
    let pod = scene.workload().pods.last_mut().unwrap();
    if !pod.ready {
        (pod.ready, pod.ready_since) = (true, Some(now));
    }
    pod.name.clone()
}

/// What came in place of the evicted pods is on this node; gives their names.
pub(crate) fn land(scene: &mut Scene, node: &str) -> Vec<String> {
    let new = scene.workload().pods.iter_mut().filter(|pod| pod.node.is_none());
    new.map(|pod| {
        pod.node = Some(node.to_owned());
        pod.name.clone()
    })
    .collect()
}

/// All pods are ready.
pub(crate) fn all_ready(scene: &mut Scene) {
    let now = scene.now;
    for pod in scene.workload().pods.iter_mut().filter(|pod| !pod.ready) {
        (pod.ready, pod.ready_since) = (true, Some(now));
    }
}

/// The names of the pods that are to be evicted.
pub(crate) fn evicted(decided: &Decided) -> Vec<&str> {
    let Decision::Act(plan) = &decided.decision else { panic!("nothing is to be done: {:?}", decided.decision) };
    assert!(plan.steps.iter().all(|step| step.verb == Verb::Reschedule), "{plan:?}");
    plan.steps.iter().map(|step| step.target.name.as_str()).collect()
}

/// Something that becomes otherwise.
pub(crate) type Change = fn(&mut Scene);

/// Each of these changes has it held, for this reason.
pub(crate) fn each_holds(scene: &Scene, changes: &[(&str, Change)]) {
    for (index, (expected, change)) in changes.iter().enumerate() {
        let mut scene = scene.clone();
        change(&mut scene);
        let decided = scene.decide();
        assert_eq!((verb(&decided), reason(&decided)), (None, *expected), "case {index}: {:?}", decided.decision);
    }
}

/// So many events of a pod, and the bad ones among them.
pub(crate) fn served(scene: &mut Scene, pod: &str, total: i64, bad: i64) {
    let Signals::ByPod(vector) = &mut scene.signals else { panic!() };
    let events = vector.pods.iter_mut().find(|events| events.pod == pod).unwrap();
    (events.total, events.bad) = (super::fixture::ratio(total, 1), super::fixture::ratio(bad, 1));
}
