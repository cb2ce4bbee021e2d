//! The fee for the time that was lost, times a multiple.

use num_rational::BigRational;
use num_traits::One;

use crate::api::agreement_status::State;
use crate::api::remedy::Proportional;

use super::super::super::exact::ratio_text;
use super::super::super::invalid::InvalidSpec;
use super::super::entitlement::{Entitlement, Grant};
use super::super::figure;
use super::super::outcome::Outcome;

/// Fee x (1 - attainment) x multiple, where the objective was missed.
pub(super) fn owed(
    field: &str,
    rule: &Proportional,
    outcome: &Outcome<'_>,
) -> Result<Option<Entitlement>, InvalidSpec> {
    let multiple = figure::quantity(|| format!("{field}.multiple"), &rule.multiple)?;
    let (State::Violated, Some(attainment)) = (outcome.state, &outcome.settles_on) else { return Ok(None) };
    let lost = BigRational::one() - attainment;
    let reckoning = format!("{} times the fee for {} of the period", rule.multiple, ratio_text(&lost));
    Ok(Some(Entitlement { grant: Some(Grant::share(lost * multiple)), reckoning, ..Entitlement::default() }))
}
