//! Evictions against budgets, preconditions and misspelt fields.

use k8s_openapi::api::core::v1::Pod;
use kube::api::PostParams;
use kube::core::{Request, Status};
use kube::{Api, Client};
use serde_json::{Value, json};

use crate::model::ApiServer;

fn pod(name: &str, ready: bool) -> Value {
    let ready = if ready { "True" } else { "False" };
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": "web"}},
        "spec": {"containers": [{"name": "web"}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]},
    })
}

fn budget(name: &str, spec: &Value) -> Value {
    let mut budget = json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": {"app": "web"}}},
    });
    for (field, value) in spec.as_object().unwrap() {
        budget["spec"][field] = value.clone();
    }
    budget
}

fn server(pods: usize, spec: &Value) -> ApiServer {
    let api = ApiServer::new();
    for index in 0..pods {
        api.apply(pod(&format!("web-{index}"), true)).unwrap();
    }
    api.apply(budget("web", spec)).unwrap();
    api.disruption_step();
    api
}

async fn evict(client: &Client, name: &str, dry_run: bool, body: &Value) -> Result<(), Box<Status>> {
    let pods: Api<Pod> = Api::default_namespaced(client.clone());
    let params = PostParams { dry_run, field_manager: None };
    let body = serde_json::to_vec(body).unwrap();
    let mut request = Request::new(pods.resource_url()).create_subresource("eviction", name, &params, body).unwrap();
    let uri = request.uri().to_string();
    let separator = if uri.contains('?') { "&" } else { "?" };
    *request.uri_mut() = format!("{uri}{separator}fieldValidation=Strict").replace("?&", "?").parse().unwrap();
    match client.request_text(request).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) => Err(status),
        Err(other) => panic!("{other}"),
    }
}

fn by_uid(uid: &str) -> Value {
    json!({"deleteOptions": {"preconditions": {"uid": uid}}})
}

fn allowed(api: &ApiServer) -> i64 {
    api.get("poddisruptionbudgets.policy", "default", "web").unwrap()["status"]["disruptionsAllowed"].as_i64().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_budget_lets_so_many_go_and_no_more() {
    for (spec, before) in [
        (json!({"minAvailable": 2}), 1),
        (json!({"minAvailable": 3}), 0),
        (json!({"maxUnavailable": 1}), 1),
        (json!({"maxUnavailable": "34%"}), 2),
        (json!({"minAvailable": "100%"}), 0),
    ] {
        let api = server(3, &spec);
        assert_eq!(allowed(&api), before, "{spec}");
        let client = api.client();
        for index in 0..before {
            evict(&client, &format!("web-{index}"), true, &json!({})).await.unwrap();
            evict(&client, &format!("web-{index}"), false, &json!({})).await.unwrap();
            assert!(api.get("pods", "default", &format!("web-{index}")).is_none());
            assert_eq!(allowed(&api), before - 1 - index, "{spec}: charged at once, and not by a dry run");
        }
        let refused = evict(&client, "web-2", false, &json!({})).await.unwrap_err();
        let details = refused.details.as_ref().unwrap();
        assert_eq!((refused.code, details.causes[0].reason.as_str()), (429, "DisruptionBudget"), "{spec}");
        assert_eq!(details.retry_after_seconds, 0);
        assert!(api.get("pods", "default", "web-2").is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn a_budget_is_charged_before_the_precondition_is_asked() {
    let api = server(3, &json!({"minAvailable": 2}));
    let client = api.client();
    let refused = evict(&client, "web-0", true, &by_uid("another")).await.unwrap_err();
    assert_eq!((refused.code, allowed(&api)), (409, 1), "a dry run charges nothing");
    let refused = evict(&client, "web-0", false, &by_uid("another")).await.unwrap_err();
    assert_eq!((refused.code, allowed(&api)), (409, 0));
    api.disruption_step();
    assert_eq!(allowed(&api), 0, "it is waited for");
    tokio::time::advance(std::time::Duration::from_secs(120)).await;
    api.disruption_step();
    assert_eq!(allowed(&api), 1);
    let uid = api.get("pods", "default", "web-0").unwrap()["metadata"]["uid"].as_str().unwrap().to_owned();
    evict(&client, "web-0", false, &by_uid(&uid)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_misspelt_or_gone_or_under_two_budgets_is_refused() {
    let api = server(2, &json!({"minAvailable": 0}));
    let client = api.client();
    let misspelt = json!({"delete_options": {"preconditions": {"uid": "another"}}});
    assert_eq!(evict(&client, "web-0", true, &misspelt).await.unwrap_err().code, 400);
    assert_eq!(evict(&client, "gone", true, &json!({})).await.unwrap_err().code, 404);
    api.apply(budget("second", &json!({"minAvailable": 0}))).unwrap();
    let refused = evict(&client, "web-0", true, &json!({})).await.unwrap_err();
    assert_eq!(refused.code, 500);
    assert!(refused.message.contains("more than one PodDisruptionBudget"), "{}", refused.message);
}

#[tokio::test(start_paused = true)]
async fn an_unready_pod_goes_where_the_others_suffice() {
    for (policy, ready, code) in [("IfHealthyBudget", 2, 201), ("IfHealthyBudget", 1, 429), ("AlwaysAllow", 1, 201)] {
        let api = server(ready, &json!({"minAvailable": 2, "unhealthyPodEvictionPolicy": policy}));
        api.apply(pod("sick", false)).unwrap();
        api.disruption_step();
        let answer = evict(&api.client(), "sick", true, &json!({})).await;
        assert_eq!(answer.err().map_or(201, |status| status.code), code, "{policy} {ready}");
    }
}
