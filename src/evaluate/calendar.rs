//! Working days: which ones they are, and counting along them.
//!
//! Takes the agreement's calendar; gives civil days. The lists of days are the parties' own: no library keeps the
//! holidays of every place, and those that keep some are wrong in a year in which a government moves one.

use std::collections::BTreeSet;

use k8s_openapi::jiff::civil::{self, Date};

use crate::api::settlement::{BusinessCalendar, Weekday};

use super::invalid::InvalidSpec;
use super::period::civil_day;

/// The working days of an agreement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkingDays {
    days_off: Vec<civil::Weekday>,
    holidays: BTreeSet<Date>,
    worked: BTreeSet<Date>,
}

impl Default for WorkingDays {
    /// Monday to Friday, without holidays.
    fn default() -> Self {
        let days_off = vec![civil::Weekday::Saturday, civil::Weekday::Sunday];
        Self { days_off, holidays: BTreeSet::new(), worked: BTreeSet::new() }
    }
}

impl WorkingDays {
    /// The working days of a calendar.
    ///
    /// # Errors
    /// Names the entry that is no day or contradicts another one, or says that no day of the week is left.
    pub fn new(calendar: &BusinessCalendar) -> Result<Self, InvalidSpec> {
        let days_off: Vec<_> = calendar.days_off.iter().copied().map(weekday).collect();
        if civil::Weekday::Monday.cycle_forward().take(7).all(|day| days_off.contains(&day)) {
            return Err(InvalidSpec::new("spec.calendar.daysOff", "leaves no day of the week to work on; remove one"));
        }
        let holidays = days("spec.calendar.holidays", &calendar.holidays)?;
        let worked = days("spec.calendar.workingDays", &calendar.working_days)?;
        if let Some(both) = holidays.intersection(&worked).next() {
            let message = format!("{both} is one of spec.calendar.holidays too; remove it from one of the two");
            return Err(InvalidSpec::new("spec.calendar.workingDays", message));
        }
        Ok(Self { days_off, holidays, worked })
    }

    /// Whether people work on this day: a working day of the list always, a holiday never, else by the day of the week.
    #[must_use]
    pub fn is_working(&self, day: Date) -> bool {
        self.worked.contains(&day) || !(self.holidays.contains(&day) || self.days_off.contains(&day.weekday()))
    }

    /// The `count`-th working day after a day, which does not count itself; `0` is the day. `None` beyond the calendar.
    #[must_use]
    pub fn add(&self, day: Date, count: u32) -> Option<Date> {
        (0..count).try_fold(day, |day, _| self.on_or_after(day.tomorrow().ok()?))
    }

    /// The day itself if people work on it, else the next one on which they do. `None` beyond the calendar.
    #[must_use]
    pub fn on_or_after(&self, mut day: Date) -> Option<Date> {
        // It ends: a week has a working day, and the holidays are so many.
        while !self.is_working(day) {
            day = day.tomorrow().ok()?;
        }
        Some(day)
    }

    /// How many working days lie after `from`, up to and with `to`. None when `to` is not later.
    #[must_use]
    pub fn between(&self, from: Date, to: Date) -> u32 {
        let mut count = 0;
        let mut day = from;
        while day < to {
            let Ok(next) = day.tomorrow() else { return count };
            day = next;
            count += u32::from(self.is_working(day));
        }
        count
    }
}

fn days(field: &str, list: &[String]) -> Result<BTreeSet<Date>, InvalidSpec> {
    list.iter().enumerate().map(|(index, day)| civil_day(&format!("{field}[{index}]"), day)).collect()
}

fn weekday(day: Weekday) -> civil::Weekday {
    match day {
        Weekday::Monday => civil::Weekday::Monday,
        Weekday::Tuesday => civil::Weekday::Tuesday,
        Weekday::Wednesday => civil::Weekday::Wednesday,
        Weekday::Thursday => civil::Weekday::Thursday,
        Weekday::Friday => civil::Weekday::Friday,
        Weekday::Saturday => civil::Weekday::Saturday,
        Weekday::Sunday => civil::Weekday::Sunday,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use k8s_openapi::jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn calendar(holidays: &[&str], worked: &[&str]) -> WorkingDays {
        let list = |days: &[&str]| days.iter().map(|d| (*d).to_owned()).collect();
        let (holidays, working_days) = (list(holidays), list(worked));
        WorkingDays::new(&BusinessCalendar { holidays, working_days, ..BusinessCalendar::default() }).unwrap()
    }

    #[test]
    fn five_working_days_after_a_friday_is_the_next_friday() {
        assert_eq!(calendar(&[], &[]).add(date(2025, 6, 6), 5), Some(date(2025, 6, 13)));
    }

    #[test]
    fn holidays_and_working_saturdays_move_the_day() {
        // China 2025: the National Day week from the 1st to the 8th of October, Saturday the 11th worked in its place.
        let week: Vec<String> = (1..=8).map(|day| format!("2025-10-0{day}")).collect();
        let week: Vec<&str> = week.iter().map(String::as_str).collect();
        let china = calendar(&week, &["2025-09-28", "2025-10-11"]);
        assert_eq!(china.add(date(2025, 9, 30), 1), Some(date(2025, 10, 9)));
        assert_eq!(china.add(date(2025, 9, 30), 3), Some(date(2025, 10, 11)));
        assert_eq!(china.add(date(2025, 9, 26), 1), Some(date(2025, 9, 28)));
        assert_eq!(china.on_or_after(date(2025, 10, 4)), Some(date(2025, 10, 9)));
        assert_eq!(china.on_or_after(date(2025, 10, 11)), Some(date(2025, 10, 11)));
    }

    #[test]
    fn the_day_one_counts_from_does_not_count_even_where_nobody_works_on_it() {
        let plain = WorkingDays::default();
        for from in [date(2025, 6, 6), date(2025, 6, 7), date(2025, 6, 8)] {
            assert_eq!(plain.add(from, 1), Some(date(2025, 6, 9)), "{from}");
        }
        assert_eq!(plain.add(date(2025, 6, 7), 0), Some(date(2025, 6, 7)));
    }

    #[test]
    fn a_calendar_without_sense_is_refused_by_its_field() {
        use Weekday::*;
        let all = vec![Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday];
        let of = |days: &[&str]| days.iter().map(|d| (*d).to_owned()).collect::<Vec<_>>();
        let plain = BusinessCalendar::default;
        let cases = [
            (BusinessCalendar { days_off: all, ..plain() }, "spec.calendar.daysOff"),
            (BusinessCalendar { holidays: of(&["2025-01-01", "2025-02-29"]), ..plain() }, "spec.calendar.holidays[1]"),
            (BusinessCalendar { working_days: of(&["1.5.2025"]), ..plain() }, "spec.calendar.workingDays[0]"),
            (
                BusinessCalendar { holidays: of(&["2025-05-01"]), working_days: of(&["2025-05-01"]), ..plain() },
                "spec.calendar.workingDays",
            ),
        ];
        for (calendar, field) in cases {
            assert_eq!(WorkingDays::new(&calendar).expect_err(field).field, field);
        }
    }

    proptest! {
        #[test]
        fn adding_days_and_counting_them_are_inverse(offset in 0i32..800, count in 1u32..60, off in 0usize..7) {
            use Weekday::*;
            let days_off = [Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday].into_iter().take(off.min(6)).collect();
            let holidays = vec!["2025-12-25".to_owned(), "2026-01-01".to_owned(), "2026-05-01".to_owned()];
            let days = WorkingDays::new(&BusinessCalendar { days_off, holidays, working_days: Vec::new() }).unwrap();
            let from = date(2025, 1, 1).checked_add(k8s_openapi::jiff::Span::new().days(offset)).unwrap();
            let to = days.add(from, count).unwrap();
            prop_assert!(days.is_working(to));
            prop_assert_eq!(days.between(from, to), count);
            prop_assert_eq!(days.between(from, to.yesterday().unwrap()), count - 1);
        }
    }
}
