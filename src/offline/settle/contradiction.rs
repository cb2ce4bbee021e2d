//! Outages beside what was told of the same time in another way: that nobody knows, or that nothing was deployed.
//!
//! Either would win over the outage in silence, and with it over money. So both are refused, and whoever wrote them says
//! which one holds.

use k8s_openapi::jiff::Timestamp;
use num_traits::Signed;

use super::fault::Fault;
use super::series::{Spell, between};

/// Whether every outage lies in time that was deployed and known. `unknown` and `deployed` are in order and disjoint;
/// without `deployed`, it always was.
///
/// # Errors
/// Names the outage and the field that says otherwise, with the first second of it.
pub(super) fn told_once(
    outages: &[Spell],
    unknown: &[(i64, i64)],
    deployed: Option<&[(i64, i64)]>,
    path: &str,
) -> Result<(), Fault> {
    for outage in outages.iter().filter(|outage| outage.bad.is_positive()) {
        let span = (outage.from, outage.until);
        let refused = |message: String| Err(Fault::new(format!("{path}.outages[{}]", outage.place), message));
        let missing = deployed.and_then(|deployed| between(deployed, span).into_iter().next());
        if let Some((from, _)) = missing {
            return refused(format!(
                "tells of time that {path}.deployed leaves out, from {}: what was not deployed did not fail; cut the \
                 outage, or correct deployed",
                instant(from)
            ));
        }
        let next = unknown.partition_point(|(_, until)| *until <= outage.from);
        if let Some((from, _)) = unknown.get(next).filter(|(from, _)| *from < outage.until) {
            return refused(format!(
                "tells of time that {path}.unknown tells of as well, from {}: what nobody knows was not seen to be bad; \
                 cut the outage, or correct unknown",
                instant((*from).max(outage.from))
            ));
        }
    }
    Ok(())
}

fn instant(second: i64) -> String {
    Timestamp::from_second(second).map_or_else(|_| second.to_string(), |at| at.to_string())
}
