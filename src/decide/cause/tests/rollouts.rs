//! What is to blame shortly after a rollout.

use k8s_openapi::jiff::SignedDuration;

use super::{Change, found, sick, why};
use crate::api::diagnosis::{CauseKind, Subject};
use crate::decide::tests::fixture::{at, by_pod};
use crate::sense::signals::Signals;

#[test]
fn after_a_rollout_the_service_is_compared_with_before() {
    let rolled_out = || {
        let mut scene = sick(12);
        scene.workload().rolled_out_at = Some(at(-200));
        scene.before = by_pod(&[(1000, 2); 12]);
        scene
    };
    let scene = rolled_out();
    let told = found(&scene).cause;
    assert_eq!(told.kind, CauseKind::BadRevision, "{told:#?}");
    assert!(told.message.contains("which cannot be seen from here"), "{}", told.message);
    assert_eq!(told.evidence[1].subject, Subject::Before);

    let cases: [(&str, Change); 5] = [
        ("no rollout was through", |scene| scene.workload().rolled_out_at = Some(at(-2000))),
        ("nothing is known of before the rollout", |scene| scene.before = Signals::Empty),
        ("too few to compare", |scene| scene.before = by_pod(&[(9, 0); 10])),
        ("it may be the load", |scene| scene.before = by_pod(&[(500, 1); 12])),
        ("not three times as bad", |scene| scene.before = by_pod(&[(1000, 100); 12])),
    ];
    for (words, change) in cases {
        let mut scene = rolled_out();
        change(&mut scene);
        let why = why(&scene, CauseKind::BadRevision);
        assert!(why.contains(words), "{why}");
    }
    let mut scene = rolled_out();
    scene.signals = sick(1).signals;
    assert_eq!(found(&scene).cause.kind, CauseKind::OutlierPod, "one pod is not the revision");
}

/// Fewer pods served in that minute, and some of them were cold: it blames neither the load nor the revision. In slots of five
/// minutes, pods are told from each other by five minutes.
#[test]
fn as_long_as_a_rollout_is_counted_nothing_is_to_blame() {
    let cases = [(1, -10, true), (1, -59, true), (1, -60, false), (5, -61, true), (5, -299, true), (5, -300, false)];
    for (minutes, seconds, waits) in cases {
        let within = |counts: &[(i64, i64)]| {
            let Signals::ByPod(mut read) = by_pod(counts) else { panic!() };
            read.window = SignedDuration::from_mins(minutes);
            Signals::ByPod(read)
        };
        let mut scene = sick(12);
        scene.signals = within(&[(1000, 200); 12]);
        scene.workload().rolled_out_at = Some(at(seconds));
        for (before, is_bad) in [(&[(500, 1); 12], false), (&[(1000, 2); 12], true)] {
            scene.before = within(before);
            let cause = found(&scene).cause;
            let says_so = cause.message.contains("what was counted last still has it in it");
            assert_eq!((cause.kind == CauseKind::RolloutInProgress, says_so), (waits, waits), "{minutes} {seconds}");
            assert_eq!(cause.kind == CauseKind::BadRevision, is_bad && !waits, "{minutes} {seconds}");
            if !is_bad || waits {
                let expected = if waits { "has the rollout in it" } else { "it may be the load" };
                assert!(why(&scene, CauseKind::BadRevision).contains(expected), "{minutes} {seconds}");
            }
        }
    }
}
