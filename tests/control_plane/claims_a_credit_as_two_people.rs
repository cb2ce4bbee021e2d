//! A customer claims a credit and the provider answers: two people, each who they say they are, and what was written
//! stays. What comes of it stands in the claim and in the status of the agreement.

use anyhow::{Context, Result};
use guarantor::api::credit_status::CreditState;
use guarantor_testbed::Finished;
use guarantor_testbed::manifest::{Agreement, Role, granted};
use guarantor_testbed::wait::{Progress, wait_until};
use kube::ResourceExt;

use crate::accounts::{audit, statements};
use crate::stage::{PATIENCE, Stage, cluster};

const NAMESPACE: &str = "claims-and-answers";

/// Everybody here may write claims; only paul and carol may answer them.
const ROLES: [Role; 2] = [
    Role { name: "parties", verbs: "create, get, patch, update, delete", users: &["carol", "paul", "dora"] },
    Role { name: "provider", verbs: "decide", users: &["carol", "paul"] },
];

/// A claim in this namespace and of this name; `about` says on what.
fn claim([namespace, name]: [&str; 2], about: &str, made_by: &str, more: &str) -> String {
    format!(
        r"apiVersion: guarantor.dev/v1alpha1
kind: ServiceLevelClaim
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  agreement: storefront
  {about}
  madeBy: {made_by}
{more}"
    )
}

fn january(made_by: &str, more: &str) -> String {
    claim([NAMESPACE, "january"], r#"credit: {periodStart: "2026-01-01T00:00:00Z"}"#, made_by, more)
}

async fn apply(user: &str, manifest: &str) -> Result<Finished> {
    cluster().await?.kubectl_with_input(&["apply", "-f", "-", &format!("--as={user}")], manifest).await
}

async fn patch(user: &str, spec: &str) -> Result<Finished> {
    let patch = format!(r#"{{"spec": {spec}}}"#);
    let user = format!("--as={user}");
    let arguments = ["patch", "slc", "january", "-n", NAMESPACE, "--type=merge", "--patch", &patch, &user];
    cluster().await?.kubectl(&arguments).await
}

fn decision(by: &str, verdict: &str) -> String {
    format!(
        r#"{{"decision": {{"by": "{by}", "at": "2026-02-05T00:00:00Z", "verdict": "{verdict}", "reason": "seen"}}}}"#
    )
}

fn refused(answer: &Finished, words: &str) {
    assert!(!answer.status.success(), "`{}` was accepted", answer.command);
    assert!(answer.stderr.contains(words), "`{}`: {}", answer.command, answer.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_a_credit_as_two_people() -> Result<()> {
    let cluster = cluster().await?;
    cluster.create_namespace(NAMESPACE).await?;
    let rights = granted(NAMESPACE, "servicelevelclaims", &ROLES);
    cluster.kubectl_with_input(&["apply", "-f", "-"], &rights).await?.ok()?;
    // A policy is in force a little after it was made.
    wait_until("the policy to be in force", PATIENCE, async || {
        let answer = apply("carol", &january("dora", "")).await?;
        let refused = answer.stderr.contains("spec.madeBy must be the user who makes the claim; write carol");
        Ok(if refused { Progress::Done(()) } else { Progress::pending(format!("{}{}", answer.stdout, answer.stderr)) })
    })
    .await?;
    let answered = r#"  decision: {by: paul, at: "2026-02-05T00:00:00Z", verdict: Approved}"#;
    refused(&apply("carol", &january("carol", answered)).await?, "spec.decision cannot be given with the claim");
    let paid = r#"  payment: {by: paul, at: "2026-02-05T00:00:00Z"}"#;
    refused(&apply("carol", &january("carol", paid)).await?, "spec.payment cannot be given with the claim");
    apply("carol", &january("carol", "")).await?.ok()?;

    for change in [
        r#"{"credit": {"periodStart": "2026-02-01T00:00:00Z"}}"#,
        r#"{"madeAt": "2026-01-20T00:00:00Z"}"#,
        r#"{"acts": [{"name": "ticket", "at": "2026-01-20T00:00:00Z"}]}"#,
        r#"{"agreement": "other"}"#,
    ] {
        refused(&patch("carol", change).await?, "spec must not be edited, since what was claimed counts");
    }
    // Carol has the verb, and all the same does not answer herself.
    refused(&patch("carol", &decision("carol", "Approved")).await?, "another person than spec.madeBy");
    refused(&patch("carol", &decision("paul", "Approved")).await?, "spec.decision.by must be the user who decides");
    refused(&patch("dora", &decision("dora", "Approved")).await?, "dora may not answer claims here");
    refused(&patch("paul", &decision("dora", "Approved")).await?, "write paul");
    patch("paul", &decision("paul", "Approved")).await?.ok()?;

    refused(&patch("paul", &decision("paul", "Rejected")).await?, "spec.decision cannot be changed");
    refused(&patch("paul", r#"{"decision": null}"#).await?, "spec.decision cannot be changed");
    let payment = |by: &str| format!(r#"{{"payment": {{"by": "{by}", "at": "2026-02-20T00:00:00Z"}}}}"#);
    refused(&patch("dora", &payment("dora")).await?, "dora may not answer claims here");
    patch("paul", &payment("paul")).await?.ok()?;
    refused(&patch("paul", r#"{"payment": null}"#).await?, "spec.payment cannot be changed");
    let delete = ["delete", "slc", "january", "-n", NAMESPACE, "--as=carol"];
    refused(&cluster.kubectl(&delete).await?, "a claim that was answered is part of the account");
    a_breach_is_cured_by_another_person().await
}

/// That a breach was cured, the provider says, once.
async fn a_breach_is_cured_by_another_person() -> Result<()> {
    let demand = |more: &str| claim([NAMESPACE, "breach"], "demand: {breach: it was slow}", "carol", more);
    let cured = r#"  cure: {by: paul, at: "2026-02-05T00:00:00Z"}"#;
    refused(&apply("carol", &demand(cured)).await?, "spec.cure cannot be given with the claim");
    apply("carol", &demand("")).await?.ok()?;
    let patch = async |user: &str, cure: &str| {
        let patch = format!(r#"{{"spec": {{"cure": {cure}}}}}"#);
        let user = format!("--as={user}");
        let arguments = ["patch", "slc", "breach", "-n", NAMESPACE, "--type=merge", "--patch", &patch, &user];
        cluster().await?.kubectl(&arguments).await
    };
    let cure = |by: &str| format!(r#"{{"by": "{by}", "at": "2026-02-05T00:00:00Z"}}"#);
    refused(&patch("carol", &cure("carol")).await?, "another person than spec.madeBy");
    refused(&patch("dora", &cure("dora")).await?, "dora may not answer claims here");
    refused(
        &patch("paul", &cure("dora")).await?,
        "spec.cure.by must be the user who says that it was cured; write paul",
    );
    patch("paul", &cure("paul")).await?.ok()?;
    refused(&patch("paul", "null").await?, "spec.cure cannot be changed");
    let delete = ["delete", "slc", "breach", "-n", NAMESPACE, "--as=carol"];
    refused(&cluster().await?.kubectl(&delete).await?, "a claim that was answered is part of the account");
    Ok(())
}

const PLACE: &str = "claims-live";

/// A credit for every period in which three of four requests fail, to be claimed within ten minutes.
const CREDITS: &str = r#"  credits:
    fee: {amount: "1000.00", currency: EUR}
    tiers: [{objective: availability, below: "80", percentOfFee: "10"}]
  settlement: {grant: OnClaim, deadlines: [{name: claim, after: PeriodEnd, within: 10m}]}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_leads_to_a_granted_and_settled_credit() -> Result<()> {
    let stage = Stage::open(PLACE).await?;
    stage.shop.storefront.set_error_share(0.75)?;
    stage.apply(&Agreement { more: CREDITS, ..Agreement::observed(PLACE, "30s") }).await?;
    let credit = stage
        .until("storefront", "a statement whose credit waits for a claim", |status| {
            let waits = |s: &&guarantor::api::agreement_status::StatementRef| {
                s.credit_state == Some(CreditState::Determined) && s.claim_by.is_some()
            };
            status.statements.iter().find(waits).cloned()
        })
        .await?;
    let about = format!("credit: {{periodStart: \"{}\"}}", credit.period_start.0);
    let manifest = claim([PLACE, "first"], &about, "carol", "");
    // Two people: they may do all, but they are two.
    let (carol, paul) = (["--as=carol", "--as-group=system:masters"], ["--as=paul", "--as-group=system:masters"]);
    stage.cluster.kubectl_with_input(&[&["apply", "-f", "-"], &carol[..]].concat(), &manifest).await?.ok()?;
    told(&stage, "True Claimed Claimed").await?;
    for (field, more, expected) in [
        ("decision", r#", "verdict": "Approved""#, "True Granted Granted"),
        ("payment", r#", "setOffIn": "invoice 12""#, "True Settled Settled"),
    ] {
        let at = k8s_openapi::jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let answer = format!(r#"{{"spec": {{"{field}": {{"by": "paul", "at": "{at}"{more}}}}}}}"#);
        let patch = ["patch", "slc", "first", "-n", PLACE, "--type=merge", "--patch", &answer];
        stage.cluster.kubectl(&[&patch[..], &paul].concat()).await?.ok()?;
        told(&stage, expected).await?;
    }
    let settled = stage
        .until("storefront", "a settled credit", |status| {
            status
                .statements
                .iter()
                .find(|s| s.name == credit.name && s.credit_state == Some(CreditState::Settled))
                .cloned()
        })
        .await?;
    assert_eq!(settled.credit_reason, "set off in invoice 12");
    let issued =
        statements(&stage).await?.into_iter().find(|s| s.name_any() == credit.name).context("the statement")?;
    let credits = issued.spec.credits.as_ref().context("credits")?;
    assert_eq!(
        (credits.state, credits.amount.as_str()),
        (CreditState::Determined, "100.00"),
        "it stays as it was issued"
    );
    audit(&stage, &issued).await
}

/// Waits for status and reason of the claim's condition, and the state of its credit.
async fn told(stage: &Stage, expected: &str) -> Result<()> {
    let fields = "{.status.conditions[0].status} {.status.conditions[0].reason} {.status.credit}";
    stage.until_read(["slc", "first"], fields, expected).await
}
