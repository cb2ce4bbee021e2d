use serde_json::{Value, json};

use super::super::example::{SETTLE, agreement, at, ledger, measured, ratio};
use super::super::period::{Bounds, Schedule};
use super::super::slot::Slot;
use super::*;
use crate::api::objective::Objective;

fn month() -> Bounds {
    Schedule::new(&agreement(), at("2025-01-01T00:00:00Z")).unwrap().containing(at("2026-06-15T00:00:00Z")).unwrap()
}

/// `n` slots into June, plus the settle delay.
fn after(n: usize) -> Timestamp {
    let slots = SignedDuration::from_secs(300 * i64::try_from(n).unwrap());
    month().start.checked_add(slots).unwrap().checked_add(SETTLE).unwrap()
}

fn assessed(slots: &[Slot]) -> ObjectiveAssessment {
    assessed_at(slots, after(slots.len()))
}

fn assessed_at(slots: &[Slot], now: Timestamp) -> ObjectiveAssessment {
    assess(&agreement(), &ledger(month(), 300, slots), &Circumstances::default(), now, SETTLE)
        .unwrap()
        .objectives
        .remove(0)
}

fn unknown() -> Slot {
    Slot::unknown(UnknownCause::Unreachable, 1)
}

#[test]
fn states_of_a_running_period() {
    let good = || vec![measured(10_000, 0); 100];
    let cases = [
        ("nothing is due yet", vec![], State::NotDetermined),
        ("all is well", good(), State::Fulfilled),
        ("no traffic at all", vec![measured(0, 0); 10], State::Fulfilled),
        ("exactly the target", vec![measured(1_000, 1); 100], State::AtRisk),
        ("below the target", vec![measured(1_000, 2); 100], State::Violated),
        ("nothing known", vec![unknown(); 10], State::NotDetermined),
        ("too little known", [good(), vec![unknown(); 20]].concat(), State::NotDetermined),
        ("lost whatever the unknown held", [vec![measured(10, 10); 10], vec![unknown(); 2]].concat(), State::Violated),
        // 140 slots bring 1,400 bad events of budget: 60 x 20 = 1,200 leave 14 %, but it does not burn any more.
        (
            "burnt, but not any more",
            [vec![measured(10_000, 20); 60], vec![measured(10_000, 0); 80]].concat(),
            State::Fulfilled,
        ),
        ("nearly spent", [vec![measured(10_000, 20); 66], vec![measured(10_000, 0); 76]].concat(), State::AtRisk),
        ("burning", [vec![measured(10_000, 0); 800], vec![measured(10_000, 150); 12]].concat(), State::AtRisk),
    ];
    for (name, slots, state) in cases {
        assert_eq!(assessed(&slots).state, state, "{name}");
    }
}

#[test]
fn an_unknown_slot_leaves_the_verdict_open_and_hides_no_danger() {
    let burning = [vec![measured(10_000, 0); 800], vec![unknown()], vec![measured(10_000, 150); 12]].concat();
    let whole = Ledger::new(month(), 300, ["availability"]).unwrap().slot_count();
    let good = || vec![measured(1_000, 0); whole - 10];
    let decides = [good(), vec![measured(1_000, 900); 9], vec![unknown()]].concat();
    for (name, slots, state, verdict) in [
        (
            "met, and one slot is too little to change it",
            [good(), vec![unknown()]].concat(),
            State::Fulfilled,
            State::Fulfilled,
        ),
        (
            "met, and one slot of twelve could be all bad",
            [vec![measured(10, 0); 11], vec![unknown()]].concat(),
            State::Fulfilled,
            State::NotDetermined,
        ),
        ("burning, and one slot of 813 could be all bad", burning, State::AtRisk, State::NotDetermined),
    ] {
        let assessed = assessed(&slots);
        assert_eq!((assessed.state, assessed.verdict), (state, verdict), "{name}");
        assert_eq!(assessed.settles_on.is_some(), verdict == State::Fulfilled, "{name}");
    }
    let closed = assessed_at(&decides, month().end.checked_add(SETTLE).unwrap());
    assert_eq!((closed.state, closed.verdict), (State::NotDetermined, State::NotDetermined));
}

#[test]
fn a_period_that_is_over_is_not_at_risk() {
    let count = ledger(month(), 300, &[]).slot_count();
    let slots = vec![measured(1_000, 1); count];
    assert_eq!(assessed_at(&slots, after(count)).state, State::Fulfilled);
    assert_eq!(assessed_at(&slots, month().end).state, State::Fulfilled, "before the last slot is due");
    assert_eq!(assessed_at(&slots, after(count - 1)).state, State::AtRisk);
    assert_eq!(assessed_at(&slots[..count / 2], after(count)).state, State::NotDetermined);
    let spans = |slots: &[Slot], now| {
        assess(&agreement(), &ledger(month(), 300, slots), &Circumstances::default(), now, SETTLE).unwrap().violations
    };
    let bad = vec![measured(10, 1); count];
    assert_eq!(spans(&bad, after(count - 1))[0].end, None);
    assert_eq!(spans(&bad, after(count))[0].end, Some(month().end));
}

#[test]
fn figures_of_an_objective() {
    let mut slots = vec![measured(3_000, 0); 94];
    slots.extend([unknown(), unknown(), measured(3_000, 6), measured(3_000, 0), measured(1_500, 3), unknown()]);
    let objective = assessed(&slots);
    assert_eq!(objective.total_events, ratio(94 * 3_000 + 7_500, 1));
    assert_eq!(objective.bad_events, ratio(9, 1));
    assert_eq!(objective.attainment, Some(ratio(289_491, 289_500)));
    assert_eq!(objective.coverage, Some(ratio(97, 100)));
    // Budget so far: 289.5 events.
    assert_eq!(objective.budget_remaining, Some(ratio(1, 1) - ratio(90, 2_895)));
    // The two most recent slots: one of 1,500 events, one unknown.
    assert_eq!(objective.recent_coverage, Some(ratio(1, 2)));
    assert_eq!(objective.recent_rate, Some(ratio(5, 1)));
    assert_eq!(objective.recent_bad_share, Some(ratio(2, 1000)));
    assert_eq!(objective.problem, UnknownCause::Unreachable.words());
    let (worst, best) = objective.bounds.unwrap();
    assert_eq!(worst, ratio(289_491, 289_500) * ratio(97, 100));
    assert_eq!(best, &worst + ratio(3, 100));
    assert_eq!(objective.burn_rates.iter().map(|w| w.window_seconds).collect::<Vec<_>>(), [600, 1_800, 3_600, 21_600]);
}

#[test]
fn slots_that_are_not_due_are_not_missed_and_those_that_are_due_are() {
    let slots = vec![measured(10, 0); 10];
    let before = after(11).checked_sub(SignedDuration::from_secs(1)).unwrap();
    assert_eq!(assessed_at(&slots, before).coverage, Some(ratio(1, 1)));
    let late = assessed_at(&slots, after(11));
    assert_eq!((late.coverage, late.problem.as_str()), (Some(ratio(10, 11)), "not read yet"));
}

#[test]
fn the_agreement_is_as_good_as_its_worst_objective() {
    let mut spec = agreement();
    let second = Objective { name: "latency".to_owned(), target: "100".into(), ..spec.objectives[0].clone() };
    spec.objectives.push(second);
    let mut book = Ledger::new(month(), 300, ["availability", "latency"]).unwrap();
    for (name, slot) in [("availability", measured(100, 0)), ("latency", measured(100, 1))] {
        book.insert(name, month().start, slot).unwrap();
    }
    let assessment = assess(&spec, &book, &Circumstances::default(), after(1), SETTLE).unwrap();
    assert_eq!(assessment.state, State::Violated);
    assert_eq!(assessment.objectives.iter().map(|o| o.state).collect::<Vec<_>>(), [State::Fulfilled, State::Violated]);
    let latency = &assessment.objectives[1];
    assert_eq!((latency.budget_remaining.clone(), latency.burning), (None, true));
    assert_eq!(assessment.measured_through, month().start.checked_add(SignedDuration::from_mins(5)).unwrap());
    assert_eq!(assessment.violations.len(), 1);
    assert_eq!(assessment.credits.unwrap().fraction_of_fee, ratio(0, 1), "no tier names it");
    // An objective that the ledger does not know yet: everything is unknown.
    spec.objectives[1].name = "new".to_owned();
    let assessment = assess(&spec, &book, &Circumstances::default(), after(1), SETTLE).unwrap();
    assert_eq!(assessment.objectives[1].state, State::NotDetermined);
}

#[test]
fn credits_follow_the_verdict() {
    let percent = |slots: &[Slot]| {
        let assessment =
            assess(&agreement(), &ledger(month(), 300, slots), &Circumstances::default(), after(slots.len()), SETTLE)
                .unwrap();
        assessment.credits.unwrap().fraction_of_fee * ratio(100, 1)
    };
    assert_eq!(percent(&vec![measured(1_000, 2); 10]), ratio(10, 1));
    assert_eq!(percent(&vec![measured(1_000, 1); 10]), ratio(0, 1));
    assert_eq!(percent(&[vec![measured(1_000, 2); 10], vec![unknown(); 15]].concat()), ratio(0, 1), "not determined");
    // Ten of twelve known, 12 % bad in them: at best 90 % was attained, and that is owed for certain.
    assert_eq!(percent(&[vec![measured(100, 12); 10], vec![unknown(); 2]].concat()), ratio(100, 1));
    // Known are 94 %, which would be 100 % of the fee; three good slots more would have made it 95.4 %: 25 %.
    assert_eq!(percent(&[vec![measured(100, 6); 10], vec![unknown(); 3]].concat()), ratio(25, 1));
}

#[test]
fn what_can_not_be_worked_with_is_named() {
    let changed = |path: &str, text: &str| {
        let mut value = serde_json::to_value(agreement()).unwrap();
        *value.pointer_mut(path).unwrap() = json!(text);
        serde_json::from_value::<AgreementSpec>(value).unwrap()
    };
    let cases = [
        ("/objectives/0/target", "99,9", "spec.objectives[0].target"),
        ("/missingData/minimumCoverage", "120", "spec.missingData.minimumCoverage"),
        ("/credits/fee/currency", "EURO", "spec.credits.fee.currency"),
    ];
    for (path, text, field) in cases {
        let fault =
            assess(&changed(path, text), &ledger(month(), 300, &[]), &Circumstances::default(), after(0), SETTLE)
                .unwrap_err();
        assert_eq!(fault.field, field);
    }
}

#[test]
fn what_the_promise_does_not_cover_has_no_verdict_and_is_owed_nothing() {
    let mut spec = serde_json::to_value(agreement()).unwrap();
    spec["parameters"] = json!([{"name": "highAvailability", "value": "false"}]);
    spec["coveredWhen"] = json!([{"rule": "highAvailability", "message": "single-zone instances have no SLA"}]);
    let book = ledger(month(), 300, &vec![measured(100, 50); 10]);
    let assessed = |spec: &Value| {
        let spec = serde_json::from_value(spec.clone()).unwrap();
        assess(&spec, &book, &Circumstances::default(), after(10), SETTLE).unwrap()
    };
    let assessment = assessed(&spec);
    assert_eq!((assessment.state, assessment.violations.len()), (State::NotCovered, 0));
    let objective = &assessment.objectives[0];
    assert_eq!((objective.covered, objective.attainment.clone(), objective.burning), (false, None, false));
    assert_eq!(objective.not_covered_because, "single-zone instances have no SLA");
    assert_eq!(objective.bad_events, ratio(500, 1), "what was measured is told all the same");
    assert_eq!(assessment.credits.unwrap().fraction_of_fee, ratio(0, 1));
    spec["parameters"][0]["value"] = json!("true");
    assert_eq!(assessed(&spec).state, State::Violated);
}

#[test]
fn an_outage_that_goes_on_burns_before_it_is_long_enough_to_count() {
    let mut spec = serde_json::to_value(agreement()).unwrap();
    spec["metrics"]["slot"] = json!("1m");
    spec["objectives"][0]["measurement"] =
        json!({"method": "BadMinutes", "badWhen": {"allFail": true}, "minimumConsecutive": "10m"});
    let spec: AgreementSpec = serde_json::from_value(spec).unwrap();
    let assessed = |bad: usize, good: usize| {
        let slots = [vec![measured(10, 0); 600], vec![measured(10, 10); bad], vec![measured(10, 0); good]].concat();
        let minutes = SignedDuration::from_mins(i64::try_from(slots.len()).unwrap());
        let now = month().start.checked_add(minutes).unwrap().checked_add(SETTLE).unwrap();
        assess(&spec, &ledger(month(), 60, &slots), &Circumstances::default(), now, SETTLE).unwrap()
    };
    let running = assessed(5, 0);
    let objective = &running.objectives[0];
    assert_eq!((objective.attainment.clone(), objective.burning), (Some(ratio(1, 1)), true));
    assert_eq!((running.state, running.violations.len()), (State::AtRisk, 0));
    let over = assessed(5, 300);
    assert_eq!((over.state, over.violations.len()), (State::Fulfilled, 0), "shorter than ten minutes");
    let long = assessed(10, 0);
    assert_eq!((long.state, long.violations[0].end), (State::Violated, None));
    assert_eq!(long.objectives[0].good_units, ratio(600 * 60, 1));
}

#[test]
fn what_only_unknown_time_separates_is_one_violation() {
    let bad = || vec![measured(10, 10); 2];
    let good = || vec![measured(10, 0); 2];
    let bad_minutes = json!({"method": "BadMinutes", "badWhen": {"allFail": true}, "partialMinutes": "Count"});
    for measurement in [json!({"method": "Events"}), bad_minutes] {
        let mut spec = agreement();
        spec.objectives[0].measurement = serde_json::from_value(measurement.clone()).unwrap();
        let incidents = |slots: &[Slot]| {
            let account = ledger(month(), 60, slots);
            let assessment = assess(&spec, &account, &Circumstances::default(), after(slots.len()), SETTLE).unwrap();
            (assessment.violations.len(), assessment.objectives[0].incidents)
        };
        for (between, expected) in [(vec![unknown()], 1), (good(), 2), (vec![unknown(), measured(10, 0)], 2)] {
            let slots = [bad(), between, bad(), good()].concat();
            assert_eq!(incidents(&slots), (expected, expected), "{measurement}");
        }
        assert_eq!(incidents(&[good(), vec![unknown()], good()].concat()), (0, 0), "{measurement}");
    }
}

#[test]
fn what_is_allowed_at_a_moment_is_of_the_methods_kind() {
    let minutes = |bad_when: Value| json!({"method": "BadMinutes", "badWhen": bad_when});
    for (measurement, allowed) in [
        (json!({}), ratio(1, 1000)),
        (json!({"method": "MeanOfSlots"}), ratio(1, 1000)),
        (minutes(json!({"errorRateAbove": "5"})), ratio(1, 20)),
        (minutes(json!({"allFail": true})), ratio(1, 1)),
    ] {
        let mut spec = agreement();
        spec.objectives[0].measurement = serde_json::from_value(measurement.clone()).unwrap();
        let ledger = ledger(month(), 300, &[measured(1000, 0)]);
        let assessed = assess(&spec, &ledger, &Circumstances::default(), after(1), SETTLE).unwrap();
        assert_eq!(assessed.objectives[0].allowed, allowed, "{measurement}");
    }
}
