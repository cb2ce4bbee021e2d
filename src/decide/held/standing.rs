//! The floor that stands because of this agreement: what the status says, corrected by what is seen.
//!
//! Takes the floor of the status and the object as it is; gives the floor that stands, and the reset if somebody else has
//! lowered it. The value that somebody else set is the new baseline: it is what they want.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;

use crate::api::FIELD_MANAGER;
use crate::api::enforcement_status::{FloorReason, FloorStatus};
use crate::sense::workload::{Baseline, Floor};

/// Somebody else changed the floor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reset {
    /// The field manager, where the API server knows one.
    pub by: Option<String>,
    /// What the operator wrote.
    pub ours: i32,
    /// What stands there now.
    pub theirs: i32,
}

/// The floor that stands on `floor`, and whether somebody else has changed it since the status was written.
#[must_use]
pub fn reconcile(
    status: Option<&FloorStatus>,
    floor: &Floor,
    agreement: &str,
    now: Timestamp,
) -> (Option<FloorStatus>, Option<Reset>) {
    let Some(standing) = status.filter(|status| status.target.uid == floor.target.uid) else {
        return (adopt(floor, agreement, now), None);
    };
    let mut standing = standing.clone();
    if standing.value == standing.baseline && floor.baseline.held_by(agreement).is_none() {
        // Written down as an intent, never carried out.
        return (None, None);
    }
    // A change of the value takes it from whoever owned it, and Guarantor gives up its own entry after every write. So a
    // value it wrote has no owner (or Guarantor, if it ended before giving up), and a value with another owner is that
    // owner's, even if it is the same.
    let foreign = is_foreign(floor);
    if floor.current == standing.value {
        if foreign {
            standing.baseline = floor.current;
        }
        return (Some(standing), None);
    }
    let unowned = floor.set_by.is_none();
    let let_go = standing.value < standing.baseline;
    let may_be_ours = floor.current > standing.baseline || let_go && floor.current < standing.baseline;
    let ours = !foreign && (!unowned || may_be_ours);
    if ours {
        // A write of ours that was given up has arrived after all.
        standing.value = floor.current;
        return (Some(standing), None);
    }
    let reset = Reset { by: floor.set_by.clone(), ours: standing.value, theirs: floor.current };
    if floor.current < standing.value || let_go {
        standing.resets = standing.resets.saturating_add(1);
    }
    standing.value = floor.current;
    standing.baseline = floor.current;
    (Some(standing), Some(reset))
}

/// The value is another field manager's.
fn is_foreign(floor: &Floor) -> bool {
    floor.set_by.as_deref().is_some_and(|manager| manager != FIELD_MANAGER)
}

/// The floor told by the annotation alone, when the status knows nothing: it was lost, or the operator ended between
/// writing the annotation and the value.
fn adopt(floor: &Floor, agreement: &str, now: Timestamp) -> Option<FloorStatus> {
    let record = floor.baseline.held_by(agreement)?;
    // Who has set it since wants that, whatever stood there before us.
    let baseline =
        if is_foreign(floor) { floor.current } else { record.replicas.unwrap_or_else(|| floor.kind.default_floor()) };
    let let_go = floor.current < baseline && !floor.kind.is_autoscaler();
    Some(FloorStatus {
        target: floor.target.clone(),
        baseline,
        value: floor.current,
        since: Time(now),
        resets: 0,
        // Nobody remembers, and what was done in a danger is given back no sooner. No replica is let go in one.
        reason: if let_go { FloorReason::Load } else { FloorReason::Danger },
    })
}

/// The baseline as it must stand in the annotation before a change: nothing to do if it stands there already.
#[must_use]
pub fn recorded(standing: Option<&FloorStatus>, floor: &Floor, agreement: &str) -> Option<Option<i32>> {
    let Some(standing) = standing else { return Some(floor.written) };
    let effective = |replicas: Option<i32>| replicas.unwrap_or_else(|| floor.kind.default_floor());
    match &floor.baseline {
        Baseline::Recorded(record)
            if record.agreement == agreement && effective(record.replicas) == standing.baseline =>
        {
            None
        }
        _ => Some(Some(standing.baseline)),
    }
}
