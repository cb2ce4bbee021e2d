//! Saturation: fewer pods serve than are wanted, their CPU limit throttles most of them, or each of them has more load than
//! was ever seen to be safe. Replicas help; against a limit that is too low, a higher one does so sooner. Where replicas were
//! shown not to help, while attempts pile up, it is a storm and not this.
//!
//! A service whose floor never came down has no load that is known to be safe. There the half hour before the danger is the
//! measure ([`since_calm`]). That each pod has clearly more to do than then is no proof that it is too much: so this way is
//! asked last, after a dependency and a storm of attempts, and only where replicas would be added anyway. It gives the danger a
//! name, and changes nothing of what is done; where replicas were tried in the danger and did not help, it gives none.

use crate::api::diagnosis::{CauseKind, Diagnosis, Evidence, Subject};
use crate::api::enforcement_status::{ActionRecord, Verb, Verdict};
use crate::decide::capacity::size;
use crate::decide::danger::evidence::Snapshot;
use crate::decide::danger::load::{self, Change, Level};
use crate::sense::signals::Signals;

use super::bad_revision::MORE_LOAD;
use super::throttling::{self, SHARE, Throttled};
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
    let untold = match throttling::seen(facts) {
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

/// Each pod has clearly more load than in the half hour before the danger, and none was named to be worse than the others.
pub(super) fn since_calm(look: &Look<'_>) -> Answer {
    let facts = look.facts;
    if size::safe_rate_per_pod(&facts.actions).is_some() {
        return Err("a load per pod is known to be safe".to_owned());
    }
    look.pods.as_ref().map_err(Clone::clone)?;
    let Change { objective, before, now } = load::change(facts)?;
    let since = facts.episode.as_ref().map(|episode| episode.since.0).ok_or("no danger was seen yet")?;
    let of_episode = |record: &&ActionRecord| record.intended_at.0 >= since;
    let in_vain = |record: &ActionRecord| {
        record.verb == Verb::RaiseFloor && matches!(record.verdict, Some(Verdict::Ineffective | Verdict::Harmful))
    };
    if facts.actions.iter().filter(of_episode).any(in_vain) {
        return Err("more replicas were tried and did not help".to_owned());
    }
    let ready = facts.workload.ready_pods();
    // As many as there were when the first act of the danger was decided.
    let seen = |record: &ActionRecord| record.evidence.parse().unwrap_or(Snapshot::default()).ready;
    let had = facts.actions.iter().rev().filter(of_episode).find_map(seen).unwrap_or(ready);
    let per_pod = |level: &Level, pods: i32| level.offered() / f64::from(pods.max(1));
    let (rate, calm) = (per_pod(&now, ready), per_pod(&before, had));
    // What was told is told until it is gone: beside the threshold chance would take turns.
    let told = facts.situation.status.diagnosis.as_ref().is_some_and(is_since_calm);
    if rate < calm * if told { 1.0 } else { MORE_LOAD } {
        return Err(format!("a pod has {rate:.1} events/s of {objective}, and had {calm:.1} before the danger"));
    }
    Ok(Cause {
        kind: CauseKind::Saturation,
        message: format!(
            "{} in danger, by more load or a dependency that got slow under it, which looks the same: of {objective} a pod has \
             {rate:.1} events/s where it had {calm:.1} in the half hour before; no part of the service is to blame",
            endangered(look)
        ),
        remedy: Remedy::Scale,
        evidence: vec![
            evidence(Subject::Now, format!("within {:.0} s just now, on {ready} pods", now.seconds), now.sample, None),
            evidence(
                Subject::Before,
                format!("within {:.0} s before the danger, on {had} pods", before.seconds),
                before.sample,
                None,
            ),
        ],
        would_change: "the load falls to what it was, or one of the causes ruled out before comes to hold".to_owned(),
    })
}

/// What was told is that there is more load than before the danger, and no more than that.
pub(super) fn is_since_calm(told: &Diagnosis) -> bool {
    rests_on_calm(told.cause, &told.evidence)
}

fn rests_on_calm(cause: CauseKind, evidence: &[Evidence]) -> bool {
    cause == CauseKind::Saturation && evidence.iter().any(|evidence| evidence.subject == Subject::Before)
}

/// No part of the service is told to be the cause: the load may be, or nobody knows. One is told after the other, as the load goes.
pub(in crate::decide) fn is_unexplained(cause: CauseKind, evidence: &[Evidence]) -> bool {
    cause == CauseKind::Unknown || rests_on_calm(cause, evidence)
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
