use proptest::prelude::*;

use super::super::example::{agreement, at, second};
use super::*;
use crate::api::agreement::SlotLength;
use crate::api::period::{Period, Validity};

fn calendar(zone: &str, unit: CalendarUnit) -> AgreementSpec {
    let period = Period { calendar: Some(unit), rolling: None };
    AgreementSpec { time_zone: zone.to_owned(), period, validity: None, ..agreement() }
}

fn rolling(zone: &str, length: &str, from: &str) -> AgreementSpec {
    let period = Period { calendar: None, rolling: Some(length.into()) };
    let validity = Some(Validity { from: from.to_owned(), until: None });
    AgreementSpec { time_zone: zone.to_owned(), period, validity, ..agreement() }
}

fn schedule(spec: &AgreementSpec) -> Schedule {
    Schedule::new(spec, at("2000-01-01T00:00:00Z")).unwrap()
}

fn hours(spec: &AgreementSpec, day: &str) -> i64 {
    schedule(spec).containing(at(&format!("{day}T12:00:00Z"))).unwrap().seconds() / 3600
}

#[test]
fn a_month_has_the_hours_its_zone_gives_it() {
    let cases = [
        ("Europe/Berlin", "2025-10-15", 745),
        ("Europe/Berlin", "2026-10-15", 745),
        ("Europe/Berlin", "2025-03-15", 743),
        ("Europe/Berlin", "2026-06-15", 720),
        ("UTC", "2025-10-15", 744),
        ("Asia/Shanghai", "2025-06-15", 720),
        ("America/New_York", "2026-11-15", 721),
        ("Australia/Lord_Howe", "2026-06-15", 720),
        ("UTC", "2024-02-15", 696),
        ("UTC", "2026-02-15", 672),
        ("UTC", "2000-02-15", 696),
    ];
    for (zone, day, expected) in cases {
        assert_eq!(hours(&calendar(zone, CalendarUnit::Month), day), expected, "{zone} {day}");
    }
}

#[test]
fn quarters_and_years_begin_where_the_calendar_says() {
    let cases = [
        (CalendarUnit::Quarter, "2026-02-15", "2025-12-31T23:00:00Z", "2026-03-31T22:00:00Z"),
        (CalendarUnit::Quarter, "2026-12-31", "2026-09-30T22:00:00Z", "2026-12-31T23:00:00Z"),
        (CalendarUnit::Year, "2024-07-01", "2023-12-31T23:00:00Z", "2024-12-31T23:00:00Z"),
    ];
    for (unit, day, start, end) in cases {
        let bounds = schedule(&calendar("Europe/Berlin", unit)).containing(at(&format!("{day}T12:00:00Z")));
        assert_eq!(bounds, Some(Bounds { start: at(start), end: at(end) }), "{day}");
    }
    assert_eq!(hours(&calendar("Europe/Berlin", CalendarUnit::Year), "2024-07-01"), 366 * 24);
}

#[test]
fn the_zone_decides_to_which_month_an_instant_belongs() {
    let june = schedule(&calendar("Asia/Shanghai", CalendarUnit::Month)).containing(at("2025-06-30T15:59:59Z"));
    let (start, end) = (at("2025-05-31T16:00:00Z"), at("2025-06-30T16:00:00Z"));
    assert_eq!(june, Some(Bounds { start, end }));
    let july = schedule(&calendar("Asia/Shanghai", CalendarUnit::Month)).containing(end);
    assert_eq!(july.map(|b| b.start), Some(end), "half open");
}

#[test]
fn clocks_that_go_back_across_midnight_lose_no_instant() {
    // St. John's, until 2011: one minute past midnight becomes 23:01 of the day before. 2009-11-01 began twice.
    let spec = calendar("America/St_Johns", CalendarUnit::Month);
    let schedule = schedule(&spec);
    let october = schedule.containing(at("2009-10-15T00:00:00Z")).unwrap();
    let november = schedule.next(&october).unwrap();
    assert_eq!(november.start, october.end);
    for minutes in 0..180 {
        let instant = october.end.saturating_add(SignedDuration::from_mins(minutes - 90)).unwrap();
        let expected = if instant < october.end { october } else { november };
        assert_eq!(schedule.containing(instant), Some(expected), "{instant}");
    }
}

#[test]
fn validity_clips_the_first_and_the_last_period() {
    let validity = Some(Validity { from: "2026-01-10".to_owned(), until: Some("2026-03-05".to_owned()) });
    let spec = AgreementSpec { validity, ..calendar("Europe/Berlin", CalendarUnit::Month) };
    let schedule = schedule(&spec);
    let expected = [
        ("2026-01-09T23:00:00Z", "2026-01-31T23:00:00Z"),
        ("2026-01-31T23:00:00Z", "2026-02-28T23:00:00Z"),
        ("2026-02-28T23:00:00Z", "2026-03-04T23:00:00Z"),
    ]
    .map(|(start, end)| Bounds { start: at(start), end: at(end) });
    let mut next = schedule.containing(schedule.from());
    for bounds in expected {
        assert_eq!(next, Some(bounds));
        next = schedule.next(&bounds);
    }
    assert_eq!(next, None);
    assert_eq!(schedule.containing(at("2026-01-09T22:59:59Z")), None);
    assert_eq!(schedule.containing(at("2026-03-04T23:00:00Z")), None);
}

#[test]
fn without_validity_an_agreement_begins_with_the_first_slot_after_its_creation() {
    let spec = calendar("UTC", CalendarUnit::Month);
    let cases = [
        ("2026-11-22T08:31:02.5Z", "2026-11-22T08:35:00Z"),
        ("2026-11-22T08:35:00Z", "2026-11-22T08:35:00Z"),
        ("2026-11-30T23:58:00Z", "2026-12-01T00:00:00Z"),
    ];
    for (created, from) in cases {
        let schedule = Schedule::new(&spec, at(created)).unwrap();
        assert_eq!(schedule.containing(at(from)).map(|b| b.start), Some(at(from)), "{created}");
        assert_eq!(schedule.from(), at(from));
    }
}

#[test]
fn rolling_days_are_days_of_the_zone_and_hours_are_elapsed() {
    // Clocks go forward on 2026-03-29.
    let days = schedule(&rolling("Europe/Berlin", "7d", "2026-03-23"));
    let first = days.containing(days.from()).unwrap();
    assert_eq!(first, Bounds { start: at("2026-03-22T23:00:00Z"), end: at("2026-03-29T22:00:00Z") });
    assert_eq!(days.next(&first).unwrap().seconds(), 7 * 86_400);
    let hours = schedule(&rolling("Europe/Berlin", "168h", "2026-03-23"));
    assert_eq!(hours.containing(hours.from()).unwrap().seconds(), 168 * 3600);
    // Samoa had no 2011-12-30.
    let samoa = schedule(&rolling("Pacific/Apia", "1d", "2011-12-01"));
    assert_eq!(samoa.containing(at("2012-01-05T00:00:00Z")).unwrap().seconds(), 86_400);
}

#[test]
fn rolling_windows_without_validity_begin_with_the_creation() {
    let spec = AgreementSpec { validity: None, ..rolling("UTC", "10m", "2026-01-01") };
    let schedule = Schedule::new(&spec, at("2026-11-22T08:31:02Z")).unwrap();
    let first = schedule.containing(at("2026-11-22T08:40:00Z")).unwrap();
    assert_eq!(first, Bounds { start: at("2026-11-22T08:35:00Z"), end: at("2026-11-22T08:45:00Z") });
    assert_eq!(schedule.next(&first).map(|b| b.end), Some(at("2026-11-22T08:55:00Z")));
}

#[test]
fn what_can_not_be_is_named_by_its_field() {
    let created = at("2026-01-01T00:00:00Z");
    let validity = |from: &str, until: Option<&str>| AgreementSpec {
        validity: Some(Validity { from: from.to_owned(), until: until.map(str::to_owned) }),
        ..agreement()
    };
    let coarse = AgreementSpec {
        metrics: crate::api::agreement::Metrics { slot: SlotLength::FiveMinutes, ..agreement().metrics },
        ..rolling("UTC", "12m", "2026-01-01")
    };
    let cases = [
        (calendar("Europe/Berln", CalendarUnit::Month), "spec.timeZone"),
        (calendar("Etc/Unknown", CalendarUnit::Month), "spec.timeZone"),
        (calendar("", CalendarUnit::Month), "spec.timeZone"),
        (calendar("../etc/passwd", CalendarUnit::Month), "spec.timeZone"),
        (validity("2026-02-30", None), "spec.validity.from"),
        (validity("2026-1-1", None), "spec.validity.from"),
        (validity("2025-02-01", Some("2025-02-29")), "spec.validity.until"),
        (validity("2026-02-01", Some("2026-02-01")), "spec.validity.until"),
        (rolling("UTC", "30 days", "2026-01-01"), "spec.period.rolling"),
        (rolling("UTC", "5m", "2026-01-01"), "spec.period.rolling"),
        (rolling("UTC", "0s", "2026-01-01"), "spec.period.rolling"),
        (rolling("UTC", "1d500ms", "2026-01-01"), "spec.period.rolling"),
        (coarse, "spec.period.rolling"),
        (AgreementSpec { period: Period { calendar: None, rolling: None }, ..agreement() }, "spec.period"),
    ];
    for (spec, field) in cases {
        let fault = Schedule::new(&spec, created).expect_err(field);
        assert_eq!(fault.field, field, "{fault}");
    }
}

#[test]
fn the_zone_data_has_a_version() {
    let version = time_zone_database_version();
    assert!(version.len() == 5 && version.starts_with("20"), "{version}");
}

proptest! {
    #[test]
    fn periods_follow_each_other_without_gap_or_overlap(
        zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Asia/Kathmandu", "Africa/Cairo"]),
        rhythm in prop::sample::select(vec!["Month", "Quarter", "Year", "10m", "1h", "1d", "30d", "1d12h", "90m"]),
        offset in 0i64..600_000_000,
    ) {
        let spec = match rhythm {
            "Month" => calendar(zone, CalendarUnit::Month),
            "Quarter" => calendar(zone, CalendarUnit::Quarter),
            "Year" => calendar(zone, CalendarUnit::Year),
            length => rolling(zone, length, "2006-12-31"),
        };
        let schedule = schedule(&spec);
        let instant = second(at("2007-01-01T12:00:00Z").as_second() + offset);
        let bounds = schedule.containing(instant).unwrap();
        prop_assert!(bounds.contains(instant));
        prop_assert_eq!(schedule.containing(bounds.start), Some(bounds));
        let last = bounds.end.checked_sub(SignedDuration::from_secs(1)).unwrap();
        prop_assert_eq!(schedule.containing(last), Some(bounds));
        prop_assert_eq!(schedule.next(&bounds).unwrap().start, bounds.end);
    }
}
