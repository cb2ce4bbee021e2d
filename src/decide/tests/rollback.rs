//! A bad revision: paused, undone, and judged; and what keeps the operator from it.

use super::fixture::{Scene, act, at, by_pod, reason, step};
use super::rollouts::{apply_again, get_through, of, rolled_out, rolling_out, template, verb};
use crate::api::enforcement::{Mode, Rollback};
use crate::api::enforcement_status::{ActionPhase, Verb, Verdict};
use crate::decide::{Decision, Restoration, RolloutWrite, release_rollout};
use crate::sense::workload::{Mark, Revisions, Rollout};

/// Paused, and a slot later undone.
fn undone() -> Scene {
    let mut scene = rolling_out();
    assert_eq!(verb(&scene.live()), Some(Verb::PauseRollout));
    scene.wait(60);
    assert_eq!(verb(&scene.live()), Some(Verb::RollBack));
    scene
}

#[test]
fn a_rollout_is_paused_then_undone_and_judged() {
    let mut scene = rolling_out();
    let first = scene.live();
    assert_eq!((verb(&first), reason(&first)), (Some(Verb::PauseRollout), "PauseRollout"));
    assert_eq!((scene.actions[0].from, scene.actions[0].to), (Some(7), None));
    assert!(of(&mut scene).paused);
    scene.wait(15);
    assert_eq!((verb(&scene.live()), reason(&scene.decide())), (None, "Confirming"), "one more slot is asked");
    assert_eq!(scene.status.rollout.as_ref().unwrap().paused_at.as_deref(), Some("bad"));
    scene.wait(60);
    let second = scene.live();
    let change = step(&second).rollout().unwrap();
    assert_eq!((verb(&second), change.from, change.to), (Some(Verb::RollBack), Some(7), Some(6)));
    assert_eq!(change.write, RolloutWrite::Template(template("good")));
    assert!(!of(&mut scene).paused && of(&mut scene).in_force().unwrap().hash == "good");

    get_through(&mut scene);
    scene.wait(60);
    assert_eq!(act(&scene.live()), None);
    let verdicts: Vec<_> = scene.actions.iter().map(|action| (action.verb, action.verdict)).collect();
    assert_eq!(verdicts[0], (Verb::RollBack, Some(Verdict::Effective)));
    scene.wait(300);
    scene.live();
    assert_eq!(scene.actions[1].verdict, Some(Verdict::Effective), "{:?}", scene.actions[1]);
    let hand = scene.status.rollout.clone().unwrap();
    assert_eq!((hand.paused_at, hand.rollbacks.len(), hand.resets), (None, 1, 0));
    // A day later nothing of it is remembered.
    scene.wait(90_000);
    scene.live();
    assert_eq!(scene.status.rollout, None);
}

#[test]
fn what_is_left_of_an_undone_revision_is_told() {
    let mut scene = undone();
    scene.wait(15);
    let told = scene.decide();
    let message = &told.enforcement.message;
    assert_eq!((act(&told), reason(&told)), (None, "RevisionUndone"));
    assert!(message.ends_with("revision good is in force again: 2 of its pods are still to be replaced"), "{message}");

    for pod in &mut scene.workload().pods {
        pod.terminating = pod.revision.as_deref() == Some("bad");
    }
    let message = scene.decide().enforcement.message;
    assert!(message.ends_with("its pods are gone, and what they spoiled is in the account for a while"), "{message}");

    // Another one that fails was not undone.
    let mut other = undone();
    other.wait(15);
    for pod in &mut other.workload().pods {
        pod.revision = pod.revision.take().map(|hash| if hash == "bad" { "worse".to_owned() } else { hash });
    }
    assert_eq!(reason(&other.decide()), "AnotherRevision");

    // What the owner put in its place is another matter.
    let Revisions::Read(revisions) = &mut of(&mut scene).revisions else { panic!() };
    revisions.push(super::rollouts::revision(9, "newer", 0));
    of(&mut scene).template = template("newer");
    assert_eq!(reason(&scene.decide()), "AnotherRevision");
}

#[test]
fn a_rollout_that_is_through_is_undone_at_once() {
    let mut scene = rolled_out();
    assert_eq!(verb(&scene.live()), Some(Verb::RollBack));
    scene.wait(60);
    assert_eq!(act(&scene.live()), None, "nothing is scaled while the rollout back goes on");
    get_through(&mut scene);
    scene.wait(60);
    scene.live();
    assert_eq!(scene.actions[0].verdict, Some(Verdict::Effective));
}

#[test]
fn nothing_is_added_before_a_rollback_is_judged() {
    let mut scene = undone();
    get_through(&mut scene);
    // What the undone revision did is still in the account.
    scene.burn(true);
    let mut over = scene.clone();
    for _ in 0..10 {
        over.wait(60);
        assert_eq!(act(&over.live()), None, "it is well by now");
    }
    // It fails as before, on all pods alike.
    (scene.signals, scene.before) = (by_pod(&[(600, 60); 6]), by_pod(&[(600, 60); 6]));
    scene.wait(60);
    assert_eq!((act(&scene.live()), reason(&scene.decide())), (None, "AwaitingVerdict"));
    scene.wait(600);
    assert_eq!(act(&scene.live()).map(|(verb, ..)| verb), Some(Verb::RaiseFloor), "it did not help");
}

#[test]
fn without_leave_it_is_named_and_kept() {
    let mut scene = rolled_out();
    scene.enforcement.rollback = None;
    let mut unheld = scene.clone();
    unheld.floor().current = 3;
    assert_eq!(act(&unheld.decide()), Some((Verb::FreezeScaleDown, 3, 6)), "nothing is taken away");
    let decided = scene.live();
    assert_eq!((act(&decided), reason(&decided)), (None, "BadRevision"));
    assert!(decided.enforcement.message.contains("enforcement.rollback is left out"), "{decided:?}");
}

#[test]
fn a_recommendation_says_what_would_be_done() {
    let mut scene = rolling_out();
    scene.enforcement.mode = Mode::Recommend;
    let Decision::Recommend(words) = scene.decide().decision else { panic!() };
    assert_eq!(
        words,
        "pause the rollout of Deployment checkout (at revision 7): latency in danger through revision bad"
    );
    let mut scene = rolled_out();
    scene.enforcement.mode = Mode::Recommend;
    let Decision::Recommend(words) = scene.decide().decision else { panic!() };
    assert!(words.starts_with("undo the revision of Deployment checkout (revision 7 -> 6): "), "{words}");
}

#[test]
fn a_pause_only_pauses() {
    let allowed = Some(Rollback { pause_only: true, ..Rollback::default() });
    let mut scene = rolling_out();
    scene.enforcement.rollback.clone_from(&allowed);
    assert_eq!(verb(&scene.live()), Some(Verb::PauseRollout));
    for _ in 0..60 {
        scene.wait(60);
        assert_eq!((verb(&scene.live()), reason(&scene.decide())), (None, "PauseOnly"), "however old it grows");
    }
    assert!(of(&mut scene).paused);
    let mut scene = rolled_out();
    scene.enforcement.rollback = allowed;
    assert_eq!((verb(&scene.live()), reason(&scene.decide())), (None, "PauseOnly"), "there is nothing to pause");
}

#[test]
fn a_pause_is_released_when_its_reason_is_gone() {
    type Change = fn(&mut Scene);
    let cases: [(&str, Change, bool); 9] = [
        ("it goes on", |_| {}, false),
        ("the agreement forbids it", |scene| scene.enforcement.rollback = None, true),
        ("the mode is lowered", |scene| scene.enforcement.mode = Mode::Recommend, true),
        ("all is safe, but not for long", |scene| scene.burn(false), false),
        ("the owner has put another template there", |scene| of(scene).template = template("fix"), true),
        ("it is as good as the others", |scene| scene.signals = by_pod(&[(600, 100); 6]), true),
        ("nothing is seen by pod", |scene| scene.signals = crate::sense::signals::Signals::Empty, false),
        ("nothing is seen at all", |scene| scene.assessment.objectives[0].recent_coverage = None, false),
        ("the revisions cannot be read", |scene| of(scene).revisions = Revisions::Unreadable("403".into()), false),
    ];
    for (case, change, released) in cases {
        let mut scene = rolling_out();
        scene.enforcement.rollback.as_mut().unwrap().pause_only = true;
        assert_eq!(verb(&scene.live()), Some(Verb::PauseRollout));
        change(&mut scene);
        scene.wait(60);
        let decided = scene.live();
        assert_eq!(verb(&decided) == Some(Verb::ReleaseRollout), released, "{case}: {:?}", decided.decision);
        assert_eq!(of(&mut scene).paused, !released, "{case}");
        assert_eq!(of(&mut scene).mark == Mark::None, released, "{case}: no trace");
    }
    let mut scene = rolling_out();
    scene.live();
    scene.burn(false);
    let mut waited = 0;
    while of(&mut scene).paused {
        scene.wait(15);
        scene.live();
        waited += 15;
        assert!(waited < 1000);
    }
    assert!(waited >= 300, "only when all has been safe for releaseAfter: {waited}");
}

#[test]
fn a_ceiling_lets_nothing_be_given_back() {
    let mut scene = rolling_out();
    scene.live();
    scene.wait(60);
    scene.enforcement.rollback = None;
    scene.ceiling = Mode::Recommend;
    assert_eq!((verb(&scene.decide()), reason(&scene.decide())), (None, "ModeCeiling"));
}

/// At which revision the rollout is paused by the operator, and how many pauses count.
fn held_and_counted(scene: &Scene) -> (Option<String>, usize) {
    let hand = scene.status.rollout.clone().unwrap();
    (hand.paused_at, hand.pauses.len())
}

#[test]
fn what_a_person_does_to_a_paused_rollout_is_theirs() {
    let paused = || {
        let mut scene = rolling_out();
        scene.live();
        scene.wait(60);
        scene
    };
    // They resume it: it is paused once more, as the evidence stands.
    let mut scene = paused();
    (of(&mut scene).paused, scene.workload().rollout) = (false, Rollout::InProgress);
    assert_eq!(verb(&scene.live()), Some(Verb::PauseRollout));
    // They pause it themselves, under their own name: it is not touched any more.
    let mut scene = paused();
    of(&mut scene).paused_by = Some("kubectl-rollout".into());
    assert_eq!((verb(&scene.live()), reason(&scene.decide())), (None, "PausedByOthers"));
    assert_eq!(held_and_counted(&scene), (None, 1));
    // They undo it.
    let mut scene = paused();
    apply_again(&mut scene, "good");
    get_through(&mut scene);
    scene.live();
    assert_eq!(held_and_counted(&scene), (None, 1));
}

#[test]
fn a_crash_leaves_the_same_end() {
    for wrote in [true, false] {
        for phase in [ActionPhase::Intended, ActionPhase::Unknown] {
            let mut scene = rolled_out();
            scene.crash(phase, wrote);
            scene.wait(60);
            let again = verb(&scene.live());
            assert_eq!(again, (!wrote).then_some(Verb::RollBack), "{wrote} {phase:?}");
            let done = scene.actions.iter().filter(|action| action.phase == ActionPhase::Done).count();
            assert_eq!(done, 1, "{wrote} {phase:?}: {:?}", scene.actions);
            get_through(&mut scene);
            scene.wait(60);
            scene.live();
            let hand = scene.status.rollout.clone().unwrap();
            assert_eq!(hand.rollbacks.len(), 1, "{wrote} {phase:?}: counted once");
        }
    }
}

#[test]
fn a_pause_that_somebody_took_away_before_it_was_known_is_not_judged() {
    let mut scene = rolling_out();
    let decided = scene.decide();
    scene.status = decided.enforcement.clone();
    scene.actions.clone_from(&decided.actions);
    scene.write(step(&decided));
    of(&mut scene).paused = false;
    scene.workload().rollout = Rollout::InProgress;
    scene.wait(60);
    let decided = scene.decide();
    let pause = decided.actions.last().unwrap();
    assert_eq!((pause.phase, pause.verdict), (ActionPhase::Done, Some(Verdict::Inconclusive)));
}

#[test]
fn a_hand_is_found_when_the_status_was_lost() {
    let mut scene = undone();
    get_through(&mut scene);
    scene.status = crate::api::enforcement_status::EnforcementStatus::default();
    scene.actions.clear();
    scene.wait(60);
    scene.live();
    let hand = scene.status.rollout.clone().unwrap();
    assert_eq!((hand.rollbacks.len(), hand.undone.unwrap().back_to.as_str()), (1, "good"));
}

#[test]
fn a_rollback_is_judged_by_what_came_of_it() {
    type Change = fn(&mut Scene);
    let cases: [(Option<Verdict>, i32, Change); 6] = [
        (Some(Verdict::Effective), 0, |scene| get_through(scene)),
        (None, 0, |_| {}),
        (Some(Verdict::Ineffective), 1, |scene| scene.workload().rollout = Rollout::Stuck("deadline".into())),
        (Some(Verdict::Ineffective), 1, |scene| {
            get_through(scene);
            scene.burn(true);
        }),
        (Some(Verdict::Inconclusive), 0, |scene| {
            get_through(scene);
            scene.burn(true);
            scene.assessment.objectives[0].recent_coverage = None;
        }),
        (Some(Verdict::Inconclusive), 0, |scene| {
            apply_again(scene, "bad");
            scene.workload().rollout = Rollout::Complete;
        }),
    ];
    for (index, (expected, times, change)) in cases.into_iter().enumerate() {
        let mut scene = undone();
        let id = scene.actions[0].id.clone();
        scene.wait(600);
        change(&mut scene);
        let decided = scene.decide();
        let record = decided.actions.iter().find(|record| record.id == id).unwrap();
        assert_eq!(record.verdict, expected, "case {index}: {}", record.evidence);
        let counted = decided.enforcement.episode.map_or(0, |episode| episode.without_effect(Verb::RollBack));
        assert_eq!(counted, times, "case {index}");
    }
}

#[test]
fn a_deleted_agreement_lets_the_rollout_go() {
    let mut scene = rolling_out();
    scene.live();
    let paused = of(&mut scene).clone();
    let call = |deployment, leader| release_rollout(&scene.agreement, deployment, leader, scene.now);
    assert!(matches!(call(Some(&paused), false), Restoration::Hold(hold) if hold.reason == "NotLeader"));
    assert_eq!(call(None, true), Restoration::Nothing);
    let Restoration::Act(plan) = call(Some(&paused), true) else { panic!() };
    assert_eq!(plan.steps[0].rollout().unwrap().write, RolloutWrite::Resume);
    let mut free = paused.clone();
    free.mark = Mark::None;
    assert_eq!(call(Some(&free), true), Restoration::Nothing);
    // Of a rollback nothing stays but the annotation, and that goes.
    let mut scene = undone();
    let after = of(&mut scene).clone();
    let Restoration::Act(plan) = release_rollout(&scene.agreement, Some(&after), true, at(0)) else { panic!() };
    assert_eq!(plan.steps[0].rollout().unwrap().write, RolloutWrite::Keep);
}
