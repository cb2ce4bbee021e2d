//! By how many days a delivery was late.

use k8s_openapi::jiff::civil::{Date, Weekday as CivilWeekday};

use crate::api::remedy::DayCount;
use crate::api::settlement::{BusinessCalendar, Weekday};

use super::super::outcome::Delivery;

/// The days after the due day, up to and with the day of delivery; a delivery in time has none.
pub(super) fn late_days(delivery: &Delivery, days: DayCount, calendar: &BusinessCalendar) -> u32 {
    let mut late = 0;
    let mut day = delivery.due;
    while day < delivery.done {
        let Ok(next) = day.tomorrow() else { break };
        day = next;
        late += u32::from(days == DayCount::Calendar || is_working(day, calendar));
    }
    late
}

fn is_working(day: Date, calendar: &BusinessCalendar) -> bool {
    let text = day.to_string();
    let is_off = calendar.days_off.iter().any(|off| civil(*off) == day.weekday());
    calendar.working_days.contains(&text) || !(is_off || calendar.holidays.contains(&text))
}

fn civil(day: Weekday) -> CivilWeekday {
    match day {
        Weekday::Monday => CivilWeekday::Monday,
        Weekday::Tuesday => CivilWeekday::Tuesday,
        Weekday::Wednesday => CivilWeekday::Wednesday,
        Weekday::Thursday => CivilWeekday::Thursday,
        Weekday::Friday => CivilWeekday::Friday,
        Weekday::Saturday => CivilWeekday::Saturday,
        Weekday::Sunday => CivilWeekday::Sunday,
    }
}
