//! Shedding load: when it is done, when it is undone, and what holds it back.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::fixture::{Scene, act, at, observation, ratio, reason};
use super::sheds::{course, raised, serve, sheddable, shedding, storm, switch, turned};
use crate::api::diagnosis::CauseKind;
use crate::api::enforcement::Mode;
use crate::api::enforcement_status::{ActionPhase, Verb, Verdict};
use crate::decide::{Decided, Decision, Restoration, release_shed};
use crate::sense::workload::{FloorHolder, ShedMark, ShedRecord, Switch, WorkloadProblem};

/// What makes a scene another one.
type Twist = fn(&mut Scene);

fn cause(decided: &Decided) -> Option<CauseKind> {
    decided.enforcement.diagnosis.as_ref().map(|told| told.cause)
}

/// What was done to the switch within these looks, a minute apart, while the load is this.
fn live(scene: &mut Scene, minutes: i64, offered: u32, bad: u32) -> Vec<(Verb, Option<String>)> {
    let looks = (0..minutes).filter_map(|_| {
        scene.wait(60);
        serve(scene, offered, bad);
        turned(&scene.live())
    });
    looks.collect()
}

fn off() -> (Verb, Option<String>) {
    (Verb::StopShedding, Some("off".into()))
}

#[test]
fn a_storm_is_met_with_the_switch_and_the_key_given_back_when_all_is_safe() {
    let mut scene = shedding();
    assert_eq!(scene.status.reason, "Shed");
    let diagnosis = scene.status.diagnosis.clone().unwrap();
    assert!(diagnosis.message.contains("Do not count on replicas"), "{}", diagnosis.message);
    assert!(diagnosis.message.contains("250.0 events/s come where 100.0 came"), "{}", diagnosis.message);
    assert_eq!(switch(&mut scene).value.as_deref(), Some("on"));

    // Half of the attempts are turned away, and more is served than before.
    assert_eq!(live(&mut scene, 3, 150, 60), []);
    let record = scene.actions.iter().find(|record| record.verb == Verb::Shed).unwrap();
    assert_eq!((record.phase, record.verdict), (ActionPhase::Done, Some(Verdict::Effective)), "{}", record.evidence);
    assert_eq!(cause(&scene.decide()), Some(CauseKind::RetryStorm), "as long as load is shed");
    scene.burn(false);
    let safe = live(&mut scene, 5, 100, 0);
    assert_eq!(safe, [], "not before releaseAfter");
    assert_eq!(live(&mut scene, 1, 100, 0), [off()]);
    assert_eq!(switch(&mut scene).value.as_deref(), Some("off"));
    assert_eq!(live(&mut scene, 60, 100, 0), []);
    let shed = scene.status.shed.as_ref().unwrap();
    assert_eq!((&scene.status.episode, &shed.standing, shed.turns.len()), (&None, &None, 1));
    let back = scene.actions.iter().find(|record| record.verb == Verb::StopShedding).unwrap();
    assert_eq!(back.verdict, Some(Verdict::Effective));
}

#[test]
fn what_does_not_help_is_turned_back_and_not_tried_again() {
    for (offered, bad, verdict) in [
        (250, 210, Verdict::Ineffective),
        (250, 225, Verdict::Harmful),
        (20, 19, Verdict::Harmful),
        (0, 0, Verdict::Harmful),
    ] {
        let mut scene = shedding();
        let done = live(&mut scene, 120, offered, bad);
        assert_eq!(done, [off()], "{offered} {bad}");
        let record = scene.actions.iter().find(|record| record.verb == Verb::Shed).unwrap();
        assert_eq!(record.verdict, Some(verdict), "{}", record.evidence);
    }
    let mut scene = shedding();
    live(&mut scene, 10, 250, 210);
    assert_eq!(reason(&scene.decide()), "Ineffective");
}

#[test]
fn its_time_is_bounded_whatever_is_seen() {
    let ways: [(&str, Twist); 3] = [
        ("the storm goes on", |_| {}),
        ("nothing is seen any more", |scene| scene.assessment.objectives[0].recent_coverage = None),
        ("the account stands still", |scene| scene.assessment.measured_through = at(0)),
    ];
    for (way, disturb) in ways {
        let mut scene = shedding();
        let since = scene.now;
        let mut back = None;
        for _ in 0..20 {
            scene.wait(60);
            serve(&mut scene, 200, 100);
            disturb(&mut scene);
            if turned(&scene.live()) == Some(off()) {
                back = Some(scene.now.duration_since(since).as_mins());
                break;
            }
        }
        assert_eq!(back, Some(10), "{way}");
    }
}

#[test]
fn it_is_turned_at_most_so_often_a_day_and_a_crash_makes_that_no_more() {
    let mut scene = sheddable();
    let mut times = 0;
    for look in 0..600 {
        scene.wait(60);
        // Shedding helps each time, and the storm comes back.
        let on = switch(&mut scene).value.as_deref() == Some("on");
        let (offered, bad) = if on { (200, 100) } else { (250, 210) };
        serve(&mut scene, offered, bad);
        if look % 7 == 0 && turned(&scene.decide()).is_some_and(|(verb, _)| verb == Verb::Shed) {
            scene.crash(ActionPhase::Intended, look % 2 == 0);
            times += i32::from(look % 2 == 0);
            continue;
        }
        times += i32::from(turned(&scene.live()).is_some_and(|(verb, _)| verb == Verb::Shed));
    }
    assert_eq!(times, 3);
    assert_eq!(reason(&scene.decide()), "ShedBudget");
}

#[test]
fn a_crash_around_the_write_leaves_what_an_undisturbed_run_leaves() {
    for (phase, wrote) in [
        (ActionPhase::Intended, false),
        (ActionPhase::Intended, true),
        (ActionPhase::Unknown, false),
        (ActionPhase::Unknown, true),
    ] {
        let mut scene = sheddable();
        scene.crash(phase, wrote);
        let mut done = live(&mut scene, 3, 150, 60);
        if !wrote {
            assert_eq!(done.remove(0).0, Verb::Shed, "it was not done, so it is done now");
        }
        assert_eq!(done, [], "{phase:?} {wrote}");
        assert_eq!(switch(&mut scene).value.as_deref(), Some("on"));
        let shed = scene.status.shed.clone().unwrap();
        assert_eq!((shed.turns.len(), shed.standing.unwrap().before), (1, Some("off".into())));
        // The status is lost too: the annotation tells.
        scene.status = crate::api::enforcement_status::EnforcementStatus::default();
        scene.actions.clear();
        scene.burn(false);
        assert_eq!(live(&mut scene, 9, 100, 0), [off()]);
    }
}

#[test]
fn what_a_person_does_to_the_key_is_theirs() {
    let hands: [(&str, Option<&str>, Option<&str>); 4] = [
        ("set to something else", Some("half"), Some("kubectl-edit")),
        ("removed", None, None),
        ("put back by a tool", Some("off"), Some("helm")),
        ("confirmed", Some("on"), Some("kubectl-edit")),
    ];
    for (hand, value, by) in hands {
        let mut scene = shedding();
        let state = switch(&mut scene);
        (state.value, state.set_by) = (value.map(str::to_owned), by.map(str::to_owned));
        state.resource_version.push('9');
        let done = live(&mut scene, 60, 250, 210);
        assert_eq!(
            done,
            [(Verb::StopShedding, value.map(str::to_owned))],
            "{hand}: the annotation goes, and nothing else"
        );
        let state = switch(&mut scene);
        assert_eq!((state.value.as_deref(), &state.mark), (value, &ShedMark::None), "{hand}");
        let conflict = scene.decide().hints.conflicting_manager.unwrap();
        assert!(conflict.contains("data.shed of ConfigMap limits"), "{hand}: {conflict}");
    }
}

#[test]
fn it_is_turned_back_when_the_agreement_allows_it_no_more() {
    let ways: [(&str, Twist); 5] = [
        ("a lower mode", |scene| scene.enforcement.mode = Mode::Recommend),
        ("Observe", |scene| scene.enforcement.mode = Mode::Observe),
        ("shed left out", |scene| scene.enforcement.shed = None),
        ("not automatic", |scene| scene.enforcement.shed.as_mut().unwrap().automatic = false),
        ("another key", |scene| scene.enforcement.shed.as_mut().unwrap().key = "other".into()),
    ];
    for (way, change) in ways {
        let mut scene = shedding();
        change(&mut scene);
        scene.wait(15);
        assert_eq!(turned(&scene.live()), Some(off()), "{way}");
    }
    let mut scene = shedding();
    scene.ceiling = Mode::Recommend;
    scene.enforcement.shed = None;
    assert_eq!((turned(&scene.decide()), reason(&scene.decide())), (None, "ModeCeiling"));
}

#[test]
fn a_deletion_gives_the_key_back_and_nothing_that_is_anothers() {
    let mut scene = shedding();
    let state = switch(&mut scene).clone();
    let release = |switch: &Switch, name: &str| {
        let agreement = crate::decide::AgreementIdentity { name: name.into(), ..sheddable().agreement };
        release_shed(&agreement, switch, true, at(100))
    };
    let read = |state| Switch::Read(Box::new(state));
    let Restoration::Act(plan) = release(&read(state.clone()), "checkout") else { panic!() };
    assert_eq!(plan.steps[0].verb, Verb::StopShedding);
    assert_eq!(release(&read(state), "other"), Restoration::Nothing);
    assert_eq!(release(&Switch::Gone, "checkout"), Restoration::Nothing);
}

#[test]
fn what_holds_it_back_is_told() {
    let cases: [(&str, &str, Twist); 15] = [
        (
            "ShedByHand",
            "kubectl patch configmap limits -n shop --type merge -p '{\"data\":{\"shed\":\"on\"}}'",
            |scene| {
                scene.enforcement.shed.as_mut().unwrap().automatic = false;
            },
        ),
        ("RetryStorm", "enforcement.shed is left out", |scene| scene.enforcement.shed = None),
        ("NoSwitch", "there is no ConfigMap limits", |scene| scene.switch = Switch::Gone),
        ("SwitchUnreadable", "rbac.shed=true", |scene| scene.switch = Switch::Forbidden("no".into())),
        ("SwitchUnreadable", "no answer", |scene| scene.switch = Switch::Unreadable("no answer".into())),
        ("ShedNotAllowed", "does not let", |scene| switch(scene).target.name = "passwords".into()),
        ("UnknownMark", "cannot be read", |scene| switch(scene).mark = ShedMark::Unreadable("?".into())),
        ("HeldByOtherAgreement", "by the agreement cart", |scene| {
            switch(scene).mark = ShedMark::Recorded(ShedRecord {
                agreement: "cart".into(),
                action: "a".into(),
                at: Time(at(0)),
                key: "shed".into(),
                before: None,
                value: "on".into(),
            });
        }),
        ("SwitchImmutable", "is immutable", |scene| switch(scene).immutable = true),
        ("SwitchTooLong", "it is no switch", |scene| switch(scene).value = Some("x".repeat(1025))),
        ("ShedByOthers", "is `on` already", |scene| switch(scene).value = Some("on".into())),
        ("NotLeader", "the lease", |scene| scene.leader = false),
        ("StaleWorkload", "not just now", |scene| scene.workload().read_at = at(-60)),
        ("MissingData", "too little is known", |scene| {
            let mut unseen = super::fixture::objective("availability");
            unseen.recent_coverage = None;
            scene.assessment.objectives.push(unseen);
            scene.assessment.objectives[0].recent_coverage = Some(ratio(1, 2));
            // Of the load enough is known all the same.
            scene.assessment.objectives[1].recent_coverage = Some(ratio(1, 1));
        }),
        ("WarmingUp", "disrupts nothing before", |scene| scene.warm_until = at(600)),
    ];
    for (hold, words, change) in cases {
        let mut scene = sheddable();
        change(&mut scene);
        let decided = scene.live();
        assert_eq!(turned(&decided), None, "{hold}");
        assert_eq!(reason(&decided), hold, "{}", decided.enforcement.message);
        assert!(decided.enforcement.message.contains(words), "{}", decided.enforcement.message);
    }
    assert!(matches!(
        { let mut scene = sheddable(); scene.enforcement.mode = Mode::Recommend; scene }.decide().decision,
        Decision::Recommend(words) if words.contains("data.shed `off` -> `on`")
    ));
}

#[test]
fn the_floor_is_held_first_where_it_could_be_undercut() {
    let mut scene = sheddable();
    scene.enforcement.shed.as_mut().unwrap().automatic = false;
    scene.floor().current = 3;
    assert_eq!(act(&scene.live()), Some((Verb::FreezeScaleDown, 3, 6)));
    assert_eq!(cause(&scene.decide()), Some(CauseKind::RetryStorm));
    for _ in 0..30 {
        scene.wait(60);
        serve(&mut scene, 250, 210);
        assert_eq!((act(&scene.live()), turned(&scene.decide())), (None, None), "and nothing is added");
    }
}

#[test]
fn replicas_come_first() {
    let tried: [(&str, bool, Twist); 8] = [
        ("a raise that did not help", true, |_| {}),
        ("not judged yet", false, |scene| {
            scene.actions = vec![raised(6, None)];
            scene.actions[0].deadline = Time(at(60));
        }),
        ("it helped", false, |scene| scene.actions = vec![raised(6, Some(Verdict::Effective))]),
        ("its pods are not there", false, |scene| scene.actions = vec![raised(9, Some(Verdict::Ineffective))]),
        ("nothing was tried", false, |scene| scene.actions.clear()),
        ("of another danger", false, |scene| scene.actions[0].intended_at = Time(at(-5000))),
        ("all that are allowed are ready", true, |scene| {
            scene.actions.clear();
            scene.enforcement.scale.as_mut().unwrap().max = 6;
        }),
        ("an autoscaler doubled them", true, |scene| {
            scene.actions[0].verb = Verb::FreezeScaleDown;
        }),
    ];
    for (case, told, change) in tried {
        let mut scene = storm();
        change(&mut scene);
        assert_eq!(
            cause(&scene.decide()) == Some(CauseKind::RetryStorm),
            told,
            "{case}: {:?}",
            scene.decide().enforcement
        );
    }
    // Pods that are not ready are missing, and no proof that replicas do not help.
    let mut scene = storm();
    scene.workload = Ok(observation(9, FloorHolder::Hpa(super::fixture::hpa())));
    scene.workload().read_at = scene.now;
    let pods = &mut scene.workload().pods;
    pods.iter_mut().skip(5).for_each(|pod| pod.ready = false);
    assert_eq!(cause(&scene.decide()), Some(CauseKind::Saturation));
}

#[test]
fn what_is_no_storm_is_not_called_one() {
    for (case, offered, bad, told) in [
        ("a storm", 250, 210, true),
        ("a rise by less than half", 149, 120, false),
        ("a rise by half", 150, 120, true),
        ("as many good ones as ever", 250, 150, false),
        ("a fall by a fifth", 250, 170, true),
        ("a fall by less", 250, 169, false),
        ("fewer attempts and all bad", 60, 60, false),
    ] {
        let mut scene = storm();
        course(&mut scene, offered, bad);
        assert_eq!(cause(&scene.decide()) == Some(CauseKind::RetryStorm), told, "{case}");
    }
    // One that was told is not over at the first better minute, but is when both have turned back.
    let mut scene = storm();
    scene.live();
    for (offered, bad, told) in [(130, 50, true), (119, 50, false)] {
        course(&mut scene, offered, bad);
        assert_eq!(cause(&scene.decide()) == Some(CauseKind::RetryStorm), told, "{offered}");
    }
    // Nothing is known of before, or of now.
    for keep in [|start: i64| start >= at(-900).as_second(), |start: i64| start < at(-120).as_second()] {
        let mut scene = storm();
        scene.load.objectives[0].slots.retain(|(start, _)| keep(*start));
        assert_ne!(cause(&scene.decide()), Some(CauseKind::RetryStorm));
    }
}

#[test]
fn a_workload_that_cannot_be_read_forgets_no_switch() {
    let mut scene = shedding();
    let standing = scene.status.shed.clone();
    scene.workload = Err(WorkloadProblem::TimedOut { what: "it".into() });
    assert_eq!(scene.decide().enforcement.shed, standing);
    let mut scene = shedding();
    scene.live();
    let standing = scene.status.shed.clone();
    scene.switch = Switch::Unreadable("no answer".into());
    scene.wait(6000);
    assert_eq!((turned(&scene.decide()), scene.decide().enforcement.shed), (None, standing));
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

        /// However many fail, and whatever was tried.
        #[test]
        fn a_service_without_a_rise_in_attempts_is_never_called_a_storm(
            offered in proptest::collection::vec(0..120_u32, 1..12),
            share in 0..=100_u32,
            told_before in any::<bool>(),
            tried in any::<bool>(),
        ) {
            let mut scene = storm();
            if told_before {
                scene.live();
            }
            if !tried {
                scene.actions.clear();
            }
            let many = offered.len();
            for (index, (_, tally)) in scene.load.objectives[0].slots.iter_mut().rev().take(many).enumerate() {
                let events = offered[index];
                *tally = super::super::sheds::slot(events, events * share / 100);
            }
            prop_assume!(many >= 2);
            prop_assert_ne!(cause(&scene.decide()), Some(CauseKind::RetryStorm));
        }
    }
}
