use k8s_openapi::jiff::civil::date;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::example::{agreement, at, second};
use super::*;
use crate::api::agreement::SlotLength;
use crate::api::period::{CalendarUnit, Validity};

fn every(zone: &str, period: Value) -> AgreementSpec {
    let period = serde_json::from_value(period).unwrap();
    AgreementSpec { time_zone: zone.to_owned(), period, validity: None, ..agreement() }
}

fn calendar(zone: &str, unit: CalendarUnit) -> AgreementSpec {
    every(zone, json!({"calendar": unit}))
}

fn rolling(zone: &str, length: &str, from: &str) -> AgreementSpec {
    let validity = Some(Validity { from: from.to_owned(), until: None });
    AgreementSpec { validity, ..every(zone, json!({"rolling": length})) }
}

fn schedule(spec: &AgreementSpec) -> Schedule {
    Schedule::new(spec, at("2000-01-01T00:00:00Z")).unwrap()
}

fn hours(spec: &AgreementSpec, day: &str) -> i64 {
    schedule(spec).containing(at(&format!("{day}T12:00:00Z"))).unwrap().seconds() / 3600
}

#[test]
fn an_agreement_that_ends_early_has_no_period_after_that() {
    let month = schedule(&calendar("UTC", CalendarUnit::Month));
    let (end, june) = (at("2026-06-15T10:00:00Z"), at("2026-06-10T00:00:00Z"));
    let ending = month.ending(end);
    let cut = Bounds { start: at("2026-06-01T00:00:00Z"), end };
    assert_eq!(ending.containing(june), Some(cut));
    assert_eq!((ending.containing(end), ending.until()), (None, Some(end)));
    assert_eq!(ending.cut_within(&month.containing(june).unwrap()), Some(end), "it was taken up as a whole month");
    assert_eq!(ending.containing(at("2026-05-10T00:00:00Z")), month.containing(at("2026-05-10T00:00:00Z")));
    assert_eq!(ending.ending(at("2027-01-01T00:00:00Z")).until(), Some(end), "it never ends later than it did");
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
fn fiscal_quarters_and_years_begin_with_their_month() {
    let cases = [
        ("Quarter", 2, "2025-04-10", "2025-02-01T00:00:00Z", "2025-05-01T00:00:00Z", 89),
        ("Quarter", 2, "2026-01-31", "2025-11-01T00:00:00Z", "2026-02-01T00:00:00Z", 92),
        ("Quarter", 12, "2024-02-29", "2023-12-01T00:00:00Z", "2024-03-01T00:00:00Z", 91),
        ("Quarter", 1, "2025-07-01", "2025-07-01T00:00:00Z", "2025-10-01T00:00:00Z", 92),
        ("Year", 2, "2025-01-31", "2024-02-01T00:00:00Z", "2025-02-01T00:00:00Z", 366),
        ("Year", 10, "2025-10-01", "2025-10-01T00:00:00Z", "2026-10-01T00:00:00Z", 365),
    ];
    for (unit, month, day, start, end, days) in cases {
        let spec = every("UTC", json!({"calendar": unit, "yearStartsIn": month}));
        let bounds = schedule(&spec).containing(at(&format!("{day}T12:00:00Z"))).unwrap();
        assert_eq!(bounds, Bounds { start: at(start), end: at(end) }, "{unit} {month} {day}");
        assert_eq!(bounds.seconds(), days * 86_400, "{unit} {month} {day}");
    }
}

#[test]
fn a_billing_month_is_reckoned_from_its_anchor_and_never_from_the_month_before() {
    let schedule = schedule(&every("UTC", json!({"billing": {"anchorDay": 31}})));
    let mut bounds = schedule.containing(at("2024-01-31T00:00:00Z")).unwrap();
    for end in ["2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31"] {
        assert_eq!(bounds.end, at(&format!("{end}T00:00:00Z")));
        bounds = schedule.next(&bounds).unwrap();
    }
    let fifteenth = every("Europe/Berlin", json!({"billing": {"anchorDay": 15}}));
    // The clocks go forward on 2026-03-29, in the month that begins on the 15th of March.
    let march = self::schedule(&fifteenth).containing(at("2026-04-14T21:59:59Z")).unwrap();
    assert_eq!(march, Bounds { start: at("2026-03-14T23:00:00Z"), end: at("2026-04-14T22:00:00Z") });
}

#[test]
fn a_clipped_period_knows_the_whole_one_it_is_a_part_of() {
    let validity = Some(Validity { from: "2026-02-20".to_owned(), until: Some("2026-03-05".to_owned()) });
    let spec = AgreementSpec { validity, ..every("UTC", json!({"billing": {"anchorDay": 31}})) };
    let schedule = schedule(&spec);
    let first = schedule.containing(schedule.from()).unwrap();
    assert_eq!(first, Bounds { start: at("2026-02-20T00:00:00Z"), end: at("2026-02-28T00:00:00Z") });
    let whole = schedule.whole(first.start).unwrap();
    assert_eq!(whole, Bounds { start: at("2026-01-31T00:00:00Z"), end: first.end });
    let last = schedule.next(&first).unwrap();
    assert_eq!(last.end, at("2026-03-05T00:00:00Z"));
    assert_eq!(schedule.whole(last.start).unwrap().end, at("2026-03-31T00:00:00Z"));
}

#[test]
fn trailing_days_are_judged_at_the_end_of_every_unit() {
    let spec = every("Europe/Berlin", json!({"trailing": {"days": 365, "every": "Month"}}));
    let schedule = schedule(&spec);
    let march = schedule.containing(at("2024-03-15T12:00:00Z")).unwrap();
    assert_eq!(march, Bounds { start: at("2024-02-29T23:00:00Z"), end: at("2024-03-31T22:00:00Z") });
    // Civil days: clocks went forward in between, so the first one begins at another hour of UTC.
    let judged = schedule.judged(&march);
    assert_eq!(judged, Bounds { start: at("2023-04-01T22:00:00Z"), end: march.end });
    // April 2023 to February 2024.
    let looked_back_on = schedule.looked_back_on(&march);
    assert_eq!(looked_back_on.len(), 11);
    assert_eq!((looked_back_on[0].start, looked_back_on[10].end), (at("2023-03-31T22:00:00Z"), march.start));
    let plain = self::schedule(&calendar("UTC", CalendarUnit::Month));
    assert_eq!(plain.judged(&march), march);
    assert_eq!(plain.looked_back_on(&march), []);
}

#[test]
fn what_lies_before_an_agreement_is_not_looked_back_on() {
    let validity = Some(Validity { from: "2026-01-20".to_owned(), until: Some("2026-04-10".to_owned()) });
    let spec = AgreementSpec { validity, ..every("UTC", json!({"trailing": {"days": 45, "every": "Month"}})) };
    let schedule = schedule(&spec);
    let mut period = schedule.containing(schedule.from());
    let mut found = Vec::new();
    while let Some(settled) = period {
        found.push((schedule.judged(&settled), schedule.looked_back_on(&settled).len()));
        period = schedule.next(&settled);
    }
    let expected = [
        ("2026-01-20", "2026-02-01", 0),
        ("2026-01-20", "2026-03-01", 1),
        ("2026-02-15", "2026-04-01", 1),
        ("2026-02-24", "2026-04-10", 2),
    ];
    let instant = |day: &str| at(&format!("{day}T00:00:00Z"));
    let expected = expected.map(|(start, end, n)| (Bounds { start: instant(start), end: instant(end) }, n));
    assert_eq!(found, expected);
    // Fewer days than the period has: its beginning is not judged.
    let short = self::schedule(&every("UTC", json!({"trailing": {"days": 7, "every": "Month"}})));
    let june = short.containing(at("2026-06-10T00:00:00Z")).unwrap();
    assert_eq!(short.judged(&june), Bounds { start: at("2026-06-24T00:00:00Z"), end: june.end });
    assert_eq!(short.looked_back_on(&june), []);
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
fn an_account_begins_with_the_present_or_where_nothing_is_left_of_it_with_the_past() {
    let of = |from: &str, until: Option<&str>| {
        let validity = Some(Validity { from: from.to_owned(), until: until.map(str::to_owned) });
        let schedule = schedule(&AgreementSpec { validity, ..calendar("UTC", CalendarUnit::Month) });
        schedule.taken_up(at("2026-07-15T12:00:00Z")).map(|period| period.start.to_string())
    };
    let cases = [
        ("still in force", "2026-01-10", None, Some("2026-07-01T00:00:00Z")),
        ("ends later", "2026-01-10", Some("2026-07-16"), Some("2026-07-01T00:00:00Z")),
        ("over since today", "2026-01-10", Some("2026-07-15"), Some("2026-01-10T00:00:00Z")),
        ("over for long", "2025-06-01", Some("2025-07-01"), Some("2025-06-01T00:00:00Z")),
        ("sixty months at the most", "2000-01-01", Some("2010-01-01"), Some("2005-01-01T00:00:00Z")),
        ("not in force yet", "2026-08-01", None, None),
        ("not in force yet, and then for a month", "2026-08-01", Some("2026-09-01"), None),
    ];
    for (case, from, until, expected) in cases {
        assert_eq!(of(from, until).as_deref(), expected, "{case}");
    }
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
    let cases = vec![
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
        (every("UTC", json!({})), "spec.period"),
        (every("UTC", json!({"calendar": "Month", "rolling": "30d"})), "spec.period"),
        (every("UTC", json!({"billing": {"anchorDay": 32}})), "spec.period.billing.anchorDay"),
        (every("UTC", json!({"billing": {"anchorDay": 0}})), "spec.period.billing.anchorDay"),
        (every("UTC", json!({"calendar": "Year", "yearStartsIn": 13})), "spec.period.yearStartsIn"),
        (every("UTC", json!({"calendar": "Month", "yearStartsIn": 2})), "spec.period.yearStartsIn"),
        (every("UTC", json!({"trailing": {"days": 367, "every": "Month"}})), "spec.period.trailing.days"),
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

    #[test]
    fn months_of_every_kind_are_what_counting_day_by_day_gives(
        zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Africa/Cairo", "America/Havana"]),
        kind in 0i32..3,
        number in 1i32..=31,
        offset in 0i32..7000,
        seconds in 0i64..86_400,
    ) {
        let month = (number - 1) % 12 + 1;
        let period = match kind {
            0 => json!({"billing": {"anchorDay": number}}),
            1 => json!({"calendar": "Quarter", "yearStartsIn": month}),
            _ => json!({"calendar": "Year", "yearStartsIn": month}),
        };
        let begins = |day: Date| match kind {
            0 => i32::from(day.day()) == number.min(i32::from(day.days_in_month())),
            1 => day.day() == 1 && (i32::from(day.month()) + 12 - month) % 3 == 0,
            _ => day.day() == 1 && i32::from(day.month()) == month,
        };
        let spec = every(zone, period);
        let tz = super::zone(zone).unwrap();
        let first = |day: Date| first_instant_of(day, &tz).unwrap();
        let mut day = date(2005, 6, 15).checked_add(Span::new().days(offset)).unwrap();
        let instant = first(day).checked_add(SignedDuration::from_secs(seconds)).unwrap();
        // Up to the day whose first instant is after the instant, then back to the last beginning that is not.
        while first(day) <= instant || !begins(day) {
            day = day.tomorrow().unwrap();
        }
        let end = first(day);
        day = day.yesterday().unwrap();
        while first(day) > instant || !begins(day) {
            day = day.yesterday().unwrap();
        }
        prop_assert_eq!(schedule(&spec).containing(instant), Some(Bounds { start: first(day), end }));
    }
}
