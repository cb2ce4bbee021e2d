//! What is to blame shortly after a rollout.

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

/// Fewer pods served in that minute, and some of them were cold: it blames neither the load nor the revision.
#[test]
fn for_a_minute_after_a_rollout_nothing_is_to_blame() {
    for (seconds, waits) in [(-10, true), (-59, true), (-60, false)] {
        let mut scene = sick(12);
        scene.workload().rolled_out_at = Some(at(seconds));
        for (before, then) in
            [(by_pod(&[(500, 1); 12]), None), (by_pod(&[(1000, 2); 12]), Some(CauseKind::BadRevision))]
        {
            scene.before = before;
            let cause = found(&scene).cause;
            assert_eq!(cause.message.contains("the last minute still has it in it"), waits);
            assert_eq!(cause.kind == CauseKind::RolloutInProgress, waits);
            if waits {
                assert!(why(&scene, CauseKind::BadRevision).contains("has the rollout in it"));
            } else if let Some(then) = then {
                assert_eq!(cause.kind, then);
            } else {
                assert!(why(&scene, CauseKind::BadRevision).contains("it may be the load"));
            }
        }
    }
}
