//! Money after the statement: what was notified, when it is to be paid, what is set off, and the deposit.

use k8s_openapi::jiff::civil::Date;
use num_rational::BigRational;
use num_traits::Zero;

use super::account::invalid;
use super::consequences::{Contract, day};
use super::fault::Fault;
use super::measurements::Measurements;
use super::report::{DepositReport, NextSettlement, PaymentReport, Report};
use crate::api::Quantity;
use crate::evaluate::contract_dates::{pay_by, refund_between};
use crate::evaluate::credit::exponent;
use crate::evaluate::exact::{decimal, decimal_text, ten_to, whole};
use crate::evaluate::settlement::{OpenCredit, refund, settle};

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
            let due = pay_by(payment, on, self.calendar);
            let due = due.ok_or_else(|| Fault::new(format!("{path}.on"), "leads beyond the calendar"))?;
            let currency = self.currency(notified.currency.as_deref(), &format!("{path}.currency"))?;
            let amount = figure(&notified.amount, &currency, &format!("{path}.amount"))?;
            report.payments.push(PaymentReport {
                notified_on: notified.on.clone(),
                amount: money(&amount, currency.places),
                currency: currency.code.clone(),
                pay_by: due.to_string(),
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

    /// When the deposit is returned, and how much of it.
    fn deposit(&self, measurements: &Measurements) -> Result<Option<DepositReport>, Fault> {
        let Some(ended) = &measurements.ended else {
            if measurements.severe_breach {
                return Err(Fault::new("severeBreach", "goes with ended: say when the agreement ended"));
            }
            return Ok(None);
        };
        let Some(deposit) = &self.spec.settlement.deposit else {
            return Err(Fault::new("ended", "spec.settlement.deposit is not agreed; nothing is to be returned"));
        };
        let window = refund_between(deposit, day(ended, "ended")?);
        let (from, until) = window.ok_or_else(|| Fault::new("ended", "leads beyond the calendar"))?;
        let places = exponent("spec.settlement.deposit.currency", &deposit.currency).map_err(invalid)?;
        let returned = refund(deposit, measurements.severe_breach, &BigRational::zero()).map_err(invalid)?;
        Ok(Some(DepositReport {
            refund_from: from.to_string(),
            refund_until: until.to_string(),
            refund: money(&returned.refund, places),
            currency: deposit.currency.clone(),
        }))
    }
}

/// What an amount is in. Empty where none is agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Currency {
    code: String,
    places: u16,
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
