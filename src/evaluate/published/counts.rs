//! Counted by slots, by events, over pools and by single values.

use num_rational::BigRational;
use serde_json::{Value, json};

use super::super::count::Count;
use super::super::exact::{percent_text, ratio_text};
use super::super::example::{at, measured, ratio};
use super::super::exclusion::{EventsLeft, Exclusions};
use super::super::ledger::Ledger;
use super::super::period::Bounds;
use super::super::slot::{Slot, UnknownCause};
use super::super::timeline::{Overlap, Timeline};
use super::{all_fail, counted, excluding, june, period, second, spec, until};
use crate::api::agreement_status::State;
use crate::api::exclusion_rules::ExclusionEffect;

/// Slots of this many seconds in runs of count, bad and total, from the beginning of the period.
fn intervals(bounds: Bounds, slot_seconds: i64, runs: &[(i64, u32, u32)]) -> Ledger {
    let mut timeline = Timeline::new(bounds, slot_seconds).unwrap();
    timeline.add("availability", Slot::unknown(UnknownCause::NotRead, 0)).unwrap();
    let mut from = bounds.start;
    for (count, bad, total) in runs {
        let end = until(from, count * slot_seconds);
        timeline.insert("availability", from, end, &measured(*total, *bad), Overlap::Replace).unwrap();
        from = end;
    }
    timeline.into_ledger().unwrap()
}

#[test]
fn means_of_slots() {
    type Case<'a> = (&'a str, Bounds, i64, Vec<(i64, u32, u32)>, &'a str);
    let quarter = period("2025-07-01T00:00:00Z", "2025-10-01T00:00:00Z");
    let window = period("2025-07-02T00:00:00Z", "2025-08-01T00:00:00Z");
    let cases: Vec<Case<'_>> = vec![
        ("S3-01", june(), 300, vec![(8_640, 0, 500)], "1/1"),
        ("S3-04", june(), 300, vec![(864, 10, 1_000), (7_776, 0, 1_000)], "999/1000"),
        ("S3-06", june(), 300, vec![(8, 5, 5), (8_632, 0, 0)], "1079/1080"),
        ("S3-07", june(), 300, vec![(8, 1_000_000, 1_000_000), (8_632, 0, 100)], "1079/1080"),
        ("S3-10", june(), 300, vec![(864, 100, 1_000), (1, 10, 1_000), (7_775, 0, 1_000)], "855359/864000"),
        ("DDB-03", june(), 300, vec![(1, 90, 1_000), (8_639, 0, 1_000)], "95999/96000"),
        ("AZST-01", june(), 3_600, vec![(1, 720, 1_000), (719, 0, 1_000)], "999/1000"),
        ("GH-04", quarter, 3_600, vec![(3, 5, 5), (2_205, 0, 5)], "735/736"),
        ("CF-01", window, 300, vec![(9, 5, 5), (8_631, 0, 5)], "959/960"),
    ];
    for (name, bounds, slot, runs, expected) in cases {
        let ledger = intervals(bounds, slot, &runs);
        let objective = counted(&spec(&json!({"method": "MeanOfSlots"}), None), &ledger, &Exclusions::default());
        assert_eq!(ratio_text(&objective.attainment.unwrap()), expected, "{name}");
        assert_eq!(objective.state, if expected == "1/1" { State::Fulfilled } else { objective.state }, "{name}");
    }
}

#[test]
fn events_that_do_not_count_leave_one_side_or_both() {
    let left = |from: &str, end: &str, bad: u32, total: u32| {
        let mut exclusions = excluding(&[(from, end)], ExclusionEffect::Exclude);
        exclusions.honoured[0].events = Some(EventsLeft { bad: Count::events(bad), total: Count::events(total) });
        exclusions
    };
    let attained = |ledger: &Ledger, exclusions: &Exclusions| {
        let spec = spec(&json!({"method": "MeanOfSlots"}), None);
        ratio_text(&counted(&spec, ledger, exclusions).attainment.unwrap())
    };
    let storage = intervals(june(), 300, &[(9, 500, 500), (8_631, 0, 500)]);
    let three = left("2025-06-01T00:30:00Z", "2025-06-01T00:45:00Z", 1_500, 0);
    assert_eq!(attained(&storage, &three), "1439/1440", "S3-15");
    let hours = intervals(june(), 3_600, &[(1, 150, 1_000), (719, 0, 1_000)]);
    let throttled = left("2025-06-01T00:00:00Z", "2025-06-01T01:00:00Z", 50, 0);
    assert_eq!(attained(&hours, &throttled), "7199/7200", "AZST-08");
    // Of 10 of 20, four leave both sides: 6 of 16.
    let retries = intervals(june(), 300, &[(1, 10, 20), (8_639, 0, 10)]);
    let ignored = left("2025-06-01T00:00:00Z", "2025-06-01T00:05:00Z", 4, 4);
    assert_eq!(attained(&retries, &ignored), ratio_text(&(ratio(1, 1) - ratio(6, 16) / ratio(8_640, 1))), "GCS-02");
}

#[test]
fn events_of_all_slots() {
    let day = period("2025-06-01T00:00:00Z", "2025-06-02T00:00:00Z");
    // 3,600 probes, of which 100 of a faulty agent leave the total; 4 failed.
    let probes = intervals(day, 3_600, &[(1, 4, 154), (22, 0, 150), (1, 0, 146)]);
    let mut trimmed = excluding(&[("2025-06-01T00:00:00Z", "2025-06-02T00:00:00Z")], ExclusionEffect::Exclude);
    trimmed.honoured[0].events = Some(EventsLeft { bad: Count::ZERO, total: Count::events(100) });
    let objective = counted(&spec(&json!({"method": "Events"}), None), &probes, &trimmed);
    assert_eq!(ratio_text(&objective.attainment.unwrap()), "874/875", "AZCDN-01");
    // User-minutes: a thousand users, half of them down for an hour, two hundred for two.
    let users = intervals(june(), 60, &[(60, 500, 1_000), (120, 200, 1_000), (43_020, 0, 1_000)]);
    let objective = counted(&spec(&json!({"method": "Events"}), None), &users, &Exclusions::default());
    assert_eq!(ratio_text(&objective.attainment.unwrap()), "799/800", "M365-01");
}

fn pool(members: &[(&str, bool)]) -> Value {
    let ratio = json!({"bad": "sum(increase(b[$slot]))", "total": "sum(increase(a[$slot]))"});
    members.iter().map(|(name, covered)| json!({"name": name, "covered": covered, "ratio": ratio})).collect()
}

/// Per member: minutes deployed from the beginning of June, and minutes down from its beginning.
fn resources(members: &[(&str, i64, i64)]) -> Ledger {
    let mut timeline = Timeline::new(june(), 1).unwrap();
    for (name, deployed, down) in members {
        let series = format!("availability/{name}");
        timeline.add(&series, Slot::not_deployed(1)).unwrap();
        let mut lay = |minutes: i64, slot: &Slot| {
            timeline.insert(&series, june().start, until(june().start, minutes * 60), slot, Overlap::Replace).unwrap();
        };
        lay(*deployed, &second(60, 0));
        lay(*down, &second(60, 100));
    }
    timeline.into_ledger().unwrap()
}

#[test]
fn pools() {
    let measurement = json!({"method": "Pooled", "badWhen": {"allFail": true}});
    let queues = resources(&[("q1", 43_200, 140), ("q2", 43_200, 0), ("q3", 43_200, 0)]);
    let members = pool(&[("q1", true), ("q2", true), ("q3", true)]);
    let objective = counted(&spec(&measurement, Some(members)), &queues, &Exclusions::default());
    assert_eq!(ratio_text(&objective.attainment.unwrap()), "6473/6480", "AZSB-01");

    let apps = resources(&[("a", 43_200, 40), ("b", 43_200, 20), ("c", 21_600, 0), ("free", 43_200, 1_000)]);
    let members = pool(&[("a", true), ("b", true), ("c", true), ("free", false)]);
    let objective = counted(&spec(&measurement, Some(members)), &apps, &Exclusions::default());
    assert_eq!(ratio_text(&objective.attainment.unwrap()), "1799/1800", "AZAPP-01");
    let lines: Vec<_> =
        objective.members.iter().map(|m| (m.covered, m.deployed_seconds / 60, m.down_seconds / 60)).collect();
    assert_eq!(lines, [(true, 43_200, 40), (true, 43_200, 20), (true, 21_600, 0), (false, 43_200, 1_000)]);
}

#[test]
fn a_region_is_down_while_all_of_its_zones_are() {
    let mut timeline = Timeline::new(june(), 1).unwrap();
    for (zone, from, seconds) in [("a", "2025-06-10T10:00:00Z", 3_600), ("b", "2025-06-10T10:30:00Z", 600)] {
        let series = format!("availability/{zone}");
        timeline.add(&series, second(60, 0)).unwrap();
        timeline.insert(&series, at(from), until(at(from), seconds), &second(60, 100), Overlap::Worse).unwrap();
    }
    // A third zone that nobody pays for is up all the time.
    timeline.add("availability/c", second(60, 0)).unwrap();
    let members = pool(&[("a", true), ("b", true), ("c", false)]);
    let measurement = json!({"method": "Pooled", "badWhen": {"allFail": true}, "pool": "AllDown"});
    let objective =
        counted(&spec(&measurement, Some(members)), &timeline.into_ledger().unwrap(), &Exclusions::default());
    assert_eq!(ratio_text(&objective.attainment.unwrap()), "4319/4320", "EC2-04");
    assert_eq!(objective.downtime, [period("2025-06-10T10:30:00Z", "2025-06-10T10:40:00Z")]);
}

#[test]
fn a_hundred_missing_minutes_decide_a_month_for_every_method_of_time() {
    let minutes = |bad: i64, missing: i64| {
        let mut timeline = Timeline::new(june(), 60).unwrap();
        timeline.add("availability", measured(100, 0)).unwrap();
        let start = june().start;
        let (a, b) = (until(start, bad * 60), until(start, (bad + missing) * 60));
        timeline.insert("availability", start, a, &measured(100, 100), Overlap::Replace).unwrap();
        let unknown = Slot::unknown(UnknownCause::NoSamples, 1);
        timeline.insert("availability", a, b, &unknown, Overlap::Replace).unwrap();
        timeline.into_ledger().unwrap()
    };
    for measurement in [all_fail(), json!({"method": "MeanOfSlots"}), json!({"method": "Events"})] {
        let objective = counted(&spec(&measurement, None), &minutes(20, 100), &Exclusions::default());
        let (worst, best) = objective.bounds.unwrap();
        assert_eq!((percent_text(&worst), percent_text(&best)), ("99.722222".to_owned(), "99.953703".to_owned()));
        assert_eq!((objective.state, objective.settles_on), (State::NotDetermined, None), "MISS-01 {measurement}");
        let objective = counted(&spec(&measurement, None), &minutes(50, 100), &Exclusions::default());
        assert_eq!(objective.state, State::Violated, "below the target whatever the missing minutes held");
        assert_eq!(objective.settles_on, Some(BigRational::new(43_150.into(), 43_200.into())));
        let objective = counted(&spec(&measurement, None), &minutes(20, 10), &Exclusions::default());
        assert_eq!(objective.state, State::Fulfilled, "kept whatever they held");
    }
}

#[test]
fn values_that_kept_their_limit() {
    let mut timeline = Timeline::new(june(), 1).unwrap();
    timeline.add("availability", measured(0, 0)).unwrap();
    let at_noon = at("2025-06-10T12:00:00Z");
    for bad in [1, 0, 0, 0] {
        timeline.insert("availability", at_noon, until(at_noon, 1), &measured(1, bad), Overlap::Add).unwrap();
    }
    let spec = spec(&json!({"method": "Value"}), None);
    let objective = counted(&spec, &timeline.into_ledger().unwrap(), &Exclusions::default());
    assert_eq!((objective.attainment, objective.total_units), (Some(ratio(3, 4)), ratio(4, 1)));
    let mut silent = Timeline::new(june(), 1).unwrap();
    silent.add("availability", measured(0, 0)).unwrap();
    let objective = counted(&spec, &silent.into_ledger().unwrap(), &Exclusions::default());
    assert_eq!((objective.attainment, objective.state), (None, State::Fulfilled), "nothing to judge");
}
