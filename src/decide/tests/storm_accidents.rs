//! Accidents with overload that outlives its trigger, each as a test that fails without its guard. The numbers are those of the
//! project's list of accidents.

use super::fixture::{Scene, act, at, lowered, ratio};
use super::sheds::{raised, serve, sheddable, storm, turned};
use crate::api::diagnosis::CauseKind;
use crate::api::enforcement_status::{ActionPhase, ActionRecord, Verb, Verdict};
use crate::decide::Decided;

fn cause(decided: &Decided) -> Option<CauseKind> {
    decided.enforcement.diagnosis.as_ref().map(|told| told.cause)
}

/// A storm in which nothing was tried yet.
fn begun() -> Scene {
    let mut scene = storm();
    scene.actions.clear();
    scene.floor().current = 6;
    scene
}

/// What was done within so many minutes while the storm goes on.
fn live(scene: &mut Scene, minutes: i64) -> Vec<Verb> {
    let mut done = Vec::new();
    for _ in 0..minutes {
        scene.wait(60);
        serve(scene, 250, 210);
        let decided = scene.live();
        done.extend(act(&decided).map(|(verb, ..)| verb).or(turned(&decided).map(|(verb, _)| verb)));
    }
    done
}

#[test]
fn accident_25_a_storm_of_retries_is_fed_with_ever_more_replicas() {
    for safe_load_known in [false, true] {
        let mut scene = begun();
        if safe_load_known {
            // Each pod has more load than was ever safe, which looks like saturation for as long as the storm lasts.
            scene.actions = vec![lowered("before: budget pace 0.000, events/s 60.000, ready pods 6")];
            // It still has when replicas were added, and those are seen too.
            scene.assessment.objectives[0].recent_rate = Some(ratio(250, 1));
            scene.signals = super::fixture::by_pod(&[(1000, 800); 15]);
        }
        assert_eq!(live(&mut scene, 60), [Verb::RaiseFloor], "replicas are tried once, and not counted on");
        assert_eq!(cause(&scene.decide()), Some(CauseKind::RetryStorm));
        let raise = scene.actions.iter().find(|record| record.verb == Verb::RaiseFloor).unwrap();
        assert_eq!(raise.verdict, Some(Verdict::Ineffective));
    }
}

#[test]
fn accident_25_overload_outlives_its_trigger_because_nobody_sheds() {
    let mut scene = sheddable();
    scene.actions.clear();
    let done = live(&mut scene, 10);
    let expected = [Verb::RaiseFloor, Verb::Shed, Verb::StopShedding];
    assert_eq!(done, expected, "replicas first, then fewer attempts; and no more of what does not help");
    let shed = scene.actions.iter().find(|record| record.verb == Verb::Shed).unwrap();
    assert_eq!((shed.phase, shed.target.name.as_str()), (ActionPhase::Done, "limits"));
}

#[test]
fn accident_25_what_was_added_ahead_of_the_load_is_taken_for_what_helps() {
    for verdict in [None, Some(Verdict::Effective)] {
        let mut scene = storm();
        let ahead = ActionRecord { id: "ahead".into(), ahead: true, ..raised(6, verdict) };
        scene.actions.insert(0, ahead);
        assert_eq!(cause(&scene.decide()), Some(CauseKind::RetryStorm), "{verdict:?}");
    }
}

#[test]
fn accident_25_a_rush_that_more_pods_can_serve_is_taken_for_a_storm() {
    let mut scene = begun();
    for minute in 0..30 {
        scene.wait(60);
        // As many good ones as ever, though many fail.
        serve(&mut scene, 250, 140);
        let told = cause(&scene.live());
        assert_ne!(told, Some(CauseKind::RetryStorm), "minute {minute} after {}", at(0));
    }
}
