//! A cause that was named before: a part of the service that was blamed stays suspected until enough data disproves it.
//!
//! Otherwise a minute with few events, or a gap of the store, would turn a sick pod into an unknown cause, and replicas
//! would be added that cannot help. Whatever else can be shown of the service's parts takes its place, and what is asked
//! before it; a rollout that goes on does not make a revision better, nor does more load, a dependency or a storm of attempts
//! make a pod better. It ends with the danger. Disproved is what is gone from the service, and what had events enough on
//! both sides and was not worse by the ratio that blamed it.

use crate::api::diagnosis::{CauseKind, Diagnosis, Subject};
use crate::decide::danger::health::Danger;
use crate::sense::signals::Signals;
use crate::sense::workload::PodObservation;

use super::comparison::FEWEST_EVENTS;
use super::population::{Member, Population};
use super::{Cause, Look, Remedy, bad_revision, outlier};

/// What joins the words of then and those of now.
const KEPT: &str = "; this was told before and is not disproved: ";

/// The cause named before, if it is not disproved, and `found` is none that goes before it.
pub(super) fn still(look: &Look<'_>, found: &Cause) -> Option<Cause> {
    let before = look.facts.situation.status.diagnosis.as_ref().filter(|_| look.facts.health.danger > Danger::None)?;
    let gives_way = match found.kind {
        CauseKind::Saturation | CauseKind::Dependency | CauseKind::RetryStorm | CauseKind::Unknown => true,
        CauseKind::RolloutInProgress | CauseKind::RolloutStuck | CauseKind::RolloutPaused => {
            before.cause == CauseKind::BadRevision
        }
        _ => false,
    };
    if !gives_way {
        return None;
    }
    let ratio = match before.cause {
        CauseKind::BadRevision => bad_revision::RATIO,
        CauseKind::OutlierZone | CauseKind::OutlierNode | CauseKind::OutlierPod => outlier::RATIO,
        _ => return None,
    };
    let named = names(before);
    let serves = |pod: &PodObservation| !pod.terminating && !look.facts.is_dead(pod.node.as_ref());
    let there = look.facts.workload.pods.iter().any(|pod| serves(pod) && of_pod(pod, &named));
    let why = doubt(look, &named, ratio).filter(|_| there)?;
    let told = before.message.split(KEPT).next().unwrap_or_default();
    Some(Cause {
        kind: before.cause,
        message: format!("{told}{KEPT}{why}"),
        remedy: Remedy::KeepFloor,
        evidence: before.evidence.clone(),
        would_change: before.would_change.clone(),
    })
}

/// Whether a revision was blamed at the last look.
pub(super) fn revision(look: &Look<'_>, hash: &str) -> bool {
    let before = look.facts.situation.status.diagnosis.as_ref();
    let before = before.filter(|before| before.cause == CauseKind::BadRevision);
    before.is_some_and(|before| names(before).iter().any(|(_, name)| *name == hash))
}

/// What was blamed, by kind and name.
fn names(before: &Diagnosis) -> Vec<(Subject, &str)> {
    let parts = before.evidence.iter().map(|evidence| (evidence.subject, evidence.name.as_str()));
    parts.filter(|(kind, _)| kind.is_part()).collect()
}

fn of_pod(pod: &PodObservation, named: &[(Subject, &str)]) -> bool {
    is_named(named, &pod.name, [&pod.node, &pod.zone, &pod.revision])
}

fn of_member(member: &Member, named: &[(Subject, &str)]) -> bool {
    is_named(named, &member.name, [&member.node, &member.zone, &member.revision])
}

fn is_named(named: &[(Subject, &str)], pod: &str, [node, zone, revision]: [&Option<String>; 3]) -> bool {
    named.iter().any(|(kind, name)| match kind {
        Subject::Pod => pod == *name,
        Subject::Node => node.as_deref() == Some(name),
        Subject::Zone => zone.as_deref() == Some(name),
        Subject::Revision => revision.as_deref() == Some(name),
        Subject::Before | Subject::Rest | Subject::Services | Subject::Upstream | Subject::Now | Subject::CpuLimit => {
            false
        }
    })
}

/// Why it is not disproved, in words. `None`: it is.
fn doubt(look: &Look<'_>, named: &[(Subject, &str)], ratio: f64) -> Option<String> {
    let pods: &Population = match &look.pods {
        Ok(pods) => pods,
        Err(why) => return Some(why.clone()),
    };
    let (part, rest) = pods.split(|member| of_member(member, named));
    let all_of_one = pods.members.iter().all(|member| of_member(member, named));
    if all_of_one && !matches!(look.facts.situation.before, Signals::ByPod(_)) {
        return Some("nothing is known of before it came".to_owned());
    }
    if part.total < FEWEST_EVENTS || !all_of_one && rest.total < FEWEST_EVENTS {
        return Some(format!("it had {:.0} events just now, the others {:.0}", part.total, rest.total));
    }
    (!all_of_one && part.bad > 0.0 && part.share() >= ratio * rest.share())
        .then(|| "it is still worse, though not beyond chance".to_owned())
}
