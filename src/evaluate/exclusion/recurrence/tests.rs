use proptest::prelude::*;

use super::super::super::example::at;
use super::*;
use crate::evaluate::period::zone;

fn series(rule: &str, start: &str, end: &str) -> Recurrence {
    let (rule, start, end) = (rule.to_owned(), start.to_owned(), end.to_owned());
    Recurrence { rule, start, end, exdates: Vec::new(), rdates: Vec::new(), time_zone: None }
}

fn windows(recurrence: &Recurrence, place: &str, from: &str, until: &str) -> Vec<(String, String)> {
    let range = Bounds { start: at(from), end: at(until) };
    let windows = Series::new(recurrence, &zone(place).unwrap()).unwrap().windows(range).unwrap();
    windows.into_iter().map(|w| (w.start.to_string(), w.end.to_string())).collect()
}

fn pair(start: &str, end: &str) -> (String, String) {
    (start.to_owned(), end.to_owned())
}

#[test]
fn a_window_from_two_to_four_lasts_three_hours_in_autumn_and_one_in_spring() {
    let sundays = series("FREQ=WEEKLY;BYDAY=SU", "2025-01-05T02:00", "2025-01-05T04:00");
    let of = |from, until| windows(&sundays, "Europe/Berlin", from, until);
    let autumn = of("2025-10-25T22:00:00Z", "2025-10-27T00:00:00Z");
    assert_eq!(autumn, [pair("2025-10-26T00:00:00Z", "2025-10-26T03:00:00Z")]);
    let spring = of("2025-03-29T00:00:00Z", "2025-03-31T00:00:00Z");
    assert_eq!(spring, [pair("2025-03-30T01:00:00Z", "2025-03-30T02:00:00Z")]);
    let plain = of("2025-06-01T00:00:00Z", "2025-06-02T00:00:00Z");
    assert_eq!(plain, [pair("2025-06-01T00:00:00Z", "2025-06-01T02:00:00Z")]);
}

#[test]
fn a_day_whose_midnight_is_skipped_keeps_its_window() {
    // Cairo, 2025-04-25: from 00:00 to 01:00 there is no time.
    let daily = series("FREQ=DAILY", "2025-04-20T00:00", "2025-04-20T02:00");
    let found = windows(&daily, "Africa/Cairo", "2025-04-24T21:00:00Z", "2025-04-25T12:00:00Z");
    assert_eq!(found, [pair("2025-04-24T22:00:00Z", "2025-04-24T23:00:00Z")]);
}

#[test]
fn a_window_within_what_the_clock_skips_does_not_take_place() {
    // Berlin, 2025-03-30: from 02:00 to 03:00 there is no time.
    let of = |start: &str, end: &str| {
        let day = |time: &str| format!("2025-03-29T{time}");
        let daily = series("FREQ=DAILY;COUNT=3", &day(start), &day(end));
        let range = Bounds { start: at("2025-03-29T23:00:00Z"), end: at("2025-03-30T22:00:00Z") };
        let berlin = zone("Europe/Berlin").unwrap();
        let skipped = Series::new(&daily, &berlin).unwrap().skipped(range).unwrap();
        let skipped: Vec<String> = skipped.iter().map(ToString::to_string).collect();
        (windows(&daily, "Europe/Berlin", "2025-03-29T23:00:00Z", "2025-03-30T22:00:00Z"), skipped)
    };
    for (start, end) in [("02:00", "03:00"), ("02:15", "02:45"), ("02:30", "03:00"), ("02:00", "02:59")] {
        assert_eq!(of(start, end), (Vec::new(), vec![format!("2025-03-30T{start}:00")]), "{start} to {end}");
    }
    let reaching = [
        ("01:59", "02:30", pair("2025-03-30T00:59:00Z", "2025-03-30T01:30:00Z")),
        ("02:30", "04:00", pair("2025-03-30T01:30:00Z", "2025-03-30T02:00:00Z")),
        ("03:00", "04:00", pair("2025-03-30T01:00:00Z", "2025-03-30T02:00:00Z")),
    ];
    for (start, end, window) in reaching {
        assert_eq!(of(start, end), (vec![window], Vec::new()), "{start} to {end}");
    }
}

#[test]
fn a_window_that_reaches_into_the_range_is_one_of_it_and_whole() {
    let monthly = series("FREQ=MONTHLY;BYMONTHDAY=-1", "2025-01-31T22:00", "2025-02-01T02:00");
    let found = windows(&monthly, "UTC", "2025-03-01T00:00:00Z", "2025-03-31T22:00:00Z");
    assert_eq!(found, [pair("2025-02-28T22:00:00Z", "2025-03-01T02:00:00Z")]);
}

#[test]
fn the_end_of_a_rule_is_an_instant_of_utc_or_digits_on_the_wall() {
    // The windows begin at 22:30 UTC, half past midnight of the next day in Berlin.
    for (until, expected) in [("20250602T223000Z", 3), ("20250602T222959Z", 2), ("20250603T003000", 3)] {
        let rule = format!("FREQ=DAILY;UNTIL={until}");
        let daily = series(&rule, "2025-06-01T00:30", "2025-06-01T01:00");
        let found = windows(&daily, "Europe/Berlin", "2025-05-01T00:00:00Z", "2025-07-01T00:00:00Z");
        assert_eq!(found.len(), expected, "{until}");
    }
    let counted = series("FREQ=DAILY;COUNT=3", "2025-06-01T00:30", "2025-06-01T01:00");
    assert_eq!(windows(&counted, "UTC", "2025-06-02T00:00:00Z", "2025-07-01T00:00:00Z").len(), 2);
}

#[test]
fn a_zone_of_its_own_decides() {
    let own = Recurrence {
        time_zone: Some("Asia/Tokyo".to_owned()),
        ..series("FREQ=DAILY", "2025-06-01T09:00", "2025-06-01T10:00")
    };
    let found = windows(&own, "Europe/Berlin", "2025-06-10T00:00:00Z", "2025-06-10T12:00:00Z");
    assert_eq!(found, [pair("2025-06-10T00:00:00Z", "2025-06-10T01:00:00Z")]);
}

/// The same with windows left out and added.
fn except(recurrence: Recurrence, exdates: &[&str], rdates: &[&str]) -> Recurrence {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Recurrence { exdates: owned(exdates), rdates: owned(rdates), ..recurrence }
}

#[test]
fn a_window_that_is_left_out_or_added_is_one_by_the_digits_of_its_zone() {
    // On both nights the clocks of Berlin change; the digits are the same.
    let sundays = series("FREQ=WEEKLY;BYDAY=SU", "2025-01-05T02:00", "2025-01-05T04:00");
    let exdates = ["2025-03-30T02:00", "2025-06-01T02:00:00", "2025-10-26T02:00"];
    let without = except(sundays.clone(), &exdates, &[]);
    let of = |recurrence: &Recurrence, from, until| windows(recurrence, "Europe/Berlin", from, until);
    let year = |recurrence: &Recurrence| of(recurrence, "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z");
    let (all, left) = (year(&sundays), year(&without));
    let gone: Vec<_> = all.iter().filter(|window| !left.contains(window)).cloned().collect();
    let expected = [
        pair("2025-03-30T01:00:00Z", "2025-03-30T02:00:00Z"),
        pair("2025-06-01T00:00:00Z", "2025-06-01T02:00:00Z"),
        pair("2025-10-26T00:00:00Z", "2025-10-26T03:00:00Z"),
    ];
    assert_eq!((gone.as_slice(), left.len()), (&expected[..], 49));
    // As long as the first one, also over the night in which an hour comes twice; before it one of the rule begins.
    let with = except(sundays, &[], &["2025-10-26T01:30", "2025-12-24T23:00"]);
    let autumn = of(&with, "2025-10-25T22:00:00Z", "2025-10-27T00:00:00Z");
    let expected =
        [pair("2025-10-25T23:30:00Z", "2025-10-26T02:30:00Z"), pair("2025-10-26T00:00:00Z", "2025-10-26T03:00:00Z")];
    assert_eq!(autumn, expected);
    let eve = of(&with, "2025-12-24T23:00:00Z", "2025-12-25T00:00:00Z");
    assert_eq!(eve, [pair("2025-12-24T22:00:00Z", "2025-12-25T00:00:00Z")]);
    let tokyo = Recurrence { time_zone: Some("Asia/Tokyo".to_owned()), ..with };
    let eve = of(&tokyo, "2025-12-24T00:00:00Z", "2025-12-25T00:00:00Z");
    assert_eq!(eve, [pair("2025-12-24T14:00:00Z", "2025-12-24T16:00:00Z")]);
}

#[test]
fn a_rule_counts_its_windows_before_any_is_left_out_and_ends_before_one_that_is_added() {
    let counted = series("FREQ=DAILY;COUNT=3", "2025-06-01T00:30", "2025-06-01T01:00");
    let changed = except(counted, &["2025-06-02T00:30"], &["2025-08-01T12:00"]);
    let found = windows(&changed, "UTC", "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z");
    let begin: Vec<&str> = found.iter().map(|(start, _)| start.as_str()).collect();
    assert_eq!(begin, ["2025-06-01T00:30:00Z", "2025-06-03T00:30:00Z", "2025-08-01T12:00:00Z"]);
}

#[test]
fn an_exception_without_effect_is_refused_by_its_entry() {
    let daily = || series("FREQ=DAILY;COUNT=10", "2025-06-01T02:00", "2025-06-01T04:00");
    let cases = [
        (except(daily(), &["2025-06-02T02:00", "2025-06-03T03:00"], &[]), "exdates[1]", "no window that begins"),
        (except(daily(), &["2025-06-11T02:00"], &[]), "exdates[0]", "no window that begins at 2025-06-11T02:00:00"),
        (except(daily(), &["2025-06-12T05:00"], &["2025-06-12T05:00"]), "exdates[0]", "no window"),
        (except(daily(), &[], &["2025-06-02T03:00", "2025-06-02T02:00"]), "rdates[1]", "a window already"),
        (except(daily(), &[], &["2025-05-31T02:00"]), "rdates[0]", "before spec.recurrence.start"),
        (except(daily(), &["2025-06-02T02:00", "2025-06-02T02:00:00"], &[]), "exdates[1]", "twice"),
        (except(daily(), &["20250602T020000"], &[]), "exdates[0]", "YYYY-MM-DDTHH:MM"),
        (except(daily(), &["2025-06-02"], &[]), "exdates[0]", "YYYY-MM-DDTHH:MM"),
        (except(daily(), &[], &["2025-06-31T02:00"]), "rdates[0]", "2025-06-31"),
        (except(daily(), &[], &["2025-06-20T02:00Z"]), "rdates[0]", "2025-06-20T02:00Z"),
    ];
    for (recurrence, field, word) in cases {
        let found = fault(&recurrence).expect(field);
        assert!(found.field == format!("spec.recurrence.{field}") && found.message.contains(word), "{found}");
        let series = Series::new(&recurrence, &TimeZone::UTC);
        let range = Bounds { start: at("2025-06-01T00:00:00Z"), end: at("2025-07-01T00:00:00Z") };
        assert_eq!(series.and_then(|series| series.windows(range)).unwrap_err(), found);
    }
}

#[test]
fn which_window_is_the_last_one_before_an_instant_only_the_zone_says() {
    // 22:30 UTC on the second of June is half past midnight of the third in Berlin.
    let until = series("FREQ=DAILY;UNTIL=20250602T223000Z", "2025-06-01T00:30", "2025-06-01T01:00");
    let third = except(until, &["2025-06-03T00:30"], &[]);
    assert_eq!(fault(&third), None, "the agreement may be one of Berlin");
    let range = || Bounds { start: at("2025-06-01T00:00:00Z"), end: at("2025-07-01T00:00:00Z") };
    let of = |place: &str| Series::new(&third, &zone(place).unwrap()).unwrap().windows(range());
    assert_eq!(of("Europe/Berlin").unwrap().len(), 1, "the first began before the range");
    assert_eq!(of("UTC").unwrap_err().field, "spec.recurrence.exdates[0]");
    let utc = Recurrence { time_zone: Some("UTC".to_owned()), ..third };
    assert_eq!(fault(&utc).unwrap().field, "spec.recurrence.exdates[0]");
}

proptest! {
    /// The oracle walks over the calendar day by day, and turns digits into instants by looking for the first minute at
    /// which the wall shows them or later.
    #[test]
    fn windows_are_those_of_a_walk_over_the_calendar(
        every in 1i64..4,
        count in 1i64..40,
        left_out in proptest::collection::btree_set(0i64..40, 0..6),
        added in proptest::collection::btree_set(0i64..130, 0..6),
        place in proptest::sample::select(vec!["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
        first in proptest::sample::select(vec!["2025-03-01", "2025-09-20", "2025-10-20"]),
    ) {
        let first: k8s_openapi::jiff::civil::Date = first.parse().unwrap();
        let day = |n: i64| first + k8s_openapi::jiff::Span::new().days(n);
        let rule: Vec<i64> = (0..count).map(|n| n * every).collect();
        let left_out: Vec<i64> = left_out.into_iter().filter(|n| *n < count).map(|n| n * every).collect();
        // Half an hour off the rule, so that none is there already.
        let text = |n: &i64, minutes: i8| day(*n).at(2, minutes, 0, 0).strftime("%Y-%m-%dT%H:%M").to_string();
        let recurrence = Recurrence {
            exdates: left_out.iter().map(|n| text(n, 0)).collect(),
            rdates: added.iter().map(|n| text(n, 30)).collect(),
            ..series(&format!("FREQ=DAILY;INTERVAL={every};COUNT={count}"), &text(&0, 0), &format!("{first}T03:15"))
        };
        let zone = zone(place).unwrap();
        let instant = |n: i64, minute_of_day: i64| {
            // From noon of the day before on; a wall that skips the digits shows them moved on by what it skips.
            let before = day(n).at(0, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap().timestamp().as_second() - 36 * 3_600;
            let wanted = day(n).at(0, 0, 0, 0).duration_since(day(0).at(0, 0, 0, 0)).as_secs() + minute_of_day * 60;
            let shown = |second: i64| {
                let wall = Timestamp::from_second(second).unwrap().to_zoned(zone.clone()).datetime();
                wall.duration_since(day(0).at(0, 0, 0, 0)).as_secs()
            };
            let found = (0..72 * 60).map(|minute| before + minute * 60).find(|second| shown(*second) >= wanted).unwrap();
            // Where they are skipped, the wall jumps past them: by as much as it is ahead then, the instant is later.
            let exact = shown(found) == wanted;
            let skipped = shown(found) - shown(found - 60) - 60;
            if exact { found } else { found - (shown(found) - wanted) + skipped }
        };
        let mut expected: Vec<(i64, i64)> = rule.iter().filter(|n| !left_out.contains(n)).map(|n| (*n, 120)).collect();
        expected.extend(added.iter().map(|n| (*n, 150)));
        expected.sort_unstable();
        let expected: Vec<(i64, i64)> = expected
            .into_iter()
            .map(|(n, minute)| (instant(n, minute), instant(n, minute + 75)))
            .filter(|(start, end)| start < end)
            .collect();
        let range = Bounds { start: at("2025-01-01T00:00:00Z"), end: at("2027-01-01T00:00:00Z") };
        let found = Series::new(&recurrence, &zone).unwrap().windows(range).unwrap();
        let found: Vec<_> = found.iter().map(|w| (w.start.as_second(), w.end.as_second())).collect();
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn what_is_not_supported_is_refused_by_its_field() {
    let plain = series("FREQ=DAILY", "2025-06-01T00:00", "2025-06-01T01:00");
    let rule = |rule: &str| Recurrence { rule: rule.to_owned(), ..plain.clone() };
    let cases = [
        (rule("FREQ=HOURLY"), "spec.recurrence.rule", "HOURLY"),
        (rule("FREQ=SECONDLY"), "spec.recurrence.rule", "SECONDLY"),
        (rule("BYDAY=SU"), "spec.recurrence.rule", "FREQ"),
        (rule("FREQ=DAILY;BYSECOND=1"), "spec.recurrence.rule", "BYSECOND"),
        (rule("FREQ=YEARLY;BYEASTER=0"), "spec.recurrence.rule", "BYEASTER"),
        (rule("FREQ=DAILY\nEXDATE:20250601T000000Z"), "spec.recurrence.rule", "EXDATE"),
        (rule("FREQ=DAILY;UNTIL=20261231"), "spec.recurrence.rule", "UNTIL"),
        (rule("FREQ=MONTHLY;BYMONTHDAY=32"), "spec.recurrence.rule", "32"),
        (rule("nonsense"), "spec.recurrence.rule", "nonsense"),
        (Recurrence { start: "2025-02-30T00:00".to_owned(), ..plain.clone() }, "spec.recurrence.start", "2025-02-30"),
        (Recurrence { end: "2025-06-01T00:00".to_owned(), ..plain.clone() }, "spec.recurrence.end", "later"),
        (Recurrence { end: "2025-08-01T00:00".to_owned(), ..plain.clone() }, "spec.recurrence.end", "31 days"),
        (Recurrence { time_zone: Some("Berlin".to_owned()), ..plain.clone() }, "spec.recurrence.timeZone", "Berlin"),
    ];
    for (recurrence, field, word) in cases {
        let fault = Series::new(&recurrence, &TimeZone::UTC).err().expect(field);
        assert!(fault.field == field && fault.message.contains(word), "{fault}");
    }
}

#[test]
fn a_hostile_rule_ends_all_the_same() {
    let minutes: Vec<String> = (0..60).map(|m| m.to_string()).collect();
    let dense = format!("FREQ=DAILY;BYHOUR=1,2,3,4;BYMINUTE={}", minutes.join(","));
    let never = "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30";
    for (rule, expected) in [(dense.as_str(), None), (never, Some(0))] {
        let range = Bounds { start: at("2025-06-01T00:00:00Z"), end: at("2025-07-01T00:00:00Z") };
        let series = Series::new(&series(rule, "1900-01-01T00:00", "1900-01-01T00:30"), &TimeZone::UTC).unwrap();
        assert_eq!(series.windows(range).ok().map(|w| w.len()), expected, "{rule}");
    }
}
