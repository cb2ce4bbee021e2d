//! Published service level agreements, counted: one case and more of every way in which they measure.
//!
//! Each is put together by hand from what was measured, and compared with the exact fraction. Sources: the texts of
//! Amazon S3, EC2 and RDS, Azure Storage, SQL Database, Virtual Machines, Service Bus, App Service and CDN, Google
//! Workspace, Compute Engine, Cloud Functions and Vertex AI Search, GitHub, Atlassian.

mod counts;

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::assess::{Circumstances, assess};
use super::assessment::{Assessment, ObjectiveAssessment};
use super::count::Count;
use super::exact::ratio_text;
use super::example::{agreement, at, ratio};
use super::exclusion::{Exclusions, Honoured, Provenance};
use super::ledger::Ledger;
use super::period::Bounds;
use super::slot::{Births, Slot, Tally};
use super::timeline::{Overlap, Timeline};
use crate::api::agreement::AgreementSpec;
use crate::api::exclusion_rules::{ExclusionEffect, ExclusionReason};

/// Nothing but the measurement differs: the target is far away.
fn spec(measurement: &Value, members: Option<Value>) -> AgreementSpec {
    let mut spec = serde_json::to_value(agreement()).unwrap();
    spec["objectives"][0]["measurement"] = measurement.clone();
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
        provenance: Provenance::default(),
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
