//! Turns the ledger of a period into its object and says when it is worth writing.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::Resource;
use kube::api::ObjectMeta;

use crate::api::ServiceLevelAgreement;
use crate::api::ledger::{AgreementIdentity, ServiceLevelLedger};
use crate::evaluate::enforcement_log::EnforcementLog;
use crate::evaluate::ledger::Ledger;
use crate::evaluate::stored_ledger;

/// The object that stores `ledger`.
#[must_use]
pub fn object(
    agreement: &ServiceLevelAgreement,
    name: &str,
    ledger: &Ledger,
    log: &EnforcementLog,
    closed: bool,
    resource_version: Option<String>,
) -> ServiceLevelLedger {
    let mut object = ServiceLevelLedger::new(name, stored_ledger::to_spec(ledger, identity(agreement), log, closed));
    object.metadata = ObjectMeta {
        name: Some(name.to_owned()),
        namespace: agreement.meta().namespace.clone(),
        resource_version,
        // A running ledger goes with its agreement. A closed one is the evidence of a statement, and stays with it; so does
        // that of an agreement that is being deleted, should it never be closed.
        owner_references: (!closed && agreement.meta().deletion_timestamp.is_none()).then(|| owner(agreement)),
        ..ObjectMeta::default()
    };
    object
}

/// Names the agreement beyond doubt.
#[must_use]
pub fn identity(agreement: &ServiceLevelAgreement) -> AgreementIdentity {
    AgreementIdentity {
        name: agreement.meta().name.clone().unwrap_or_default(),
        uid: agreement.meta().uid.clone().unwrap_or_default(),
    }
}

fn owner(agreement: &ServiceLevelAgreement) -> Vec<OwnerReference> {
    agreement.owner_ref(&()).into_iter().collect()
}

/// Whether a running ledger should be written now.
///
/// Losing it loses nothing as long as the store keeps the samples, so an idle agreement writes once an interval, at
/// a moment of its own: how much of the interval passes before the first write is derived from the uid, so that a fleet
/// does not write at once.
#[must_use]
pub fn checkpoint_due(uid: &str, last: Timestamp, now: Timestamp, interval: SignedDuration, first: bool) -> bool {
    let spread = uid.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte))) % 1000;
    let wait = if first {
        interval.checked_mul(i32::try_from(spread).unwrap_or(0)).map_or(interval, |w| w / 1000)
    } else {
        interval
    };
    now.duration_since(last) >= wait
}
