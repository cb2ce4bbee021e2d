//! How much was asked of a service and how much of it was served well, before a danger and in it.
//!
//! Figures from the slots of the account; what is not known of them is no figure.

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use num_traits::ToPrimitive;

use crate::evaluate::load_course::LoadCourse;

use super::cause::comparison::{FEWEST_EVENTS, Sample};
use super::facts::Facts;

/// Slots this near before a danger was seen belong to it: a burn is told only after a while.
const ONSET: SignedDuration = SignedDuration::from_mins(5);
/// And so long before that is the time it is compared with.
const CALM: SignedDuration = SignedDuration::from_mins(30);
/// What is compared with it: so long, and two slots at least.
const NOW: SignedDuration = SignedDuration::from_mins(1);
/// Of the calm so much must be known, and of the present, in percent.
const KNOWN: [i64; 2] = [40, 80];

/// The load in a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// What was counted.
    pub sample: Sample,
    /// How long it was counted, in seconds.
    pub seconds: f64,
}

/// The load of one objective, before the danger and now.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The objective.
    pub objective: String,
    /// Before the danger.
    pub before: Level,
    /// Now.
    pub now: Level,
}

impl Level {
    /// Events per second.
    #[must_use]
    pub fn offered(&self) -> f64 {
        self.sample.total / self.seconds
    }

    /// Good events per second.
    #[must_use]
    pub fn good(&self) -> f64 {
        (self.sample.total - self.sample.bad).max(0.0) / self.seconds
    }
}

/// How far back the load must be known for a danger that was seen then.
#[must_use]
pub fn known_from(danger: Timestamp) -> Timestamp {
    danger.saturating_sub(ONSET.saturating_add(CALM)).unwrap_or(danger)
}

/// How the load of an endangered objective changed.
///
/// # Errors
/// Why that is not known, in words.
pub fn change(facts: &Facts<'_>) -> Result<Change, String> {
    let since = facts.episode.as_ref().map(|episode| episode.since.0).ok_or("no danger was seen yet")?;
    let calm = since.saturating_sub(ONSET).unwrap_or(since);
    let through = facts.situation.assessment.measured_through;
    let first = through.saturating_sub(window(facts.situation.load)).unwrap_or(through);
    let mut why = "no objective is in danger".to_owned();
    for objective in &facts.health.endangered {
        let level = |from, to, percent| level(facts.situation.load, objective, from, to, percent);
        let [in_calm, in_danger] = KNOWN;
        let (before, now) = (level(known_from(since), calm, in_calm), level(first, through, in_danger));
        let enough = |level: &Level| level.sample.total >= FEWEST_EVENTS;
        let (before, now) = (before.filter(enough), now.filter(enough));
        match before.zip(now) {
            Some((before, now)) => return Ok(Change { objective: objective.clone(), before, now }),
            None if now.is_none() => why = format!("of {objective} too little is known just now"),
            None => why = format!("too little is known of {objective} in the half hour before the danger"),
        }
    }
    Err(why)
}

/// Good events per second of an objective before an instant, and now: in windows of which the second lies after it. `None`:
/// nobody knows.
#[must_use]
pub fn served(load: &LoadCourse, objective: &str, at: Timestamp, through: Timestamp) -> Option<(Level, Level)> {
    let window = window(load);
    let [_, percent] = KNOWN;
    // Slots are aligned to UTC, and the one in which it lies belongs to neither.
    let start = at.as_second().saturating_sub(at.as_second().rem_euclid(load.slot_seconds.max(1)));
    let last = Timestamp::from_second(start).ok()?;
    let before = level(load, objective, last.saturating_sub(window).ok()?, last, percent)?;
    since(load, objective, at, through).map(|after| (before, after))
}

/// The load of an objective now, in a window that lies after an instant. `None`: nobody knows.
#[must_use]
pub fn since(load: &LoadCourse, objective: &str, at: Timestamp, through: Timestamp) -> Option<Level> {
    let [_, percent] = KNOWN;
    let from = through.saturating_sub(window(load)).ok()?;
    (from >= at).then(|| level(load, objective, from, through, percent)).flatten()
}

fn window(load: &LoadCourse) -> SignedDuration {
    NOW.max(SignedDuration::from_secs(load.slot_seconds.saturating_mul(2)))
}

fn level(load: &LoadCourse, objective: &str, from: Timestamp, to: Timestamp, percent: i64) -> Option<Level> {
    let counted = load.between(objective, from, to, percent)?;
    let sample = Sample { bad: counted.bad.to_f64()?, total: counted.total.to_f64()? };
    let seconds = counted.seconds.to_f64()?;
    (sample.total.is_finite() && sample.bad.is_finite()).then_some(Level { sample, seconds })
}
