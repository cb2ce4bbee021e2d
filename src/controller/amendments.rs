//! Amendments that come too late: what was promised for a time that has begun is not changed afterwards.
//!
//! What stands in an agreement when it is first seen was agreed with it, whenever it took effect. An entry that is added
//! later must take effect later; the status remembers the last one that was taken up. Added in time while no operator
//! ran, it comes too late all the same: nobody can tell the two apart.

use k8s_openapi::jiff::Timestamp;

use super::terms::Refusal;
use crate::api::ServiceLevelAgreement;
use crate::api::agreement_status::AgreementStatus;
use crate::evaluate::amendment::instants;

/// Whether every amendment that is new came before it takes effect.
///
/// # Errors
/// Names the first one that did not.
pub(super) fn in_time(
    agreement: &ServiceLevelAgreement,
    status: &AgreementStatus,
    now: Timestamp,
) -> Result<(), Refusal> {
    if status.observed_generation.is_none() {
        return Ok(());
    }
    let taken = status.amended_through.as_deref().unwrap_or_default();
    // Days that do not exist are refused with the rest of the terms.
    let instants = instants(&agreement.spec).unwrap_or_default();
    let entries = agreement.spec.amendments.iter().zip(instants).enumerate();
    // Days of this form are ordered as texts.
    let late = entries.into_iter().find(|(_, (entry, from))| entry.effective.as_str() > taken && *from <= now);
    let Some((index, (entry, _))) = late else { return Ok(()) };
    Err(Refusal {
        reason: "AmendedTooLate",
        message: format!(
            "spec.amendments[{index}].effective: {} had begun when the entry was first seen, and what was promised for \
             a time is not changed afterwards; give a later day",
            entry.effective
        ),
        terminal: true,
        amendment: Some(entry.effective.clone()),
    })
}

/// A deleted agreement as far as it was taken up: without the amendments that came too late, and in the generation of its
/// last spec, since the API server counts the deletion as one more.
pub(super) fn as_taken_up(
    deleted: &ServiceLevelAgreement,
    status: &AgreementStatus,
    now: Timestamp,
) -> ServiceLevelAgreement {
    let mut agreement = deleted.clone();
    agreement.metadata.generation = deleted.metadata.generation.map(|generation| generation.saturating_sub(1).max(1));
    if in_time(deleted, status, now).is_err() {
        let taken = status.amended_through.as_deref().unwrap_or_default();
        agreement.spec.amendments.retain(|entry| entry.effective.as_str() <= taken);
    }
    agreement
}

/// Remembers what was taken up.
pub(super) fn take_up(next: &mut AgreementStatus, agreement: &ServiceLevelAgreement) {
    next.amended_through = agreement.spec.amendments.last().map(|entry| entry.effective.clone());
}
