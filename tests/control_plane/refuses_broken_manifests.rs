//! A manifest with a mistake is refused when it is applied, and the message names the field.

use anyhow::Result;
use guarantor_testbed::Finished;
use serde_json::Value;

use crate::mistakes::{self, Mistake, broken};
use crate::stage::cluster;

/// What the API server says when everything else is well.
const POLICIES: [&str; 2] =
    ["ValidatingAdmissionPolicy 'guarantor-exclusions'", "ValidatingAdmissionPolicy 'guarantor-claims'"];

async fn create(manifest: &Value) -> Result<Finished> {
    cluster().await?.kubectl_with_input(&["create", "--dry-run=server", "-f", "-"], &manifest.to_string()).await
}

async fn every_mistake_is_named(sound: Value, mistakes: Vec<Mistake>) -> Result<()> {
    let answer = create(&sound).await?;
    // Who declares and who approves is nothing that a manifest could tell: a policy of the chart looks at it last.
    if !POLICIES.iter().any(|policy| answer.stderr.contains(policy)) {
        answer.ok()?;
    }
    let mut faults = Vec::new();
    for mistake in mistakes {
        let answer = create(&broken(&sound, &mistake)).await?;
        let (pointer, value, field, expected) = mistake;
        if answer.status.success() {
            faults.push(format!("{pointer} = {value}: accepted"));
        }
        for words in [field].iter().chain(expected) {
            if !answer.stderr.contains(words) {
                faults.push(format!("{pointer} = {value}: \"{words}\" is missing in\n{}", answer.stderr));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_broken_agreements() -> Result<()> {
    every_mistake_is_named(mistakes::agreement(), mistakes::of_agreements()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_broken_metrics_sources() -> Result<()> {
    every_mistake_is_named(mistakes::source(), mistakes::of_metrics_sources()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_broken_exclusions() -> Result<()> {
    every_mistake_is_named(mistakes::exclusion(), mistakes::of_exclusions()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_broken_claims() -> Result<()> {
    every_mistake_is_named(mistakes::claim(), mistakes::of_claims()).await
}
