//! Unknown: none of the causes can be shown. Replicas are what costs least and may help, and a person is told. Where they are
//! added and there is clearly more load than before the danger, that is told in place of this: see `saturation`.
//!
//! A danger is seen earlier than its cause: what burns is told by all pods together, and which of them by each alone, in a
//! window most of which lies before the danger. Whoever adds replicas in that moment adds one for every sick pod. So while
//! the pods are told apart, but could not be by so little, and the danger is younger than two slots ([`PATIENCE`]), the
//! floor is held and nothing added. Two, since a burn is told after one slot, and the next one lies wholly within the
//! danger; a longer wait would cost more in a real shortage than the replica it saves. Where slots are short, it is half of the
//! window that is read by pod: as long as less of that lies in the danger, the calm in it keeps them from being told apart. It is
//! not waited where more is lost than half of the pods could lose, as no part that is blamed is larger than that, nor where
//! saturation can be shown. As long is waited while some pods are worse than the others already, and the most of what is bad is not
//! theirs: of two sick pods one is often seen first.
//!
//! Where only the last minute tells of it (`pulse`), that long is waited whatever is lost, and at least a minute and a half:
//! a hiccup is over by then, and an outage has slots that tell of it.
//!
//! What the service depends on (`dependsOn`) is told to burn by slots of its own, often one later than the service: so for two slots
//! replicas are not added either while that is seen to be calm; for a minute and a half where that is less, and all that is calm has
//! a pulse of its own.
//!
//! Burn windows remember: for some minutes after a cure they tell of a danger that is over. Replicas asked for then would serve
//! nobody, so that nothing is added while what is seen just now is within what the objectives allow: each by its own measure, as a
//! minute in which a few are slow is no bad one.

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use num_traits::ToPrimitive;

use crate::api::diagnosis::{CauseKind, Diagnosis};
use crate::decide::danger::pulse::{LASTS, Present};
use crate::decide::situation::upstream::{Standing, Upstream};
use crate::sense::signals::Signals;

use super::outlier::stands_out;
use super::outlier_pod::odd;
use super::population::whole;
use super::saturation::is_unexplained;
use super::{Cause, Look, Remedy, endangered, told};

/// Slots for which evidence by pod is waited for.
const PATIENCE: i64 = 2;
/// With a larger share of bad events no part of the service can be to blame.
const MOST_LOST: f64 = 0.5;

pub(super) fn cause(look: &Look<'_>) -> Cause {
    if let Some(now) = is_over(look) {
        return Cause {
            kind: CauseKind::Unknown,
            message: format!(
                "{} in danger through what was before: just now {now}, which is allowed; nothing is taken away and nothing \
                 added",
                endangered(look)
            ),
            remedy: Remedy::KeepFloor,
            evidence: Vec::new(),
            would_change: "more is bad again than is allowed, or the objective is safe again".to_owned(),
        };
    }
    if let Some((why, until)) = waits(look) {
        return Cause {
            kind: CauseKind::Unknown,
            message: format!(
                "{} in danger, and its cause cannot be told yet ({why}); nothing is taken away and nothing added before {until}",
                endangered(look)
            ),
            remedy: Remedy::KeepFloor,
            evidence: Vec::new(),
            would_change: "the next slots tell a cause, or pass".to_owned(),
        };
    }
    let why = look.pods.as_ref().err().map(|why| format!(" ({why})")).unwrap_or_default();
    Cause {
        kind: CauseKind::Unknown,
        message: format!(
            "{} in danger, and no cause can be shown{why}; a dependency that got slow looks like this too",
            endangered(look)
        ),
        remedy: Remedy::Scale,
        evidence: Vec::new(),
        would_change: "one of the causes ruled out before comes to hold, or the objective is safe again".to_owned(),
    }
}

/// What is seen just now, where that is within what every endangered objective allows: by pod of the one that was asked
/// about, unless the account contradicts it, and by the last slot of the others. `None`: it is not, or nobody knows.
fn is_over(look: &Look<'_>) -> Option<String> {
    let (situation, Signals::ByPod(vector)) = (look.facts.situation, look.facts.situation.signals) else { return None };
    // Whether they are recent and enough is the population's to say.
    look.pods.as_ref().ok()?;
    let present = Present { assessment: situation.assessment, pulse: situation.pulse };
    let (worst, now) = (present.worst()?, whole(vector));
    // Where what fails is in no pod's figures, these are good for ever. A slot that lies in their window tells, and so does
    // one that began when it was told already that no cause can be shown, or no more than that there is more load.
    let window = vector.at.checked_sub(vector.window).ok()?;
    let unexplained = |told: &&Diagnosis| is_unexplained(told.cause, &told.evidence);
    let told_since = situation.status.diagnosis.as_ref().filter(unexplained);
    let tells = |slot: Timestamp| slot >= window || told_since.is_some_and(|before| slot >= before.since.0);
    let is_over = |name: &String| {
        let objective = situation.assessment.objectives.iter().find(|objective| objective.name == *name)?;
        let allowed = objective.allowed.to_f64()?;
        let last = situation.course(name).last_slot().map(|(slot, level)| (slot, level.sample.share()));
        Some(if name == worst {
            now.share() < allowed && !last.is_some_and(|(slot, share)| tells(slot) && share >= allowed)
        } else {
            last.map(|(_, share)| share)? < allowed
        })
    };
    look.facts.health.endangered.iter().all(|name| is_over(name) == Some(true)).then(|| told(now))
}

/// Why the cause is waited for, and until when. `None`: it is not.
fn waits(look: &Look<'_>) -> Option<(String, Timestamp)> {
    let facts = look.facts;
    let patience = SignedDuration::from_secs(facts.situation.slot.seconds().saturating_mul(PATIENCE));
    if let Some(seen) = facts.health.by_pulse
        && let Ok(until) = seen.since.saturating_add(patience.max(LASTS))
        && seen.last < until
    {
        return Some(("only the last minute tells of it".to_owned(), until));
    }
    let began = facts.episode.as_ref()?.since.0;
    let wait = |upstream: &Upstream| if upstream.has_pulse { patience.min(LASTS) } else { patience };
    let calm = |upstream: &&Upstream| matches!(upstream.standing, Standing::Calm);
    if let Some(upstream) = facts.situation.fleet.upstream.iter().filter(calm).max_by_key(|upstream| wait(upstream))
        && let Ok(until) = began.saturating_add(wait(upstream))
        && facts.now() < until
    {
        return Some((format!("{}, which may be told a slot later", upstream.told()), until));
    }
    let Signals::ByPod(vector) = facts.situation.signals else { return None };
    if facts.health.bad_share? > MOST_LOST {
        return None;
    }
    let patience = patience.max(vector.window / 2);
    let until = began.saturating_add(patience).ok()?;
    let why = match &look.pods {
        Err(why) => why.clone(),
        Ok(pods) if !pods.could_tell() => "too little seen yet to tell one pod from another".to_owned(),
        Ok(pods) if !odd(pods).is_empty() || stands_out(pods, |pod| pod.node.as_ref()) => {
            "some pods are worse than the others, and whose doing the rest is was not seen yet".to_owned()
        }
        Ok(_) => return None,
    };
    (facts.now() < until).then_some((why, until))
}
