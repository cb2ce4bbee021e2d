//! Discovery: which groups, versions and resources are served, in the unaggregated form kube's `discovery` asks for.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::kind::{Registry, ResourceKind};
use super::refusal::{self, Refusal};

const VERBS: [&str; 7] = ["create", "delete", "get", "list", "patch", "update", "watch"];

/// The document at a discovery path.
///
/// # Errors
/// 404 for a group or version nothing is registered in.
pub(super) fn document(segments: &[String], registry: &Registry) -> Result<Value, Refusal> {
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let found = match segments.as_slice() {
        ["version"] => Some(json!({
            "major": "1", "minor": "36", "gitVersion": "v1.36.3", "gitCommit": "", "gitTreeState": "clean",
            "buildDate": "", "goVersion": "", "compiler": "", "platform": "",
        })),
        ["api"] => Some(json!({
            "kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [],
        })),
        ["apis"] => {
            let all = groups(registry);
            let groups: Vec<Value> = all.iter().map(|(name, versions)| group(name, versions)).collect();
            Some(json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}))
        }
        ["apis", name] => groups(registry).get(*name).map(|versions| group(name, versions)),
        ["api", version] => resources(registry, "", version),
        ["apis", name, version] => resources(registry, name, version),
        _ => None,
    };
    found.ok_or_else(refusal::no_such_resource)
}

fn groups(registry: &Registry) -> BTreeMap<String, Vec<String>> {
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for kind in registry.iter().filter(|kind| !kind.group.is_empty()) {
        let versions = groups.entry(kind.group.clone()).or_default();
        if !versions.contains(&kind.version) {
            versions.push(kind.version.clone());
        }
    }
    groups
}

fn group(name: &str, versions: &[String]) -> Value {
    let versions: Vec<Value> = versions
        .iter()
        .map(|version| json!({"groupVersion": format!("{name}/{version}"), "version": version}))
        .collect();
    json!({
        "kind": "APIGroup", "apiVersion": "v1", "name": name,
        "preferredVersion": versions.first(), "versions": versions,
    })
}

fn resources(registry: &Registry, group: &str, version: &str) -> Option<Value> {
    let kinds: Vec<&ResourceKind> =
        registry.iter().filter(|kind| kind.group == group && kind.version == version).collect();
    let api_version = kinds.first()?.api_version();
    let mut resources = Vec::new();
    for kind in kinds {
        let entry = |name: &str, of: &str, verbs: &[&str]| {
            json!({
                "name": name, "singularName": "", "namespaced": kind.namespaced, "kind": of, "verbs": verbs,
            })
        };
        let plural = &kind.plural;
        resources.push(entry(plural, &kind.kind, &VERBS));
        let partly = ["get", "patch", "update"];
        if kind.status {
            resources.push(entry(&format!("{plural}/status"), &kind.kind, &partly));
        }
        if kind.scale.is_some() {
            let mut scale = entry(&format!("{plural}/scale"), "Scale", &partly);
            if let Some(fields) = scale.as_object_mut() {
                fields.insert("group".to_owned(), json!("autoscaling"));
                fields.insert("version".to_owned(), json!("v1"));
            }
            resources.push(scale);
        }
    }
    Some(json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api_version, "resources": resources,
    }))
}
