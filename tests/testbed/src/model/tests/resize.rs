//! Resizes of pods: what is written, and what is refused.

use k8s_openapi::api::core::v1::Pod;
use kube::api::{Patch, PatchParams};
use kube::core::Status;
use kube::{Api, Client};
use serde_json::{Value, json};

use crate::model::ApiServer;

fn server(resources: &Value) -> ApiServer {
    let api = ApiServer::new();
    api.apply(json!({
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": "node"}, "status": {"allocatable": {"cpu": "2"}},
    }))
    .unwrap();
    api.apply(json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"},
        "spec": {"nodeName": "node", "containers": [{"name": "web", "image": "one", "resources": resources}]},
    }))
    .unwrap();
    api
}

fn burstable() -> Value {
    json!({"limits": {"cpu": "500m"}, "requests": {"cpu": "250m"}})
}

async fn resize(client: &Client, patch: &Value) -> Result<Pod, Box<Status>> {
    let pods: Api<Pod> = Api::default_namespaced(client.clone());
    match pods.patch_subresource("resize", "web", &PatchParams::apply("tester"), &Patch::Merge(patch)).await {
        Ok(pod) => Ok(pod),
        Err(kube::Error::Api(status)) => Err(status),
        Err(other) => panic!("{other}"),
    }
}

fn web(resources: &Value) -> Value {
    json!({"spec": {"containers": [{"name": "web", "image": "two", "resources": resources}]}})
}

#[tokio::test]
async fn resources_are_written_and_nothing_else() {
    let api = server(&burstable());
    let pod =
        resize(&api.client(), &web(&json!({"limits": {"cpu": "750m"}, "requests": {"cpu": "250m"}}))).await.unwrap();
    let pod = serde_json::to_value(pod).unwrap();
    assert_eq!(pod["spec"]["containers"][0]["resources"]["limits"]["cpu"], "750m");
    assert_eq!(pod["spec"]["containers"][0]["image"], "one", "dropped without a word");
    let entries = pod["metadata"]["managedFields"].as_array().unwrap();
    let ours = entries.iter().find(|entry| entry["manager"] == "tester").unwrap();
    assert_eq!(ours["subresource"], "resize");
    let owned = ours.pointer("/fieldsV1/f:spec/f:containers/k:{\"name\":\"web\"}/f:resources/f:limits/f:cpu");
    assert!(owned.is_some(), "{ours}");
}

#[tokio::test]
async fn what_a_real_server_refuses_is_refused() {
    let api = server(&burstable());
    let uid = api.get("pods", "default", "web").unwrap()["metadata"]["uid"].clone();
    let of = |limit: &str, request: &str| web(&json!({"limits": {"cpu": limit}, "requests": {"cpu": request}}));
    let mut stale = of("750m", "250m");
    stale["metadata"] = json!({"resourceVersion": "1", "uid": uid});
    let mut other = of("750m", "250m");
    other["metadata"] = json!({"uid": "another"});
    let unknown = json!({"spec": {"containers": [{"name": "proxy", "resources": {}}]}});
    for (patch, code, words) in [
        (stale, 409, "modified"),
        (other, 422, "immutable"),
        (of("200m", "250m"), 422, "less than or equal to cpu limit"),
        (web(&json!({"requests": {"cpu": "250m"}})), 422, "cannot be removed"),
        (unknown, 422, "added, removed or renamed"),
        (of("3", "2500m"), 403, "didn't have enough allocatable"),
    ] {
        let refused = resize(&api.client(), &patch).await.unwrap_err();
        assert_eq!(refused.code, code, "{patch}: {}", refused.message);
        assert!(refused.message.contains(words), "{}", refused.message);
    }
    let whole = json!({"cpu": "1", "memory": "1Gi"});
    let api = server(&json!({"limits": whole, "requests": whole}));
    let more = json!({"limits": {"cpu": "2", "memory": "1Gi"}, "requests": whole});
    let refused = resize(&api.client(), &web(&more)).await.unwrap_err();
    assert!(refused.message.contains("QOS Class may not change"), "{}", refused.message);
}
