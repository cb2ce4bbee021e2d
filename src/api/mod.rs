//! What users write and read: the custom resources, their validation and their conditions.
//!
//! Takes and gives plain data. Has no behaviour beyond accessors, and must never read the network or a clock.
//! Percentages, money and durations are strings on the wire ([`Percent`], [`Money`], [`Span`]): a float would
//! round what somebody signed.

pub mod agreement;
pub mod agreement_status;
pub mod amendment;
pub mod avoidance_status;
pub mod bid;
pub mod capacity;
pub mod claim;
pub mod condition;
pub mod contract_status;
pub mod cpu_target;
pub mod credit_facts;
pub mod credit_status;
pub mod credits;
pub mod diagnosis;
pub mod diagnosis_record;
pub mod ending;
pub mod enforcement;
pub mod enforcement_status;
pub mod exclusion;
pub mod exclusion_line;
pub mod exclusion_rules;
pub mod ledger;
pub mod measurement;
pub mod metrics_source;
pub mod missing_data;
pub mod objective;
pub mod objective_statement;
pub mod owned_replicas;
pub mod parameter;
pub mod period;
pub mod refusal;
pub mod remedy;
pub mod reschedule_status;
pub mod resize;
pub mod resize_status;
pub mod rollout_status;
pub mod scalar;
pub mod settlement;
pub mod shed;
pub mod slot_length;
pub mod statement;
pub mod terms;
mod upstream;

pub use agreement::{AgreementSpec, ServiceLevelAgreement};
pub use claim::{ClaimSpec, ServiceLevelClaim};
pub use exclusion::{ExclusionSpec, ServiceLevelExclusion};
pub use ledger::ServiceLevelLedger;
pub use metrics_source::MetricsSource;
pub use scalar::{Money, Percent, Quantity, Span};
pub use statement::ServiceLevelStatement;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{CustomResourceDefinition, ValidationRule};
use kube::CustomResourceExt;

/// The API group of every Guarantor resource.
pub const GROUP: &str = "guarantor.dev";

/// The one version served today. Fields are only ever added to it, and always as optional ones.
pub const VERSION: &str = "v1alpha1";

/// The name under which every write of the operator is entered in `metadata.managedFields`.
pub const FIELD_MANAGER: &str = "guarantor";

/// Keeps a deleted agreement until the floors it raised and the CPU targets it set stand at their baseline again, the rollouts
/// it paused go on, and the pods it resized have the size of their template.
pub const FINALIZER: &str = "guarantor.dev/restore";

/// Keeps a deleted agreement until its account is closed with a last statement.
pub const ACCOUNT_FINALIZER: &str = "guarantor.dev/account";

/// On a workload's autoscaler (or the workload itself): the value that stood before Guarantor changed it, as JSON.
pub const BASELINE_ANNOTATION: &str = "guarantor.dev/baseline";

/// On a Deployment: what Guarantor did to its rollout, as JSON.
pub const ROLLOUT_ANNOTATION: &str = "guarantor.dev/rollout";

/// On a node that new pods are to avoid: the key of the soft taint, whose value is the action's id, and of the annotation
/// beside it, which says as JSON on whose behalf it stands, and until when.
pub const AVOID_KEY: &str = "guarantor.dev/avoid";
/// On an HPA: the CPU target that Guarantor set, and what was declared before, as JSON.
pub const CPU_TARGET_ANNOTATION: &str = "guarantor.dev/cpu-target";

/// On a `ConfigMap`: the key that Guarantor wrote to shed load, and what stood there before, as JSON.
pub const SHED_ANNOTATION: &str = "guarantor.dev/shed";

/// The custom resource definitions, in the order in which a person would read them.
///
/// `guarantor crds` prints them; `crds/` and the chart hold the same text, compared by a test. Helm is told to keep
/// them when a release is removed: with a definition, every agreement and every statement would go.
#[must_use]
pub fn crds() -> Vec<CustomResourceDefinition> {
    let mut crds = vec![
        ServiceLevelAgreement::crd(),
        MetricsSource::crd(),
        ServiceLevelExclusion::crd(),
        ServiceLevelClaim::crd(),
        ServiceLevelStatement::crd(),
        ServiceLevelLedger::crd(),
    ];
    for crd in &mut crds {
        match crd.spec.names.kind.as_str() {
            "ServiceLevelAgreement" => {
                keep_amendments(crd);
                upstream::not_itself(crd);
            }
            "ServiceLevelStatement" => terms::leave_bare(crd),
            _ => {}
        }
        crd.metadata
            .annotations
            .get_or_insert_default()
            .insert("helm.sh/resource-policy".to_owned(), "keep".to_owned());
    }
    crds
}

/// Amendments are only ever added, and after all others. The rule stands at the root of the object, where it sees the
/// status too: an entry that the operator refused must not bind anybody to a slip of the pen.
fn keep_amendments(crd: &mut CustomResourceDefinition) {
    const REFUSED: &str = "has(oldSelf.status) && has(oldSelf.status.refusedAmendment) \
                           && oldSelf.status.refusedAmendment == a.effective";
    let rules = [
        format!(
            "!has(oldSelf.spec.amendments) || oldSelf.spec.amendments.all(a, ({REFUSED}) \
             || self.spec.amendments.exists(b, b.effective == a.effective && b == a))"
        ),
        format!(
            "!has(oldSelf.spec.amendments) || self.spec.amendments.all(b, \
             oldSelf.spec.amendments.exists(a, a.effective == b.effective) \
             || oldSelf.spec.amendments.all(a, ({REFUSED}) || a.effective < b.effective))"
        ),
    ];
    let schemas = crd.spec.versions.iter_mut().filter_map(|v| v.schema.as_mut()?.open_api_v3_schema.as_mut());
    for schema in schemas {
        schema.x_kubernetes_validations.get_or_insert_default().extend(rules.iter().map(|rule| {
            ValidationRule {
            rule: rule.clone(),
            field_path: Some(".spec.amendments".to_owned()),
            message: Some(
                "spec.amendments can only grow at its end, as what was agreed stays agreed; add an entry that takes \
                 effect later"
                    .to_owned(),
            ),
            ..ValidationRule::default()
        }
        }));
    }
}
