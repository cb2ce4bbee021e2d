//! The scaling law: how many pods a promise on latency needs.
//!
//! A fold over samples. `need = expected * reserve * work / (safe utilisation * cores)`, where
//! - `expected` is the demand when pods asked for now are ready ([`demand`]), but no less than what was just measured
//!   ([`hold`]);
//! - `reserve` comes from the errors of the forecasts before ([`reserve`], [`variation`]);
//! - `work` is the core-seconds of a request ([`work`]);
//! - the safe utilisation is learned from the latency histogram ([`utilisation`]).
//!
//! Where pods are taken away that somebody declared, more than that is kept: see [`kept`]; what an HPA may aim at that has no
//! forecast: see [`steady`].
//!
//! It is never told the service time, the slots of a pod, the balancer or the start delay. Missing or stale samples hold
//! the present number, and never reduce it. A number may be good enough to be told and not to be acted upon: see [`Doubt`].

pub mod constants;
pub mod demand;
mod doubt;
pub mod histogram;
pub mod hold;
pub mod kept;
pub mod reserve;
pub mod sample;
pub mod season;
pub mod start;
pub mod steady;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
pub mod utilisation;
pub mod variation;
pub mod wanted;
pub mod work;

pub use constants::Constants;
pub use kept::Kept;
pub use sample::{Sample, Warm};
pub use steady::Aim;
pub use utilisation::{Limit, Promise};
pub use wanted::{Blind, Doubt, Foresight, Reckoning, Wanted};

use demand::{Demand, Dispersion};
use histogram::Histograms;
use hold::{Highest, Needs};
use kept::Seen;
use reserve::Reserve;
use sample::{Interval, Samples, Taken};
use season::Season;
use start::Starts;
use steady::Steady;
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
/// Seconds between two rates of days past.
const LONG_STEP: f64 = 300.0;
/// Seconds for which it is remembered that the pods were so busy and served well.
const PROVEN: f64 = 3600.0;
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
    /// What is kept for where pods are taken away.
    seen: Seen,
    /// How far the load rises before an HPA has followed it.
    steady: Steady,
    /// What is held of the rates that were measured in no doubt.
    undoubted: Highest,
    provided: Highest,
    needs: Needs,
    work: Option<f64>,
    /// Whether more requests fail than may.
    failing: bool,
    /// Why what is measured is in doubt, and until when.
    doubted: Option<(Doubt, f64)>,
    /// Whether the interval before was overloaded, or its pods came and went.
    unsettled: bool,
    /// How busy the pods were while they served well.
    proven: Highest,
    /// The most requests per second that a ready pod answered while they served well. It is never forgotten: once a floor
    /// has spread the load, pods are given less than they can bear.
    most_borne: Option<f64>,
    /// They did not serve well since the last time they did.
    was_late: bool,
    /// What is expected as of the newest sample.
    outlook: Option<Outlook>,
}

#[derive(Clone, Copy, Debug)]
struct Outlook {
    demand: Demand,
    /// What is to be carried.
    expected: f64,
    by: Foresight,
    /// The same, without what is held of rates that were measured in doubt.
    undoubted: f64,
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
            seen: Seen::default(),
            steady: Steady::default(),
            undoubted: Highest::default(),
            provided: Highest::default(),
            needs: Needs::default(),
            work: None,
            failing: false,
            doubted: None,
            unsettled: false,
            proven: Highest::default(),
            most_borne: None,
            was_late: false,
            outlook: None,
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
        // The rate is one of five minutes, of which the load may have risen in the last one alone.
        self.seen.remember(at, rate, self.horizon().0.max(2.0 * LONG_STEP));
        self.steady.remember(at, rate, self.horizon().0);
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
        // What a failed request has cost is not known, and those that succeeded did not cost all of it.
        self.failing = work::failed_share(&self.samples, constants) > 1.0 - promise.available;
        if !self.failing {
            self.work = work::of_a_request(&self.samples, *scrape, constants).or(self.work);
        }
        self.prove(interval);
        self.suspect(interval);
        self.look_ahead(interval);
        self.learn_latency(interval);
    }

    /// What is expected. A rate that is in doubt is held for who reads the number, and not for who acts upon it; nor is it the
    /// rate of that time of the day.
    fn look_ahead(&mut self, interval: &Interval) {
        let Settings { scrape, constants, .. } = &self.settings;
        let horizon = self.horizon().0;
        let certain = self.in_doubt().is_none();
        if let Some(demand) = demand::now(&self.samples, *scrape, &self.dispersion, constants) {
            let held = self.held.hold(interval.at, demand.rate, constants.hold);
            // Of a gauge that jumped nothing came; what is late or fails did come.
            if self.in_doubt() != Some(Doubt::Jump) {
                self.seen.observe(interval.at, demand.rate, horizon);
                self.steady.observe(interval.at, demand.rate, horizon);
            }
            let (at, trend) = (interval.at, demand.after(horizon, constants));
            let season = self.season.forecast(at, demand.level, horizon);
            let forecast = season.filter(|_| self.season.is_believed()).map_or(trend, |season| season.max(trend));
            let by = self.season.told(trend, season, held);
            if certain {
                self.season.judge(at, demand.rate, horizon, trend, season, constants);
                self.season.remember(at, demand.rate);
                self.undoubted.hold(at, demand.rate, constants.hold);
            } else {
                self.season.pass(at);
            }
            let expected = forecast.max(held);
            let undoubted = forecast.max(self.undoubted.until(at, constants.hold).unwrap_or(0.0));
            let provided = self.provided.hold(interval.at, expected, (constants.release * horizon).max(LOOK));
            self.reserve.observe((interval.at, interval.seconds), &demand, provided, horizon, constants);
            self.outlook = Some(Outlook { demand, expected, by, undoubted });
        }
    }

    /// Notes how busy the pods were where they served well for a whole window of work; forgets it where they do not.
    ///
    /// Histograms remember what was slow for another reason than the load, like a dependency, for a quarter of an hour.
    fn prove(&mut self, interval: &Interval) {
        let Settings { promise, constants, .. } = &self.settings;
        let (allowed, window) = (1.0 - promise.good, constants.work_window);
        let late = self.late_share(window);
        if self.failing || late.is_some_and(|late| late > allowed) {
            (self.proven, self.was_late) = (Highest::default(), true);
            return;
        }
        let seconds: f64 = self.samples.within(window).map(|i| i.seconds).sum();
        let settled = seconds >= 0.8 * window && self.samples.within(window).all(|i| i.steady);
        if let (true, Some(late), Some(busy)) = (settled, late, self.busy())
            && late <= allowed * constants.margin
        {
            self.proven.hold(interval.at, busy.min(OVERLOADED), PROVEN);
            self.was_late = false;
            if let Some(rate) = self.rate_of_a_pod(window) {
                self.has_borne(rate);
            }
        }
    }

    /// A ready pod of the same size once answered so many requests per second while they served well.
    fn has_borne(&mut self, rate: f64) {
        self.most_borne = Some(self.most_borne.map_or(rate, |most| most.max(rate)));
    }

    /// The requests per second that a ready pod answered in the last `window` seconds. `None`: none was ready.
    fn rate_of_a_pod(&self, window: f64) -> Option<f64> {
        let intervals = self.samples.within(window);
        let (answered, had) =
            intervals.fold((0.0, 0.0), |(answered, had), i| (answered + i.answered, had + i.ready * i.seconds));
        (answered > 0.0 && had > 0.0).then(|| answered / had)
    }

    /// The share of the requests of the last `window` seconds that took longer than is promised. `None`: there were too few.
    fn late_share(&self, window: f64) -> Option<f64> {
        let Settings { promise, bounds, .. } = &self.settings;
        let bound = bounds.iter().position(|bound| *bound >= promise.latency * (1.0 - 1e-9));
        let within = |i: &Interval| bound.map_or(i.answered, |at| i.buckets.get(at).copied().unwrap_or_default());
        let intervals = self.samples.within(window);
        let (served, in_time) =
            intervals.fold((0.0, 0.0), |(served, in_time), i| (served + i.answered - i.errors, in_time + within(i)));
        (served >= FEWEST).then(|| 1.0 - in_time / served)
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
        let (Some(work), Some(outlook)) = (self.work.filter(|work| *work > 0.0), self.outlook) else {
            return Wanted::Hold(if self.failing { Blind::Failing } else { Blind::UnknownWork });
        };
        let Outlook { demand, expected, by, undoubted } = outlook;
        let (horizon, horizon_seen) = self.horizon();
        let reserve = self.reserve.factor(horizon, constants);
        let safe = utilisation::safe(&self.histograms, *promise, work, constants);
        let need = expected * reserve * work / (safe.utilisation * cores);
        let highest = self.needs.hold(now, need, (constants.release * horizon).max(LOOK), demand.rising(constants));
        let pods = if whole(need) > replicas { whole(need) } else { whole(highest).min(replicas) };
        let rate = demand.rate;
        let reckoning = Reckoning { rate, expected, by, undoubted, horizon, horizon_seen, reserve, work, safe, need };
        Wanted::Pods(pods.max(1), reckoning)
    }

    /// Takes over from the law before it what that saw of the same service.
    pub fn inherit(&mut self, before: &Self) {
        self.seen.inherit(&before.seen);
        self.steady.inherit(&before.steady);
        if let Some(rate) = before.most_borne {
            self.has_borne(rate);
        }
    }

    /// What is kept where pods are taken away. `None`: nothing was seen yet.
    #[must_use]
    pub fn kept(&self, reckoning: &Reckoning) -> Option<Kept> {
        let Settings { cores, constants, .. } = &self.settings;
        self.seen.kept(self.samples.last_at()?, reckoning, *cores, constants)
    }

    /// The pods of a reckoning that somebody should act on: where the pods were busier than it believes to be safe within the
    /// last hour, and served well since, that is safe; and so is what a pod has ever borne while they served well.
    ///
    /// The second is told by the requests alone. CPU that pods use without any is taken for work of requests, of which every
    /// further pod then makes more: by CPU alone an even load could need ever more pods.
    #[must_use]
    pub fn sure(&self, reckoning: &Reckoning) -> u32 {
        let proven = self.samples.last_at().and_then(|at| self.proven.until(at, PROVEN)).unwrap_or(0.0);
        let believed = reckoning.safe.utilisation;
        let Reckoning { need, expected, undoubted, reserve, .. } = reckoning;
        let by_work = need * undoubted / expected * believed / believed.max(proven);
        let by_requests = self.most_borne.map_or(0.0, |borne| reserve * undoubted / borne);
        whole(by_work.min(by_requests)).max(1)
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
