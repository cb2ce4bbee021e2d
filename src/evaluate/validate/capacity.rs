//! What is wrong with what the scaling law is fed with.

use crate::api::agreement::AgreementSpec;
use crate::api::measurement::Method;
use crate::api::objective::Objective;

use super::super::invalid::InvalidSpec;

/// The faults of `spec.enforcement.capacity`: objectives it names that the law cannot learn from.
pub(super) fn capacity(spec: &AgreementSpec) -> Vec<InvalidSpec> {
    let Some(capacity) = &spec.enforcement.capacity else { return Vec::new() };
    let mut faults = Vec::new();
    let mut named = |field: &str, name: &str, fits: fn(&Objective) -> bool, wanted: &str| {
        let message = match spec.objectives.iter().find(|objective| objective.name == name) {
            None => format!("there is no objective {name:?}; name one of spec.objectives"),
            Some(objective) if !fits(objective) => format!("the objective {name:?} {wanted}"),
            Some(_) => return,
        };
        faults.push(InvalidSpec::new(format!("spec.enforcement.capacity.{field}"), message));
    };
    let latency = "must have an indicator.latency and count requests, with the method Events or MeanOfSlots";
    named("objective", &capacity.objective, |o| o.indicator.latency.is_some() && counts_requests(o), latency);
    if let Some(name) = &capacity.availability {
        let bad = |o: &Objective| o.indicator.ratio.as_ref().is_some_and(|ratio| ratio.bad.is_some());
        named("availability", name, bad, "must count bad events, in indicator.ratio.bad");
    }
    if spec.service.workloads.is_empty() {
        let message = "has no pods to reckon with; name the workload in spec.service.workloads";
        faults.push(InvalidSpec::new("spec.enforcement.capacity", message));
    }
    faults
}

/// The target is a share of requests, and not of minutes.
fn counts_requests(objective: &Objective) -> bool {
    matches!(objective.measurement.method, Method::Events | Method::MeanOfSlots)
}
