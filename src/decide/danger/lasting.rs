//! Whether a danger went on beyond an instant: what moved a pod, or was done otherwise, may have ended it, and so may somebody
//! else or chance. What follows an act is not to rest on what was measured before it.

use k8s_openapi::jiff::Timestamp;
use num_traits::ToPrimitive;

use crate::evaluate::assessment::Assessment;
use crate::evaluate::load_course::LoadCourse;

use super::health::Health;
use super::load::Course;
use super::pulse::{self, Proof};

/// By what it is told.
#[derive(Clone, Copy, Debug)]
pub struct Lasting<'a> {
    /// The objectives that are in danger.
    pub health: &'a Health,
    /// What they allow.
    pub assessment: &'a Assessment,
    /// Their slots.
    pub load: &'a LoadCourse,
    /// What the pulse proves.
    pub pulse: &'a [Proof],
}

impl Lasting<'_> {
    /// The pulse proves the danger by a minute of which half lies after the instant, or more; or in the last slot, if that began
    /// after it, as much is bad as an endangered objective allows, or more. What is not known tells nothing.
    #[must_use]
    pub fn beyond(self, instant: Timestamp) -> bool {
        pulse::is_felt_since(self.pulse, instant)
            || self.health.endangered.iter().any(|name| self.is_bad(name, instant))
    }

    fn is_bad(self, name: &str, instant: Timestamp) -> bool {
        let course = Course { load: self.load, objective: name, through: self.assessment.measured_through };
        let allowed = self.assessment.objectives.iter().find(|objective| objective.name == name);
        let allowed = allowed.and_then(|objective| objective.allowed.to_f64());
        let last = course.last_slot().filter(|(start, _)| *start >= instant);
        allowed.zip(last).is_some_and(|(allowed, (_, level))| level.sample.share() >= allowed && level.sample.bad > 0.0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::decide::tests::fixture::{Scene, at};
    use crate::decide::tests::pulse::proven;
    use crate::evaluate::count::Count;
    use crate::evaluate::load_course::ObjectiveLoad;
    use crate::evaluate::slot::Tally;

    #[test]
    fn it_is_told_by_half_a_minute_of_the_pulse_or_by_a_slot_that_lies_beyond() {
        // The objective allows one bad event in a hundred. The last slot begins at 0.
        for (bad, felt, instant, expected) in [
            (10, None, 0, true),
            (9, None, 0, false),
            (10, None, 1, false),
            (0, Some(30), 0, true),
            (0, Some(29), 0, false),
            (10, Some(30), 1, false),
            (10, Some(31), 1, true),
        ] {
            let scene = Scene::burning();
            let mut assessment = scene.assessment.clone();
            assessment.measured_through = at(60);
            let counted = Tally { total: Count::events(1000), bad: Count::events(bad) };
            let name = assessment.objectives.first().unwrap().name.clone();
            let slots = vec![(at(0).as_second(), counted)];
            let load = LoadCourse { slot_seconds: 60, objectives: vec![ObjectiveLoad { name, slots }] };
            let health = Health::of(&assessment);
            let pulse: Vec<Proof> = felt.map(|felt| proven(at(-60), at(felt))).into_iter().collect();
            let lasting = Lasting { health: &health, assessment: &assessment, load: &load, pulse: &pulse };
            assert_eq!(lasting.beyond(at(instant)), expected, "{bad} bad, felt at {felt:?}, beyond {instant}");
        }
    }
}
