//! The pulse: what proves an outage, what is noise, and what says nothing.

use k8s_openapi::jiff::{SignedDuration, Timestamp};
// By seed only: what is decided must be the same each time.
use fastrand as seeded;

use super::fixture::{at, objective, ratio};
use crate::api::agreement::SlotLength;
use crate::api::exclusion_rules::{ExclusionEffect, ExclusionReason};
use crate::api::measurement::{BadWhen, Measurement, Method};
use crate::api::objective::Objective;
use crate::decide::danger::pulse::{Beat, Course, FALSE_ALARM, Proof, Rule, STANDS, counting};
use crate::evaluate::assessment::ObjectiveAssessment;
use crate::evaluate::count::Count;
use crate::evaluate::exclusion::{Exclusions, Honoured, Provenance};
use crate::evaluate::period::Bounds;
use crate::evaluate::slot::{Births, Slot, Tally, UnknownCause};

/// Slots are read so long after their end.
const SETTLE: SignedDuration = SignedDuration::from_secs(30);

/// The last minute: so many bad events of so many.
pub(crate) fn minute(bad: u32, total: u32) -> Slot {
    let counted = Tally { total: Count::events(total), bad: Count::events(bad) };
    Slot::known(counted, Births::default(), 0)
}

fn promised(name: &str, measurement: Measurement) -> Objective {
    let mut objective: Objective = serde_json::from_value(serde_json::json!({
        "name": name, "target": "99.9", "indicator": {"ratio": {"bad": "b", "total": "t"}},
    }))
    .unwrap();
    objective.measurement = measurement;
    objective
}

fn month() -> Bounds {
    Bounds { start: at(0), end: at(30 * 86_400) }
}

/// The rule where so many parts of ten thousand must be good.
fn rule_of(measurement: Measurement, good: i64, slot: SlotLength) -> Option<Rule> {
    let account = ObjectiveAssessment { target: ratio(good, 10_000), ..objective("latency") };
    Rule::of(&promised("latency", measurement), &account, month(), slot, SETTLE)
}

fn events(good: i64) -> Rule {
    rule_of(Measurement::default(), good, SlotLength::OneMinute).unwrap()
}

/// The rule of an objective of 99.9 % of the events of a month.
pub(crate) fn rule(name: &str) -> Rule {
    let account = ObjectiveAssessment { target: ratio(999, 1000), ..objective(name) };
    Rule::of(&promised(name, Measurement::default()), &account, month(), SlotLength::OneMinute, SETTLE).unwrap()
}

fn look(rule: &Rule, bad: u32, total: u32) -> Beat {
    Course::default().enter(rule, &minute(bad, total), at(0))
}

/// An outage of half of 600 events, first seen at one instant and last at another.
pub(crate) fn proven(since: Timestamp, seen: Timestamp) -> Proof {
    seen_by_looks(300, since, seen)
}

/// So many bad ones of 600 at the first look, and half of them at all others up to one.
fn seen_by_looks(first: u32, since: Timestamp, seen: Timestamp) -> Proof {
    let mut course = Course::default();
    assert_eq!(course.enter(&rule("latency"), &minute(first, 600), since), Beat::Outage);
    let later = (1..).map(|look| since + SignedDuration::from_secs(60) * look).take_while(|at| *at < seen);
    for at in later.chain((since < seen).then_some(seen)) {
        assert_eq!(course.enter(&rule("latency"), &minute(300, 600), at), Beat::Outage);
    }
    course.proof(seen).unwrap().clone()
}

/// One of which more came at the second look than had come at the first.
pub(crate) fn going_on(since: Timestamp, seen: Timestamp) -> Proof {
    seen_by_looks(100, since, seen)
}

#[test]
fn so_many_events_prove_an_outage() {
    // The target in ten thousandths, and the fewest events of that share of bad ones.
    for (good, bad, total) in [
        (9995, 20, 20),
        (9995, 11, 22),
        (9995, 15, 150),
        (9995, 18, 360),
        (9990, 20, 20),
        (9990, 12, 24),
        (9990, 17, 170),
        (9990, 22, 440),
        (9900, 20, 20),
        (9900, 20, 40),
        (9900, 30, 150),
        (9000, 27, 27),
    ] {
        let rule = events(good);
        assert_eq!(look(&rule, bad, total), Beat::Outage, "{bad} of {total} at {good}");
        let fewer = (total - total / bad, bad - 1);
        assert_ne!(look(&rule, fewer.1, fewer.0), Beat::Outage, "{} of {} at {good}", fewer.1, fewer.0);
    }
}

#[test]
fn a_few_bad_events_of_many_are_noise_and_few_events_say_nothing() {
    for (good, bad, total, expected) in [
        (9990, 0, 600, Beat::Calm),
        (9990, 3, 600, Beat::Calm),
        // A share that would be an outage, but that chance brings about.
        (9990, 9, 600, Beat::Calm),
        (9990, 2, 20, Beat::Calm),
        // Surely worse than allowed, and yet no outage: the budget of the month lasts for days.
        (9990, 1000, 100_000, Beat::Calm),
        (9990, 1440, 100_000, Beat::Outage),
        (9990, 19, 19, Beat::Unknown),
        // Nothing is allowed, so nothing is chance.
        (10_000, 0, 600, Beat::Calm),
        (10_000, 1, 600, Beat::Outage),
        // Where a tenth may fail, less than all is no outage that fourteen times as much would be.
        (9000, 599, 600, Beat::Calm),
        (9000, 600, 600, Beat::Outage),
    ] {
        assert_eq!(look(&events(good), bad, total), expected, "{bad} of {total} at {good}");
    }
}

#[test]
fn a_bad_minute_is_an_outage_where_minutes_are_counted() {
    let bad_when = Some(BadWhen { error_rate_above: Some("5".into()), all_fail: None });
    let minutes = Measurement { method: Method::BadMinutes, bad_when, ..Measurement::default() };
    let rule = rule_of(minutes.clone(), 9990, SlotLength::OneMinute).unwrap();
    assert_eq!(look(&rule, 30, 600), Beat::Calm, "exactly five in a hundred");
    assert_eq!(look(&rule, 60, 600), Beat::Calm, "as chance has it, three at a time");
    assert_eq!(look(&rule, 120, 600), Beat::Outage);
    let many = Measurement { minimum_events: Some(1000), ..minutes.clone() };
    let many = rule_of(many, 9990, SlotLength::OneMinute).unwrap();
    assert_eq!(look(&many, 999, 999), Beat::Unknown, "such a minute is never bad");
    assert_eq!(look(&many, 1000, 1000), Beat::Outage);
    let all_fail = Some(BadWhen { error_rate_above: None, all_fail: Some(true) });
    assert_eq!(rule_of(Measurement { bad_when: all_fail, ..minutes }, 9990, SlotLength::OneMinute), None);
}

#[test]
fn what_is_left_to_the_slots_is_not_asked() {
    use SlotLength::{FiveMinutes, FiveSeconds, OneMinute, TenSeconds, ThirtySeconds};
    let of = |method, slot| rule_of(Measurement { method, ..Measurement::default() }, 9990, slot).is_some();
    for slot in [TenSeconds, ThirtySeconds, OneMinute, FiveMinutes] {
        assert!(of(Method::Events, slot) && of(Method::MeanOfSlots, slot), "{slot:?}");
    }
    for (method, slot) in [(Method::Events, FiveSeconds), (Method::Value, OneMinute), (Method::Pooled, OneMinute)] {
        assert!(!of(method, slot), "{method:?} {slot:?}");
    }
    let of = |slot, seconds| {
        let account = ObjectiveAssessment { target: ratio(9990, 10_000), ..objective("latency") };
        let settle = SignedDuration::from_secs(seconds);
        Rule::of(&promised("latency", Measurement::default()), &account, month(), slot, settle).is_some()
    };
    for (slot, within, beyond) in [(FiveSeconds, 40, 41), (TenSeconds, 20, 21)] {
        assert!(!of(slot, within) && of(slot, beyond), "{slot:?}: slots tell of it within the minute, or do not");
    }
    assert!(of(ThirtySeconds, 0), "by their length alone");
    let outside = ObjectiveAssessment { covered: false, ..objective("latency") };
    let promised = promised("latency", Measurement::default());
    assert_eq!(Rule::of(&promised, &outside, month(), OneMinute, SETTLE), None, "nothing is promised");
}

/// The natural logarithms of the factorials up to a number.
fn factorials(most: u32) -> Vec<f64> {
    let mut sums = vec![0.0];
    for number in 1..=most {
        sums.push(sums.last().unwrap() + f64::from(number).ln());
    }
    sums
}

/// The probability that of so many independent runs at least so many are bad.
fn tail(runs: u32, bad: u32, share: f64, ln_of: &[f64]) -> f64 {
    let ln = |n: u32| ln_of[usize::try_from(n).unwrap()];
    (bad..=runs)
        .map(|k| {
            let ways = ln(runs) - ln(k) - ln(runs - k);
            (ways + f64::from(k) * share.ln() + f64::from(runs - k) * (1.0 - share).ln()).exp()
        })
        .sum()
}

/// The bound itself, and not a sample of it: requests fail at exactly the share they may, in runs of one and of three, and
/// the probability of all that would be taken for an outage is added up.
#[test]
fn a_look_raises_a_false_alarm_at_most_once_in_a_thousand_million() {
    let ln_of = factorials(6000);
    for (good, allowed) in [(9995, 0.0005), (9990, 0.001), (9900, 0.01), (9000, 0.1)] {
        for run in [1, 3] {
            for total in [30_u32, 60, 150, 600, 3000, 6000] {
                let runs = total / run;
                let rule = events(good);
                let fewest = (1..=runs).find(|bad| look(&rule, bad * run, total) == Beat::Outage);
                let chance = fewest.map_or(0.0, |bad| tail(runs, bad, allowed, &ln_of));
                assert!(chance <= FALSE_ALARM, "{good}, runs of {run} of {total}: {fewest:?} by chance {chance:e}");
            }
        }
    }
}

/// Four hundred thousand looks, ten weeks of them, at services that fail as often as they may.
#[test]
fn noise_at_the_allowed_rate_is_never_an_outage() {
    let mut chance = seeded::Rng::with_seed(5);
    for (good, allowed) in [(9990, 0.001), (9900, 0.01)] {
        for run in [1_u32, 3] {
            let rule = events(good);
            let mut bad_looks = 0;
            for _ in 0..100_000 {
                let bad = (0..150 / run).filter(|_| chance.f64() < allowed).count();
                let bad = u32::try_from(bad).unwrap() * run;
                bad_looks += u32::from(bad > 0);
                assert_ne!(look(&rule, bad, 150), Beat::Outage, "{bad} of 150 at {good}, in runs of {run}");
            }
            assert!(bad_looks > 1000, "there is noise in it: {bad_looks}");
        }
    }
}

#[test]
fn what_says_nothing_changes_nothing_and_a_proof_goes_when_nobody_confirms_it() {
    let rule = rule("latency");
    let mut course = Course::default();
    course.enter(&rule, &minute(300, 600), at(0));
    course.enter(&rule, &minute(400, 600), at(15));
    let proof = course.proof(at(15)).unwrap().clone();
    assert_eq!((proof.since, proof.at, proof.events.bad), (at(0), at(15), 400.0));
    let causes = UnknownCause::ALL.into_iter().filter(|cause| *cause != UnknownCause::NoSamples);
    let silent = causes.map(|cause| Slot::unknown(cause, 0)).chain([minute(0, 0), minute(9, 9), Slot::not_deployed(0)]);
    for (index, silent) in (0..).zip(silent) {
        assert_eq!(course.enter(&rule, &silent, at(16 + index)), Beat::Unknown, "{silent:?}");
        assert_eq!(course.proof(at(16 + index)), Some(&proof), "{silent:?}");
    }
    // A look after so long begins anew, whatever was proven before.
    let mut late = course.clone();
    late.enter(&rule, &minute(300, 600), at(106));
    assert_eq!(late.proof(at(106)).map(|proof| proof.since), Some(at(106)));
    let gone = proof.at.checked_add(STANDS).unwrap().checked_add(SignedDuration::from_secs(1)).unwrap();
    assert_eq!(course.proof(gone), None);
    course.enter(&rule, &Slot::unknown(UnknownCause::TimedOut, 0), gone);
    course.enter(&rule, &minute(300, 600), gone);
    assert_eq!(course.proof(gone).map(|proof| proof.since), Some(gone), "another one");
    assert_eq!(course.enter(&rule, &minute(0, 600), gone), Beat::Calm);
    assert_eq!(course.proof(gone), None);
}

#[test]
fn an_outage_goes_on_when_what_came_since_the_first_look_is_one_by_itself() {
    let rule = rule("latency");
    // The looks in order, each so many seconds after the first, and the bad ones of the minute's six hundred.
    for (looks, expected, why) in [
        (&[(0_i64, 300_u32)][..], false, "one look"),
        (&[(0, 100), (15, 100)], false, "nothing more: it may have been over at the first"),
        (&[(0, 100), (15, 110)], false, "ten of a hundred and fifty are chance"),
        (&[(0, 100), (15, 118)], true, "eighteen are none"),
        (&[(0, 100), (45, 118)], false, "of four hundred and fifty they are"),
        (&[(0, 100), (14, 250)], false, "what came need not have been scraped"),
        (&[(0, 100), (15, 250)], true, "all that came"),
        (&[(0, 100), (15, 250), (75, 90)], false, "it becomes less"),
        (&[(0, 100), (15, 0), (30, 250)], false, "it was over, and that is another one"),
    ] {
        let mut course = Course::default();
        for (second, bad) in looks {
            course.enter(&rule, &minute(*bad, 600), at(*second));
        }
        let last = at(looks.last().unwrap().0);
        assert_eq!(course.proof(last).unwrap().goes_on(), expected, "{why}: {looks:?}");
    }
}

/// `--pulse-interval` allows 5 s to a minute, and a look may take ten seconds.
#[test]
fn at_every_pace_an_outage_that_goes_on_is_proven_without_a_break() {
    let (rule, late) = (rule("latency"), SignedDuration::from_secs(10));
    for interval in [5, 10, 15, 20, 30, 45, 60] {
        let mut course = Course::default();
        for look in 0..=240 / interval {
            let at = at(look * interval);
            assert!(look == 0 || course.proof(at + late).is_some(), "{interval}: {look}");
            course.enter(&rule, &minute(300, 600), at);
            let proof = course.proof(at).unwrap();
            assert_eq!((proof.since, proof.at), (super::fixture::at(0), at), "{interval}: {look}");
        }
    }
    // Of two hiccups the looks between them make two.
    for interval in [5, 10, 15, 20, 30, 45, 60] {
        let mut course = Course::default();
        course.enter(&rule, &minute(300, 600), at(0));
        course.enter(&rule, &minute(0, 600), at(interval));
        course.enter(&rule, &minute(300, 600), at(2 * interval));
        let proof = course.proof(at(2 * interval)).unwrap();
        assert_eq!((proof.since, proof.goes_on()), (at(2 * interval), false), "{interval}");
    }
}

#[test]
fn what_came_in_a_gap_is_not_taken_for_the_present() {
    let rule = rule("latency");
    let mut course = Course::default();
    assert_eq!(course.enter(&rule, &Slot::unknown(UnknownCause::NoSamples, 0), at(0)), Beat::Unknown);
    // The first minute with samples again counts from the last one before the gap.
    assert_eq!(course.enter(&rule, &minute(300, 600), at(15)), Beat::Unknown);
    assert_eq!(course.enter(&rule, &minute(300, 600), at(59)), Beat::Unknown);
    assert_eq!(course.enter(&rule, &minute(300, 600), at(60)), Beat::Outage);
}

#[test]
fn in_excluded_time_nothing_is_an_outage() {
    let span = |from, until| Bounds { start: at(from), end: at(until) };
    let exclusions = |objectives: &[&str], spans| Exclusions {
        honoured: vec![Honoured {
            name: "works".into(),
            reason: ExclusionReason::Maintenance,
            effect: ExclusionEffect::Exclude,
            objectives: objectives.iter().map(|name| (*name).to_owned()).collect(),
            spans,
            events: None,
            provenance: Provenance::default(),
        }],
        refused: Vec::new(),
    };
    // It is about the minute from 40 to 100.
    let proof = proven(at(90), at(100));
    for (objectives, spans, counts) in [
        (&[] as &[&str], vec![span(0, 200)], false),
        (&["latency"], vec![span(0, 41)], false),
        (&["latency"], vec![span(99, 200)], false),
        (&["other"], vec![span(0, 200)], true),
        (&[], vec![span(0, 40), span(100, 200)], true),
        (&[], Vec::new(), true),
    ] {
        let left = counting(vec![proof.clone()], &exclusions(objectives, spans.clone()));
        assert_eq!(!left.is_empty(), counts, "{objectives:?} {spans:?}");
    }
}
