//! What is to be asked of each source, and what came back: the meeting point of the reconciles and the readers.
//!
//! A reconcile registers what its agreement asks; the source's reader takes everything due together, so that the
//! questions of all agreements can be joined, and leaves the answers here. Nothing here does I/O.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::runtime::reflector::ObjectRef;
use tokio::sync::futures::Notified;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use crate::api::ServiceLevelAgreement;
use crate::api::objective::Indicator;
use crate::sense::observation::{Failure, SlotReading};

/// The most slots of one agreement that are read in one round; the rest follows in the next.
const SLOTS_PER_ROUND: i64 = 1440;

/// One indicator that is asked, confined to its tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The objective's name, or that of a pool's member: the series of the ledger.
    pub objective: String,
    /// What to count.
    pub indicator: Indicator,
    /// The label values every selected series must carry.
    pub tenancy: Vec<(String, String)>,
}

/// What an agreement asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asks {
    /// The `MetricsSource`.
    pub source: String,
    /// The slot's length in seconds.
    pub slot_seconds: i64,
    /// The indicators, in the order of the spec.
    pub asked: Arc<Vec<Asked>>,
    /// The end of the last slot of the period being measured: later slots wait until it is settled.
    pub until: Timestamp,
}

/// A round of reading for one agreement: the slots from `from` to `to`, both on slot bounds.
#[derive(Clone, Debug)]
pub struct Due {
    /// The agreement.
    pub uid: String,
    /// What it asks.
    pub asks: Arc<Asks>,
    /// The first slot's start.
    pub from: Timestamp,
    /// The last slot's end.
    pub to: Timestamp,
    /// These slots were read before, and are read once more.
    pub second_look: bool,
}

/// What a reader brought for one agreement.
#[derive(Clone, Debug, Default)]
pub struct Delivery {
    /// Objective and slot. Slots without a usable answer are not in it: they are asked again.
    pub readings: Vec<(String, SlotReading)>,
    /// What stood in the way in the latest round.
    pub failure: Option<Failure>,
    /// What a second look brought.
    pub second_look: Option<SecondLook>,
    /// Since when it waits to be taken.
    pub since: Option<Instant>,
}

/// What slots say that were read once more.
#[derive(Clone, Debug)]
pub struct SecondLook {
    /// Objective and slot.
    pub readings: Vec<(String, SlotReading)>,
    /// The slots before this instant were looked at.
    pub through: Timestamp,
}

/// A wish for a second look.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Again {
    asks: Arc<Asks>,
    from: Timestamp,
    to: Timestamp,
}

#[derive(Debug)]
struct Entry {
    reference: ObjectRef<ServiceLevelAgreement>,
    asks: Arc<Asks>,
    through: Timestamp,
    /// The most slots asked at once: fewer after a failure, since a range that is too dear gets no cheaper by waiting.
    slots_per_round: i64,
    again: Option<Again>,
    delivery: Delivery,
}

/// See the module.
#[derive(Debug)]
pub struct Registry {
    entries: Mutex<HashMap<String, Entry>>,
    changed: Notify,
    wake: mpsc::UnboundedSender<ObjectRef<ServiceLevelAgreement>>,
}

impl Registry {
    /// An empty registry that wakes reconciles through `wake`.
    #[must_use]
    pub fn new(wake: mpsc::UnboundedSender<ObjectRef<ServiceLevelAgreement>>) -> Self {
        Self { entries: Mutex::default(), changed: Notify::new(), wake }
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says what an agreement asks, its ledger being filled up to `through`.
    ///
    /// What was delivered and not yet taken stays. Where a delivery was taken and lost before it reached the ledger,
    /// the reading goes back to where the ledger stands: reading a slot twice gives the same counts.
    pub fn register(&self, uid: &str, reference: ObjectRef<ServiceLevelAgreement>, asks: Asks, through: Timestamp) {
        let mut entries = self.entries();
        let changed = if let Some(entry) = entries.get_mut(uid) {
            let behind = entry.delivery.readings.is_empty() && entry.through > through;
            if behind {
                entry.through = through;
            }
            let other = *entry.asks != asks;
            if other {
                entry.asks = Arc::new(asks);
                // What was asked otherwise is not an answer to what is asked now.
                entry.delivery.readings.clear();
                entry.delivery.second_look = None;
                entry.again = None;
                entry.through = entry.through.min(through);
            }
            behind || other
        } else {
            let entry = Entry {
                reference,
                asks: Arc::new(asks),
                through,
                slots_per_round: SLOTS_PER_ROUND,
                again: None,
                delivery: Delivery::default(),
            };
            entries.insert(uid.to_owned(), entry);
            true
        };
        drop(entries);
        if changed {
            self.changed.notify_waiters();
        }
    }

    /// Has the slots from `from` to `to` read once more, when nothing else of the agreement is due.
    pub fn look_again(&self, uid: &str, asks: Asks, from: Timestamp, to: Timestamp) {
        let mut entries = self.entries();
        let Some(entry) = entries.get_mut(uid).filter(|entry| entry.asks.source == asks.source) else { return };
        let open = entry.again.as_ref().is_some_and(|again| *again.asks == asks && again.to == to);
        if !open && entry.delivery.second_look.is_none() {
            entry.again = Some(Again { asks: Arc::new(asks), from, to });
            drop(entries);
            self.changed.notify_waiters();
        }
    }

    /// Forgets an agreement.
    pub fn forget(&self, uid: &str) {
        self.entries().remove(uid);
    }

    /// Takes the readings delivered for an agreement. What failed stays said until a round succeeds.
    #[must_use]
    pub fn take(&self, uid: &str) -> Delivery {
        self.entries()
            .get_mut(uid)
            .map(|e| Delivery {
                readings: std::mem::take(&mut e.delivery.readings),
                failure: e.delivery.failure.clone(),
                second_look: e.delivery.second_look.take(),
                since: e.delivery.since.take(),
            })
            .unwrap_or_default()
    }

    /// Everything of `source` that can be read at `now`, and when the next slot becomes readable.
    ///
    /// Agreements that are further behind than a round reaches, with the same slots and in the same period, go through it
    /// together: the one that began later is waited for, since only questions about the same slots can be joined. Without
    /// that a month would be read once for every agreement. Nobody waits for one whose rounds fail.
    #[must_use]
    pub fn due(&self, source: &str, now: Timestamp, settle: SignedDuration) -> (Vec<Due>, Option<Timestamp>) {
        let mut due = Vec::new();
        let mut next: Option<Timestamp> = None;
        // Where the hindmost of each kind of company stands.
        let mut hindmost: HashMap<(i64, Timestamp), Timestamp> = HashMap::new();
        let readable = now.checked_sub(settle).unwrap_or(Timestamp::MIN);
        for (uid, entry) in self.entries().iter().filter(|(_, e)| e.asks.source == source) {
            let slot = entry.asks.slot_seconds.max(1);
            let from = aligned(entry.through, slot);
            let whole = (readable.min(entry.asks.until).as_second() - from.as_second()).div_euclid(slot);
            let in_company = whole > SLOTS_PER_ROUND && entry.slots_per_round == SLOTS_PER_ROUND;
            let slots = if in_company { to_the_next_stop(from, slot) } else { whole.min(entry.slots_per_round) };
            if slots > 0 {
                let to = from.checked_add(SignedDuration::from_secs(slots * slot)).unwrap_or(from);
                if in_company {
                    let stands = hindmost.entry((slot, entry.asks.until)).or_insert(to);
                    *stands = to.min(*stands);
                }
                let asks = Arc::clone(&entry.asks);
                due.push((Due { uid: uid.clone(), asks, from, to, second_look: false }, in_company));
                continue;
            }
            due.extend(entry.again.as_ref().map(|again| (once_more(uid, again), false)));
            if from < entry.asks.until {
                let ready = from.checked_add(SignedDuration::from_secs(slot)).and_then(|end| end.checked_add(settle));
                next = next.into_iter().chain(ready.ok()).min();
            }
        }
        let goes =
            |due: &Due| hindmost.get(&(due.asks.slot_seconds.max(1), due.asks.until)).is_none_or(|to| due.to <= *to);
        let mut due: Vec<Due> =
            due.into_iter().filter(|(due, in_company)| !in_company || goes(due)).map(|(due, _)| due).collect();
        due.sort_by(|a, b| a.uid.cmp(&b.uid));
        (due, next)
    }

    /// Forgets every agreement that is not among these.
    pub fn retain(&self, present: &HashSet<String>) {
        self.entries().retain(|uid, _| present.contains(uid));
    }

    /// Leaves the outcome of a round, moves on to `through` and wakes the agreement's reconcile. A round that was asked
    /// before the agreement asked something else is dropped.
    pub fn deliver(
        &self,
        due: &Due,
        readings: Vec<(String, SlotReading)>,
        through: Timestamp,
        failure: Option<Failure>,
    ) {
        let mut entries = self.entries();
        if due.second_look {
            if let Some(entry) = entries.get_mut(&due.uid) {
                entry.looked_again(due, readings, through);
                self.wake(entry.reference.clone());
            }
            return;
        }
        let Some(entry) = entries.get_mut(&due.uid).filter(|entry| entry.asks == due.asks) else { return };
        entry.slots_per_round = if through > due.from {
            entry.slots_per_round.saturating_mul(2).min(SLOTS_PER_ROUND)
        } else {
            (entry.slots_per_round / 2).max(1)
        };
        entry.delivery.readings.extend(readings);
        entry.delivery.failure = failure;
        entry.delivery.since.get_or_insert_with(Instant::now);
        entry.through = entry.through.max(through);
        self.wake(entry.reference.clone());
    }

    /// Has an agreement reconciled.
    pub fn wake(&self, reference: ObjectRef<ServiceLevelAgreement>) {
        // The receiver lives as long as the controller; without it there is nobody to wake.
        let _ = self.wake.send(reference);
    }

    /// Resolves when something is registered after it was enabled.
    pub fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }
}

impl Entry {
    /// What was read once more. Where the store did not answer, it is asked again.
    fn looked_again(&mut self, due: &Due, readings: Vec<(String, SlotReading)>, through: Timestamp) {
        let same = |again: &&mut Again| again.asks == due.asks && again.from == due.from;
        let Some(again) = self.again.as_mut().filter(same) else { return };
        again.from = through;
        if again.from >= again.to {
            self.again = None;
        }
        let look = self.delivery.second_look.get_or_insert_with(|| SecondLook { readings: Vec::new(), through });
        look.readings.extend(readings);
        look.through = through;
    }
}

/// The next part of a second look.
fn once_more(uid: &str, again: &Again) -> Due {
    let most = SignedDuration::from_secs(SLOTS_PER_ROUND.saturating_mul(again.asks.slot_seconds.max(1)));
    let to = again.from.saturating_add(most).map_or(again.to, |to| to.min(again.to));
    Due { uid: uid.to_owned(), asks: Arc::clone(&again.asks), from: again.from, to, second_look: true }
}

/// How many slots there are to the next instant at which all rounds of a company end.
fn to_the_next_stop(from: Timestamp, slot_seconds: i64) -> i64 {
    SLOTS_PER_ROUND - from.as_second().div_euclid(slot_seconds).rem_euclid(SLOTS_PER_ROUND)
}

/// The first slot bound at or after an instant.
fn aligned(at: Timestamp, slot_seconds: i64) -> Timestamp {
    let rest = at.as_second().rem_euclid(slot_seconds);
    let up = if rest == 0 { 0 } else { slot_seconds - rest };
    at.checked_add(SignedDuration::from_secs(up)).unwrap_or(at)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests;
