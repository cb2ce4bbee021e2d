//! A service in a storm of attempts, and a switch through which it turns requests away.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::fixture::{Scene, at, hpa};
use crate::api::enforcement_status::{ActionPhase, ActionRecord, ActionTarget, Episode, Verb, Verdict};
use crate::api::shed::Shed;
use crate::decide::{Decided, Decision, ShedChange, ShedWrite, Step};
use crate::evaluate::count::Count;
use crate::evaluate::load_course::{LoadCourse, ObjectiveLoad};
use crate::evaluate::slot::Tally;
use crate::sense::workload::{ShedMark, Switch, SwitchState};

/// When the danger was seen.
pub(crate) const SEEN: i64 = -600;

/// So many events a second, and so many bad ones.
pub(crate) fn slot(offered: u32, bad: u32) -> Tally {
    Tally { total: Count::events(offered * 60), bad: Count::events(bad * 60) }
}

/// Minutes of 100 good events a second until the danger was seen, and of this since then.
pub(crate) fn course(scene: &mut Scene, offered: u32, bad: u32) {
    let (first, seen, through) = (at(SEEN - 2400), at(SEEN), scene.assessment.measured_through);
    let first = first.as_second() - first.as_second().rem_euclid(60);
    let starts = (first..through.as_second()).step_by(60).filter(|start| start + 60 <= through.as_second());
    let of = |start: i64| if start < seen.as_second() { slot(100, 0) } else { slot(offered, bad) };
    let slots = starts.map(|start| (start, of(start))).collect();
    let load = ObjectiveLoad { name: "latency".into(), slots };
    scene.load = LoadCourse { slot_seconds: 60, objectives: vec![load] };
}

/// What is not known yet of the minutes until now was like this.
pub(crate) fn serve(scene: &mut Scene, offered: u32, bad: u32) {
    let through = scene.assessment.measured_through.as_second();
    let slots = &mut scene.load.objectives[0].slots;
    let mut start = slots.last().unwrap().0 + 60;
    while start + 60 <= through {
        slots.push((start, slot(offered, bad)));
        start += 60;
    }
}

/// A raise within the episode, judged so.
pub(crate) fn raised(to: i32, verdict: Option<Verdict>) -> ActionRecord {
    ActionRecord {
        id: "raised".into(),
        verb: Verb::RaiseFloor,
        target: hpa().target,
        from: Some(3),
        to: Some(to),
        reason: String::new(),
        hypothesis: String::new(),
        ahead: false,
        phase: ActionPhase::Done,
        intended_at: Time(at(SEEN + 60)),
        deadline: Time(at(SEEN + 300)),
        outcome: String::new(),
        verdict,
        evidence: "before: budget pace 20.000, events/s 250.000, ready pods 3".into(),
    }
}

/// The episode of that danger.
pub(crate) fn episode() -> Episode {
    let since = Time(at(SEEN));
    Episode { since, ahead: false, safe_since: None, without_effect: Vec::new(), harmful_above: None }
}

/// Six pods under a floor of six, which were three and did not help: 250 events come a second where 100 came, and 40 are good
/// where all were.
pub(crate) fn storm() -> Scene {
    let mut scene = Scene::burning();
    scene.now = at(20);
    scene.workload().read_at = at(20);
    scene.assessment.measured_through = at(0);
    scene.status.episode = Some(episode());
    scene.floor().current = 6;
    scene.actions = vec![raised(6, Some(Verdict::Ineffective))];
    course(&mut scene, 250, 210);
    scene
}

/// The same, with a switch that the operator may turn.
pub(crate) fn sheddable() -> Scene {
    let mut scene = storm();
    scene.enforcement.shed = Some(Shed {
        config_map: "limits".into(),
        key: "shed".into(),
        value: "on".into(),
        automatic: true,
        ..Shed::default()
    });
    scene.switch = Switch::Read(Box::new(SwitchState {
        target: ActionTarget {
            api_version: "v1".into(),
            kind: "ConfigMap".into(),
            name: "limits".into(),
            uid: "cm".into(),
        },
        resource_version: "3".into(),
        key: "shed".into(),
        value: Some("off".into()),
        set_by: Some("helm".into()),
        immutable: false,
        mark: ShedMark::None,
        entry_left: false,
    }));
    scene
}

/// The same, with the switch turned just now.
pub(crate) fn shedding() -> Scene {
    let mut scene = sheddable();
    assert_eq!(turned(&scene.live()), Some((Verb::Shed, Some("on".into()))));
    scene
}

/// The switch.
pub(crate) fn switch(scene: &mut Scene) -> &mut SwitchState {
    match &mut scene.switch {
        Switch::Read(state) => state,
        other => panic!("{other:?}"),
    }
}

/// Verb and value of what is to be done to the switch; `None`: nothing is.
pub(crate) fn turned(decided: &Decided) -> Option<(Verb, Option<String>)> {
    let Decision::Act(plan) = &decided.decision else { return None };
    let crate::decide::Change::Shed(change) = &plan.steps[0].change else { return None };
    let value = match &change.write {
        ShedWrite::Turn(record) => Some(record.value.clone()),
        ShedWrite::Back(before) => before.clone(),
        ShedWrite::Leave => change.from.clone(),
    };
    Some((plan.steps[0].verb, value))
}

/// The API server takes the write.
pub(crate) fn write(scene: &mut Scene, step: &Step, change: &ShedChange) {
    let state = switch(scene);
    assert_eq!((&step.target.uid, &step.resource_version), (&state.target.uid, &state.resource_version));
    state.resource_version.push('1');
    state.set_by = None;
    match &change.write {
        ShedWrite::Turn(record) => {
            state.value = Some(record.value.clone());
            state.mark = ShedMark::Recorded(record.clone());
        }
        ShedWrite::Back(before) => (state.value, state.mark) = (before.clone(), ShedMark::None),
        ShedWrite::Leave => state.mark = ShedMark::None,
    }
}
