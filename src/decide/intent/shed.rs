//! What a `ConfigMap` says of an open action on its key: the annotation goes with the deed, in one patch, and names it.

use crate::api::enforcement_status::{ActionRecord, Verb};
use crate::sense::workload::Switch;

use super::Finding;

/// `None`: nobody can tell just now.
pub(super) fn find(record: &ActionRecord, switch: &Switch, agreement: &str) -> Option<Finding> {
    let state = match switch {
        Switch::NotAsked | Switch::Forbidden(_) | Switch::Unreadable(_) => return None,
        Switch::Read(state) if state.target.uid == record.target.uid => state,
        Switch::Read(_) | Switch::Gone => {
            return Some(Finding::Void("its object is gone or is not the switch any more".to_owned()));
        }
    };
    let mark = state.mark.held_by(agreement);
    Some(match (record.verb, mark) {
        (Verb::StopShedding, None) => Finding::Done,
        (Verb::Shed, Some(mark)) if mark.action == record.id && state.value.as_ref() == Some(&mark.value) => {
            Finding::Done
        }
        (Verb::Shed, Some(mark)) if mark.action == record.id => {
            Finding::Overwritten("the key has another value now; somebody changed it meanwhile".to_owned())
        }
        _ => Finding::Void("not done".to_owned()),
    })
}
