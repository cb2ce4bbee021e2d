//! Whether a taint did what was expected of it: what was made since landed elsewhere.
//!
//! The taint is soft: spread constraints, affinity, or no room elsewhere may weigh more for the scheduler. So it is looked
//! at where pods landed, and one that landed on the node in spite of it is enough to know.

use crate::api::enforcement_status::{ActionRecord, Verdict};
use crate::sense::workload::PodObservation;

use super::Sight;

/// New pods keep away from the node.
pub(super) fn avoided(record: &ActionRecord, sight: Sight<'_>, due: bool) -> Option<(Verdict, String)> {
    let name = record.target.name.as_str();
    let since = |pod: &&PodObservation| pod.created.is_some_and(|created| created > record.intended_at.0);
    let landed: Vec<&str> = sight.workload.pods.iter().filter(since).filter_map(|pod| pod.node.as_deref()).collect();
    if landed.contains(&name) {
        return Some((Verdict::Ineffective, format!("a pod landed on {name} in spite of the taint")));
    }
    if due && !landed.is_empty() {
        return Some((Verdict::Effective, format!("the pods made since landed elsewhere ({})", landed.len())));
    }
    let avoided = sight.avoidance.and_then(|known| known.nodes.iter().find(|avoided| avoided.action == record.id));
    let over = avoided.is_none_or(|avoided| avoided.ended.is_some() || sight.now >= avoided.until.0);
    (due && over).then(|| (Verdict::Inconclusive, "no pod was made while it stood".to_owned()))
}

/// The node takes pods again.
pub(super) fn released(record: &ActionRecord, sight: Sight<'_>) -> (Verdict, String) {
    let goes_on = sight.avoidance.and_then(|known| known.standing());
    if goes_on.is_some_and(|avoided| avoided.uid == record.target.uid) {
        (Verdict::Inconclusive, "it is avoided again".to_owned())
    } else {
        (Verdict::Effective, "the operator's taint is gone".to_owned())
    }
}
