//! Whatever happens, replicas are let go only in calm and within their limits, and what was declared comes back.

use proptest::prelude::*;

use super::fixture::{Scene, act, pod, ratio};
use super::own::{capacity, keeps, owned};
use crate::api::capacity::CapacityMode;
use crate::api::enforcement::ScaleBounds;
use crate::api::enforcement_status::Verb;
use crate::decide::Decision;
use crate::decide::capacity::Need;
use crate::sense::workload::{Baseline, Rollout};

/// What happens to the service before a look.
#[derive(Clone, Debug)]
enum Event {
    Burn(bool),
    Seen(bool),
    Rolling(bool),
    /// So many pods are ready.
    Ready(usize),
    /// The load needs so many pods, and so many more are kept.
    Load(i32, i32),
    Unknown,
    /// Somebody else sets the replicas.
    Scaled(i32),
    Mode(CapacityMode),
    /// The operator dies before or after its first write.
    Crash(bool),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        2 => any::<bool>().prop_map(Event::Burn),
        1 => any::<bool>().prop_map(Event::Seen),
        1 => any::<bool>().prop_map(Event::Rolling),
        1 => (0..14_usize).prop_map(Event::Ready),
        8 => (1..12_i32, 0..4_i32).prop_map(|(needed, more)| Event::Load(needed, more)),
        1 => Just(Event::Unknown),
        1 => (1..14_i32).prop_map(Event::Scaled),
        1 => prop_oneof![Just(CapacityMode::Own), Just(CapacityMode::Floor)].prop_map(Event::Mode),
        1 => any::<bool>().prop_map(Event::Crash),
    ]
}

fn disturb(scene: &mut Scene, event: &Event) {
    match event {
        Event::Burn(burning) => scene.burn(*burning),
        Event::Seen(seen) => scene.assessment.objectives[0].recent_coverage = seen.then(|| ratio(1, 1)),
        Event::Rolling(rolling) => {
            scene.workload().rollout = if *rolling { Rollout::InProgress } else { Rollout::Complete };
        }
        Event::Ready(count) => {
            for (index, pod) in scene.workload().pods.iter_mut().enumerate() {
                pod.ready = index < *count;
            }
        }
        Event::Load(needed, more) => keeps(scene, *needed, needed + more, needed + more + 1),
        Event::Unknown => scene.need = Some(Need::Unknown("no samples".into())),
        Event::Scaled(replicas) => {
            scene.reset(*replicas, "kubectl");
            let workload = scene.workload();
            workload.spec_replicas = *replicas;
            workload.pods = (0..*replicas).map(pod).collect();
        }
        Event::Mode(mode) => scene.enforcement.capacity = Some(capacity(*mode)),
        Event::Crash(_) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn replicas_are_let_go_only_in_calm_and_what_was_declared_comes_back(
        looks in proptest::collection::vec((event(), 5..600_i64), 1..60),
        min in 1..5_i32,
    ) {
        let mut scene = owned(10);
        scene.enforcement.scale = Some(ScaleBounds { min, max: 14, connections: None });
        let mut declared = 10;
        for (event, seconds) in looks {
            scene.wait(seconds);
            disturb(&mut scene, &event);
            if let Event::Scaled(replicas) = event {
                declared = replicas;
            }
            let before = scene.clone();
            let wrote = if let Event::Crash(wrote) = event {
                let decided = scene.decide();
                scene.status = decided.enforcement.clone();
                scene.actions.clone_from(&decided.actions);
                if let (Decision::Act(plan), true) = (&decided.decision, wrote) {
                    scene.write(&plan.steps[0]);
                }
                act(&decided)
            } else {
                act(&scene.live())
            };
            let health = &before.assessment.objectives[0];
            if health.burning && health.recent_coverage.is_some() && !matches!(event, Event::Crash(_)) {
                let left = scene.floor().current;
                prop_assert!(left >= declared.min(14), "{} of {} in danger after {:?}", left, declared, event);
            }
            let Some((verb, from, to)) = wrote else { continue };
            let let_go = from < declared;
            match verb {
                Verb::ScaleDown => {
                    prop_assert!(!health.burning && health.recent_coverage.is_some(), "{:?}", event);
                    let workload = before.workload.as_ref().unwrap();
                    prop_assert_eq!(&workload.rollout, &Rollout::Complete);
                    prop_assert!(workload.ready_pods() >= workload.spec_replicas);
                    let Some(Need::Pods { keep, .. }) = &before.need else { panic!("{:?}", before.need) };
                    prop_assert!(to >= min && to >= keep.lowest.unwrap() && to < from && from - to <= (from / 10).max(1));
                    prop_assert!(to < declared, "what is above what was declared comes down as a floor");
                }
                Verb::RaiseFloor if health.burning && let_go => {
                    prop_assert!(to >= declared.min(14), "{} of {}", to, declared);
                }
                Verb::Restore => prop_assert_eq!(to, declared, "what was declared"),
                _ => {}
            }
        }
        scene.enforcement.capacity = Some(capacity(CapacityMode::Advise));
        scene.assessment.objectives = Scene::calm().assessment.objectives;
        scene.need = None;
        scene.workload().rollout = Rollout::Complete;
        for _ in 0..90 {
            let replicas = scene.floor().current;
            scene.workload().pods = (0..replicas).map(pod).collect();
            scene.wait(60);
            scene.live();
        }
        prop_assert_eq!((scene.floor().current, &scene.floor().baseline), (declared, &Baseline::None));
        prop_assert_eq!((&scene.status.floor, &scene.status.episode), (&None, &None));
    }
}
