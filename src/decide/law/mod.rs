//! The scaling law: how many pods a promise on latency needs.
//!
//! A fold over samples. `need = expected * reserve * work / (safe utilisation * cores)`, where
//! - `expected` is the demand when pods asked for now are ready ([`demand`]), but no less than what was just measured
//!   ([`hold`]);
//! - `reserve` comes from the errors of the forecasts before ([`reserve`]);
//! - `work` is the core-seconds of a request ([`work`]);
//! - the safe utilisation is learned from the latency histogram ([`utilisation`]).
//!
//! It is never told the service time, the slots of a pod, the balancer or the start delay. Missing or stale samples hold
//! the present number, and never reduce it. A number may be good enough to be told and not to be acted upon: see [`Doubt`].

pub mod constants;
pub mod demand;
pub mod histogram;
pub mod hold;
pub mod reserve;
pub mod sample;
pub mod season;
pub mod start;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
pub mod utilisation;
pub mod wanted;
pub mod work;

pub use constants::Constants;
pub use sample::{Sample, Warm};
pub use utilisation::{Limit, Promise};
pub use wanted::{Blind, Doubt, Reckoning, Wanted};

use demand::{Demand, Dispersion};
use histogram::Histograms;
use hold::Highest;
use reserve::Reserve;
use sample::{Interval, Samples, Taken};
use season::Season;
use start::Starts;
use utilisation::{FEWEST, OVERLOADED};

/// Seconds from a sample to the write of what it led to, at most: one look of this loop or of the autoscaler it steers.
const LOOK: f64 = 15.0;
/// A longer scrape interval delays what is seen no more than this, seconds.
const LONGEST_SCRAPE: f64 = 30.0;
/// Samples further apart than this many scrapes are a gap.
const GAP: f64 = 3.0;
/// Seconds of delay a sample is allowed beyond that.
const LATE: f64 = 5.0;
/// Intervals without a gap that are waited for.
const UNBROKEN: usize = 2;

/// What the law is set up with.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// What is promised.
    pub promise: Promise,
    /// Cores of a pod: its CPU request.
    pub cores: f64,
    /// Usual seconds between two samples.
    pub scrape: f64,
    /// Bounds of the latency buckets in seconds, rising.
    pub bounds: Vec<f64>,
    /// The numbers of the law.
    pub constants: Constants,
}

/// The law with what it has learned.
#[derive(Clone, Debug)]
pub struct Law {
    settings: Settings,
    samples: Samples,
    dispersion: Dispersion,
    reserve: Reserve,
    histograms: Histograms,
    starts: Starts,
    season: Season,
    held: Highest,
    provided: Highest,
    needs: Highest,
    work: Option<f64>,
    /// Whether more requests fail than may.
    failing: bool,
    /// Whether the interval before was overloaded, or its pods came and went.
    unsettled: bool,
    /// Demand at the newest sample, and what is provided for since.
    demand: Option<(Demand, f64)>,
}

impl Law {
    /// Knows nothing yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            samples: Samples::default(),
            dispersion: Dispersion::new(&settings.constants),
            reserve: Reserve::default(),
            histograms: Histograms::new(&settings.bounds),
            starts: Starts::default(),
            season: Season::default(),
            held: Highest::default(),
            provided: Highest::default(),
            needs: Highest::default(),
            work: None,
            failing: false,
            unsettled: false,
            demand: None,
            settings,
        }
    }

    /// A pod took so many seconds from its creation until it was ready.
    pub fn started(&mut self, seconds: f64) {
        self.starts.observe(seconds);
    }

    /// Demand of days past, in requests per second at an instant, from the oldest on: what the shape of the day is learned
    /// from. Instants are on the clock of the samples, and that clock's days begin at midnight somewhere.
    pub fn remember(&mut self, at: f64, rate: f64) {
        self.season.remember(at, rate);
    }

    /// Takes a sample. What is not a number, not new, or before a gap teaches nothing.
    pub fn observe(&mut self, sample: Sample) {
        let gap = GAP * self.settings.scrape;
        if let Taken::Continues(interval) = self.samples.take(sample, gap) {
            self.learn(&interval);
        }
    }

    fn learn(&mut self, interval: &Interval) {
        let Settings { promise, scrape, constants, .. } = &self.settings;
        self.dispersion.observe(&self.samples, *scrape, constants);
        let horizon = self.horizon().0;
        if let Some(demand) = demand::now(&self.samples, *scrape, &self.dispersion, &self.held, constants) {
            let held = self.held.hold(interval.at, demand.rate, constants.hold);
            let (at, trend) = (interval.at, demand.after(horizon, constants));
            let season = self.season.forecast(at, demand.level, horizon);
            let forecast = season.filter(|_| self.season.is_believed()).map_or(trend, |season| season.max(trend));
            self.season.judge(at, demand.rate, horizon, trend, season, constants);
            self.season.remember(at, demand.rate);
            let expected = forecast.max(held);
            let provided = self.provided.hold(interval.at, expected, (constants.release * horizon).max(LOOK));
            self.reserve.observe(interval.at, interval.seconds, demand.rate, provided, horizon, constants);
            self.demand = Some((demand, expected));
        }
        // What a failed request has cost is not known, and those that succeeded did not cost all of it.
        self.failing = work::failed_share(&self.samples, constants) > 1.0 - promise.available;
        if !self.failing {
            self.work = work::of_a_request(&self.samples, *scrape, constants).or(self.work);
        }
        self.learn_latency(interval);
    }

    /// What the latency of an interval teaches of its utilisation. Nothing, if pods came or went, or if queues of an
    /// overload before may still drain.
    fn learn_latency(&mut self, interval: &Interval) {
        let Settings { cores, constants, .. } = &self.settings;
        let capacity = interval.ready * cores * interval.seconds;
        let served = interval.answered - interval.errors;
        let busy = if capacity > 0.0 { interval.cpu_seconds / capacity } else { 1.0 };
        let clean = interval.steady && !std::mem::replace(&mut self.unsettled, !interval.steady || busy >= OVERLOADED);
        if clean && served > 0.0 {
            self.histograms.observe(interval, busy, interval.cpu_seconds / served, constants);
        }
    }

    /// What is wanted now that `replicas` are asked for.
    pub fn want(&mut self, now: f64, replicas: u32) -> Wanted {
        let Settings { promise, cores, scrape, constants, .. } = &self.settings;
        if self.samples.last_at().is_none_or(|at| now - at > GAP * scrape + LATE) {
            return Wanted::Hold(Blind::Stale);
        }
        if self.samples.unbroken() < UNBROKEN {
            return Wanted::Hold(Blind::Broken);
        }
        let (Some(work), Some((demand, expected))) = (self.work.filter(|work| *work > 0.0), self.demand) else {
            return Wanted::Hold(if self.failing { Blind::Failing } else { Blind::UnknownWork });
        };
        let (horizon, horizon_seen) = self.horizon();
        let reserve = self.reserve.factor(horizon, constants);
        let safe = utilisation::safe(&self.histograms, *promise, work, constants);
        let need = expected * reserve * work / (safe.utilisation * cores);
        let highest = self.needs.hold(now, need, (constants.release * horizon).max(LOOK));
        let pods = if whole(need) > replicas { whole(need) } else { whole(highest).min(replicas) };
        let reckoning = Reckoning { rate: demand.rate, expected, horizon, horizon_seen, reserve, work, safe, need };
        Wanted::Pods(pods.max(1), reckoning)
    }

    /// Why nobody should act on what is wanted, though it can be told. `None`: nothing speaks against it.
    #[must_use]
    pub fn doubt(&self) -> Option<Doubt> {
        let Settings { promise, scrape, bounds, constants, .. } = &self.settings;
        if self.failing {
            return Some(Doubt::Failing);
        }
        let intervals = || self.samples.within(constants.rate_window.max(2.0 * scrape));
        let bound = bounds.iter().position(|bound| *bound >= promise.latency * (1.0 - 1e-9));
        let within = |i: &Interval| bound.map_or(i.answered, |at| i.buckets.get(at).copied().unwrap_or_default());
        let (served, in_time) =
            intervals().fold((0.0, 0.0), |(served, in_time), i| (served + i.answered - i.errors, in_time + within(i)));
        if served >= FEWEST && 1.0 - in_time / served > 1.0 - promise.good {
            return Some(Doubt::Late);
        }
        let work = self.work.filter(|work| *work > 0.0)?;
        let safe = utilisation::safe(&self.histograms, *promise, work, constants);
        (safe.limit == Limit::Unknown).then_some(Doubt::Unseen)
    }

    /// The share of their cores that the pods used over the window of the work of a request. `None`: nothing was sampled.
    #[must_use]
    pub fn busy(&self) -> Option<f64> {
        let Settings { cores, constants, .. } = &self.settings;
        let intervals = self.samples.within(constants.work_window);
        let (used, had) = intervals.fold((0.0, 0.0), |(used, had), interval| {
            (used + interval.cpu_seconds, had + interval.ready * cores * interval.seconds)
        });
        (had > 0.0).then(|| used / had)
    }

    /// Seconds until pods asked for now take requests, and whether that was learned.
    fn horizon(&self) -> (f64, bool) {
        let (start, seen) = self.starts.delay(&self.settings.constants);
        (start + LOOK + self.settings.scrape.min(LONGEST_SCRAPE) / 2.0, seen)
    }
}

/// The next whole number of pods.
fn whole(pods: f64) -> u32 {
    // The cast saturates, and makes nothing of what is not a number.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let whole = pods.ceil() as u32;
    whole
}
