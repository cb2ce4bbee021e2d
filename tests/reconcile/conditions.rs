//! The rules that conditions keep, over every state an agreement has had: those that other controllers and people who
//! wait for a condition rely on.

use guarantor::api::ServiceLevelAgreement;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

/// The first rule broken in a sequence of states, in words.
pub fn broken_rule(states: &[ServiceLevelAgreement]) -> Option<String> {
    let none = Vec::new();
    let conditions = |state: &'_ ServiceLevelAgreement| state.status.as_ref().map(|s| s.conditions.clone());
    let mut before: Vec<Condition> = none;
    for state in states {
        let Some(now) = conditions(state) else { continue };
        if let Some(rule) = of_one(state, &now).or_else(|| of_two(&before, &now)) {
            return Some(format!("{rule}: {}", serde_json::to_string(&state).unwrap()));
        }
        before = now;
    }
    None
}

fn of_one(state: &ServiceLevelAgreement, conditions: &[Condition]) -> Option<&'static str> {
    let find = |kind: &str| conditions.iter().find(|c| c.type_ == kind);
    let Some(ready) = find("Ready") else { return Some("Ready is always there") };
    let generation = state.metadata.generation;
    let observed = state.status.as_ref().and_then(|s| s.observed_generation);
    let mut kinds: Vec<&str> = conditions.iter().map(|c| c.type_.as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let word = |c: &Condition| !c.reason.is_empty() && c.reason.chars().all(char::is_alphanumeric);
    let only_while_true = [
        "Stalled",
        "ConflictingManager",
        "CapacityInsufficient",
        "ActionHarmful",
        "BeyondRetention",
        "LedgerFull",
        "Advised",
        "PaymentOverdue",
        "Overpaid",
    ];
    [
        (observed > generation, "status.observedGeneration is no later than the spec"),
        (conditions.iter().any(|c| c.observed_generation > generation), "no condition is of a later spec"),
        (conditions.iter().any(|c| c.observed_generation.is_none()), "every condition says of which spec it is"),
        (ready.observed_generation != observed, "Ready is of the spec that was observed"),
        (kinds.len() != conditions.len(), "there is one condition a type"),
        (!conditions.iter().all(word), "a reason is one word"),
        (only_while_true.iter().any(|kind| find(kind).is_some_and(|c| c.status != "True")), "abnormal ones are True"),
        (find("Stalled").is_some() && ready.status != "False", "what is stalled is not ready"),
    ]
    .into_iter()
    .find_map(|(broken, rule)| broken.then_some(rule))
}

fn of_two(before: &[Condition], now: &[Condition]) -> Option<&'static str> {
    for (old, new) in now.iter().filter_map(|new| Some((before.iter().find(|old| old.type_ == new.type_)?, new))) {
        if old.status == new.status && old.last_transition_time != new.last_transition_time {
            return Some("lastTransitionTime stays while the status does");
        }
        if old.last_transition_time.0 > new.last_transition_time.0 {
            return Some("lastTransitionTime never goes back");
        }
    }
    None
}
