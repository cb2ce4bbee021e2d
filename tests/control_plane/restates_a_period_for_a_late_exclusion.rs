//! An exclusion is approved after its period was settled: a second statement takes the place of the first, and both can be
//! verified by anybody.

use anyhow::{Context, Result};
use guarantor_testbed::manifest::Agreement;
use kube::ResourceExt;

use crate::accounts::{audit, statements, verified_by_name};
use crate::stage::Stage;

const NAMESPACE: &str = "restates";
const RULES: &str = "  exclusions: {rules: [{reason: Maintenance, effect: Exclude}]}\n";

#[tokio::test(flavor = "multi_thread")]
async fn restates_a_period_for_a_late_exclusion() -> Result<()> {
    let stage = Stage::open(NAMESPACE).await?;
    stage.apply(&Agreement { more: RULES, ..Agreement::observed(NAMESPACE, "1m") }).await?;
    let first = stage.until("storefront", "a statement", |status| status.statements.last().cloned()).await?;
    let issued = statements(&stage).await?.into_iter().find(|s| s.name_any() == first.name).context("the statement")?;
    let (from, until) = (issued.spec.period.start.0, issued.spec.period.end.0);
    let manifest = format!(
        r#"apiVersion: guarantor.dev/v1alpha1
kind: ServiceLevelExclusion
metadata: {{name: window, namespace: {NAMESPACE}}}
spec:
  agreement: storefront
  reason: Maintenance
  window: {{from: "{from}", until: "{until}"}}
  declaredBy: ann
"#
    );
    let kubectl = async |arguments: &[&str]| stage.cluster.kubectl(arguments).await?.ok();
    // Two people: they may do all, but they are two.
    let (ann, bob) = (["--as=ann", "--as-group=system:masters"], ["--as=bob", "--as-group=system:masters"]);
    stage.cluster.kubectl_with_input(&[&["create", "-f", "-"], &ann[..]].concat(), &manifest).await?.ok()?;
    told(&stage, "False NotApproved").await?;
    let approval = r#"{"spec": {"approval": {"by": "bob", "at": "2026-01-01T00:00:00Z"}}}"#;
    let patch = ["patch", "slx", "window", "-n", NAMESPACE, "--type=merge", "--patch", approval];
    kubectl(&[&patch[..], &bob].concat()).await?;
    told(&stage, "True Honoured").await?;
    let second = stage
        .until("storefront", "a second revision", |status| {
            status.statements.iter().find(|s| s.period_start == first.period_start && s.name != first.name).cloned()
        })
        .await?;
    let all = statements(&stage).await?;
    let find = |name: &str| all.iter().find(|s| s.name_any() == name).context("it is gone");
    let (kept, restated) = (find(&first.name)?, find(&second.name)?);
    assert_eq!(kept.spec, issued.spec, "what was issued is kept");
    assert_eq!((restated.spec.revision, restated.spec.supersedes.as_deref()), (2, Some(first.name.as_str())));
    let line = restated.spec.exclusions.first().context("no line")?;
    assert!(line.honoured && line.name == "window" && line.from.0 == from && line.until.0 == until, "{line:?}");
    audit(&stage, kept).await?;
    verified_by_name(&stage, &second.name).await
}

/// Waits for status and reason of the exclusion's condition.
async fn told(stage: &Stage, expected: &str) -> Result<()> {
    let fields = "{.status.conditions[0].status} {.status.conditions[0].reason}";
    stage.until_read(["slx", "window"], fields, expected).await
}
