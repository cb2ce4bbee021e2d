//! Whether the credit of a period is granted: with its statement, or on a claim of which only the file tells.
//!
//! A credit that has to be claimed and was not is not granted, however long it may still be claimed: no day of service of
//! it is added to the term, as the published agreements have it (Google Workspace: "must request", within thirty days).

use k8s_openapi::jiff::Timestamp;

use super::fault::Fault;
use super::measurements::Measurements;
use crate::api::agreement::AgreementSpec;
use crate::api::settlement::GrantMode;
use crate::evaluate::period::Bounds;

/// When the credit of a period was granted on a claim. `None`: it was not, or need not be claimed.
///
/// # Errors
/// Names the grant that nobody needs, or the second one for the period.
pub(super) fn granted_at(
    measurements: &Measurements,
    spec: &AgreementSpec,
    period: Bounds,
) -> Result<Option<Timestamp>, Fault> {
    if spec.settlement.grant == GrantMode::Automatic && !measurements.granted.is_empty() {
        let message = "spec.settlement.grant is Automatic: credits are granted with their statements; leave it out";
        return Err(Fault::new("granted", message));
    }
    let mut in_period = measurements.granted.iter().enumerate().filter(|(_, grant)| period.contains(grant.at));
    let Some((index, grant)) = in_period.next() else { return Ok(None) };
    if let Some((second, _)) = in_period.next() {
        let message = format!("is a second one for the period from {}; leave one", period.start);
        return Err(Fault::new(format!("granted[{second}]"), message));
    }
    if grant.granted_at < period.end {
        let message = format!("is before the end of its period, {}; nothing is granted before it is known", period.end);
        return Err(Fault::new(format!("granted[{index}].grantedAt"), message));
    }
    Ok(Some(grant.granted_at))
}
