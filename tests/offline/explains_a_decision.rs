//! `guarantor explain` of an agreement in a file: the decision as it stands there, and nothing that does not.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

fn explain(input: &str) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guarantor"));
    command.args(["explain", "-f", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A command that ends early does not read all of it.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

fn agreement() -> Value {
    json!({
        "apiVersion": "guarantor.dev/v1alpha1", "kind": "ServiceLevelAgreement",
        "metadata": {"name": "checkout", "namespace": "shop"},
        "spec": {
            "service": {"name": "checkout"},
            "metrics": {"sourceRef": {"name": "main"}},
            "period": {"rolling": "30d"},
            "objectives": [{
                "name": "availability", "target": "99.9",
                "indicator": {"ratio": {"bad": "sum(increase(b[$slot]))", "total": "sum(increase(t[$slot]))"}},
            }],
            "enforcement": {"mode": "Enforce"},
        },
    })
}

#[test]
fn a_decision_is_told_with_its_cause_evidence_and_ages() {
    let mut agreement = agreement();
    agreement["status"] = json!({
        "objectives": [{"name": "availability", "state": "AtRisk", "attainment": "99.95", "target": "99.9"}],
        "enforcement": {
            "reason": "OutlierPod", "message": "availability in danger through checkout-0",
            "capacity": {"pods": 7, "message": "7 pods: 120.0 requests/s now", "asOf": "2026-01-01T00:10:00Z"},
            "diagnosis": {
                "cause": "OutlierPod", "since": "2026-01-01T00:00:00Z",
                "message": "availability in danger through checkout-0",
                "evidence": [
                    {"subject": "Pod", "name": "checkout-0", "bad": "120", "total": "600", "share": "20.0", "z": "31.2"},
                    {"subject": "Rest", "name": "all other pods", "bad": "6", "total": "5400", "share": "0.1"},
                ],
                "ruledOut": [{"cause": "Blind", "why": "the account is up to date"}],
                "guardsPassed": ["mode", "leadership"],
                "heldBy": {"guard": "within the day's evictions", "message": "3 evictions within 24 hours are all"},
                "answer": "held", "wouldChange": "checkout-0 is gone",
                "observed": {
                    "decidedAt": "2026-01-01T00:10:00Z", "accountThrough": "2026-01-01T00:09:00Z",
                    "workloadReadAt": "2026-01-01T00:09:58Z", "podsThrough": "2026-01-01T00:09:50Z",
                    "throttlingThrough": "2026-01-01T00:09:45Z",
                },
            },
        },
    });
    let (code, text, complaint) = explain(&agreement.to_string());
    assert_eq!(code, 0, "{complaint}");
    for part in [
        "shop/checkout: NotDetermined, mode Enforce",
        "availability: AtRisk, attained 99.95 % of 99.9 %",
        "Cause: OutlierPod, for ",
        "- Pod checkout-0: 120 of 600 bad (20.0 %), 31.2 standard deviations worse than the rest",
        "Blind              the account is up to date",
        "account    through 2026-01-01T00:09:00Z, 1m before",
        "by pod     newest sample 2026-01-01T00:09:50Z, 10s before",
        "throttling newest sample 2026-01-01T00:09:45Z, 15s before",
        "Decision: OutlierPod",
        "guards that let it pass: mode, leadership",
        "the guard that held: within the day's evictions: 3 evictions within 24 hours are all",
        "what would change it: checkout-0 is gone",
        "  what the expected load needs, reckoned ",
        " ago: 7 pods: 120.0 requests/s now",
        "Nothing was done yet.",
    ] {
        assert!(text.contains(part), "{part}\n\nis not in\n\n{text}");
    }
}

#[test]
fn what_was_moved_is_told_with_where_it_landed_and_what_is_refused() {
    let mut agreement = agreement();
    let eviction = |pod: &str, landed: Value| {
        let at = "2026-01-01T00:00:00Z";
        json!({"action": "1", "at": at, "pod": pod, "node": "a", "owner": "rs", "landed": landed})
    };
    agreement["status"] = json!({"enforcement": {
        "reason": "BlockedByPDB", "message": "held",
        "reschedule": {
            "evictions": [
                eviction("checkout-0", json!({"pod": "checkout-7", "uid": "7", "node": "b"})),
                eviction("checkout-1", Value::Null),
            ],
            "hindered": {
                "obstacle": "DisruptionBudget", "message": "budget web needs 5", "pod": "checkout-2",
                "since": "2026-01-01T00:10:00Z", "tries": 3, "until": "2026-01-01T00:11:00Z",
            },
        },
    }});
    let (code, text, _) = explain(&agreement.to_string());
    assert_eq!(code, 0);
    for line in [
        "pod checkout-0 was evicted from node a at 2026-01-01T00:00:00Z; checkout-7 came in its place, on node b",
        "pod checkout-1 was evicted from node a at 2026-01-01T00:00:00Z; none has come in its place yet",
        "the eviction of pod checkout-2 is refused since 2026-01-01T00:10:00Z, 3 times: budget web needs 5",
    ] {
        assert!(text.contains(line), "{line}:\n{text}");
    }
}

#[test]
fn what_the_operator_holds_and_waits_for_is_told() {
    let mut agreement = agreement();
    let node = |name: &str, ended: Value| {
        let (at, until) = ("2026-01-01T00:00:00Z", "2026-01-01T00:30:00Z");
        json!({"action": "1", "node": name, "uid": "n", "at": at, "until": until, "ended": ended})
    };
    let workload = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "w"});
    agreement["status"] = json!({"enforcement": {
        "reason": "GivesWay", "message": "held",
        "avoidance": {"nodes": [node("a", json!("RemovedByOthers")), node("b", Value::Null)]},
        "resize": {
            "workload": workload, "pods": 3,
            "refused": {"at": "2026-01-01T00:00:00Z", "pod": "web-1", "message": "no room"},
        },
        "bid": {
            "drawsOn": ["nodes"], "replicas": 2, "millicores": 500, "mebibytes": 256,
            "stake": {"amount": "4000/3", "currency": "EUR"},
            "since": "2026-01-01T00:00:00Z", "until": "2026-01-01T00:01:00Z", "yieldsSince": "2026-01-01T00:00:30Z",
        },
    }});
    let (code, text, _) = explain(&agreement.to_string());
    assert_eq!(code, 0);
    for line in [
        "it wants 2 more replicas of nodes for ",
        ", not asked for: others go first since ",
        "; at stake for each is 4000/3 EUR",
        "node a was avoided from 2026-01-01T00:00:00Z on, until somebody else took its taint away",
        "node b was avoided from 2026-01-01T00:00:00Z on, until 2026-01-01T00:30:00Z at the latest",
        "3 pods of Deployment web have a higher CPU limit than its template gives",
        "a higher CPU limit for pod web-1 was refused at 2026-01-01T00:00:00Z: no room",
    ] {
        assert!(text.contains(line), "{line}:\n{text}");
    }
}

#[test]
fn two_reasons_for_one_floor_are_told_apart() {
    let mut agreement = agreement();
    let target = autoscaler();
    let capacity = json!({"mode": "Floor", "objective": "latency", "availability": "availability", "cpu": "cpu"});
    agreement["spec"]["enforcement"]["capacity"] = capacity;
    for (reason, ahead, told, done) in [
        (
            "Load",
            true,
            "raised for the load that is expected, with no objective in danger",
            "RaiseFloor 3 -> 7 ahead of the load, Done",
        ),
        ("Danger", false, "raised for an objective that was in danger", "RaiseFloor 3 -> 7, Done"),
    ] {
        let time = "2026-01-01T00:10:00Z";
        agreement["status"] = json!({
            "enforcement": {
                "reason": "LoadNeedsIt", "message": "held",
                "capacity": {"pods": 7, "message": "7 pods: 120.0 requests/s now", "asOf": time},
                "floor": {"target": target, "baseline": 3, "value": 7, "since": time, "reason": reason},
            },
            "actions": [{
                "id": "1", "verb": "RaiseFloor", "target": target, "from": 3, "to": 7, "reason": "r", "hypothesis": "h",
                "ahead": ahead, "phase": "Done", "intendedAt": time, "deadline": time,
            }],
        });
        let (code, text, complaint) = explain(&agreement.to_string());
        assert_eq!(code, 0, "{complaint}");
        let floor = format!("a floor stands on HorizontalPodAutoscaler checkout: 7 in place of 3, {told}");
        for line in [floor.as_str(), done, "the floor follows it while no objective is in danger"] {
            assert!(text.contains(line), "{line}:\n{text}");
        }
    }
}

fn autoscaler() -> Value {
    json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "name": "checkout", "uid": "1"})
}

#[test]
fn a_write_that_was_refused_is_told_with_the_servers_words() {
    let mut agreement = agreement();
    let (time, target) = ("2026-01-01T00:10:00Z", autoscaler());
    agreement["status"] = json!({
        "enforcement": {
            "reason": "ActionRefused", "message": "held",
            "refusals": [{
                "verb": "RaiseFloor", "target": target, "message": "not you (403)", "since": time, "tried": time,
                "tries": 3, "until": "2026-01-01T00:14:00Z",
            }],
        },
        "actions": [{
            "id": "1", "verb": "RaiseFloor", "target": target, "from": 3, "to": 7, "reason": "r", "hypothesis": "h",
            "phase": "Refused", "intendedAt": time, "deadline": time, "outcome": "not you (403)",
        }],
    });
    let (code, text, complaint) = explain(&agreement.to_string());
    assert_eq!(code, 0, "{complaint}");
    for line in [
        "  the API server refused to raise the floor of HorizontalPodAutoscaler checkout, 3 times since \
         2026-01-01T00:10:00Z: not you (403); tried again from 2026-01-01T00:14:00Z on",
        " ago: RaiseFloor 3 -> 7, Refused: r\n    on       HorizontalPodAutoscaler checkout\n    answer   not you (403)\n",
    ] {
        assert!(text.contains(line), "{line}:\n{text}");
    }
}

#[test]
fn an_agreement_without_a_status_has_no_decision() {
    let (code, text, _) = explain(&agreement().to_string());
    assert!(code == 0 && text.contains("Nothing was decided yet."), "{text}");
}

#[test]
fn what_is_no_agreement_is_refused() {
    for input in ["", "{", "kind: Pod"] {
        let (code, text, complaint) = explain(input);
        assert_eq!((code, text.as_str()), (2, ""), "{input}");
        assert!(complaint.contains("is no ServiceLevelAgreement"), "{complaint}");
    }
}
