//! The built-in kinds the model serves from the start, with the few defaults and list types that change what a test sees.
//!
//! Gives registrations. The schemas are deliberately partial: a real server defaults far more fields.

use serde_json::{Value, json};

use super::kind::{ResourceKind, ScalePaths};

/// Every kind served without registration.
pub(super) fn kinds() -> Vec<ResourceKind> {
    let mut kinds = core();
    kinds.extend(workloads());
    kinds.extend(policies());
    kinds
}

fn core() -> Vec<ResourceKind> {
    vec![
        ResourceKind {
            status: true,
            schema: json!({"properties": {"spec": pod_spec()}}),
            ..ResourceKind::new("", "v1", "Pod", "pods")
        },
        ResourceKind {
            namespaced: false,
            status: true,
            generation: false,
            ..ResourceKind::new("", "v1", "Node", "nodes")
        },
        ResourceKind {
            namespaced: false,
            status: true,
            generation: false,
            ..ResourceKind::new("", "v1", "Namespace", "namespaces")
        },
        ResourceKind {
            status: true,
            generation: false,
            ..ResourceKind::new("", "v1", "ResourceQuota", "resourcequotas")
        },
        without_generation("", "v1", "Event", "events"),
        without_generation("", "v1", "Secret", "secrets"),
        without_generation("", "v1", "ConfigMap", "configmaps"),
        without_generation("events.k8s.io", "v1", "Event", "events"),
        ResourceKind {
            unconditional_update: false,
            ..without_generation("coordination.k8s.io", "v1", "Lease", "leases")
        },
        ResourceKind {
            namespaced: false,
            status: true,
            unconditional_update: false,
            ..ResourceKind::new("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions")
        },
    ]
}

fn workloads() -> Vec<ResourceKind> {
    let scaled = |group: &str, kind: &str, plural: &str| ResourceKind {
        status: true,
        scale: Some(ScalePaths {
            replicas: "/spec/replicas".to_owned(),
            status_replicas: "/status/replicas".to_owned(),
            selector: Some("/spec/selector".to_owned()),
        }),
        schema: json!({"properties": {
            "spec": {"properties": {
                "replicas": {"default": 1},
                "selector": {"x-kubernetes-map-type": "atomic"},
                "template": {"properties": {"spec": pod_spec()}},
            }},
            "status": conditions(),
        }}),
        ..ResourceKind::new(group, "v1", kind, plural)
    };
    vec![
        scaled("", "ReplicationController", "replicationcontrollers"),
        scaled("apps", "Deployment", "deployments"),
        scaled("apps", "ReplicaSet", "replicasets"),
        scaled("apps", "StatefulSet", "statefulsets"),
    ]
}

fn policies() -> Vec<ResourceKind> {
    vec![
        ResourceKind {
            status: true,
            // Observed on 1.36: an HPA carries no metadata.generation.
            generation: false,
            schema: json!({"properties": {
                "spec": {"properties": {"minReplicas": {"default": 1}}},
                "status": conditions(),
            }}),
            ..ResourceKind::new("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers")
        },
        ResourceKind {
            status: true,
            unconditional_update: false,
            schema: json!({"properties": {
                "spec": {"properties": {"selector": {"x-kubernetes-map-type": "atomic"}}},
                "status": conditions(),
            }}),
            ..ResourceKind::new("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets")
        },
    ]
}

fn without_generation(group: &str, version: &str, kind: &str, plural: &str) -> ResourceKind {
    ResourceKind { generation: false, ..ResourceKind::new(group, version, kind, plural) }
}

fn conditions() -> Value {
    json!({"properties": {"conditions": keyed(&["type"], &Value::Null)}})
}

fn pod_spec() -> Value {
    let container = json!({"properties": {
        "env": keyed(&["name"], &Value::Null),
        "volumeMounts": keyed(&["mountPath"], &Value::Null),
    }});
    json!({"properties": {
        "containers": keyed(&["name"], &container),
        "initContainers": keyed(&["name"], &container),
        "volumes": keyed(&["name"], &Value::Null),
    }})
}

fn keyed(keys: &[&str], items: &Value) -> Value {
    json!({
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": keys,
        "items": items,
    })
}
