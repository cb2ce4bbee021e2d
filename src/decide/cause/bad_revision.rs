//! A bad revision: the new pods fail where the old ones do not, or did not before the rollout. More replicas would be
//! more of it. The floor is held, and where the agreement allows it the revision is undone.
//!
//! While both revisions serve, they are compared with each other, under the same load and beside the same dependencies.
//! When the rollout is through there is only before and after. That is told to be the revision's doing only shortly
//! after, by a window that has nothing of the rollout in it (fewer pods served then, and some of them were cold), where every pod
//! got about as much load as before, and not through one of its pods; whether a dependency went bad in the same minutes cannot be
//! seen, and the words say so.

use std::collections::BTreeMap;

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::api::diagnosis::{CauseKind, Subject};
use crate::decide::situation::facts::Facts;
use crate::sense::signals::{PodVector, Signals};

use super::comparison::{FEWEST_EVENTS, Sample, worse};
use super::population::{Member, Population, sum, whole};
use super::{Answer, Cause, Look, Remedy, endangered, evidence, named, told};

/// A revision that is older than this has shown what it can do.
pub const YOUNG: SignedDuration = SignedDuration::from_mins(30);
/// The new revision is to be at least so many times as bad as the old one.
pub(super) const RATIO: f64 = 3.0;
/// Load per pod, after over before, from which on it may be the load. Pods at two thirds of what they can are at four fifths
/// then, where they begin to be slow.
pub(super) const MORE_LOAD: f64 = 1.2;

pub(super) fn ask(look: &Look<'_>) -> Answer {
    let pods = look.pods.as_ref().map_err(Clone::clone)?;
    let mut revisions: BTreeMap<&String, Vec<&Member>> = BTreeMap::new();
    for member in &pods.members {
        if let Some(revision) = &member.revision {
            revisions.entry(revision).or_default().push(member);
        }
    }
    let newest = revisions.keys().filter_map(|revision| Some((first_pod(look.facts, revision)?, *revision))).max();
    let Some((since, newest)) = newest else { return Err("the pods name no revision".to_owned()) };
    let members = revisions.get(newest).map(Vec::as_slice).unwrap_or_default();
    if revisions.len() > 1 {
        side_by_side(look, pods, newest, since, members)
    } else {
        after(look, pods, newest, members)
    }
}

/// When the first of a revision's present pods was made.
fn first_pod(facts: &Facts<'_>, revision: &str) -> Option<Timestamp> {
    let of = facts.workload.pods.iter().filter(|pod| pod.revision.as_deref() == Some(revision));
    of.filter_map(|pod| pod.created).min()
}

fn side_by_side(look: &Look<'_>, pods: &Population, newest: &str, since: Timestamp, members: &[&Member]) -> Answer {
    // One that was named while it was young is not let off for its age; a pause that stands would make it grow old.
    let known = named::revision(look, newest) || look.facts.paused_at() == Some(newest);
    if !known && look.facts.now().duration_since(since) > YOUNG {
        return Err(format!("the newest revision {newest} has served for more than half an hour"));
    }
    let (new, old) = pods.split(|member| member.revision.as_deref() == Some(newest));
    if new.total < FEWEST_EVENTS || old.total < FEWEST_EVENTS {
        return Err(format!(
            "too few events to compare revisions: {:.0} by {newest}, {:.0} by the old one, {FEWEST_EVENTS:.0} needed of each",
            new.total, old.total
        ));
    }
    let z = judged(new, old, members, pods).ok_or_else(|| {
        format!(
            "revision {newest} is not three times as bad as the old one beyond chance: {}, {}",
            told(new),
            told(old)
        )
    })?;
    Ok(cause(look, newest, new, (Subject::Rest, "the old revision", old), z, ""))
}

fn after(look: &Look<'_>, pods: &Population, newest: &str, members: &[&Member]) -> Answer {
    let facts = look.facts;
    let old = |through: Timestamp| facts.now().duration_since(through) > YOUNG && !named::revision(look, newest);
    let Some(through) = facts.workload.rolled_out_at.filter(|through| !old(*through)) else {
        return Err("there is one revision, and no rollout was through within the last half hour".to_owned());
    };
    if pods.began < through {
        return Err(format!("what was read by pod has the rollout in it, which was through at {through}"));
    }
    let before = match facts.situation.before {
        Signals::ByPod(vector) => vector,
        other => {
            return Err(format!("nothing is known of before the rollout: {}", other.trouble().unwrap_or_default()));
        }
    };
    let (new, old) = (sum(members), whole(before));
    if old.total < FEWEST_EVENTS {
        return Err(format!("before the rollout there were {:.0} events, too few to compare", old.total));
    }
    // A pod that came within the window had less of it.
    let served: Vec<&Member> = members.iter().copied().filter(|member| member.served_throughout).collect();
    let served = if served.is_empty() { members } else { served.as_slice() };
    let load = per_pod(sum(served).total, served.len(), pods.window_seconds);
    let load_before = per_pod(old.total, before.pods.len(), seconds(before));
    if load > MORE_LOAD * load_before {
        return Err("every pod has more load than before the rollout, so it may be the load".to_owned());
    }
    let z = judged(new, old, members, pods).ok_or_else(|| {
        format!("it is not three times as bad as before the rollout beyond chance: {}, {}", told(new), told(old))
    })?;
    let doubt = " (unless a dependency went bad in the same minutes, which cannot be seen from here)";
    Ok(cause(look, newest, new, (Subject::Before, "before the rollout", old), z, doubt))
}

/// By how much the new revision is worse, if it is, and without any one of its pods too.
fn judged(new: Sample, old: Sample, members: &[&Member], pods: &Population) -> Option<f64> {
    let comparisons = pods.comparisons();
    let z = worse(new, old, RATIO, comparisons)?;
    let enough = |member: &&&Member| new.without(member.sample).total >= FEWEST_EVENTS;
    let by_others = members.iter().filter(enough);
    by_others.map(|member| worse(new.without(member.sample), old, RATIO, comparisons)).all(|z| z.is_some()).then_some(z)
}

fn cause(
    look: &Look<'_>,
    newest: &str,
    new: Sample,
    (subject, name, old): (Subject, &str, Sample),
    z: f64,
    doubt: &str,
) -> Cause {
    Cause {
        kind: CauseKind::BadRevision,
        message: format!(
            "{} in danger through revision {newest}: {}, {name} {}{doubt}; more replicas would be more of it, so the \
             floor is held",
            endangered(look),
            told(new),
            told(old)
        ),
        remedy: Remedy::Undo(newest.to_owned()),
        evidence: vec![evidence(Subject::Revision, newest, new, Some(z)), evidence(subject, name, old, None)],
        would_change: format!("revision {newest} is undone, or gets as good as the one before it"),
    }
}

fn per_pod(total: f64, pods: usize, seconds: f64) -> f64 {
    let pods = u32::try_from(pods.max(1)).map_or(f64::MAX, f64::from);
    total / pods / seconds.max(1.0)
}

fn seconds(vector: &PodVector) -> f64 {
    vector.window.as_secs_f64()
}
