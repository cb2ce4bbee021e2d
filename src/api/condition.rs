//! Status conditions: their types, their reasons, and how one is set.
//!
//! kube has no helper for conditions; the rules here are those of the Kubernetes API conventions: one entry a type,
//! `lastTransitionTime` moves only when `status` changes, and every entry carries the generation it was made from.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use k8s_openapi::jiff::Timestamp;

/// The object is valid and the operator works on it.
pub const READY: &str = "Ready";
/// The last slots were read from the metrics source.
pub const MEASURED: &str = "Measured";
/// Every objective is met so far in this period.
pub const FULFILLED: &str = "Fulfilled";
/// The operator acts on the workload, or something that it did there stands.
pub const ENFORCING: &str = "Enforcing";
/// Nothing will happen until somebody changes the spec. Present only while true.
pub const STALLED: &str = "Stalled";
/// Somebody else resets what the operator writes. Present only while true.
pub const CONFLICTING_MANAGER: &str = "ConflictingManager";
/// More replicas were asked for than became ready. Present only while true.
pub const CAPACITY_INSUFFICIENT: &str = "CapacityInsufficient";
/// Something that the operator did in this episode made it worse; a person should look. Present only while true.
pub const ACTION_HARMFUL: &str = "ActionHarmful";
/// What `spec.service.dependsOn` names is not there, or is the service itself. Present only while true.
pub const DEPENDENCY_UNKNOWN: &str = "DependencyUnknown";
/// Something in the agreement is hardly meant, though it is worked with as it is. Present only while true.
pub const ADVISED: &str = "Advised";
/// Some slots are older than what the metrics source keeps, or would be after a downtime. Present only while true.
pub const BEYOND_RETENTION: &str = "BeyondRetention";
/// A credit was not paid in time. Present only while true.
pub const PAYMENT_OVERDUE: &str = "PaymentOverdue";
/// More was paid for a credit than is owed by now. Present only while true.
pub const OVERPAID: &str = "Overpaid";
/// The ledger of the period takes no more counts, or will not before the period ends. Present only while true.
pub const LEDGER_FULL: &str = "LedgerFull";
/// The agreement's rules let it count (on a `ServiceLevelExclusion`).
pub const HONOURED: &str = "Honoured";
/// It has an effect on the account (on a `ServiceLevelClaim`).
pub const EFFECTIVE: &str = "Effective";
/// What the source's increase really does is known (on a `MetricsSource`).
pub const PROBED: &str = "Probed";

/// The state of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConditionStatus {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// Nobody knows.
    Unknown,
}

impl ConditionStatus {
    /// The wire form.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

/// Longest message the API server accepts.
const MESSAGE_LIMIT: usize = 32_768;

/// Sets one condition in `conditions`, keeping the transition time when the status did not change.
///
/// `now` is cut to whole seconds, since that is what the wire carries: a comparison with what was read back must not
/// see a difference.
pub fn set(
    conditions: &mut Vec<Condition>,
    kind: &str,
    status: ConditionStatus,
    reason: &str,
    message: &str,
    generation: Option<i64>,
    now: Timestamp,
) {
    let wire = status.as_str();
    let since = conditions
        .iter()
        .find(|c| c.type_ == kind && c.status == wire)
        .map_or_else(|| Time(whole_seconds(now)), |c| c.last_transition_time.clone());
    let message: String = message.chars().take(MESSAGE_LIMIT).collect();
    let next = Condition {
        type_: kind.to_owned(),
        status: wire.to_owned(),
        reason: reason.to_owned(),
        message,
        observed_generation: generation,
        last_transition_time: since,
    };
    match conditions.iter_mut().find(|c| c.type_ == kind) {
        Some(slot) => *slot = next,
        None => conditions.push(next),
    }
}

/// Removes a condition that is present only while true.
pub fn clear(conditions: &mut Vec<Condition>, kind: &str) {
    conditions.retain(|c| c.type_ != kind);
}

fn whole_seconds(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn transition_time_moves_only_with_the_status() {
        let at = |s| Timestamp::from_second(s).unwrap();
        let mut list = Vec::new();
        set(&mut list, READY, ConditionStatus::True, "Valid", "", Some(1), at(10));
        set(&mut list, READY, ConditionStatus::True, "Other", "changed", Some(2), at(20));
        assert_eq!(list.len(), 1);
        assert_eq!(list[0].last_transition_time.0, at(10));
        assert_eq!((list[0].reason.as_str(), list[0].observed_generation), ("Other", Some(2)));
        set(&mut list, READY, ConditionStatus::False, "Invalid", "", Some(3), at(30));
        assert_eq!(list[0].last_transition_time.0, at(30));
        clear(&mut list, READY);
        assert!(list.is_empty());
    }
}
