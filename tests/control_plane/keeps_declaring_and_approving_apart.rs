//! Who declares an exclusion does not approve it, both are who they say they are, and what is in the account is written by
//! the operator alone: the chart's policies see to it, whatever role somebody has.

use anyhow::Result;
use guarantor_testbed::Finished;
use guarantor_testbed::manifest::{Role, granted};
use guarantor_testbed::wait::{Progress, wait_until};

use crate::stage::{PATIENCE, TIMEOUT, cluster};

const NAMESPACE: &str = "two-people";
const AS_OPERATOR: &str = "--as=system:serviceaccount:guarantor-system:guarantor";

/// What the policy says to whoever else writes a statement or a ledger.
const WORDS: &str = "made by the operator alone";

/// Everybody here may edit exclusions; only ann and bob may approve them.
const ROLES: [Role; 2] = [
    Role { name: "operations", verbs: "create, get, patch, update, delete", users: &["ann", "bob", "carol"] },
    Role { name: "approvers", verbs: "approve", users: &["ann", "bob"] },
];

fn exclusion(declared_by: &str, more: &str) -> String {
    format!(
        r#"apiVersion: guarantor.dev/v1alpha1
kind: ServiceLevelExclusion
metadata: {{name: window, namespace: {NAMESPACE}}}
spec:
  agreement: checkout
  reason: Maintenance
  window: {{from: "2026-01-10T02:00:00Z", until: "2026-01-10T04:00:00Z"}}
  declaredBy: {declared_by}
{more}"#
    )
}

const STATEMENT: &str = r#"{apiVersion: guarantor.dev/v1alpha1, kind: ServiceLevelStatement,
  metadata: {name: issued, namespace: two-people}, spec: {
  agreement: {name: a, uid: u}, generation: 1, revision: 1, service: s, state: Fulfilled, digest: d, actions: [],
  period: {start: "2026-01-01T00:00:00Z", end: "2026-02-01T00:00:00Z", timeZone: UTC}, objectives: [], violations: [],
  violationsOmitted: 0, terms: {period: {calendar: Month}, slot: 1m, objectives: [{name: o, indicator: {}, target: "99"}], missingData: {treatAs: Exclude},
  exclusions: {}, settlement: {}, calendar: {}},
  evidence: {source: s, increase: Raw, ledger: l, ledgerDigest: d, operator: o, timeZoneDatabase: t}}}"#;

async fn create(user: &str, manifest: &str) -> Result<Finished> {
    cluster().await?.kubectl_with_input(&["create", "-f", "-", &format!("--as={user}")], manifest).await
}

async fn patch(user: &str, spec: &str) -> Result<Finished> {
    let patch = format!(r#"{{"spec": {spec}}}"#);
    let user = format!("--as={user}");
    let arguments = ["patch", "slx", "window", "-n", NAMESPACE, "--type=merge", "--patch", &patch, &user];
    cluster().await?.kubectl(&arguments).await
}

fn act(field: &str, by: &str) -> String {
    format!(r#"{{"{field}": {{"by": "{by}", "at": "2026-01-05T00:00:00Z"}}}}"#)
}

fn refused(answer: &Finished, words: &str) {
    assert!(!answer.status.success(), "`{}` was accepted", answer.command);
    assert!(answer.stderr.contains(words), "`{}`: {}", answer.command, answer.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_declaring_and_approving_apart() -> Result<()> {
    let cluster = cluster().await?;
    cluster.create_namespace(NAMESPACE).await?;
    let rights = granted(NAMESPACE, "servicelevelexclusions", &ROLES);
    cluster.kubectl_with_input(&["apply", "-f", "-"], &rights).await?.ok()?;
    // A policy is in force a little after it was made.
    wait_until("the policy to be in force", PATIENCE, async || {
        let arguments = ["create", "--dry-run=server", "-f", "-", "--as=ann"];
        let answer = cluster.kubectl_with_input(&arguments, &exclusion("bob", "")).await?;
        let refused = answer.stderr.contains("spec.declaredBy must be the user who declares the exclusion; write ann");
        Ok(if refused { Progress::Done(()) } else { Progress::pending(format!("{}{}", answer.stdout, answer.stderr)) })
    })
    .await?;
    let approved = r#"  approval: {by: bob, at: "2026-01-05T00:00:00Z"}"#;
    refused(&create("ann", &exclusion("ann", approved)).await?, "approval cannot be given with the declaration");
    create("ann", &exclusion("ann", "")).await?.ok()?;

    refused(&patch("ann", &act("approval", "bob")).await?, "spec.approval.by must be the user who approves");
    refused(&patch("ann", &act("approval", "ann")).await?, "another person than spec.declaredBy");
    refused(&patch("carol", &act("approval", "carol")).await?, "carol may not approve exclusions here");
    refused(&patch("bob", &act("approval", "carol")).await?, "write bob");
    let longer = r#""window": {"until": "2026-01-10T08:00:00Z"}"#;
    refused(&patch("bob", &format!("{{{longer}}}")).await?, "only ann, who declared the exclusion, may edit it");
    let both = format!(r#"{{{longer}, "approval": {{"by": "bob", "at": "2026-01-05T00:00:00Z"}}}}"#);
    refused(&patch("bob", &both).await?, "nor together with either");
    patch("ann", r#"{"window": {"until": "2026-01-10T05:00:00Z"}}"#).await?.ok()?;
    patch("bob", &act("approval", "bob")).await?.ok()?;

    for change in [
        r#"{"window": {"until": "2026-01-10T08:00:00Z"}}"#,
        r#"{"announcedAt": "2026-01-01T00:00:00Z"}"#,
        r#"{"approval": null}"#,
        r#"{"objectives": ["latency"]}"#,
    ] {
        refused(&patch("bob", change).await?, "must not be edited once it is approved");
    }
    let delete = ["delete", "slx", "window", "-n", NAMESPACE, "--as=ann"];
    refused(&cluster.kubectl(&delete).await?, "add spec.revoked, without from, before you delete it");
    refused(&patch("carol", &act("revoked", "ann")).await?, "write carol");
    patch("carol", &act("revoked", "carol")).await?.ok()?;
    refused(&patch("carol", r#"{"revoked": null}"#).await?, "spec.revoked cannot be taken back");
    cluster.kubectl(&delete).await?.ok().map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_statements_to_the_operator() -> Result<()> {
    const PLACE: &str = "records-of-their-own";
    let statement = STATEMENT.replace(NAMESPACE, PLACE);
    let cluster = cluster().await?;
    cluster.create_namespace(PLACE).await?;
    wait_until("the policy to be in force", PATIENCE, async || {
        let answer = cluster.kubectl_with_input(&["create", "--dry-run=server", "-f", "-"], &statement).await?;
        Ok(if answer.stderr.contains(WORDS) { Progress::Done(()) } else { Progress::Pending(answer.stdout) })
    })
    .await?;
    cluster.kubectl_with_input(&["create", "-f", "-", AS_OPERATOR], &statement).await?.ok()?;
    cluster.kubectl(&["label", "sls", "issued", "-n", PLACE, "sent=yes"]).await?.ok()?;
    refused(&cluster.kubectl(&["delete", "sls", "issued", "-n", PLACE]).await?, WORDS);
    refused(&cluster.kubectl(&["delete", "sls", "--all", "-n", PLACE]).await?, WORDS);
    // They go with their namespace.
    cluster.kubectl(&["delete", "namespace", PLACE, TIMEOUT]).await?.ok().map(drop)
}
