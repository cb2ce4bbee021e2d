//! When no replica is let go, though the load needs fewer.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::SignedDuration;

use super::fixture::{Scene, act, at, hpa, objective, reason, step};
use super::own::{capacity, let_go, owned};
use crate::api::capacity::CapacityMode;
use crate::api::enforcement::Mode;
use crate::api::enforcement_status::{Episode, Verb};
use crate::api::owned_replicas::{ChangedByOthers, OwnedReplicas, StepDown};
use crate::decide::FleetAct;
use crate::decide::guard::{SCALE_DOWNS, STEPS};
use crate::evaluate::assessment::ObjectiveAssessment;
use crate::sense::workload::{FloorHolder, KeptVolume, Rollout, VolumeKind};

fn down(minutes_ago: i64, harmful: bool) -> StepDown {
    let at = Time(at(-60 * minutes_ago));
    StepDown { action: format!("{minutes_ago}"), at, from: 10, to: 9, harmful }
}

fn remembered(scene: &mut Scene, changed: Option<ChangedByOthers>, steps: Vec<StepDown>) {
    scene.status.owned = Some(OwnedReplicas { declared: Some(10), changed, steps, ..OwnedReplicas::default() });
}

fn acted(minutes_ago: i64) -> FleetAct {
    let at = at(-60 * minutes_ago);
    let agreement = "shop/cart".to_owned();
    FleetAct { verb: Verb::ScaleDown, agreement, at, pod: None, node: None, unrequested: 0 }
}

#[test]
fn each_of_these_holds_it_and_says_so() {
    type Change = fn(&mut Scene);
    let cases: [(&str, Change); 22] = [
        ("Safe", |scene| scene.load_needs(10)),
        ("Safe", |scene| scene.enforcement.scale.as_mut().unwrap().min = 10),
        ("Safe", |scene| scene.need = None),
        ("Safe", |scene| scene.enforcement.capacity = Some(capacity(CapacityMode::Floor))),
        ("Safe", |scene| scene.need = Some(super::ahead::unknown())),
        ("Safe", |scene| scene.need = Some(super::ahead::doubted(4))),
        ("NotAllSeen", |scene| {
            let unseen = ObjectiveAssessment { recent_coverage: None, ..objective("availability") };
            scene.assessment.objectives.push(unseen);
        }),
        ("Blind", |scene| scene.assessment.objectives[0].recent_coverage = None),
        ("Blind", |scene| scene.assessment.measured_through = at(-600)),
        ("RolloutInProgress", |scene| scene.workload().rollout = Rollout::InProgress),
        ("RolloutsUnseen", |scene| scene.workload().rollout = Rollout::NotApplicable),
        ("AutoscalerPresent", |scene| scene.workload().floor = FloorHolder::Hpa(hpa())),
        ("AutoscalerPresent", |scene| scene.workload().floor = FloorHolder::ScaledObject(hpa())),
        ("PodsNotReady", |scene| scene.workload().pods[0].ready = false),
        ("PodsNotReady", |scene| scene.workload().pods[0].terminating = true),
        ("KeepsVolumes", |scene| {
            let data = KeptVolume { name: "data".into(), kind: VolumeKind::Claim };
            scene.workload().pods[2].kept_volumes.push(data);
        }),
        ("WarmingUp", |scene| scene.warm_until = at(60)),
        ("EpisodeOpen", |scene| {
            let (since, safe_since) = (Time(at(-600)), Some(Time(at(-60))));
            scene.status.episode =
                Some(Episode { since, ahead: false, safe_since, without_effect: Vec::new(), harmful_above: None });
        }),
        ("ScaledByOthers", |scene| {
            let changed = ChangedByOthers { at: Time(at(-7200)), to: 10, by: Some("kubectl".into()) };
            remembered(scene, Some(changed), Vec::new());
        }),
        ("ScaleDownBudget", |scene| {
            remembered(scene, None, (0..24).rev().map(|step| down(30 + step, false)).collect());
        }),
        ("WorkloadShared", |scene| scene.fleet.beside = vec!["second".into()]),
        ("BlastRadius", |scene| scene.fleet.acts = (0..20).rev().map(|step| acted(step / 3)).collect()),
    ];
    assert_eq!((STEPS, SCALE_DOWNS), (24, 20));
    for (expected, change) in cases {
        let mut scene = owned(10);
        scene.load_needs(4);
        assert_eq!(act(&scene.decide()), Some((Verb::ScaleDown, 10, 9)));
        change(&mut scene);
        let decided = scene.decide();
        assert_eq!((reason(&decided), act(&decided)), (expected, None), "{}", decided.enforcement.message);
    }
}

#[test]
fn each_of_these_lets_it_pass() {
    type Change = fn(&mut Scene);
    let cases: [(&str, Change); 4] = [
        ("a change of more than a day ago", |scene| {
            let changed = ChangedByOthers { at: Time(at(-90_000)), to: 10, by: Some("kubectl".into()) };
            remembered(scene, Some(changed), Vec::new());
        }),
        ("steps of more than a day ago", |scene| {
            remembered(scene, None, (0..24).rev().map(|step| down(1410 + 60 * step, false)).collect());
        }),
        ("harm of more than a day ago", |scene| remembered(scene, None, vec![down(1500, true)])),
        ("what others did more than ten minutes ago", |scene| scene.fleet.acts = (0..40).map(|_| acted(11)).collect()),
    ];
    for (what, change) in cases {
        let mut scene = owned(10);
        scene.load_needs(4);
        change(&mut scene);
        assert_eq!(act(&scene.decide()), Some((Verb::ScaleDown, 10, 9)), "{what}");
    }
}

#[test]
fn the_modes_go_as_far_as_they_say() {
    for (mode, ceiling, expected) in [
        (Mode::Observe, Mode::Enforce, "Observing"),
        (Mode::Recommend, Mode::Enforce, "Recommended"),
        (Mode::Enforce, Mode::Recommend, "Recommended"),
        (Mode::Enforce, Mode::Enforce, "ScaleDown"),
    ] {
        let mut scene = owned(10);
        scene.load_needs(4);
        (scene.enforcement.mode, scene.ceiling) = (mode, ceiling);
        assert_eq!(reason(&scene.decide()), expected, "{mode:?} {ceiling:?}");
    }
}

#[test]
fn under_an_autoscaler_nothing_follows_the_load_and_the_ladder_does_as_ever() {
    let mut scene = Scene::calm();
    scene.enforcement.capacity = Some(capacity(CapacityMode::Own));
    scene.load_needs(9);
    let decided = scene.live();
    assert_eq!((reason(&decided), act(&decided)), ("AutoscalerPresent", None));
    for named in ["spec.enforcement.capacity.mode is Own", "HorizontalPodAutoscaler checkout", "set the mode to Floor"]
    {
        assert!(decided.enforcement.message.contains(named), "{named}: {}", decided.enforcement.message);
    }
    scene.burn(true);
    assert_eq!(act(&scene.live()), Some((Verb::FreezeScaleDown, 3, 6)));
    scene.wait(60);
    assert_eq!(act(&scene.live()), Some((Verb::RaiseFloor, 6, 8)));
}

#[test]
fn below_what_was_declared_each_step_waits_for_the_last_one_and_for_safety() {
    let mut scene = let_go(10, 8);
    scene.load_needs(4);
    assert_eq!(act(&scene.live()), Some((Verb::ScaleDown, 8, 7)));
    scene.wait(60);
    scene.load_needs(4);
    assert_eq!(reason(&scene.decide()), "AwaitingVerdict");
    let mut scene = let_go(10, 8);
    scene.load_needs(4);
    scene.status.episode.as_mut().unwrap().safe_since = Some(Time(at(-299)));
    let decided = scene.decide();
    assert_eq!(reason(&decided), "WaitingToRelease");
    let crate::decide::Decision::Hold(hold) = &decided.decision else { panic!() };
    assert_eq!(hold.until, at(-299).checked_add(SignedDuration::from_mins(5)).ok());
}

#[test]
fn after_what_was_put_back_all_is_to_be_safe_for_a_while() {
    let mut scene = let_go(10, 8);
    scene.enforcement.capacity = Some(capacity(CapacityMode::Floor));
    assert_eq!(act(&scene.live()), Some((Verb::Restore, 8, 10)));
    scene.enforcement.capacity = Some(capacity(CapacityMode::Own));
    for _ in 0..4 {
        scene.wait(60);
        scene.load_needs(4);
        let decided = scene.live();
        assert_eq!((reason(&decided), act(&decided)), ("WaitingToRelease", None));
        let crate::decide::Decision::Hold(hold) = &decided.decision else { panic!() };
        assert_eq!(hold.until, Some(at(300)));
    }
    assert_eq!(scene.status.episode, None, "nothing stands");
    scene.wait(60);
    scene.load_needs(4);
    assert_eq!(act(&scene.live()), Some((Verb::ScaleDown, 10, 9)));
}

#[test]
fn where_another_agreement_counts_on_the_replicas_they_are_given_back() {
    for others in [vec!["second"], vec!["second", "third"]] {
        let mut scene = let_go(10, 4);
        scene.fleet.beside = others.iter().map(ToString::to_string).collect();
        let decided = scene.live();
        assert_eq!(act(&decided), Some((Verb::Restore, 4, 10)), "{others:?}");
        let told = &step(&decided).reason;
        assert!(told.contains(&others.join(", ")) && told.contains("Deployment checkout too"), "{told}");
        scene.wait(600);
        scene.load_needs(4);
        let held = scene.live();
        assert_eq!((reason(&held), act(&held)), ("WorkloadShared", None));
        // It is raised ahead of the load as ever.
        scene.workload().pods.iter_mut().for_each(|pod| pod.ready = true);
        scene.load_needs(12);
        assert_eq!(act(&scene.live()), Some((Verb::RaiseFloor, 10, 12)));
    }
}

#[test]
fn whoever_is_told_to_leave_the_replicas_alone_is_not_led_to_a_single_one() {
    let mut scene = owned(10);
    scene.load_needs(4);
    let changed = ChangedByOthers { at: Time(at(-7200)), to: 10, by: Some("argocd-controller".into()) };
    remembered(&mut scene, Some(changed), Vec::new());
    let mut reset = let_go(10, 8);
    reset.status.floor.as_mut().unwrap().resets = 2;
    reset.load_needs(4);
    for (scene, expected) in [(scene, "ScaledByOthers"), (reset, "ConflictingManager")] {
        let decided = scene.decide();
        assert_eq!(reason(&decided), expected);
        let told = &decided.enforcement.message;
        for words in ["RespectIgnoreDifferences=true", "o not only take", "the API server puts 1 in its place"] {
            assert!(told.contains(words), "{words}: {told}");
        }
    }
}
