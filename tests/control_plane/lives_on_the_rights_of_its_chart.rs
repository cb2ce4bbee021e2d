//! Through a restart, a settlement, a raise and a restoration the operator asks for nothing its role does not grant, and for
//! nearly all that it does.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use guarantor::api::agreement_status::AgreementStatus;
use guarantor::api::enforcement_status::{ActionPhase, Verb};
use guarantor_testbed::manifest::{Agreement, rolling};
use guarantor_testbed::plant::load::Load;
use guarantor_testbed::{AuditEvent, Operator};
use serde_json::Value;

use crate::stage::{SYSTEM, Stage, TIMEOUT, latency_agreement};

const NAMESPACE: &str = "lives-on-rights";

/// Rights this story has no use for: other ways to hold a floor, the pods to move and to resize, the nodes to avoid, the switches to
/// turn, the revisions to go back to, exclusions and claims, and what earlier statements granted, which have stories of their own,
/// and the count of an Event that happens again.
const OTHER_STORIES: [&str; 18] = [
    " configmaps get",
    " configmaps patch",
    " nodes patch",
    " pods/eviction create",
    " pods/resize patch",
    "guarantor.dev servicelevelexclusions/status patch",
    "guarantor.dev servicelevelclaims/status patch",
    "guarantor.dev servicelevelstatements list",
    "events.k8s.io events patch",
    "apps replicasets list",
    "apps statefulsets get",
    "apps statefulsets patch",
    "apps statefulsets/scale get",
    "apps statefulsets/scale patch",
    "autoscaling horizontalpodautoscalers get",
    "autoscaling horizontalpodautoscalers patch",
    "keda.sh scaledobjects get",
    "keda.sh scaledobjects patch",
];

/// What the operator of this test asked of the API server. Other operators come under the same account.
fn asked(events: &[AuditEvent]) -> Vec<&AuditEvent> {
    let account = format!("system:serviceaccount:{SYSTEM}:guarantor");
    let ours = |event: &&AuditEvent| {
        let at_home = event.namespace == SYSTEM && event.name.ends_with(NAMESPACE);
        event.user == account && (event.namespace == NAMESPACE || event.namespace.is_empty() || at_home)
    };
    events.iter().filter(ours).filter(|event| !event.resource.is_empty()).collect()
}

fn right(event: &AuditEvent) -> String {
    let slash = if event.subresource.is_empty() { "" } else { "/" };
    format!("{} {}{slash}{} {}", event.group, event.resource, event.subresource, event.verb)
}

fn rights(role: &Value) -> Option<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for rule in role["rules"].as_array()? {
        for group in rule["apiGroups"].as_array()? {
            for resource in rule["resources"].as_array()? {
                for verb in rule["verbs"].as_array()? {
                    found.insert(format!("{} {} {}", group.as_str()?, resource.as_str()?, verb.as_str()?));
                }
            }
        }
    }
    Some(found)
}

async fn restart(stage: &mut Stage) -> Result<()> {
    stage.operator.take().context("no operator runs")?.stop().await?;
    stage.operator = Some(Operator::start(&stage.options).await?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn lives_on_the_rights_of_its_chart() -> Result<()> {
    let mut stage = Stage::open_audited(NAMESPACE).await?;
    let enforced = latency_agreement(NAMESPACE, "Enforce");
    let settled =
        Agreement { name: "settled", workload: None, term: rolling("30s"), ..latency_agreement(NAMESPACE, "Observe") };
    for manifest in [&enforced, &settled] {
        stage.apply(manifest).await?;
    }
    let counted = |s: &AgreementStatus| s.objectives.first()?.total_events.parse::<u64>().ok().filter(|n| *n > 0);
    stage.until("storefront", "counted slots", counted).await?;
    // Each that ends keeps the ledger: the first makes it, the second writes it again.
    restart(&mut stage).await?;
    stage.until("settled", "a statement", |s| s.statements.first().cloned()).await?;
    stage.shop.storefront.set_load(Load::Constant(70.0))?;
    stage
        .until("storefront", "a raise", |s| {
            s.actions.iter().find(|a| a.verb == Verb::RaiseFloor && a.phase == ActionPhase::Done).cloned()
        })
        .await?;
    restart(&mut stage).await?;
    for agreement in ["storefront", "settled"] {
        stage.cluster.kubectl(&["delete", "sla", agreement, "-n", NAMESPACE, TIMEOUT]).await?.ok()?;
    }

    let events = stage.cluster.audit_events()?;
    let asked = asked(&events);
    let refused: Vec<_> = asked.iter().filter(|event| event.code == 403).collect();
    assert!(refused.is_empty(), "{refused:#?}");
    let role = stage.cluster.kubectl(&["get", "clusterrole", "guarantor", "-o", "json"]).await?.ok()?;
    let granted = rights(&serde_json::from_str(&role)?).context("the role is not one of resources")?;
    let used: BTreeSet<String> = asked.iter().map(|event| right(event)).collect();
    let idle: Vec<_> = granted.difference(&used).filter(|right| !OTHER_STORIES.contains(&right.as_str())).collect();
    assert!(idle.is_empty(), "granted and never used: {idle:?}");
    Ok(())
}
