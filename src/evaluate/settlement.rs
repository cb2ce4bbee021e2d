//! Settling periods one after the other: what was not paid in time is taken off the next settlement.
//!
//! Amounts are in the major units of one currency; amounts of different currencies are settled apart. Nothing is taken
//! off below zero: what is left is carried on. A deposit is returned, less what is still open.

use k8s_openapi::jiff::civil::Date;
use num_rational::BigRational;
use num_traits::{Signed, Zero};

use crate::api::settlement::Deposit;

use super::exact::amount;
use super::invalid::InvalidSpec;

/// A credit or penalty that was notified and is not paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenCredit {
    /// The statement it comes from, or what else it is called.
    pub name: String,
    /// What is left of it. A reversal is negative and is paid back.
    pub amount: BigRational,
    /// The last day on which it is paid in time.
    pub due: Date,
}

/// A settlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// What is paid.
    pub net: BigRational,
    /// What was taken off, in the order in which it fell due; a reversal was added and is negative.
    pub set_off: Vec<SetOff>,
    /// What stays open.
    pub carried: Vec<OpenCredit>,
}

/// What was taken off for one credit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetOff {
    /// The credit's name.
    pub name: String,
    /// How much of it.
    pub amount: BigRational,
}

/// Settles `gross` on a day: reversals first, then every credit that was due before that day, the oldest first.
///
/// To be called only where the agreement lets unpaid credits be set off (`spec.settlement.payment.offset`).
#[must_use]
pub fn settle(gross: &BigRational, on: Date, open: &[OpenCredit]) -> Settled {
    let mut ordered: Vec<&OpenCredit> = open.iter().collect();
    ordered.sort_by_key(|credit| (!credit.amount.is_negative(), credit.due));
    let mut settled = Settled { net: gross.clone(), set_off: Vec::new(), carried: Vec::new() };
    for credit in ordered {
        let room = settled.net.clone().max(BigRational::zero());
        let taken = if credit.due < on { credit.amount.clone().min(room) } else { BigRational::zero() };
        let left = &credit.amount - &taken;
        settled.net -= &taken;
        if !left.is_zero() {
            settled.carried.push(OpenCredit { amount: left, ..credit.clone() });
        }
        if !taken.is_zero() {
            settled.set_off.push(SetOff { name: credit.name.clone(), amount: taken });
        }
    }
    settled
}

/// What becomes of a deposit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// What is returned, in major units.
    pub refund: BigRational,
    /// What is kept.
    pub kept: BigRational,
}

/// What is returned of a deposit: nothing after a severe breach, else all of it less what is still open.
///
/// # Errors
/// The amount is no figure.
pub fn refund(deposit: &Deposit, severe_breach: bool, open: &BigRational) -> Result<Refund, InvalidSpec> {
    let held =
        amount(&deposit.amount).map_err(|e| InvalidSpec::new("spec.settlement.deposit.amount", e.to_string()))?;
    let kept = if severe_breach { held.clone() } else { open.clone().max(BigRational::zero()).min(held.clone()) };
    Ok(Refund { refund: held - &kept, kept })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
