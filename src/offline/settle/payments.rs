//! Money after the statement: what was notified, when it is to be paid, what is set off, and the deposit.

use k8s_openapi::jiff::civil::Date;
use num_rational::BigRational;
use num_traits::Zero;

use super::account::invalid;
use super::consequences::{Contract, day};
use super::fault::Fault;
use super::measurements::Measurements;
use super::report::{DepositReport, NextSettlement, PaymentReport, Report};
use crate::evaluate::contract_dates::{pay_by, refund_between};
use crate::evaluate::credit::exponent;
use crate::evaluate::exact::{decimal, decimal_text};
use crate::evaluate::settlement::{OpenCredit, refund, settle};

/// Places of an amount where no currency says how many it has.
const USUAL_PLACES: u16 = 2;

impl Contract<'_> {
    /// Enters payments, the next settlement and the deposit into the report.
    pub(super) fn payments(&self, measurements: &Measurements, report: &mut Report) -> Result<(), Fault> {
        let places = match &self.spec.credits {
            Some(credits) => exponent("spec.credits.fee.currency", &credits.fee.currency).map_err(invalid)?,
            None => USUAL_PLACES,
        };
        let currency = self.spec.credits.as_ref().map(|credits| credits.fee.currency.clone()).unwrap_or_default();
        let mut open = Vec::new();
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
            let amount = decimal(notified.amount.as_str());
            let amount = amount.map_err(|e| Fault::new(format!("{path}.amount"), e.to_string()))?;
            if !notified.paid && payment.offset {
                open.push(OpenCredit { name: index.to_string(), amount: amount.clone(), due });
            }
            report.payments.push(PaymentReport {
                notified_on: notified.on.clone(),
                amount: money(&amount, places),
                currency: currency.clone(),
                pay_by: due.to_string(),
                set_off: money(&BigRational::zero(), places),
            });
        }
        if let Some(invoice) = &measurements.next_settlement {
            let gross = decimal(invoice.gross.as_str());
            let gross = gross.map_err(|e| Fault::new("nextSettlement.gross", e.to_string()))?;
            let on = match &invoice.on {
                Some(on) => day(on, "nextSettlement.on")?,
                None => open.iter().map(|credit| credit.due).max().and_then(|d| d.tomorrow().ok()).unwrap_or(Date::MAX),
            };
            let settled = settle(&gross, on, &open);
            for taken in &settled.set_off {
                let index = taken.name.parse::<usize>().ok();
                if let Some(payment) = index.and_then(|index| report.payments.get_mut(index)) {
                    payment.set_off = money(&taken.amount, places);
                }
            }
            let carried = settled.carried.iter().map(|credit| &credit.amount).sum::<BigRational>();
            report.next_settlement = Some(NextSettlement {
                currency: currency.clone(),
                gross: money(&gross, places),
                net: money(&settled.net, places),
                carried: money(&carried, places),
            });
        }
        report.deposit = self.deposit(measurements)?;
        Ok(())
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

/// An amount in major units with the places of its currency. What was given had no more.
fn money(amount: &BigRational, places: u16) -> String {
    decimal_text(amount, places.into())
}
