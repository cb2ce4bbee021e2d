//! Writes that the API server refused: a right that is missing, a webhook or a policy that says no. The same write is tried
//! again after a wait that grows, until it gets through or is not wanted any more.
//!
//! An eviction, a resize and the taint of a node are remembered in their own status, with obstacles and waits of their own.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::api::enforcement_status::{ActionPhase, ActionRecord, ActionTarget, Verb};
use crate::api::refusal::{MOST_REFUSALS, MOST_SAID, Refusal};
use crate::decide::guard::{AFTER_REFUSAL, Hold};
use crate::decide::plan;

/// The longest wait between two tries. What was not tried for as long beyond its wait is forgotten.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(15);

/// The same of what is done against a danger: a right that is granted meanwhile is to be used while the danger lasts.
const LONGEST_IN_DANGER: SignedDuration = SignedDuration::from_mins(2);

/// What is done against a danger.
const AGAINST_DANGER: [Verb; 7] = [
    Verb::FreezeScaleDown,
    Verb::RaiseFloor,
    Verb::Surge,
    Verb::RestoreTarget,
    Verb::PauseRollout,
    Verb::RollBack,
    Verb::Shed,
];

/// What is remembered elsewhere.
const ELSEWHERE: [Verb; 3] = [Verb::Reschedule, Verb::Resize, Verb::AvoidNode];

/// What is remembered, as of now: neither what got through since, nor what was not tried for long.
#[must_use]
pub fn reconcile(refusals: &[Refusal], actions: &[ActionRecord], now: Timestamp) -> Vec<Refusal> {
    let got_through = |refused: &Refusal| {
        let mut later = actions.iter().filter(|record| is_of(refused, record.verb, &record.target));
        later.any(|record| record.phase == ActionPhase::Done && record.intended_at.0 > refused.tried.0)
    };
    let is_past = |refused: &Refusal| now.duration_since(refused.until.0) > LONGEST_WAIT;
    refusals.iter().filter(|refused| !got_through(refused) && !is_past(refused)).cloned().collect()
}

/// Enters that the API server refused what `record` intended.
pub fn enter(refusals: &mut Vec<Refusal>, record: &ActionRecord) {
    if ELSEWHERE.contains(&record.verb) {
        return;
    }
    let known = refusals.iter().position(|refused| is_of(refused, record.verb, &record.target));
    let before = known.map(|index| refusals.remove(index));
    let tries = before.as_ref().map_or(0, |before| before.tries).saturating_add(1);
    let at = record.intended_at.clone();
    refusals.insert(
        0,
        Refusal {
            verb: record.verb,
            target: record.target.clone(),
            message: record.outcome.chars().take(MOST_SAID).collect(),
            since: before.map_or_else(|| at.clone(), |before| before.since),
            until: Time(at.0.saturating_add(wait(record, tries)).unwrap_or(Timestamp::MAX)),
            tried: at,
            tries,
        },
    );
    refusals.truncate(MOST_REFUSALS);
}

/// Doubles with each try.
fn wait(record: &ActionRecord, tries: i32) -> SignedDuration {
    let in_danger = AGAINST_DANGER.contains(&record.verb) || puts_back(record);
    let longest = if in_danger { LONGEST_IN_DANGER } else { LONGEST_WAIT };
    let doublings = u32::try_from(tries.saturating_sub(1)).unwrap_or(0).min(10);
    AFTER_REFUSAL.checked_mul(1 << doublings).map_or(longest, |wait| wait.min(longest))
}

/// Replicas that were let go are put back: they are missing in a danger, be it that it is there or that nobody would see it.
fn puts_back(record: &ActionRecord) -> bool {
    let up = record.from.zip(record.to).is_some_and(|(from, to)| to > from);
    record.verb == Verb::Restore && up
}

/// The API server refused this write, and it is not to be tried again yet.
#[must_use]
pub fn is_running(refusals: &[Refusal], verb: Verb, target: &ActionTarget, now: Timestamp) -> bool {
    refusals.iter().any(|refused| is_of(refused, verb, target) && now < refused.until.0)
}

/// Whether it is the write of this verb to this object.
#[must_use]
pub fn is_of(refused: &Refusal, verb: Verb, target: &ActionTarget) -> bool {
    refused.verb == verb && refused.target.uid == target.uid
}

/// Whether it tells that this write is refused: the sizes of the pods of a workload that is let go of are refused as one.
#[must_use]
pub fn stands_for(refused: &Refusal, verb: Verb, target: &ActionTarget) -> bool {
    is_of(refused, verb, target) || (refused.verb == Verb::RestoreSize && verb == Verb::RestoreSize)
}

/// Enters a refusal in place of all that stand for the same.
pub fn enter_as_one(refusals: &mut Vec<Refusal>, record: &ActionRecord) {
    let same = |refused: &Refusal| stands_for(refused, record.verb, &record.target);
    let known = refusals.iter().filter(|refused| same(refused)).max_by_key(|refused| refused.tries).cloned();
    refusals.retain(|refused| !same(refused));
    refusals.extend(known.map(|known| Refusal { target: record.target.clone(), ..known }));
    enter(refusals, record);
}

/// What is refused, by which words, and when it is tried again.
#[must_use]
pub fn hold(refused: &Refusal) -> Hold {
    let Refusal { verb, target, message, since, tries, until, .. } = refused;
    let (what, since, until) = (plan::words(*verb), since.0, until.0);
    let often = if *tries > 1 { format!(", {tries} times since {since}") } else { String::new() };
    let message = format!(
        "the API server refused to {what} {} {}{often}: {message}; tried again from {until} on",
        target.kind, target.name
    );
    Hold::new("ActionRefused", message).until(until)
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::api::enforcement::Mode;
    use crate::decide::tests::fixture::{Scene, at, step};
    use crate::decide::tests::rollouts::{of, rolling_out, verb};
    use crate::decide::tests::sheds::{serve, shedding};
    use crate::sense::workload::Mark;

    /// A freeze that was intended at `second` and refused.
    fn refused(second: i64) -> ActionRecord {
        let mut scene = Scene::burning();
        scene.wait(second);
        let decided = scene.decide();
        assert_eq!(step(&decided).verb, Verb::FreezeScaleDown);
        ActionRecord { phase: ActionPhase::Refused, outcome: "no (403)".into(), ..decided.actions[0].clone() }
    }

    #[test]
    fn the_wait_doubles_up_to_a_quarter_of_an_hour() {
        let (mut refusals, mut second) = (Vec::new(), 0);
        for (tries, wait) in [(1, 60), (2, 120), (3, 240), (4, 480), (5, 900), (6, 900)] {
            let (from, to) = (Some(9), Some(3));
            enter(&mut refusals, &ActionRecord { verb: Verb::Restore, from, to, ..refused(second) });
            let Refusal { tries: tried, until, since, .. } = &refusals[0];
            assert_eq!((*tried, until.0, since.0), (tries, at(second + wait), at(0)));
            second += wait;
        }
        assert_eq!(refusals.len(), 1);
        let restore = |from, to| {
            let (from, to) = (Some(from), Some(to));
            ActionRecord { verb: Verb::Restore, from, to, ..refused(0) }
        };
        assert_eq!(wait(&restore(9, 3), i32::MAX), LONGEST_WAIT);
        // A danger does not wait so long, nor do replicas that are missing in one.
        let in_danger = AGAINST_DANGER.map(|verb| ActionRecord { verb, ..refused(0) });
        for record in in_danger.into_iter().chain([restore(3, 9)]) {
            let waits = [1, 2, 3, i32::MAX].map(|tries| wait(&record, tries).as_mins());
            assert_eq!(waits, [1, 2, 2, 2], "{:?}", record.verb);
        }
    }

    #[test]
    fn what_cannot_be_given_back_keeps_nothing_else_from_being_done() {
        let mut scene = rolling_out();
        scene.floor().current = 3;
        assert_eq!(verb(&scene.live()), Some(Verb::PauseRollout));
        scene.wait(15);
        scene.enforcement.rollback = None;
        let release = scene.decide();
        assert_eq!(verb(&release), Some(Verb::ReleaseRollout));
        let record = ActionRecord { phase: ActionPhase::Refused, outcome: "no".into(), ..release.actions[0].clone() };
        enter(&mut scene.status.refusals, &record);
        let decided = scene.decide();
        assert_eq!(step(&decided).verb, Verb::FreezeScaleDown, "{:?}", decided.decision);
        // Where there is nothing to be done it is told.
        scene.assessment = Scene::calm().assessment;
        (scene.status.episode, scene.enforcement.mode) = (None, Mode::Observe);
        assert_eq!(scene.decide().enforcement.reason, "ActionRefused");
        let mut mended = scene.clone();
        (of(&mut mended).paused, of(&mut mended).mark) = (false, Mark::None);
        assert_eq!(mended.decide().enforcement.reason, "Observing", "a person has seen to it");
        scene.wait(60);
        assert_eq!(verb(&scene.decide()), Some(Verb::ReleaseRollout), "tried again");
    }

    #[test]
    fn a_switch_that_cannot_be_turned_back_is_told_in_the_storm_that_goes_on() {
        let mut scene = shedding();
        for _ in 0..9 {
            scene.wait(60);
            serve(&mut scene, 200, 100);
            scene.live();
        }
        assert_eq!(scene.decide().enforcement.reason, "Shedding");
        scene.wait(60);
        serve(&mut scene, 200, 100);
        let back = scene.decide();
        assert_eq!(step(&back).verb, Verb::StopShedding);
        let record = ActionRecord { phase: ActionPhase::Refused, outcome: "no".into(), ..back.actions[0].clone() };
        enter(&mut scene.status.refusals, &record);
        let held = scene.decide().enforcement;
        assert_eq!(held.reason, "ActionRefused", "{}", held.message);
        assert!(held.message.contains("ConfigMap limits: no; tried again from"), "{}", held.message);
    }

    #[test]
    fn of_the_sizes_of_many_pods_one_refusal_stands_for_all() {
        let mut refusals = Vec::new();
        enter(&mut refusals, &refused(0));
        let size = |pod: usize, second| {
            let mut record = ActionRecord { verb: Verb::RestoreSize, ..refused(second) };
            record.target.uid = format!("pod-{pod}");
            record
        };
        for pod in 0..2 {
            enter(&mut refusals, &size(pod, 0));
        }
        for (pod, second, wait) in [(2, 60, 120), (3, 180, 240), (4, 420, 480)] {
            enter_as_one(&mut refusals, &size(pod, second));
            let told = &refusals[0];
            assert_eq!((told.target.uid.clone(), told.since.0), (format!("pod-{pod}"), at(0)));
            assert_eq!((told.until.0, refusals.len()), (at(second + wait), 2), "no other is pushed out");
        }
        for pod in 0..20 {
            let other = size(pod, 0).target;
            let stands = |refused: usize, verb| stands_for(&refusals[refused], verb, &other);
            assert!(stands(0, Verb::RestoreSize) && !stands(1, Verb::RestoreSize), "{pod}");
            assert!(!stands(0, Verb::ReleaseRollout), "{pod}");
        }
    }

    #[test]
    fn what_got_through_or_is_long_ago_is_forgotten() {
        let mut refusals = Vec::new();
        enter(&mut refusals, &refused(0));
        let kept = |actions: &[ActionRecord], now| reconcile(&refusals, actions, at(now)).len();
        let done = |second| ActionRecord { phase: ActionPhase::Done, ..refused(second) };
        assert_eq!((kept(&[], 60), kept(&[done(60)], 60), kept(&[done(0)], 60)), (1, 0, 1));
        assert_eq!(kept(&[ActionRecord { verb: Verb::RaiseFloor, ..done(60) }], 60), 1, "another write");
        assert_eq!((kept(&[], 960), kept(&[], 961)), (1, 0));
    }

    #[test]
    fn only_the_same_write_waits() {
        let mut scene = Scene::burning();
        scene.live();
        scene.wait(60);
        let raise = scene.decide();
        assert_eq!(step(&raise).verb, Verb::RaiseFloor);
        let mut freeze = refused(60);
        enter(&mut scene.status.refusals, &freeze);
        assert_eq!(step(&scene.decide()).verb, Verb::RaiseFloor, "the freeze was refused, not the raise");
        freeze.verb = Verb::RaiseFloor;
        enter(&mut scene.status.refusals, &freeze);
        let held = scene.decide();
        assert_eq!(held.enforcement.reason, "ActionRefused");
        assert_eq!(
            held.enforcement.message,
            format!(
                "the API server refused to raise the floor of HorizontalPodAutoscaler checkout: no (403); tried again \
                 from {} on",
                at(120)
            )
        );
        scene.wait(60);
        assert_eq!(step(&scene.decide()).verb, Verb::RaiseFloor, "tried again");
    }

    #[test]
    fn what_is_remembered_elsewhere_is_not_remembered_here() {
        let mut refusals = Vec::new();
        for verb in ELSEWHERE {
            enter(&mut refusals, &ActionRecord { verb, ..refused(0) });
        }
        assert_eq!(refusals, []);
    }
}
