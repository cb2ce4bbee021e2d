//! A raise that did harm: it is taken back, once, and nothing holds the floor above that again before the danger is over.
//!
//! More pods can make it worse, as when they take the last connections of a database. The verdict tells that of figures
//! alone: see [`crate::decide::verdict`]. So replicas are taken away in an outage only where nothing else explains it:
//! nothing else was done since, nobody else has changed the floor, all is seen, and no cause is shown that has replicas
//! help or another part of the service to blame. What the load is known to need stays.
//!
//! A floor is all that is taken back. An autoscaler may keep its pods by its own metrics, and take them away when it likes.
//!
//! Of a rollback that did harm nothing is taken back: the revision before it was shown to be bad, so a person decides.

use crate::api::diagnosis::CauseKind;
use crate::api::enforcement::ScaleBounds;
use crate::api::enforcement_status::{ActionPhase, ActionRecord, Episode, FloorStatus, Verb, Verdict};
use crate::decide::cause::{Cause, Remedy};
use crate::decide::danger::health::Danger;
use crate::decide::plan::{Plan, Proposed};
use crate::decide::situation::facts::Facts;
use crate::decide::verb::{ahead, policy, release};
use crate::sense::workload::Floor;

/// What may have been done since the raise without being the reason why it is worse.
const BESIDE: [Verb; 3] = [Verb::FreezeScaleDown, Verb::Shed, Verb::StopShedding];

/// The step back to the floor before the raise. `None`: no raise did harm, or it is not to be taken back.
pub(in crate::decide) fn take_back(facts: &Facts<'_>, cause: &Cause) -> Option<Plan<Proposed>> {
    let bounds = facts.situation.enforcement.scale.as_ref()?;
    let (floor, standing) = (facts.floor()?, facts.standing.as_ref()?);
    if facts.health.danger == Danger::None || is_explained(cause) {
        return None;
    }
    let raise = standing_raise(facts, standing)?;
    let to = back_to(facts, bounds, standing, raise)?;
    let reason = format!(
        "the raise ({}) did harm: under no more load the budget is spent much faster since its pods are ready; {}",
        raise.change(),
        what_follows(floor, to)
    );
    Some(policy::lower(facts, floor, to, reason, "the error budget burns no more or clearly more slowly"))
}

/// What becomes of the pods, whose number is not only for the operator to say.
fn what_follows(floor: &Floor, to: i32) -> String {
    let kind = &floor.target.kind;
    if floor.kind.is_autoscaler() {
        format!(
            "the {kind} may keep more than {to} by its own metrics, and takes them away when these and its behavior let it"
        )
    } else {
        format!("{to} are wanted again")
    }
}

/// Replicas are shown to help, or another part of the service or of the cluster to be to blame, or it is over.
fn is_explained(cause: &Cause) -> bool {
    match cause.kind {
        CauseKind::Dependency | CauseKind::RetryStorm => false,
        CauseKind::Unknown => cause.remedy != Remedy::Scale,
        CauseKind::Blind
        | CauseKind::CommonCause
        | CauseKind::BadRevision
        | CauseKind::RolloutInProgress
        | CauseKind::RolloutStuck
        | CauseKind::RolloutPaused
        | CauseKind::OutlierZone
        | CauseKind::OutlierNode
        | CauseKind::OutlierPod
        | CauseKind::Saturation => true,
    }
}

/// The raise of this episode that did harm, if nothing else was done since.
fn standing_raise<'a>(facts: &'a Facts<'_>, standing: &FloorStatus) -> Option<&'a ActionRecord> {
    let episode = facts.episode.as_ref()?;
    let mut done = facts.actions.iter().filter(|record| record.phase != ActionPhase::Refused);
    let last = done.find(|record| !BESIDE.contains(&record.verb))?;
    (last.target.uid == standing.target.uid && did_harm(last, Verb::RaiseFloor, episode)).then_some(last)
}

/// The floor before the raise: what somebody else wants, what the agreement promises, and what the load needs stays. `None`:
/// that is all that stands.
fn back_to(facts: &Facts<'_>, bounds: &ScaleBounds, standing: &FloorStatus, raise: &ActionRecord) -> Option<i32> {
    let needed = ahead::least(facts, standing).ok()?;
    let to = raise.from?.max(release::lowest(standing, bounds)).max(needed);
    (to < standing.value).then_some(to)
}

/// The ids of the lowerings that took back a raise that did harm, newest first.
pub(in crate::decide) fn taken_back(actions: &[ActionRecord]) -> Vec<String> {
    let done = actions.iter().filter(|record| record.phase != ActionPhase::Refused && !BESIDE.contains(&record.verb));
    let done: Vec<&ActionRecord> = done.collect();
    let took_back = |pair: &&[&ActionRecord]| {
        let [lowered, raise] = pair else { return false };
        let same = lowered.target.uid == raise.target.uid;
        let harmful = raise.verb == Verb::RaiseFloor && raise.verdict == Some(Verdict::Harmful);
        lowered.verb == Verb::LowerFloor && harmful && same
    };
    done.windows(2).filter(took_back).filter_map(|pair| Some(pair.first()?.id.clone())).collect()
}

/// The replicas above which the floor is neither raised nor held in the episode, after what its raises did: no fewer than are
/// declared, which a raise may have put back. `None`: none did harm.
pub(in crate::decide) fn bound(episode: &Episode, actions: &[ActionRecord], declared: Option<i32>) -> Option<i32> {
    let harmful = actions.iter().filter(|record| did_harm(record, Verb::RaiseFloor, episode));
    let before = harmful.filter_map(|record| Some(record.from?.max(declared.unwrap_or(0))));
    before.chain(episode.harmful_above).min()
}

/// The harm that was done in the episode and is not taken back by a program alone, with its verb: for a condition.
pub(in crate::decide) fn told(facts: &Facts<'_>) -> Option<(&'static str, String)> {
    let raised = of_raise(facts).map(|words| ("RaiseFloor", words));
    of_rollback(facts).map(|words| ("RollBack", words)).or(raised)
}

/// What is to be known of a raise that did harm in the episode.
pub(in crate::decide) fn of_raise(facts: &Facts<'_>) -> Option<String> {
    let above = facts.episode.as_ref()?.harmful_above?;
    let floor = match facts.standing.as_ref() {
        Some(standing) if standing.value > above => format!("the floor stands at {}", standing.value),
        _ => "the floor was taken back".to_owned(),
    };
    Some(format!(
        "more than {above} replicas did harm in this episode; {floor}, and no more are asked for before all is safe. Somebody \
         should look at what each pod takes that there is no more of, such as connections of a database \
         (enforcement.scale.connections keeps to them)"
    ))
}

/// What is to be known of a rollback that did harm in the episode.
pub(in crate::decide) fn of_rollback(facts: &Facts<'_>) -> Option<String> {
    let episode = facts.episode.as_ref()?;
    let rollback = facts.actions.iter().find(|record| did_harm(record, Verb::RollBack, episode))?;
    let name = &rollback.target.name;
    Some(format!(
        "undoing a revision ({}) did harm in this episode: the budget is spent much faster since. What was undone had been \
         shown to be bad too, so it is not brought back by the operator: a person decides (`kubectl rollout history \
         deployment/{name}` and `kubectl rollout undo deployment/{name} --to-revision=N`)",
        rollback.change()
    ))
}

fn did_harm(record: &ActionRecord, verb: Verb, episode: &Episode) -> bool {
    let of_episode = record.intended_at.0 >= episode.since.0 && !record.ahead;
    record.verb == verb && of_episode && record.verdict == Some(Verdict::Harmful)
}
