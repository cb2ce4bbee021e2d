//! Saturation: fewer pods serve than are wanted, their CPU limit throttles most of them, or each of them has more load than
//! was ever seen to be safe. Replicas help; against a limit that is too low, a higher one does so sooner. Where replicas were
//! shown not to help, while attempts pile up, it is a storm and not this.

use crate::api::diagnosis::{CauseKind, Subject};
use crate::decide::evidence::Snapshot;
use crate::decide::throttling::{SHARE, Throttled};
use crate::decide::{resize, size};
use crate::sense::signals::Signals;

use super::{Answer, Cause, Look, Remedy, endangered, evidence, retry_storm};

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
    let untold = match resize::seen(facts) {
        Ok(throttled) => return Ok(by_limit(look, &throttled)),
        Err(why) if asked(look) => format!("; {why}"),
        Err(_) => String::new(),
    };
    // Where one pod is worse than the others it was named before; alike they are only where they were seen.
    let unseen = look.pods.as_ref().err();
    let (Some(rate), Some(safe)) =
        (Snapshot::of(&facts.health, ready).rate_per_pod(), size::safe_rate_per_pod(&facts.actions))
    else {
        return Err(format!("all wanted pods are ready, and no load per pod is known to be safe yet{untold}"));
    };
    match unseen {
        Some(why) => Err(format!("whether all pods are bad alike is not known: {why}{untold}")),
        None if rate <= safe => Err(format!("a pod has {rate:.1} events/s, and {safe:.1} were safe before{untold}")),
        None => Ok(saturation(format!(
            "{} in danger on all pods alike, at {rate:.1} events/s a pod where {safe:.1} were safe before",
            endangered(look)
        ))),
    }
}

/// Somebody asked whether pods are throttled.
fn asked(look: &Look<'_>) -> bool {
    !matches!(look.facts.situation.throttling, Signals::NotAsked(_))
}

fn by_limit(look: &Look<'_>, throttled: &Throttled) -> Cause {
    let periods = throttled.sum();
    Cause {
        kind: CauseKind::Saturation,
        message: format!(
            "{} in danger, and their CPU limit throttles {} of {} ready pods, in {:.0} % of their periods",
            endangered(look),
            throttled.pods.len(),
            throttled.ready,
            periods.share() * 100.0
        ),
        remedy: Remedy::Resize,
        evidence: vec![evidence(Subject::CpuLimit, "CPU limit throttling", periods, None)],
        would_change: format!("their limit throttles the pods in less than {:.0} % of their periods", SHARE * 100.0),
    }
}
