//! The leader freezes, a second replica takes over, and the first wakes up with everything in its memory that it was
//! about to do. It does none of it.

use anyhow::{Context, Result};
use guarantor::api::agreement_status::State;
use guarantor_testbed::manifest::Agreement;
use guarantor_testbed::process::Signal;
use guarantor_testbed::wait::{Progress, wait_until};
use guarantor_testbed::{AuditEvent, Operator};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::jiff::Timestamp;
use kube::api::Api;

use crate::accounts::apply_in_calm;
use crate::stage::{PATIENCE, SYSTEM, Stage};

const NAMESPACE: &str = "frozen-leader";
/// The second replica has the chart's rights under another name, so that the audit log tells the two apart.
const SECOND: &str = r"apiVersion: v1
kind: ServiceAccount
metadata: {name: second, namespace: guarantor-system}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: guarantor-second}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: guarantor}
subjects: [{kind: ServiceAccount, name: second, namespace: guarantor-system}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: guarantor-second, namespace: guarantor-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: guarantor}
subjects: [{kind: ServiceAccount, name: second, namespace: guarantor-system}]
";

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_leader_writes_nothing_when_it_wakes() -> Result<()> {
    let mut stage = Stage::open_audited(NAMESPACE).await?;
    let holder = holder_other_than(&stage, "").await?;
    stage.apply(SECOND).await?;
    let mut options = stage.options.clone();
    options.kubeconfig = stage.cluster.service_account_kubeconfig(SYSTEM, "second").await?;
    let second = Operator::start(&options).await?;
    apply_in_calm(&stage, &Agreement::observed(NAMESPACE, "10m")).await?;
    until_state(&stage, State::Fulfilled).await?;
    assert!(writes(&stage, "second")?.is_empty(), "the second stands by");

    assert_eq!(self::holder(&stage).await?, holder, "the first leads all the while");
    let first = stage.operator.as_mut().context("an operator")?;
    first.signal(Signal::Stop)?;
    // Something the first would write, had it not lost the lease: the account turns.
    stage.shop.storefront.set_error_share(0.5)?;
    until_state(&stage, State::Violated).await?;
    let taken_over = holder_other_than(&stage, &holder).await?;
    assert!(!writes(&stage, "second")?.is_empty(), "the second works");

    // What was on its way when the first froze has arrived long since: the second waited for the end of the lease.
    let thawed = Timestamp::now();
    stage.operator.as_mut().context("an operator")?.signal(Signal::Continue)?;
    // The first is awake when it has looked at the lease; and it had every reason to write by the time the next turn of
    // the account is written.
    let looked = |e: &&AuditEvent| e.resource == "leases" && e.verb == "get" && e.timestamp > thawed;
    wait_until("a look at the lease", PATIENCE, async || {
        let events = of_replica(&stage, "guarantor")?;
        Ok(if events.iter().any(|e| looked(&e)) { Progress::Done(()) } else { Progress::pending("none yet") })
    })
    .await?;
    stage.shop.storefront.set_error_share(0.0)?;
    stage
        .until("storefront", "the end of the outage", |s| s.violations.first().filter(|v| v.end.is_some()).map(drop))
        .await?;

    let late: Vec<_> = writes(&stage, "guarantor")?.into_iter().filter(|e| e.timestamp > thawed).collect();
    assert!(late.is_empty(), "written by a replica that had lost the lease: {late:#?}");
    let claims = of_replica(&stage, "guarantor")?;
    let claims = claims.iter().filter(|e| e.resource == "leases" && e.is_write() && e.timestamp > thawed);
    assert!(claims.clone().all(|e| e.code == 409), "a claim that rests on old knowledge is refused: {claims:#?}");
    assert_eq!(self::holder(&stage).await?, taken_over, "the second goes on leading");
    second.stop().await
}

async fn until_state(stage: &Stage, wanted: State) -> Result<()> {
    let what = format!("the account to be {wanted:?}");
    stage.until("storefront", &what, |s| (s.summary.as_ref()?.state == wanted).then_some(())).await
}

/// What a replica asked of the API server about this test's objects. Other tests use the same account.
fn of_replica(stage: &Stage, account: &str) -> Result<Vec<AuditEvent>> {
    let user = format!("system:serviceaccount:{SYSTEM}:{account}");
    let ours = |e: &AuditEvent| [&e.namespace, &e.name].contains(&&NAMESPACE.to_owned()) || e.name == lease();
    Ok(stage.cluster.audit_events_of(&user)?.into_iter().filter(ours).collect())
}

/// Writes other than claims on the lease.
fn writes(stage: &Stage, account: &str) -> Result<Vec<AuditEvent>> {
    Ok(of_replica(stage, account)?.into_iter().filter(|e| e.is_write() && e.resource != "leases").collect())
}

fn lease() -> String {
    format!("guarantor-{NAMESPACE}")
}

/// Who holds the lease; empty: nobody.
async fn holder(stage: &Stage) -> Result<String> {
    let api: Api<Lease> = Api::namespaced(stage.cluster.client()?, SYSTEM);
    let lease = api.get_opt(&lease()).await?;
    Ok(lease.and_then(|lease| lease.spec?.holder_identity).unwrap_or_default())
}

async fn holder_other_than(stage: &Stage, former: &str) -> Result<String> {
    wait_until("another holder", PATIENCE, async || {
        let holder = holder(stage).await?;
        let same = holder.is_empty() || holder == former;
        Ok(if same { Progress::Pending(holder) } else { Progress::Done(holder) })
    })
    .await
}
