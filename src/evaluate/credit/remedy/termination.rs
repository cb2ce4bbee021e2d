//! The right to end the agreement after misses in a row.

use crate::api::agreement_status::State;
use crate::api::remedy::TerminationRight;

use super::super::entitlement::{Entitlement, Rights};

/// The right, where this period is missed and with it as many in a row as agreed.
pub(super) fn owed(rule: &TerminationRight, state: State, missed_before: u32) -> Option<Entitlement> {
    let missed = missed_before.saturating_add(1);
    let is_due = state == State::Violated && i64::from(missed) >= i64::from(rule.missed_periods);
    is_due.then(|| Entitlement {
        grant: None,
        rights: Rights { terminates: true, ..Rights::default() },
        reckoning: format!("missed {missed} period(s) in a row, and {} are enough", rule.missed_periods),
    })
}
