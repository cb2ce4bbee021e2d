//! The agreements of the demo: slots of seconds and a period of minutes, so that all of their life fits into it.

use super::stage::SHOP;
use crate::manifest::Agreement;
use crate::shop::STOREFRONT;

/// The service one of whose pods fails.
pub(super) const CART: &str = "cart";
/// The service that gets a bad revision.
pub(super) const SEARCH: &str = "search";

/// The storefront's, with credits: what it allows is to scale. Written out, since it is shown.
pub(super) fn of_the_storefront() -> String {
    format!(
        r#"apiVersion: guarantor.dev/v1alpha1
kind: ServiceLevelAgreement
metadata: {{name: {STOREFRONT}, namespace: {SHOP}}}
spec:
  parties: {{provider: {{name: Acme Cloud GmbH}}, customer: {{name: Globex Inc.}}}}
  service:
    name: {STOREFRONT}
    workloads: [{{apiVersion: apps/v1, kind: Deployment, name: {STOREFRONT}}}]
  metrics: {{sourceRef: {{name: {SHOP}}}, slot: 5s}}
  period: {{rolling: 3m}}
  objectives:
  - name: availability
    indicator:
      ratio:
        bad: sum(increase(http_requests_total{{service="{STOREFRONT}",code=~"5.."}}[$slot]))
        total: sum(increase(http_requests_total{{service="{STOREFRONT}"}}[$slot]))
    target: "95"
  - name: latency
    indicator:
      latency: {{histogram: http_request_duration_seconds, selector: {{service: {STOREFRONT}}}, threshold: 500ms}}
    target: "80"
  credits:
    fee: {{amount: "1200.00", currency: EUR}}
    tiers:
    - {{objective: availability, below: "95", percentOfFee: "10"}}
    - {{objective: availability, below: "80", percentOfFee: "50"}}
  enforcement: {{mode: Enforce, scale: {{min: 3, max: 12}}, cooldown: 10s, releaseAfter: 30s}}
"#
    )
}

/// That of another service, which allows `more` than to scale.
pub(super) fn of(service: &str, more: &str) -> String {
    let agreement =
        Agreement { scale: Some((4, 8)), release_after: "30s", allows: vec![more], ..Agreement::about(SHOP, service) };
    agreement.to_string()
}
