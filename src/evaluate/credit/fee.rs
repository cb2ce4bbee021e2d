//! The fees of a period: what the percentages are percentages of.
//!
//! The fee of a period that an amendment splits is for all its parts together. Each is charged by its share in seconds, so
//! that the parts never cost more than the whole.

use iso_currency::Currency;
use num_rational::BigRational;
use num_traits::{One, Zero};

use crate::api::agreement::AgreementSpec;
use crate::api::credits::Fee;
use crate::api::period::{CalendarUnit, Period};

use super::super::exact::{divide, whole};
use super::super::invalid::InvalidSpec;
use super::super::period::{Bounds, uncut, zone};
use super::figure;

/// A fee of one period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseFee {
    /// ISO 4217.
    pub currency: String,
    /// Decimal places of the currency.
    pub exponent: u16,
    /// What it is for; empty where nobody said.
    pub base: String,
    /// Whether fixed amounts are in its currency: it is `spec.credits.fee`.
    pub is_first: bool,
    /// For this period, in major units.
    pub amount: BigRational,
    /// For a period that is neither cut short nor split.
    pub whole: BigRational,
    /// For a day of one.
    pub day: BigRational,
}

/// The decimal places of a currency.
///
/// # Errors
/// ISO 4217 has no such currency, or it has no minor unit (gold, for example).
pub fn exponent(field: &str, code: &str) -> Result<u16, InvalidSpec> {
    let refuse = |what: &str| InvalidSpec::new(field, format!("{code:?} {what}"));
    let currency =
        Currency::from_code(code).ok_or_else(|| refuse("is no currency of ISO 4217; write for example EUR"))?;
    currency.exponent().ok_or_else(|| refuse("has no minor unit to which a credit could be rounded"))
}

/// The time a fee is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charged {
    /// Seconds of this period.
    pub period_seconds: i64,
    /// Seconds of the whole period in which the agreement is in force: more than those of this one where an amendment
    /// splits it.
    pub in_force_seconds: i64,
    /// Seconds of the whole period.
    pub whole_seconds: i64,
    /// Days of the whole period.
    pub days: BigRational,
    /// Months of it, of which a prepayment has so many.
    pub months: i64,
}

impl Charged {
    /// `ends`: the agreement ends with the period, whatever its validity says.
    pub(super) fn new(
        spec: &AgreementSpec,
        period: Bounds,
        whole_period: Bounds,
        ends: bool,
    ) -> Result<Self, InvalidSpec> {
        let uncut = uncut(spec, &period, &whole_period)?;
        let uncut = if ends { Bounds { end: period.end, ..uncut } } else { uncut };
        Ok(Self {
            period_seconds: period.seconds(),
            in_force_seconds: uncut.seconds(),
            whole_seconds: whole_period.seconds(),
            days: days(spec, whole_period)?,
            months: months(&spec.period),
        })
    }

    /// The share of the whole period in which the agreement is in force.
    #[must_use]
    pub fn in_force(&self) -> BigRational {
        share(self.in_force_seconds, self.whole_seconds)
    }

    /// The share of that time which this period has: below 1 where an amendment splits it.
    #[must_use]
    pub fn part(&self) -> BigRational {
        share(self.period_seconds, self.in_force_seconds)
    }

    /// Reads a fee of the table.
    pub(super) fn fee(&self, field: &str, fee: &Fee, is_first: bool) -> Result<BaseFee, InvalidSpec> {
        let amount = figure::money(|| format!("{field}.amount"), &fee.amount)?;
        let whole_fee = match fee.prepaid_months {
            Some(prepaid) => divide(&(amount * whole(self.months)), &whole(prepaid)).ok_or_else(|| {
                InvalidSpec::new(format!("{field}.prepaidMonths"), "must be at least 1; leave it out otherwise")
            })?,
            None => amount,
        };
        let charged = if fee.prorated { &whole_fee * self.in_force() } else { whole_fee.clone() };
        Ok(BaseFee {
            currency: fee.currency.clone(),
            exponent: exponent(&format!("{field}.currency"), &fee.currency)?,
            base: fee.base.clone().unwrap_or_default(),
            is_first,
            amount: charged * self.part(),
            day: divide(&whole_fee, &self.days).unwrap_or_else(BigRational::zero),
            whole: whole_fee,
        })
    }
}

fn share(part: i64, of: i64) -> BigRational {
    divide(&whole(part), &whole(of)).unwrap_or_else(BigRational::one).min(BigRational::one())
}

/// The days of a period by the calendar of the agreement's zone: the day on which clocks change is one day. What is over
/// counts by the second.
fn days(spec: &AgreementSpec, bounds: Bounds) -> Result<BigRational, InvalidSpec> {
    let zone = zone(&spec.time_zone)?;
    let (start, end) = (bounds.start.to_zoned(zone.clone()), bounds.end.to_zoned(zone));
    let mut full = i64::from(start.date().until(end.date()).map_or(0, |span| span.get_days()));
    let after = |days: i64| start.checked_add(k8s_openapi::jiff::Span::new().try_days(days).ok()?).ok();
    let mut reached = after(full);
    if reached.as_ref().is_some_and(|reached| *reached > end) {
        full -= 1;
        reached = after(full);
    }
    let rest = reached.map_or(0, |reached| bounds.end.as_second().saturating_sub(reached.timestamp().as_second()));
    Ok(whole(full) + BigRational::new(rest.into(), 86_400.into()))
}

/// The months of a settlement period.
fn months(period: &Period) -> i64 {
    let unit = period.calendar.or_else(|| period.trailing.as_ref().map(|trailing| trailing.every));
    match unit {
        Some(CalendarUnit::Quarter) => 3,
        Some(CalendarUnit::Year) => 12,
        Some(CalendarUnit::Month) | None => 1,
    }
}
