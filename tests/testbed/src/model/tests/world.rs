//! The controllers of the model, and the access a test has past them.

use serde_json::{Value, json};

use super::setup::{autoscaler, config_map, deployment, server};
use crate::model::{ApiServer, ResourceKind};

fn number(api: &ApiServer, resource: &str, name: &str, pointer: &str) -> Option<i64> {
    api.get(resource, "default", name)?.pointer(pointer)?.as_i64()
}

#[test]
fn an_autoscaler_enforces_its_bounds() {
    let rows = [(1, 3, 9, 3), (5, 3, 9, 5), (12, 3, 9, 9), (0, 3, 9, 0)];
    for (before, min, max, after) in rows {
        let api = ApiServer::new();
        api.apply(deployment("web", before)).unwrap();
        api.apply(autoscaler("web", "web", min, max)).unwrap();
        api.hpa_step();
        let replicas = number(&api, "deployments.apps", "web", "/spec/replicas");
        assert_eq!(replicas, Some(after), "{before} within {min}..{max}");
        let revision = {
            api.hpa_step();
            api.revision()
        };
        api.hpa_step();
        assert_eq!(api.revision(), revision, "a step without change writes nothing");
    }
}

#[test]
fn workloads_follow_their_replicas_as_far_as_capacity_goes() {
    let api = ApiServer::new();
    api.apply(deployment("web", 5)).unwrap();
    api.workload_step(|_| 3);
    let status = |field: &str| number(&api, "deployments.apps", "web", &format!("/status/{field}"));
    assert_eq!(status("replicas"), Some(5));
    assert_eq!(status("readyReplicas"), Some(3));
    assert_eq!(status("unavailableReplicas"), Some(2));
    assert_eq!(status("observedGeneration"), Some(1));
    api.edit("user", "deployments.apps", "default", "web", |web| {
        web["spec"]["replicas"] = json!(2);
    })
    .unwrap();
    api.workload_step(|_| 3);
    assert_eq!(status("readyReplicas"), Some(2));
    assert_eq!(status("observedGeneration"), Some(2));
    let revision = api.revision();
    api.workload_step(|_| 3);
    assert_eq!(api.revision(), revision);
}

#[test]
fn history_changes_and_lists_are_open_to_a_test() {
    let api = server();
    api.edit("user", "configmaps", "default", "box", |map| map["data"]["n"] = json!("1")).unwrap();
    api.apply(config_map("bag", "7")).unwrap();
    let states = api.history("configmaps", "default", "box");
    let values: Vec<&Value> = states.iter().map(|map| &map["data"]["n"]).collect();
    assert_eq!(values, ["0", "1"]);
    assert_eq!(api.list("configmaps").len(), 2);
    let names: Vec<String> = api.changes().into_iter().map(|change| change.3).collect();
    assert_eq!(names, ["box", "box", "bag"]);
    api.delete("configmaps", "default", "bag").unwrap();
    assert!(api.get("configmaps", "default", "bag").is_none());
    assert!(api.requests().is_empty(), "none of this is a request");
}

#[test]
fn unregistered_kinds_are_refused_and_registered_ones_served() {
    let api = ApiServer::new();
    let gadget = json!({"apiVersion": "a.example/v1", "kind": "Gadget", "metadata": {"name": "g"}});
    assert_eq!(api.apply(gadget.clone()).unwrap_err().code, 404);
    api.register(ResourceKind { namespaced: false, ..ResourceKind::new("a.example", "v1", "Gadget", "gadgets") });
    api.apply(gadget).unwrap();
    assert!(api.get("gadgets.a.example", None, "g").is_some());
}

#[test]
fn a_definition_serves_its_kind_and_takes_its_objects_along() {
    let api = ApiServer::new();
    api.apply(json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "gadgets.a.example"},
        "spec": {
            "group": "a.example", "scope": "Namespaced", "names": {"kind": "Gadget", "plural": "gadgets"},
            "versions": [{"name": "v1", "served": true, "schema": {"openAPIV3Schema": {
                "properties": {"spec": {"properties": {"size": {"default": 3}}}},
            }}}],
        },
    }))
    .unwrap();
    let gadget = json!({
        "apiVersion": "a.example/v1", "kind": "Gadget", "metadata": {"name": "g"}, "spec": {},
    });
    api.apply(gadget).unwrap();
    assert_eq!(number(&api, "gadgets.a.example", "g", "/spec/size"), Some(3));
    api.delete("customresourcedefinitions.apiextensions.k8s.io", None, "gadgets.a.example").unwrap();
    assert!(api.list("gadgets.a.example").is_empty());
}
