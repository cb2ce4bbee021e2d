//! A service whose pods are throttled by their CPU limit, and nodes that give each the size it is given.

use super::fixture::{Scene, by_pod};
use crate::api::resize::Resize;
use crate::decide::{Decided, Decision, ResizeChange, Step};
use crate::sense::signals::{PodEvents, Signals};
use crate::sense::workload::{ContainerCpu, CpuSize, PodSize};

/// Six pods on one node, each with a limit of half a core that holds it back in six of ten periods; they may grow.
pub(crate) fn throttled() -> Scene {
    let mut scene = Scene::burning();
    scene.enforcement.resize = Some(Resize { container: None, max_cpu: "2".into(), per_day: 16, throttling: None });
    // The floor stands where it is to be kept, so that nothing else is to be done.
    scene.floor().current = 6;
    scene.workload().template = vec![web(250, 500)];
    for pod in &mut scene.workload().pods {
        pod.size = size(250, 500);
    }
    scene.workload().rooms = [("node-a".to_owned(), 10_000)].into();
    throttle(&mut scene, 60);
    scene
}

/// The container of every pod.
pub(crate) fn web(request: i64, limit: i64) -> ContainerCpu {
    ContainerCpu {
        name: "web".into(),
        size: Some(CpuSize { request, limit }),
        in_force: Some(limit),
        restarts: false,
        set_by: Some("kube-controller-manager".into()),
    }
}

pub(crate) fn size(request: i64, limit: i64) -> PodSize {
    PodSize {
        containers: vec![web(request, limit)],
        quality: Some("Burstable".into()),
        resource_version: "3".into(),
        ..PodSize::default()
    }
}

/// Each pod is held back in so many of a hundred of its last six hundred periods.
pub(crate) fn throttle(scene: &mut Scene, percent: i64) {
    let now = scene.now;
    let names: Vec<String> = scene.workload().pods.iter().map(|pod| pod.name.clone()).collect();
    let Signals::ByPod(mut vector) = by_pod(&[]) else { panic!() };
    (vector.at, vector.newest) = (now, now);
    let whole = |number: i64| num_rational::BigRational::from_integer(number.into());
    let periods = |pod: String| PodEvents { pod, total: whole(600), bad: whole(percent * 6) };
    vector.pods = names.into_iter().map(periods).collect();
    scene.throttling = Signals::ByPod(vector);
}

/// The API server takes the size, and the node gives it.
pub(crate) fn write(scene: &mut Scene, step: &Step, change: &ResizeChange) {
    let pods = &mut scene.workload().pods;
    let pod = pods.iter_mut().find(|pod| pod.uid == step.target.uid).expect("a pod of that uid");
    assert_eq!(step.resource_version, pod.size.resource_version, "a precondition");
    pod.size.resource_version.push('1');
    let container = &mut pod.size.containers[change.index];
    assert_eq!(container.name, change.container);
    container.size = Some(change.to);
    container.in_force = Some(change.to.limit);
    container.set_by = Some(change.manager.clone());
}

/// The pods to be resized, each with its limit before and after.
pub(crate) fn resizes(decided: &Decided) -> Vec<(String, i64, i64)> {
    let Decision::Act(plan) = &decided.decision else { return Vec::new() };
    let change = |step: &Step| {
        let change = step.resize()?;
        Some((step.target.name.clone(), change.from.limit, change.to.limit))
    };
    plan.steps.iter().filter_map(change).collect()
}

/// The limits of all pods.
pub(crate) fn limits(scene: &mut Scene) -> Vec<i64> {
    let pods = scene.workload().pods.iter();
    pods.map(|pod| pod.size.containers[0].size.unwrap().limit).collect()
}
