//! Where numbers go wrong between the metrics store and a slot.

use super::*;
use crate::api::objective::Indicator;
use crate::evaluate::slot::SlotState;
use crate::sense::promql::{
    Ask, AskId, BucketError, Expression, IncreaseForm, LOOKBACK_MS, Outcome, Plan, Question, Refusal, SampledSeries,
    latency, matching_bounds, measure,
};

/// A slot of five minutes.
const SLOT_MS: u64 = 300_000;

/// Its end, twenty minutes into the epoch.
const END_MS: i64 = 1_200_000;

fn reading(total: Reading, part: Reading) -> SlotReading {
    let counted = ReadingPair { total, part };
    let samples = Reading::Value(ratio(20, 1));
    SlotReading { start: second(0), counted, born: None, all_births: None, samples, deployed: None }
}

fn events_read(n: i64) -> Reading {
    Reading::Value(ratio(n, 1))
}

/// What a slot of the tests' agreement is, which counts what was bad.
fn counted(total: Reading, bad: Reading) -> Slot {
    slot(&agreement().objectives.remove(0).indicator, &reading(total, bad), 1)
}

fn of_latency() -> Indicator {
    let latency = serde_json::json!({"latency": {"histogram": "seconds", "threshold": "250ms"}});
    serde_json::from_value(latency).unwrap()
}

/// A counter of a pod with these values, scraped every 15 s from 7.5 s after the instant on.
fn scraped(pod: &str, from_ms: i64, values: &[i64]) -> SampledSeries {
    let at = |index: usize| from_ms + 7_500 + 15_000 * i64::try_from(index).unwrap();
    SampledSeries {
        labels: [("job", "a"), ("pod", pod)].map(|(label, value)| (label.to_owned(), value.to_owned())).into(),
        samples: values.iter().enumerate().map(|(index, value)| (at(index), value.to_string())).collect(),
    }
}

fn increase(series: &SampledSeries, end_ms: i64) -> num_rational::BigRational {
    measure(series, end_ms, SLOT_MS, LOOKBACK_MS).unwrap().unwrap().increase
}

#[test]
fn an_error_series_that_is_not_born_yet_is_no_bad_event_and_no_hole() {
    assert_eq!(counted(events_read(100), Reading::Absent), measured(100, 0));
    // And what is judged absent is the total: its errors say nothing about it.
    assert_eq!(counted(Reading::Absent, Reading::Absent).unknown_cause(), Some(UnknownCause::Absent));
    assert_eq!(counted(Reading::Absent, events_read(1)).unknown_cause(), Some(UnknownCause::Absent));
    for absence in ["absent(increase(errors_total[$slot]))", "absent_over_time(errors_total[$slot])"] {
        assert!(matches!(Expression::parse(absence), Err(Refusal::Function { .. })), "{absence}");
    }
}

#[test]
fn an_increase_is_what_was_counted_and_is_not_extrapolated_to_the_edges_of_a_slot() {
    // Two slots in a row: a request every 15 s, and a burst of a hundred between the last sample of the first slot and the
    // first one of the second.
    let values: Vec<i64> = (0..60).map(|sample| sample + if sample < 40 { 0 } else { 100 }).collect();
    let pod = scraped("x", 300_000, &values);
    assert_eq!(increase(&pod, 900_000), ratio(20, 1), "20 and not 20 × 300 / 285 = 21.05");
    assert_eq!(increase(&pod, 1_200_000), ratio(120, 1), "the step over the edge is in one of them");
}

#[test]
fn the_first_count_of_a_new_series_is_not_lost() {
    // A pod that begins within the slot had answered seven requests when it was scraped first.
    let pod = scraped("new", 1_000_000, &[7, 8, 9]);
    let found = measure(&pod, END_MS, SLOT_MS, LOOKBACK_MS).unwrap().unwrap();
    assert_eq!((found.increase, found.first), (ratio(2, 1), Some(ratio(7, 1))));
    let born = ReadingPair { total: events_read(7), part: Reading::Absent };
    let read =
        SlotReading { born: Some(born.clone()), all_births: Some(born), ..reading(events_read(2), Reading::Absent) };
    let slot = slot(&agreement().objectives.remove(0).indicator, &read, 1);
    assert_eq!(slot.counted(), measured(9, 0).counted());
}

#[test]
fn one_pod_that_restarts_is_no_spike_of_the_sum() {
    // Two pods with a million requests each, and twenty in the slot; one of them restarts in the middle of it.
    let steady: Vec<i64> = (0..21).map(|sample| 1_000_000 + sample).collect();
    let restarted: Vec<i64> =
        (0..21).map(|sample| if sample < 11 { 1_000_000 + sample } else { sample - 10 }).collect();
    let pods = [scraped("a", 885_000, &steady), scraped("b", 885_000, &restarted)];
    let expression = Expression::parse("sum(increase(requests_total{job=\"a\"}[$slot]))").unwrap();
    let ask = Ask { id: AskId(0), expression: expression.confine(&[]).unwrap(), slot_ms: SLOT_MS, at_ms: END_MS };
    let plan = Plan::of(&[ask], IncreaseForm::Raw);
    let request = plan.requests.iter().find(|request| request.question == Question::Samples).unwrap();
    assert_eq!(request.measure(&pods, END_MS)[&AskId(0)].increase, Outcome::Value(ratio(40, 1)));
    // Summed first, the restart is one of the sum: all that the other pod ever counted.
    let summed: Vec<i64> = steady.iter().zip(&restarted).map(|(a, b)| a + b).collect();
    assert!(increase(&scraped("sum", 885_000, &summed), END_MS) > ratio(1_000_000, 1));
    // Which is what an increase of a sum would be, and it cannot be asked for.
    assert!(Expression::parse("increase(sum(requests_total)[$slot:])").is_err());
}

#[test]
fn a_threshold_is_a_number_and_a_threshold_without_a_bucket_is_named_and_not_silently_empty() {
    let bound = matching_bounds(&["0.5", "1", "1.0", "+Inf"], "1.00").unwrap();
    assert!(bound.spellings().iter().eq(["1", "1.0"]), "{bound:?}");
    let between = matching_bounds(&["0.1", "0.5", "+Inf"], "0.25").unwrap_err().to_string();
    assert!(between.contains("0.1") && between.contains("0.5"), "{between}");
    // Where the bucket goes away later, its requests were neither fast nor slow.
    let gone = slot(&of_latency(), &reading(events_read(100), Reading::Absent), 1);
    assert_eq!(gone.state(), SlotState::Unknown(UnknownCause::BucketAbsent));
}

#[test]
fn the_total_of_a_histogram_is_its_own_count_once() {
    let selector = [("job".to_owned(), "a".to_owned())];
    // A bucket without a bound, and the one of all: neither is the threshold, and neither is the total.
    let bound = matching_bounds(&["", "0.25", "+Inf"], "0.25").unwrap();
    let built = latency("seconds", &selector, &bound).unwrap();
    assert_eq!(built.total.to_string(), "sum(increase(seconds_count{job=\"a\"}[$slot]))");
    assert_eq!(built.good.to_string(), "sum(increase(seconds_bucket{job=\"a\",le=\"0.25\"}[$slot]))");
    assert_eq!(matching_bounds(&["", "+Inf"], "0.25"), Err(BucketError::NoBuckets));
    // One metric with both in it would count each request twice.
    for name in ["seconds_bucket", "seconds_count"] {
        assert!(matches!(latency(name, &selector, &bound), Err(Refusal::HistogramName { .. })), "{name}");
    }
}

#[test]
fn a_share_between_two_buckets_is_not_estimated() {
    // All requests took 300 ms: of the bucket from 250 to 500 ms an estimate would call a fifth fast.
    for threshold in ["0.3", "0.4"] {
        let refused = matching_bounds(&["0.25", "0.5", "+Inf"], threshold);
        assert!(matches!(refused, Err(BucketError::NoSuchBound { .. })), "{threshold}: {refused:?}");
    }
    for (function, estimates) in [
        ("histogram_fraction(0, 0.3, sum(increase(seconds[$slot])))", true),
        ("1 - (histogram_quantile(0.9, sum by (le) (increase(seconds_bucket[$slot]))))", true),
        ("sum(increase(seconds_bucket{le=\"0.25\"}[$slot]))", false),
        ("histogram_count(sum(increase(seconds[$slot])))", false),
    ] {
        assert_eq!(Expression::parse(function).unwrap().estimate().is_some(), estimates, "{function}");
    }
}

#[test]
fn replicas_of_a_store_that_disagree_never_make_more_fast_requests_than_requests() {
    // The bucket comes from one replica and the count from the other, which missed a scrape.
    let mixed = slot(&of_latency(), &reading(events_read(100), events_read(104)), 1);
    assert_eq!(mixed.unknown_cause(), Some(UnknownCause::PartAboveTotal));
    // And the series of both, without deduplication, are two where one was asked for.
    let both = slot(&of_latency(), &reading(Reading::TooManySeries(2), events_read(90)), 1);
    assert_eq!(both.unknown_cause(), Some(UnknownCause::TooManySeries));
    assert_eq!(slot(&of_latency(), &reading(events_read(100), events_read(100)), 1), measured(100, 0));
}

#[test]
fn a_total_that_falls_behind_its_part_is_noticed_in_the_first_slot() {
    let bounds = Bounds { start: second(0), end: second(86_400) };
    let read = [(100, 1), (100, 0), (100, 101)].map(|(total, bad)| counted(events_read(total), events_read(bad)));
    let after = |slots: &[Slot]| {
        let now = second(i64::try_from(slots.len()).unwrap() * 300 + 30);
        assess(&agreement(), &ledger(bounds, 300, slots), &Circumstances::default(), now, SETTLE).unwrap().objectives[0]
            .clone()
    };
    assert_eq!(after(&read[..2]).problem, "");
    let broken = after(&read);
    assert_eq!(broken.problem, UnknownCause::PartAboveTotal.words());
    assert_eq!((broken.attainment, broken.coverage), (Some(ratio(199, 200)), Some(ratio(2, 3))), "and not above 100 %");
}

#[test]
fn metrics_that_vanished_are_noticed_in_the_first_slot_and_are_no_quiet_time() {
    // An anchored increase over a gap is zero: only the samples tell that nobody scraped.
    let read = SlotReading { samples: events_read(0), ..reading(events_read(0), events_read(0)) };
    let vanished = slot(&agreement().objectives.remove(0).indicator, &read, 1);
    assert_eq!(vanished.state(), SlotState::Unknown(UnknownCause::NoSamples));
    assert_eq!(counted(events_read(0), events_read(0)).state(), SlotState::NoTraffic);
}
