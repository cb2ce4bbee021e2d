//! What an HPA may aim at so that the promise is kept by it alone.
//!
//! An HPA only follows: it has no forecast. The pods that serve now were asked for one horizon ago, by the highest load of the
//! stabilisation window before that, and what the load has become since then makes them busier than the target says. So
//! `target = safe utilisation / rise`, where a rise is the rate at an instant over the highest rate of the five minutes that end
//! one horizon before it. Of the rises that were seen the quantile counts that all but a twentieth of them stay below: half of
//! what the reserve misses, as a target is no other one a minute later. It is no less than 1, as a load that falls is no reason
//! to aim higher than what is safe, and no more than `most_reserve`: what was so much more has to be met otherwise.
//!
//! Two spans are looked at, and the larger rise of both counts: the last three hours, minute by minute, for rises that are over
//! within minutes; and the last seven days in steps of five minutes, for those of another time of the day. Of the second most of
//! a day has to be known, or nobody can say: a quiet night says nothing of the morning.
//!
//! A rise that is seen coming is not for the target but for the floor, which the law raises ahead of it: the target is for what
//! comes every day and for what nobody foresees. The horizon is the law's own, which looks less often than an HPA does, at
//! younger samples.
//!
//! CPU that pods use without any request makes a request seem dearer the more pods there are, and would have a target lowered
//! without end. So it need not be lower than where a pod bears by `1 / rise` of what one has ever borne while they served well.

use std::collections::VecDeque;

use super::Law;
use super::constants::Constants;
use super::wanted::Reckoning;

/// Seconds whose highest load an HPA goes by when it lets pods go: its stabilisation window.
const STABLE: f64 = 300.0;
/// Seconds whose rises count minute by minute.
const RECENT: f64 = 3.0 * 3600.0;
/// Of each minute of them one counts.
const MINUTE: f64 = 60.0;
/// Seconds whose rises count in longer steps.
const WEEK: f64 = 7.0 * DAY;
/// The length of such a step.
const SLOT: f64 = 300.0;
/// Seconds in a day.
const DAY: f64 = 86_400.0;
/// Of the rises so many may be larger.
const MISSED: f64 = 0.05;
/// The part of a span that has to be known.
const ENOUGH: f64 = 0.8;
/// Targets are multiples of so many percent points.
const STEP: f64 = 5.0;
/// The lowest target, and the highest, in percent.
const RANGE: (f64, f64) = (10.0, 90.0);
/// A target is lowered only when it is so many points above what is found, so that chance does not move it to and fro.
const TOLERANCE: f64 = 2.5;

/// The rises that were seen.
#[derive(Clone, Debug, Default)]
pub struct Steady {
    /// The rates, as far back as the newest one is compared.
    rates: VecDeque<(f64, f64)>,
    /// The rise of each of the last minutes.
    minutes: VecDeque<(f64, f64)>,
    /// The rise every five minutes of the last days.
    slots: VecDeque<(f64, f64)>,
}

/// What an HPA may aim at, in percent of the CPU that pods request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Aim {
    /// A target below this may be raised to it.
    pub most: u32,
    /// A target above this is to be lowered to it. Never below `most`.
    pub least: u32,
    /// What the load becomes before an HPA has followed it, as a multiple.
    pub rise: f64,
}

impl Steady {
    /// Notes the rate at an instant, where a pod that is asked for serves after `within` seconds. Instants rise.
    pub fn observe(&mut self, at: f64, rate: f64, within: f64) {
        if let Some(rise) = self.rise_at(at, rate, within) {
            note(&mut self.minutes, (at, rise), MINUTE, RECENT);
            note(&mut self.slots, (at, rise), SLOT, WEEK);
        }
    }

    /// Notes a rate of five minutes of the days past. It says nothing of a minute.
    pub fn remember(&mut self, at: f64, rate: f64, within: f64) {
        if let Some(rise) = self.rise_at(at, rate, within) {
            note(&mut self.slots, (at, rise), SLOT, WEEK);
        }
    }

    /// How far the load has risen since the pods were asked for that serve now. `None`: the rates do not reach back to that, or
    /// it is no rate.
    fn rise_at(&mut self, at: f64, rate: f64, within: f64) -> Option<f64> {
        if !at.is_finite() || !rate.is_finite() || rate < 0.0 {
            return None;
        }
        let (from, until) = (at - within - STABLE, at - within);
        self.rates.retain(|(since, _)| *since > from);
        let asked_for = self.rates.iter().filter(|(since, _)| *since <= until).map(|(_, rate)| *rate);
        let highest = asked_for.reduce(f64::max);
        self.rates.push_back((at, rate));
        highest.filter(|highest| *highest > 0.0).map(|highest| rate / highest)
    }

    /// What the load becomes before an HPA has followed it, as a multiple. `None`: too little was seen.
    #[must_use]
    pub fn rise(&self, at: f64, constants: &Constants) -> Option<f64> {
        let week = quantile(&self.slots, at - WEEK, DAY / SLOT)?;
        let recent = quantile(&self.minutes, at - RECENT, RECENT / MINUTE);
        Some(recent.unwrap_or(1.0).max(week).max(1.0).min(constants.most_reserve))
    }

    /// What an HPA may aim at by a reckoning at an instant, where a pod has so many `cores` and has `borne` so many requests a
    /// second. `None`: too little was seen.
    #[must_use]
    pub fn aim(
        &self,
        at: f64,
        reckoning: &Reckoning,
        borne: Option<f64>,
        cores: f64,
        constants: &Constants,
    ) -> Option<Aim> {
        let rise = self.rise(at, constants)?;
        let safe = reckoning.safe.utilisation;
        let bears = borne.map_or(0.0, |rate| rate * reckoning.work / cores);
        let most = steps(100.0 * safe / rise);
        let least = steps(100.0 * safe.max(bears) / rise + TOLERANCE);
        Some(Aim { most, least: least.max(most), rise })
    }
}

impl Law {
    /// What an HPA may aim at. `None`: too little was seen yet.
    #[must_use]
    pub fn aim(&self, reckoning: &Reckoning) -> Option<Aim> {
        let (at, settings) = (self.samples.last_at()?, &self.settings);
        self.steady.aim(at, reckoning, self.most_borne, settings.cores, &settings.constants)
    }
}

/// Notes a rise where the last one is so long ago, and forgets those that are too old.
fn note(rises: &mut VecDeque<(f64, f64)>, (at, rise): (f64, f64), apart: f64, span: f64) {
    if rises.back().is_none_or(|(last, _)| at >= last + apart) {
        rises.push_back((at, rise));
    }
    rises.retain(|(since, _)| *since > at - span);
}

/// What all but [`MISSED`] of the rises since an instant stay within. `None`: there are too few of `whole`.
fn quantile(rises: &VecDeque<(f64, f64)>, since: f64, whole: f64) -> Option<f64> {
    let mut rises: Vec<f64> = rises.iter().filter(|(at, _)| *at > since).map(|(_, rise)| *rise).collect();
    rises.sort_by(f64::total_cmp);
    let number = u32::try_from(rises.len()).map_or(0.0, f64::from);
    if number < ENOUGH * whole {
        return None;
    }
    // The cast saturates.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let place = (number * (1.0 - MISSED) - 1e-9).ceil() as usize;
    rises.get(place.saturating_sub(1)).copied()
}

/// The next lower whole step, within what a target may be.
fn steps(percent: f64) -> u32 {
    // A share of a percent is lost in reckoning.
    let whole = ((percent + 1e-6) / STEP).floor() * STEP;
    // The cast saturates, and makes nothing of what is not a number.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let whole = whole.clamp(RANGE.0, RANGE.1) as u32;
    whole
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use proptest::prelude::*;

    use super::super::utilisation::{Limit, Safe};
    use super::*;

    const HORIZON: f64 = 150.0;

    /// Requests of 20 ms, where pods may be so busy.
    fn reckoning(utilisation: f64) -> Reckoning {
        let safe = Safe { utilisation, limit: Limit::Latency };
        let (rate, expected, undoubted, reserve) = (0.0, 0.0, 0.0, 1.0);
        Reckoning {
            rate,
            expected,
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
            let mut last = f64::NEG_INFINITY;
            let mut rises = Vec::new();
            for (at, rise) in &all {
                if *at >= last + apart {
                    last = *at;
                    rises.extend((*at > now - span).then_some(*rise));
                }
            }
            rises.sort_by(f64::total_cmp);
            let number = f64::from(u32::try_from(rises.len()).unwrap());
            // The smallest that is not exceeded by more than what may be missed.
            let above = |rise: f64| rises.iter().filter(|other| **other > rise).count();
            let allowed = |rise: f64| f64::from(u32::try_from(above(rise)).unwrap()) <= 0.05 * number + 1e-9;
            rises.iter().copied().find(|rise| allowed(*rise)).filter(|_| number >= enough)
        };
        let (minutes, slots) = (known(60.0, 10_800.0, 144.0), known(300.0, 604_800.0, 230.4)?);
        Some(minutes.unwrap_or(0.0).max(slots).max(1.0).min(Constants::default().most_reserve))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn it_is_what_the_book_says(
            loads in proptest::collection::vec(0.0..500.0_f64, 1..40),
            step in prop_oneof![Just(60.0), Just(75.0), Just(120.0)],
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
}
