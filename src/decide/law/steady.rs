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

    /// Takes over what was seen before the first that is known here.
    pub fn inherit(&mut self, before: &Self) {
        take_over(&mut self.minutes, &before.minutes, MINUTE);
        take_over(&mut self.slots, &before.slots, SLOT);
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
        let week = quantile(&self.slots, at - WEEK, (SLOT, DAY))?;
        let recent = quantile(&self.minutes, at - RECENT, (MINUTE, RECENT));
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

/// Puts those rises before the others that are so much older than all of them.
fn take_over(rises: &mut VecDeque<(f64, f64)>, before: &VecDeque<(f64, f64)>, apart: f64) {
    let first = rises.front().map_or(f64::INFINITY, |(at, _)| *at);
    for older in before.iter().rev().filter(|(at, _)| at + apart <= first) {
        rises.push_front(*older);
    }
}

/// What all but [`MISSED`] of the rises since an instant stay within. `None`: too little of `whole` is known. Each tells of the
/// time since the one before it, which is at least `apart`, and of no more than twice that: scrapes may lie further apart.
fn quantile(rises: &VecDeque<(f64, f64)>, since: f64, (apart, whole): (f64, f64)) -> Option<f64> {
    let known: Vec<(f64, f64)> = rises.iter().filter(|(at, _)| *at > since).copied().collect();
    let between = known.iter().zip(known.iter().skip(1)).map(|((one, _), (next, _))| (next - one).min(2.0 * apart));
    if known.is_empty() || between.sum::<f64>() + apart < ENOUGH * whole {
        return None;
    }
    let mut rises: Vec<f64> = known.into_iter().map(|(_, rise)| rise).collect();
    rises.sort_by(f64::total_cmp);
    let number = u32::try_from(rises.len()).map_or(0.0, f64::from);
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
mod tests;
