//! More load than before the danger: named where nothing else explains it, and replicas would be added anyway.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::{Change, burning, found, twelve, why};
use crate::api::diagnosis::{CauseKind, Diagnosis, Subject};
use crate::api::enforcement_status::{Verb, Verdict};
use crate::decide::cause::Remedy;
use crate::decide::situation::upstream::{Standing, Upstream};
use crate::decide::tests::fixture::{Scene, act, at, by_pod, lowered};
use crate::decide::tests::sheds;
use crate::sense::signals::Signals;

/// Twelve pods alike, in a danger that was seen ten minutes ago: since then so many events come a second, of which so many are
/// bad, where a hundred good ones came.
fn since_calm(offered: u32, bad: u32) -> Scene {
    let mut scene = twelve();
    scene.floor().current = 12;
    scene.assessment.measured_through = at(-60);
    scene.status.episode = Some(sheds::episode());
    sheds::course(&mut scene, offered, bad);
    scene
}

#[test]
fn a_step_in_the_load_is_told_on_an_agreement_that_has_no_history() {
    for (offered, cause) in [(90, CauseKind::Unknown), (110, CauseKind::Unknown), (130, CauseKind::Saturation)] {
        assert_eq!(found(&since_calm(offered, 10)).cause.kind, cause, "{offered}");
    }
    let found = found(&since_calm(250, 100));
    let told = &found.cause;
    assert_eq!((told.kind, &told.remedy), (CauseKind::Saturation, &Remedy::Scale));
    assert!(told.message.contains("of latency a pod has 20.8 events/s where it had 8.3"), "{}", told.message);
    let sides = told.evidence.iter().map(|side| (side.subject, side.name.as_str(), side.total.as_str()));
    let sides: Vec<_> = sides.collect();
    let before = (Subject::Before, "within 1800 s before the danger, on 12 pods", "180000");
    assert_eq!(sides, [(Subject::Now, "within 120 s just now, on 12 pods", "30000"), before]);
    assert!(found.ruled_out.iter().all(|out| out.cause != CauseKind::Saturation), "{found:#?}");
    assert!(found.ruled_out.iter().any(|out| out.cause == CauseKind::RetryStorm), "{found:#?}");
}

#[test]
fn what_is_done_is_what_would_be_done_without_a_name() {
    let mut unnamed = since_calm(250, 100);
    unnamed.load.objectives.clear();
    assert_eq!(found(&unnamed).cause.kind, CauseKind::Unknown);
    let done = act(&unnamed.live());
    assert_eq!(done.map(|(verb, ..)| verb), Some(Verb::RaiseFloor));
    assert_eq!(act(&since_calm(250, 100).live()), done);
}

#[test]
fn whatever_else_explains_it_or_waits_goes_before_it() {
    let cases: [(&str, Change, CauseKind, Remedy); 9] = [
        (
            "a dependency burns",
            |scene| scene.fleet.upstream = vec![burning("pay", -60)],
            CauseKind::Dependency,
            Remedy::KeepFloor,
        ),
        (
            "a storm of attempts",
            |scene| {
                sheds::course(scene, 250, 210);
                scene.actions = vec![sheds::raised(12, Some(Verdict::Ineffective))];
            },
            CauseKind::RetryStorm,
            Remedy::Shed,
        ),
        (
            "replicas did not help",
            |scene| scene.actions = vec![sheds::raised(12, Some(Verdict::Ineffective))],
            CauseKind::Unknown,
            Remedy::Scale,
        ),
        (
            "replicas did harm",
            |scene| scene.actions = vec![sheds::raised(12, Some(Verdict::Harmful))],
            CauseKind::Unknown,
            Remedy::Scale,
        ),
        (
            "the pods grew from three, and each has less",
            |scene| scene.actions = vec![sheds::raised(12, Some(Verdict::Effective))],
            CauseKind::Unknown,
            Remedy::Scale,
        ),
        (
            "more was safe",
            |scene| scene.actions = vec![lowered("before: budget pace 0.1, events/s 600, ready pods 12")],
            CauseKind::Unknown,
            Remedy::Scale,
        ),
        (
            "whether all are alike is not known",
            |scene| scene.signals = Signals::Empty,
            CauseKind::Unknown,
            Remedy::Scale,
        ),
        ("it is over", |scene| scene.signals = by_pod(&[(1000, 0); 12]), CauseKind::Unknown, Remedy::KeepFloor),
        (
            "a dependency may be told to burn a slot later",
            |scene| {
                scene.status.episode.as_mut().unwrap().since = Time(at(-30));
                scene.fleet.upstream = vec![Upstream { standing: Standing::Calm, ..burning("pay", 0) }];
            },
            CauseKind::Unknown,
            Remedy::KeepFloor,
        ),
    ];
    for (case, change, kind, remedy) in cases {
        let mut scene = since_calm(250, 100);
        change(&mut scene);
        let told = found(&scene).cause;
        assert_eq!((told.kind, told.remedy), (kind, remedy), "{case}: {}", told.message);
    }
    assert!(why(&since_calm(110, 10), CauseKind::Saturation).contains("no load per pod is known to be safe yet"));
}

#[test]
fn what_was_told_once_is_told_until_the_load_is_gone_and_from_when_on_stays() {
    let told = |offered: u32, before: Diagnosis| {
        let mut scene = since_calm(offered, 10);
        scene.status.diagnosis = Some(Diagnosis { since: Time(at(-30)), ..before });
        scene.decide().enforcement.diagnosis.unwrap()
    };
    let unknown = since_calm(110, 10).decide().enforcement.diagnosis.unwrap();
    let more = told(130, unknown.clone());
    assert_eq!((unknown.cause, more.cause), (CauseKind::Unknown, CauseKind::Saturation));
    assert_eq!(more.since.0, at(-30), "no new cause came");
    for (offered, cause) in [(110, CauseKind::Saturation), (90, CauseKind::Unknown)] {
        let told = told(offered, more.clone());
        assert_eq!((told.cause, told.since.0), (cause, at(-30)), "{offered}");
    }
}
