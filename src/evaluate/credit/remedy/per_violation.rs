//! A fixed amount, or a multiple of the fee, for each violation. The fee is that of the whole period, also where an
//! amendment splits it: a violation costs the same in each part.

use crate::api::remedy::{MultipleOfFee, PerIncident};

use super::super::super::exact::whole;
use super::super::super::invalid::InvalidSpec;
use super::super::entitlement::{Entitlement, Grant};
use super::super::figure;
use super::super::tariff::Tariff;

/// A fixed amount for each violation, whether the objective was kept over the period or not.
pub(super) fn amount(
    field: &str,
    rule: &PerIncident,
    currency: &str,
    violations: usize,
) -> Result<Option<Entitlement>, InvalidSpec> {
    let each = figure::money(|| format!("{field}.amount"), &rule.amount)?;
    let grant = Grant::amount(each * whole(violations));
    Ok(counted(grant, violations, &format!("{} {currency}", rule.amount)))
}

/// A multiple of the fee for each violation.
pub(super) fn multiple(
    field: &str,
    rule: &MultipleOfFee,
    tariff: &Tariff,
    violations: usize,
) -> Result<Option<Entitlement>, InvalidSpec> {
    let each = figure::quantity(|| format!("{field}.multiple"), &rule.multiple)?;
    let grant = Grant::share(tariff.of_all_parts(&(each * whole(violations))));
    Ok(counted(grant, violations, &format!("{} times the fee", rule.multiple)))
}

fn counted(grant: Grant, violations: usize, each: &str) -> Option<Entitlement> {
    let noun = if violations == 1 { "violation" } else { "violations" };
    let reckoning = format!("{violations} {noun} at {each}");
    (!grant.is_nothing()).then(|| Entitlement { grant: Some(grant), reckoning, ..Entitlement::default() })
}
