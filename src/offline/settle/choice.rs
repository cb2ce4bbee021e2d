//! What the customer chose for a period, where one credit is granted and the choice is theirs.

use super::account::invalid;
use super::fault::Fault;
use super::measurements::{Choice, Measurements};
use crate::api::agreement::AgreementSpec;
use crate::api::credits::Credits;
use crate::evaluate::amendment::terms_at;
use crate::evaluate::choice::{NotOffered, offered};
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
    is_offered(index, choice, terms.credits.as_ref())?;
    Ok(Some(choice.name.clone()))
}

/// Whether these credits give a choice, and this one.
///
/// # Errors
/// Names the choice that they do not give.
pub(super) fn is_offered(index: usize, choice: &Choice, credits: Option<&Credits>) -> Result<(), Fault> {
    offered(credits, &choice.name).map_err(|why| {
        let field = if why == NotOffered::NothingToChoose { "" } else { ".name" };
        Fault::new(format!("chosen[{index}]{field}"), why.to_string())
    })
}
