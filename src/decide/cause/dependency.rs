//! A dependency: what the service calls burns, or its pods have less to do than before and still fail. Replicas would press
//! harder on what is sick already. The floor is held, and the danger put down to the upstream.
//!
//! Either an agreement that `spec.service.dependsOn` names burns just now; or, where `spec.enforcement.capacity` names the
//! counters, a request costs no more CPU than before the danger while the pods use clearly less of it, all together and each:
//! they wait. What they wait for cannot be told from here (a database, a lock, or something in front of them that keeps the
//! requests away), and the words say so. The counters are looked at once a minute, so that this is seen two to four minutes
//! late. Neither way sees a slow dependency that costs the pods CPU, as a busy loop does.

use k8s_openapi::jiff::SignedDuration;

use crate::api::diagnosis::{CauseKind, Evidence, Subject};
use crate::decide::situation::upstream::Upstream;

use super::comparison::FEWEST_EVENTS;
use super::usage::Level;
use super::{Answer, Cause, Look, Remedy, endangered};

/// CPU time per request is flat while it is at most this multiple of what it was.
const FLAT: f64 = 1.1;
/// CPU time is clearly less from this part of what it was.
const LESS: f64 = 0.8;
/// The minutes before the danger that count for nothing, as a burn is told only after a while, and those it is compared with.
const ONSET: SignedDuration = SignedDuration::from_mins(5);
const CALM: SignedDuration = SignedDuration::from_mins(30);
/// The minutes just now.
const NOW: SignedDuration = SignedDuration::from_mins(2);
/// Counters older than this say nothing of now.
const FRESH: SignedDuration = SignedDuration::from_mins(3);

pub(super) fn ask(look: &Look<'_>) -> Answer {
    let named = by_agreement(look);
    let Err(not_named) = named else { return named };
    by_usage(look).map_err(|why| format!("{not_named}; {why}"))
}

fn by_agreement(look: &Look<'_>) -> Answer {
    let situation = look.facts.situation;
    let upstream = &situation.fleet.upstream;
    if upstream.is_empty() {
        return Err("spec.service.dependsOn names no agreement".to_owned());
    }
    let own = situation.fleet.own;
    let blamed = upstream.iter().filter_map(|up| Some((up.to_blame(own, &situation.agreement.name)?, up)));
    let Some((since, first)) = blamed.min_by(|(a, x), (b, y)| (a, &x.name).cmp(&(b, &y.name))) else {
        return Err(upstream.iter().map(Upstream::told).collect::<Vec<_>>().join("; "));
    };
    let name = &first.name;
    let evidence = Evidence {
        subject: Subject::Upstream,
        name: name.clone(),
        bad: String::new(),
        total: String::new(),
        share: String::new(),
        z: String::new(),
    };
    Ok(Cause {
        kind: CauseKind::Dependency,
        message: format!(
            "{} in danger while {name}, which this service depends on, burns since {since}: look there first \
             (`guarantor explain {}/{name}`); replicas here would press on it harder, so the floor is held and nothing added",
            endangered(look),
            situation.agreement.namespace
        ),
        remedy: Remedy::KeepFloor,
        evidence: vec![evidence],
        would_change: format!("{name} burns no more"),
    })
}

fn by_usage(look: &Look<'_>) -> Answer {
    let (facts, usage) = (look.facts, look.facts.situation.usage);
    let Some(through) = usage.through() else {
        return Err("no CPU time of its requests is known (spec.enforcement.capacity)".to_owned());
    };
    if facts.now().duration_since(through) > FRESH {
        return Err(format!("the newest sample of its CPU time is of {through}"));
    }
    let since = facts.episode.as_ref().map(|episode| episode.since.0).ok_or("no danger was seen yet")?;
    let calm = since.saturating_sub(ONSET).unwrap_or(since);
    let before = usage.between(calm.saturating_sub(CALM).unwrap_or(calm), calm).filter(enough);
    let before = before.ok_or("too little is known of its CPU time before the danger")?;
    let now = usage.last(NOW).filter(enough).ok_or("too little is known of its CPU time just now")?;
    let milliseconds = |level: &Level| level.per_request * 1000.0;
    let figures = format!(
        "a request takes {:.1} ms of CPU where it took {:.1} before the danger, and the pods use {:.2} cores where they used \
         {:.2}",
        milliseconds(&now),
        milliseconds(&before),
        now.cores,
        before.cores
    );
    let flat = now.per_request <= FLAT * before.per_request;
    let idle = now.cores <= LESS * before.cores && now.per_pod <= LESS * before.per_pod;
    if !flat || !idle {
        return Err(format!("{figures}, so they do not just wait"));
    }
    let evidence = |subject, name: &str, level: &Level| Evidence {
        subject,
        name: format!(
            "{name}: {:.1} ms of CPU a request, {:.2} cores in use, {:.2} of a pod",
            milliseconds(level),
            level.cores,
            level.per_pod
        ),
        bad: String::new(),
        total: format!("{:.0}", level.answered),
        share: String::new(),
        z: String::new(),
    };
    Ok(Cause {
        kind: CauseKind::Dependency,
        message: format!(
            "{} in danger, and the pods have less to do than before it: {figures}. They wait for something outside of their \
             CPU: look at what they call (database, cache, other services), at locks, and at what stands in front of them; \
             replicas would press on it harder, so the floor is held and nothing added",
            endangered(look)
        ),
        remedy: Remedy::KeepFloor,
        evidence: vec![evidence(Subject::Now, "now", &now), evidence(Subject::Before, "before the danger", &before)],
        would_change: "the pods work as much as before the danger, or a request costs more than it did".to_owned(),
    })
}

fn enough(level: &Level) -> bool {
    level.answered >= FEWEST_EVENTS
}
