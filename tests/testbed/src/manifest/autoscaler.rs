//! A `HorizontalPodAutoscaler` of the storefront. The cluster has no metrics of pods, so that it keeps to its floor and to what
//! runs.

use std::fmt::{self, Display, Formatter};

use crate::shop::STOREFRONT;

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
}

impl<'a> Autoscaler<'a> {
    /// One that nobody owns, from `min` to `max`.
    #[must_use]
    pub fn new(namespace: &'a str, min: u32, max: u32) -> Self {
        Self { namespace, name: STOREFRONT, owner: None, min, max }
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
  - type: Resource
    resource: {{name: cpu, target: {{type: Utilization, averageUtilization: 80}}}}
"
        )
    }
}
