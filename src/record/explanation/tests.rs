use serde_json::json;

use super::*;
use crate::decide::Decision;
use crate::decide::tests::fixture::Scene;

/// What is told of what was decided last in a scene.
fn explained(scene: &Scene) -> String {
    let agreement = serde_json::from_value(json!({
        "apiVersion": "guarantor.dev/v1alpha1", "kind": "ServiceLevelAgreement",
        "metadata": {"name": "checkout", "namespace": "shop"},
        "spec": {
            "service": {"name": "checkout"}, "metrics": {"sourceRef": {"name": "main"}},
            "period": {"rolling": "30d"}, "objectives": [], "enforcement": {"mode": "Enforce"},
        },
        "status": {"enforcement": scene.status, "actions": scene.actions},
    }));
    text(&agreement.unwrap(), scene.now)
}

#[test]
fn a_decision_is_told_in_whole() {
    let mut scene = Scene::burning();
    scene.live();
    scene.wait(60);
    scene.live();
    // The API server's words, as if they had come with the first write.
    scene.actions[1].outcome = "done, but its entry in managedFields stays".into();
    scene.wait(60);
    let Decision::Hold(_) = scene.live().decision else { panic!("the raise is not judged yet") };
    insta::assert_snapshot!(explained(&scene), @r"
    shop/checkout: NotDetermined, mode Enforce

    Cause: Unknown, for 2m
      latency in danger, and no cause can be shown (the store has no samples of the last minutes by pod); a dependency that got slow looks like this too

    Asked before it, and ruled out:
      Blind              the account is up to date, and 1 of 1 objectives are seen
      CommonCause        of 0 services no other began to burn within five minutes of this one
      BadRevision        the store has no samples of the last minutes by pod
      RolloutInProgress  no rollout is going on
      OutlierZone        the store has no samples of the last minutes by pod
      OutlierNode        the store has no samples of the last minutes by pod
      OutlierPod         the store has no samples of the last minutes by pod
      Saturation         all wanted pods are ready, and no load per pod is known to be safe yet
      Dependency         spec.service.dependsOn names no agreement; no CPU time of its requests is known (spec.enforcement.capacity)
      RetryStorm         of latency too little is known just now

    Seen when this was written:
      decided    2027-01-15T08:02:00Z, 0s ago
      account    through 2027-01-15T08:01:30Z, 30s before
      workload   2027-01-15T08:02:00Z, 0s before
      by pod     nothing: the store has no samples of the last minutes by pod

    Decision: AwaitingVerdict
      the raise (6 -> 8) has until 2027-01-15T08:04:05Z to show whether it helps
      guards that let it pass: mode, leadership, one owner, owner respected, not at zero, fresh data, enough data, load known, no rollout, write not refused, did no harm, sound bounds, within bounds, once a slot
      the guard that held: last act judged
      what would change it: it is 2027-01-15T08:04:05Z; or one of the causes ruled out before comes to hold, or the objective is safe again
      a floor stands on HorizontalPodAutoscaler checkout: 8 in place of 3, raised for an objective that was in danger

    Done so far, newest first:
      1m ago: RaiseFloor 6 -> 8, Done, not judged yet: latency burns its error budget at 6 replicas
        on       HorizontalPodAutoscaler checkout
        expected 8 pods are ready, and the error budget burns no more or clearly more slowly; judged at 2027-01-15T08:04:05Z, in 2m 5s
        seen     before: budget pace 20.000, events/s 100.000, ready pods 6
      2m ago: FreezeScaleDown 3 -> 6, Done, not judged yet: latency in danger; nothing is taken away meanwhile
        on       HorizontalPodAutoscaler checkout
        expected 6 or more replicas stay wanted; judged at 2027-01-15T08:02:45Z, in 45s
        seen     before: budget pace 20.000, events/s 100.000, ready pods 6
        answer   done, but its entry in managedFields stays
    ");
    scene.burn(false);
    scene.wait(300);
    scene.live();
    insta::assert_snapshot!(explained(&scene), @r"
    shop/checkout: NotDetermined, mode Enforce

    Nothing is in danger, as far as it is seen.

    Seen when this was written:
      decided    2027-01-15T08:07:00Z, 0s ago
      account    through 2027-01-15T08:06:30Z, 30s before
      workload   2027-01-15T08:07:00Z, 0s before
      by pod     nothing: the store has no samples of the last minutes by pod

    Decision: WaitingToRelease
      safe; the floor stays at 8 for a while
      what would change it: it is 2027-01-15T08:12:00Z
      a floor stands on HorizontalPodAutoscaler checkout: 8 in place of 3, raised for an objective that was in danger

    Done so far, newest first:
      6m ago: RaiseFloor 6 -> 8, Done, Effective: latency burns its error budget at 6 replicas
        on       HorizontalPodAutoscaler checkout
        expected 8 pods are ready, and the error budget burns no more or clearly more slowly; by 2027-01-15T08:04:05Z
        seen     before: budget pace 20.000, events/s 100.000, ready pods 6; after: budget pace 0.000, events/s 100.000, ready pods 8; no objective burns any more
      7m ago: FreezeScaleDown 3 -> 6, Done, Effective: latency in danger; nothing is taken away meanwhile
        on       HorizontalPodAutoscaler checkout
        expected 6 or more replicas stay wanted; by 2027-01-15T08:02:45Z
        seen     before: budget pace 20.000, events/s 100.000, ready pods 6; after: budget pace 0.000, events/s 100.000, ready pods 8; 8 replicas are wanted, the floor was 6
        answer   done, but its entry in managedFields stays
    ");
}

#[test]
fn in_calm_the_guards_of_what_is_proposed_are_told_too() {
    let mut scene = Scene::raised();
    scene.status.floor.as_mut().unwrap().resets = 2;
    scene.live();
    insta::assert_snapshot!(explained(&scene), @r"
    shop/checkout: NotDetermined, mode Enforce

    Nothing is in danger, as far as it is seen.

    Seen when this was written:
      decided    2027-01-15T08:00:00Z, 0s ago
      account    through 2027-01-15T07:59:30Z, 30s before
      workload   2027-01-15T08:00:00Z, 0s before
      by pod     nothing: the store has no samples of the last minutes by pod

    Decision: ConflictingManager
      somebody the API server has no name for reset /spec/minReplicas of HorizontalPodAutoscaler checkout 2 times, so the operator stopped writing it. Leave the field to the operator: take it out of the manifest, and with Argo CD add to the Application's spec:
      ignoreDifferences:
      - group: autoscaling
        kind: HorizontalPodAutoscaler
        name: checkout
        jsonPointers: [/spec/minReplicas]
      with `RespectIgnoreDifferences=true` under syncOptions
      guards that let it pass: mode, leadership, one owner
      the guard that held: owner respected
      what would change it: one hand alone is on it: the others leave the field or the object to the operator
      a floor stands on HorizontalPodAutoscaler checkout: 9 in place of 3, raised for an objective that was in danger

    Nothing was done yet.
    ");
}

#[test]
fn a_floor_that_comes_down_is_told_with_its_guards() {
    let mut scene = Scene::raised();
    scene.live();
    insta::assert_snapshot!(explained(&scene), @r"
    shop/checkout: NotDetermined, mode Enforce

    Nothing is in danger, as far as it is seen.

    Seen when this was written:
      decided    2027-01-15T08:00:00Z, 0s ago
      account    through 2027-01-15T07:59:30Z, 30s before
      workload   2027-01-15T08:00:00Z, 0s before
      by pod     nothing: the store has no samples of the last minutes by pod

    Decision: LowerFloor
      lower the floor of HorizontalPodAutoscaler checkout (9 -> 8): safe for 5m; coming down to 3
      guards that let it pass: mode, leadership, one owner, owner respected, fresh data, enough data, no common cause, no rollout, write not refused, sound bounds, within bounds, once a slot, raise judged first, move judged first, small step
      what would change it: an objective gets into danger
      a floor stands on HorizontalPodAutoscaler checkout: 8 in place of 3, raised for an objective that was in danger

    Done so far, newest first:
      0s ago: LowerFloor 9 -> 8, Done, not judged yet: safe for 5m; coming down to 3
        on       HorizontalPodAutoscaler checkout
        expected the objectives stay safe; judged at 2027-01-15T08:02:45Z, in 2m 45s
        seen     before: budget pace 0.000, events/s 100.000, ready pods 9
    ");
    scene.status.episode.as_mut().unwrap().safe_since = None;
    scene.wait(10);
    scene.live();
    insta::assert_snapshot!(explained(&scene), @r"
    shop/checkout: NotDetermined, mode Enforce

    Nothing is in danger, as far as it is seen.

    Seen when this was written:
      decided    2027-01-15T08:00:10Z, 0s ago
      account    through 2027-01-15T07:59:40Z, 30s before
      workload   2027-01-15T08:00:10Z, 0s before
      by pod     nothing: the store has no samples of the last minutes by pod

    Decision: WaitingToRelease
      safe; the floor stays at 8 for a while
      what would change it: it is 2027-01-15T08:05:10Z
      a floor stands on HorizontalPodAutoscaler checkout: 8 in place of 3, raised for an objective that was in danger

    Done so far, newest first:
      10s ago: LowerFloor 9 -> 8, Done, not judged yet: safe for 5m; coming down to 3
        on       HorizontalPodAutoscaler checkout
        expected the objectives stay safe; judged at 2027-01-15T08:02:45Z, in 2m 35s
        seen     before: budget pace 0.000, events/s 100.000, ready pods 9
    ");
}

#[test]
fn what_the_last_minute_proves_is_told_with_its_figures() {
    let time = "2026-05-01T10:00:30Z";
    let agreement: ServiceLevelAgreement = serde_json::from_value(serde_json::json!({
        "apiVersion": "guarantor.dev/v1alpha1", "kind": "ServiceLevelAgreement",
        "metadata": {"name": "checkout", "namespace": "shop"},
        "spec": {
            "service": {"name": "checkout"}, "metrics": {"sourceRef": {"name": "main"}},
            "period": {"rolling": "30d"}, "objectives": [],
        },
        "status": {"enforcement": {"diagnosis": {
            "cause": "Unknown", "since": time, "message": "m", "answer": "a", "wouldChange": "w",
            "observed": {
                "decidedAt": time, "accountThrough": time, "workloadReadAt": time,
                "pulse": {
                    "objective": "availability", "since": "2026-05-01T10:00:13Z", "at": "2026-05-01T10:00:28Z",
                    "bad": "132", "total": "600", "share": "22.00", "outage": "1.44",
                },
            },
        }}},
    }))
    .unwrap();
    let text = text(&agreement, "2026-05-01T10:01:00Z".parse().unwrap());
    let line = text.lines().find(|line| line.contains("pulse")).unwrap();
    let expected = "  pulse      availability: 132 of 600 events bad (22.00 %) in the minute to 2026-05-01T10:00:28Z, \
                    an outage from 1.44 % on; seen since 2026-05-01T10:00:13Z";
    assert_eq!(line, expected);
}

#[test]
fn evidence_without_events_is_a_name() {
    let upstream = json!({"subject": "Upstream", "name": "shop/stock"});
    assert_eq!(figures(&serde_json::from_value(upstream).unwrap()), "Upstream shop/stock");
}
