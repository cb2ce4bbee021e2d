//! Saturation: fewer pods serve than are wanted, or each of them has more load than was ever seen to be safe. Replicas
//! help; where they were shown not to, while attempts pile up, it is a storm and not this.

use crate::api::diagnosis::CauseKind;
use crate::decide::evidence::Snapshot;
use crate::decide::size;

use super::{Answer, Cause, Look, Remedy, endangered, retry_storm};

pub(super) fn ask(look: &Look<'_>) -> Answer {
    let facts = look.facts;
    let (wanted, ready) = (facts.workload.spec_replicas, facts.workload.ready_pods());
    let saturation = |message| Cause {
        kind: CauseKind::Saturation,
        message,
        remedy: Remedy::Scale,
        evidence: Vec::new(),
        would_change: "the load falls, or enough pods get ready".to_owned(),
    };
    if retry_storm::shown(look).is_ok() {
        return Err("more attempts came than before and fewer were good, and replicas did not help".to_owned());
    }
    if ready < wanted {
        let message = format!("{} in danger, and only {ready} of {wanted} wanted pods are ready", endangered(look));
        return Ok(saturation(message));
    }
    // Where one pod is worse than the others it was named before; alike they are only where they were seen.
    let unseen = look.pods.as_ref().err();
    let (Some(rate), Some(safe)) =
        (Snapshot::of(&facts.health, ready).rate_per_pod(), size::safe_rate_per_pod(&facts.actions))
    else {
        return Err("all wanted pods are ready, and no load per pod is known to be safe yet".to_owned());
    };
    match unseen {
        Some(why) => Err(format!("whether all pods are bad alike is not known: {why}")),
        None if rate <= safe => Err(format!("a pod has {rate:.1} events/s, and {safe:.1} were safe before")),
        None => Ok(saturation(format!(
            "{} in danger on all pods alike, at {rate:.1} events/s a pod where {safe:.1} were safe before",
            endangered(look)
        ))),
    }
}
