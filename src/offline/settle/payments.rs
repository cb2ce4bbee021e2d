//! Money after the statement: what was notified, when it is to be paid, what is set off, and the deposit.

use k8s_openapi::jiff::civil::Date;
use num_rational::BigRational;
use num_traits::{Signed, Zero};

use super::account::invalid;
use super::consequences::{Contract, day};
use super::fault::Fault;
use super::measurements::Measurements;
use super::report::{DepositReport, NextSettlement, PaymentReport, Report};
use crate::api::Quantity;
use crate::evaluate::contract_dates::pay_by;
use crate::evaluate::credit::exponent;
use crate::evaluate::exact::{decimal, decimal_text, ten_to, whole};
use crate::evaluate::settlement::{OpenCredit, settle};
use crate::evaluate::term;

/// Places of an amount where no currency says how many it has.
const USUAL_PLACES: u16 = 2;

impl Contract<'_> {
    /// Enters payments, the next settlement and the deposit into the report.
    pub(super) fn payments(&self, measurements: &Measurements, report: &mut Report) -> Result<(), Fault> {
        let mut open: Vec<(Currency, OpenCredit)> = Vec::new();
        for (index, notified) in measurements.notified.iter().enumerate() {
            let path = format!("notified[{index}]");
            let Some(payment) = &self.spec.settlement.payment else {
                return Err(Fault::new(
                    path,
                    "spec.settlement.payment is not agreed; nothing says when it is to be paid",
                ));
            };
            let on = day(&notified.on, &format!("{path}.on"))?;
            let currency = self.currency(notified.currency.as_deref(), &format!("{path}.currency"))?;
            let amount = signed_figure(&notified.amount, &currency, &format!("{path}.amount"))?;
            // What was paid too much is taken back with the settlement that follows, and nobody has to pay it by a day.
            let due = if amount.is_negative() { Some(on) } else { pay_by(payment, on, self.calendar) };
            let due = due.ok_or_else(|| Fault::new(format!("{path}.on"), "leads beyond the calendar"))?;
            report.payments.push(PaymentReport {
                notified_on: notified.on.clone(),
                amount: money(&amount, currency.places),
                currency: currency.code.clone(),
                pay_by: due.to_string(),
                paid: notified.paid,
                set_off: money(&BigRational::zero(), currency.places),
            });
            if !notified.paid && payment.offset {
                open.push((currency, OpenCredit { name: index.to_string(), amount, due }));
            }
        }
        if let Some(invoice) = &measurements.next_settlement {
            let currency = self.currency(invoice.currency.as_deref(), "nextSettlement.currency")?;
            let gross = figure(&invoice.gross, &currency, "nextSettlement.gross")?;
            open.retain(|(of, _)| *of == currency);
            let open: Vec<OpenCredit> = open.into_iter().map(|(_, credit)| credit).collect();
            let on = match &invoice.on {
                Some(on) => day(on, "nextSettlement.on")?,
                None => open.iter().map(|credit| credit.due).max().and_then(|d| d.tomorrow().ok()).unwrap_or(Date::MAX),
            };
            let settled = settle(&gross, on, &open);
            for taken in &settled.set_off {
                let index = taken.name.parse::<usize>().ok();
                if let Some(payment) = index.and_then(|index| report.payments.get_mut(index)) {
                    payment.set_off = money(&taken.amount, currency.places);
                }
            }
            let carried = settled.carried.iter().map(|credit| &credit.amount).sum::<BigRational>();
            report.next_settlement = Some(NextSettlement {
                gross: money(&gross, currency.places),
                net: money(&settled.net, currency.places),
                carried: money(&carried, currency.places),
                currency: currency.code,
            });
        }
        report.deposit = self.deposit(measurements)?;
        Ok(())
    }

    /// The currency that is named in `field`; where none is, that of the fee.
    fn currency(&self, named: Option<&str>, field: &str) -> Result<Currency, Fault> {
        let agreed = self.spec.credits.as_ref().map(|credits| credits.fee.currency.as_str());
        let (code, field) = match (named, agreed) {
            (Some(named), _) => (named, field),
            (None, Some(agreed)) => (agreed, "spec.credits.fee.currency"),
            (None, None) => return Ok(Currency { code: String::new(), places: USUAL_PLACES }),
        };
        Ok(Currency { code: code.to_owned(), places: exponent(field, code).map_err(invalid)? })
    }

    /// When the deposit is returned, and how much of it, after an end that the agreement or the file tells of.
    fn deposit(&self, measurements: &Measurements) -> Result<Option<DepositReport>, Fault> {
        let told = self.spec.ending.as_ref();
        let by_the_agreement = told.map(|_| term::agreed_last_day(self.spec)).transpose().map_err(invalid)?.flatten();
        let breach = told.is_some_and(|ending| ending.severe_breach);
        if breach && measurements.severe_breach {
            return Err(Fault::new("severeBreach", "spec.ending.severeBreach tells of it; leave it out"));
        }
        let last_day = match (&measurements.ended, by_the_agreement) {
            (Some(_), Some(day)) => {
                let message = format!("spec.ending and spec.validity.until tell of the end, on {day}; leave it out");
                return Err(Fault::new("ended", message));
            }
            (Some(ended), None) => day(ended, "ended")?,
            (None, Some(day)) => day,
            (None, None) if measurements.severe_breach => {
                return Err(Fault::new("severeBreach", "goes with ended: say when the agreement ended"));
            }
            (None, None) => return Ok(None),
        };
        let returned = term::deposit(self.spec, last_day, breach || measurements.severe_breach).map_err(invalid)?;
        if returned.is_none() && measurements.ended.is_some() {
            return Err(Fault::new("ended", "spec.settlement.deposit is not agreed; nothing is to be returned"));
        }
        Ok(returned.map(|deposit| DepositReport {
            refund_from: deposit.refund_from,
            refund_until: deposit.refund_until,
            refund: deposit.refund,
            currency: deposit.currency,
        }))
    }
}

/// What an amount is in. Empty where none is agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Currency {
    code: String,
    places: u16,
}

/// The same with a sign before it, where it is taken back.
fn signed_figure(text: &Quantity, currency: &Currency, field: &str) -> Result<BigRational, Fault> {
    match text.as_str().strip_prefix('-') {
        Some(amount) => figure(&amount.into(), currency, field).map(|amount| -amount),
        None => figure(text, currency, field),
    }
}

/// An amount that stands in `field`; one with more places than its currency has is refused.
fn figure(text: &Quantity, currency: &Currency, field: &str) -> Result<BigRational, Fault> {
    let amount = decimal(text.as_str()).map_err(|e| Fault::new(field, e.to_string()))?;
    let scaled = &amount * whole(ten_to(currency.places.into()));
    if scaled.is_integer() {
        return Ok(amount);
    }
    let of = if currency.code.is_empty() { "an amount" } else { &currency.code };
    Err(Fault::new(field, format!("{text} has more than the {} places of {of}", currency.places)))
}

/// An amount in major units with the places of its currency.
fn money(amount: &BigRational, places: u16) -> String {
    decimal_text(amount, places.into())
}
