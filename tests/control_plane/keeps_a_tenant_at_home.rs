//! An agreement acts on nothing outside its namespace and reads nothing of another tenant's: what reaches out is refused
//! with the field's name, and what merely selects another's series finds none.

use anyhow::Result;
use guarantor::api::agreement_status::State;
use guarantor::api::condition::{MEASURED, READY};
use guarantor_testbed::ShopOptions;
use guarantor_testbed::wait::{Progress, wait_until};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use k8s_openapi::jiff::Timestamp;

use crate::stage::{PATIENCE, Stage, condition, own_cluster};

const HOME: &str = "guest";
const NEIGHBOUR: &str = "neighbour";

/// One store for both; each namespace is confined to its own series.
fn shared_source(url: &str) -> String {
    format!(
        "apiVersion: guarantor.dev/v1alpha1\nkind: MetricsSource\nmetadata: {{name: shared}}\n\
         spec:\n  url: {url}\n  tenants: [{{namespace: {NEIGHBOUR}}}, {{namespace: {HOME}}}]\n"
    )
}

/// An agreement of the guest: `workload` is appended to the reference of its workload.
fn agreement(name: &str, source: &str, workload: &str, objectives: &str) -> String {
    format!(
        r"apiVersion: guarantor.dev/v1alpha1
kind: ServiceLevelAgreement
metadata: {{name: {name}, namespace: {HOME}}}
spec:
  service:
    name: storefront
    workloads: [{{apiVersion: apps/v1, kind: Deployment, name: storefront{workload}}}]
  metrics: {{sourceRef: {{name: {source}}}, slot: 5s}}
  period: {{rolling: 30m}}
  objectives: {objectives}
  enforcement: {{mode: Enforce, scale: {{min: 1, max: 10}}}}
"
    )
}

/// An objective that asks for the neighbour's histogram.
const HISTOGRAM: &str = r#"
  - name: histogram
    target: "99"
    indicator:
      latency: {histogram: http_request_duration_seconds, selector: {namespace: neighbour}, threshold: 500ms}
"#;

/// Objectives that ask for the neighbour's requests, by name and by pattern.
const REACHING_OUT: &str = r#"
  - name: by-name
    target: "99"
    indicator:
      ratio:
        bad: sum(increase(http_requests_total{namespace="neighbour",code=~"5.."}[$slot]))
        total: sum(increase(http_requests_total{namespace="neighbour"}[$slot]))
  - name: by-pattern
    target: "99"
    indicator:
      ratio:
        bad: sum(increase(http_requests_total{namespace=~".*",code=~"5.."}[$slot]))
        total: sum(increase(http_requests_total{namespace=~".*"}[$slot]))
"#;

/// Waits until the store holds requests of the neighbour's, so that whoever is not confined counts some.
async fn until_there_is_something_to_see(stage: &Stage) -> Result<()> {
    let requests = format!("sum(increase(http_requests_total{{namespace=\"{NEIGHBOUR}\"}}[5s])) > 0");
    wait_until("requests of the neighbour", PATIENCE, async || {
        let rows = stage.shop.prometheus.query(&requests, Timestamp::now()).await?;
        Ok(if rows.len() == 1 { Progress::Done(()) } else { Progress::pending(format!("{rows:?}")) })
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_a_tenant_at_home() -> Result<()> {
    let stage = Stage::open_in(own_cluster().await?, &ShopOptions::new(NEIGHBOUR), HOME).await?;
    stage.apply(&shared_source(&stage.shop.prometheus.url())).await?;
    stage.apply(&agreement("workload-elsewhere", "shared", ", namespace: neighbour", REACHING_OUT)).await?;
    stage.apply(&agreement("source-of-others", NEIGHBOUR, "", REACHING_OUT)).await?;
    stage.apply(&agreement("histogram-of-others", "shared", "", HISTOGRAM)).await?;
    for (name, reason, field) in [
        ("workload-elsewhere", "InvalidSpec", "spec.service.workloads[0].namespace: "),
        ("source-of-others", "NamespaceNotAllowed", "spec.metrics.sourceRef: "),
        ("histogram-of-others", "ExpressionRefused", "spec.objectives[0].indicator.latency.selector: "),
    ] {
        // Until the operator has heard of a source that was made just now, that is what it says first.
        let as_meant = |c: &&Condition| c.status == "False" && c.reason == reason;
        let refused = stage.until(name, reason, |s| condition(s, READY).filter(as_meant).cloned()).await?;
        assert!(refused.message.starts_with(field), "{name}: {}", refused.message);
        assert_eq!(stage.status(name).await?.objectives, [], "{name}: nothing was asked");
    }

    until_there_is_something_to_see(&stage).await?;
    stage.apply(&agreement("series-of-others", "shared", "", REACHING_OUT)).await?;
    let blind = stage
        .until("series-of-others", "slots without samples", |s| {
            let all = s.objectives.len() == 2 && s.objectives.iter().all(|o| o.problem.contains("no sample"));
            let told = condition(s, MEASURED).is_some_and(|c| c.reason == "SlotUnknown");
            (all && told).then(|| s.clone())
        })
        .await?;
    let measured = condition(&blind, MEASURED).cloned().unwrap_or_else(|| panic!("no condition {MEASURED}"));
    assert_eq!((measured.status.as_str(), measured.reason.as_str()), ("False", "SlotUnknown"));
    assert!(measured.message.contains("no sample"), "{}", measured.message);
    for objective in &blind.objectives {
        let counted = (objective.state, objective.total_events.as_str(), objective.attainment.as_str());
        assert_eq!(counted, (State::NotDetermined, "0", ""), "{}", objective.name);
    }
    let abroad = stage.requests(NEIGHBOUR)?;
    assert!(abroad.is_empty(), "the operator was there: {abroad:#?}");
    Ok(())
}
