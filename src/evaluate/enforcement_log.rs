//! The log of a period: what the operator found and did in it, as the period's ledger keeps it. The status tells only the
//! latest.
//!
//! A ledger is one object, and what the operator did must not take the room of what was measured: of more than fits, the
//! latest is kept, and what is left out is counted.

use k8s_openapi::jiff::Timestamp;
use serde::Serialize;

use crate::api::diagnosis_record::DiagnosisRecord;
use crate::api::enforcement_status::ActionRecord;
use crate::api::ledger::LedgerSpec;

use super::period::Bounds;

/// Actions that are kept; of more, the latest.
const MOST_ACTIONS: usize = 200;
/// Causes that are kept; of more, the latest.
const MOST_DIAGNOSES: usize = 50;

/// What was found and done in a period, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnforcementLog {
    /// What was done.
    pub actions: Vec<ActionRecord>,
    /// The causes that were found.
    pub diagnoses: Vec<DiagnosisRecord>,
    /// How many actions before these are not kept any more.
    pub actions_omitted: i64,
    /// How many causes before these are not.
    pub diagnoses_omitted: i64,
}

impl EnforcementLog {
    /// The log as a ledger keeps it.
    #[must_use]
    pub fn of(ledger: &LedgerSpec) -> Self {
        Self {
            actions: ledger.actions.clone(),
            diagnoses: ledger.diagnoses.clone(),
            actions_omitted: ledger.actions_omitted,
            diagnoses_omitted: ledger.diagnoses_omitted,
        }
    }

    /// Takes over what the status tells of the period, the newest first. Whether anything in it was new.
    pub fn remember(&mut self, period: Bounds, actions: &[ActionRecord], diagnoses: &[DiagnosisRecord]) -> bool {
        let actions = actions.iter().rev().filter(|action| period.contains(action.intended_at.0));
        let changed = take_over((&mut self.actions, &mut self.actions_omitted), actions, MOST_ACTIONS);
        let diagnoses = diagnoses.iter().rev().filter(|record| reaches_into(record, period));
        take_over((&mut self.diagnoses, &mut self.diagnoses_omitted), diagnoses, MOST_DIAGNOSES) || changed
    }

    /// How many actions there were, kept or not.
    #[must_use]
    pub fn acts(&self) -> i64 {
        self.actions_omitted.saturating_add(i64::try_from(self.actions.len()).unwrap_or(i64::MAX))
    }

    /// As much of it as fits into so many bytes as JSON: at most half for the causes, and the rest for the actions.
    #[must_use]
    pub fn within(&self, bytes: usize) -> Self {
        let mut kept = self.clone();
        let left = fit((&mut kept.diagnoses, &mut kept.diagnoses_omitted), bytes / 2);
        fit((&mut kept.actions, &mut kept.actions_omitted), bytes / 2 + left);
        kept
    }
}

/// What is kept of a log, oldest first.
trait Entry: Clone + PartialEq + Serialize {
    /// Whether both tell of the same.
    fn is_same(&self, other: &Self) -> bool;
    /// Since when it is told.
    fn since(&self) -> Timestamp;
}

impl Entry for ActionRecord {
    fn is_same(&self, other: &Self) -> bool {
        self.id == other.id
    }

    fn since(&self) -> Timestamp {
        self.intended_at.0
    }
}

impl Entry for DiagnosisRecord {
    fn is_same(&self, other: &Self) -> bool {
        let told = |record: &Self| (record.named.since.clone(), record.named.cause, record.named.suspects.clone());
        told(self) == told(other)
    }

    fn since(&self) -> Timestamp {
        self.account_from.0
    }
}

/// Whether a cause was told by the account of a period.
fn reaches_into(record: &DiagnosisRecord, period: Bounds) -> bool {
    let until = record.account_until.as_ref();
    record.account_from.0 <= period.end && until.is_none_or(|until| period.start < until.0)
}

/// Takes over what is new or has changed. What is older than all that is kept was left out before, if anything was.
fn take_over<'a, T: Entry + 'a>(
    (kept, omitted): (&mut Vec<T>, &mut i64),
    told: impl Iterator<Item = &'a T>,
    most: usize,
) -> bool {
    let mut changed = false;
    let first = kept.first().map(Entry::since).filter(|_| *omitted > 0);
    for told in told {
        match kept.iter_mut().find(|known| known.is_same(told)) {
            Some(known) if known == told => {}
            Some(known) => {
                known.clone_from(told);
                changed = true;
            }
            None if first.is_some_and(|first| told.since() < first) => {}
            None => {
                kept.push(told.clone());
                changed = true;
            }
        }
    }
    leave_out((kept, omitted), most);
    changed
}

/// Keeps the latest that fit into so many bytes; how many are left over.
fn fit<T: Entry>((kept, omitted): (&mut Vec<T>, &mut i64), bytes: usize) -> usize {
    let (mut left, mut count) = (bytes, 0);
    for entry in kept.iter().rev() {
        // With the comma after it. What cannot be written down does not fit.
        let size = serde_json::to_vec(entry).map_or(usize::MAX, |json| json.len().saturating_add(1));
        let Some(rest) = left.checked_sub(size) else { break };
        (left, count) = (rest, count + 1);
    }
    leave_out((kept, omitted), count);
    left
}

/// Keeps so many, the latest.
fn leave_out<T>((kept, omitted): (&mut Vec<T>, &mut i64), most: usize) {
    let over = kept.len().saturating_sub(most);
    kept.drain(..over);
    *omitted = omitted.saturating_add(i64::try_from(over).unwrap_or(i64::MAX));
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

    use super::super::example::{action, diagnosis};
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn period() -> Bounds {
        Bounds { start: at(1_000), end: at(2_000) }
    }

    #[test]
    fn a_cause_belongs_to_every_period_in_which_it_was_told() {
        let mut log = EnforcementLog::default();
        let cases = [
            ("long before", diagnosis("Saturation", 100, Some(1_000)), false),
            ("since before", diagnosis("Saturation", 200, Some(1_010)), true),
            ("still told", diagnosis("OutlierPod", 1_500, None), true),
            ("after it", diagnosis("Saturation", 2_001, None), false),
        ];
        let told: Vec<_> = cases.iter().rev().map(|(_, record, _)| record.clone()).collect();
        assert!(log.remember(period(), &[], &told));
        let expected: Vec<_> = cases.iter().filter(|(_, _, kept)| *kept).map(|(_, record, _)| record.clone()).collect();
        assert_eq!(log.diagnoses, expected);
        assert!(!log.remember(period(), &[], &told), "told again it is nothing new");
    }

    #[test]
    fn a_cause_that_ended_is_taken_over_in_place() {
        let mut log = EnforcementLog::default();
        let mut told = vec![diagnosis("OutlierPod", 1_500, None)];
        log.remember(period(), &[], &told);
        told[0].named.until = Some(Time(at(1_600)));
        assert!(log.remember(period(), &[], &told));
        assert_eq!(log.diagnoses, told);
    }

    #[test]
    fn of_too_many_the_latest_are_kept() {
        let mut log = EnforcementLog::default();
        for second in 0..60 {
            log.remember(period(), &[], &[diagnosis("Saturation", 1_000 + second, Some(1_001 + second))]);
        }
        assert_eq!(log.diagnoses.len(), MOST_DIAGNOSES);
        assert_eq!((log.diagnoses[0].account_from.0, log.diagnoses_omitted), (at(1_010), 10));
    }

    #[test]
    fn what_was_left_out_is_counted_once_and_not_taken_up_again() {
        let mut log = EnforcementLog::default();
        let told = |second: i64| -> Vec<ActionRecord> { (second - 9..=second).rev().map(action).collect() };
        for second in 1_009..1_900 {
            log.remember(period(), &told(second), &[]);
        }
        assert_eq!((log.actions.len(), log.actions_omitted), (MOST_ACTIONS, 900 - 200));
        let stored = log.within(3_000);
        let bytes = serde_json::to_vec(&stored.actions).unwrap().len();
        assert!(bytes <= 3_000 && stored.actions.len() < 10, "{bytes} bytes of {}", stored.actions.len());
        assert_eq!(stored.actions, log.actions[log.actions.len() - stored.actions.len()..], "the latest");
        assert_eq!(stored.acts(), 900);
        // Read back, it is told again of more than it keeps, and of one that is new.
        let mut read = stored.clone();
        assert!(!read.remember(period(), &told(1_899), &[]));
        assert_eq!(read, stored);
        assert!(read.remember(period(), &told(1_900), &[]));
        assert_eq!(read.acts(), 901);
    }

    #[test]
    fn the_causes_leave_room_for_the_actions() {
        let mut log = EnforcementLog::default();
        for second in 1_000..1_040 {
            log.remember(period(), &[action(second)], &[diagnosis("Saturation", second, Some(second + 1))]);
        }
        let size = |log: &EnforcementLog| {
            [serde_json::to_vec(&log.actions), serde_json::to_vec(&log.diagnoses)].map(|json| json.unwrap().len())
        };
        let [actions, diagnoses] = size(&log.within(6_000));
        assert!(diagnoses <= 3_010 && 2_000 < actions && actions + diagnoses <= 6_010, "{actions} and {diagnoses}");
        assert_eq!(log.within(1_000_000), log);
        let nothing = log.within(0);
        assert_eq!((nothing.actions_omitted, nothing.diagnoses_omitted), (40, 40));
    }
}
