//! How much was asked of a service and how much of it was served well, before a danger and in it, before an act and after.
//!
//! Figures from the slots of the account; what is not known of them is no figure. What pods tell just now is of one
//! objective alone and of other seconds than the slots: who has both ([`crate::decide::cause`]) weighs them, and so does
//! who noted the pace of the worst objective before an act ([`crate::decide::verdict`]).

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use num_traits::ToPrimitive;

use crate::decide::cause::comparison::{FEWEST_EVENTS, Sample};
use crate::decide::situation::facts::Facts;
use crate::evaluate::load_course::LoadCourse;

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

/// The load of one objective in the course of time, as far as the account is known: each reader asks it about the stretch it
/// compares. `None` of an answer: nobody knows.
#[derive(Clone, Copy, Debug)]
pub struct Course<'a> {
    /// The slots.
    pub load: &'a LoadCourse,
    /// The objective.
    pub objective: &'a str,
    /// The end of the last slot in the account.
    pub through: Timestamp,
}

impl Course<'_> {
    /// Before a danger that was seen then.
    #[must_use]
    pub fn before(self, danger: Timestamp) -> Option<Level> {
        let calm = danger.saturating_sub(ONSET).unwrap_or(danger);
        let [percent, _] = KNOWN;
        self.level(known_from(danger), calm, percent)
    }

    /// Just now.
    #[must_use]
    pub fn now(self) -> Option<Level> {
        let [_, percent] = KNOWN;
        self.level(self.through.saturating_sub(self.window()).ok()?, self.through, percent)
    }

    /// Just now, in a window that lies after an instant.
    #[must_use]
    pub fn since(self, at: Timestamp) -> Option<Level> {
        let from = self.through.saturating_sub(self.window()).ok()?;
        (from >= at).then(|| self.now()).flatten()
    }

    /// Before an instant, and just now in a window that lies after it.
    #[must_use]
    pub fn around(self, at: Timestamp) -> Option<(Level, Level)> {
        let [_, percent] = KNOWN;
        // Slots are aligned to UTC, and the one in which it lies belongs to neither.
        let start = at.as_second().saturating_sub(at.as_second().rem_euclid(self.slot_seconds()));
        let last = Timestamp::from_second(start).ok()?;
        let before = self.level(last.saturating_sub(self.window()).ok()?, last, percent)?;
        self.since(at).map(|after| (before, after))
    }

    /// When the last slot begins, and the load in it.
    #[must_use]
    pub fn last_slot(self) -> Option<(Timestamp, Level)> {
        let start = self.through.saturating_sub(SignedDuration::from_secs(self.slot_seconds())).ok()?;
        Some((start, self.level(start, self.through, 100)?))
    }

    /// The length of what is compared.
    fn window(self) -> SignedDuration {
        NOW.max(SignedDuration::from_secs(self.load.slot_seconds.saturating_mul(2)))
    }

    fn slot_seconds(self) -> i64 {
        self.load.slot_seconds.max(1)
    }

    fn level(self, from: Timestamp, to: Timestamp, percent: i64) -> Option<Level> {
        let counted = self.load.between(self.objective, from, to, percent)?;
        let sample = Sample { bad: counted.bad.to_f64()?, total: counted.total.to_f64()? };
        let seconds = counted.seconds.to_f64()?;
        (sample.total.is_finite() && sample.bad.is_finite()).then_some(Level { sample, seconds })
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
    let mut why = "no objective is in danger".to_owned();
    for objective in &facts.health.endangered {
        let course = facts.situation.course(objective);
        let enough = |level: &Level| level.sample.total >= FEWEST_EVENTS;
        let (before, now) = (course.before(since).filter(enough), course.now().filter(enough));
        match before.zip(now) {
            Some((before, now)) => return Ok(Change { objective: objective.clone(), before, now }),
            None if now.is_none() => why = format!("of {objective} too little is known just now"),
            None => why = format!("too little is known of {objective} in the half hour before the danger"),
        }
    }
    Err(why)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::evaluate::count::Count;
    use crate::evaluate::load_course::ObjectiveLoad;
    use crate::evaluate::slot::Tally;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// The load of an hour, of which in each second as many events come as slots have begun, but for one slot.
    fn hour(slot_seconds: i64, unknown: i64) -> LoadCourse {
        let starts = (0..3600 / slot_seconds).filter(|index| *index != unknown);
        let slots = starts.map(|index| {
            let total = u32::try_from(index * slot_seconds).unwrap();
            (index * slot_seconds, Tally { total: Count::events(total), bad: Count::ZERO })
        });
        LoadCourse { slot_seconds, objectives: vec![ObjectiveLoad { name: "latency".into(), slots: slots.collect() }] }
    }

    #[test]
    fn each_stretch_is_told_by_slots_that_lie_wholly_in_it_and_only_if_enough_of_it_is_known() {
        let offered = |level: Option<Level>| level.map(|level| level.offered());
        for (load, last, now, since, around) in [
            // Of slots 58 and 59; before second 2990, of slots 47 and 48.
            (hour(60, 0), Some((3540, 59.0)), Some(58.5), [Some(58.5), None], Some((47.5, 58.5))),
            (hour(60, 59), None, None, [None, None], None),
            (hour(60, 48), Some((3540, 59.0)), Some(58.5), [Some(58.5), None], None),
            // Slots of the ledger, whatever the agreement says by now.
            (hour(300, 0), Some((3300, 11.0)), Some(10.5), [Some(10.5), None], Some((7.5, 10.5))),
            // Of a minute at least: slots 708 to 719; before second 2990, 586 to 597. Eleven of them are enough.
            (hour(5, 0), Some((3595, 719.0)), Some(713.5), [Some(713.5), None], Some((591.5, 713.5))),
            (hour(5, 719), None, Some(713.0), [Some(713.0), None], Some((591.5, 713.0))),
            (hour(5, 586), Some((3595, 719.0)), Some(713.5), [Some(713.5), None], Some((592.0, 713.5))),
        ] {
            let course = Course { load: &load, objective: "latency", through: at(3600) };
            let found = course.last_slot().map(|(start, level)| (start.as_second(), level.offered()));
            assert_eq!(found, last, "{load:?}");
            let window = (2 * load.slot_seconds).max(60);
            let told = [at(3600 - window), at(3601 - window)].map(|at| offered(course.since(at)));
            assert_eq!((offered(course.now()), told), (now, since), "{load:?}");
            assert_eq!(
                course.around(at(2990)).map(|(before, after)| (before.offered(), after.offered())),
                around,
                "{load:?}"
            );
        }
    }

    #[test]
    fn a_danger_is_compared_with_the_half_hour_before_it_was_beginning() {
        // Seen at the end of the hour: from second 1500 on until 3300, slots 25 to 54.
        let load = hour(60, 0);
        let course = Course { load: &load, objective: "latency", through: at(3600) };
        assert_eq!(course.before(at(3600)).map(|level| level.offered()), Some(39.5));
        assert_eq!(course.before(at(1080)).map(|level| level.offered()), Some(6.5), "slots 1 to 12: two fifths");
        assert_eq!(course.before(at(1020)), None, "slots 1 to 11");
    }
}
