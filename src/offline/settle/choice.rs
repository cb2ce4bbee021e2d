//! What the customer chose for a period, where one credit is granted and the choice is theirs.

use super::account::invalid;
use super::fault::Fault;
use super::measurements::Measurements;
use crate::api::agreement::AgreementSpec;
use crate::api::credits::Combine;
use crate::evaluate::amendment::terms_at;
use crate::evaluate::period::Bounds;

/// The objective or remedy that was chosen for a period. `None`: nothing yet.
///
/// # Errors
/// Names the choice that the terms of the period do not give, or the second one for the period.
pub(super) fn chosen(
    measurements: &Measurements,
    spec: &AgreementSpec,
    period: Bounds,
) -> Result<Option<String>, Fault> {
    let mut in_period = measurements.chosen.iter().enumerate().filter(|(_, choice)| period.contains(choice.at));
    let Some((index, choice)) = in_period.next() else { return Ok(None) };
    if let Some((second, _)) = in_period.next() {
        let message = format!("is a second choice for the period from {}; leave one", period.start);
        return Err(Fault::new(format!("chosen[{second}]"), message));
    }
    let terms = terms_at(spec, period.start).map_err(invalid)?;
    let Some(credits) = terms.credits.as_ref().filter(|credits| credits.combine == Combine::CustomersChoice) else {
        let message = "spec.credits.combine is not CustomersChoice; there is nothing to choose";
        return Err(Fault::new(format!("chosen[{index}]"), message));
    };
    let offered = credits.tiers.iter().map(|tier| &tier.objective);
    if !offered.chain(credits.remedies.iter().map(|remedy| &remedy.name)).any(|name| *name == choice.name) {
        let message = format!("{:?} is neither an objective with tiers nor a remedy", choice.name);
        return Err(Fault::new(format!("chosen[{index}].name"), message));
    }
    Ok(Some(choice.name.clone()))
}
