//! Turns the ledger of a period into its object and says when it is worth writing.

use k8s_openapi::ByteString;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{OwnerReference, Time};
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::Resource;
use kube::api::ObjectMeta;

use crate::api::ledger::{AgreementIdentity, LedgerSpec, ObjectiveSlots, ServiceLevelLedger};
use crate::api::ServiceLevelAgreement;
use crate::evaluate::codec;
use crate::evaluate::ledger::Ledger;

/// The object that stores `ledger`.
///
/// # Errors
/// When the slots cannot be encoded, which names the limit that was hit.
pub fn object(
    agreement: &ServiceLevelAgreement,
    name: &str,
    ledger: &Ledger,
    closed: bool,
    resource_version: Option<String>,
) -> Result<ServiceLevelLedger, codec::CodecError> {
    let objectives = ledger
        .series()
        .map(|(objective, slots)| {
            Ok(ObjectiveSlots { name: objective.to_owned(), slots: ByteString(codec::encode(slots)?) })
        })
        .collect::<Result<Vec<_>, codec::CodecError>>()?;
    let bounds = ledger.bounds();
    let mut object = ServiceLevelLedger::new(
        name,
        LedgerSpec {
            agreement: identity(agreement),
            period_start: Time(bounds.start),
            period_end: Time(bounds.end),
            measured_through: Time(ledger.measured_through()),
            slot_seconds: i32::try_from(ledger.slot_seconds()).unwrap_or(i32::MAX),
            closed,
            objectives,
        },
    );
    object.metadata = ObjectMeta {
        name: Some(name.to_owned()),
        namespace: agreement.meta().namespace.clone(),
        resource_version,
        owner_references: Some(owner(agreement)),
        ..ObjectMeta::default()
    };
    Ok(object)
}

/// Names the agreement beyond doubt.
#[must_use]
pub fn identity(agreement: &ServiceLevelAgreement) -> AgreementIdentity {
    AgreementIdentity {
        name: agreement.meta().name.clone().unwrap_or_default(),
        uid: agreement.meta().uid.clone().unwrap_or_default(),
    }
}

/// Ledgers go with their agreement; statements do not, since a closed account outlives the contract.
fn owner(agreement: &ServiceLevelAgreement) -> Vec<OwnerReference> {
    agreement.owner_ref(&()).into_iter().collect()
}

/// Whether a running ledger should be written now.
///
/// Losing it loses nothing as long as the store keeps the samples, so an idle agreement writes once an interval, at
/// a moment of its own: the first eighth to eighth-eighth of the interval after the start is derived from the uid, so
/// that a fleet does not write at once.
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
