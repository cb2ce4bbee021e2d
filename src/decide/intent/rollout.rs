//! What a Deployment says of an open action on its rollout: the annotation goes with the deed, in one patch, and names it.

use crate::api::enforcement_status::{ActionRecord, Verb};
use crate::sense::workload::DeploymentState;

use super::Finding;

pub(super) fn find(record: &ActionRecord, deployment: &DeploymentState, agreement: &str) -> Finding {
    let mark = deployment.mark.held_by(agreement);
    let named = mark.is_some_and(|mark| mark.action == record.id);
    match record.verb {
        // The annotation goes with the pause.
        Verb::ReleaseRollout if mark.is_none() => Finding::Done,
        Verb::PauseRollout if named && !deployment.paused => {
            Finding::Overwritten("the rollout is not paused now; somebody resumed it meanwhile".to_owned())
        }
        Verb::PauseRollout | Verb::RollBack if named => Finding::Done,
        _ => Finding::Void("not done".to_owned()),
    }
}
