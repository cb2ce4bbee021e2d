//! What speaks against the rates that were measured, and so against acting on what is wanted.

use super::sample::Interval;
use super::utilisation;
use super::{Doubt, Law, Limit, Settings};

/// More requests that begin to wait in an interval than this many times those that it answered, and so many more, are those
/// of a gauge that jumped: a queue that grows so fast makes them late first.
const JUMP: (f64, f64) = (1.0, 50.0);

impl Law {
    /// Notes what speaks against the rates: they are in doubt for as long as one of their windows reaches back to it.
    pub(super) fn suspect(&mut self, interval: &Interval) {
        let Settings { promise, scrape, constants, .. } = &self.settings;
        let window = constants.rate_window.max(2.0 * scrape);
        let reach = window.max(constants.rising_window.max(4.0 * scrape)) + interval.seconds;
        let late = self.late_share(window).is_some_and(|late| late > 1.0 - promise.good);
        let (times, more) = JUMP;
        let jumps = interval.arrived - interval.answered > times * interval.answered + more;
        let found = [
            (self.failing, Doubt::Failing, reach),
            (jumps, Doubt::Jump, reach.max(constants.hold)),
            (late, Doubt::Late, reach),
        ];
        for (_, doubt, lasts) in found.into_iter().filter(|(found, ..)| *found) {
            let until = interval.at + lasts;
            if self.doubted.is_none_or(|(_, before)| before < until) {
                self.doubted = Some((doubt, until));
            }
        }
    }

    /// What speaks against the rates as of the newest sample. It outlives a gap.
    pub(super) fn in_doubt(&self) -> Option<Doubt> {
        if self.failing {
            return Some(Doubt::Failing);
        }
        let doubted = self.doubted.filter(|(_, until)| self.samples.last_at().is_some_and(|at| at < *until));
        doubted.map(|(doubt, _)| doubt).or(self.was_late.then_some(Doubt::Late))
    }

    /// Why nobody should act on what is wanted, though it can be told. `None`: nothing speaks against it.
    #[must_use]
    pub fn doubt(&self) -> Option<Doubt> {
        let Settings { promise, constants, .. } = &self.settings;
        let doubt = self.in_doubt();
        if doubt.is_some() {
            return doubt;
        }
        let work = self.work.filter(|work| *work > 0.0)?;
        let safe = utilisation::safe(&self.histograms, *promise, work, constants);
        (safe.limit == Limit::Unknown || self.most_borne.is_none()).then_some(Doubt::Unseen)
    }
}
