//! What an HPA says of an open action on its CPU target: the annotation goes with the deed, in one patch, and names it.

use crate::api::enforcement_status::{ActionRecord, Verb};
use crate::sense::workload::{CpuTarget, CpuTargetMark};

use super::Finding;

pub(super) fn find(record: &ActionRecord, seen: Option<&CpuTarget>, agreement: &str) -> Finding {
    let Some(seen) = seen.filter(|seen| seen.target.uid == record.target.uid) else {
        return Finding::Void("its object is gone or scales the workload no more".to_owned());
    };
    match seen.mark.held_by(agreement) {
        Some(mark) if mark.action == record.id && seen.percent() == Some(mark.value) => Finding::Done,
        Some(mark) if mark.action == record.id => {
            Finding::Overwritten("the target is another now; somebody changed it meanwhile".to_owned())
        }
        // What goes back to what was declared takes the annotation away.
        None if record.verb == Verb::RestoreTarget => Finding::Done,
        None if seen.mark == CpuTargetMark::None && seen.percent() == record.to => Finding::Done,
        _ => Finding::Void("not done".to_owned()),
    }
}
