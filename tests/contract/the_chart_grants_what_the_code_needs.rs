//! The chart's roles are the sum of what the stages say they need: no right more, none less.

use std::collections::BTreeSet;

use anyhow::Result;
use serde_json::Value;

use crate::helm::{of_kind, rendered};

/// API group, resource and verb.
type Right = (String, String, String);
/// What a stage says it needs.
type Needed = &'static [(&'static str, &'static str, &'static [&'static str])];

/// In every namespace.
const EVERYWHERE: [Needed; 5] = [
    guarantor::sense::account::RBAC,
    guarantor::sense::headroom::QUOTA_RBAC,
    guarantor::sense::workload::RBAC,
    guarantor::act::RBAC,
    guarantor::record::writer::RBAC,
];
/// In the operator's own namespace.
const AT_HOME: [Needed; 2] = [guarantor::sense::store::RBAC, guarantor::runtime::leader::RBAC];

fn needed(tables: &[Needed]) -> BTreeSet<Right> {
    let rows = tables.iter().flat_map(|table| table.iter());
    rows.flat_map(|(group, resource, verbs)| {
        verbs.iter().map(|verb| ((*group).to_owned(), (*resource).to_owned(), (*verb).to_owned()))
    })
    .collect()
}

fn words<'a>(rule: &'a Value, field: &str) -> impl Iterator<Item = &'a str> {
    rule[field].as_array().into_iter().flatten().map(|word| word.as_str().unwrap())
}

fn granted(role: &Value) -> BTreeSet<Right> {
    let mut rights = BTreeSet::new();
    for rule in role["rules"].as_array().unwrap() {
        for group in words(rule, "apiGroups") {
            for resource in words(rule, "resources") {
                for verb in words(rule, "verbs") {
                    assert!(![group, resource, verb].contains(&"*"), "a wildcard in {rule}");
                    let new = rights.insert((group.to_owned(), resource.to_owned(), verb.to_owned()));
                    assert!(new, "{verb} {resource} is granted twice: the roles are to be read in one go");
                }
            }
        }
    }
    rights
}

fn assert_same(role: &str, granted: &BTreeSet<Right>, needed: &BTreeSet<Right>) {
    let (idle, missing): (Vec<_>, Vec<_>) =
        (granted.difference(needed).collect(), needed.difference(granted).collect());
    assert!(
        idle.is_empty() && missing.is_empty(),
        "{role} grants what no stage needs: {idle:?}; it lacks what a stage needs: {missing:?}"
    );
}

#[tokio::test]
async fn the_chart_grants_what_the_code_needs() -> Result<()> {
    let objects = rendered(&["--set", "metricsSources.secretNames={metrics-token}"]).await?;
    let (cluster_role, role) = (of_kind(&objects, "ClusterRole").unwrap(), of_kind(&objects, "Role").unwrap());
    assert_same("the ClusterRole", &granted(cluster_role), &needed(&EVERYWHERE));
    assert_same("the Role", &granted(role), &needed(&AT_HOME));
    let secrets = role["rules"].as_array().unwrap().iter().find(|rule| words(rule, "resources").eq(["secrets"]));
    assert_eq!(secrets.unwrap()["resourceNames"], serde_json::json!(["metrics-token"]), "only the Secrets named");
    Ok(())
}

#[tokio::test]
async fn revisions_can_be_read_only_where_they_may_be_undone() -> Result<()> {
    let objects = rendered(&["--set", "rbac.rollback=true"]).await?;
    let everything: Vec<Needed> = EVERYWHERE.into_iter().chain([guarantor::sense::workload::ROLLBACK_RBAC]).collect();
    assert_same("the ClusterRole", &granted(of_kind(&objects, "ClusterRole").unwrap()), &needed(&everything));
    Ok(())
}

#[tokio::test]
async fn pods_can_be_evicted_only_where_they_may_be_moved_and_deleted_nowhere() -> Result<()> {
    let objects = rendered(&["--set", "rbac.reschedule=true"]).await?;
    let everything: Vec<Needed> = EVERYWHERE.into_iter().chain([guarantor::act::RESCHEDULE_RBAC]).collect();
    let rights = granted(of_kind(&objects, "ClusterRole").unwrap());
    assert_same("the ClusterRole", &rights, &needed(&everything));
    let pods = |right: &&Right| right.1.starts_with("pods") && right.2 != "list";
    let asked: Vec<&Right> = rights.iter().filter(pods).collect();
    assert_eq!(asked, [&(String::new(), "pods/eviction".to_owned(), "create".to_owned())]);
    Ok(())
}

#[tokio::test]
async fn what_is_left_for_replicas_can_be_read_only_where_that_was_granted() -> Result<()> {
    use guarantor::sense::headroom::{NODE_RBAC, QUOTA_RBAC};
    let without: Vec<Needed> = EVERYWHERE.into_iter().filter(|table| *table != QUOTA_RBAC).collect();
    for (values, tables) in [
        ("rbac.feasibility.quotas=false", vec![]),
        ("rbac.feasibility.quotas=false,rbac.feasibility.nodes=true", vec![NODE_RBAC]),
        ("rbac.feasibility.nodes=true", vec![QUOTA_RBAC, NODE_RBAC]),
    ] {
        let objects = rendered(&["--set", values]).await?;
        let everything: Vec<Needed> = without.iter().copied().chain(tables).collect();
        let rights = granted(of_kind(&objects, "ClusterRole").unwrap());
        assert_same("the ClusterRole", &rights, &needed(&everything));
    }
    Ok(())
}

#[tokio::test]
async fn nodes_can_be_listed_and_written_only_where_one_may_be_avoided() -> Result<()> {
    let objects = rendered(&["--set", "rbac.avoidNode=true"]).await?;
    let tables = [guarantor::sense::workload::AVOID_NODE_RBAC, guarantor::act::AVOID_NODE_RBAC];
    let everything: Vec<Needed> = EVERYWHERE.into_iter().chain(tables).collect();
    let rights = granted(of_kind(&objects, "ClusterRole").unwrap());
    assert_same("the ClusterRole", &rights, &needed(&everything));
    let nodes: Vec<&str> =
        rights.iter().filter(|right| right.1.starts_with("nodes")).map(|right| right.2.as_str()).collect();
    assert_eq!(nodes, ["get", "list", "patch"]);
    Ok(())
}

#[tokio::test]
async fn config_maps_can_be_patched_only_where_load_may_be_shed() -> Result<()> {
    let objects = rendered(&["--set", "rbac.shed=true"]).await?;
    let more = [guarantor::sense::workload::SHED_RBAC, guarantor::act::SHED_RBAC];
    let everything: Vec<Needed> = EVERYWHERE.into_iter().chain(more).collect();
    assert_same("the ClusterRole", &granted(of_kind(&objects, "ClusterRole").unwrap()), &needed(&everything));
    let objects = rendered(&[]).await?;
    let rights = granted(of_kind(&objects, "ClusterRole").unwrap());
    assert!(rights.iter().all(|(_, resource, _)| resource != "configmaps"), "{rights:?}");
    Ok(())
}

#[tokio::test]
async fn pods_can_be_resized_only_where_that_may_be_done() -> Result<()> {
    let objects = rendered(&["--set", "rbac.resize=true"]).await?;
    let everything: Vec<Needed> = EVERYWHERE.into_iter().chain([guarantor::act::RESIZE_RBAC]).collect();
    let rights = granted(of_kind(&objects, "ClusterRole").unwrap());
    assert_same("the ClusterRole", &rights, &needed(&everything));
    let pods = |right: &&Right| right.1.starts_with("pods") && right.2 != "list";
    let asked: Vec<&Right> = rights.iter().filter(pods).collect();
    assert_eq!(asked, [&(String::new(), "pods/resize".to_owned(), "patch".to_owned())]);
    Ok(())
}

#[tokio::test]
async fn no_secret_can_be_read_unless_one_is_named() -> Result<()> {
    let objects = rendered(&[]).await?;
    let rights: BTreeSet<Right> =
        ["ClusterRole", "Role"].into_iter().flat_map(|kind| granted(of_kind(&objects, kind).unwrap())).collect();
    assert!(rights.iter().all(|(_, resource, _)| resource != "secrets"), "{rights:?}");
    Ok(())
}

#[tokio::test]
async fn another_kind_of_workload_gets_the_rights_of_a_deployment() -> Result<()> {
    let objects =
        rendered(&["--set", "rbac.workloads[0].group=argoproj.io,rbac.workloads[0].resource=rollouts"]).await?;
    let rights = granted(of_kind(&objects, "ClusterRole").unwrap());
    let of = |group: &str, resource: &str| -> BTreeSet<String> {
        let prefix = format!("{resource}/");
        let own = |(g, r, _): &&Right| g == group && (r == resource || r.starts_with(&prefix));
        rights.iter().filter(own).map(|(_, r, verb)| format!("{verb} {}", r.replace(resource, "it"))).collect()
    };
    assert_eq!(of("argoproj.io", "rollouts"), of("apps", "deployments"));
    assert!(!of("apps", "deployments").is_empty());
    Ok(())
}
