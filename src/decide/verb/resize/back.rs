//! Coming back: giving pods the size of the workload's template again.

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::api::enforcement::Mode;
use crate::api::enforcement_status::{ActionRecord, Verb, Verdict};
use crate::api::resize_status::manager;
use crate::decide::danger::episode;
use crate::decide::danger::evidence::Snapshot;
use crate::decide::guard;
use crate::decide::held::refusal;
use crate::decide::held::resized::{self, Held, unjudged};
use crate::decide::plan::{Change, Plan, Proposed, ResizeChange, Step, step_id};
use crate::decide::situation::AgreementIdentity;
use crate::decide::situation::facts::Facts;
use crate::decide::verb::policy::{self, Proposal};
use crate::decide::verb::release::Restoration;
use crate::sense::workload::WorkloadObservation;

use super::{AT_ONCE, target};

/// The sizes that have no reason to stand any more, while something is still in danger or whatever is measured. `None`: they
/// stand, or there are none.
#[must_use]
pub fn give_back(facts: &Facts<'_>) -> Option<Plan<Proposed>> {
    let situation = facts.situation;
    let enforcement = situation.enforcement;
    let held = resized::held(facts.workload, &situation.agreement.uid);
    let revoked = enforcement.mode < Mode::Enforce || enforcement.resize.is_none();
    let began = facts.episode.as_ref().map_or(Timestamp::MIN, |episode| episode.since.0);
    let did_harm = |record: &&ActionRecord| {
        record.verb == Verb::Resize && record.verdict == Some(Verdict::Harmful) && record.intended_at.0 >= began
    };
    let harmful = facts.actions.iter().any(|record| did_harm(&record));
    let waits = |held: &Held<'_>| {
        held.pod.size.pending.is_some() && unjudged(&facts.actions).all(|record| record.target.uid != held.pod.uid)
    };
    let (held, reason) = if revoked {
        (held, "the agreement allows no resize any more")
    } else if harmful {
        (held, "it became worse since pods were resized")
    } else {
        (held.into_iter().filter(waits).collect(), "the node cannot give the size that was asked for")
    };
    restore(facts, &held, reason)
}

/// What is done when nothing is in danger any more. `None`: there is nothing to come back from.
#[must_use]
pub fn come_back(facts: &Facts<'_>) -> Option<Proposal> {
    let held = resized::held(facts.workload, &facts.situation.agreement.uid);
    if held.is_empty() {
        return None;
    }
    let pods = held.len();
    if !facts.health.all_seen {
        let unseen = facts.health.unseen.join("; ");
        let message = format!("{pods} pods keep their size until all is seen: {unseen}");
        return Some(policy::idle("NotAllSeen", message, None));
    }
    let episode = facts.episode.as_ref();
    let safe = episode.and_then(|episode| episode::safe_for(episode, facts.now())).unwrap_or(SignedDuration::ZERO);
    let release_after = facts.timing.release_after;
    if safe < release_after {
        let since = episode.and_then(|episode| episode.safe_since.as_ref()).map_or(facts.now(), |since| since.0);
        let message = format!("safe; {pods} pods keep their size for a while");
        return Some(policy::idle("WaitingToRelease", message, since.saturating_add(release_after).ok()));
    }
    restore(facts, &held, &format!("safe for {release_after:#}")).map(Proposal::Plan)
}

fn restore(facts: &Facts<'_>, held: &[Held<'_>], reason: &str) -> Option<Plan<Proposed>> {
    let situation = facts.situation;
    let slot = situation.assessment.measured_through;
    let before = Snapshot::of(&facts.health, facts.workload.ready_pods());
    // One that the API server refuses keeps the size of no other, and comes last. Where several are, it will hardly take the next:
    // with one more in every look, the list of refusals would be too short.
    let refused =
        |held: &&Held<'_>| refusal::is_running(&facts.refusals, Verb::RestoreSize, &target(held.pod), situation.now);
    if held.iter().filter(refused).count() >= AT_ONCE {
        return None;
    }
    let was_refused = |held: &Held<'_>| {
        let target = target(held.pod);
        facts.refusals.iter().any(|known| refusal::is_of(known, Verb::RestoreSize, &target))
    };
    let mut held: Vec<Held<'_>> = held.iter().filter(|held| !refused(held)).copied().collect();
    held.sort_by_key(was_refused);
    held.truncate(AT_ONCE);
    restoring(situation.agreement, &held, slot, facts.judged_at(false), reason, before)
}

/// The plan that gives containers the size of their template. `None`: of none.
fn restoring(
    agreement: &AgreementIdentity,
    held: &[Held<'_>],
    slot: Timestamp,
    deadline: Timestamp,
    reason: &str,
    before: Snapshot,
) -> Option<Plan<Proposed>> {
    let step = |held: &Held<'_>| {
        let target = target(held.pod);
        Step {
            id: step_id(agreement, Verb::RestoreSize, &target, slot),
            verb: Verb::RestoreSize,
            target,
            resource_version: held.pod.size.resource_version.clone(),
            change: Change::Resize(ResizeChange {
                container: held.container.name.clone(),
                index: held.index,
                from: held.size,
                to: held.template,
                manager: manager(&agreement.uid),
            }),
            reason: reason.to_owned(),
            hypothesis: "the pod has the size of its template, and the objectives stay safe".to_owned(),
            deadline,
            before,
        }
    };
    let steps: Vec<Step> = held.iter().map(step).collect();
    (!steps.is_empty()).then(|| Plan::of_steps(&agreement.namespace, steps))
}

/// What remains to be given back for an agreement that is being deleted, or of another workload than the present one.
#[must_use]
pub fn release_sizes(
    agreement: &AgreementIdentity,
    workload: &WorkloadObservation,
    leader: bool,
    now: Timestamp,
) -> Restoration {
    let pods = resized::held(workload, &agreement.uid);
    let reason = "the agreement does not hold it any more";
    let Some(plan) = restoring(agreement, &pods, now, now, reason, Snapshot::default()) else {
        return Restoration::Nothing;
    };
    match guard::admit_restoration(plan, leader) {
        Ok(plan) => Restoration::Act(plan),
        Err(hold) => Restoration::Hold(hold),
    }
}
