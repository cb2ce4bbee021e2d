use super::super::example::{ratio, tally};
use super::super::slot::SlotState;
use super::*;
use crate::sense::observation::Failure;
use k8s_openapi::jiff::Timestamp;
use serde_json::json;

fn value(n: i64) -> Reading {
    Reading::Value(ratio(n, 1))
}

fn pair(total: Reading, part: Reading) -> ReadingPair {
    ReadingPair { total, part }
}

fn reading(total: Reading, part: Reading) -> SlotReading {
    SlotReading {
        start: Timestamp::UNIX_EPOCH,
        counted: pair(total, part),
        born: None,
        all_births: None,
        samples: value(20),
        deployed: None,
    }
}

fn objective(indicator: serde_json::Value) -> Indicator {
    serde_json::from_value(indicator).unwrap()
}

fn bad() -> Indicator {
    objective(json!({"ratio": {"bad": "b", "total": "t"}}))
}

fn good() -> Indicator {
    objective(json!({"ratio": {"good": "g", "total": "t"}}))
}

fn latency() -> Indicator {
    objective(json!({"latency": {"histogram": "h", "threshold": "250ms"}}))
}

fn unknown(cause: UnknownCause) -> Slot {
    Slot::unknown(cause, 7)
}

#[test]
fn the_named_part_is_counted_as_what_it_is() {
    let cases = [(bad(), 3, 3), (good(), 17, 3), (latency(), 17, 3), (good(), 20, 0), (bad(), 20, 20)];
    for (objective, part, expected) in cases {
        let slot = slot(&objective, &reading(value(20), value(part)), 7);
        assert_eq!((slot.state(), slot.counted()), (SlotState::Measured, tally(20, expected)));
        assert_eq!(slot.generation(), 7);
    }
}

#[test]
fn accident_03_what_is_no_count_is_counted_as_zero() {
    let cases = [
        (Reading::NonFinite, UnknownCause::NonFinite),
        (Reading::Negative, UnknownCause::Negative),
        (value(-1), UnknownCause::Negative),
    ];
    for (figure, cause) in cases {
        for objective in [bad(), good(), latency()] {
            assert_eq!(slot(&objective, &reading(figure.clone(), value(0)), 7), unknown(cause), "{figure:?}");
            assert_eq!(slot(&objective, &reading(value(20), figure.clone()), 7), unknown(cause), "{figure:?}");
            let born = SlotReading { born: Some(pair(figure.clone(), value(0))), ..reading(value(20), value(0)) };
            assert_eq!(slot(&objective, &born, 7), unknown(cause), "{figure:?}");
        }
    }
}

#[test]
fn an_absent_part_means_that_none_of_it_happened() {
    let cases = [(bad(), 0), (good(), 20)];
    for (objective, expected) in cases {
        assert_eq!(slot(&objective, &reading(value(20), Reading::Absent), 7).counted(), tally(20, expected));
        let idle = slot(&objective, &reading(value(0), Reading::Absent), 7);
        assert_eq!((idle.state(), idle.counted()), (SlotState::NoTraffic, tally(0, 0)));
    }
}

#[test]
fn an_absent_bucket_is_no_proof_of_slow_requests() {
    let absent = reading(value(20), Reading::Absent);
    assert_eq!(slot(&latency(), &absent, 7), unknown(UnknownCause::BucketAbsent));
    assert_eq!(slot(&latency(), &reading(value(0), Reading::Absent), 7).state(), SlotState::NoTraffic);
    let born = SlotReading { born: Some(pair(value(5), Reading::Absent)), ..reading(value(20), value(20)) };
    assert_eq!(slot(&latency(), &born, 7), unknown(UnknownCause::BucketAbsent));
}

#[test]
fn an_increase_over_a_gap_is_not_idleness() {
    let gap = SlotReading { samples: value(0), ..reading(value(0), value(0)) };
    assert_eq!(slot(&bad(), &gap, 7), unknown(UnknownCause::NoSamples));
    let jump = SlotReading { samples: value(0), ..reading(value(40), value(0)) };
    assert_eq!(slot(&bad(), &jump, 7), unknown(UnknownCause::NoSamples));
    // Where nobody looked, the total's own presence is all there is.
    let unseen = SlotReading { samples: Reading::Absent, ..reading(value(40), value(0)) };
    assert_eq!(slot(&bad(), &unseen, 7).counted(), tally(40, 0));
}

#[test]
fn accident_01_an_absent_total_is_counted_as_zero() {
    let absent = |samples| SlotReading { samples, ..reading(Reading::Absent, Reading::Absent) };
    assert_eq!(slot(&bad(), &absent(value(0)), 7), unknown(UnknownCause::NoSamples));
    assert_eq!(slot(&bad(), &absent(Reading::Absent), 7), unknown(UnknownCause::NoSamples));
    assert_eq!(slot(&bad(), &absent(value(3)), 7), unknown(UnknownCause::Absent));
}

#[test]
fn births_that_can_be_attributed_count_and_the_others_are_reported() {
    let mut read = reading(value(20), value(1));
    read.born = Some(pair(value(7), value(2)));
    read.all_births = Some(pair(value(12), value(5)));
    let made = slot(&bad(), &read, 7);
    assert_eq!(made.counted(), tally(27, 3));
    assert_eq!(made.births(), Births { born: tally(7, 2), unattributed: tally(5, 3) });

    read.born = None;
    let made = slot(&bad(), &read, 7);
    assert_eq!(made.counted(), tally(20, 1));
    assert_eq!(made.births(), Births { born: tally(0, 0), unattributed: tally(12, 5) });

    let made = slot(&good(), &SlotReading { born: Some(pair(value(7), value(2))), ..read }, 7);
    assert_eq!(made.counted(), tally(27, 24));
    assert_eq!(made.births(), Births { born: tally(7, 5), unattributed: tally(5, 2) });
}

#[test]
fn a_service_whose_series_are_all_new_is_counted_by_its_births() {
    let mut read = reading(Reading::Absent, Reading::Absent);
    read.born = Some(pair(value(5), Reading::Absent));
    read.all_births = read.born.clone();
    assert_eq!(slot(&bad(), &read, 7).counted(), tally(5, 0));
    read.born = Some(pair(value(0), Reading::Absent));
    assert_eq!(slot(&bad(), &read, 7), unknown(UnknownCause::Absent));
}

#[test]
fn an_error_counter_of_its_own_name_may_be_born_under_an_old_total() {
    let mut read = reading(value(20), value(0));
    read.born = Some(pair(Reading::Absent, value(3)));
    read.all_births = read.born.clone();
    assert_eq!(slot(&bad(), &read, 7).counted(), tally(20, 3));
}

#[test]
fn a_part_above_its_whole_is_never_clamped() {
    for objective in [bad(), good(), latency()] {
        assert_eq!(slot(&objective, &reading(value(20), value(21)), 7), unknown(UnknownCause::PartAboveTotal));
        assert_eq!(slot(&objective, &reading(value(0), value(1)), 7), unknown(UnknownCause::PartAboveTotal));
    }
    let mut read = reading(value(20), value(1));
    read.born = Some(pair(value(7), value(2)));
    read.all_births = Some(pair(value(6), value(2)));
    assert_eq!(slot(&bad(), &read, 7), unknown(UnknownCause::PartAboveTotal));
}

#[test]
fn any_reading_that_is_no_figure_makes_the_slot_unknown_wherever_it_stands() {
    let failed = |kind| Reading::Failed(Failure { kind, message: "why".to_owned() });
    let cases = [
        (Reading::NonFinite, UnknownCause::NonFinite),
        (Reading::Negative, UnknownCause::Negative),
        (value(-1), UnknownCause::Negative),
        (Reading::Value(BigRational::from_integer(num_bigint::BigInt::from(1) << 70)), UnknownCause::TooLarge),
        (Reading::TooManySeries(2), UnknownCause::TooManySeries),
        (Reading::Partial("one store down".to_owned()), UnknownCause::Partial),
        (failed(FailureKind::Unreachable), UnknownCause::Unreachable),
        (failed(FailureKind::TimedOut), UnknownCause::TimedOut),
        (failed(FailureKind::Refused), UnknownCause::Refused),
        (failed(FailureKind::StoreFailed), UnknownCause::StoreFailed),
        (failed(FailureKind::WrongType), UnknownCause::WrongType),
        (failed(FailureKind::Expression), UnknownCause::Expression),
    ];
    for (odd, cause) in cases {
        let fine = || pair(value(20), value(1));
        let base = reading(value(20), value(1));
        let places = [
            SlotReading { counted: pair(odd.clone(), value(1)), ..base.clone() },
            SlotReading { counted: pair(value(20), odd.clone()), ..base.clone() },
            SlotReading { born: Some(pair(odd.clone(), value(1))), all_births: Some(fine()), ..base.clone() },
            SlotReading { born: Some(fine()), all_births: Some(pair(value(20), odd.clone())), ..base.clone() },
            SlotReading { samples: odd, ..base },
        ];
        for (place, read) in places.iter().enumerate() {
            assert_eq!(slot(&bad(), read, 7), unknown(cause), "{cause:?} in place {place}");
        }
    }
}

#[test]
fn an_empty_slot_of_a_service_that_was_not_deployed_is_none_of_its_time() {
    let none = reading(value(0), Reading::Absent);
    let silent = SlotReading { samples: value(0), ..reading(Reading::Absent, Reading::Absent) };
    let of = |read: &SlotReading, deployed: Reading| {
        slot(&bad(), &SlotReading { deployed: Some(deployed), ..read.clone() }, 7)
    };
    for empty in [&none, &silent] {
        assert_eq!(of(empty, value(0)), Slot::not_deployed(7));
    }
    assert_eq!(of(&none, value(2)).state(), SlotState::NoTraffic, "deployed, and nobody asked");
    assert_eq!(of(&none, Reading::Value(ratio(1, 2))).state(), SlotState::NoTraffic, "for half of the slot");
    assert_eq!(of(&silent, value(2)), unknown(UnknownCause::NoSamples), "deployed, and nobody looked");
    assert_eq!(slot(&bad(), &none, 7).state(), SlotState::NoTraffic, "not asked");
}

#[test]
fn nobody_is_taken_for_not_deployed_for_want_of_an_answer() {
    let failed = |kind| Reading::Failed(Failure { kind, message: String::new() });
    let cases = [
        (Reading::Absent, UnknownCause::DeployedAbsent),
        (Reading::Partial(String::new()), UnknownCause::Partial),
        (Reading::NonFinite, UnknownCause::NonFinite),
        (Reading::Negative, UnknownCause::Negative),
        (Reading::TooManySeries(2), UnknownCause::TooManySeries),
        (failed(FailureKind::TimedOut), UnknownCause::TimedOut),
        (failed(FailureKind::Expression), UnknownCause::Expression),
    ];
    for (deployed, cause) in cases {
        for empty in [reading(value(0), Reading::Absent), reading(Reading::Absent, Reading::Absent)] {
            let read = SlotReading { deployed: Some(deployed.clone()), ..empty };
            assert_eq!(slot(&bad(), &read, 7), unknown(cause));
        }
    }
}

#[test]
fn what_was_asked_was_there_whoever_counts_the_instances() {
    let not_deployed = |read: SlotReading| slot(&bad(), &SlotReading { deployed: Some(value(0)), ..read }, 7);
    assert_eq!(not_deployed(reading(value(20), value(20))).counted(), tally(20, 20), "an outage stays one");
    let born = reading(value(0), Reading::Absent);
    let born = SlotReading { born: Some(pair(value(5), value(5))), ..born };
    assert_eq!(not_deployed(born).counted(), tally(5, 5));
    let before = SlotReading { all_births: Some(pair(value(5), value(0))), ..reading(value(0), Reading::Absent) };
    assert_eq!(not_deployed(before).state(), SlotState::NoTraffic, "something was started");
    let doubtful = reading(Reading::Partial(String::new()), value(0));
    assert_eq!(not_deployed(doubtful), unknown(UnknownCause::Partial));
    let part = reading(value(0), value(3));
    assert_eq!(not_deployed(part), unknown(UnknownCause::PartAboveTotal));
    let samples = SlotReading { samples: Reading::Partial(String::new()), ..reading(value(0), Reading::Absent) };
    assert_eq!(not_deployed(samples), unknown(UnknownCause::Partial));
}

#[test]
fn a_value_is_one_event_and_none_is_none() {
    let lag = objective(json!({"value": {"expression": "max(max_over_time(lag[$slot]))", "limit": "5s"}}));
    let of = |value: Reading| slot(&lag, &SlotReading { samples: Reading::Absent, ..reading(value.clone(), value) }, 7);
    let exactly = |n: i64, d: i64| Reading::Value(ratio(n, d));
    assert_eq!(of(exactly(5, 1)).counted(), tally(1, 0), "exactly the limit is in time");
    assert_eq!(of(exactly(5_001, 1_000)).counted(), tally(1, 1));
    assert_eq!(of(Reading::Absent).state(), SlotState::NoTraffic);
    assert_eq!(of(Reading::NonFinite), unknown(UnknownCause::NonFinite));
    assert_eq!(of(Reading::TooManySeries(2)), unknown(UnknownCause::TooManySeries));
}
