//! What periods are counted by cannot be changed under a running agreement, and a statement cannot be changed at all.

use anyhow::Result;

use crate::stage::cluster;

const NAMESPACE: &str = "keeps-agreed";
/// The operator, with every role: everybody else is kept from ledgers and statements by a policy of the chart.
const AS_OPERATOR: [&str; 2] = ["--as=system:serviceaccount:guarantor-system:guarantor", "--as-group=system:masters"];

const AGREEMENT: &str = r#"apiVersion: guarantor.dev/v1alpha1
kind: ServiceLevelAgreement
metadata: {name: checkout, namespace: keeps-agreed}
spec:
  validity: {from: "2026-01-01"}
  service: {name: checkout}
  metrics: {sourceRef: {name: main}, slot: 5m}
  period: {calendar: Month}
  objectives:
  - name: latency
    indicator: {latency: {histogram: duration_seconds, threshold: 250ms}}
    target: "99"
"#;

const STATEMENT: &str = r#"apiVersion: guarantor.dev/v1alpha1
kind: ServiceLevelStatement
metadata: {name: checkout-2026-01, namespace: keeps-agreed}
spec:
  agreement: {name: checkout, uid: 7a1c}
  generation: 1
  revision: 1
  service: checkout
  period: {start: "2026-01-01T00:00:00Z", end: "2026-02-01T00:00:00Z", timeZone: UTC}
  terms: {period: {calendar: Month}, slot: 5m, objectives: [{name: latency, indicator: {}, target: "99"}],
    missingData: {treatAs: Exclude}, exclusions: {}, settlement: {}, calendar: {}}
  state: Violated
  objectives: []
  violations: []
  violationsOmitted: 0
  actions: []
  evidence: {source: main, increase: Anchored, ledger: checkout-2026-01, ledgerDigest: "", operator: "", timeZoneDatabase: ""}
  digest: ""
"#;

const OTHER_TARGET: &str = r#"{"spec": {"objectives": [{"name": "latency", "target": "98",
    "indicator": {"latency": {"histogram": "duration_seconds", "threshold": "250ms"}}}]}}"#;

const NEW_CREDITS: &str = r#"{"spec": {"credits": {"fee": {"amount": "100", "currency": "EUR"},
    "tiers": [{"objective": "latency", "below": "99", "percentOfFee": "10"}]}}}"#;

const COVERED_WHEN: &str = r#"{"spec": {"coveredWhen": [{"rule": "tier == 'gold'", "message": "only gold"}]}}"#;

/// Ledgers: one of a period still running, one of a closed one.
fn ledger(name: &str, closed: bool) -> String {
    format!(
        r#"apiVersion: guarantor.dev/v1alpha1
kind: ServiceLevelLedger
metadata: {{name: {name}, namespace: {NAMESPACE}}}
spec:
  agreement: {{name: checkout, uid: 7a1c}}
  periodStart: "2026-01-01T00:00:00Z"
  periodEnd: "2026-02-01T00:00:00Z"
  measuredThrough: "2026-01-02T00:00:00Z"
  slotSeconds: 300
  closed: {closed}
  objectives: []
"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_what_was_agreed() -> Result<()> {
    let cluster = cluster().await?;
    cluster.create_namespace(NAMESPACE).await?;
    cluster.kubectl_with_input(&["create", "-f", "-"], AGREEMENT).await?.ok()?;
    for manifest in [STATEMENT, &ledger("running", false), &ledger("closed", true)] {
        cluster.kubectl_with_input(&[&["create", "-f", "-"], &AS_OPERATOR[..]].concat(), manifest).await?.ok()?;
    }
    let patch = async |object: &str, patch: &str| {
        let arguments = ["patch", object, "-n", NAMESPACE, "--type=merge", "--patch", patch];
        let account = if object.starts_with("sla/") { &[][..] } else { &AS_OPERATOR };
        cluster.kubectl(&[&arguments[..], account].concat()).await
    };
    let refused = [
        ("sla/checkout", r#"{"spec": {"period": {"calendar": "Quarter"}}}"#, "spec.period cannot be changed"),
        ("sla/checkout", r#"{"spec": {"metrics": {"slot": "1m"}}}"#, "spec.metrics.slot cannot be changed"),
        ("sla/checkout", r#"{"spec": {"metrics": {"slot": null}}}"#, "spec.metrics.slot cannot be changed"),
        ("sla/checkout", r#"{"spec": {"timeZone": "Europe/Berlin"}}"#, "spec.timeZone cannot be changed"),
        ("sla/checkout", r#"{"spec": {"validity": {"from": "2026-02-01"}}}"#, "spec.validity.from cannot be changed"),
        ("sla/checkout", r#"{"spec": {"validity": null}}"#, "spec.validity cannot be added or removed"),
        ("sla/checkout", r#"{"spec": {"missingData": {"treatAs": "Bad"}}}"#, "spec.missingData cannot be changed"),
        (
            "sla/checkout",
            r#"{"spec": {"parameters": [{"name": "tier", "value": "gold"}]}}"#,
            "spec.parameters cannot be",
        ),
        ("sla/checkout", COVERED_WHEN, "spec.coveredWhen cannot be changed"),
        ("sla/checkout", r#"{"spec": {"settlement": {"grant": "OnClaim"}}}"#, "spec.settlement cannot be changed"),
        ("sla/checkout", r#"{"spec": {"calendar": {"holidays": ["2026-05-01"]}}}"#, "spec.calendar cannot be changed"),
        ("sla/checkout", OTHER_TARGET, "spec.objectives cannot be changed"),
        ("sla/checkout", NEW_CREDITS, "spec.credits cannot be changed"),
        ("sls/checkout-2026-01", r#"{"spec": {"state": "Fulfilled"}}"#, "spec must not be edited"),
        ("sls/checkout-2026-01", r#"{"spec": {"digest": "00"}}"#, "spec must not be edited"),
        ("sll/closed", r#"{"spec": {"measuredThrough": "2026-01-03T00:00:00Z"}}"#, "spec must not be edited"),
        ("sll/closed", r#"{"spec": {"closed": false}}"#, "spec must not be edited"),
    ];
    for (object, change, expected) in refused {
        let answer = patch(object, change).await?;
        assert!(!answer.status.success(), "{object}: {change} was accepted");
        assert!(answer.stderr.contains(expected), "{object}: {change}: {}", answer.stderr);
    }
    let accepted = [
        ("sla/checkout", r#"{"spec": {"validity": {"until": "2027-01-01"}}}"#),
        ("sla/checkout", r#"{"spec": {"enforcement": {"mode": "Observe"}}}"#),
        ("sls/checkout-2026-01", r#"{"metadata": {"labels": {"sent": "true"}}}"#),
        ("sll/running", r#"{"spec": {"measuredThrough": "2026-01-03T00:00:00Z"}}"#),
        ("sll/running", r#"{"spec": {"closed": true}}"#),
    ];
    for (object, change) in accepted {
        patch(object, change).await?.ok()?;
    }
    Ok(())
}
