//! What to do about a bad revision of a Deployment: pause its rollout, then go back to the revision before.
//!
//! 1. While the rollout goes on: pause it. No further pod gets the revision, and none is taken away.
//!    Where the day's pauses are used up, go back at once, if a slot since then says the same.
//! 2. Paused by the operator, and the evidence still proves, or the rollout is through: go back. The template of the
//!    revision before is put back, and the pause taken away, in one patch; the Deployment's own strategy does the rest.
//! 3. The pause is released when the revision is not to blame, is not in force any more, or the agreement forbids it.
//!
//! Proposes only; whether it may be done is for the guards to say.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::api::diagnosis::CauseKind;
use crate::api::enforcement::{Mode, Rollback};
use crate::api::enforcement_status::{ActionPhase, ActionRecord, Verb};
use crate::decide::danger::episode;
use crate::decide::danger::evidence::Snapshot;
use crate::decide::danger::health::Danger;
use crate::decide::guard::{self, Hold};
use crate::decide::plan::{Change, MarkChange, Plan, Proposed, RolloutChange, RolloutWrite, Step, step_id};
use crate::decide::situation::AgreementIdentity;
use crate::decide::situation::facts::Facts;
use crate::sense::workload::{DeploymentState, MarkRecord, PodObservation, Revision, Revisions, Rollout};

/// The step on the way back from `revision` (a `pod-template-hash`).
///
/// # Errors
/// Why there is none, in words.
pub fn propose(facts: &Facts<'_>, allowed: &Rollback, revision: &str) -> Result<Plan<Proposed>, Hold> {
    let deployment = deployment(facts)?;
    let in_force = in_force(facts, deployment, revision)?;
    if let Some(hold) = guard::paused_by_others(facts) {
        return Err(hold);
    }
    match &facts.workload.rollout {
        Rollout::InProgress | Rollout::Stuck(_) if undoes_unpaused(facts, allowed, in_force) => {
            Ok(roll_back(facts, deployment, in_force, earlier(deployment, in_force)?))
        }
        Rollout::InProgress | Rollout::Stuck(_) => Ok(pause(facts, deployment, in_force)),
        Rollout::Paused | Rollout::Complete if allowed.pause_only => {
            let message = "enforcement.rollback.pauseOnly leaves undoing the revision to a person";
            Err(Hold::new("PauseOnly", message))
        }
        Rollout::Paused | Rollout::Complete => {
            Ok(roll_back(facts, deployment, in_force, earlier(deployment, in_force)?))
        }
        Rollout::NotApplicable => Err(not_a_deployment(facts)),
    }
}

/// The day has no pause left, and a rollback: or what is bad would come to every pod before it may be undone. What was paused
/// before and goes on was given back, or is gone on with by a person, and is paused no more.
fn undoes_unpaused(facts: &Facts<'_>, allowed: &Rollback, bad: &Revision) -> bool {
    let of_it = |record: &&ActionRecord| record.verb == Verb::PauseRollout && record.target.uid == facts.workload.uid;
    let mut pauses = facts.actions.iter().filter(of_it);
    let before = pauses.any(|record| record.phase != ActionPhase::Refused && record.from == Some(bad.number));
    !allowed.pause_only && !before && guard::leaves_only_a_rollback(facts)
}

/// The release of a pause that has no reason to stand any more. `None`: it stands, or there is none.
#[must_use]
pub fn release(facts: &Facts<'_>, cause: CauseKind) -> Option<Plan<Proposed>> {
    let (deployment, paused_at) = (facts.workload.deployment.as_ref()?, facts.paused_at()?);
    let enforcement = facts.situation.enforcement;
    let revoked = enforcement.mode < Mode::Enforce || enforcement.rollback.is_none();
    let reason = if revoked {
        "the agreement allows no rollback any more".to_owned()
    } else if is_another(deployment, paused_at) {
        format!("the template is another one than that of revision {paused_at}, at which the rollout was paused")
    } else if not_to_blame(facts, cause) {
        format!("revision {paused_at} is not to blame any more")
    } else {
        return None;
    };
    let situation = facts.situation;
    let slot = situation.assessment.measured_through;
    let before = Snapshot::of(&facts.health, facts.workload.ready_pods());
    Some(releasing(situation.agreement, deployment, slot, facts.judged_at(false), reason, before))
}

/// The plan that takes the operator's hand from a rollout: resumes it, if it is paused, and removes the annotation.
pub(in crate::decide) fn releasing(
    agreement: &AgreementIdentity,
    deployment: &DeploymentState,
    slot: Timestamp,
    deadline: Timestamp,
    reason: String,
    before: Snapshot,
) -> Plan<Proposed> {
    let paused = deployment.mark.record().is_some_and(|mark| mark.paused) && deployment.paused;
    let change = RolloutChange {
        from: deployment.in_force().map(|revision| revision.number),
        to: None,
        write: if paused { RolloutWrite::Resume } else { RolloutWrite::Keep },
        mark: MarkChange::Remove,
        annotated: true,
    };
    let step = Step {
        id: step_id(agreement, Verb::ReleaseRollout, &deployment.target, slot),
        verb: Verb::ReleaseRollout,
        target: deployment.target.clone(),
        resource_version: deployment.resource_version.clone(),
        change: Change::Rollout(change),
        reason,
        hypothesis: "the rollout is its owner's again".to_owned(),
        deadline,
        before,
    };
    Plan::propose(&agreement.namespace, step)
}

/// The owner has put another template in place of the paused one. Where the revisions are not known, nobody can tell.
fn is_another(deployment: &DeploymentState, paused_at: &str) -> bool {
    matches!(deployment.revisions, Revisions::Read(_))
        && deployment.in_force().is_none_or(|revision| revision.hash != paused_at)
}

/// Something else is the cause by now, or everything has been safe for long enough. What cannot be seen is neither.
fn not_to_blame(facts: &Facts<'_>, cause: CauseKind) -> bool {
    if facts.health.danger > Danger::None {
        return !matches!(cause, CauseKind::BadRevision | CauseKind::Blind | CauseKind::CommonCause);
    }
    let safe = facts.episode.as_ref().and_then(|episode| episode::safe_for(episode, facts.now()));
    safe.unwrap_or(SignedDuration::ZERO) >= facts.timing.release_after
}

fn deployment<'a>(facts: &'a Facts<'_>) -> Result<&'a DeploymentState, Hold> {
    facts.workload.deployment.as_ref().ok_or_else(|| not_a_deployment(facts))
}

fn not_a_deployment(facts: &Facts<'_>) -> Hold {
    let kind = &facts.workload.workload.kind;
    Hold::new("NotADeployment", format!("a revision of a {kind} is not undone: only Deployments are rolled back"))
}

/// The revision in force, if it is the one to blame.
fn in_force<'a>(facts: &Facts<'_>, deployment: &'a DeploymentState, revision: &str) -> Result<&'a Revision, Hold> {
    if let Revisions::Unreadable(why) = &deployment.revisions {
        let message = format!(
            "its revisions cannot be read ({why}), so it is not known what to go back to; the chart grants it with \
             rbac.rollback=true"
        );
        return Err(Hold::new("RevisionsUnreadable", message));
    }
    let Some(in_force) = deployment.in_force() else {
        let message = "its controller has not made a ReplicaSet of the present template yet";
        return Err(Hold::new("RevisionNotObserved", message));
    };
    if in_force.hash == revision {
        return Ok(in_force);
    }
    if let Some(hold) = undone(facts, in_force, revision) {
        return Err(hold);
    }
    let message = format!("revision {} is in force by now, in place of {revision}", in_force.hash);
    Err(Hold::new("AnotherRevision", message))
}

/// The operator has undone it already: what is left of it, in words.
fn undone(facts: &Facts<'_>, in_force: &Revision, revision: &str) -> Option<Hold> {
    let undone = facts.hand.as_ref()?.undone.as_ref()?;
    if undone.revision != revision || undone.back_to != in_force.hash {
        return None;
    }
    let of_it = |pod: &&PodObservation| !pod.terminating && pod.revision.as_deref() == Some(revision);
    let rest = match facts.workload.pods.iter().filter(of_it).count() {
        0 => "its pods are gone, and what they spoiled is in the account for a while".to_owned(),
        left => format!("{left} of its pods are still to be replaced"),
    };
    let message = format!("it was undone at {}, and revision {} is in force again: {rest}", undone.at.0, in_force.hash);
    Some(Hold::new("RevisionUndone", message))
}

/// The revision to go back to.
fn earlier<'a>(deployment: &'a DeploymentState, in_force: &Revision) -> Result<&'a Revision, Hold> {
    deployment.before(in_force).ok_or_else(|| {
        let why = match deployment.history_limit {
            0 => "its revisionHistoryLimit is 0, so it remembers none; raise it to have one to go back to",
            _ => "it remembers no earlier one",
        };
        Hold::new("NothingToGoBackTo", format!("there is no revision to go back to: {why}"))
    })
}

fn pause(facts: &Facts<'_>, deployment: &DeploymentState, bad: &Revision) -> Plan<Proposed> {
    let (number, hash) = (bad.number, &bad.hash);
    let reason = format!("{} in danger through revision {hash}", facts.health.endangered.join(", "));
    let hypothesis = format!("no further pod gets revision {number} until it is decided");
    let change = RolloutChange {
        from: Some(number),
        to: None,
        write: RolloutWrite::Pause,
        mark: MarkChange::Record(mark(facts, deployment, Verb::PauseRollout, bad, None)),
        annotated: deployment.annotated,
    };
    step(facts, deployment, Verb::PauseRollout, change, reason, hypothesis, facts.judged_at(false))
}

fn roll_back(facts: &Facts<'_>, deployment: &DeploymentState, bad: &Revision, good: &Revision) -> Plan<Proposed> {
    let reason = format!(
        "{} in danger through revision {}; {} was in force before it",
        facts.health.endangered.join(", "),
        bad.hash,
        good.hash
    );
    let hypothesis = format!("the pods of revision {} are gone, and the error budget burns no more", bad.number);
    let change = RolloutChange {
        from: Some(bad.number),
        to: Some(good.number),
        write: RolloutWrite::Template(good.template.clone()),
        mark: MarkChange::Record(mark(facts, deployment, Verb::RollBack, bad, Some(good))),
        annotated: deployment.annotated,
    };
    step(facts, deployment, Verb::RollBack, change, reason, hypothesis, facts.judged_at(true))
}

fn mark(
    facts: &Facts<'_>,
    deployment: &DeploymentState,
    verb: Verb,
    bad: &Revision,
    good: Option<&Revision>,
) -> MarkRecord {
    MarkRecord {
        agreement: facts.situation.agreement.name.clone(),
        action: id(facts, deployment, verb),
        at: Time(facts.now()),
        paused: good.is_none(),
        revision: bad.hash.clone(),
        back_to: good.map(|good| good.hash.clone()),
    }
}

fn id(facts: &Facts<'_>, deployment: &DeploymentState, verb: Verb) -> String {
    step_id(facts.situation.agreement, verb, &deployment.target, facts.situation.assessment.measured_through)
}

fn step(
    facts: &Facts<'_>,
    deployment: &DeploymentState,
    verb: Verb,
    change: RolloutChange,
    reason: String,
    hypothesis: String,
    deadline: Timestamp,
) -> Plan<Proposed> {
    let step = Step {
        id: id(facts, deployment, verb),
        verb,
        target: deployment.target.clone(),
        resource_version: deployment.resource_version.clone(),
        change: Change::Rollout(change),
        reason,
        hypothesis,
        deadline,
        before: Snapshot::of(&facts.health, facts.workload.ready_pods()),
    };
    Plan::propose(&facts.situation.agreement.namespace, step)
}
