//! The credit in one currency: summed, capped, rounded once, and issued or not.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, Zero};

use crate::api::credits::Credits;

use super::super::exact::{money_text, round_half_up, ten_to, whole};
use super::super::invalid::InvalidSpec;
use super::cap::{self, CappedBy};
use super::fee::BaseFee;
use super::figure;
use super::line::Line;
use super::outcome::Facts;
use super::tariff::Tariff;

/// The credit in one currency. Amounts are in major units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amount {
    /// The fee it refers to.
    pub fee: BaseFee,
    /// After combination, before the caps.
    pub before_cap: BigRational,
    /// The cap that took something away.
    pub capped_by: Option<CappedBy>,
    /// After the caps, before rounding.
    pub exact: BigRational,
    /// In minor units, rounded half up once.
    pub minor_units: BigInt,
    /// Why it is not issued although something is owed. `None`: nothing stands in the way.
    pub not_issued: Option<String>,
}

impl Amount {
    /// What is issued, in minor units.
    #[must_use]
    pub fn issued(&self) -> BigInt {
        if self.not_issued.is_some() { BigInt::zero() } else { self.minor_units.clone() }
    }

    /// What is issued, in major units with the places of the currency.
    #[must_use]
    pub fn issued_text(&self) -> String {
        money_text(&self.issued(), self.fee.exponent)
    }
}

/// Minor units of an amount in major ones, rounded half up.
pub(super) fn rounded(amount: &BigRational, exponent: u16) -> BigInt {
    round_half_up(&(amount * whole(ten_to(exponent.into()))))
}

/// The credit in the currency of a fee; every line is told its part of it.
pub(super) fn in_currency(
    table: &Credits,
    tariff: &Tariff,
    fee: &BaseFee,
    lines: &mut [Line],
    facts: &Facts,
) -> Result<Amount, InvalidSpec> {
    let mut parts: Vec<_> = lines.iter().map(|line| tariff.money(line, fee)).collect();
    let before_cap: BigRational = parts.iter().map(|part| &part.granted).sum();
    let capped_by = cap::money(table, fee, lines, &mut parts, facts)?;
    let exact: BigRational = parts.iter().map(|part| &part.granted).sum();
    for (line, part) in lines.iter_mut().zip(parts) {
        if part.by_itself.is_positive() {
            line.money.push(part);
        }
    }
    Ok(Amount {
        minor_units: rounded(&exact, fee.exponent),
        not_issued: if fee.is_first { too_small(table, fee, &exact)? } else { None },
        fee: fee.clone(),
        before_cap,
        capped_by,
        exact,
    })
}

/// Why a credit is not issued, for the agreed minimum. Compared before it is rounded.
fn too_small(table: &Credits, fee: &BaseFee, credit: &BigRational) -> Result<Option<String>, InvalidSpec> {
    let Some(minimum) = &table.issued_above else { return Ok(None) };
    let above = figure::money(|| "spec.credits.issuedAbove".to_owned(), minimum)?;
    let is_too_small = credit.is_positive() && *credit <= above;
    Ok(is_too_small.then(|| {
        let currency = &fee.currency;
        format!("{} {currency} is not more than {minimum} {currency}", figure::plain(credit))
    }))
}
