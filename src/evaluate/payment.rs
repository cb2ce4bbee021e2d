//! The payment of a credit: by when it is made, and what it is set off against where it is not.
//!
//! A credit is notified when it is granted: with its statement, or with the provider's decision on the claim. What of it is
//! not paid in time is taken off the next settlement, where that is agreed. Every period is settled at its end, so that it
//! is the settlement of the period in which the time for paying runs out: [`super::settlement::settle`] takes off there
//! what was due before the day on which the settlement is drawn up.

use k8s_openapi::jiff::civil::Date;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use num_traits::Zero;

use crate::api::agreement::AgreementSpec;
use crate::api::credit_status::CreditStatus;
use crate::api::settlement::Payment;

use super::calendar::WorkingDays;
use super::contract_dates::pay_by;
use super::exact::decimal;
use super::invalid::InvalidSpec;
use super::period::{Bounds, Schedule, first_instant_of};

/// What is to be paid for a credit, and how that was agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payable {
    /// The money in words: `120.00 EUR`.
    pub amount: String,
    agreed: Payment,
    calendar: WorkingDays,
}

/// By when a credit is to be paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayBy {
    /// The last day on which it is in time.
    pub day: Date,
    /// The first instant that is too late.
    pub over: Timestamp,
    /// The period whose settlement it is taken off where it is not paid in time.
    pub set_off_with: Option<Bounds>,
}

impl Payable {
    /// What is to be paid for a credit by the terms of its period. `None`: no money, or nobody agreed when.
    ///
    /// # Errors
    /// A holiday of the terms is no day.
    pub fn of(terms: &AgreementSpec, credits: Option<&CreditStatus>) -> Result<Option<Self>, InvalidSpec> {
        let (Some(agreed), Some(credits)) = (&terms.settlement.payment, credits) else { return Ok(None) };
        let is_money = |text: &str| decimal(text).is_ok_and(|amount| !amount.is_zero());
        let owed = credits.amounts.iter().filter(|owed| owed.issued && is_money(&owed.amount));
        let amount = owed.map(|owed| format!("{} {}", owed.amount, owed.currency)).collect::<Vec<_>>().join(" + ");
        if amount.is_empty() {
            return Ok(None);
        }
        Ok(Some(Self { amount, agreed: agreed.clone(), calendar: WorkingDays::new(&terms.calendar)? }))
    }

    /// By when it is to be paid, if it was granted at this instant. `None`: beyond what can be reckoned with.
    #[must_use]
    pub fn by(&self, granted: Timestamp, schedule: &Schedule) -> Option<PayBy> {
        let notified = granted.to_zoned(schedule.zone().clone()).date();
        let day = pay_by(&self.agreed, notified, &self.calendar)?;
        let over = first_instant_of(day.tomorrow().ok()?, schedule.zone())?;
        let last = over.checked_sub(SignedDuration::from_nanos(1)).ok()?;
        Some(PayBy { day, over, set_off_with: schedule.containing(last).filter(|_| self.agreed.offset) })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use serde_json::{Value, json};

    use super::super::exact::whole;
    use super::super::example::{agreement, at};
    use super::super::settlement::{OpenCredit, settle};
    use super::*;

    fn granted_with_money() -> CreditStatus {
        serde_json::from_value(json!({
            "state": "Granted",
            "amounts": [
                {"currency": "EUR", "amount": "120.00", "issued": true},
                {"currency": "USD", "amount": "0.00", "issued": true},
                {"currency": "JPY", "amount": "5", "issued": false},
            ],
        }))
        .unwrap()
    }

    /// A month of Berlin in 2026, with this agreed on payment.
    fn terms(payment: Value) -> AgreementSpec {
        let mut terms = agreement();
        terms.settlement.payment = serde_json::from_value(payment).unwrap();
        terms
    }

    fn due(payment: Value, granted: &str) -> PayBy {
        let terms = terms(payment);
        let payable = Payable::of(&terms, Some(&granted_with_money())).unwrap().unwrap();
        payable.by(at(granted), &Schedule::new(&terms, at("2026-01-01T00:00:00Z")).unwrap()).unwrap()
    }

    #[test]
    fn it_is_due_so_many_days_after_the_day_of_the_zone_on_which_it_was_granted() {
        // Half past eleven at night is the next day in Berlin.
        let found = due(json!({"withinDays": 10}), "2026-04-01T22:30:00Z");
        assert_eq!((found.day.to_string(), found.over), ("2026-04-12".to_owned(), at("2026-04-12T22:00:00Z")));
        assert_eq!(found.set_off_with, None);
    }

    #[test]
    fn what_is_not_paid_is_set_off_with_the_first_settlement_that_takes_it() {
        let month = |granted: &str| due(json!({"withinDays": 10, "offset": true}), granted);
        for (granted, from) in [
            ("2026-04-02T10:00:00Z", Some("2026-03-31T22:00:00Z")),
            // Due on the last day of April: the settlement of April is drawn up on the next one.
            ("2026-04-20T10:00:00Z", Some("2026-03-31T22:00:00Z")),
            ("2026-04-21T10:00:00Z", Some("2026-04-30T22:00:00Z")),
            // The agreement is over by then.
            ("2026-12-25T10:00:00Z", None),
        ] {
            let found = month(granted);
            assert_eq!(found.set_off_with.map(|period| period.start), from.map(at), "{granted}");
            let Some(period) = found.set_off_with else { continue };
            let berlin = super::super::period::zone("Europe/Berlin").unwrap();
            let drawn_up = period.end.to_zoned(berlin.clone()).date();
            let one_before = period.start.to_zoned(berlin).date();
            let open = OpenCredit { name: String::new(), amount: whole(100), due: found.day };
            let left = |on| settle(&whole(1000), on, std::slice::from_ref(&open)).net;
            assert_eq!((left(one_before), left(drawn_up)), (whole(1000), whole(900)), "{granted}");
        }
    }

    #[test]
    fn nothing_is_payable_without_money_or_without_a_time_for_it() {
        let granted = granted_with_money();
        assert_eq!(Payable::of(&agreement(), Some(&granted)).unwrap(), None);
        let agreed = terms(json!({"withinDays": 10}));
        assert_eq!(Payable::of(&agreed, None).unwrap(), None);
        let mut days = granted.clone();
        days.amounts.clear();
        days.service_days = 3;
        assert_eq!(Payable::of(&agreed, Some(&days)).unwrap(), None);
        assert_eq!(Payable::of(&agreed, Some(&granted)).unwrap().unwrap().amount, "120.00 EUR");
    }
}
