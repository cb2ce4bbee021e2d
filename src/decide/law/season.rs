//! What the same time of the days before says about the next minutes, and whether it deserves to be believed.
//!
//! Only the shape is taken from the past: how much more than now was asked for a little later on. It may raise the trend's
//! forecast only while its own forecasts of the last hour were no worse than the trend's, and to no more than was ever asked
//! for at that time of the day: a quiet night before a busy morning would otherwise expect any multiple of the present load.

use std::collections::VecDeque;

use super::constants::Constants;
use super::wanted::Foresight;

/// The season's length in seconds: people live by the day.
const DAY: f64 = 86_400.0;
/// Length of a slot in seconds.
const SLOT: f64 = 300.0;
/// Slots of a day.
const SLOTS: usize = 288;
/// Weight of the newest day in a slot's mean: yesterday counts as much as all days before it.
const NEWEST: f64 = 0.5;

/// So many days are remembered.
const DAYS: usize = 7;

/// A squared relative error below this, 3 %, speaks against nobody: a quiet hour must not disprove a busy one.
const NEGLIGIBLE: f64 = 0.03 * 0.03;

/// The shape of the day.
#[derive(Clone, Debug)]
pub struct Season {
    slots: Vec<Option<f64>>,
    /// The rates of the last days, slot by slot.
    seen: Vec<VecDeque<f64>>,
    /// The slot that is being filled: when it began, the sum of its rates, and how many.
    filling: Option<(f64, f64, f64)>,
    /// Forecasts whose time has not come: when it does, the trend's, the season's.
    pending: VecDeque<(f64, f64, f64)>,
    /// Squared relative errors of the trend and of the season.
    errors: Option<(f64, f64)>,
}

impl Default for Season {
    fn default() -> Self {
        let (slots, seen) = (vec![None; SLOTS], vec![VecDeque::new(); SLOTS]);
        Self { slots, seen, filling: None, pending: VecDeque::new(), errors: None }
    }
}

impl Season {
    /// Notes the rate at an instant; instants are seconds since midnight of any day, and rise.
    pub fn remember(&mut self, at: f64, rate: f64) {
        if !at.is_finite() || !rate.is_finite() || rate < 0.0 {
            return;
        }
        let begin = (at / SLOT).floor() * SLOT;
        match &mut self.filling {
            Some((since, sum, count)) if (*since - begin).abs() < SLOT / 2.0 => {
                *sum += rate;
                *count += 1.0;
            }
            filling => {
                let full = filling.replace((begin, rate, 1.0));
                if let Some((since, sum, count)) = full {
                    self.fill(slot_at(since), sum / count);
                }
            }
        }
    }

    /// Notes the mean of a slot that is full.
    fn fill(&mut self, slot: usize, mean: f64) {
        if let Some(shape) = self.slots.get_mut(slot) {
            *shape = Some(shape.map_or(mean, |before| before + NEWEST * (mean - before)));
        }
        if let Some(seen) = self.seen.get_mut(slot) {
            seen.push_back(mean);
            while seen.len() > DAYS {
                seen.pop_front();
            }
        }
    }

    /// The highest rate until `horizon` seconds from now that the days before let expect, from `level` now: no less than
    /// that, and no more than was seen at that time of any of them. `None` where a slot was never seen.
    #[must_use]
    pub fn forecast(&self, at: f64, level: f64, horizon: f64) -> Option<f64> {
        let now = self.shape(at)?;
        let steps = (horizon / SLOT).ceil().max(1.0);
        let (mut highest, mut most) = (self.shape(at + horizon)?, self.most(at + horizon));
        let mut step = 1.0;
        while step < steps {
            let then = at + horizon * step / steps;
            (highest, most) = (highest.max(self.shape(then)?), most.max(self.most(then)));
            step += 1.0;
        }
        (now > 0.0).then(|| (level * (highest / now).max(1.0)).min(most.max(level)))
    }

    /// The highest rate that was seen around an instant of the day.
    fn most(&self, at: f64) -> f64 {
        let around = [at - SLOT / 2.0, at + SLOT / 2.0];
        let seen = around.into_iter().filter_map(|at| self.seen.get(slot_at(at))).flatten();
        seen.copied().fold(0.0, f64::max)
    }

    /// Notes what the two forecasts say, and judges those whose time has come by the present rate.
    pub fn judge(&mut self, at: f64, rate: f64, horizon: f64, trend: f64, season: Option<f64>, constants: &Constants) {
        while let Some((due, trend, season)) = self.pending.front().copied() {
            if due > at {
                break;
            }
            self.pending.pop_front();
            let error = |forecast: f64| if rate > 0.0 && forecast > 0.0 { (rate / forecast).ln().powi(2) } else { 0.0 };
            let keep = (-std::f64::consts::LN_2 * SLOT / 20.0 / constants.error_half_life).exp();
            let (old_trend, old_season) = self.errors.unwrap_or((error(trend), error(season)));
            self.errors = Some((
                old_trend * keep + (1.0 - keep) * error(trend),
                old_season * keep + (1.0 - keep) * error(season),
            ));
        }
        if let Some(season) = season {
            self.pending.push_back((at + horizon, trend, season));
        }
    }

    /// Lets pass unjudged what is due until an instant: its rate is in doubt.
    pub fn pass(&mut self, at: f64) {
        self.pending.retain(|(due, ..)| *due > at);
    }

    /// Whether the season forecast no worse than the trend of late.
    #[must_use]
    pub fn is_believed(&self) -> bool {
        self.errors.is_some_and(|(trend, season)| season <= trend.max(NEGLIGIBLE))
    }

    /// Which of them it is that most is expected by: the slope's forecast, the season's, or what is held. Where the slope says as
    /// much as another, it is the slope.
    #[must_use]
    pub fn told(&self, slope: f64, season: Option<f64>, held: f64) -> Foresight {
        let believed = season.filter(|_| self.is_believed());
        let above = believed.unwrap_or(0.0).max(held);
        if above <= slope {
            // Where nothing is known of the days before, nothing was disproved.
            let disproved = season.is_some_and(|season| season > slope) && self.errors.is_some() && believed.is_none();
            return Foresight::Slope { disproved };
        }
        if believed.is_some_and(|season| season >= held) { Foresight::Days } else { Foresight::Held }
    }

    /// The shape at an instant, evenly between the middles of two slots.
    fn shape(&self, at: f64) -> Option<f64> {
        let middle = at - SLOT / 2.0;
        let part = (middle / SLOT).fract().rem_euclid(1.0);
        let (before, after) = (self.slots.get(slot_at(middle)), self.slots.get(slot_at(middle + SLOT)));
        let (before, after) = ((*before?)?, (*after?)?);
        Some(before + (after - before) * part)
    }
}

/// The slot of the day an instant is in.
fn slot_at(at: f64) -> usize {
    // Within 0..SLOTS by construction.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let slot = (at.rem_euclid(DAY) / SLOT) as usize;
    slot.min(SLOTS - 1)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// A day whose rate doubles over the hour after noon.
    fn rate(at: f64) -> f64 {
        100.0 * (1.0 + ((at.rem_euclid(DAY) - 43_200.0) / 3600.0).clamp(0.0, 1.0))
    }

    fn after_a_day() -> Season {
        let mut season = Season::default();
        for minute in 0..=1445_u32 {
            season.remember(f64::from(minute) * 60.0, rate(f64::from(minute) * 60.0));
        }
        season
    }

    #[test]
    fn a_day_must_have_been_seen() {
        assert_eq!(Season::default().forecast(0.0, 100.0, 200.0), None);
        let season = after_a_day();
        let noon = DAY + 43_200.0;
        assert!(
            (season.forecast(noon - 7200.0, 50.0, 600.0).unwrap() - 50.0).abs() < 1e-9,
            "an even hour says nothing"
        );
        // Where more is asked for than on that day, it is not expected to grow by as much again: there were 154 then at most.
        let forecast = season.forecast(noon + 1200.0, 140.0, 600.0).unwrap();
        assert!((forecast - 153.5).abs() < 1.0, "{forecast}");
        assert!((season.forecast(noon + 1200.0, 170.0, 600.0).unwrap() - 170.0).abs() < 1e-9, "and by nothing");
        // From 12:20 to 12:30 the shape rises from 133 to 150.
        let forecast = season.forecast(noon + 1200.0, 50.0, 600.0).unwrap();
        assert!((forecast - 50.0 * 150.0 / 133.33).abs() < 1.0, "{forecast}");
    }

    #[test]
    fn what_most_is_expected_by_is_told() {
        let (believed, disproved) = (judged(rate), judged(|_| 100.0));
        for (season, slope, days, held, expected) in [
            (&believed, 100.0, Some(150.0), 120.0, Foresight::Days),
            (&believed, 100.0, Some(120.0), 150.0, Foresight::Held),
            (&believed, 150.0, Some(120.0), 150.0, Foresight::Slope { disproved: false }),
            (&disproved, 100.0, Some(150.0), 90.0, Foresight::Slope { disproved: true }),
            (&disproved, 100.0, Some(90.0), 90.0, Foresight::Slope { disproved: false }),
            (&disproved, 100.0, Some(150.0), 120.0, Foresight::Held),
            (&Season::default(), 100.0, None, 0.0, Foresight::Slope { disproved: false }),
            (&Season::default(), 100.0, Some(150.0), 0.0, Foresight::Slope { disproved: false }),
        ] {
            assert_eq!(season.told(slope, days, held), expected, "{slope} {days:?} {held}");
        }
    }

    /// What is believed of an hour after noon that begins as `today` says, of which the trend sees no rise.
    fn believed(today: fn(f64) -> f64) -> bool {
        judged(today).is_believed()
    }

    fn judged(today: fn(f64) -> f64) -> Season {
        let constants = Constants::default();
        let mut season = after_a_day();
        assert!(!season.is_believed());
        for step in 0..100_u32 {
            let at = DAY + 43_200.0 + f64::from(step) * 15.0;
            let forecast = season.forecast(at, today(at), 400.0);
            season.judge(at, today(at), 400.0, today(at), forecast, &constants);
        }
        season
    }

    #[test]
    fn it_is_believed_while_it_is_no_worse_than_the_trend() {
        assert!(believed(rate), "the trend saw no rise");
        assert!(!believed(|_| 100.0), "today nothing rises");
    }
}
