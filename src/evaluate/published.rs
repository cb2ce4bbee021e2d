//! Published service level agreements, counted: one case and more of every way in which they measure.
//!
//! Each is put together by hand from what was measured, and compared with the exact fraction. Sources: the texts of
//! Amazon S3, EC2 and RDS, Azure Storage, SQL Database, Virtual Machines, Service Bus, App Service and CDN, Google
//! Workspace, Compute Engine, Cloud Functions and Vertex AI Search, GitHub, Atlassian.

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use num_rational::BigRational;
use serde_json::{Value, json};

use super::assess::{Circumstances, assess};
use super::assessment::{Assessment, ObjectiveAssessment};
use super::count::Count;
use super::exact::{percent_text, ratio_text};
use super::example::{agreement, at, measured, ratio};
use super::exclusion::{EventsLeft, Exclusions, Honoured};
use super::ledger::Ledger;
use super::period::Bounds;
use super::slot::{Births, Slot, Tally, UnknownCause};
use super::timeline::{Overlap, Timeline};
use crate::api::agreement::AgreementSpec;
use crate::api::agreement_status::State;
use crate::api::exclusion_rules::{ExclusionEffect, ExclusionReason};

/// Nothing but the measurement differs: the target is far away.
fn spec(measurement: &Value, members: Option<Value>) -> AgreementSpec {
    let mut spec = serde_json::to_value(agreement()).unwrap();
    spec["objectives"][0]["measurement"] = measurement.clone();
    spec["missingData"]["minimumCoverage"] = json!("100");
    if let Some(members) = members {
        spec["objectives"][0]["indicator"] = json!({"members": members});
    }
    serde_json::from_value(spec).unwrap()
}

fn june() -> Bounds {
    period("2025-06-01T00:00:00Z", "2025-07-01T00:00:00Z")
}

fn period(start: &str, end: &str) -> Bounds {
    Bounds { start: at(start), end: at(end) }
}

fn counted(spec: &AgreementSpec, ledger: &Ledger, exclusions: &Exclusions) -> ObjectiveAssessment {
    assessed(spec, ledger, exclusions).objectives.remove(0)
}

fn assessed(spec: &AgreementSpec, ledger: &Ledger, exclusions: &Exclusions) -> Assessment {
    let end = ledger.bounds().end.checked_add(SignedDuration::from_hours(2)).unwrap();
    let circumstances = Circumstances { exclusions: exclusions.clone(), ..Circumstances::default() };
    assess(spec, ledger, &circumstances, end, SignedDuration::ZERO).unwrap()
}

/// A second with so many events in a minute, of which this share was bad, in percent.
fn second(per_minute: i64, percent: i64) -> Slot {
    let count = |n: i64| Count::of_rate(&ratio(n, 100), 60, 1).unwrap();
    let tally = Tally { total: count(per_minute * 100), bad: count(per_minute * percent) };
    Slot::known(tally, Births::default(), 1)
}

/// From, length in seconds, percent of errors, requests a minute.
type Outage = (&'static str, i64, i64, i64);

fn until(from: Timestamp, seconds: i64) -> Timestamp {
    from.checked_add(SignedDuration::from_secs(seconds)).unwrap()
}

fn outages(bounds: Bounds, outages: &[Outage]) -> Timeline {
    let mut timeline = Timeline::new(bounds, 1).unwrap();
    timeline.add("availability", second(6_000, 0)).unwrap();
    for (from, seconds, percent, per_minute) in outages {
        let slot = second(*per_minute, *percent);
        timeline.insert("availability", at(from), until(at(from), *seconds), &slot, Overlap::Worse).unwrap();
    }
    timeline
}

fn excluding(windows: &[(&str, &str)], effect: ExclusionEffect) -> Exclusions {
    let honoured = windows.iter().map(|(from, until)| Honoured {
        name: (*from).to_owned(),
        reason: ExclusionReason::Maintenance,
        effect,
        objectives: Vec::new(),
        spans: vec![period(from, until)],
        events: None,
    });
    Exclusions { honoured: honoured.collect(), refused: Vec::new() }
}

/// The rule of most: nothing succeeded in a whole minute.
fn all_fail() -> Value {
    json!({"method": "BadMinutes", "badWhen": {"allFail": true}})
}

fn above(percent: &str, minimum: &str) -> Value {
    json!({"method": "BadMinutes", "badWhen": {"errorRateAbove": percent}, "minimumConsecutive": minimum})
}

/// Every second of more than five percent of errors.
fn every_second() -> Value {
    json!({"method": "BadMinutes", "badWhen": {"errorRateAbove": "5"}, "partialMinutes": "Count"})
}

fn hourly(outage: (i64, i64, i64), times: usize) -> Vec<Outage> {
    let (seconds, percent, per_minute) = outage;
    (0..times)
        .map(|i| {
            let from: &'static str =
                Box::leak(format!("2025-06-{:02}T{:02}:00:00Z", 10 + i / 24, i % 24).into_boxed_str());
            (from, seconds, percent, per_minute)
        })
        .collect()
}

#[test]
fn downtime() {
    let month = june();
    let quarter = period("2025-07-01T00:00:00Z", "2025-10-01T00:00:00Z");
    let berlin = period("2025-02-28T23:00:00Z", "2025-03-31T22:00:00Z");
    let vertex = {
        let mut all = hourly((540, 50, 5_000), 4);
        all.push(("2025-06-12T00:00:00Z", 3_000, 11, 5_000));
        all
    };
    let with_minimum = |minimum: i64, percent: &str, run: &str| {
        json!({"method": "BadMinutes", "badWhen": {"errorRateAbove": percent}, "minimumConsecutive": run,
            "minimumEvents": minimum})
    };
    let cases: Vec<(&str, Bounds, Value, Vec<Outage>, &str)> = vec![
        ("RDS-01", month, all_fail(), vec![("2025-06-10T10:00:00Z", 1_260, 100, 60)], "14393/14400"),
        ("RDS-04", month, all_fail(), vec![("2025-06-10T10:00:00Z", 1_300, 100, 60)], "14393/14400"),
        ("GCE-01", month, all_fail(), hourly((59, 100, 60), 10), "1/1"),
        ("GCE-04", month, all_fail(), vec![("2025-06-10T10:00:30Z", 300, 100, 60)], "10799/10800"),
        ("GWS-01", month, every_second(), vec![("2025-06-10T10:00:00Z", 2_580, 20, 100)], "43157/43200"),
        ("GWS-07", month, every_second(), vec![("2025-06-10T10:00:00Z", 6_000, 5, 100)], "1/1"),
        ("GISP-01", month, above("5", "10m"), hourly((540, 100, 100), 10), "1/1"),
        ("GISP-02", month, above("5", "10m"), hourly((600, 100, 100), 10), "431/432"),
        ("GKE-04", month, above("5", "5m"), hourly((240, 100, 100), 60), "1/1"),
        ("GCF-01", month, with_minimum(100, "10", "1m"), vec![("2025-06-10T10:00:00Z", 18_000, 50, 20)], "1/1"),
        ("GCF, enough", month, with_minimum(20, "10", "1m"), vec![("2025-06-10T10:00:00Z", 18_000, 50, 20)], "143/144"),
        ("GVX-01", month, with_minimum(2_000, "10", "10m"), vertex, "863/864"),
        ("GVX, exactly", month, with_minimum(2_000, "10", "10m"), hourly((600, 50, 2_000), 1), "4319/4320"),
        ("GH-01", quarter, above("5", "1m"), vec![("2025-08-10T10:00:00Z", 7_920, 6, 100)], "11029/11040"),
        ("ATL-04", quarter, above("5", "1m"), vec![("2025-06-30T23:30:00Z", 3_600, 100, 100)], "4415/4416"),
        ("DST-01", berlin, every_second(), vec![("2025-03-10T10:00:00Z", 2_676, 100, 100)], "222677/222900"),
        ("RND-01", month, every_second(), vec![("2025-06-10T10:00:00Z", 1_306, 100, 100)], "1295347/1296000"),
        (
            "EXC-05",
            month,
            every_second(),
            vec![("2025-06-10T10:00:00Z", 1_800, 100, 100), ("2025-06-10T10:20:00Z", 1_800, 100, 100)],
            "863/864",
        ),
    ];
    for (name, bounds, measurement, spells, expected) in cases {
        let ledger = outages(bounds, &spells).into_ledger().unwrap();
        let objective = counted(&spec(&measurement, None), &ledger, &Exclusions::default());
        assert_eq!(ratio_text(objective.attainment.as_ref().unwrap()), expected, "{name}");
        let down: i64 = objective.downtime.iter().map(Bounds::seconds).sum();
        assert_eq!(&objective.total_units - ratio(down, 1), objective.good_units, "{name}");
    }
}

#[test]
fn downtime_and_exclusions() {
    type Case<'a> = (&'a str, Bounds, Value, Vec<Outage>, Vec<(&'a str, &'a str)>, ExclusionEffect, &'a str);
    let hour = vec![("2025-06-10T10:00:00Z", 3_600, 100, 60)];
    let night = vec![("2025-06-10T02:00:00Z", 9_000, 100, 100)];
    let in_march = period("2025-09-30T22:00:00Z", "2025-10-31T23:00:00Z");
    let (good, out) = (ExclusionEffect::CountAsGood, ExclusionEffect::Exclude);
    let cases: Vec<Case<'_>> = vec![
        (
            "AZVM-02",
            june(),
            all_fail(),
            hour,
            vec![("2025-06-10T10:00:00Z", "2025-06-10T10:40:00Z")],
            good,
            "2159/2160",
        ),
        (
            "EXC-01",
            june(),
            every_second(),
            night,
            vec![("2025-06-10T01:00:00Z", "2025-06-10T03:00:00Z"), ("2025-06-10T02:30:00Z", "2025-06-10T04:00:00Z")],
            good,
            "1439/1440",
        ),
        (
            "EXC-03",
            june(),
            every_second(),
            vec![("2025-06-10T10:00:00Z", 2_580, 100, 100)],
            vec![("2025-06-11T00:00:00Z", "2025-06-11T04:00:00Z")],
            out,
            "42917/42960",
        ),
        (
            "DST-04",
            in_march,
            every_second(),
            vec![("2025-10-26T00:00:00Z", 10_800, 100, 100)],
            vec![("2025-10-26T00:00:00Z", "2025-10-26T03:00:00Z")],
            good,
            "1/1",
        ),
        // An exclusion in the middle leaves two outages of five minutes, which are shorter than ten.
        (
            "broken run",
            june(),
            above("5", "10m"),
            vec![("2025-06-10T10:00:00Z", 900, 100, 100)],
            vec![("2025-06-10T10:05:00Z", "2025-06-10T10:10:00Z")],
            good,
            "1/1",
        ),
        // Minutes that it leaves in part are no whole minutes any more.
        (
            "broken minutes",
            june(),
            all_fail(),
            vec![("2025-06-10T10:00:00Z", 300, 100, 60)],
            vec![("2025-06-10T10:00:30Z", "2025-06-10T10:02:30Z")],
            good,
            "21599/21600",
        ),
    ];
    for (name, bounds, measurement, spells, windows, effect, expected) in cases {
        let ledger = outages(bounds, &spells).into_ledger().unwrap();
        let objective = counted(&spec(&measurement, None), &ledger, &excluding(&windows, effect));
        assert_eq!(ratio_text(&objective.attainment.unwrap()), expected, "{name}");
    }
}

#[test]
fn deployed_minutes_and_the_whole_month() {
    let deployed = |until: &str, outage: Outage, denominator: &str| {
        let mut timeline = outages(june(), &[outage]);
        timeline.insert("availability", at(until), june().end, &Slot::not_deployed(1), Overlap::Replace).unwrap();
        let mut measurement = all_fail();
        measurement["denominator"] = json!(denominator);
        let ledger = timeline.into_ledger().unwrap();
        let objective = counted(&spec(&measurement, None), &ledger, &Exclusions::default());
        ratio_text(&objective.attainment.unwrap())
    };
    let quarter_of_an_hour = ("2025-06-10T10:00:00Z", 900, 100, 60);
    assert_eq!(deployed("2025-06-21T00:00:00Z", quarter_of_an_hour, "Deployed"), "1919/1920", "AZVM-01");
    assert_eq!(deployed("2025-06-21T00:00:00Z", quarter_of_an_hour, "Calendar"), "2879/2880");
    let two_and_a_half = ("2025-06-05T10:00:00Z", 9_000, 100, 60);
    assert_eq!(deployed("2025-06-11T00:00:00Z", two_and_a_half, "Deployed"), "95/96", "AZSQL-01");
    assert_eq!(deployed("2025-06-11T00:00:00Z", two_and_a_half, "Calendar"), "287/288", "RDS-03");
}

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
        let mut exclusions = excluding(&[(from, end)], ExclusionEffect::CountAsGood);
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
