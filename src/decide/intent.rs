//! Actions whose end nobody has seen: intended before a crash, or without an answer in time.
//!
//! Each is compared with the object as it stands now: it was done, or it is void and may be decided again. Nothing is
//! assumed. A write that is still on its way carries the old resource version, so a new decision cannot be overwritten
//! by it.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use crate::api::enforcement_status::{ActionPhase, ActionRecord, FloorStatus, Verb, Verdict};
use crate::sense::workload::Floor;

/// What a look at the object says about an open action.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Finding {
    Done,
    /// Nothing of it is to be seen.
    Void(String),
    /// Its traces are there, but not its value.
    Overwritten(String),
}

/// Settles every open action, given the floors that were read; none if it is not clear what holds the floor. Returns the
/// records, and the indices of those now known to have been done, oldest first.
#[must_use]
pub fn settle(actions: &[ActionRecord], floors: &[&Floor], agreement: &str) -> (Vec<ActionRecord>, Vec<usize>) {
    let mut done = Vec::new();
    let settled = actions.iter().enumerate().map(|(index, record)| {
        let mut record = record.clone();
        let open = matches!(record.phase, ActionPhase::Intended | ActionPhase::Unknown);
        if open && !floors.is_empty() {
            let floor = floors.iter().find(|floor| floor.target.uid == record.target.uid);
            match find(&record, floor.copied(), agreement) {
                Finding::Done => {
                    record.phase = ActionPhase::Done;
                    "found done when the object was read again".clone_into(&mut record.outcome);
                    done.push(index);
                }
                Finding::Overwritten(how) => {
                    // It may have been done, so the next one waits its time; nothing can be said of its effect.
                    (record.phase, record.verdict) = (ActionPhase::Done, Some(Verdict::Inconclusive));
                    record.outcome = how;
                }
                Finding::Void(why) => {
                    record.phase = ActionPhase::Refused;
                    record.outcome = why;
                }
            }
        }
        record
    });
    let settled = settled.collect();
    done.reverse();
    (settled, done)
}

fn find(record: &ActionRecord, floor: Option<&Floor>, agreement: &str) -> Finding {
    let Some(floor) = floor else { return Finding::Void("its object is gone or scales the workload no more".into()) };
    let ours = floor.baseline.held_by(agreement).is_some();
    if record.verb == Verb::Restore {
        // The annotation goes with the value, or after it.
        return if ours { Finding::Void("not done".into()) } else { Finding::Done };
    }
    if Some(floor.current) == record.to && ours {
        Finding::Done
    } else if Some(floor.current) == record.from || !ours {
        Finding::Void("not done".into())
    } else {
        Finding::Overwritten(format!("the value is {} now; somebody changed it meanwhile", floor.current))
    }
}

/// What holds while an action is intended: the object it writes, as it is before. So it is found again after a crash.
#[must_use]
pub fn expected(floor: Option<FloorStatus>, record: &ActionRecord) -> Option<FloorStatus> {
    let before = ActionRecord { verb: Verb::FreezeScaleDown, to: record.from, ..record.clone() };
    if floor.is_some() { floor } else { effect(None, &before) }
}

/// What holds after an action was done.
#[must_use]
pub fn effect(floor: Option<FloorStatus>, record: &ActionRecord) -> Option<FloorStatus> {
    if record.verb == Verb::Restore {
        return None;
    }
    let (Some(from), Some(to)) = (record.from, record.to) else { return floor };
    let known = floor.filter(|floor| floor.target.uid == record.target.uid);
    Some(FloorStatus {
        target: record.target.clone(),
        baseline: known.as_ref().map_or(from, |floor| floor.baseline),
        value: to,
        since: Time(record.intended_at.0),
        resets: known.map_or(0, |floor| floor.resets),
    })
}
