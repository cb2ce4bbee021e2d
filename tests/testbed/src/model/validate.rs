//! The few validations whose answers operators meet and react to.
//!
//! Takes a whole object, gives 422 with the cause a real server names. A kind without rules here is accepted as it is.

use std::collections::BTreeSet;

use serde_json::Value;

use super::kind::ResourceKind;
use super::object;
use super::refusal::{self, Refusal};

/// Longest note of an event, in bytes (not characters).
const EVENT_NOTE_BYTES: usize = 1024;
/// Longest reason of an event, in bytes.
const EVENT_REASON_BYTES: usize = 128;

/// Checks an object as it would be stored.
pub(super) fn object(kind: &ResourceKind, name: &str, object: &Value) -> Result<(), Refusal> {
    let found = match kind.resource().as_str() {
        "horizontalpodautoscalers.autoscaling" => autoscaler(object),
        "nodes" => taints(object),
        "events.events.k8s.io" => event(object),
        _ => None,
    };
    let replicas = kind.scale.as_ref().and_then(|scale| {
        let path = scale.replicas.as_str();
        let count = object::number(object, path).filter(|count| *count < 0)?;
        let problem = format!("Invalid value: {count}: must be greater than or equal to 0");
        Some((path.trim_start_matches('/').replace('/', "."), "FieldValueInvalid", problem))
    });
    match found.or(replicas) {
        Some((field, reason, problem)) => Err(refusal::invalid(kind, name, &field, reason, &problem)),
        None => Ok(()),
    }
}

/// Checks what only a comparison with the object before can tell.
pub(super) fn update(kind: &ResourceKind, name: &str, live: &Value, next: &Value) -> Result<(), Refusal> {
    let finalizers = |object: &Value| -> BTreeSet<String> {
        let list = object.pointer("/metadata/finalizers").and_then(Value::as_array);
        let names = list.into_iter().flatten().filter_map(Value::as_str);
        names.map(str::to_owned).collect()
    };
    let deleting = !object::text(live, "/metadata/deletionTimestamp").is_empty();
    if deleting && !finalizers(next).is_subset(&finalizers(live)) {
        let problem = "Forbidden: no new finalizers can be added if the object is being deleted";
        return Err(refusal::invalid(kind, name, "metadata.finalizers", "FieldValueForbidden", problem));
    }
    Ok(())
}

type Problem = (String, &'static str, String);

fn invalid(field: &str, problem: String) -> Problem {
    (field.to_owned(), "FieldValueInvalid", problem)
}

fn autoscaler(object: &Value) -> Option<Problem> {
    let max = object::number(object, "/spec/maxReplicas").unwrap_or_default();
    let min = object::number(object, "/spec/minReplicas").unwrap_or(1);
    if max < 1 {
        let problem = format!("Invalid value: {max}: must be greater than 0");
        return Some(invalid("spec.maxReplicas", problem));
    }
    if min < 1 {
        let problem = format!("Invalid value: {min}: must be greater than or equal to 1");
        return Some(invalid("spec.minReplicas", problem));
    }
    if min > max {
        let problem = format!("Invalid value: {max}: must be greater than or equal to `minReplicas`");
        return Some(invalid("spec.maxReplicas", problem));
    }
    None
}

fn taints(object: &Value) -> Option<Problem> {
    let taints = object.pointer("/spec/taints").and_then(Value::as_array);
    let mut seen = BTreeSet::new();
    for (index, taint) in taints.into_iter().flatten().enumerate() {
        let identity = (object::text(taint, "/key"), object::text(taint, "/effect"));
        if !seen.insert(identity) {
            let problem = format!("Duplicate value: {taint}");
            return Some((format!("metadata.taints[{index}]"), "FieldValueDuplicate", problem));
        }
    }
    None
}

fn event(object: &Value) -> Option<Problem> {
    let limits = [("note", EVENT_NOTE_BYTES), ("reason", EVENT_REASON_BYTES)];
    let (field, limit) =
        limits.into_iter().find(|(field, limit)| object::text(object, &format!("/{field}")).len() > *limit)?;
    let problem = format!("Invalid value: \"\": can have at most {limit} bytes");
    Some(invalid(field, problem))
}
