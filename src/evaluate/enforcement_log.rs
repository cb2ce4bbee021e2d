//! The log of a period: what the operator found and did in it, as the period's ledger keeps it. The status tells only the
//! latest.

use crate::api::diagnosis_record::DiagnosisRecord;
use crate::api::enforcement_status::ActionRecord;
use crate::api::ledger::LedgerSpec;

use super::period::Bounds;

/// Actions kept in a ledger; of more, the latest.
const MOST_ACTIONS: usize = 200;
/// Causes kept in a ledger; of more, the latest.
const MOST_DIAGNOSES: usize = 50;

/// What was found and done in a period, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnforcementLog {
    /// What was done.
    pub actions: Vec<ActionRecord>,
    /// The causes that were found.
    pub diagnoses: Vec<DiagnosisRecord>,
}

impl EnforcementLog {
    /// The log as a ledger keeps it.
    #[must_use]
    pub fn of(ledger: &LedgerSpec) -> Self {
        Self { actions: ledger.actions.clone(), diagnoses: ledger.diagnoses.clone() }
    }

    /// Takes over what the status tells of the period, the newest first. Whether anything in it was new.
    pub fn remember(&mut self, period: Bounds, actions: &[ActionRecord], diagnoses: &[DiagnosisRecord]) -> bool {
        let actions = actions.iter().rev().filter(|action| period.contains(action.intended_at.0));
        let changed = take_over(&mut self.actions, actions, |a, b| a.id == b.id, MOST_ACTIONS);
        let diagnoses = diagnoses.iter().rev().filter(|record| reaches_into(record, period));
        let same = |a: &DiagnosisRecord, b: &DiagnosisRecord| {
            (&a.named.since, a.named.cause, &a.named.suspects) == (&b.named.since, b.named.cause, &b.named.suspects)
        };
        take_over(&mut self.diagnoses, diagnoses, same, MOST_DIAGNOSES) || changed
    }
}

/// Whether a cause was told by the account of a period.
fn reaches_into(record: &DiagnosisRecord, period: Bounds) -> bool {
    let until = record.account_until.as_ref();
    record.account_from.0 <= period.end && until.is_none_or(|until| period.start < until.0)
}

fn take_over<'a, T: Clone + PartialEq + 'a>(
    known: &mut Vec<T>,
    told: impl Iterator<Item = &'a T>,
    same: impl Fn(&T, &T) -> bool,
    most: usize,
) -> bool {
    let mut changed = false;
    for told in told {
        match known.iter_mut().find(|known| same(known, told)) {
            Some(known) if known == told => {}
            Some(known) => {
                known.clone_from(told);
                changed = true;
            }
            None => {
                known.push(told.clone());
                changed = true;
            }
        }
    }
    known.drain(..known.len().saturating_sub(most));
    changed
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
    use k8s_openapi::jiff::Timestamp;

    use super::super::example::diagnosis;
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
        assert_eq!(log.diagnoses[0].account_from.0, at(1_010));
    }
}
