//! An agreement about a service of a shop, in slots of five seconds.

use std::fmt::{self, Display, Formatter};

use super::Objective;
use crate::shop::STOREFRONT;

/// What an agreement says.
#[derive(Debug, Clone)]
pub struct Agreement<'a> {
    /// Its namespace.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
    /// The service it is about: the value of the label `service`.
    pub service: &'a str,
    /// The Deployment that may be acted on; none: it names no workload.
    pub workload: Option<&'a str>,
    /// The agreements on what it depends on, by their names.
    pub depends_on: Vec<&'a str>,
    /// The name of its `MetricsSource`.
    pub source: &'a str,
    /// What it is in force for, and its period: lines of its spec, as [`rolling`] gives them.
    pub term: String,
    /// What is promised.
    pub objectives: Vec<Objective<'a>>,
    /// More of its spec: lines that are indented by two.
    pub more: &'a str,
    /// `Observe`, `Recommend` or `Enforce`.
    pub mode: &'a str,
    /// The least and the most replicas; none: they are not to be changed, and no pace is agreed.
    pub scale: Option<(u32, u32)>,
    /// How long all is well before something is given back.
    pub release_after: &'a str,
    /// What is allowed beside scaling, each verb as a field of `enforcement`: `resize: {maxCpu: "1"}`.
    pub allows: Vec<&'a str>,
}

impl<'a> Agreement<'a> {
    /// One that is enforced by scaling the storefront between two and ten: all but one of a hundred of its requests succeed.
    #[must_use]
    pub fn new(namespace: &'a str) -> Self {
        Self::about(namespace, STOREFRONT)
    }

    /// The same about another service.
    #[must_use]
    pub fn about(namespace: &'a str, service: &'a str) -> Self {
        Self {
            namespace,
            name: service,
            service,
            workload: Some(service),
            depends_on: Vec::new(),
            source: namespace,
            term: rolling("30m"),
            objectives: vec![Objective::availability("99")],
            more: "",
            mode: "Enforce",
            scale: Some((2, 10)),
            release_after: "20s",
            allows: Vec::new(),
        }
    }

    /// One that is measured in periods of this length and never acted on: nineteen of twenty requests succeed.
    #[must_use]
    pub fn observed(namespace: &'a str, period: &str) -> Self {
        Self {
            workload: None,
            term: rolling(period),
            objectives: vec![Objective::availability("95")],
            mode: "Observe",
            scale: None,
            ..Self::new(namespace)
        }
    }

    fn enforcement(&self) -> String {
        let mut fields = vec![format!("mode: {}", self.mode)];
        if let Some((least, most)) = self.scale {
            fields.push(format!("scale: {{min: {least}, max: {most}}}"));
            fields.push("cooldown: 10s".to_owned());
            fields.push(format!("releaseAfter: {}", self.release_after));
        }
        fields.extend(self.allows.iter().map(|&verb| verb.to_owned()));
        fields.join(", ")
    }
}

impl Display for Agreement<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { namespace, name, service, source, term, more, .. } = self;
        let workload = self.workload.map(|name| format!("{{apiVersion: apps/v1, kind: Deployment, name: {name}}}"));
        let depends_on = match self.depends_on.join(", ") {
            none if none.is_empty() => none,
            names => format!("    dependsOn: [{names}]\n"),
        };
        let objectives: String = self.objectives.iter().map(|objective| objective.lines(service)).collect();
        write!(
            f,
            r"apiVersion: guarantor.dev/v1alpha1
kind: ServiceLevelAgreement
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  service:
    name: {service}
    workloads: [{workload}]
{depends_on}  metrics: {{sourceRef: {{name: {source}}}, slot: 5s}}
{term}  objectives:
{objectives}{more}  enforcement: {{{enforcement}}}
",
            workload = workload.unwrap_or_default(),
            enforcement = self.enforcement(),
        )
    }
}

/// Periods of this length, from the creation on.
#[must_use]
pub fn rolling(length: &str) -> String {
    format!("  period: {{rolling: {length}}}\n")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(agreement: &Agreement) -> Value {
        serde_saphyr::from_str(&agreement.to_string()).unwrap()
    }

    #[test]
    fn the_usual_one_is_what_a_user_would_write() {
        let written = r#"apiVersion: guarantor.dev/v1alpha1
kind: ServiceLevelAgreement
metadata: {name: storefront, namespace: shop}
spec:
  service:
    name: storefront
    workloads: [{apiVersion: apps/v1, kind: Deployment, name: storefront}]
  metrics: {sourceRef: {name: shop}, slot: 5s}
  period: {rolling: 30m}
  objectives:
  - name: availability
    indicator:
      ratio:
        bad: sum(increase(http_requests_total{service="storefront",code=~"5.."}[$slot]))
        total: sum(increase(http_requests_total{service="storefront"}[$slot]))
    target: "99"
  enforcement: {mode: Enforce, scale: {min: 2, max: 10}, cooldown: 10s, releaseAfter: 20s}
"#;
        assert_eq!(Agreement::new("shop").to_string(), written);
    }

    #[test]
    fn everything_that_differs_is_read_as_it_was_said() {
        let other = Agreement {
            name: "settled",
            workload: None,
            depends_on: vec!["stock", "payments"],
            source: "main",
            term: format!("  validity: {{from: \"2026-01-01\"}}\n{}", rolling("1h")),
            objectives: vec![Objective::latency("500ms", "95"), Objective::availability("99.9").named("strict")],
            more: "  credits:\n    fee: {amount: \"1.00\", currency: EUR}\n",
            mode: "Recommend",
            scale: Some((3, 4)),
            release_after: "1m",
            allows: vec!["resize: {maxCpu: \"1\"}", "rollback: {}"],
            ..Agreement::about("shop", "cart")
        };
        let mut other = read(&other);
        assert_eq!(other["metadata"], json!({"name": "settled", "namespace": "shop"}));
        let mut spec = other["spec"].take();
        let objectives = spec["objectives"].take();
        let expected = json!({
            "service": {"name": "cart", "workloads": [], "dependsOn": ["stock", "payments"]},
            "metrics": {"sourceRef": {"name": "main"}, "slot": "5s"},
            "validity": {"from": "2026-01-01"},
            "period": {"rolling": "1h"},
            "objectives": null,
            "credits": {"fee": {"amount": "1.00", "currency": "EUR"}},
            "enforcement": {
                "mode": "Recommend", "scale": {"min": 3, "max": 4}, "cooldown": "10s", "releaseAfter": "1m",
                "resize": {"maxCpu": "1"}, "rollback": {},
            },
        });
        assert_eq!(spec, expected);
        let latency = json!({
            "histogram": "http_request_duration_seconds", "selector": {"service": "cart"}, "threshold": "500ms",
        });
        let ratio = json!({
            "bad": r#"sum(increase(http_requests_total{service="cart",code=~"5.."}[$slot]))"#,
            "total": r#"sum(increase(http_requests_total{service="cart"}[$slot]))"#,
        });
        let expected = json!([
            {"name": "latency", "indicator": {"latency": latency}, "target": "95"},
            {"name": "strict", "indicator": {"ratio": ratio}, "target": "99.9"},
        ]);
        assert_eq!(objectives, expected);
    }

    #[test]
    fn one_that_is_observed_allows_nothing() {
        let spec = read(&Agreement::observed("shop", "2m"))["spec"].take();
        assert_eq!(spec["enforcement"], json!({"mode": "Observe"}));
        assert_eq!(spec["service"], json!({"name": "storefront", "workloads": []}));
        assert_eq!((&spec["period"], &spec["objectives"][0]["target"]), (&json!({"rolling": "2m"}), &json!("95")));
    }
}
