//! A period is closed by one statement, whichever two of the writes that close it a crash comes between; and what is
//! closed stays as it is.

use anyhow::{Context, Result};
use guarantor_testbed::Operator;
use guarantor_testbed::manifest::Agreement;
use guarantor_testbed::wait::{Progress, wait_until};
use kube::ResourceExt;

use crate::accounts::{audit, ledgers, statements};
use crate::refusal::{Refusal, WORDS};
use crate::stage::{PATIENCE, SYSTEM, Stage};

const NAMESPACE: &str = "closes-once";
/// A statement that the API server would take, were it not refused.
const STATEMENT: &str = r#"{apiVersion: guarantor.dev/v1alpha1, kind: ServiceLevelStatement,
  metadata: {name: probe, namespace: closes-once}, spec: {
  agreement: {name: a, uid: u}, generation: 1, revision: 1, service: s, state: Fulfilled, digest: d, actions: [],
  period: {start: "2026-01-01T00:00:00Z", end: "2026-02-01T00:00:00Z", timeZone: UTC}, objectives: [], violations: [],
  violationsOmitted: 0, terms: {period: {calendar: Month}, slot: 1m, objectives: [{name: o, indicator: {}, target: "99"}], missingData: {treatAs: Exclude},
  exclusions: {}, settlement: {}, calendar: {}},
  evidence: {source: s, increase: Raw, ledger: l, ledgerDigest: d, operator: o, timeZoneDatabase: t}}}"#;

#[tokio::test(flavor = "multi_thread")]
async fn closes_a_period_once_although_it_is_killed_in_between() -> Result<()> {
    let mut stage = Stage::open_audited(NAMESPACE).await?;
    // As the operator: the chart's own policy refuses statements of anybody else, and one answer tells of one policy.
    let operator = format!("--as=system:serviceaccount:{SYSTEM}:guarantor");
    let probe = (&["create", "--dry-run=server", &operator, "-f", "-"][..], STATEMENT);
    let refusal = Refusal::of(&stage, "CREATE", "servicelevelstatements", probe).await?;
    stage.apply(&Agreement::observed(NAMESPACE, "30s")).await?;

    // The first crash: the ledger is closed, the statement is not made.
    let closed = wait_until("a closed ledger", PATIENCE, async || {
        let ledgers = ledgers(&stage, NAMESPACE).await?;
        let closed = ledgers.into_iter().find(|l| l.spec.closed);
        Ok(closed.map_or_else(|| Progress::pending(stage.log()), Progress::Done))
    })
    .await?;
    wait_until("an Event that says what is in the way", PATIENCE, async || {
        let described = stage.cluster.kubectl(&["describe", "sla", "storefront", "-n", NAMESPACE]).await?.ok()?;
        let told = described.contains("WriteRefused") && described.contains(WORDS);
        Ok(if told { Progress::Done(()) } else { Progress::Pending(described) })
    })
    .await?;
    stage.operator.take().context("an operator")?.kill();
    assert!(statements(&stage).await?.is_empty(), "a refused statement is none");
    refusal.lift(&stage).await?;
    stage.operator = Some(Operator::start(&stage.options).await?);
    let first = stage
        .until("storefront", "the first statement", |status| {
            status.statements.iter().find(|s| s.period_start == closed.spec.period_start).cloned()
        })
        .await?;

    // The second: the statement is made, the status does not know it.
    let merge = r#"--patch={"status":{"phase":"probe"}}"#;
    let patch = ["patch", "sla", "storefront", "-n", NAMESPACE, "--subresource=status", "--type=merge", merge];
    let refusal = Refusal::of(&stage, "UPDATE", "servicelevelagreements/status", (&patch, "")).await?;
    let unknown = wait_until("a statement the status does not know", PATIENCE, async || {
        let known = stage.status("storefront").await?.statements;
        let issued = statements(&stage).await?;
        let unknown = issued.into_iter().find(|s| known.iter().all(|k| k.name != s.name_any()));
        Ok(unknown.map_or_else(|| Progress::pending(stage.log()), Progress::Done))
    })
    .await?;
    stage.operator.take().context("an operator")?.kill();
    refusal.lift(&stage).await?;
    stage.operator = Some(Operator::start(&stage.options).await?);
    stage
        .until("storefront", "the statement to be known", |status| {
            status.statements.iter().find(|s| s.name == unknown.name_any()).cloned()
        })
        .await?;

    let issued = statements(&stage).await?;
    assert!(issued.iter().any(|s| s.name_any() == first.name) && issued.contains(&unknown));
    for (statement, next) in issued.iter().zip(issued.iter().skip(1)) {
        assert_eq!(statement.spec.period.end, next.spec.period.start, "every period has one statement, in a row");
    }
    let events = stage.cluster.audit_events()?;
    for statement in &issued {
        assert_eq!(statement.spec.revision, 1);
        assert_eq!(statement.metadata.generation, Some(1), "never written again");
        audit(&stage, statement).await?;
        let made = events.iter().filter(|e| {
            e.is_write() && !e.is_dry_run() && e.resource == "servicelevelstatements" && e.namespace == NAMESPACE
        });
        assert!(made.clone().all(|e| e.verb == "create"), "statements are made, never changed");
    }
    let ledger = closed.name_any();
    for (kind, name, change, words) in [
        ("sls", first.name.as_str(), r#"{"spec":{"service":"another"}}"#, "a statement is final"),
        ("sll", ledger.as_str(), r#"{"spec":{"closed":false}}"#, "the period of this ledger is closed"),
    ] {
        let answer =
            stage.cluster.kubectl(&["patch", kind, name, "-n", NAMESPACE, "--type=merge", "-p", change]).await?;
        assert!(!answer.status.success() && answer.stderr.contains(words), "{}{}", answer.stdout, answer.stderr);
    }
    Ok(())
}
