//! Every guard that concerns the moving of a pod: one that passes, and the one change that holds it.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::SignedDuration;

use super::fixture::{Scene, at, by_pod, ratio, reason};
use super::moves::{evicted_to, fail, surged, verb};
use crate::api::diagnosis::CauseKind;
use crate::api::enforcement_status::{Episode, Verb, WithoutEffect};
use crate::api::reschedule_status::{Eviction, Hindrance, Obstacle, RescheduleStatus};
use crate::decide::situation::timing::Timing;
use crate::decide::verb::reschedule;
use crate::decide::workflow::work_out;
use crate::decide::{FleetEviction, Plan, guard};
use crate::sense::signals::Signals;
use crate::sense::workload::{Baseline, BaselineRecord, KeptVolume, PodObservation, PodPhase, Rollout, VolumeKind};

fn sick(scene: &mut Scene) -> &mut PodObservation {
    &mut scene.workload().pods[0]
}

fn hindered(scene: &mut Scene, obstacle: Obstacle, since: i64, until: i64) {
    let hindered = Hindrance {
        obstacle,
        message: "no".into(),
        pod: "checkout-0".into(),
        since: Time(at(since)),
        tries: 1,
        until: Time(at(until)),
    };
    scene.status.reschedule = Some(RescheduleStatus { hindered: Some(hindered), ..RescheduleStatus::default() });
}

/// An eviction of this agreement at that second.
pub(super) fn eviction(action: &str, second: i64, node: &str, landed: Option<&str>) -> Eviction {
    let landed = landed.map(|node| crate::api::reschedule_status::Landing {
        pod: format!("after {action}"),
        uid: format!("uid after {action}"),
        node: Some(node.to_owned()),
    });
    let (pod, owner) = (format!("before {action}"), "rs".to_owned());
    Eviction { action: action.into(), at: Time(at(second)), pod, node: node.into(), owner, landed }
}

fn kept(kind: VolumeKind) -> Vec<KeptVolume> {
    vec![KeptVolume { name: "data".into(), kind }]
}

fn others(nodes: &[&str]) -> Vec<FleetEviction> {
    nodes.iter().map(|node| FleetEviction { node: (*node).to_owned(), at: at(-500) }).collect()
}

#[test]
fn an_eviction_is_held_by_every_guard_that_concerns_it() {
    type Change = fn(&mut Scene);
    let changes: [(&str, Change); 36] = [
        ("OutlierPod", |scene| scene.enforcement.reschedule = None),
        ("NotLeader", |scene| scene.leader = false),
        ("StaleWorkload", |scene| scene.workload().read_at = at(0)),
        ("Blind", |scene| scene.assessment.measured_through = at(-200)),
        ("MissingData", |scene| {
            scene.assessment.objectives[0].recent_coverage = Some(ratio(1, 2));
            scene.assessment.objectives.push(super::fixture::objective("availability"));
        }),
        ("RolloutInProgress", |scene| scene.workload().rollout = Rollout::InProgress),
        ("RolloutStuck", |scene| scene.workload().rollout = Rollout::Stuck(String::new())),
        ("RolloutPaused", |scene| scene.workload().rollout = Rollout::Paused),
        ("SpecNotObserved", |scene| scene.workload().observed_generation = Some(0)),
        ("NotReplaceable", |scene| sick(scene).owner_kind = None),
        ("NotReplaceable", |scene| sick(scene).owner_kind = Some("StatefulSet".into())),
        ("NotReplaceable", |scene| sick(scene).owner_kind = Some("DaemonSet".into())),
        ("NotReplaceable", |scene| sick(scene).owner_kind = Some("Job".into())),
        ("NotReplaceable", |scene| sick(scene).owner_kind = Some("Node".into())),
        ("PodGone", |scene| sick(scene).terminating = true),
        ("PodNotRunning", |scene| sick(scene).phase = PodPhase::Unknown),
        ("PodNotRunning", |scene| sick(scene).node = None),
        ("SystemCritical", |scene| sick(scene).critical = true),
        ("LocalStorage", |scene| sick(scene).kept_volumes = kept(VolumeKind::EmptyDir)),
        ("LocalStorage", |scene| {
            scene.enforcement.reschedule.as_mut().unwrap().delete_empty_dir_data = true;
            sick(scene).kept_volumes = kept(VolumeKind::Claim);
        }),
        ("LocalStorage", |scene| {
            scene.enforcement.reschedule.as_mut().unwrap().delete_empty_dir_data = true;
            sick(scene).kept_volumes = kept(VolumeKind::HostPath);
        }),
        ("PodTooYoung", |scene| sick(scene).created = Some(at(-539))),
        ("PodTooYoung", |scene| sick(scene).created = None),
        ("PodLeaving", |scene| scene.workload().pods[4].terminating = true),
        ("RescheduleBudget", |scene| {
            let evictions = (0..3).map(|index| eviction(&index.to_string(), -86_300, "elsewhere", None)).collect();
            scene.status.reschedule = Some(RescheduleStatus { evictions, ..RescheduleStatus::default() });
        }),
        ("BlastRadius", |scene| scene.fleet.evictions = others(&["node-0"])),
        ("BlastRadius", |scene| scene.fleet.evictions = others(&["a", "b", "c", "d", "e"])),
        ("BlastRadius", |scene| {
            let evictions = vec![eviction("1", -500, "node-0", None)];
            scene.status.reschedule = Some(RescheduleStatus { evictions, ..RescheduleStatus::default() });
        }),
        ("BlockedByPDB", |scene| hindered(scene, Obstacle::DisruptionBudget, 50, 61)),
        ("SeveralBudgets", |scene| hindered(scene, Obstacle::SeveralBudgets, 50, 55)),
        ("ApiServerBusy", |scene| hindered(scene, Obstacle::Busy, 50, 61)),
        ("PodChanged", |scene| hindered(scene, Obstacle::Changed, 50, 61)),
        ("EvictionRefused", |scene| hindered(scene, Obstacle::Forbidden, 50, 61)),
        ("WarmingUp", |scene| scene.warm_until = at(61)),
        ("Ineffective", |scene| {
            let without_effect = vec![WithoutEffect { verb: Verb::Reschedule, times: 2 }];
            scene.status.episode = Some(Episode {
                since: Time(at(0)),
                ahead: false,
                safe_since: None,
                without_effect,
                harmful_above: None,
            });
        }),
        ("Observing", |scene| scene.enforcement.mode = crate::api::enforcement::Mode::Observe),
    ];
    for (expected, change) in changes {
        let mut scene = surged();
        // So that the floor is not the thing to be given back.
        assert_eq!(verb(&scene.decide()), Some(Verb::Reschedule), "{expected}: it passes");
        change(&mut scene);
        let decided = scene.decide();
        assert_ne!(verb(&decided), Some(Verb::Reschedule), "{expected}: {:?}", decided.decision);
        if expected != "Observing" {
            assert_eq!(reason(&decided), expected, "{:?}", decided.decision);
        }
    }
}

#[test]
fn what_may_be_lost_holds_nothing_up() {
    let mut scene = surged();
    scene.enforcement.reschedule.as_mut().unwrap().delete_empty_dir_data = true;
    sick(&mut scene).kept_volumes = kept(VolumeKind::EmptyDir);
    assert_eq!(verb(&scene.decide()), Some(Verb::Reschedule));
}

#[test]
fn what_is_past_holds_nothing_up() {
    type Change = fn(&mut Scene);
    let changes: [Change; 4] = [
        |scene| hindered(scene, Obstacle::DisruptionBudget, 50, 60),
        |scene| {
            // Of an episode before.
            hindered(scene, Obstacle::SeveralBudgets, -50, -45);
            scene.status.episode.as_mut().unwrap().since = Time(at(0));
        },
        |scene| {
            let evictions = (0..9).map(|index| eviction(&index.to_string(), -86_400, "node-0", None)).collect();
            scene.status.reschedule = Some(RescheduleStatus { evictions, ..RescheduleStatus::default() });
        },
        |scene| scene.fleet.evictions = vec![FleetEviction { node: "node-0".into(), at: at(-540) }; 9],
    ];
    for change in changes {
        let mut scene = surged();
        change(&mut scene);
        assert_eq!(verb(&scene.decide()), Some(Verb::Reschedule), "{:?}", scene.decide().decision);
    }
}

#[test]
fn what_stays_refused_is_given_up_for_the_episode() {
    let mut scene = surged();
    hindered(&mut scene, Obstacle::DisruptionBudget, 0, 10);
    let (mut waited, mut tries) = (0, 0);
    while waited < 3600 {
        scene.wait(15);
        waited += 15;
        fail(&mut scene, &["checkout-0"]);
        let decided = scene.decide();
        tries += i32::from(verb(&decided) == Some(Verb::Reschedule));
        assert!(waited < 540 || reason(&decided) == "BlockedByPDB", "{:?}", decided.decision);
        if waited >= 540 {
            assert!(decided.enforcement.message.contains("given up for this episode"), "{decided:?}");
        }
    }
    assert!(tries > 0);
}

#[test]
fn another_agreement_on_the_workload_goes_before() {
    let mut scene = super::moves::one_sick();
    let record = BaselineRecord { agreement: "other".into(), replicas: Some(6) };
    scene.floor().baseline = Baseline::Recorded(record);
    assert_eq!((verb(&scene.decide()), reason(&scene.decide())), (None, "HeldByOtherAgreement"));
}

#[test]
fn the_pod_is_proven_by_what_was_read_just_now() {
    type Change = fn(&mut Scene);
    let changes: [Change; 5] = [
        |scene| scene.signals = Signals::Empty,
        |scene| scene.signals = Signals::Stale(at(-100)),
        |scene| scene.signals = Signals::Partial("shard 3".into()),
        |scene| scene.signals = by_pod(&[(600, 300), (600, 1)]),
        |scene| {
            let Signals::ByPod(vector) = &mut scene.signals else { panic!() };
            vector.at = at(20);
        },
    ];
    for change in changes {
        let mut scene = surged();
        change(&mut scene);
        let decided = scene.decide();
        // It was named before, so it stays suspected, and nothing is done upon that.
        assert_eq!(decided.enforcement.diagnosis.as_ref().unwrap().cause, CauseKind::OutlierPod);
        assert_eq!(verb(&decided), None, "{:?}", decided.decision);
    }
}

#[test]
fn one_at_a_time() {
    let mut scene = evicted_to("node-9");
    scene.wait(20);
    super::moves::newest_ready(&mut scene);
    fail(&mut scene, &["checkout-3"]);
    let mut waited = 20;
    while verb(&scene.live()).is_none() {
        scene.wait(10);
        waited += 10;
        fail(&mut scene, &["checkout-3"]);
        assert!(waited < 900);
    }
    assert!(SignedDuration::from_secs(waited) >= SignedDuration::from_mins(2), "before it was judged: {waited}");
}

#[test]
fn a_node_is_named_and_its_pods_stay() {
    let mut scene = surged();
    scene.workload().pods[1].node = Some("node-0".into());
    fail(&mut scene, &["checkout-0", "checkout-1"]);
    let decided = scene.decide();
    assert_eq!((verb(&decided), reason(&decided)), (None, "OutlierNode"), "{:?}", decided.decision);
    assert!(
        decided
            .enforcement
            .message
            .contains("enforcement.reschedule.avoidNode, which steers it elsewhere, is left out"),
        "{}",
        decided.enforcement.message
    );
}

/// What lets several go together is a guard like any other: none that is asked after it has let anything pass.
#[test]
fn what_holds_several_together_is_asked_in_its_turn() {
    let scene = super::evacuation::ready(3);
    let situation = scene.situation();
    let timing = Timing::of(&scene.enforcement).unwrap();
    let (facts, _) = work_out(&situation, timing, scene.workload.as_ref().unwrap());
    let answers = |pods: &[usize]| {
        let steps = pods.iter().flat_map(|index| reschedule::evict(&facts, &facts.workload.pods[*index]).steps);
        guard::answers(&Plan::of_steps("shop", steps.collect()), &facts, false)
    };
    let of_one_node = answers(&[0, 1, 2]);
    assert_eq!(of_one_node.held, None);
    let named = "within the blast radius";
    assert_eq!(of_one_node.passed.iter().filter(|name| **name == named).count(), 1);
    let of_two = answers(&[0, 5]);
    let before = of_one_node.passed.iter().take_while(|name| **name != named);
    assert_eq!((of_two.held.unwrap().0, of_two.passed), (named, before.copied().collect()));
}
