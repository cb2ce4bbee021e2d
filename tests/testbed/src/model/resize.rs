//! The `resize` subresource of a pod: the resources of its containers, and nothing else, as a real server does it.
//!
//! Takes a JSON or merge patch; gives the pod or the refusal. What a patch changes beside resources is dropped without a
//! word. Whether a node gives what was asked for is for its kubelet to say, and there is none.

use std::collections::BTreeMap;

use serde_json::Value;

use super::dispatch::Reply;
use super::incoming::Incoming;
use super::kind::ResourceKind;
use super::object;
use super::ownership::{Operation, Writer};
use super::patch::{self, PatchType};
use super::read;
use super::refusal::{self, Refusal};
use super::route::Target;
use super::state::State;
use super::store::Key;
use super::write::{Part, Write};

/// Resizes a pod.
///
/// # Errors
/// 404; 409 for a stale resourceVersion; 422 for another uid, an unknown container, a limit that is taken away or below
/// the request, and another class of service; 403 for more than the node gives to all pods together.
pub(super) fn patch(
    state: &mut State,
    target: &Target,
    incoming: &Incoming,
    how: PatchType,
    body: &Value,
) -> Result<Reply, Refusal> {
    let (key, kind) = (target.key()?, target.kind.as_ref());
    let Some(live) = state.store.get(&key) else { return Err(refusal::not_found(kind, &key.name)) };
    let patched = match how {
        PatchType::Json => patch::patched(&live, body)?,
        PatchType::Merge => patch::merged(&live, body),
        PatchType::Apply => return Err(refusal::not_modelled("server-side apply of subresource resize")),
    };
    let mut next = live.as_ref().clone();
    for path in ["/metadata/resourceVersion", "/metadata/uid"] {
        object::carry(&patched, &mut next, path);
    }
    for wanted in containers(&patched) {
        let name = object::text(wanted, "/name");
        let found = next.pointer_mut("/spec/containers").and_then(Value::as_array_mut);
        let found = found.and_then(|all| all.iter_mut().find(|one| object::text(one, "/name") == name));
        match found {
            Some(container) => object::carry(wanted, container, "/resources"),
            None => return Err(invalid(kind, &key, "containers may not be added, removed or renamed on resize")),
        }
    }
    check(state, kind, &key, &live, &next)?;
    let write = Write {
        kind,
        key,
        writer: Writer {
            manager: incoming.manager(),
            operation: Operation::Update,
            api_version: kind.api_version(),
            subresource: target.subresource.clone(),
        },
        part: Part::Main,
        dry_run: incoming.is_dry_run(),
    };
    let stored = write.update(&mut state.store, &live, next, None)?;
    Ok(Reply::Document(200, read::present(kind, &stored, incoming)))
}

fn check(state: &State, kind: &ResourceKind, key: &Key, live: &Value, next: &Value) -> Result<(), Refusal> {
    for (before, after) in containers(live).zip(containers(next)) {
        let (limit, request) = (cpu(after, "limits"), cpu(after, "requests"));
        if cpu(before, "limits").is_some() && limit.is_none() {
            return Err(invalid(kind, key, "resource limits cannot be removed"));
        }
        if limit.zip(request).is_some_and(|(limit, request)| request > limit) {
            return Err(invalid(kind, key, "must be less than or equal to cpu limit"));
        }
    }
    if quality(live) != quality(next) {
        return Err(invalid(kind, key, "Pod QOS Class may not change as a result of resizing"));
    }
    let nodes =
        Key { resource: "nodes".to_owned(), namespace: None, name: object::text(live, "/spec/nodeName").to_owned() };
    let node = state.store.get(&nodes);
    let gives = node.as_ref().and_then(|node| millicores(node.pointer("/status/allocatable/cpu")?));
    let asks: i64 = containers(next).filter_map(|one| cpu(one, "requests")).sum();
    match gives.filter(|gives| asks > *gives) {
        Some(gives) => Err(refusal::forbidden(
            kind,
            &key.name,
            &format!("node didn't have enough allocatable resources: cpu, requested: {asks}, allocatable: {gives}"),
        )),
        None => Ok(()),
    }
}

fn invalid(kind: &ResourceKind, key: &Key, problem: &str) -> Refusal {
    refusal::invalid(kind, &key.name, "spec.containers", "FieldValueForbidden", &format!("Forbidden: {problem}"))
}

fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    pod.pointer("/spec/containers").and_then(Value::as_array).into_iter().flatten()
}

fn cpu(container: &Value, of: &str) -> Option<i64> {
    millicores(container.pointer(&format!("/resources/{of}/cpu"))?)
}

/// Whole cores and thousandths, which is all that tests write.
fn millicores(quantity: &Value) -> Option<i64> {
    let text = quantity.as_str()?;
    match text.strip_suffix('m') {
        Some(thousandths) => thousandths.parse().ok(),
        None => text.parse::<i64>().ok().map(|cores| cores * 1000),
    }
}

/// The class of service, by the requests and limits of all containers.
fn quality(pod: &Value) -> &'static str {
    let resources = |of: &str| -> Vec<BTreeMap<String, Value>> {
        let read =
            |one: &Value| serde_json::from_value(one.pointer(&format!("/resources/{of}")).cloned().unwrap_or_default());
        containers(pod).map(|one| read(one).unwrap_or_default()).collect()
    };
    let (limits, requests) = (resources("limits"), resources("requests"));
    let whole = |one: &BTreeMap<String, Value>| one.contains_key("cpu") && one.contains_key("memory");
    if limits == requests && limits.iter().all(whole) {
        "Guaranteed"
    } else if limits.iter().chain(&requests).all(BTreeMap::is_empty) {
        "BestEffort"
    } else {
        "Burstable"
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_class_of_service_goes_by_requests_and_limits() {
        let pod = |resources: Value| json!({"spec": {"containers": [{"name": "web", "resources": resources}]}});
        let both = json!({"cpu": "1", "memory": "1Gi"});
        assert_eq!(quality(&pod(json!({"limits": both, "requests": both}))), "Guaranteed");
        assert_eq!(quality(&pod(json!({"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}))), "Burstable");
        assert_eq!(quality(&pod(json!({}))), "BestEffort");
    }
}
