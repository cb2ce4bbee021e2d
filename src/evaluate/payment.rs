//! The payment of a credit: by when it is made, and what it is set off against where it is not.
//!
//! What of a credit is due since when, and what of it was paid too much, is its balance ([`super::credit_balance`]).
//!
//! A credit is notified when it is granted: with its statement, or with the provider's decision on the claim. What of it is
//! not paid in time is taken off the next settlement, where that is agreed. Every period is settled at its end, so that it
//! is the settlement of the period in which the time for paying runs out: [`super::settlement::settle`] takes off there
//! what was due before the day on which the settlement is drawn up. What was paid too much is nobody's to pay back by a day:
//! where it may be set off, it is, in the settlement of the period in which that became known.

use crate::api::agreement::AgreementSpec;
use crate::api::settlement::Payment;
use k8s_openapi::jiff::civil::Date;
use k8s_openapi::jiff::{SignedDuration, Timestamp};

use super::calendar::WorkingDays;
use super::contract_dates::pay_by;
use super::invalid::InvalidSpec;
use super::period::{Bounds, Schedule, first_instant_of};

/// How the credit of a period is paid, as it was agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payable {
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
    /// By the terms of a period. `None`: nobody agreed on it.
    ///
    /// # Errors
    /// A holiday of the terms is no day.
    pub fn of(terms: &AgreementSpec) -> Result<Option<Self>, InvalidSpec> {
        let Some(agreed) = &terms.settlement.payment else { return Ok(None) };
        Ok(Some(Self { agreed: agreed.clone(), calendar: WorkingDays::new(&terms.calendar)? }))
    }

    /// By when it is to be paid, if it was granted at this instant. `None`: beyond what can be reckoned with.
    #[must_use]
    pub fn by(&self, granted: Timestamp, schedule: &Schedule) -> Option<PayBy> {
        let notified = granted.to_zoned(schedule.zone().clone()).date();
        let day = pay_by(&self.agreed, notified, &self.calendar)?;
        let over = first_instant_of(day.tomorrow().ok()?, schedule.zone())?;
        let last = over.checked_sub(SignedDuration::from_nanos(1)).ok()?;
        Some(PayBy { day, over, set_off_with: self.settlement_of(last, schedule) })
    }

    /// The period whose settlement takes back what was paid too much, which became known at this instant. `None`: nothing is
    /// set off, or no period of the agreement has that instant.
    #[must_use]
    pub fn settlement_of(&self, known: Timestamp, schedule: &Schedule) -> Option<Bounds> {
        schedule.containing(known).filter(|_| self.agreed.offset)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use k8s_openapi::jiff::civil::date;
    use serde_json::{Value, json};

    use super::super::exact::whole;
    use super::super::example::{agreement, at};
    use super::super::settlement::{OpenCredit, settle};
    use super::*;

    /// A month of Berlin in 2026, with this agreed on payment.
    fn terms(payment: Value) -> AgreementSpec {
        let mut terms = agreement();
        terms.settlement.payment = serde_json::from_value(payment).unwrap();
        terms
    }

    fn due(payment: Value, granted: &str) -> PayBy {
        let terms = terms(payment);
        let payable = Payable::of(&terms).unwrap().unwrap();
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
    fn what_was_paid_too_much_is_taken_back_by_the_settlement_of_its_period() {
        let taken_back = |payment: Value, known: &str| {
            let terms = terms(payment);
            let schedule = Schedule::new(&terms, at("2026-01-01T00:00:00Z")).unwrap();
            Payable::of(&terms).unwrap().unwrap().settlement_of(at(known), &schedule).map(|period| period.start)
        };
        let offset = || json!({"withinDays": 10, "offset": true});
        assert_eq!(taken_back(offset(), "2026-04-25T10:00:00Z"), Some(at("2026-03-31T22:00:00Z")));
        assert_eq!(taken_back(offset(), "2027-01-02T10:00:00Z"), None, "the agreement is over by then");
        assert_eq!(taken_back(json!({"withinDays": 10}), "2026-04-25T10:00:00Z"), None);
        // It is taken off, or rather added, in the same settlement.
        let open = OpenCredit { name: String::new(), amount: whole(-20), due: date(2026, 4, 25) };
        assert_eq!(settle(&whole(1000), date(2026, 5, 1), &[open]).net, whole(1020));
    }

    #[test]
    fn nothing_is_payable_by_a_day_that_nobody_agreed_on() {
        assert_eq!(Payable::of(&agreement()).unwrap(), None);
        assert!(Payable::of(&terms(json!({"withinDays": 10}))).unwrap().is_some());
    }
}
