//! The load that decisions compare with the time before a danger: from the open ledger, and from the end of the one before.
//!
//! A danger that begins soon after a period does is to be compared with the end of the period before, and so is one that lasts
//! beyond its period. That end is in memory when a period is closed, and a process that took the agreement up since has read
//! the closed ledger once anyway, to find out what is to be looked at again (`late`): so it is kept from there, and costs the
//! API server nothing in a loop. Neither the pulse nor the counters of the load would do: the pulse looks back for a minute, the
//! counters are asked only where the agreement names them, and both may say something else than the account, by whose slots
//! the present is told.
//!
//! What is kept is bounded, and nothing is compared that was counted otherwise: in slots of another length, or by an indicator
//! that was amended since.

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use super::book::Book;
use super::context::Context;
use crate::api::ServiceLevelAgreement;
use crate::api::agreement_status::AgreementStatus;
use crate::api::objective::Indicator;
use crate::decide::danger::load;
use crate::evaluate::assessment::Assessment;
use crate::evaluate::ledger::Ledger;
use crate::evaluate::load_course::LoadCourse;
use crate::evaluate::series;

/// No more of a period than this is kept: of a danger that had begun long before its end nothing is known in the next.
const LONGEST: SignedDuration = SignedDuration::from_hours(6);

/// The end of a closed period.
#[derive(Clone, Debug)]
pub struct EarlierLoad {
    /// When the period ended.
    end: Timestamp,
    load: LoadCourse,
    /// What each series counted.
    counted: Vec<(String, Indicator)>,
}

impl EarlierLoad {
    /// What may be asked of a period in the next one. `agreement`: as it was in force in the period.
    pub(super) fn of(agreement: &ServiceLevelAgreement, ledger: &Ledger, status: &AgreementStatus) -> Self {
        let end = ledger.bounds().end;
        let danger = danger(status).map_or(end, |since| since.min(end));
        let longest = end.saturating_sub(LONGEST).unwrap_or(end);
        let last = ledger.settles_at(SignedDuration::ZERO);
        let load = LoadCourse::since(ledger, load::known_from(danger).max(longest), last, SignedDuration::ZERO);
        let objectives = &agreement.spec.objectives;
        let counted = ledger.objectives().filter_map(|name| Some((name.to_owned(), series::find(objectives, name)?)));
        Self { end, load, counted: counted.collect() }
    }

    /// What was counted as it is counted now.
    fn alike(&self, agreement: &ServiceLevelAgreement) -> LoadCourse {
        let mut load = self.load.clone();
        let is_alike = |name: &String| {
            let before = self.counted.iter().find(|(counted, _)| counted == name).map(|(_, indicator)| indicator);
            before.is_some_and(|before| series::find(&agreement.spec.objectives, name).as_ref() == Some(before))
        };
        load.objectives.retain(|objective| is_alike(&objective.name));
        load
    }
}

/// The load before the danger and in it. Nothing while there is none. `agreement`: as it is in force in the open period.
pub(super) fn around(
    agreement: &ServiceLevelAgreement,
    book: &Book,
    context: &Context,
    status: &AgreementStatus,
    assessment: &Assessment,
    now: Timestamp,
) -> LoadCourse {
    let Some((open, since)) = book.open.as_ref().zip(compared_from(status, now)) else { return LoadCourse::default() };
    let until = assessment.measured_through.saturating_add(context.settle).map_or(now, |until| until.min(now));
    let load = LoadCourse::since(&open.ledger, since, until, context.settle);
    joined(agreement, load, open.ledger.bounds().start, book.earlier_load.as_ref())
}

/// The load of the period that began at `start`, after that of the one which ended then.
fn joined(
    agreement: &ServiceLevelAgreement,
    load: LoadCourse,
    start: Timestamp,
    earlier: Option<&EarlierLoad>,
) -> LoadCourse {
    match earlier.filter(|earlier| earlier.end == start) {
        Some(earlier) => load.after(&earlier.alike(agreement)),
        None => load,
    }
}

/// When the danger that goes on was seen first.
fn danger(status: &AgreementStatus) -> Option<Timestamp> {
    Some(status.enforcement.as_ref()?.episode.as_ref()?.since.0)
}

/// From when on the load is compared with what goes on. `None`: nothing does.
pub(super) fn compared_from(status: &AgreementStatus, now: Timestamp) -> Option<Timestamp> {
    let episode = status.enforcement.as_ref()?.episode.as_ref()?;
    let since = episode.since.0.min(now);
    // Where nothing was in danger yet, replicas may have been let go or raised ahead of the load for weeks.
    let longest = now.saturating_sub(LONGEST).unwrap_or(now);
    Some(load::known_from(if episode.ahead { since.max(longest) } else { since }))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::api::enforcement_status::{EnforcementStatus, Episode};
    use crate::evaluate::example;
    use crate::evaluate::example::{measured, second};
    use crate::evaluate::period::Bounds;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

    const DAY: i64 = 86_400;

    /// A day of five-minute slots, of which each is known.
    fn day() -> Ledger {
        let slots: Vec<_> = (0..288).map(|_| measured(100, 1)).collect();
        example::ledger(Bounds { start: second(0), end: second(DAY) }, 300, &slots)
    }

    fn endangered(since: Option<i64>) -> AgreementStatus {
        let since = since.map(|since| Time(second(since)));
        let episode = since.map(|since| Episode {
            since,
            ahead: false,
            safe_since: None,
            without_effect: Vec::new(),
            harmful_above: None,
        });
        let enforcement = Some(EnforcementStatus { episode, ..EnforcementStatus::default() });
        AgreementStatus { enforcement, ..AgreementStatus::default() }
    }

    #[test]
    fn as_much_of_a_period_is_kept_as_a_danger_is_compared_with_and_no_more_than_six_hours() {
        let agreement = ServiceLevelAgreement::new("web", example::agreement());
        for (danger, first) in [
            (None, DAY - 35 * 60),
            (Some(DAY - 3600), DAY - 95 * 60),
            // What is told of now began in a period that is over by then.
            (Some(DAY + 600), DAY - 35 * 60),
            (Some(60), DAY - 6 * 3600),
        ] {
            let kept = EarlierLoad::of(&agreement, &day(), &endangered(danger)).alike(&agreement);
            let starts: Vec<i64> = kept.objectives[0].slots.iter().map(|(start, _)| *start).collect();
            assert_eq!((starts.first(), starts.last()), (Some(&first), Some(&(DAY - 300))), "{danger:?}");
        }
    }

    #[test]
    fn the_load_goes_on_across_the_end_of_a_period_and_of_no_other_one() {
        let agreement = ServiceLevelAgreement::new("web", example::agreement());
        let earlier = EarlierLoad::of(&agreement, &day(), &endangered(Some(DAY + 600)));
        let slots: Vec<_> = (0..4).map(|_| measured(300, 30)).collect();
        for (start, first, count) in [(DAY, DAY - 35 * 60, 7 + 4), (2 * DAY, 2 * DAY, 4)] {
            let open = example::ledger(Bounds { start: second(start), end: second(start + DAY) }, 300, &slots);
            let own = LoadCourse::since(&open, second(start), second(start + 1200), SignedDuration::ZERO);
            let load = joined(&agreement, own, second(start), Some(&earlier));
            let starts: Vec<i64> = load.objectives[0].slots.iter().map(|(start, _)| *start).collect();
            let expected: Vec<i64> = (0..count).map(|slot| first + slot * 300).collect();
            assert_eq!(starts, expected);
        }
    }

    #[test]
    fn what_is_let_go_for_weeks_asks_for_no_more_than_six_hours() {
        let compared = |since, ahead| {
            let mut status = endangered(since);
            if let Some(episode) = &mut status.enforcement.as_mut().unwrap().episode {
                episode.ahead = ahead;
            }
            compared_from(&status, second(20 * DAY)).map(Timestamp::as_second)
        };
        let margin = 20 * DAY - load::known_from(second(20 * DAY)).as_second();
        assert_eq!(compared(None, false), None);
        assert_eq!(compared(Some(DAY), false), Some(DAY - margin));
        assert_eq!(compared(Some(DAY), true), Some(20 * DAY - 6 * 3600 - margin));
        assert_eq!(compared(Some(20 * DAY - 60), true), Some(20 * DAY - 60 - margin));
    }

    #[test]
    fn what_is_counted_otherwise_since_is_not_compared() {
        let before = ServiceLevelAgreement::new("web", example::agreement());
        let mut amended = before.clone();
        let mut other = serde_json::to_value(&before.spec.objectives[0].indicator).unwrap();
        other["ratio"]["total"] = "sum(increase(everything[$slot]))".into();
        amended.spec.objectives[0].indicator = serde_json::from_value(other).unwrap();
        let mut renamed = before.clone();
        renamed.spec.objectives[0].name = "other".into();
        for (now, expected) in [(&before, 1), (&amended, 0), (&renamed, 0)] {
            let kept = EarlierLoad::of(&before, &day(), &endangered(None)).alike(now);
            assert_eq!(kept.objectives.len(), expected, "{:?}", now.spec.objectives);
        }
    }
}
