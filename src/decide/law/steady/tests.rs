//! Rises, and the targets that follow from them, against the same by the book.

use proptest::prelude::*;

use super::*;
use crate::decide::law::utilisation::{Limit, Safe};
use crate::decide::law::wanted::Foresight;

const HORIZON: f64 = 150.0;

/// Requests of 20 ms, where pods may be so busy.
fn reckoning(utilisation: f64) -> Reckoning {
    let safe = Safe { utilisation, limit: Limit::Latency };
    let (rate, expected, undoubted, reserve) = (0.0, 0.0, 0.0, 1.0);
    let by = Foresight::Held;
    Reckoning {
        rate,
        expected,
        by,
        undoubted,
        horizon: HORIZON,
        horizon_seen: true,
        reserve,
        work: 0.02,
        safe,
        need: 1.0,
    }
}

/// What was seen of a load of so many hours, sampled four times a minute.
fn seen(hours: f64, load: impl Fn(f64) -> f64) -> (Steady, f64) {
    let (mut steady, mut at) = (Steady::default(), 0.0);
    while at <= hours * 3600.0 {
        steady.observe(at, load(at), HORIZON);
        at += 15.0;
    }
    (steady, at - 15.0)
}

fn rise(hours: f64, load: impl Fn(f64) -> f64) -> Option<f64> {
    let (steady, at) = seen(hours, load);
    steady.rise(at, &Constants::default())
}

fn aim(rise: f64, utilisation: f64, borne: Option<f64>) -> (u32, u32) {
    // Every other quarter of an hour the load is so much higher: one horizon of each half an hour nobody follows.
    let load = |at: f64| if (at / 900.0).floor() % 2.0 == 1.0 { 100.0 * rise } else { 100.0 };
    let (steady, at) = seen(24.0, load);
    let aim = steady.aim(at, &reckoning(utilisation), borne, 1.0, &Constants::default()).unwrap();
    assert!((aim.rise - rise).abs() < 1e-9, "{aim:?}");
    (aim.most, aim.least)
}

#[test]
fn most_of_a_day_is_seen_before_anything_is_said() {
    assert_eq!(rise(0.0, |_| 100.0), None);
    assert_eq!(rise(3.0, |_| 100.0), None, "a quiet night says nothing of the morning");
    assert_eq!(rise(19.0, |_| 100.0), None);
    assert_eq!(rise(19.5, |_| 100.0), Some(1.0));
    // A week that is past says nothing of now.
    let (steady, at) = seen(24.0, |_| 100.0);
    assert_eq!(steady.rise(at + 6.0 * DAY, &Constants::default()), Some(1.0));
    assert_eq!(steady.rise(at + 6.5 * DAY, &Constants::default()), None);
}

#[test]
fn a_day_of_remembered_rates_is_enough_and_less_is_not() {
    for (slots, expected) in [(228, None), (232, Some(1.0)), (2300, Some(1.0))] {
        let mut steady = Steady::default();
        for slot in 0..slots {
            steady.remember(f64::from(slot) * SLOT, 100.0, HORIZON);
        }
        assert_eq!(steady.rise(f64::from(slots) * SLOT, &Constants::default()), expected, "{slots}");
        assert!(steady.slots.len() <= 2016 && steady.rates.len() <= 2 && steady.minutes.is_empty());
    }
}

#[test]
fn a_law_that_begins_anew_knows_what_the_one_before_it_saw() {
    let constants = Constants::default();
    let (before, at) = seen(24.0, |_| 100.0);
    let mut anew = Steady::default();
    for step in 0..800 {
        anew.observe(at - 9000.0 + 15.0 * f64::from(step), 100.0, HORIZON);
    }
    assert_eq!(anew.rise(at + 3000.0, &constants), None);
    anew.inherit(&before);
    assert_eq!(anew.rise(at + 3000.0, &constants), Some(1.0));
    assert!(anew.slots.iter().zip(anew.slots.iter().skip(1)).all(|((one, _), (next, _))| next - one >= SLOT));
}

#[test]
fn the_last_hours_count_however_far_scrapes_lie_apart() {
    for apart in [15.0, 40.0, 45.0, 60.0, 90.0] {
        let (mut steady, mut at) = (Steady::default(), 0.0_f64);
        // In the last three hours it doubles for every other quarter of an hour.
        while at < 24.0 * 3600.0 {
            let busy = at > 21.0 * 3600.0 && (at / 900.0).floor() % 2.0 == 1.0;
            steady.observe(at, if busy { 200.0 } else { 100.0 }, HORIZON);
            at += apart;
        }
        let rise = steady.rise(at, &Constants::default());
        assert_eq!(rise, Some(2.0), "{apart}");
    }
}

#[test]
fn a_steady_load_and_one_that_falls_rise_by_nothing() {
    assert_eq!(rise(24.0, |_| 100.0), Some(1.0));
    assert_eq!(rise(24.0, |at| 2000.0 - at / 60.0), Some(1.0));
    // What was there within the five minutes before is there again.
    let dips = |at: f64| if (at / 60.0).floor() % 4.0 < 2.0 { 100.0 } else { 300.0 };
    assert_eq!(rise(24.0, dips), Some(1.0));
}

#[test]
fn a_ramp_rises_by_what_it_gains_in_one_horizon() {
    // By one a second for ten minutes of every half an hour, and back to 100 at once.
    let ramp = |at: f64| 100.0 + at.rem_euclid(1800.0).min(600.0);
    let found = rise(24.0, ramp).unwrap();
    // What was asked for before it began carries its first part; from 550 to 700 its pods are those for 150 less.
    assert!((700.0 / 550.0..=550.0 / 400.0).contains(&found), "{found}");
    // A single jump is within the misses.
    assert_eq!(rise(24.0, |at| if at < 80_000.0 { 100.0 } else { 900.0 }), Some(1.0));
}

#[test]
fn the_larger_rise_of_both_spans_counts_and_more_than_is_possible_does_not() {
    let constants = Constants::default();
    let (mut steady, mut at) = (Steady::default(), 0.0);
    for _ in 0..2 {
        for slot in 0..288 {
            // For two hours of the day it rises by a tenth every five minutes, and then falls at once.
            let busy = 1.1_f64.powi((slot - 100_i32).clamp(0, 24));
            steady.remember(at, if slot > 124 { 100.0 } else { 100.0 * busy }, HORIZON);
            at += SLOT;
        }
    }
    let known = steady.rise(at, &constants).unwrap();
    assert!((known - 1.1).abs() < 1e-9, "{known}");
    for _ in 0..720 {
        steady.observe(at, 100.0, HORIZON);
        at += 15.0;
    }
    let known = steady.rise(at, &constants).unwrap();
    assert!((known - 1.1).abs() < 1e-9, "a quiet evening does not forget the morning: {known}");
    let doubles = |at: f64| 2.0_f64.powf(at.rem_euclid(1800.0) / 60.0);
    assert_eq!(rise(24.0, doubles), Some(constants.most_reserve));
}

#[test]
fn the_target_is_what_is_safe_after_the_rise_in_whole_steps() {
    for (rise, utilisation, expected) in [
        (1.0, 0.80, (80, 80)),
        (1.0, 0.79, (75, 80)),
        (1.0, 0.77, (75, 75)),
        (1.25, 0.80, (60, 65)),
        (2.0, 0.70, (35, 35)),
        (3.0, 0.20, (10, 10)),
        (1.0, 0.99, (90, 90)),
    ] {
        assert_eq!(aim(rise, utilisation, None), expected, "{rise} {utilisation}");
    }
}

#[test]
fn it_need_not_be_lower_than_a_pod_has_ever_borne() {
    // 40 requests of 20 ms a second are 80 % of a core.
    assert_eq!(aim(2.0, 0.5, Some(40.0)), (25, 40));
    assert_eq!(aim(2.0, 0.5, Some(20.0)), (25, 25));
    assert_eq!(aim(1.0, 0.5, Some(200.0)), (50, 90));
}

#[test]
fn what_is_no_rate_is_left_out() {
    let (mut steady, at) = seen(24.0, |_| 100.0);
    for (at, rate) in [(f64::NAN, 1.0), (at + 15.0, f64::NAN), (at + 15.0, -1.0), (at + 15.0, f64::INFINITY)] {
        steady.observe(at, rate, HORIZON);
    }
    assert_eq!(steady.rise(at, &Constants::default()), Some(1.0));
    assert_eq!(rise(24.0, |_| 0.0), None, "nothing was asked for");
}

/// The same by the book: every instant against every one before it.
fn by_the_book(rates: &[(f64, f64)], within: f64) -> Option<f64> {
    let now = rates.last()?.0;
    let rise = |(at, rate): &(f64, f64)| {
        let before = rates.iter().filter(|(then, _)| *then <= at - within && *then > at - within - 300.0);
        let highest = before.map(|(_, rate)| *rate).fold(0.0, f64::max);
        (highest > 0.0).then_some((*at, rate / highest))
    };
    let all: Vec<(f64, f64)> = rates.iter().filter_map(rise).collect();
    let known = |apart: f64, span: f64, enough: f64| {
        let (mut last, mut before, mut covered) = (f64::NEG_INFINITY, 0.0, 0.0);
        let mut rises = Vec::new();
        for (at, rise) in &all {
            if *at >= last + apart {
                last = *at;
                if *at > now - span {
                    covered += if rises.is_empty() { apart } else { (at - before).min(2.0 * apart) };
                    rises.push(*rise);
                }
                before = *at;
            }
        }
        rises.sort_by(f64::total_cmp);
        let number = f64::from(u32::try_from(rises.len()).unwrap());
        // The smallest that is not exceeded by more than what may be missed.
        let above = |rise: f64| rises.iter().filter(|other| **other > rise).count();
        let allowed = |rise: f64| f64::from(u32::try_from(above(rise)).unwrap()) <= 0.05 * number + 1e-9;
        rises.iter().copied().find(|rise| allowed(*rise)).filter(|_| covered >= enough)
    };
    let (minutes, slots) = (known(60.0, 10_800.0, 8640.0), known(300.0, 604_800.0, 69_120.0)?);
    Some(minutes.unwrap_or(0.0).max(slots).max(1.0).min(Constants::default().most_reserve))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn it_is_what_the_book_says(
        loads in proptest::collection::vec(0.0..500.0_f64, 1..40),
        step in prop_oneof![Just(45.0), Just(60.0), Just(75.0), Just(120.0)],
        within in 30.0..400.0_f64,
        hours in 17.0..26.0_f64,
    ) {
        let constants = Constants::default();
        let (mut steady, mut rates, mut at) = (Steady::default(), Vec::new(), 0.0);
        while at < hours * 3600.0 {
            // A load that stays for some minutes each.
            let place = (at / 400.0).floor() % f64::from(u32::try_from(loads.len()).unwrap());
            let load = loads.iter().enumerate().find(|(index, _)| f64::from(u32::try_from(*index).unwrap()) >= place);
            let rate = *load.unwrap().1;
            steady.observe(at, rate, within);
            rates.push((at, rate));
            at += step;
        }
        let now = rates.last().unwrap().0;
        prop_assert_eq!(steady.rise(now, &constants), by_the_book(&rates, within));
    }
}
