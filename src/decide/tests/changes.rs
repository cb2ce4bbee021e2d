//! What would change a decision: first what ends the hold, then what ends the cause.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::fixture::{at, reason};
use super::moves::{fail, one_sick, spread, surged};
use super::rollouts::rolled_out;
use crate::api::reschedule_status::{Eviction, Hindrance, Obstacle, RescheduleStatus};
use crate::decide::Decided;
use crate::sense::workload::WorkloadProblem;

const POD: &str = "; or checkout-0 is gone or as good as the others, or the others get as bad";

fn would_change(decided: &Decided) -> String {
    decided.enforcement.diagnosis.as_ref().unwrap().would_change.clone()
}

fn evicted(second: i64) -> Eviction {
    Eviction {
        action: format!("at {second}"),
        at: Time(at(second)),
        pod: "checkout-9".into(),
        node: "node-9".into(),
        owner: "rs".into(),
        landed: None,
    }
}

#[test]
fn a_budget_says_from_when_on_or_which_field() {
    let mut scene = one_sick();
    let per_day = scene.enforcement.reschedule.as_ref().unwrap().per_day;
    let evictions = (0..per_day).map(|index| evicted(i64::from(index) - 10_000)).collect();
    scene.status.reschedule = Some(RescheduleStatus { evictions, ..RescheduleStatus::default() });
    let held = scene.decide();
    assert_eq!(reason(&held), "RescheduleBudget");
    let own = format!("it is {}, or enforcement.reschedule.perDay is raised", at(86_400 - 10_000));
    assert_eq!(would_change(&held), format!("{own}{POD}"));
    let held_by = held.enforcement.diagnosis.unwrap().held_by.unwrap();
    assert_eq!(held_by.guard, "within the day's evictions");
    assert!(held_by.message.contains("are all that enforcement.reschedule.perDay allows"), "{}", held_by.message);
}

#[test]
fn a_disruption_budget_is_for_its_owner() {
    let mut scene = surged();
    scene.status.reschedule = Some(RescheduleStatus {
        hindered: Some(Hindrance {
            obstacle: Obstacle::DisruptionBudget,
            message: "no".into(),
            pod: "checkout-0".into(),
            since: Time(at(50)),
            tries: 1,
            until: Time(at(70)),
        }),
        ..RescheduleStatus::default()
    });
    let held = scene.decide();
    assert_eq!(reason(&held), "BlockedByPDB");
    let own = format!("it is {}, or the PodDisruptionBudget allows a disruption (`kubectl get pdb`)", at(70));
    assert!(would_change(&held).starts_with(&own) && would_change(&held).ends_with(POD), "{}", would_change(&held));
}

#[test]
fn what_is_not_allowed_names_its_field() {
    let mut scene = one_sick();
    scene.enforcement.reschedule = None;
    let held = scene.decide();
    assert_eq!(reason(&held), "OutlierPod");
    assert_eq!(would_change(&held), format!("enforcement.reschedule is set, or a person moves the pod{POD}"));
    let mut scene = rolled_out();
    scene.enforcement.rollback = None;
    let mut held = scene.live();
    for _ in 0..3 {
        scene.wait(60);
        held = scene.live();
    }
    assert_eq!(reason(&held), "BadRevision");
    let own = "enforcement.rollback is set, or a person undoes the revision; or revision ";
    assert!(would_change(&held).starts_with(own), "{}", would_change(&held));
}

#[test]
fn a_cause_that_holds_by_itself_has_nothing_before_it() {
    let mut scene = one_sick();
    spread(&mut scene);
    fail(&mut scene, &["checkout-0"]);
    scene.workload().rollout = crate::sense::workload::Rollout::InProgress;
    let held = scene.decide();
    assert_eq!(reason(&held), "RolloutInProgress");
    assert!(!would_change(&held).contains("; or"), "{}", would_change(&held));
}

#[test]
fn what_cannot_be_read_comes_before_what_was_seen_and_is_told_once() {
    let mut scene = one_sick();
    scene.live();
    let seen = scene.status.diagnosis.as_ref().unwrap().would_change.clone();
    scene.workload = Err(WorkloadProblem::NotFound { what: "Deployment checkout".into() });
    for _ in 0..2 {
        let held = scene.live();
        assert_eq!(would_change(&held), format!("what the message names is mended; or {seen}"));
        assert_eq!(held.enforcement.diagnosis.unwrap().answer, held.enforcement.message);
    }
}
