//! The days on which something falls due under a contract: payment, cure, notice, the return of a deposit, the end of
//! the term.
//!
//! Everything is reckoned in civil days of the agreement's zone. `None` is a day beyond what can be reckoned with.

use k8s_openapi::jiff::civil::Date;
use k8s_openapi::jiff::tz::TimeZone;
use k8s_openapi::jiff::{Span, Timestamp};

use crate::api::settlement::{Deposit, Payment};

use super::calendar::WorkingDays;
use super::deadline::{after_days, months_after_the_end_of};

/// The last day on which a credit notified on `notified` is paid in time. That day does not count.
///
/// A day on which nothing is paid (`onWorkingDays`, `notOnLastOfMonth`) moves to the next one that will do.
#[must_use]
pub fn pay_by(payment: &Payment, notified: Date, calendar: &WorkingDays) -> Option<Date> {
    let mut day = match (payment.within_days, payment.within_working_days) {
        (Some(days), None) => after_days(notified, days.into())?,
        (None, Some(count)) => calendar.add(notified, u32::try_from(count).ok()?)?,
        _ => return None,
    };
    loop {
        if payment.on_working_days {
            day = calendar.on_or_after(day)?;
        }
        if !(payment.not_on_last_of_month && day == day.last_of_month()) {
            return Some(day);
        }
        day = day.tomorrow().ok()?;
    }
}

/// Until when a breach may be cured after a written demand: the same time of day, so many days later. That instant is
/// still in time.
#[must_use]
pub fn cure_by(demanded: Timestamp, days: i32, zone: &TimeZone) -> Option<Timestamp> {
    later(demanded, days.into(), zone)
}

/// The earliest day on which an agreement ends by a notice given on `notice`.
#[must_use]
pub fn earliest_end(notice: Date, days: i32) -> Option<Date> {
    after_days(notice, days.into())
}

/// Between which days a deposit is returned, both included, when the agreement's last day was `last_day`: not before it
/// was held for its months, and within its days after that. The months begin when that day is over, and end as those of a
/// claim after a period do.
#[must_use]
pub fn refund_between(deposit: &Deposit, last_day: Date) -> Option<(Date, Date)> {
    let held = months_after_the_end_of(last_day, deposit.hold_months)?;
    Some((held, after_days(held, deposit.refund_within_days.into())?))
}

/// The last day of a term that credits have extended by so many days of service.
#[must_use]
pub fn extended_term(last_day: Date, service_days: i64) -> Option<Date> {
    after_days(last_day, service_days)
}

/// The same time of day so many days later, by the clock of the zone.
pub(super) fn later(at: Timestamp, days: i64, zone: &TimeZone) -> Option<Timestamp> {
    let days = Span::new().try_days(days).ok()?;
    Some(at.to_zoned(zone.clone()).checked_add(days).ok()?.timestamp())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use k8s_openapi::jiff::civil::date;
    use serde_json::{Value, json};

    use super::super::example::at;
    use super::*;
    use crate::evaluate::period::zone;

    fn paid(payment: Value, notified: Date) -> Option<Date> {
        pay_by(&serde_json::from_value(payment).unwrap(), notified, &WorkingDays::default())
    }

    #[test]
    fn a_payment_is_due_so_many_days_after_it_was_notified() {
        assert_eq!(paid(json!({"withinDays": 5}), date(2025, 6, 10)), Some(date(2025, 6, 15)), "a Sunday");
        assert_eq!(paid(json!({"withinWorkingDays": 7}), date(2025, 6, 10)), Some(date(2025, 6, 19)));
        assert_eq!(paid(json!({"withinDays": 0}), date(2025, 6, 10)), Some(date(2025, 6, 10)));
    }

    #[test]
    fn a_day_on_which_nothing_is_paid_moves_to_the_next_that_will_do() {
        let cases = [
            (json!({"withinDays": 5, "onWorkingDays": true}), date(2025, 6, 10), date(2025, 6, 16)),
            (json!({"withinDays": 5, "notOnLastOfMonth": true}), date(2025, 6, 25), date(2025, 7, 1)),
            // Monday the 30th of June is the last of its month: Tuesday.
            (
                json!({"withinDays": 4, "onWorkingDays": true, "notOnLastOfMonth": true}),
                date(2025, 6, 24),
                date(2025, 7, 1),
            ),
            // Friday the 31st of October: the next day is a Saturday, so Monday the 3rd of November.
            (
                json!({"withinDays": 1, "onWorkingDays": true, "notOnLastOfMonth": true}),
                date(2025, 10, 30),
                date(2025, 11, 3),
            ),
            // Saturday the 29th of November: Monday the 1st of December.
            (
                json!({"withinDays": 1, "onWorkingDays": true, "notOnLastOfMonth": true}),
                date(2025, 11, 28),
                date(2025, 12, 1),
            ),
        ];
        for (payment, notified, due) in cases {
            assert_eq!(paid(payment.clone(), notified), Some(due), "{payment} {notified}");
        }
    }

    #[test]
    fn a_breach_may_be_cured_until_the_same_time_of_day() {
        let shanghai = zone("Asia/Shanghai").unwrap();
        let by = cure_by(at("2025-06-02T10:00:00+08:00"), 7, &shanghai);
        assert_eq!(by, Some(at("2025-06-09T10:00:00+08:00")));
        let berlin = zone("Europe/Berlin").unwrap();
        let over_the_change = cure_by(at("2026-03-25T10:00:00+01:00"), 7, &berlin);
        assert_eq!(over_the_change, Some(at("2026-04-01T10:00:00+02:00")));
    }

    #[test]
    fn a_notice_ends_the_agreement_after_its_days() {
        assert_eq!(earliest_end(date(2025, 6, 1), 30), Some(date(2025, 7, 1)));
    }

    #[test]
    fn a_deposit_is_held_for_months_and_returned_within_days() {
        let of = |months, days| {
            serde_json::from_value::<Deposit>(
                json!({"amount": "3000.00", "currency": "CNY", "holdMonths": months, "refundWithinDays": days}),
            )
            .unwrap()
        };
        assert_eq!(refund_between(&of(3, 10), date(2025, 6, 30)), Some((date(2025, 9, 30), date(2025, 10, 10))));
        assert_eq!(refund_between(&of(6, 0), date(2025, 8, 31)), Some((date(2026, 2, 28), date(2026, 2, 28))));
    }

    #[test]
    fn service_days_are_added_to_the_end_of_the_term() {
        assert_eq!(extended_term(date(2026, 1, 31), 3 + 15), Some(date(2026, 2, 18)));
        assert_eq!(extended_term(date(2024, 2, 28), 1), Some(date(2024, 2, 29)));
    }

    #[test]
    fn a_deposit_is_held_for_months_that_begin_when_the_last_day_is_over() {
        let held = |last_day: Date, months: i32| {
            let rule = json!({"amount": "1", "currency": "EUR", "holdMonths": months, "refundWithinDays": 10});
            refund_between(&serde_json::from_value(rule).unwrap(), last_day)
        };
        let cases = [
            (date(2025, 6, 30), 3, (date(2025, 9, 30), date(2025, 10, 10))),
            (date(2025, 2, 28), 3, (date(2025, 5, 31), date(2025, 6, 10))),
            (date(2025, 11, 30), 3, (date(2026, 2, 28), date(2026, 3, 10))),
            (date(2025, 1, 15), 1, (date(2025, 2, 15), date(2025, 2, 25))),
            (date(2025, 1, 15), 0, (date(2025, 1, 15), date(2025, 1, 25))),
        ];
        for (last_day, months, expected) in cases {
            assert_eq!(held(last_day, months), Some(expected), "{last_day} {months}");
        }
    }
}
