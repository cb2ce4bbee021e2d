//! The accidents of others that concern a rollback; the numbers are those of the project's list.

use super::fixture::{Scene, act, at, reason};
use super::rollouts::{apply_again, get_through, of, revision, rolled_out, rolling_out, template, verb};
use crate::api::enforcement::Rollback;
use crate::api::enforcement_status::Verb;
use crate::sense::workload::{Revision, Revisions};

#[test]
fn accident_07_a_failing_revision_is_scaled_to_the_maximum_and_not_undone() {
    for mut scene in [rolling_out(), rolled_out()] {
        for _ in 0..5 {
            let decided = scene.live();
            assert_ne!(act(&decided).map(|(verb, ..)| verb), Some(Verb::RaiseFloor));
            scene.wait(60);
        }
        assert_eq!(of(&mut scene).in_force().unwrap().hash, "good");
        assert_eq!(scene.workload().spec_replicas, 6);
    }
}

#[test]
fn accident_11_the_operator_and_gitops_undo_each_other_for_ever() {
    let mut scene = rolled_out();
    scene.enforcement.rollback = Some(Rollback { per_day: 10, ..Rollback::default() });
    let mut rollbacks = 0;
    for _ in 0..60 {
        if verb(&scene.live()) == Some(Verb::RollBack) {
            rollbacks += 1;
            scene.wait(60);
            get_through(&mut scene);
            scene.live();
            apply_again(&mut scene, "bad");
            get_through(&mut scene);
        }
        scene.wait(60);
    }
    assert_eq!(rollbacks, 2, "one rollback and one more try");
    let decided = scene.decide();
    assert_eq!(reason(&decided), "ConflictingManager");
    let message = decided.hints.conflicting_manager.unwrap();
    assert!(message.contains("revision bad") && message.contains("selfHeal"), "{message}");
}

#[test]
fn accident_12_an_operator_that_starts_anew_undoes_everything_at_once() {
    let mut scene = rolled_out();
    scene.warm_until = at(600);
    let mut waited = 0;
    while verb(&scene.live()).is_none() {
        assert!(waited < 600, "{waited}");
        assert_eq!(reason(&scene.decide()), "WarmingUp");
        scene.wait(60);
        waited += 60;
    }
    assert_eq!(waited, 600);
    // A pause takes nothing away, and waits for nothing.
    let mut scene = rolling_out();
    scene.warm_until = at(600);
    assert_eq!(verb(&scene.live()), Some(Verb::PauseRollout));
    // What was done is counted by the status, not by the memory.
    let mut scene = rolled_out();
    scene.live();
    get_through(&mut scene);
    scene.wait(60);
    scene.live();
    let mut again = rolled_out();
    again.status.rollout.clone_from(&scene.status.rollout);
    again.status.rollout.as_mut().unwrap().undone = None;
    assert_eq!((verb(&again.live()), reason(&again.decide())), (None, "RollbackBudget"));
    again.enforcement.rollback = Some(Rollback { per_day: 2, ..Rollback::default() });
    assert_eq!(verb(&again.live()), Some(Verb::RollBack));
}

#[test]
fn accident_19_a_stale_reading_makes_a_rollback_happen_twice() {
    let mut scene = rolled_out();
    let before = scene.clone();
    scene.live();
    // The same reading again, as from a cache that has not seen the write.
    let mut stale = before;
    (stale.status, stale.actions) = (scene.status.clone(), scene.actions.clone());
    stale.enforcement.rollback = Some(Rollback { per_day: 9, ..Rollback::default() });
    assert_eq!((verb(&stale.decide()), reason(&stale.decide())), (None, "AlreadyDone"));
    let mut old = rolled_out();
    old.workload().read_at = at(-60);
    assert_eq!((verb(&old.decide()), reason(&old.decide())), (None, "StaleWorkload"));
}

#[test]
fn accident_20_two_revisions_take_turns() {
    // What the operator went back to goes bad too, and looks like a new revision.
    let mut scene = rolled_out();
    scene.enforcement.rollback = Some(Rollback { per_day: 10, ..Rollback::default() });
    scene.live();
    get_through(&mut scene);
    scene.wait(60);
    scene.live();
    scene.burn(true);
    scene.signals = super::fixture::by_pod(&[(600, 300); 6]);
    for _ in 0..10 {
        scene.wait(60);
        let decided = scene.live();
        assert_eq!(verb(&decided), None, "{:?}", decided.decision);
    }
    assert_eq!(reason(&scene.decide()), "AlreadyGoneBack");
    // It knows that by itself, where the controller keeps no earlier numbers.
    let Revisions::Read(revisions) = &mut of(&mut scene).revisions else { panic!() };
    for revision in revisions {
        revision.again = false;
    }
    assert_eq!(reason(&scene.decide()), "AlreadyGoneBack");
    // The same where a person went back to it, of which nothing but the revision tells.
    let mut scene = rolled_out();
    let mut again = revision(7, "bad", -9000);
    again.again = true;
    of(&mut scene).revisions = Revisions::Read(vec![revision(6, "good", -20_000), again]);
    assert_eq!((verb(&scene.live()), reason(&scene.decide())), (None, "AlreadyGoneBack"));
}

#[test]
fn accident_20_a_service_is_taken_back_to_what_never_worked() {
    type Change = fn(&mut Scene);
    let cases: [(&str, Change); 5] = [
        ("SameRevision", |scene| {
            // Two ReplicaSets of one template: the older one is in force, the other says nothing of what was before.
            let twin = Revision { template: template("bad"), ..revision(6, "twin", -100) };
            of(scene).revisions = Revisions::Read(vec![twin, revision(7, "bad", -300)]);
        }),
        ("UnprovenRevision", |scene| {
            of(scene).revisions = Revisions::Read(vec![revision(6, "good", -2099), revision(7, "bad", -300)]);
        }),
        ("NothingToGoBackTo", |scene| of(scene).revisions = Revisions::Read(vec![revision(7, "bad", -300)])),
        ("NothingToGoBackTo", |scene| {
            (of(scene).revisions, of(scene).history_limit) = (Revisions::Read(vec![revision(7, "bad", -300)]), 0);
        }),
        ("DangerIsOlder", |scene| {
            let since = k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(at(-301));
            let episode = crate::api::enforcement_status::Episode {
                since,
                ahead: false,
                safe_since: None,
                without_effect: Vec::new(),
                harmful_above: None,
            };
            scene.status.episode = Some(episode);
        }),
    ];
    for (expected, change) in cases {
        let mut scene = rolled_out();
        change(&mut scene);
        let decided = scene.live();
        assert_eq!((verb(&decided), reason(&decided)), (None, expected), "{:?}", decided.decision);
    }
}
