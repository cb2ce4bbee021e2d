//! A node whose pods fail: they belong elsewhere. The floor is held and the node named. Its pods are not moved: nothing steers
//! what is evicted away from the node, so that it may come back.

use crate::api::diagnosis::{CauseKind, Subject};

use super::outlier::group;
use super::{Answer, Cause, Look, Remedy, endangered, evidence, told};

pub(super) fn ask(look: &Look<'_>) -> Answer {
    let pods = look.pods.as_ref().map_err(Clone::clone)?;
    let found = group(pods, "nodes", |member| member.node.as_ref(), |member| Some(&member.name))?;
    let name = &found.name;
    let allowed = look.facts.situation.enforcement.reschedule.is_some();
    let steering =
        if allowed { "; none of them is evicted, as it could come back: nothing steers it elsewhere" } else { "" };
    Ok(Cause {
        kind: CauseKind::OutlierNode,
        message: format!(
            "{} in danger through node {name}: {} on its {} pods, elsewhere {}; look at the node, cordon it and move \
             them; more replicas would leave them there, so the floor is held{steering}",
            endangered(look),
            told(found.sample),
            found.pods.len(),
            told(found.rest)
        ),
        remedy: Remedy::KeepFloor,
        evidence: vec![
            evidence(Subject::Node, name, found.sample, Some(found.z)),
            evidence(Subject::Rest, "all other pods", found.rest, None),
        ],
        would_change: format!("the pods of node {name} get as good as the others, or the others as bad"),
    })
}
