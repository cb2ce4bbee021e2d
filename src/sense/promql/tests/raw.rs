//! Raw samples give what an anchored increase and its births give.

use crate::sense::promql::{
    Ask, AskId, Expression, IncreaseForm, LOOKBACK_MS, Outcome, Plan, Question, Request, SampledSeries, measure,
};
use num_bigint::BigInt;
use num_rational::BigRational;
use proptest::prelude::*;
use std::collections::BTreeMap;

const SLOT: u64 = 300_000;
/// The slot under test is from 1,000,000 ms to 1,300,000 ms.
const END: i64 = 1_300_000;

fn series(job: &str, samples: &[(i64, &str)]) -> SampledSeries {
    SampledSeries {
        labels: [("job", job), ("pod", "x")].map(|(label, value)| (label.to_owned(), value.to_owned())).into(),
        samples: samples.iter().map(|(at, value)| (*at, (*value).to_owned())).collect(),
    }
}

/// A sample every 15 s from `from` on, at 7.5 s off the slot's edges; values by the index.
fn every_15_s(from: i64, values: &[u64]) -> SampledSeries {
    let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
    let times = (0..).map(|i| from + 15_000 * i);
    let samples: Vec<(i64, &str)> = times.zip(texts.iter().map(String::as_str)).collect();
    series("a", &samples)
}

fn whole(value: i64) -> BigRational {
    BigRational::from_integer(BigInt::from(value))
}

#[test]
fn the_hard_cases_of_a_slot() {
    let before = 992_500;
    let steady: Vec<u64> = (100..=120).collect();
    let mut burst_at_edge = steady.clone();
    burst_at_edge.iter_mut().skip(1).for_each(|value| *value += 100);
    let mut reset: Vec<u64> = steady.clone();
    reset.iter_mut().skip(11).for_each(|value| *value -= 108);
    let ends: Vec<u64> = (100..=110).collect();
    let after = 1_007_500;
    let born: Vec<u64> = (7..=18).collect();
    let table = [
        ("steady", every_15_s(before, &steady), Some((20, None))),
        ("burst over the edge", every_15_s(before, &burst_at_edge), Some((120, None))),
        ("reset to 3", every_15_s(before, &reset), Some((22, None))),
        ("ends in the slot", every_15_s(before, &ends), Some((10, None))),
        ("born at 7", every_15_s(after, &born), Some((11, Some(7)))),
        ("born with one sample", every_15_s(after, &[5]), Some((0, Some(5)))),
        ("one step after a gap", series("a", &[(880_000, "10"), (1_100_000, "50")]), Some((40, None))),
        ("gap beyond the lookback", series("a", &[(700_000, "10"), (1_100_000, "50")]), Some((0, Some(50)))),
        ("edge on the slot's start", series("a", &[(1_000_000, "1"), (1_300_000, "4")]), Some((3, None))),
        ("only before", series("a", &[(990_000, "1"), (1_000_000, "1")]), None),
        ("only after", series("a", &[(1_300_001, "1")]), None),
        ("empty", series("a", &[]), None),
    ];
    for (case, samples, expected) in table {
        let found = measure(&samples, END, SLOT, LOOKBACK_MS).unwrap();
        let found = found.map(|counted| (counted.increase, counted.first));
        let expected = expected.map(|(increase, first)| (whole(increase), first.map(whole)));
        assert_eq!(found, expected, "{case}");
    }
}

/// The oracle: rebuild the counter as if it had never been reset, then subtract its ends.
fn slow(samples: &[(i64, u64)], end: i64, slot: i64, lookback: i64) -> Option<(u64, Option<u64>)> {
    let start = end - slot;
    let in_slot = |at: i64| at > start && at <= end;
    samples.iter().find(|(at, _)| in_slot(*at))?;
    let edge = (0..samples.len()).filter(|i| samples[*i].0 <= start && samples[*i].0 > start - lookback).max();
    let first = (0..samples.len()).find(|i| in_slot(samples[*i].0)).unwrap();
    let last = (0..samples.len()).filter(|i| in_slot(samples[*i].0)).max().unwrap();
    let base = edge.unwrap_or(first);
    let mut lifted = samples[base].1;
    for i in base + 1..=last {
        let dropped = if samples[i].1 < samples[i - 1].1 { samples[i - 1].1 } else { 0 };
        lifted = lifted + samples[i].1 + dropped - samples[i - 1].1;
    }
    let born = edge.is_none().then_some(samples[first].1);
    Some((lifted - samples[base].1, born))
}

fn counter() -> impl Strategy<Value = Vec<(i64, u64)>> {
    proptest::collection::vec((1_i64..200, 0_u64..50), 0..30).prop_map(|steps| {
        let mut at = 0;
        steps
            .into_iter()
            .map(|(gap, value)| {
                at += gap;
                (at, value)
            })
            .collect()
    })
}

fn text(samples: &[(i64, u64)]) -> SampledSeries {
    SampledSeries {
        labels: BTreeMap::from([("job".to_owned(), "a".to_owned())]),
        samples: samples.iter().map(|(at, value)| (*at, value.to_string())).collect(),
    }
}

proptest! {
    #[test]
    fn every_counter_is_measured_as_the_oracle_does(
        samples in counter(), end in 0_i64..3000, slot in 1_u64..1000, lookback in 0_u64..500,
    ) {
        let found = measure(&text(&samples), end, slot, lookback).unwrap()
            .map(|counted| (counted.increase, counted.first));
        let expected = slow(&samples, end, i64::try_from(slot).unwrap(), i64::try_from(lookback).unwrap())
            .map(|(increase, born)| {
                let rational = |n: u64| BigRational::from_integer(BigInt::from(n));
                (rational(increase), born.map(rational))
            });
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn slots_in_a_row_sum_to_the_whole(samples in counter(), cuts in 1_i64..10) {
        // With a lookback that reaches every sample, no step is lost at a cut.
        let slot = 500_u64;
        let whole = slot * u64::try_from(cuts).unwrap();
        let increase = |end: i64, slot: u64| {
            measure(&text(&samples), end, slot, 1_000_000).unwrap()
                .map_or_else(|| BigRational::from_integer(0.into()), |counted| counted.increase)
        };
        let parts: BigRational = (1..=cuts).map(|i| increase(i * 500, slot)).sum();
        prop_assert_eq!(parts, increase(cuts * 500, whole));
    }
}

fn request(function: &str) -> Request {
    let asks: Vec<Ask> = ["a", "b", "c"]
        .iter()
        .zip(0..)
        .map(|(job, id)| Ask {
            id: AskId(id),
            expression: Expression::parse(&format!("sum({function}(m{{job=\"{job}\"}}[$slot]))"))
                .unwrap()
                .confine(&[])
                .unwrap(),
            slot_ms: SLOT,
            at_ms: END,
        })
        .collect();
    let plan = Plan::of(&asks, IncreaseForm::Raw);
    plan.requests.into_iter().find(|request| request.question == Question::Samples).unwrap()
}

#[test]
fn series_are_summed_after_their_differences() {
    let answer = [
        series("a", &[(990_000, "10"), (1_200_000, "13")]),
        series("a", &[(990_000, "100"), (1_100_000, "1"), (1_200_000, "2")]),
        series("a", &[(1_200_000, "8")]),
        series("b", &[(990_000, "10"), (1_200_000, "NaN")]),
        series("z", &[(990_000, "10"), (1_200_000, "13")]),
    ];
    let figures = request("increase").measure(&answer, END);
    assert_eq!(figures.len(), 3);
    assert_eq!(figures[&AskId(0)].increase, Outcome::Value(whole(5)));
    assert_eq!(figures[&AskId(0)].first_seen, Outcome::Value(whole(8)));
    assert_eq!(figures[&AskId(0)].samples, 4);
    assert_eq!(figures[&AskId(1)].increase, Outcome::NonFinite("NaN".to_owned()));
    assert_eq!(figures[&AskId(2)].increase, Outcome::Absent);
    assert_eq!(figures[&AskId(2)].first_seen, Outcome::Absent);
    let rates = request("rate").measure(&answer, END);
    let sixtieth = BigRational::new(BigInt::from(1), BigInt::from(60));
    assert_eq!(rates[&AskId(0)].increase, Outcome::Value(sixtieth));
}
