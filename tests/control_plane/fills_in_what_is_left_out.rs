//! An agreement that says only what it must is stored with every default written out: what holds can be read.

use anyhow::Result;
use serde_json::{Value, json};

use crate::stage::cluster;

const NAMESPACE: &str = "fills-in";

const LEAST: &str = r#"apiVersion: guarantor.dev/v1alpha1
kind: ServiceLevelAgreement
metadata: {name: least, namespace: fills-in}
spec:
  service: {name: search}
  metrics: {sourceRef: {name: main}}
  period: {calendar: Month}
  objectives:
  - name: availability
    indicator:
      ratio: {bad: "sum(increase(errors_total[$slot]))", total: "sum(increase(requests_total[$slot]))"}
    target: "99.9"
"#;

const SOURCE: &str = r#"apiVersion: guarantor.dev/v1alpha1
kind: MetricsSource
metadata: {name: fills-in}
spec:
  url: http://prometheus.monitoring:9090
  tenants: [{namespace: "*"}]
"#;

async fn spec(resource: &str, name: &str) -> Result<Value> {
    let found = cluster().await?.kubectl(&["get", resource, name, "-n", NAMESPACE, "-o", "json"]).await?.ok()?;
    Ok(serde_json::from_str::<Value>(&found)?["spec"].take())
}

#[tokio::test(flavor = "multi_thread")]
async fn fills_in_what_is_left_out() -> Result<()> {
    let cluster = cluster().await?;
    cluster.create_namespace(NAMESPACE).await?;
    for manifest in [LEAST, SOURCE] {
        cluster.kubectl_with_input(&["apply", "-f", "-"], manifest).await?.ok()?;
    }
    let agreement = spec("sla", "least").await?;
    assert_eq!(agreement["type"], "Customer");
    assert_eq!(agreement["timeZone"], "UTC");
    assert_eq!(agreement["metrics"]["slot"], "1m");
    assert_eq!(agreement["service"]["workloads"], json!([]));
    assert_eq!(agreement["missingData"], json!({"treatAs": "Exclude", "minimumCoverage": "100"}));
    assert_eq!(agreement["enforcement"], json!({"mode": "Recommend", "cooldown": "1m", "releaseAfter": "5m"}));
    assert_eq!(agreement["objectives"][0]["measurement"], json!({"method": "Events"}));
    assert!(["credits", "validity", "parties"].iter().all(|field| agreement.get(field).is_none()), "{agreement}");
    let source = spec("msrc", "fills-in").await?;
    assert_eq!(source["timeout"], "10s");
    assert_eq!(source["limits"], json!({"concurrency": 4, "requestsPerSecond": 20}));
    let confined = json!([{"namespace": "*", "matchers": [{"label": "namespace", "value": "$namespace"}]}]);
    assert_eq!(source["tenants"], confined, "left out, the matchers confine");
    // The same manifest again: whoever reconciles it from a repository sees no difference.
    let again = cluster.kubectl_with_input(&["diff", "-f", "-"], LEAST).await?;
    assert!(again.status.success(), "{}", again.stdout);
    Ok(())
}
