//! What a service is to be able to carry where pods are taken away that somebody declared: the highest load of the last hours,
//! and how far a load rises before a pod that is asked for serves.
//!
//! [`reserve`](super::reserve) does not cover that. It makes up for errors of the forecasts by which pods are *added*, and cuts
//! off what no pod could have come for in time: who adds pods answers for no jump. Who takes them away does, as with what was
//! declared the jump would have been borne. So two things are kept for, and the larger one counts:
//!
//! - *A jump.* The highest load of the last three hours, as much as the law begins with, so that one that begins anew knows
//!   no less, times the largest rise of the last seven days, as many as the shape of the day is learned from. A rise is
//!   scored as an error of the reserve is: against what was kept for when a pod would have had to be asked for, and beyond
//!   what chance alone makes of so many requests. It counts as no less than `forecast_cap`, the steepest rise in which the
//!   law believes once it sees it, since the pods that it asks for then come one start later. As long as not a whole day was
//!   seen by samples it is a doubling at least: the most by which one step of the ladder, and the default policy of an HPA,
//!   answers. Rates of five minutes, by which a law that begins anew knows the days before, show no shorter rise. It is no
//!   more than `most_reserve`: what was so much more has to be met otherwise.
//! - *A pod that is lost.* What the load is expected to need is still there when one pod less is (N+1).
//!
//! What is asked for and what is let go lie a tolerance apart (an HPA's, a tenth), so that chance does not move pods to and
//! fro. What was seen is asked for in any case; nothing is let go on hours of which too little was: after a gap in a lull, or of
//! a service that is new, the highest load may be one that nobody saw.

use std::collections::VecDeque;

use super::constants::Constants;
use super::wanted::Reckoning;

/// Seconds whose highest load is kept for.
const RECENT: f64 = 3.0 * 3600.0;
/// Rates are kept by the minute, the highest of each.
const MINUTE: f64 = 60.0;
/// Seconds in a day.
const DAY: f64 = 86_400.0;
/// Days whose largest rise is kept for.
const DAYS: usize = 7;
/// What is taken for possible before a whole day was seen.
const DOUBLING: f64 = 2.0;
/// Seconds for which a rate stands at most: the longest step in which rates of days past are told.
const STEP: f64 = 300.0;
/// The part of the last hours that has to be seen.
const ENOUGH: f64 = 0.8;
/// So many standard deviations of a count are chance.
const CHANCE: f64 = 2.0;
/// Seconds over which a rate was counted, at least.
const COUNTED: f64 = 60.0;
/// So much more is carried by what is left than by what is asked for again.
const TOLERANCE: f64 = 1.1;

/// The loads and rises that were seen.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The highest rate of each of the last minutes.
    minutes: VecDeque<(f64, f64)>,
    /// The largest rise of each of the last days.
    rises: VecDeque<(f64, f64)>,
    /// The newest rate.
    newest: Option<f64>,
    /// Seconds that were seen by samples.
    sampled: f64,
}

/// The pods that are kept, and for what.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kept {
    /// Pods are let go down to so many. `None`: too little of the last hours was seen.
    pub lowest: Option<f64>,
    /// Fewer than so many are too few: they are asked for again.
    pub fewest: f64,
    /// The highest load of the last hours, in requests per second.
    pub load: f64,
    /// What it may become of it at once, as a multiple.
    pub rise: f64,
    /// Seconds of the last hours that were seen.
    pub seen: f64,
}

impl Kept {
    /// Seconds of which it is to be known how high the load was.
    pub const OF: f64 = RECENT;
}

impl Seen {
    /// Notes the rate that samples show at an instant, where a pod that is asked for serves after `within` seconds. Instants
    /// rise.
    pub fn observe(&mut self, at: f64, rate: f64, within: f64) {
        let before = self.newest;
        self.remember(at, rate, within);
        if let (Some(before), Some(newest)) = (before, self.newest) {
            self.sampled += (newest - before).clamp(0.0, STEP);
        }
    }

    /// The same of a mean over minutes of days past.
    pub fn remember(&mut self, at: f64, rate: f64, within: f64) {
        if !at.is_finite() || !rate.is_finite() || rate < 0.0 {
            return;
        }
        self.newest = Some(at);
        let certain = rate - CHANCE * (rate / COUNTED).sqrt();
        if let Some(borne) = self.highest(at - within).filter(|borne| *borne > 0.0) {
            self.note(at, certain / borne);
        }
        self.minutes.retain(|(since, _)| *since > at - RECENT - within - MINUTE);
        match self.minutes.back_mut() {
            Some((since, highest)) if at < *since + MINUTE => *highest = highest.max(rate),
            _ => self.minutes.push_back((at, rate)),
        }
    }

    /// Takes over from a law before it what that saw of the same service, in more detail than rates of days past have.
    pub fn inherit(&mut self, before: &Self) {
        let mut rises: Vec<(f64, f64)> = before.rises.iter().chain(&self.rises).copied().collect();
        rises.sort_by(|one, other| one.0.total_cmp(&other.0));
        self.rises.clear();
        for (at, rise) in rises {
            self.note(at, rise);
        }
        // Both have seen the last hours.
        self.sampled = self.sampled.max(before.sampled);
    }

    fn note(&mut self, at: f64, rise: f64) {
        match self.rises.back_mut() {
            Some((since, largest)) if at < *since + DAY => *largest = largest.max(rise),
            _ => self.rises.push_back((at, rise)),
        }
        while self.rises.len() > DAYS {
            self.rises.pop_front();
        }
    }

    /// The highest rate of the hours until an instant, of whole minutes.
    fn highest(&self, until: f64) -> Option<f64> {
        let of_then = self.minutes.iter().filter(|(since, _)| *since + MINUTE <= until && *since > until - RECENT);
        of_then.map(|(_, rate)| *rate).reduce(f64::max)
    }

    /// What may become of a load at once, as a multiple.
    fn rise(&self, constants: &Constants) -> f64 {
        let seen = self.rises.iter().map(|(_, rise)| *rise).fold(0.0, f64::max);
        let least = if self.sampled >= DAY { constants.forecast_cap } else { DOUBLING };
        seen.max(least).min(constants.most_reserve)
    }

    /// Seconds of the hours until an instant of which the rate is known.
    fn known(&self, at: f64) -> f64 {
        let begins = at - RECENT;
        let next = self.minutes.iter().skip(1).map(|(next, _)| *next).chain([at]);
        let stands = |((since, _), next): (&(f64, f64), f64)| (next.min(since + STEP) - since.max(begins)).max(0.0);
        self.minutes.iter().zip(next).map(stands).sum()
    }

    /// What is kept at the instant of the newest rate, where a pod has so many `cores`. `None`: nothing was seen.
    #[must_use]
    pub fn kept(&self, at: f64, reckoning: &Reckoning, cores: f64, constants: &Constants) -> Option<Kept> {
        let load = self.minutes.iter().filter(|(since, _)| *since > at - RECENT).map(|(_, rate)| *rate);
        let (load, rise) = (load.reduce(f64::max)?, self.rise(constants));
        let jump = load * rise * reckoning.work / (reckoning.safe.utilisation * cores);
        let lost = |need: f64| need.ceil() + 1.0;
        let seen = self.known(at);
        let lowest = (jump * TOLERANCE).max(lost(reckoning.need * TOLERANCE));
        Some(Kept {
            lowest: (seen >= ENOUGH * RECENT).then_some(lowest),
            fewest: jump.max(lost(reckoning.need)),
            load,
            rise,
            seen,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::utilisation::{Limit, Safe};
    use super::super::wanted::Foresight;
    use super::*;

    /// A need of so many pods of one core; each request is 20 ms of work, and pods may be 80 % busy: 40 requests a second.
    fn reckoning(need: f64) -> Reckoning {
        let safe = Safe { utilisation: 0.8, limit: Limit::Unproven };
        let (rate, expected, undoubted, horizon, reserve) = (0.0, 0.0, 0.0, 150.0, 1.0);
        let by = Foresight::Held;
        Reckoning { rate, expected, by, undoubted, horizon, horizon_seen: true, reserve, work: 0.02, safe, need }
    }

    /// What was seen of a load of so many hours, sampled every half a minute.
    fn seen(hours: f64, load: impl Fn(f64) -> f64) -> (Seen, f64) {
        let (mut seen, mut at) = (Seen::default(), 0.0);
        while at <= hours * 3600.0 {
            seen.observe(at, load(at), 150.0);
            at += 30.0;
        }
        (seen, at - 30.0)
    }

    fn rise(hours: f64, load: impl Fn(f64) -> f64) -> f64 {
        seen(hours, load).0.rise(&Constants::default())
    }

    fn is_about(rise: f64, expected: f64) {
        assert!((rise - expected).abs() < 0.05, "{rise}, and not {expected}");
    }

    #[test]
    fn a_doubling_is_possible_before_a_day_was_seen_and_half_as_much_again_at_any_time() {
        is_about(Seen::default().rise(&Constants::default()), 2.0);
        is_about(rise(5.0, |_| 100.0), 2.0);
        is_about(rise(25.0, |_| 100.0), 1.5);
    }

    #[test]
    fn a_jump_counts_by_what_was_kept_for_one_start_before_it_and_for_a_week() {
        let jump = |at: f64| if at < 26.0 * 3600.0 { 100.0 } else { 250.0 };
        is_about(rise(27.0, jump), 2.5 - 2.0 * (250.0_f64 / 60.0).sqrt() / 100.0);
        is_about(rise(150.0, jump), 2.46);
        is_about(rise(26.0 + 8.0 * 24.0, jump), 1.5);
        is_about(rise(27.0, |at| if at < 26.0 * 3600.0 { 10.0 } else { 250.0 }), 3.0);
        // What was there two hours ago was kept for.
        let again = |at: f64| if (at / 3600.0) % 2.0 < 0.1 { 250.0 } else { 100.0 };
        is_about(rise(50.0, again), 1.5);
    }

    #[test]
    fn neither_a_slow_rise_nor_chance_is_a_jump() {
        is_about(rise(30.0, |at| 100.0 + at / 60.0), 1.5);
        let (mut few, constants) = (Seen::default(), Constants::default());
        for step in 0..4000_u32 {
            // Three requests in a minute, and then ten.
            few.observe(f64::from(step) * 30.0, if step % 400 == 399 { 0.17 } else { 0.05 }, 150.0);
        }
        is_about(few.rise(&constants), 1.5);
        few.observe(f64::NAN, 1.0, 150.0);
        few.observe(1.0, f64::INFINITY, 150.0);
        is_about(few.rise(&constants), 1.5);
    }

    #[test]
    fn the_highest_load_of_three_hours_is_kept_for_and_a_pod_more_than_is_needed() {
        let constants = Constants::default();
        let (day, at) = seen(30.0, |at| if at < 28.0 * 3600.0 { 400.0 } else { 100.0 });
        // 400 requests a second, half as many again, 40 a pod.
        let kept = day.kept(at, &reckoning(3.0), 1.0, &constants).unwrap();
        assert!((kept.fewest - 15.0).abs() < 1e-9 && (kept.lowest.unwrap() - 16.5).abs() < 1e-9, "{kept:?}");
        let (day, at) = seen(32.0, |at| if at < 28.0 * 3600.0 { 400.0 } else { 100.0 });
        let kept = day.kept(at, &reckoning(3.0), 1.0, &constants).unwrap();
        assert!((kept.fewest - 4.0).abs() < 1e-9, "a pod of those that are needed may be lost: {kept:?}");
        assert!((kept.load - 100.0).abs() < 1e-9, "{kept:?}");
        assert_eq!(Seen::default().kept(0.0, &reckoning(3.0), 1.0, &constants), None);
    }

    #[test]
    fn nothing_is_let_go_on_hours_of_which_too_little_was_seen() {
        let kept = |(seen, at): (Seen, f64)| seen.kept(at, &reckoning(1.0), 1.0, &Constants::default()).unwrap();
        // A service that is new, and one whose store was silent for hours and came back in a lull.
        assert_eq!(kept(seen(2.3, |_| 100.0)).lowest, None);
        assert!((kept(seen(2.3, |_| 100.0)).fewest - 5.0).abs() < 1e-9, "what was seen is asked for");
        assert!(kept(seen(2.5, |_| 100.0)).lowest.is_some());
        let (mut silent, mut at) = seen(30.0, |_| 400.0);
        at += 2.0 * 3600.0;
        for minute in 0..100 {
            silent.observe(at, 50.0, 150.0);
            let kept = kept((silent.clone(), at));
            assert_eq!(kept.lowest, None, "after {minute} minutes: {kept:?}");
            at += 60.0;
        }
        // A gap of minutes changes nothing, nor do samples that lie minutes apart.
        let (mut gap, mut at) = seen(30.0, |_| 400.0);
        for _ in 0..6 {
            at += 300.0;
            gap.observe(at, 400.0, 150.0);
        }
        assert!(kept((gap, at + 1200.0)).lowest.is_some());
    }

    #[test]
    fn a_day_counts_by_the_samples_that_were_seen_of_it_and_not_by_rates_of_five_minutes() {
        let constants = Constants::default();
        let mut begun = Seen::default();
        for slot in 0..7 * 288_u32 {
            begun.remember(f64::from(slot) * 300.0, 100.0, 600.0);
        }
        let mut at = 7.0 * DAY;
        let kept = |seen: &Seen, at| seen.kept(at, &reckoning(1.0), 1.0, &constants).unwrap();
        assert!(kept(&begun, at).lowest.is_some(), "it knows the hours before at once");
        is_about(begun.rise(&constants), 2.0);
        let mut sample = |seen: &mut Seen, hours: f64| {
            let until = at + hours * 3600.0;
            while at < until {
                at += 60.0;
                seen.observe(at, 100.0, 150.0);
            }
            at += 10.0 * DAY;
        };
        sample(&mut begun, 23.0);
        is_about(begun.rise(&constants), 2.0);
        // Ten days without a sample are none.
        sample(&mut begun, 0.5);
        is_about(begun.rise(&constants), 2.0);
        sample(&mut begun, 0.6);
        is_about(begun.rise(&constants), 1.5);
    }

    #[test]
    fn what_the_law_before_it_saw_is_inherited() {
        let constants = Constants::default();
        let jump = |at: f64| if at < 26.0 * 3600.0 { 100.0 } else { 250.0 };
        let (before, _) = seen(27.0, jump);
        let mut heir = Seen::default();
        for minute in 0..180_u32 {
            heir.observe(27.0 * 3600.0 + f64::from(minute) * 60.0, 250.0, 150.0);
        }
        is_about(heir.rise(&constants), 2.0);
        heir.inherit(&before);
        is_about(heir.rise(&constants), 2.46);
        assert!((heir.sampled - before.sampled).abs() < 1e-9);
    }
}
