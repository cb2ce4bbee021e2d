//! Properties over random situations and random histories.

use proptest::prelude::*;

use super::fixture::{Scene, act, observation, pod, ratio, step};
use crate::api::agreement_status::State;
use crate::api::enforcement::ScaleBounds;
use crate::api::enforcement_status::Verb;
use crate::decide::Decision;
use crate::decide::capacity::Need;
use crate::sense::workload::{FloorHolder, Rollout};

/// What happens between two looks.
#[derive(Clone, Debug)]
enum Event {
    Burn(bool),
    Share(i64),
    Coverage(Option<i64>),
    Rollout(bool),
    Wanted(i32),
    Ready(usize),
    Reset(i32),
    StandStill,
    Crash(bool),
    Need(Option<i32>),
    NobodyAsks,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        any::<bool>().prop_map(Event::Burn),
        (0..=100_i64).prop_map(Event::Share),
        proptest::option::of(0..=100_i64).prop_map(Event::Coverage),
        any::<bool>().prop_map(Event::Rollout),
        (0..25_i32).prop_map(Event::Wanted),
        (0..25_usize).prop_map(Event::Ready),
        (1..20_i32).prop_map(Event::Reset),
        Just(Event::StandStill),
        any::<bool>().prop_map(Event::Crash),
        proptest::option::of(1..30_i32).prop_map(Event::Need),
        Just(Event::NobodyAsks),
    ]
}

/// One look: an event, and how long after the last one.
fn looks() -> impl Strategy<Value = Vec<(Event, i64)>> {
    proptest::collection::vec((event(), prop_oneof![Just(15_i64), Just(60), Just(400)]), 1..60)
}

fn disturb(scene: &mut Scene, event: &Event, standing_still: &mut bool) {
    let objective = &mut scene.assessment.objectives[0];
    match event {
        Event::Burn(burning) => {
            objective.burning = *burning;
            objective.state = if *burning { State::AtRisk } else { State::Fulfilled };
        }
        Event::Share(percent) => objective.recent_bad_share = Some(ratio(*percent, 100)),
        Event::Coverage(percent) => objective.recent_coverage = percent.map(|percent| ratio(percent, 100)),
        Event::Rollout(rolling) => {
            scene.workload().rollout = if *rolling { Rollout::InProgress } else { Rollout::Complete };
        }
        Event::Wanted(replicas) => {
            scene.workload().spec_replicas = *replicas;
            scene.workload().pods = (0..*replicas).map(pod).collect();
        }
        Event::Ready(count) => {
            for (index, pod) in scene.workload().pods.iter_mut().enumerate() {
                pod.ready = index < *count;
            }
        }
        Event::Reset(value) => scene.reset(*value, "helm"),
        Event::StandStill => *standing_still = !*standing_still,
        Event::Need(Some(pods)) => scene.load_needs(*pods),
        Event::Need(None) => scene.need = Some(Need::Unknown("no samples".into())),
        Event::NobodyAsks => scene.need = None,
        Event::Crash(_) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_acts_stay_within_their_limits(looks in looks(), min in 1..6_i32, max in 6..18_i32) {
        let mut scene = Scene::calm();
        scene.enforcement.scale = Some(ScaleBounds { min, max, connections: None });
        let mut still = false;
        let mut owner = 3;
        let mut last_raise: Option<k8s_openapi::jiff::Timestamp> = None;
        let mut last_ahead: Option<k8s_openapi::jiff::Timestamp> = None;
        let mut unseen = false;
        for (event, seconds) in looks {
            let through = scene.assessment.measured_through;
            scene.wait(seconds);
            disturb(&mut scene, &event, &mut still);
            if still {
                scene.assessment.measured_through = through;
            }
            if let Event::Reset(value) = event {
                owner = value;
                // A raise nobody saw done and somebody put back cannot be told from one that was never done.
                last_raise = last_raise.filter(|_| !unseen);
                last_ahead = last_ahead.filter(|_| !unseen);
            }
            let before = scene.clone();
            let again = scene.decide();
            let decided = if let Event::Crash(wrote) = event {
                let decided = scene.decide();
                scene.status = decided.enforcement.clone();
                scene.actions.clone_from(&decided.actions);
                if let (Decision::Act(plan), true) = (&decided.decision, wrote) {
                    scene.write(&plan.steps[0]);
                }
                decided
            } else {
                scene.live()
            };
            prop_assert_eq!(&again, &decided, "the same situation, the same decision");
            let Some((verb, from, to)) = act(&decided) else { continue };
            unseen = matches!(event, Event::Crash(_));
            let wanted = before.workload.as_ref().unwrap().spec_replicas;
            let seen = before.assessment.objectives[0].recent_coverage.as_ref().is_some_and(|c| *c >= ratio(8, 10));
            let age = before.now.duration_since(before.assessment.measured_through).as_secs();
            prop_assert!(seen && age <= 180, "{:?} without data", verb);
            match verb {
                Verb::RaiseFloor if step(&decided).is_ahead() => {
                    let ready = before.workload.as_ref().unwrap().ready_pods();
                    let Some(Need::Pods { pods, through, .. }) = &before.need else { panic!("{:?}", before.need) };
                    prop_assert!(to <= max.min(20) && to >= min && to > wanted && to <= *pods && to <= 2 * ready);
                    prop_assert!(before.now.duration_since(*through).as_secs() <= 180);
                    prop_assert!(!before.assessment.objectives[0].burning, "ahead of a danger that is there");
                    for since in [last_raise, last_ahead].into_iter().flatten() {
                        let since = before.now.duration_since(since).as_secs();
                        prop_assert!(since >= 60, "ahead {since} s after a raise");
                    }
                    if !matches!(event, Event::Crash(false)) {
                        last_ahead = Some(before.now);
                    }
                }
                Verb::RaiseFloor => {
                    prop_assert!(to <= max.min(20) && to >= min && to > wanted);
                    prop_assert!(to - wanted <= wanted.max(4) || to == min);
                    let since = last_raise.map(|at| before.now.duration_since(at).as_secs());
                    prop_assert!(since.is_none_or(|since| since >= 60), "two raises within {:?} s", since);
                    if !matches!(event, Event::Crash(false)) {
                        last_raise = Some(before.now);
                    }
                }
                Verb::FreezeScaleDown => {
                    // In a rollout what is there is kept, and nothing is added to it.
                    let keeps = before.workload.as_ref().unwrap().rollout == Rollout::InProgress && to == wanted;
                    prop_assert!(to <= max.min(20) && (to >= min || keeps) && to > from);
                }
                Verb::LowerFloor => {
                    prop_assert!(to < from && to >= owner.min(from) && to >= min);
                    prop_assert!(!matches!(before.assessment.objectives[0].state, State::Violated));
                }
                Verb::Restore => prop_assert_eq!(to, owner, "exactly what the owner wanted"),
                Verb::PauseRollout
                | Verb::RollBack
                | Verb::ReleaseRollout
                | Verb::ScaleDown
                | Verb::SetTarget
                | Verb::RestoreTarget
                | Verb::Surge
                | Verb::Reschedule
                | Verb::AvoidNode
                | Verb::ReleaseNode
                | Verb::Shed
                | Verb::StopShedding
                | Verb::Resize
                | Verb::RestoreSize => {
                    prop_assert!(false, "nobody allowed {:?}", verb);
                }
            }
            prop_assert_eq!(&step(&decided).target.uid, "hpa-uid");
        }
    }

    #[test]
    fn whatever_happened_everything_is_given_back_once_all_is_safe(looks in looks()) {
        let mut scene = Scene::calm();
        let (mut still, mut owner) = (false, 3);
        for (event, seconds) in looks {
            scene.wait(seconds);
            disturb(&mut scene, &event, &mut still);
            if let Event::Reset(value) = event {
                owner = value;
            }
            scene.live();
        }
        let calm = Scene::calm();
        scene.assessment.objectives = calm.assessment.objectives;
        scene.need = None;
        let floor = scene.floor().clone();
        let replicas = floor.current.max(1);
        let now = scene.now;
        scene.workload = Ok(observation(replicas, FloorHolder::Hpa(floor)));
        scene.workload().read_at = now;
        for _ in 0..60 {
            scene.wait(60);
            scene.live();
        }
        prop_assert_eq!(scene.floor().current, owner);
        prop_assert_eq!(&scene.floor().baseline, &crate::sense::workload::Baseline::None);
        prop_assert_eq!((&scene.status.floor, &scene.status.episode), (&None, &None));
    }
}
