//! What of a day's budgets is used, as text, for the verbs that the agreement allows.

use std::fmt::Write as _;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;

use crate::api::capacity::CapacityMode;
use crate::api::enforcement::Enforcement;
use crate::api::enforcement_status::EnforcementStatus;
use crate::decide::guard::{PAUSES_A_ROLLBACK, SURGES_A_MOVE, TARGET_STEPS};
use crate::decide::situation::timing::DAY;

/// Writes it as one line; nothing where no verb has a budget. `now` is the present time.
pub(super) fn write(
    out: &mut String,
    allowed: &Enforcement,
    status: &EnforcementStatus,
    now: Timestamp,
) -> std::fmt::Result {
    let used = used(allowed, status, now);
    if used.is_empty() { Ok(()) } else { writeln!(out, "  used within a day: {}", used.join(", ")) }
}

fn used(allowed: &Enforcement, status: &EnforcementStatus, now: Timestamp) -> Vec<String> {
    let counts = |at: &&Time| now.duration_since(at.0) < DAY;
    let part = |times: Vec<&Time>, most: i32, what: &str| {
        format!("{} of {most} {what}", times.into_iter().filter(counts).count())
    };
    let mut parts = Vec::new();
    if let Some(rollback) = &allowed.rollback {
        let hand = status.rollout.iter();
        if !rollback.pause_only {
            parts.push(part(hand.clone().flat_map(|hand| &hand.rollbacks).collect(), rollback.per_day, "rollbacks"));
        }
        let most = rollback.per_day.saturating_mul(PAUSES_A_ROLLBACK);
        parts.push(part(hand.flat_map(|hand| &hand.pauses).collect(), most, "pauses"));
    }
    if let Some(reschedule) = &allowed.reschedule {
        let moved = status.reschedule.iter();
        let evictions = moved.clone().flat_map(|moved| &moved.evictions).map(|eviction| &eviction.at);
        parts.push(part(evictions.collect(), reschedule.per_day, "evictions"));
        let most = reschedule.per_day.saturating_mul(SURGES_A_MOVE);
        parts.push(part(moved.flat_map(|moved| &moved.surges).collect(), most, "replicas added before one"));
    }
    if let Some(avoid) = allowed.reschedule.as_ref().and_then(|reschedule| reschedule.avoid_node.as_ref()) {
        let nodes = status.avoidance.iter().flat_map(|avoidance| &avoidance.nodes).map(|node| &node.at);
        parts.push(part(nodes.collect(), avoid.per_day, "nodes avoided"));
    }
    if let Some(shed) = allowed.shed.as_ref().filter(|shed| shed.automatic) {
        let turns = status.shed.iter().flat_map(|shed| &shed.turns).map(|turn| &turn.at);
        parts.push(part(turns.collect(), shed.per_day, "times load was shed"));
    }
    if let Some(resize) = &allowed.resize {
        let raised = status.resize.iter().flat_map(|resize| &resize.raised).map(|raised| &raised.at);
        parts.push(part(raised.collect(), resize.per_day, "resizes"));
    }
    if allowed.capacity.as_ref().is_some_and(|capacity| capacity.mode == CapacityMode::Target) {
        let steps = status.cpu_target.iter().flat_map(|target| &target.steps).map(|step| &step.at);
        let most = i32::try_from(TARGET_STEPS).unwrap_or(i32::MAX);
        parts.push(part(steps.collect(), most, "steps of the CPU target"));
    }
    parts
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_allowed_is_told_with_how_much_of_it_is_used() {
        let (now, old, young) = ("2026-05-02T10:00:00Z", "2026-05-01T10:00:00Z", "2026-05-01T10:00:01Z");
        let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "w"});
        let status: EnforcementStatus = serde_json::from_value(json!({
            "rollout": {"target": target, "rollbacks": [young], "pauses": [old, young]},
            "reschedule": {
                "evictions": [{"action": "e", "at": young, "pod": "web-1", "node": "a", "owner": "rs"}],
                "surges": [old, young, young],
            },
            "avoidance": {"nodes": [{"action": "a", "node": "a", "uid": "n", "at": young, "until": young}]},
            "shed": {"turns": [{"action": "s", "at": old}]},
            "resize": {"workload": target, "raised": [{"action": "r", "at": young, "pod": "web-2"}]},
            "target": {"steps": [
                {"action": "t", "at": old, "from": 60, "to": 70}, {"action": "u", "at": young, "from": 70, "to": 80},
            ]},
        }))
        .unwrap();
        let told = |allowed| {
            let allowed: Enforcement = serde_json::from_value(allowed).unwrap();
            let mut out = String::new();
            write(&mut out, &allowed, &status, now.parse().unwrap()).unwrap();
            out
        };
        let shed = |automatic: bool| json!({"configMap": "c", "key": "k", "value": "on", "automatic": automatic});
        let all = json!({
            "mode": "Enforce", "rollback": {"perDay": 2}, "reschedule": {"perDay": 3, "avoidNode": {}},
            "shed": shed(true), "resize": {"maxCpu": "2"},
        });
        let expected = "  used within a day: 1 of 2 rollbacks, 1 of 4 pauses, 1 of 3 evictions, \
                        2 of 6 replicas added before one, 1 of 2 nodes avoided, 0 of 3 times load was shed, \
                        1 of 16 resizes\n";
        assert_eq!(told(all), expected);
        let pauses = told(json!({"mode": "Enforce", "rollback": {"pauseOnly": true}, "shed": shed(false)}));
        assert_eq!(pauses, "  used within a day: 1 of 2 pauses\n");
        let capacity = |mode: &str| json!({"mode": mode, "objective": "o", "availability": "a", "cpu": "c"});
        let target = told(json!({"mode": "Enforce", "capacity": capacity("Target")}));
        assert_eq!(target, "  used within a day: 1 of 12 steps of the CPU target\n");
        assert_eq!(told(json!({"mode": "Enforce", "capacity": capacity("Floor")})), "");
        assert_eq!(told(json!({"mode": "Enforce"})), "");
    }
}
