//! A retry storm: far more attempts than before, fewer of them good than before, and replicas did not help. What overloads the
//! service is what its clients do about the overload, so it outlives its trigger (Huang et al., Metastable Failures in the
//! Wild, OSDI 2022: retries sustained more than half of the outages they studied). Only fewer attempts end it: the floor is
//! held, and load shed where the agreement allows that.
//!
//! Told by the slots of the account, so that it costs no query: against the half hour before the danger, the events offered a
//! second rose by half, and the good ones a second fell by a fifth. That is asked only when replicas were tried, and
//! are there: a rush that more pods can serve is saturation. It holds until both have clearly turned back, and while load is
//! shed until the danger is over.
//!
//! Its limits: attempts and users are not told apart, so that a rush beyond everything the service may be scaled to looks
//! like this too, and shedding is the answer to both. Attempts that are counted nowhere (refused in front of the meter) are
//! not seen. Where nothing is known of the half hour before, it is never told.

use crate::api::diagnosis::{CauseKind, Subject};
use crate::api::enforcement_status::{ActionPhase, ActionRecord, Verb, Verdict};
use crate::decide::capacity::ceiling;
use crate::decide::danger::evidence::Snapshot;
use crate::decide::danger::load::{self, Change};
use crate::decide::situation::facts::Facts;

use super::{Answer, Cause, Look, Remedy, endangered, evidence};

/// Offered events a second, against before: from this multiple on it begins, and below this one it is over.
const MORE: [f64; 2] = [1.5, 1.2];
/// Good events a second, against before: the same.
const FEWER: [f64; 2] = [0.8, 0.9];
/// Replicas that grew by this were tried, by whose hand ever.
const GREW: f64 = 1.25;

/// What shows a storm.
pub(super) struct Storm {
    /// How the load changed, where that is known.
    change: Option<Change>,
    /// What was tried, or is done.
    tried: String,
}

pub(super) fn ask(look: &Look<'_>) -> Answer {
    let Storm { change, tried } = shown(look)?;
    let (figures, evidence) = match &change {
        Some(Change { objective, before, now }) => (
            format!(
                ": of {objective} {:.1} events/s come where {:.1} came before the danger, and {:.1} of them are good where {:.1} \
                 were",
                now.offered(),
                before.offered(),
                now.good(),
                before.good()
            ),
            vec![
                evidence(Subject::Now, format!("within {:.0} s just now", now.seconds), now.sample, None),
                evidence(
                    Subject::Before,
                    format!("within {:.0} s before the danger", before.seconds),
                    before.sample,
                    None,
                ),
            ],
        ),
        None => (String::new(), Vec::new()),
    };
    Ok(Cause {
        kind: CauseKind::RetryStorm,
        message: format!(
            "{} in danger by a storm of attempts{figures}; {tried}. Do not count on replicas: fewer attempts end it (turn \
             requests away, switch off retries in the clients, or let them back off)",
            endangered(look)
        ),
        remedy: Remedy::Shed,
        evidence,
        would_change: "the attempts fall to what they were, or more of them are good".to_owned(),
    })
}

/// Whether it is one.
///
/// # Errors
/// What speaks against it.
pub(super) fn shown(look: &Look<'_>) -> Result<Storm, String> {
    let facts = look.facts;
    let change = load::change(facts);
    let sheds = facts.shed.as_ref().and_then(|shed| shed.standing.as_ref()).filter(|standing| !standing.theirs);
    if let Some(standing) = sheds {
        return Ok(Storm { change: change.ok(), tried: format!("load is shed since {}", standing.since.0) });
    }
    let change = change?;
    // One that was told is not over at the first better minute.
    let before = facts.situation.status.diagnosis.as_ref();
    let step = usize::from(before.is_some_and(|before| before.cause == CauseKind::RetryStorm));
    let (more, fewer) = (MORE.get(step).copied().unwrap_or(1.0), FEWER.get(step).copied().unwrap_or(1.0));
    let Change { objective, before, now } = &change;
    if now.offered() < more * before.offered() || now.good() > fewer * before.good() {
        return Err(format!(
            "of {objective} {:.1} events/s come and {:.1} of them are good, where {:.1} came and {:.1} were good before the danger",
            now.offered(),
            now.good(),
            before.offered(),
            before.good()
        ));
    }
    let tried = tried(facts)?;
    Ok(Storm { change: Some(change), tried })
}

/// In what way replicas were tried in vain.
fn tried(facts: &Facts<'_>) -> Result<String, String> {
    let since = facts.episode.as_ref().map(|episode| episode.since.0).ok_or("no danger was seen yet")?;
    let (wanted, ready) = (facts.workload.spec_replicas, facts.workload.ready_pods());
    let of_episode = |record: &&ActionRecord| record.intended_at.0 >= since && record.phase != ActionPhase::Refused;
    // What was added ahead of the load was for no danger, and its verdict says only that its pods got ready.
    let tried = |record: &&ActionRecord| record.verb == Verb::RaiseFloor && !record.ahead;
    let last = facts.actions_on_floor().filter(of_episode).find(tried);
    if let Some(open) = last.filter(|record| record.verdict.is_none()) {
        return Err(format!("more replicas ({}) have yet to show whether they help", open.change()));
    }
    let bounds = facts.situation.enforcement.scale.as_ref();
    let highest = bounds.zip(facts.floor()).map(|(bounds, floor)| ceiling::highest(facts, floor, bounds));
    if highest.is_some_and(|highest| wanted >= highest && ready >= wanted) {
        return Ok(format!("{ready} pods are ready, which are all that are allowed"));
    }
    if let Some(last) = last {
        let there = last.to.is_some_and(|to| ready >= to);
        return match last.verdict {
            Some(Verdict::Effective) => Err("more replicas helped".to_owned()),
            // They were ready, and may have been taken back since.
            Some(Verdict::Harmful) => Ok(format!("more replicas ({}) did harm", last.change())),
            _ if !there => Err(format!("the replicas that were added ({}) are not ready", last.change())),
            _ => Ok(format!("more replicas ({}) did not help", last.change())),
        };
    }
    let first = facts.actions.iter().rfind(of_episode);
    let had = first.and_then(|record| record.evidence.parse().unwrap_or(Snapshot::default()).ready);
    match had {
        Some(had) if f64::from(ready) >= GREW * f64::from(had.max(1)) => {
            Ok(format!("the pods grew from {had} to {ready} and did not help"))
        }
        _ => Err("more replicas were not tried yet".to_owned()),
    }
}
