//! The intent is written before the act: whoever finds the status after a crash finds in it what may have been done.

use std::collections::BTreeMap;

use guarantor_testbed::model::Recorded;
use serde_json::Value;

use crate::stage::{AGREEMENTS, AUTOSCALERS, CONFIG_MAPS, DEPLOYMENTS, NAMESPACE, Stage};

/// What verbs write to.
const TARGETS: [&str; 5] = [AUTOSCALERS, DEPLOYMENTS, CONFIG_MAPS, "nodes", "pods"];

/// The first act of the operator that no status had announced, in words.
pub fn act_without_intent(stage: &Stage) -> Option<String> {
    let requests = stage.api.requests();
    let mut announced: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for request in &requests {
        if !request.committed || request.dry_run || !request.client.starts_with("operator") {
            continue;
        }
        if request.resource == AGREEMENTS && request.subresource == "status" {
            announced.insert(request.name.as_deref().unwrap_or_default(), intended(request));
        } else if TARGETS.contains(&request.resource.as_str()) && !gives_up_ownership(request) {
            let target = request.name.as_deref().unwrap_or_default();
            let told = announced.values().any(|targets| targets.contains(&target));
            if !told && !gives_back_at_the_end(stage, request) {
                return Some(format!(
                    "{} {} {target} {} was written, and no status told of it before",
                    request.verb, request.resource, request.subresource
                ));
            }
        }
    }
    None
}

/// The targets of what a status intends, or may have done.
fn intended(request: &Recorded) -> Vec<&str> {
    let operations = request.body.iter().filter_map(Value::as_array).flatten();
    let statuses = operations.filter(|operation| operation["path"] == "/status");
    let actions = statuses.filter_map(|operation| operation["value"]["actions"].as_array());
    let open = |action: &&Value| matches!(action["phase"].as_str(), Some("Intended" | "Unknown"));
    actions.flatten().filter(open).filter_map(|action| action["target"]["name"].as_str()).collect()
}

/// Takes out an entry of ours in managedFields, and nothing else.
fn gives_up_ownership(request: &Recorded) -> bool {
    let operations = request.body.as_ref().and_then(Value::as_array);
    let path = |operation: &Value| operation["path"].as_str().unwrap_or_default().to_owned();
    operations.is_some_and(|operations| {
        operations.iter().all(|o| o["op"] == "test" || path(o).starts_with("/metadata/managedFields"))
    })
}

/// An agreement that goes gives back what it holds, and intends nothing any more.
fn gives_back_at_the_end(stage: &Stage, act: &Recorded) -> bool {
    let gone = |name: &str| {
        stage.api.get(AGREEMENTS, NAMESPACE, name).is_none_or(|found| !found["metadata"]["deletionTimestamp"].is_null())
    };
    let all = stage.api.requests();
    let told = all.iter().filter(|request| request.resource == AGREEMENTS && request.subresource == "status");
    let takes_away = act.body.as_ref().is_some_and(|body| {
        let operations = body.as_array().map(Vec::as_slice).unwrap_or_default();
        operations.iter().any(|operation| operation["op"] == "remove") || body.to_string().contains(":null")
    });
    takes_away && told.filter_map(|request| request.name.as_deref()).any(gone)
}
