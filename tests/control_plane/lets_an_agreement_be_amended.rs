//! Amendments are added after all others, and what was agreed before is not touched; only an entry that the operator
//! refused can be mended.

use anyhow::Result;
use serde_json::{Value, json};

use crate::stage::cluster;

const NAMESPACE: &str = "amended";

fn entry(effective: &str, coverage: &str) -> Value {
    json!({"effective": effective, "missingData": {"treatAs": "Exclude", "minimumCoverage": coverage}})
}

fn agreement(more: &Value) -> String {
    let mut object = json!({
        "apiVersion": "guarantor.dev/v1alpha1", "kind": "ServiceLevelAgreement",
        "metadata": {"name": "checkout", "namespace": NAMESPACE},
        "spec": {
            "validity": {"from": "2026-01-01"}, "service": {"name": "checkout"},
            "metrics": {"sourceRef": {"name": "nobody"}, "slot": "5m"}, "period": {"calendar": "Month"},
            "objectives": [{
                "name": "latency", "target": "99",
                "indicator": {"latency": {"histogram": "duration_seconds", "threshold": "250ms"}},
            }],
        },
    });
    object["spec"].as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    object.to_string()
}

const ONLY_AT_ITS_END: &str = "spec.amendments can only grow at its end";

#[tokio::test(flavor = "multi_thread")]
async fn lets_an_agreement_be_amended() -> Result<()> {
    let cluster = cluster().await?;
    cluster.create_namespace(NAMESPACE).await?;
    let create = async |more: &Value| {
        cluster.kubectl_with_input(&["create", "--dry-run=server", "-f", "-"], &agreement(more)).await
    };
    let undecided = create(&json!({"amendments": [entry("2026-03-01", "80")]})).await?;
    assert!(undecided.stderr.contains("spec.amendmentRule must say"), "{}", undecided.stderr);
    let unordered =
        json!({"amendmentRule": "Split", "amendments": [entry("2026-03-01", "80"), entry("2026-03-01", "70")]});
    let unordered = create(&unordered).await?;
    assert!(unordered.stderr.contains("must be a later day than that of the entry before"), "{}", unordered.stderr);
    let idle = create(&json!({"amendmentRule": "Split", "amendments": [{"effective": "2026-03-01"}]})).await?;
    assert!(idle.stderr.contains("must change something"), "{}", idle.stderr);

    cluster.kubectl_with_input(&["create", "-f", "-"], &agreement(&json!({}))).await?.ok()?;
    let patch = async |spec: &Value| {
        let patch = json!({"spec": spec}).to_string();
        cluster.kubectl(&["patch", "sla", "checkout", "-n", NAMESPACE, "--type=merge", "--patch", &patch]).await
    };
    let (first, second, third) = (entry("2026-03-01", "80"), entry("2026-05-01", "70"), entry("2026-07-01", "60"));
    patch(&json!({"amendmentRule": "Split", "amendments": [first]})).await?.ok()?;
    patch(&json!({"amendments": [first, third]})).await?.ok()?;
    let refused = [
        (json!({"amendments": [first]}), ONLY_AT_ITS_END),
        (json!({"amendments": null}), ONLY_AT_ITS_END),
        (json!({"amendments": [entry("2026-03-01", "10"), third]}), ONLY_AT_ITS_END),
        (json!({"amendments": [first, second, third]}), ONLY_AT_ITS_END),
        (json!({"amendments": [third, first]}), "must be a later day"),
        (json!({"amendmentRule": "NextPeriod"}), "spec.amendmentRule cannot be changed"),
        (json!({"missingData": {"treatAs": "Exclude", "minimumCoverage": "1"}}), "add an entry to spec.amendments"),
    ];
    for (change, words) in refused {
        let answer = patch(&change).await?;
        assert!(!answer.status.success(), "{change} was accepted");
        assert!(answer.stderr.contains(words), "{change}: {}", answer.stderr);
    }

    // As the operator says it of an entry that it cannot work with.
    let status = json!({"status": {"refusedAmendment": "2026-07-01"}}).to_string();
    let say = ["patch", "sla", "checkout", "-n", NAMESPACE, "--subresource=status", "--type=merge", "--patch", &status];
    cluster.kubectl(&say).await?.ok()?;
    let answer = patch(&json!({"amendments": [entry("2026-03-01", "10"), third]})).await?;
    assert!(answer.stderr.contains(ONLY_AT_ITS_END), "another entry: {}", answer.stderr);
    patch(&json!({"amendments": [first, entry("2026-07-01", "50")]})).await?.ok()?;
    patch(&json!({"amendments": [first, second]})).await?.ok().map(drop)
}
