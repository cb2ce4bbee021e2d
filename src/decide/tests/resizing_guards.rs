//! Every guard that concerns the resizing of a pod: one that passes, and the one change that holds it. Replicas are then
//! added instead, and the words say why no pod is resized.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::fixture::{Scene, at, pod, reason, step};
use super::moves::verb;
use super::sizes::{limits, resizes, size, throttle, throttled, web};
use crate::api::enforcement_status::ActionTarget;
use crate::api::enforcement_status::{ActionPhase, ActionRecord, Episode, Verb, WithoutEffect};
use crate::api::resize_status::{Raised, Refused, ResizeStatus};
use crate::decide::danger::evidence::Snapshot;
use crate::decide::guard::review;
use crate::decide::situation::timing::Timing;
use crate::decide::workflow::work_out;
use crate::decide::{Change as Changed, Plan, ResizeChange};
use crate::sense::workload::PodObservation;

fn each(scene: &mut Scene, change: impl Fn(&mut PodObservation)) {
    scene.workload().pods.iter_mut().for_each(change);
}

fn status(raised: usize, refused: Option<Refused>) -> ResizeStatus {
    let gone = |index: usize| Raised {
        action: index.to_string(),
        at: Time(at(-3600)),
        pod: "gone".into(),
        node: None,
        unrequested: 0,
    };
    let raised = (0..raised).map(gone);
    let workload = ActionTarget {
        api_version: "apps/v1".into(),
        kind: "Deployment".into(),
        name: "checkout".into(),
        uid: "workload-uid".into(),
    };
    ResizeStatus { workload, pods: 0, raised: raised.collect(), refused }
}

fn episode(without_effect: Vec<WithoutEffect>) -> Episode {
    Episode { since: Time(at(-60)), ahead: false, safe_since: None, without_effect, harmful_above: None }
}

#[test]
fn a_resize_is_held_by_every_guard_that_concerns_it_and_replicas_are_added() {
    type Change = fn(&mut Scene);
    let changes: [(&str, Change); 16] = [
        ("HorizontalPodAutoscaler checkout scales on the utilization of CPU", |scene| {
            scene.workload().scaled_on_cpu = Some("HorizontalPodAutoscaler checkout".into());
        }),
        ("it runs on Windows", |scene| each(scene, |pod| pod.size.windows = true)),
        ("it has a size as a whole", |scene| each(scene, |pod| pod.size.whole = true)),
        ("restarts container web", |scene| each(scene, |pod| pod.size.containers[0].restarts = true)),
        ("its class of service is not known", |scene| each(scene, |pod| pod.size.quality = None)),
        ("has no CPU limit", |scene| each(scene, |pod| pod.size.containers[0].size = None)),
        ("has several containers", |scene| each(scene, |pod| pod.size.containers.push(web(1, 1)))),
        ("has no container app", |scene| scene.enforcement.resize.as_mut().unwrap().container = Some("app".into())),
        ("kubectl-edit gave checkout-0 another size", |scene| {
            each(scene, |pod| {
                pod.size = size(250, 600);
                pod.size.containers[0].set_by = Some("kubectl-edit".into());
            });
        }),
        ("no CPU limit to come back to", |scene| scene.workload().template.clear()),
        ("enforcement.resize.maxCpu allows 500m", |scene| {
            scene.enforcement.resize.as_mut().unwrap().max_cpu = "0.5".into();
        }),
        ("what node node-a has left cannot be read", |scene| scene.workload().rooms.clear()),
        ("node node-a has 249m of CPU left", |scene| {
            scene.workload().rooms.insert("node-a".into(), 249);
        }),
        ("enforcement.resize.perDay", |scene| scene.status.resize = Some(status(16, None))),
        ("refused to resize checkout-3: no", |scene| {
            scene.status.episode = Some(episode(Vec::new()));
            let refused = Refused { at: Time(at(-30)), pod: "checkout-3".into(), message: "no".into() };
            scene.status.resize = Some(status(0, Some(refused)));
        }),
        ("did not help in this episode", |scene| {
            scene.status.episode = Some(episode(vec![WithoutEffect { verb: Verb::Resize, times: 2 }]));
        }),
    ];
    assert_eq!(verb(&throttled().decide()), Some(Verb::Resize));
    let mut wrong = Vec::new();
    for (words, change) in changes {
        let mut scene = throttled();
        change(&mut scene);
        let decided = scene.decide();
        let message = &decided.enforcement.message;
        let told = message.contains("no pod is resized: ") && message.contains(words);
        if verb(&decided) != Some(Verb::RaiseFloor) || !told {
            wrong.push(format!("{words}: {message}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_holds_everything_holds_a_resize() {
    type Change = fn(&mut Scene);
    let changes: [(&str, Change); 4] = [
        ("NotLeader", |scene| scene.leader = false),
        ("StaleWorkload", |scene| scene.workload().read_at = at(-20)),
        ("SpecNotObserved", |scene| {
            scene.workload().observed_generation = Some(0);
            scene.enforcement.scale = None;
        }),
        ("AwaitingVerdict", |scene| {
            let target = scene.floor().target.clone();
            scene.actions = vec![ActionRecord {
                id: "raise".into(),
                verb: Verb::RaiseFloor,
                target,
                from: Some(3),
                to: Some(6),
                reason: String::new(),
                hypothesis: String::new(),
                ahead: false,
                phase: ActionPhase::Done,
                intended_at: Time(at(-60)),
                deadline: Time(at(60)),
                outcome: String::new(),
                verdict: None,
                evidence: Snapshot::default().to_string(),
            }];
        }),
    ];
    for (expected, change) in changes {
        let mut scene = throttled();
        change(&mut scene);
        let decided = scene.decide();
        assert_eq!((verb(&decided), reason(&decided)), (None, expected), "{}", decided.enforcement.message);
    }
}

#[test]
fn a_refusal_counts_in_the_episode_in_which_it_was() {
    let mut scene = throttled();
    scene.status.episode = Some(episode(Vec::new()));
    let refused = Refused { at: Time(at(-300)), pod: "checkout-3".into(), message: "no".into() };
    scene.status.resize = Some(status(0, Some(refused)));
    assert_eq!(verb(&scene.decide()), Some(Verb::Resize));
}

#[test]
fn replicas_wait_for_the_verdict_of_a_resize() {
    let mut scene = throttled();
    scene.live();
    scene.wait(60);
    throttle(&mut scene, 0);
    let decided = scene.decide();
    assert_eq!((verb(&decided), reason(&decided)), (None, "AwaitingVerdict"), "{}", decided.enforcement.message);
}

#[test]
fn of_more_than_eight_throttled_pods_none_is_resized() {
    let mut scene = throttled();
    let workload = scene.workload();
    (workload.spec_replicas, workload.status_replicas) = (9, 9);
    workload.pods = (0..9).map(pod).collect();
    each(&mut scene, |pod| pod.size = size(250, 500));
    scene.floor().current = 9;
    throttle(&mut scene, 60);
    let decided = scene.decide();
    assert_eq!(verb(&decided), Some(Verb::RaiseFloor));
    assert!(decided.enforcement.message.contains("at most 8 are resized"), "{}", decided.enforcement.message);
}

#[test]
fn one_pod_that_may_not_be_resized_holds_no_other_up() {
    let mut scene = throttled();
    let hand = &mut scene.workload().pods[0];
    hand.size = size(250, 600);
    hand.size.containers[0].set_by = Some("kubectl-edit".into());
    for expected in [1, 4] {
        let decided = scene.live();
        assert_eq!(resizes(&decided).len(), expected);
        assert!(resizes(&decided).iter().all(|(name, ..)| name != "checkout-0"));
        scene.wait(60);
    }
    assert_eq!(limits(&mut scene), [600, 750, 750, 750, 750, 750]);
    scene.enforcement.resize = None;
    scene.live();
    scene.wait(60);
    scene.live();
    assert_eq!(limits(&mut scene), [600, 500, 500, 500, 500, 500], "what a person set is a person's");
}

#[test]
fn pods_of_one_node_share_what_is_left_on_it() {
    let mut scene = throttled();
    scene.live();
    scene.wait(60);
    scene.workload().rooms.insert("node-a".into(), 850);
    assert_eq!(resizes(&scene.decide()).len(), 2, "250m each, beside those of the first one");
}

#[test]
fn the_day_has_room_for_so_many() {
    let mut scene = throttled();
    scene.enforcement.resize.as_mut().unwrap().per_day = 3;
    scene.live();
    scene.wait(60);
    assert_eq!(resizes(&scene.live()).len(), 2);
    scene.wait(60);
    let decided = scene.decide();
    assert_eq!((verb(&decided), reason(&decided)), (None, "ResizeBudget"), "{}", decided.enforcement.message);
}

#[test]
fn a_step_beyond_its_bounds_is_held_whoever_proposes_it() {
    type Change = fn(&mut ResizeChange);
    let changes: [(&str, Change); 4] = [
        ("StepTooLarge", |change| change.to.limit = 800),
        ("StepTooLarge", |change| change.to.limit = 500),
        ("OutOfBounds", |change| change.to.limit = 2001),
        ("NotResizable", |change| change.to.request = 751),
    ];
    let mut scene = throttled();
    let proposed = step(&scene.decide()).clone();
    scene.wait(0);
    let situation = scene.situation();
    let timing = Timing::of(&scene.enforcement).unwrap();
    let (facts, _) = work_out(&situation, timing, scene.workload.as_ref().unwrap());
    assert_eq!(review(&Plan::propose("shop", proposed.clone()), &facts), Ok(()));
    for (expected, change) in changes {
        let mut step = proposed.clone();
        let Changed::Resize(of_pod) = &mut step.change else { panic!() };
        change(of_pod);
        assert_eq!(review(&Plan::propose("shop", step), &facts).unwrap_err().reason, expected);
    }
}
