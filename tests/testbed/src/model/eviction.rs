//! The `Eviction` subresource of a pod: `PodDisruptionBudget`s first, preconditions after, as a real server does it.
//!
//! Takes a POST; gives a success or the refusal. The budgets are as their controller left them, see `disruption`: until its
//! next step, each eviction charges the status itself. The pod is gone at once, as there is no kubelet.

use serde_json::{Value, json};

use super::dispatch::Reply;
use super::incoming::Incoming;
use super::object;
use super::ownership::{Operation, Writer};
use super::refusal::{self, Refusal};
use super::remove;
use super::route::Target;
use super::server;
use super::state::State;
use super::store::Key;
use super::write::{Part, Write};

/// Whose status the budgets' is.
const API_SERVER: &str = "kube-apiserver";
/// What an `Eviction` has; another field is dropped, or refused under strict validation.
const FIELDS: [&str; 4] = ["apiVersion", "kind", "metadata", "deleteOptions"];

/// Evicts a pod.
///
/// # Errors
/// 404; 429 or 500 for what budgets say; 409 for a precondition, after a budget was charged.
pub(super) fn evict(state: &mut State, target: &Target, incoming: &Incoming) -> Result<Reply, Refusal> {
    let (key, kind) = (target.key()?, target.kind.as_ref());
    let body = incoming.object()?;
    let unknown =
        body.as_object().into_iter().flatten().map(|(name, _)| name).find(|name| !FIELDS.contains(&name.as_str()));
    if let (Some(name), "Strict") = (unknown, incoming.parameter("fieldValidation")) {
        return Err(refusal::bad_request(&format!("strict decoding error: unknown field \"{name}\"")));
    }
    let Some(pod) = state.store.get(&key) else { return Err(refusal::not_found(kind, &key.name)) };
    if !is_unprotected(&pod) {
        charge(state, &key, &pod, incoming.is_dry_run())?;
    }
    let write = Write {
        kind,
        key,
        writer: Writer {
            manager: incoming.manager(),
            operation: Operation::Update,
            api_version: kind.api_version(),
            subresource: String::new(),
        },
        part: Part::Main,
        dry_run: incoming.is_dry_run(),
    };
    let options = body.get("deleteOptions").cloned().unwrap_or_default();
    remove::remove(&write, &mut state.store, &options)?;
    Ok(Reply::Document(201, json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"})))
}

/// No budget is asked for a pod that serves nobody, or is on its way out.
fn is_unprotected(pod: &Value) -> bool {
    let phase = object::text(pod, "/status/phase");
    matches!(phase, "Pending" | "Succeeded" | "Failed") || !object::text(pod, "/metadata/deletionTimestamp").is_empty()
}

fn charge(state: &mut State, pod_key: &Key, pod: &Value, dry_run: bool) -> Result<(), Refusal> {
    let budgets = super::disruption::budgets_of(state, pod_key, pod);
    let (key, budget) = match budgets.as_slice() {
        [] => return Ok(()),
        [one] => one,
        _ => return Err(refusal::several_budgets()),
    };
    let number = |field: &str| object::number(budget, &format!("/status/{field}")).unwrap_or(0);
    let (healthy, desired, allowed) =
        (number("currentHealthy"), number("desiredHealthy"), number("disruptionsAllowed"));
    let always = object::text(budget, "/spec/unhealthyPodEvictionPolicy") == "AlwaysAllow";
    if !super::disruption::is_ready(pod) && (always || healthy >= desired && desired > 0) {
        return Ok(());
    }
    if allowed <= 0 {
        return Err(refusal::disruption_budget(&key.name, desired, healthy));
    }
    if !dry_run {
        let now = state.store.now();
        server::edit(state, API_SERVER, key, |budget| {
            object::set(budget, "/status/disruptionsAllowed", json!(allowed - 1));
            object::set(budget, &format!("/status/disruptedPods/{}", pod_key.name), json!(now));
        })?;
    }
    Ok(())
}
