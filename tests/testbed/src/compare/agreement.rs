//! What is agreed about the service: the same text for the operator and for the simulator.

use super::BOUNDS;
use crate::shop::STOREFRONT;

/// The agreement that a minute is judged by: 95 % of its requests within 500 ms. The operator's flags, and every field that is
/// left out, are as shipped; the slots are short, and so is the period, in which a bad minute matters.
pub(super) fn agreement(namespace: &str) -> String {
    let (min, max) = BOUNDS;
    format!(
        r#"apiVersion: guarantor.dev/v1alpha1
kind: ServiceLevelAgreement
metadata: {{name: {STOREFRONT}, namespace: {namespace}}}
spec:
  service:
    name: {STOREFRONT}
    workloads: [{{apiVersion: apps/v1, kind: Deployment, name: {STOREFRONT}}}]
  metrics: {{sourceRef: {{name: {namespace}}}, slot: 10s}}
  period: {{rolling: 30m}}
  objectives:
  - name: latency
    indicator:
      latency:
        histogram: http_request_duration_seconds
        selector: {{service: {STOREFRONT}}}
        threshold: 500ms
    target: "95"
  - name: availability
    indicator:
      ratio:
        bad: sum(increase(http_requests_total{{service="{STOREFRONT}",code=~"5.."}}[$slot]))
        total: sum(increase(http_requests_total{{service="{STOREFRONT}"}}[$slot]))
    target: "99"
  enforcement:
    mode: Enforce
    scale: {{min: {min}, max: {max}}}
    reschedule: {{}}
    capacity:
      mode: Floor
      objective: latency
      availability: availability
      cpu: container_cpu_usage_seconds_total{{service="{STOREFRONT}"}}
      inFlight: http_requests_in_flight{{service="{STOREFRONT}"}}
"#
    )
}

/// The source that its figures come from, for this namespace alone.
pub(super) fn source(namespace: &str, url: &str) -> String {
    format!(
        "apiVersion: guarantor.dev/v1alpha1\nkind: MetricsSource\nmetadata: {{name: {namespace}}}\n\
         spec:\n  url: {url}\n  timeout: 5s\n  tenants:\n  - namespace: {namespace}\n"
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use serde_json::{Value, json};

    use super::super::{GOOD, THRESHOLD};
    use super::*;

    #[test]
    fn what_is_agreed_is_what_a_minute_is_judged_by() {
        let agreed: Value = serde_saphyr::from_str(&agreement("lane-1")).unwrap();
        let (objectives, enforcement) = (&agreed["spec"]["objectives"], &agreed["spec"]["enforcement"]);
        let threshold = format!("{:.0}ms", THRESHOLD * 1000.0);
        assert_eq!(objectives[0]["indicator"]["latency"]["threshold"], json!(threshold));
        assert_eq!(objectives[0]["target"], json!(format!("{:.0}", GOOD * 100.0)));
        assert_eq!(enforcement["scale"], json!({"min": BOUNDS.0, "max": BOUNDS.1}));
        let names = [&objectives[0]["name"], &objectives[1]["name"]];
        assert_eq!([&enforcement["capacity"]["objective"], &enforcement["capacity"]["availability"]], names);
        let source: Value = serde_saphyr::from_str(&source("lane-1", "http://127.0.0.1:1")).unwrap();
        assert_eq!(agreed["spec"]["metrics"]["sourceRef"]["name"], source["metadata"]["name"]);
        assert_eq!(source["spec"]["tenants"], json!([{"namespace": agreed["metadata"]["namespace"]}]));
    }
}
