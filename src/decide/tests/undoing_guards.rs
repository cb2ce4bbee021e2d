//! Every guard that concerns a rollback: one that passes, and the one change that holds it.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::fixture::{Scene, at, ratio, reason};
use super::rollouts::{of, revision, rolled_out, template, verb};
use crate::api::enforcement_status::{Episode, Verb, WithoutEffect};
use crate::sense::workload::{Mark, MarkRecord, Revisions, Rollout};

fn mark(agreement: &str) -> MarkRecord {
    MarkRecord {
        agreement: agreement.into(),
        action: "1".into(),
        at: Time(at(-50)),
        paused: true,
        revision: "bad".into(),
        back_to: None,
    }
}

#[test]
fn a_rollback_is_held_by_every_guard_that_concerns_it() {
    type Change = fn(&mut Scene);
    let changes: [(&str, Change); 15] = [
        ("BadRevision", |scene| scene.enforcement.rollback = None),
        ("NotLeader", |scene| scene.leader = false),
        ("NotADeployment", |scene| {
            scene.workload().deployment = None;
            scene.workload().workload.kind = "StatefulSet".into();
        }),
        ("NotADeployment", |scene| {
            scene.workload().deployment = None;
            scene.workload().workload.kind = "DaemonSet".into();
        }),
        ("UnknownMark", |scene| of(scene).mark = Mark::Unreadable("?".into())),
        ("HeldByOtherAgreement", |scene| {
            (of(scene).mark, of(scene).paused) = (Mark::Recorded(mark("other")), true);
        }),
        ("PausedByOthers", |scene| {
            of(scene).paused = true;
            scene.workload().rollout = Rollout::Paused;
        }),
        ("RevisionsUnreadable", |scene| of(scene).revisions = Revisions::Unreadable("forbidden".into())),
        ("RevisionNotObserved", |scene| of(scene).template = template("newer")),
        ("AnotherRevision", |scene| of(scene).template = template("good")),
        ("SpecNotObserved", |scene| scene.workload().observed_generation = Some(0)),
        ("StaleWorkload", |scene| scene.workload().read_at = at(-60)),
        ("MissingData", |scene| {
            scene.assessment.objectives[0].recent_coverage = Some(ratio(1, 2));
            let mut seen = super::fixture::objective("availability");
            seen.recent_coverage = Some(ratio(1, 1));
            scene.assessment.objectives.push(seen);
        }),
        ("WarmingUp", |scene| scene.warm_until = at(1)),
        ("Ineffective", |scene| {
            let without_effect = vec![WithoutEffect { verb: Verb::RollBack, times: 1 }];
            scene.status.episode = Some(Episode {
                since: Time(at(0)),
                ahead: false,
                safe_since: None,
                without_effect,
                harmful_above: None,
            });
        }),
    ];
    for (expected, change) in changes {
        let mut scene = rolled_out();
        assert_eq!(verb(&scene.decide()), Some(Verb::RollBack), "{expected}: it passes");
        change(&mut scene);
        let decided = scene.decide();
        assert_eq!((verb(&decided), reason(&decided)), (None, expected), "{:?}", decided.decision);
        assert!(decided.enforcement.message.contains("revision bad"), "the cause is told too: {decided:?}");
    }
}

#[test]
fn one_at_a_time() {
    let mut scene = rolled_out();
    scene.enforcement.rollback.as_mut().unwrap().per_day = 10;
    scene.live();
    // The next revision is bad too, before the last rollback was judged.
    let mut next = revision(9, "bad", -60);
    next.template = template("worse");
    let Revisions::Read(revisions) = &mut of(&mut scene).revisions else { panic!() };
    revisions.push(next);
    of(&mut scene).template = template("worse");
    scene.workload().rollout = Rollout::Complete;
    scene.wait(60);
    assert_eq!((verb(&scene.decide()), reason(&scene.decide())), (None, "AwaitingVerdict"));
}

#[test]
fn without_bounds_a_rollback_is_all_that_is_done() {
    let mut scene = rolled_out();
    scene.enforcement.scale = None;
    assert_eq!(verb(&scene.live()), Some(Verb::RollBack));
    let mut other = Scene::burning();
    other.enforcement.scale = None;
    other.enforcement.rollback = scene.enforcement.rollback.clone();
    assert_eq!((verb(&other.decide()), reason(&other.decide())), (None, "NoVerbAllowed"));
}
