//! Raising the CPU limit of throttled pods in place: one first, then the others, judged together, and given back.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::SignedDuration;

use super::fixture::{Scene, at, ratio, reason};
use super::moves::verb;
use super::sizes::{limits, resizes, size, throttle, throttled, web};
use crate::api::diagnosis::{CauseKind, Subject};
use crate::api::enforcement::Mode;
use crate::api::enforcement_status::{ActionPhase, ActionRecord, ActionTarget, EnforcementStatus, Verb, Verdict};
use crate::decide::held::refusal;
use crate::decide::{Decided, Decision};
use crate::sense::signals::Signals;

/// What makes a scene another one.
type Twist = fn(&mut Scene);

/// Lives until the round has no more to resize.
fn grown() -> Scene {
    let mut scene = throttled();
    for _ in 0..3 {
        assert_eq!(verb(&scene.live()), Some(Verb::Resize));
        // The danger did not only begin then.
        scene.status.episode.as_mut().unwrap().since = Time(at(-300));
        scene.wait(60);
    }
    scene
}

fn verdicts(scene: &Scene, of: Verb) -> Vec<Option<Verdict>> {
    scene.actions.iter().filter(|action| action.verb == of).map(|action| action.verdict).collect()
}

fn named(pods: &[&str], from: i64, to: i64) -> Vec<(String, i64, i64)> {
    pods.iter().map(|pod| ((*pod).to_owned(), from, to)).collect()
}

#[test]
fn one_pod_is_resized_first_and_the_others_when_its_node_has_taken_it() {
    let mut scene = throttled();
    let decided = scene.live();
    assert_eq!(resizes(&decided), named(&["checkout-0"], 500, 750));
    let step = super::fixture::step(&decided);
    assert_eq!(step.resize().unwrap().to.request, 250, "what is requested stays, so that its class does");
    let told = decided.enforcement.diagnosis.unwrap();
    assert_eq!((told.cause, told.evidence[0].subject), (CauseKind::Saturation, Subject::CpuLimit));
    assert_eq!((told.evidence[0].bad.as_str(), told.evidence[0].total.as_str()), ("2160", "3600"));
    assert!(told.message.contains("throttles 6 of 6 ready pods, in 60 % of their periods"), "{}", told.message);

    scene.wait(60);
    scene.workload().pods[0].size.containers[0].in_force = Some(500);
    assert_eq!(reason(&scene.decide()), "AwaitingResize");
    scene.workload().pods[0].size.containers[0].in_force = Some(750);
    let others = ["checkout-1", "checkout-2", "checkout-3", "checkout-4"];
    assert_eq!(resizes(&scene.live()), named(&others, 500, 750));
    scene.wait(60);
    assert_eq!(resizes(&scene.live()), named(&["checkout-5"], 500, 750));
    scene.wait(60);
    assert_eq!((verb(&scene.decide()), reason(&scene.decide())), (None, "AwaitingVerdict"));
    assert_eq!(limits(&mut scene), [750; 6]);
    let resized = scene.decide().enforcement.resize.unwrap();
    assert_eq!((resized.pods, resized.raised.len(), resized.workload.uid.as_str()), (6, 6, "workload-uid"));
}

#[test]
fn a_round_goes_on_where_few_are_left() {
    let mut scene = throttled();
    scene.live();
    scene.wait(60);
    let Signals::ByPod(vector) = &mut scene.throttling else { panic!() };
    for events in &mut vector.pods[2..] {
        events.bad = ratio(0, 1);
    }
    assert_eq!(resizes(&scene.decide()), [], "two of six, one of which was resized, are not most");
    let Signals::ByPod(vector) = &mut scene.throttling else { panic!() };
    for events in &mut vector.pods[..4] {
        events.bad = ratio(360, 1);
    }
    vector.pods[0].bad = ratio(0, 1);
    assert_eq!(resizes(&scene.decide()).len(), 3, "three of six, and the one that was resized");
}

#[test]
fn what_helps_is_given_back_when_all_is_safe() {
    let mut scene = grown();
    scene.burn(false);
    scene.throttling = Signals::NotAsked("nothing is in danger".into());
    scene.wait(60);
    let decided = scene.live();
    assert_eq!(verdicts(&scene, Verb::Resize), [Some(Verdict::Effective); 6]);
    assert_eq!(reason(&decided), "WaitingToRelease");
    let mut given_back = Vec::new();
    for _ in 0..24 {
        scene.wait(30);
        let decided = scene.live();
        if verb(&decided) == Some(Verb::RestoreSize) {
            given_back.push((scene.now.duration_since(at(0)).as_secs(), resizes(&decided).len()));
        } else if given_back.len() == 1 {
            assert_eq!(reason(&decided), "SteppingDown", "two still wait for theirs");
        }
    }
    assert_eq!(given_back, [(540, 4), (600, 2)], "five minutes after it was safe, a few at a time");
    assert_eq!(limits(&mut scene), [500; 6]);
    let left = scene.status.resize.clone().unwrap();
    assert_eq!((left.pods, left.raised.len()), (0, 6), "the day's budget is not given back");
    assert_eq!((&scene.status.episode, reason(&scene.decide())), (&None, "Safe"));
}

#[test]
fn a_floor_that_stands_comes_down_between_the_sizes_and_is_told_first() {
    let mut scene = grown();
    scene.burn(false);
    scene.throttling = Signals::NotAsked("nothing is in danger".into());
    let mut raised = Scene::raised();
    *scene.floor() = raised.floor().clone();
    scene.status = EnforcementStatus { floor: raised.status.floor, episode: raised.status.episode, ..scene.status };
    (scene.floor().current, scene.status.floor.as_mut().unwrap().value) = (6, 6);
    let mut waits = scene.clone();
    waits.status.episode.as_mut().unwrap().safe_since = Some(Time(scene.now));
    let message = waits.decide().enforcement.message;
    assert!(message.contains("the floor stays at 6"), "{message}");
    let mut done = Vec::new();
    for _ in 0..2 {
        done.extend(verb(&scene.live()));
        scene.wait(15);
    }
    assert_eq!(done, [Verb::RestoreSize, Verb::LowerFloor]);
}

#[test]
fn two_rounds_without_effect_turn_it_off_and_replicas_follow() {
    let mut scene = throttled();
    let mut done = Vec::new();
    let mut before = Vec::new();
    for _ in 0..30 {
        before = limits(&mut scene);
        let decided = scene.live();
        done.extend(verb(&decided));
        if verb(&decided) == Some(Verb::RaiseFloor) {
            assert!(
                decided.enforcement.message.contains("resizing pods did not help"),
                "{}",
                decided.enforcement.message
            );
            break;
        }
        scene.wait(60);
    }
    let resizes = done.iter().filter(|verb| **verb == Verb::Resize).count();
    assert_eq!((resizes, done.last()), (6, Some(&Verb::RaiseFloor)), "{done:?}");
    assert_eq!(before, [1125; 6], "half as much again, twice");
}

#[test]
fn what_does_harm_is_undone() {
    let mut scene = grown();
    scene.wait(300);
    for objective in &mut scene.assessment.objectives {
        objective.recent_bad_share = Some(ratio(1, 2));
    }
    let decided = scene.live();
    assert!(verdicts(&scene, Verb::Resize).iter().all(|verdict| *verdict == Some(Verdict::Harmful)));
    assert_eq!((verb(&decided), resizes(&decided).len()), (Some(Verb::RestoreSize), 4), "at once");
    scene.wait(60);
    assert_eq!(resizes(&scene.live()).len(), 2);
    assert_eq!(limits(&mut scene), [500; 6]);
    scene.wait(60);
    assert_eq!(verb(&scene.live()), Some(Verb::RaiseFloor), "and not tried again");
}

#[test]
fn what_a_node_cannot_give_is_taken_back_and_off() {
    for why in ["Infeasible: Node didn't have enough capacity", "Deferred: Node didn't have enough resource"] {
        let mut scene = throttled();
        scene.live();
        scene.wait(15);
        scene.workload().pods[0].size.pending = Some(why.to_owned());
        let decided = scene.live();
        assert_eq!(verdicts(&scene, Verb::Resize), [Some(Verdict::Ineffective)]);
        assert!(scene.actions.iter().any(|action| action.evidence.contains(why)), "{:?}", scene.actions);
        assert_eq!(resizes(&decided), named(&["checkout-0"], 750, 500), "its spec asks for it no more");
        scene.workload().pods[0].size.pending = None;
        scene.wait(60);
        assert_eq!(verb(&scene.live()), Some(Verb::RaiseFloor), "replicas at once");
    }
}

#[test]
fn a_size_is_given_back_when_the_agreement_allows_it_no_more() {
    type Change = fn(&mut Scene);
    let changes: [Change; 3] = [
        |scene| scene.enforcement.resize = None,
        |scene| scene.enforcement.mode = Mode::Recommend,
        |scene| scene.enforcement.mode = Mode::Observe,
    ];
    for change in changes {
        let mut scene = grown();
        change(&mut scene);
        assert_eq!(verb(&scene.live()), Some(Verb::RestoreSize));
        scene.wait(60);
        scene.live();
        assert_eq!(limits(&mut scene), [500; 6]);
        scene.wait(60);
        assert_ne!(verb(&scene.live()), Some(Verb::RestoreSize));
    }
    let mut scene = grown();
    scene.enforcement.resize = None;
    scene.ceiling = Mode::Recommend;
    assert_eq!(reason(&scene.decide()), "ModeCeiling", "then nothing at all is written");
}

#[test]
fn a_pod_that_keeps_its_size_against_all_tries_keeps_no_other_from_getting_its_own() {
    let mut scene = grown();
    scene.enforcement.resize = None;
    let targets = |decided: &Decided| -> Vec<String> {
        let Decision::Act(plan) = &decided.decision else { panic!("{:?}", decided.decision) };
        plan.steps.iter().map(|step| step.target.name.clone()).collect()
    };
    let decided = scene.decide();
    let all = targets(&decided);
    let first = decided.actions.iter().find(|action| action.target.name == all[0]).unwrap();
    let refused = ActionRecord { phase: ActionPhase::Refused, outcome: "no".into(), ..first.clone() };
    refusal::enter(&mut scene.status.refusals, &refused);
    let others = targets(&scene.decide());
    assert!(others.len() == all.len() && !others.contains(&all[0]), "{others:?} of {all:?}");
    // Where none may be given its own, that is told.
    let pods: Vec<_> = scene.workload().pods.iter().map(|pod| (pod.name.clone(), pod.uid.clone())).collect();
    for (name, uid) in pods {
        let target = ActionTarget { name, uid, ..first.target.clone() };
        let id = format!("{}-{}", first.id, target.name);
        refusal::enter(&mut scene.status.refusals, &ActionRecord { id, target, ..refused.clone() });
    }
    scene.burn(false);
    assert_eq!(reason(&scene.decide()), "ActionRefused");
}

#[test]
fn where_several_pods_may_not_get_their_size_back_the_others_wait_and_come_first_then() {
    let mut scene = grown();
    scene.enforcement.resize = None;
    let restored = |decided: &Decided| -> Vec<String> {
        let Decision::Act(plan) = &decided.decision else { return Vec::new() };
        let steps = plan.steps.iter().filter(|step| step.verb == Verb::RestoreSize);
        steps.map(|step| step.target.name.clone()).collect()
    };
    let decided = scene.decide();
    let tried = restored(&decided);
    assert_eq!(tried.len(), 4);
    for record in decided.actions.iter().filter(|action| action.verb == Verb::RestoreSize) {
        refusal::enter(&mut scene.status.refusals, record);
    }
    assert!(restored(&scene.decide()).is_empty(), "of six pods four are refused");
    scene.wait(60);
    let again = restored(&scene.decide());
    assert!(again.len() == 4 && again[..2].iter().all(|name| !tried.contains(name)), "{again:?} after {tried:?}");
}

#[test]
fn requests_are_raised_where_the_class_of_service_needs_it() {
    let mut scene = throttled();
    scene.workload().template = vec![web(500, 500)];
    for pod in &mut scene.workload().pods {
        pod.size = size(500, 500);
        pod.size.quality = Some("Guaranteed".into());
    }
    let decided = scene.decide();
    let to = super::fixture::step(&decided).resize().unwrap().to;
    assert_eq!((to.request, to.limit), (750, 750));
}

#[test]
fn a_limit_grows_by_half_up_to_what_is_allowed() {
    for (max, limit, expected) in [("2", 500, 750), ("0.6", 500, 600), ("2", 501, 752), ("1.5", 1200, 1500)] {
        let mut scene = throttled();
        scene.enforcement.resize.as_mut().unwrap().max_cpu = max.into();
        scene.workload().template = vec![web(250, limit)];
        for pod in &mut scene.workload().pods {
            pod.size = size(250, limit);
        }
        assert_eq!(resizes(&scene.decide()), named(&["checkout-0"], limit, expected), "{max} {limit}");
    }
}

#[test]
fn it_is_recommended_where_nothing_may_be_done() {
    let mut scene = throttled();
    scene.enforcement.mode = Mode::Recommend;
    let Decision::Recommend(words) = scene.decide().decision else { panic!() };
    assert!(words.contains("resize Pod checkout-0 (CPU limit of web 500m -> 750m)"), "{words}");
}

#[test]
fn throttling_is_not_asked_about_where_it_is_not_enough_to_act_upon() {
    type Change = fn(&mut Scene);
    let changes: [(&str, Change); 7] = [
        ("6 of 6 ready pods, in 60 %", |_| {}),
        ("throttles 0 of 6", |scene| throttle(scene, 20)),
        ("throttles 0 of 6", |scene| {
            let Signals::ByPod(vector) = &mut scene.throttling else { panic!() };
            vector.pods.iter_mut().for_each(|pod| (pod.total, pod.bad) = (ratio(99, 1), ratio(60, 1)));
        }),
        ("throttles 3 of 6", |scene| {
            let Signals::ByPod(vector) = &mut scene.throttling else { panic!() };
            vector.pods[..3].iter_mut().for_each(|pod| pod.bad = ratio(1, 1));
        }),
        ("4 of 6 ready pods tell", |scene| {
            let Signals::ByPod(vector) = &mut scene.throttling else { panic!() };
            vector.pods.truncate(4);
        }),
        ("not of just now", |scene| {
            let Signals::ByPod(vector) = &mut scene.throttling else { panic!() };
            vector.newest = at(-91);
        }),
        ("no samples", |scene| scene.throttling = Signals::Empty),
    ];
    for (words, change) in changes {
        let mut scene = throttled();
        change(&mut scene);
        let decided = scene.decide();
        let told = decided.enforcement.diagnosis.as_ref().unwrap();
        let ruled_out = told.ruled_out.iter().filter(|one| one.cause == CauseKind::Saturation).map(|one| &one.why);
        let all: Vec<&String> = ruled_out.chain([&told.message]).collect();
        assert!(all.iter().any(|text| text.contains(words)), "{words}: {all:?}");
        assert_eq!(verb(&decided) == Some(Verb::Resize), words.starts_with("6 of 6"), "{words}");
    }
}

#[test]
fn an_open_resize_is_settled_by_the_pod() {
    for (phase, wrote, expected) in [
        (ActionPhase::Intended, true, ActionPhase::Done),
        (ActionPhase::Unknown, true, ActionPhase::Done),
        (ActionPhase::Intended, false, ActionPhase::Refused),
        (ActionPhase::Unknown, false, ActionPhase::Refused),
    ] {
        let mut scene = throttled();
        scene.crash(phase, wrote);
        let id = scene.actions[0].id.clone();
        scene.wait(5);
        let decided = scene.decide();
        let record = decided.actions.iter().find(|action| action.id == id);
        // What is known not to have happened is decided again under the same id, within the same slot.
        let found =
            record.filter(|record| record.phase != ActionPhase::Intended).map_or(ActionPhase::Refused, |r| r.phase);
        assert_eq!(found, expected, "{phase:?} {wrote}");
        let raised = decided.enforcement.resize.unwrap().raised;
        assert_eq!(raised.iter().filter(|raised| raised.pod == "checkout-0").count(), 1, "{phase:?} {wrote}");
    }
    // A person changed it meanwhile, or the pod is gone.
    let changes: [Twist; 2] = [
        |scene| scene.workload().pods[0].size.containers[0] = web(250, 600),
        |scene| {
            scene.workload().pods.remove(0);
        },
    ];
    for change in changes {
        let mut scene = throttled();
        scene.crash(ActionPhase::Unknown, false);
        let id = scene.actions[0].id.clone();
        change(&mut scene);
        let decided = scene.decide();
        let record = decided.actions.iter().find(|action| action.id == id).unwrap();
        assert_eq!((record.phase, record.verdict), (ActionPhase::Done, Some(Verdict::Inconclusive)), "{record:?}");
    }
}

#[test]
fn sizes_are_known_by_the_pods_where_the_status_was_lost() {
    let mut scene = grown();
    scene.status.resize = None;
    scene.actions.clear();
    scene.burn(false);
    scene.throttling = Signals::NotAsked("nothing is in danger".into());
    let decided = scene.live();
    assert_eq!(decided.enforcement.resize.unwrap().pods, 6);
    let mut seconds = 0;
    while scene.workload().pods.iter().any(|pod| pod.size.containers[0].size.unwrap().limit != 500) {
        assert!(seconds < 900, "{:?}", scene.status);
        scene.wait(60);
        seconds += 60;
        scene.live();
    }
    assert!(
        SignedDuration::from_secs(seconds) >= SignedDuration::from_mins(5),
        "only when it was safe for long enough"
    );
}
