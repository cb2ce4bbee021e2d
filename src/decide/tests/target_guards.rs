//! When no CPU target is set, though another one would be right.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::cpu_targets::{aiming, bears, seen, set};
use super::fixture::{Scene, act, at, hpa, objective, reason};
use super::own::capacity;
use crate::api::capacity::CapacityMode;
use crate::api::cpu_target::{CpuTargetChanged, CpuTargetDanger, CpuTargetStatus, CpuTargetStep};
use crate::api::enforcement::Mode;
use crate::api::enforcement_status::{Episode, Verb};
use crate::decide::FleetAct;
use crate::decide::guard::{SCALE_DOWNS, TARGET_STEPS};
use crate::evaluate::assessment::ObjectiveAssessment;
use crate::sense::workload::{ContainerCpu, CpuMetric, CpuTargetMark, CpuTargetRecord, FloorHolder, Rollout};

fn stepped(minutes_ago: i64) -> CpuTargetStep {
    CpuTargetStep { action: format!("{minutes_ago}"), at: Time(at(-60 * minutes_ago)), from: 40, to: 45 }
}

fn acted(verb: Verb, minutes_ago: i64) -> FleetAct {
    let (at, agreement) = (at(-60 * minutes_ago), "shop/cart".to_owned());
    FleetAct { verb, agreement, at, pod: None, node: None, unrequested: 0 }
}

fn remembered(scene: &mut Scene, status: CpuTargetStatus) {
    scene.status.cpu_target = Some(status);
}

fn held(scene: &mut Scene, agreement: &str) {
    let at = Time(at(-600));
    seen(scene).mark = CpuTargetMark::Recorded(CpuTargetRecord {
        agreement: agreement.into(),
        action: "id".into(),
        at,
        before: 40,
        value: 50,
    });
}

fn changed(minutes_ago: i64) -> CpuTargetStatus {
    let changed = CpuTargetChanged { at: Time(at(-60 * minutes_ago)), to: Some(50), by: Some("kubectl".into()) };
    CpuTargetStatus { changed: Some(changed), ..CpuTargetStatus::default() }
}

fn endangered(minutes_ago: i64) -> CpuTargetStatus {
    let danger = CpuTargetDanger { at: Time(at(-60 * minutes_ago)), with: 60, most: 50 };
    CpuTargetStatus { danger: Some(danger), ..CpuTargetStatus::default() }
}

fn spent(minutes_ago: i64) -> CpuTargetStatus {
    CpuTargetStatus {
        steps: (0..12).rev().map(|step| stepped(minutes_ago + 60 * step)).collect(),
        ..CpuTargetStatus::default()
    }
}

/// Those that hold a higher target, and whether they hold a lower one too.
type Case = (&'static str, bool, Change);
/// What is made of a scene.
type Change = fn(&mut Scene);

#[test]
fn each_of_these_holds_a_higher_target_and_most_a_lower_one() {
    let cases: [Case; 25] = [
        ("TargetStands", true, |scene| bears(scene, 50, 50)),
        ("TargetStands", true, |scene| scene.load_needs(6)),
        ("TargetStands", true, |scene| scene.need = Some(super::ahead::unknown())),
        ("TargetStands", true, |scene| scene.need = Some(super::ahead::doubted(6))),
        ("Safe", true, |scene| scene.need = None),
        ("Safe", true, |scene| scene.enforcement.capacity = Some(capacity(CapacityMode::Floor))),
        ("NotAllSeen", true, |scene| {
            let unseen = ObjectiveAssessment { recent_coverage: None, ..objective("availability") };
            scene.assessment.objectives.push(unseen);
        }),
        ("Blind", true, |scene| scene.assessment.measured_through = at(-600)),
        ("HeldByOtherAgreement", true, |scene| held(scene, "another")),
        ("UnknownBaseline", true, |scene| seen(scene).mark = CpuTargetMark::Unreadable("50".into())),
        ("WorkloadShared", true, |scene| scene.fleet.beside = vec!["gold".into()]),
        ("TargetSetByOthers", true, |scene| remembered(scene, changed(120))),
        ("TargetBudget", true, |scene| remembered(scene, spent(30))),
        ("TargetDidHarm", false, |scene| remembered(scene, endangered(120))),
        ("RolloutInProgress", true, |scene| scene.workload().rollout = Rollout::InProgress),
        ("PodsNotReady", false, |scene| scene.workload().pods[0].ready = false),
        ("PodsNotReady", false, |scene| scene.workload().pods[0].terminating = true),
        ("WarmingUp", true, |scene| scene.warm_until = at(60)),
        ("EpisodeOpen", false, |scene| {
            let (since, safe_since) = (Time(at(-600)), Some(Time(at(-60))));
            scene.status.episode =
                Some(Episode { since, ahead: false, safe_since, without_effect: Vec::new(), harmful_above: None });
        }),
        ("BlastRadius", true, |scene| {
            scene.fleet.acts = (0..20).rev().map(|step| acted(Verb::SetTarget, step / 3)).collect();
        }),
        ("BlastRadius", true, |scene| {
            let of = |step: i64| acted(if step % 2 == 0 { Verb::ScaleDown } else { Verb::SetTarget }, step / 3);
            scene.fleet.acts = (0..20).rev().map(of).collect();
        }),
        ("NoAutoscaler", true, |scene| scene.workload().floor = FloorHolder::Scale(hpa())),
        ("ScaledByKeda", true, |scene| scene.workload().floor = FloorHolder::ScaledObject(hpa())),
        ("NoCpuTarget", true, |scene| seen(scene).metric = Err("it has no metric on CPU".into())),
        ("NoCpuTarget", true, |scene| {
            seen(scene).metric = Ok(CpuMetric { index: 0, container: Some("web".into()), percent: 50 });
            scene.workload().template = vec![container("web"), container("proxy")];
        }),
    ];
    assert_eq!((TARGET_STEPS, SCALE_DOWNS), (12, 20));
    for (expected, lower_too, change) in cases {
        for (most, wanted) in [(60, (Verb::SetTarget, 50, 60)), (40, (Verb::SetTarget, 50, 40))] {
            let mut scene = aiming(50, most);
            assert_eq!(set(&scene.decide()), Some(wanted));
            change(&mut scene);
            let decided = scene.decide();
            if most > 50 || lower_too {
                let told = (reason(&decided), set(&decided));
                assert_eq!(told, (expected, None), "{most}: {}", decided.enforcement.message);
            } else {
                assert_eq!(set(&decided), Some(wanted), "{expected}: {}", decided.enforcement.message);
            }
        }
    }
}

fn container(name: &str) -> ContainerCpu {
    ContainerCpu { name: name.into(), size: None, in_force: None, restarts: false, set_by: None }
}

#[test]
fn each_of_these_lets_it_pass() {
    let cases: [(&str, Change); 6] = [
        ("a change of more than a day ago", |scene| remembered(scene, changed(1500))),
        ("steps of more than a day ago", |scene| remembered(scene, spent(1410))),
        ("a danger of more than a day ago", |scene| remembered(scene, endangered(1500))),
        ("what others did more than ten minutes ago", |scene| {
            scene.fleet.acts = (0..40).map(|_| acted(Verb::SetTarget, 11)).collect();
        }),
        ("the only container", |scene| {
            seen(scene).metric = Ok(CpuMetric { index: 1, container: Some("web".into()), percent: 50 });
            scene.workload().template = vec![container("web")];
        }),
        ("a mark of its own", |scene| held(scene, "checkout")),
    ];
    for (what, change) in cases {
        let mut scene = aiming(50, 60);
        seen(&mut scene).set_by = None;
        change(&mut scene);
        assert_eq!(set(&scene.decide()), Some((Verb::SetTarget, 50, 60)), "{what}");
    }
}

#[test]
fn the_modes_go_as_far_as_they_say() {
    for (mode, ceiling, expected) in [
        (Mode::Observe, Mode::Enforce, "Observing"),
        (Mode::Recommend, Mode::Enforce, "Recommended"),
        (Mode::Enforce, Mode::Recommend, "Recommended"),
        (Mode::Enforce, Mode::Enforce, "SetTarget"),
    ] {
        let mut scene = aiming(50, 60);
        (scene.enforcement.mode, scene.ceiling) = (mode, ceiling);
        assert_eq!(reason(&scene.decide()), expected, "{mode:?} {ceiling:?}");
    }
}

#[test]
fn where_no_target_can_be_set_the_floor_follows_the_load_all_the_same() {
    let cases: [(&str, Change); 3] = [
        ("NoAutoscaler", |scene| scene.workload().floor = FloorHolder::Scale(hpa())),
        ("ScaledByKeda", |scene| scene.workload().floor = FloorHolder::ScaledObject(hpa())),
        ("NoCpuTarget", |scene| seen(scene).metric = Err("it has no metric on CPU".into())),
    ];
    for (expected, change) in cases {
        let mut scene = aiming(50, 60);
        change(&mut scene);
        let decided = scene.decide();
        assert_eq!((reason(&decided), act(&decided)), (expected, None));
        for named in
            ["spec.enforcement.capacity.mode is Target", "set the mode to Floor", "only the floor follows the load"]
        {
            let named = if expected == "ScaledByKeda" {
                named.replace("set the mode", "and the mode")
            } else {
                named.to_owned()
            };
            assert!(decided.enforcement.message.contains(&named), "{named}: {}", decided.enforcement.message);
        }
        scene.load_needs(9);
        assert!(matches!(act(&scene.decide()), Some((Verb::RaiseFloor, _, 9))), "{expected}");
    }
}

#[test]
fn a_higher_target_waits_for_the_last_raise_and_for_safety() {
    let mut scene = aiming(50, 60);
    scene.load_needs(9);
    assert_eq!(act(&scene.live()), Some((Verb::RaiseFloor, 3, 9)));
    scene.wait(60);
    bears(&mut scene, 60, 60);
    assert_eq!(set(&scene.decide()), None, "all is to be safe for a while with that");
    scene.wait(300);
    bears(&mut scene, 60, 60);
    scene.live();
    scene.wait(60);
    bears(&mut scene, 60, 60);
    assert!(scene.status.cpu_target.is_some());
}
