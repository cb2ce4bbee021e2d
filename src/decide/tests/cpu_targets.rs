//! A service under an HPA whose CPU target the operator sets.

use super::fixture::{Scene, hpa};
use super::own::capacity;
use crate::api::capacity::CapacityMode;
use crate::api::enforcement_status::Verb;
use crate::decide::capacity::{Aim, Need};
use crate::decide::held::cpu_target_state;
use crate::decide::{CpuTargetChange, CpuTargetWrite, Decided, Decision, Step};
use crate::sense::workload::{CpuMetric, CpuTarget, CpuTargetMark};

/// Six pods under an HPA that Helm has aim at so many percent; it may aim at so many.
pub(crate) fn aiming(declared: i32, most: i32) -> Scene {
    let mut scene = Scene::calm();
    scene.enforcement.capacity = Some(capacity(CapacityMode::Target));
    scene.workload().cpu_target = Some(CpuTarget {
        target: hpa().target,
        resource_version: "7".into(),
        metric: Ok(CpuMetric { index: 0, container: None, percent: declared }),
        ours: Some(CpuMetric { index: 0, container: None, percent: declared }),
        set_by: Some("helm".into()),
        mark: CpuTargetMark::None,
        annotated: true,
        entry_left: false,
    });
    bears(&mut scene, most, most);
    scene
}

/// An HPA may aim at so many percent, and need not at fewer than so many; its pods are enough for the load.
pub(crate) fn bears(scene: &mut Scene, most: i32, least: i32) {
    let pods = scene.workload().ready_pods();
    scene.load_needs(pods);
    let Some(Need::Pods { aim, .. }) = &mut scene.need else { panic!() };
    *aim = Ok(Aim { most, least, why: "pods may be 80 % busy".into() });
}

/// The target as it stands.
pub(crate) fn seen(scene: &mut Scene) -> &mut CpuTarget {
    scene.workload().cpu_target.as_mut().unwrap()
}

/// The same in percent.
pub(crate) fn percent(scene: &mut Scene) -> i32 {
    seen(scene).percent().unwrap()
}

/// Verb and numbers of what is to be done to the target; `None`: nothing is.
pub(crate) fn set(decided: &Decided) -> Option<(Verb, i32, i32)> {
    let Decision::Act(plan) = &decided.decision else { return None };
    let change = plan.steps[0].cpu_target()?;
    Some((plan.steps[0].verb, change.from()?, change.to().or(change.from())?))
}

/// The API server takes the write.
pub(crate) fn write(scene: &mut Scene, step: &Step, change: &CpuTargetChange) {
    let state = seen(scene);
    assert_eq!((&step.target.uid, &step.resource_version), (&state.target.uid, &state.resource_version));
    state.resource_version.push('1');
    if let (Some(metric), Some(to)) = (&mut state.ours, change.to()) {
        (metric.percent, state.set_by) = (to, None);
        state.metric = state.metric.clone().and(Ok(metric.clone()));
    }
    state.mark = match &change.write {
        CpuTargetWrite::Set(record) => CpuTargetMark::Recorded(record.clone()),
        CpuTargetWrite::Back(_) | CpuTargetWrite::Leave => CpuTargetMark::None,
    };
}

/// The operator learns that the API server took it.
pub(crate) fn carried_out(scene: &mut Scene, id: &str) {
    let record = scene.actions.iter().find(|record| record.id == id).filter(|record| record.verb.is_about_cpu_target());
    if let Some(record) = record {
        scene.status.cpu_target = cpu_target_state::done(scene.status.cpu_target.take(), record);
    }
}

/// Somebody else writes the list of metrics, in which this target stands afterwards.
pub(crate) fn changed_by(scene: &mut Scene, percent: i32, by: &str) {
    let state = seen(scene);
    state.resource_version.push('2');
    state.metric = Ok(CpuMetric { index: 1, container: None, percent });
    state.ours = state.metric.clone().ok();
    state.set_by = Some(by.to_owned());
}

/// What is done to the target within so many minutes in which an HPA may aim at so much.
pub(crate) fn over(scene: &mut Scene, minutes: i32, most: i32) -> Vec<(i32, (Verb, i32, i32))> {
    let mut done = Vec::new();
    for minute in 0..minutes {
        bears(scene, most, most);
        done.extend(set(&scene.live()).map(|act| (minute, act)));
        scene.wait(60);
    }
    done
}

/// A target that was set from what was declared to so many percent by steps.
pub(crate) fn set_to(declared: i32, value: i32) -> Scene {
    let mut scene = aiming(declared, value);
    over(&mut scene, 60, value);
    assert_eq!(percent(&mut scene), value);
    scene.status.cpu_target.as_ref().unwrap().standing.as_ref().unwrap();
    scene
}
