//! A `HorizontalPodAutoscaler` of the storefront. Without [`Adapter`](crate::adapter::Adapter) the cluster has no metrics of pods, so
//! that it keeps to its floor and to what runs.

use std::fmt::{self, Display, Formatter};

use crate::adapter::REQUESTS_PER_SECOND;
use crate::shop::STOREFRONT;

/// What an autoscaler aims at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aim {
    /// Pods use so many percent of the CPU they request.
    Cpu(u32),
    /// Pods get so many thousandths of a request a second, in the mean of all: as KEDA does it, by one figure of the service.
    Rate(u32),
}

impl Aim {
    /// The entry of `metrics`.
    fn lines(self) -> String {
        match self {
            Self::Cpu(percent) => format!(
                "  - type: Resource\n    resource: {{name: cpu, target: {{type: Utilization, averageUtilization: {percent}}}}}\n"
            ),
            Self::Rate(thousandths) => format!(
                "  - type: External\n    external:\n      metric: {{name: {REQUESTS_PER_SECOND}}}\n      \
                 target: {{type: AverageValue, averageValue: {thousandths}m}}\n"
            ),
        }
    }
}

/// What an autoscaler says.
#[derive(Debug, Clone)]
pub struct Autoscaler<'a> {
    /// Its namespace.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Who made it: a reference to its owner, in braces.
    pub owner: Option<String>,
    /// The least replicas.
    pub min: u32,
    /// The most replicas.
    pub max: u32,
    /// What it aims at.
    pub aim: Aim,
}

impl<'a> Autoscaler<'a> {
    /// One that nobody owns, from `min` to `max`, at 80 % of the CPU.
    #[must_use]
    pub fn new(namespace: &'a str, min: u32, max: u32) -> Self {
        Self { namespace, name: STOREFRONT, owner: None, min, max, aim: Aim::Cpu(80) }
    }
}

impl Display for Autoscaler<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { namespace, name, min, max, .. } = self;
        let owner = self.owner.as_ref().map(|owner| format!(", ownerReferences: [{owner}]")).unwrap_or_default();
        write!(
            f,
            r"apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {{name: {name}, namespace: {namespace}{owner}}}
spec:
  scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: {STOREFRONT}}}
  minReplicas: {min}
  maxReplicas: {max}
  metrics:
{metrics}",
            metrics = self.aim.lines(),
        )
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn both_aims_are_what_a_user_would_write() {
        let metrics = |aim| {
            let text = Autoscaler { aim, ..Autoscaler::new("shop", 2, 9) }.to_string();
            let mut read: Value = serde_saphyr::from_str(&text).unwrap();
            assert_eq!((&read["spec"]["minReplicas"], &read["spec"]["maxReplicas"]), (&json!(2), &json!(9)));
            read["spec"]["metrics"].take()
        };
        let cpu = json!({"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}});
        assert_eq!(metrics(Aim::Cpu(60)), json!([{"type": "Resource", "resource": cpu}]));
        let rate = json!({
            "metric": {"name": "http_requests_per_second"}, "target": {"type": "AverageValue", "averageValue": "12500m"},
        });
        assert_eq!(metrics(Aim::Rate(12_500)), json!([{"type": "External", "external": rate}]));
    }
}
