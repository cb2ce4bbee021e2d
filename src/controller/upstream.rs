//! What an agreement depends on: how it stands, and a condition where it is not there.

use k8s_openapi::jiff::Timestamp;
use kube::runtime::reflector::ObjectRef;
use kube::{Resource, ResourceExt};

use super::context::Context;
use crate::api::ServiceLevelAgreement;
use crate::api::agreement_status::AgreementStatus;
use crate::api::condition::{self, ConditionStatus};
use crate::decide::situation::upstream::{Standing, Upstream};

/// How those stand that an agreement depends on.
pub(super) fn of(agreement: &ServiceLevelAgreement, context: &Context, now: Timestamp) -> Vec<Upstream> {
    if agreement.spec.service.depends_on.is_empty() {
        return Vec::new();
    }
    let namespace = agreement.namespace().unwrap_or_default();
    let named = |name: &str| context.agreements.get(&ObjectRef::new(name).within(&namespace));
    let exists = |name: &str| named(name).is_some();
    let has_pulse = |name: &str| {
        let felt = |named: &ServiceLevelAgreement| context.pulses.is_felt(&named.uid().unwrap_or_default(), named);
        named(name).is_some_and(|named| felt(&named))
    };
    context.fleet.upstream(agreement, exists, has_pulse, now)
}

/// Says where a name says nothing: until it is mended the operator would take a sick dependency for something else.
pub(super) fn condition(
    next: &mut AgreementStatus,
    agreement: &ServiceLevelAgreement,
    all: &[Upstream],
    now: Timestamp,
) {
    let of_no_use = all.iter().filter(|up| matches!(up.standing, Standing::Missing | Standing::SameService));
    let said: Vec<String> = of_no_use.map(Upstream::told).collect();
    let (list, kind) = (&mut next.conditions, condition::DEPENDENCY_UNKNOWN);
    if said.is_empty() {
        return condition::clear(list, kind);
    }
    let message = format!("spec.service.dependsOn: {}; correct or remove the name", said.join("; "));
    let generation = agreement.meta().generation;
    condition::set(list, kind, ConditionStatus::True, "NotFound", &message, generation, now);
}
