//! The tariff of a period: what a share, a day or a day's usage is worth in money.

use num_rational::BigRational;
use num_traits::{One, Zero};

use crate::api::agreement::AgreementSpec;
use crate::api::credits::{Credits, ServiceDaysRule};

use super::super::exact::{divide, whole};
use super::super::invalid::InvalidSpec;
use super::super::period::Bounds;
use super::assessment::UsageAmount;
use super::entitlement::Grant;
use super::fee::{BaseFee, Charged};
use super::figure;
use super::line::{Line, LineMoney};

/// What things are worth in one period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tariff {
    /// The fee that fixed amounts share their currency with.
    pub fee: BaseFee,
    /// Fees in other currencies.
    pub further: Vec<BaseFee>,
    /// Days of service are paid.
    pub days_are_money: bool,
    /// The time the fees are for.
    pub charged: Charged,
    /// What a day costs on average, where the agreement tells.
    pub daily_usage: Option<DailyRate>,
}

/// What a day costs on average.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DailyRate {
    /// How much of the unit.
    pub amount: BigRational,
    /// What it is counted in.
    pub unit: String,
    /// Whether the unit is the fee's currency, so that it is money like any other.
    pub is_money: bool,
}

impl Tariff {
    /// The tariff of `period`, which is `whole_period` unless the agreement begins, ends or is amended within it.
    /// `ends`: the agreement ends with the period, whatever its validity says.
    ///
    /// # Errors
    /// Names the fee, the day or the zone that can not be worked with.
    pub fn new(
        spec: &AgreementSpec,
        table: &Credits,
        period: Bounds,
        whole_period: Bounds,
        ends: bool,
    ) -> Result<Self, InvalidSpec> {
        let charged = Charged::new(spec, period, whole_period, ends)?;
        let fee = charged.fee("spec.credits.fee", &table.fee, true)?;
        let further = table.further_fees.iter().enumerate();
        let daily_usage = table.daily_usage.as_ref().map(|usage| {
            Ok(DailyRate {
                amount: figure::quantity(|| "spec.credits.dailyUsage.amount".to_owned(), &usage.amount)?,
                unit: usage.unit.clone(),
                is_money: usage.unit == fee.currency,
            })
        });
        Ok(Self {
            further: further
                .map(|(i, fee)| charged.fee(&format!("spec.credits.furtherFees[{i}]"), fee, false))
                .collect::<Result<_, _>>()?,
            days_are_money: table.service_days == Some(ServiceDaysRule::MonetaryValue),
            daily_usage: daily_usage.transpose()?,
            charged,
            fee,
        })
    }

    /// What is granted once for a period, as far as it falls on this part of it.
    pub(super) fn for_this_part(&self, once: &BigRational) -> BigRational {
        once * self.charged.part()
    }

    /// A share of the fee for all parts of the period, as a share of the fee for this one: what happened once costs the
    /// same whether or not an amendment splits the period.
    pub(super) fn of_all_parts(&self, share: &BigRational) -> BigRational {
        divide(share, &self.charged.part()).unwrap_or_default()
    }

    /// What a line comes to in the currency of a fee: by itself, and what is left of it before money is capped.
    pub(super) fn money(&self, line: &Line, fee: &BaseFee) -> LineMoney {
        let by_itself = match &line.grant {
            Some(Grant::Money(portion)) if fee.is_first => &portion.share * &fee.amount + &portion.amount,
            Some(Grant::Money(portion)) => &portion.share * &fee.amount,
            Some(Grant::ServiceDays(days)) if self.days_are_money => whole(*days) * &fee.day,
            Some(Grant::DailyUsage(multiple)) if fee.is_first => match &self.daily_usage {
                Some(usage) if usage.is_money => multiple * &usage.amount,
                _ => BigRational::zero(),
            },
            _ => BigRational::zero(),
        };
        let granted = match &line.grant {
            _ if !line.granted => BigRational::zero(),
            Some(Grant::ServiceDays(_)) if self.days_are_money => whole(line.service_days) * &fee.day,
            _ => by_itself.clone(),
        };
        LineMoney { currency: fee.currency.clone(), by_itself, granted }
    }

    /// What a grant is worth in money of the fee, to compare it with others; of a fee of nothing, shares are compared.
    pub(super) fn worth(&self, grant: &Grant) -> BigRational {
        let is_free = self.fee.amount.is_zero();
        let fee = if is_free { BigRational::one() } else { self.fee.amount.clone() };
        let days = |days: &BigRational| if is_free { days.clone() } else { days * &self.fee.day };
        match grant {
            Grant::Money(portion) => &portion.share * fee + &portion.amount,
            Grant::ServiceDays(n) => days(&whole(*n)),
            Grant::DailyUsage(multiple) => match &self.daily_usage {
                Some(usage) if usage.is_money => multiple * &usage.amount,
                _ => days(multiple),
            },
        }
    }

    /// The granted multiple of the daily usage, where that is no money.
    pub(super) fn usage(&self, lines: &[Line]) -> Option<UsageAmount> {
        let usage = self.daily_usage.as_ref().filter(|usage| !usage.is_money)?;
        let multiple: BigRational = lines
            .iter()
            .filter(|line| line.granted)
            .filter_map(|line| match &line.grant {
                Some(Grant::DailyUsage(multiple)) => Some(multiple),
                _ => None,
            })
            .sum();
        (!multiple.is_zero()).then(|| UsageAmount {
            unit: usage.unit.clone(),
            amount: &multiple * &usage.amount,
            multiple,
        })
    }

    /// Money of the fee's currency as a fraction of the fee; of a fee of nothing, the sum of the shares.
    pub(super) fn fraction(&self, granted: &BigRational, lines: &[Line]) -> BigRational {
        divide(granted, &self.fee.amount).unwrap_or_else(|| {
            lines
                .iter()
                .filter(|line| line.granted)
                .filter_map(|line| match &line.grant {
                    Some(Grant::Money(portion)) => Some(&portion.share),
                    _ => None,
                })
                .sum()
        })
    }
}
