//! The services whose load is looked at: whose turn it is, and what was found.
//!
//! A reconcile says what is to be looked at and takes what was found last; it waits for nothing. Each source has one
//! [`adviser`](super::adviser) that takes the turns one after the other.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use super::capacity::Order;
use super::sizing::Sizing;
use crate::decide::capacity::Need;
use crate::decide::cause::usage::Usage;

/// The time from one look at a service to the next, if no others are waited for.
pub(super) const LOOK: SignedDuration = SignedDuration::from_mins(1);
/// What cannot be looked at is tried again after a while that doubles up to this.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(10);
/// A turn that was not brought back by then is lost: its source was opened anew.
const LOST: SignedDuration = SignedDuration::from_mins(2);
/// Who took long is looked at again after so many times that, so that no service has more than a twentieth of its source.
const SHARE: i32 = 20;

/// What was found of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// How many pods its load needs.
    pub need: Need,
    /// When it was looked at.
    pub at: Timestamp,
}

/// The turn of a service.
#[derive(Debug)]
pub struct Turn {
    /// The agreement's uid.
    pub uid: String,
    /// What is to be looked at.
    pub order: Order,
    /// What is remembered of it.
    pub sizing: Sizing,
}

/// All services that are looked at, by the uid of their agreement.
#[derive(Debug, Default)]
pub struct Advice {
    services: Mutex<HashMap<String, Service>>,
}

#[derive(Debug)]
struct Service {
    order: Order,
    due: Timestamp,
    failures: u32,
    sizing: Sizing,
    told: Option<Told>,
}

impl Advice {
    /// Has a service looked at from now on, and gives what was found last. `None`: its first turn is yet to come.
    pub fn order(&self, uid: &str, order: Order, now: Timestamp) -> Option<Told> {
        let mut services = self.services();
        let service = services.entry(uid.to_owned()).or_insert_with(|| Service {
            // All begin with the operator, and shall not come all at once.
            due: later(now, spread(uid, 0, LOOK)),
            order: order.clone(),
            failures: 0,
            sizing: Sizing::default(),
            told: None,
        });
        if service.order != order {
            if !service.order.is_of_the_same(&order) {
                // What was found, and all that was learned, is of something else.
                (service.told, service.sizing) = (None, Sizing::default());
            }
            (service.order, service.failures) = (order, 0);
            service.due = service.due.min(later(now, spread(uid, 0, LOOK)));
        }
        service.told.clone()
    }

    /// What the requests of a service cost, as of its last turn; nothing where it is not looked at.
    pub fn usage(&self, uid: &str) -> Usage {
        self.services().get(uid).map(|service| service.sizing.usage().clone()).unwrap_or_default()
    }

    /// What was found last. `None`: its first turn is yet to come, or it is not looked at.
    pub fn told(&self, uid: &str) -> Option<Told> {
        self.services().get(uid)?.told.clone()
    }

    /// Looks at it no more.
    pub fn forget(&self, uid: &str) {
        self.services().remove(uid);
    }

    /// Forgets all others.
    pub fn retain(&self, present: &HashSet<String>) {
        self.services().retain(|uid, _| present.contains(uid));
    }

    /// The service of a source that has been due longest.
    pub(super) fn next(&self, source: &str, now: Timestamp) -> Option<Turn> {
        let mut services = self.services();
        let due = services.iter_mut().filter(|(_, service)| service.order.source == source && service.due <= now);
        let (uid, service) = due.min_by(|(a, x), (b, y)| (x.due, a).cmp(&(y.due, b)))?;
        service.due = later(now, LOST);
        Some(Turn { uid: uid.clone(), order: service.order.clone(), sizing: service.sizing.clone() })
    }

    /// Brings a turn back that took so long, with what was found or why it could not be looked.
    pub(super) fn found(&self, turn: Turn, found: Result<Need, String>, took: SignedDuration, now: Timestamp) {
        let mut services = self.services();
        let Some(service) = services.get_mut(&turn.uid).filter(|service| service.order == turn.order) else { return };
        service.failures = if found.is_ok() { 0 } else { service.failures.saturating_add(1) };
        let often = SignedDuration::from_secs(LOOK.as_secs() << service.failures.min(4));
        let pause = often.min(LONGEST_PAUSE).max(took.saturating_mul(SHARE));
        let jitter =
            if service.failures > 0 { spread(&turn.uid, service.failures, LOOK) } else { SignedDuration::ZERO };
        service.due = later(now, pause.saturating_add(jitter));
        service.sizing = turn.sizing;
        service.told = Some(Told { need: found.unwrap_or_else(Need::Unknown), at: now });
    }

    fn services(&self) -> MutexGuard<'_, HashMap<String, Service>> {
        self.services.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.saturating_add(by).unwrap_or(Timestamp::MAX)
}

/// A part of `longest` that is another for every agreement and try.
fn spread(uid: &str, tries: u32, longest: SignedDuration) -> SignedDuration {
    let mut hasher = DefaultHasher::new();
    (uid, tries).hash(&mut hasher);
    let milliseconds = u64::try_from(longest.as_millis()).unwrap_or(0).max(1);
    SignedDuration::from_millis(i64::try_from(hasher.finish() % milliseconds).unwrap_or(0))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use kube::runtime::reflector::ObjectRef;

    use super::super::capacity::tests::order;
    use super::*;
    use crate::decide::capacity::CapacityLaw;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn unknown() -> Need {
        Need::Unknown("no samples".to_owned())
    }

    #[test]
    fn all_have_their_turn_one_after_the_other_and_not_all_at_once() {
        let advice = Advice::default();
        let names: Vec<String> = (0..60).map(|n| format!("uid-{n}")).collect();
        for name in &names {
            assert_eq!(advice.order(name, order("main"), at(0)), None);
        }
        assert!(advice.next("other", at(100)).is_none());
        let due = |second| std::iter::from_fn(|| advice.next("main", at(second))).collect::<Vec<Turn>>();
        let early = due(30);
        assert!((15..45).contains(&early.len()), "{} of 60 in the first half of a minute", early.len());
        let all: HashSet<String> = early.iter().chain(&due(60)).map(|turn| turn.uid.clone()).collect();
        assert_eq!(all.len(), 60, "each once");
        assert!(advice.next("main", at(61)).is_none(), "until it is brought back");
        assert!(advice.next("main", at(300)).is_some(), "or lost");
    }

    #[test]
    fn what_cannot_be_looked_at_is_tried_more_and_more_seldom() {
        let advice = Advice::default();
        advice.order("u", order("main"), at(0));
        let (mut now, mut pauses) = (60, Vec::new());
        for _ in 0..7 {
            let turn = advice.next("main", at(now)).unwrap();
            advice.found(turn, Err("nobody answers".to_owned()), SignedDuration::from_secs(1), at(now));
            let told = advice.order("u", order("main"), at(now)).unwrap();
            assert_eq!(told, Told { need: Need::Unknown("nobody answers".to_owned()), at: at(now) });
            let wait = (0..10_000).find(|wait| advice.services()["u"].due <= at(now + wait)).unwrap();
            pauses.push(wait / 60);
            now += wait;
        }
        assert_eq!(pauses[..3].iter().map(|p| p / 2).collect::<Vec<_>>(), [1, 2, 4], "{pauses:?}");
        assert!(pauses[4..].iter().all(|minutes| (10..=11).contains(minutes)), "{pauses:?}");
        let turn = advice.next("main", at(now)).unwrap();
        advice.found(turn, Ok(unknown()), SignedDuration::from_secs(1), at(now));
        assert_eq!(advice.services()["u"].due, at(now + 60));
    }

    #[test]
    fn a_heavy_service_does_not_keep_the_others_waiting() {
        let advice = Advice::default();
        advice.order("u", order("main"), at(0));
        let turn = advice.next("main", at(60)).unwrap();
        advice.found(turn, Ok(unknown()), SignedDuration::from_secs(9), at(60));
        assert_eq!(advice.services()["u"].due, at(60 + 180));
    }

    #[test]
    fn what_was_found_of_something_else_is_not_told() {
        let advice = Advice::default();
        advice.order("u", order("main"), at(0));
        let turn = advice.next("main", at(60)).unwrap();
        advice.order("u", order("other"), at(61));
        advice.found(turn, Ok(unknown()), SignedDuration::ZERO, at(62));
        assert_eq!(advice.order("u", order("other"), at(63)), None);
        assert!(advice.next("other", at(121)).is_some(), "and it is looked at soon");
        advice.forget("u");
        assert!(advice.next("other", at(1000)).is_none());
    }

    #[test]
    fn what_was_found_is_kept_only_where_another_order_is_of_the_same() {
        type Change = fn(&mut Order);
        let cases: [(&str, bool, Change); 6] = [
            ("nothing", true, |_| {}),
            ("that the replicas follow", true, |order| {
                order.follows = Some(ObjectRef::new("checkout"));
                order.owns = true;
                order.ground.lag = SignedDuration::from_secs(90);
            }),
            ("the workload", false, |order| order.workload.name = "api".to_owned()),
            ("the selectors", false, |order| order.ask.cpu = "cpu_of_another".to_owned()),
            ("the source", false, |order| order.source = "other".to_owned()),
            ("the promise", false, |order| order.ground.latency = SignedDuration::from_millis(100)),
        ];
        for (what, kept, change) in cases {
            let advice = Advice::default();
            advice.order("u", order("main"), at(0));
            let mut turn = advice.next("main", at(60)).unwrap();
            turn.sizing.begun(CapacityLaw::calibrated(order("main").ground, &[], &[], &[]), at(60));
            advice.found(turn, Ok(unknown()), SignedDuration::ZERO, at(60));
            let mut next = order("main");
            change(&mut next);
            let source = next.source.clone();
            assert_eq!(advice.order("u", next, at(61)).is_some(), kept, "{what}");
            let turn = advice.next(&source, at(200)).unwrap();
            assert_eq!(turn.sizing.through().is_some(), kept, "{what}");
        }
    }
}
