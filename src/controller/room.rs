//! The room in a ledger's object: how much is taken, and what an agreement is told before there is none.
//!
//! What counts is the encoded size and not the number of slots: a month of minutes in which every probe succeeded takes
//! a few hundred bytes, one of a busy service a hundred thousand. A ledger that is full takes no more counts. What
//! follows is unknown, for that cause, so that the period closes with a statement that says so; before that, a condition
//! tells the day.

use k8s_openapi::jiff::Timestamp;
use kube::Resource;

use super::book::OpenLedger;
use crate::api::ServiceLevelAgreement;
use crate::api::agreement_status::AgreementStatus;
use crate::api::condition::{self, ConditionStatus};
use crate::api::ledger::{AgreementIdentity, LedgerSpec};
use crate::evaluate::enforcement_log::EnforcementLog;
use crate::evaluate::ledger::Ledger;
use crate::evaluate::period::Bounds;
use crate::evaluate::stored_ledger;

/// The bytes of a ledger's spec beyond which it takes no more counts. etcd takes requests of 1.5 MiB; what is left is for
/// what was not measured yet, for actions and for metadata.
pub const MOST_BYTES: usize = 1_300_000;

/// How much may be taken beyond what was measured last.
const UNMEASURED: usize = 100_000;

/// What a slot can add; most add less than five bytes.
const SLOT_BYTES: usize = 64;

/// Acts that only the status keeps. It keeps ten, and one reconcile adds two at the most.
const MOST_UNSTORED: i64 = 8;

/// The room in the object of one ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// The bytes that were taken when it was measured last.
    taken: usize,
    /// The slots before this instant were read then.
    through: Option<Timestamp>,
    /// How many slots were entered since.
    since: usize,
    full: bool,
    /// How many acts of the period were known when it was stored last.
    acts: i64,
}

impl Room {
    /// What is left after a ledger is stored like this, if it may have so many bytes.
    #[must_use]
    pub fn after(stored: &LedgerSpec, most: usize) -> Self {
        // What cannot be written down cannot be stored either.
        let taken = serde_json::to_vec(stored).map_or(usize::MAX, |json| json.len());
        let acts = EnforcementLog::of(stored).acts();
        Self { taken, through: Some(stored.measured_through.0), since: 0, full: taken >= most, acts }
    }

    /// Whether the ledger takes the counts of one more slot. What is full stays full: the rest of the period is unknown
    /// in one piece.
    pub(super) fn takes_one_more(&mut self, ledger: &Ledger, log: &EnforcementLog, most: usize) -> bool {
        self.since = self.since.saturating_add(1);
        let at_worst = self.taken.saturating_add(self.since.saturating_mul(SLOT_BYTES));
        if !self.full && at_worst > most.saturating_add(UNMEASURED) {
            let nobody = AgreementIdentity { name: String::new(), uid: String::new() };
            // It is measured, and not stored.
            *self = Self { acts: self.acts, ..Self::after(&stored_ledger::to_spec(ledger, nobody, log, false), most) };
        }
        !self.full
    }

    /// Whether so many acts are in no ledger yet that the status will soon forget one: then a crash would lose it, uncounted.
    pub(super) fn is_behind(&self, log: &EnforcementLog) -> bool {
        log.acts().saturating_sub(self.acts) >= MOST_UNSTORED
    }

    /// The day on which a period's ledger is full, if it goes on like this and is not over by then.
    fn full_on(&self, period: Bounds, most: usize) -> Option<Timestamp> {
        let seconds = |from: Timestamp, until: Timestamp| i128::from(until.as_second()) - i128::from(from.as_second());
        let read = seconds(period.start, self.through?);
        let [taken, most] = [self.taken, most].map(|bytes| i128::try_from(bytes).unwrap_or(i128::MAX));
        // Of less than a tenth nobody can tell yet.
        if read <= 0 || taken < most / 10 {
            return None;
        }
        let lasts = read.checked_mul(most)? / taken;
        let at = i64::try_from(i128::from(period.start.as_second()).checked_add(lasts)?).ok()?;
        Timestamp::from_second(at).ok().filter(|at| *at < period.end)
    }
}

/// Says whether the ledger is full, or will be before its period ends.
pub(super) fn condition(
    next: &mut AgreementStatus,
    agreement: &ServiceLevelAgreement,
    open: &OpenLedger,
    most: usize,
    now: Timestamp,
) {
    let mend = "agree on longer slots, or split the agreement into several with fewer objectives or members each";
    let told = if open.room.full {
        Some(("Full", format!("the ledger of this period takes no more counts, and what follows is unknown; {mend}")))
    } else {
        open.room.full_on(open.ledger.bounds(), most).map(|at| {
            let day = at.strftime("%Y-%m-%d");
            ("Filling", format!("at this rate the ledger of this period takes no more counts from {day} on; {mend}"))
        })
    };
    let list = &mut next.conditions;
    match told {
        None => condition::clear(list, condition::LEDGER_FULL),
        Some((reason, words)) => {
            let generation = agreement.meta().generation;
            condition::set(list, condition::LEDGER_FULL, ConditionStatus::True, reason, &words, generation, now);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::evaluate::count::Count;
    use crate::evaluate::example::action;
    use crate::evaluate::slot::{Births, Slot, Tally};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_day_is_told_once_it_can_be() {
        const DAY: i64 = 86_400;
        let period = Bounds { start: at(0), end: at(30 * DAY) };
        let after = |taken, day: i64| Room { taken, through: Some(at(day * DAY)), ..Room::default() };
        assert_eq!(after(99, 1).full_on(period, 1_000), None, "too early to tell");
        assert_eq!(after(100, 2).full_on(period, 1_000), Some(at(20 * DAY)));
        assert_eq!(after(100, 3).full_on(period, 1_000), None, "it lasts as long as the period");
        assert_eq!(after(500, 20).full_on(period, 1_000), None);
        assert_eq!(Room::default().full_on(period, 1_000), None);
    }

    #[test]
    fn acts_are_stored_before_the_status_forgets_them() {
        let mut ledger = Ledger::new(Bounds { start: at(0), end: at(600_000) }, 60, ["a"]).unwrap();
        let mut log = EnforcementLog::default();
        let nobody = || AgreementIdentity { name: String::new(), uid: String::new() };
        let mut room = Room::default();
        for second in 0..180 {
            log.remember(ledger.bounds(), &[action(second)], &[]);
            assert_eq!(room.is_behind(&log), second >= 7, "{second}");
        }
        // Measured in between it is still not stored.
        let tally = Tally { total: Count::events(1), bad: Count::ZERO };
        ledger.insert("a", at(0), Slot::known(tally, Births::default(), 1)).unwrap();
        room.taken = 1_000_000;
        assert!(room.takes_one_more(&ledger, &log, 100_000) && room.taken < 100_000 && room.is_behind(&log));
        // Not all of them fit, and all are counted.
        let stored = stored_ledger::to_spec(&ledger, nobody(), &log, false);
        assert!(stored.actions.len() < 180);
        assert!(!Room::after(&stored, 100_000).is_behind(&log));
    }

    #[test]
    fn it_is_measured_before_too_much_can_have_been_entered() {
        let mut ledger = Ledger::new(Bounds { start: at(0), end: at(600_000) }, 60, ["a"]).unwrap();
        let mut room = Room::default();
        let mut number = 1_u32;
        let mut entered = 0;
        let most = 4_000;
        for minute in 0..10_000 {
            if !room.takes_one_more(&ledger, &EnforcementLog::default(), most) {
                break;
            }
            // Numbers that do not compress.
            number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let tally = Tally { total: Count::events(number), bad: Count::ZERO };
            ledger.insert("a", at(60 * minute), Slot::known(tally, Births::default(), 1)).unwrap();
            entered += 1;
        }
        let nobody = AgreementIdentity { name: String::new(), uid: String::new() };
        let bytes = serde_json::to_vec(&stored_ledger::to_spec(&ledger, nobody, &EnforcementLog::default(), false))
            .unwrap()
            .len();
        assert!(room.full && entered < 10_000, "{entered}");
        assert!((most..most + UNMEASURED).contains(&bytes), "{bytes} bytes of {entered} slots");
        assert!(!room.takes_one_more(&ledger, &EnforcementLog::default(), most), "what is full stays full");
    }
}
