//! The choice of what to do about a cause: what stands without a reason is given back, then the verb of the cause's remedy is
//! proposed and passes the guards, and whatever is held, the floor is kept where it could be undercut.

mod cpu_target;

use k8s_openapi::jiff::Timestamp;

use crate::api::enforcement::Mode;
use crate::api::enforcement_status::{FloorStatus, Verb};
use crate::api::refusal::Refusal;
use crate::sense::workload::Floor;

use super::cause::{Cause, Found, Remedy};
use super::danger::evidence::Snapshot;
use super::danger::health::Danger;
use super::decision::Decision;
use super::guard::{self, Admitted, Answers, Hold};
use super::held::{refusal, resized, standing};
use super::intent;
use super::plan::{Plan, Proposed, Step};
use super::situation::Situation;
use super::situation::facts::Facts;
use super::verb::policy::{self, Proposal};
use super::verb::{cpu_target as aim, own, release, reschedule, resize, shedding, steer, take_back, undo};

/// The decision, and what the guards say of its plan.
type Chosen = (Decision, Answers);

/// What was chosen, and how it was come to.
pub(super) struct Choice {
    pub(super) decision: Decision,
    /// What the guards say of its plan; of the one that they hold, where nothing is to be kept meanwhile.
    pub(super) answers: Answers,
    /// What would change it, beside what changes the cause.
    pub(super) would_change: String,
}

/// Chooses what is done about the cause that was found: what stands without a reason is given back first.
pub(super) fn choose(facts: &Facts<'_>, found: &Found) -> Choice {
    let (decision, answers) = choice(facts, found);
    let decision = unless_refused(facts, &found.cause, decision);
    let would_change = match &decision {
        Decision::Hold(hold) => hold.would_change(),
        Decision::Nothing { reason, until, .. } => guard::would_change(reason, *until, None),
        Decision::Recommend(_) => guard::would_change("ModeNotEnforce", None, None),
        Decision::Act(_) => String::new(),
    };
    Choice { decision: looked_at_soon(facts, decision), answers, would_change }
}

/// While a node that is avoided is emptied, what comes of the last move is looked at before the next slot tells, whatever holds
/// just now: pods start, and go, in less.
fn looked_at_soon(facts: &Facts<'_>, decision: Decision) -> Decision {
    let is_there = |node: &String| facts.workload.pods.iter().any(|pod| pod.node.as_ref() == Some(node));
    let emptied = facts.health.danger > Danger::None && facts.avoided().is_some_and(|avoided| is_there(&avoided.node));
    match decision {
        Decision::Hold(hold) if emptied && guard::is_moving(facts) => {
            let until = hold.until.map_or(facts.soon(), |until| until.min(facts.soon()));
            Decision::Hold(hold.until(until))
        }
        other => other,
    }
}

fn choice(facts: &Facts<'_>, found: &Found) -> Chosen {
    let situation = facts.situation;
    let cause = &found.cause;
    let given_back = without_reason(facts, cause).find_map(|(plan, what)| given_back(facts, plan, what));
    if let Some(decision) = given_back {
        return (decision, Answers::default());
    }
    if situation.mode() == Mode::Observe {
        return (nothing("Observing", "the mode is Observe: nothing is decided", None), Answers::default());
    }
    let enforcement = situation.enforcement;
    if enforcement.scale.is_none()
        && enforcement.rollback.is_none()
        && enforcement.reschedule.is_none()
        && enforcement.resize.is_none()
    {
        return (
            nothing("NoVerbAllowed", "enforcement.scale is left out, so nothing is scaled", None),
            Answers::default(),
        );
    }
    let undone = put_back(facts, cause).or_else(|| cpu_target::put_back(facts)).or_else(|| take_back(facts, cause));
    if let Some(chosen) = undone {
        return chosen;
    }
    // Nothing but what ends the cause ends it.
    let told = || Hold::new(cause.reason(), cause.message.clone()).unless("");
    match &cause.remedy {
        Remedy::Hold => (Decision::Hold(unclear(facts).unwrap_or_else(told)), Answers::default()),
        Remedy::KeepFloor => keep(facts, told()),
        Remedy::Undo(revision) => undo(facts, cause, revision),
        Remedy::Move(suspects) => move_pod(facts, cause, suspects),
        Remedy::Leave { node, pods } => or_keep(facts, cause, steer::propose(facts, node, pods)),
        Remedy::Scale => come_back(facts).unwrap_or_else(|| scale(facts)),
        Remedy::Resize => resize(facts, cause),
        Remedy::Shed => shed(facts, cause),
    }
}

/// Puts back in a danger what was let go, before anything else is done about it, and in one write with the ladder's raise where
/// that is right and comes as far.
fn put_back(facts: &Facts<'_>, cause: &Cause) -> Option<Chosen> {
    let (plan, declared) = (own::put_back(facts)?, own::footing(facts));
    let comes_as_far =
        |plan: &Plan<Admitted>| plan.steps.iter().filter_map(Step::floor).any(|change| change.to >= declared);
    let raised = match cause.remedy {
        Remedy::Scale => Some(scale(facts)),
        // Replicas are added only where no pod can be resized; a resize comes with the next look.
        Remedy::Resize => Some(resize(facts, cause)),
        _ => None,
    };
    if let Some((Decision::Act(plan), answers)) = raised
        && comes_as_far(&plan)
    {
        return Some((Decision::Act(plan), answers));
    }
    let decision = given_back(facts, plan, "replicas are to be put back")?;
    Some((decision, Answers::default()))
}

/// Takes a raise back that did harm, before anything else is done about the cause. What holds that back holds nothing else.
fn take_back(facts: &Facts<'_>, cause: &Cause) -> Option<Chosen> {
    let chosen = pass(take_back::propose(facts, cause)?, facts);
    (!matches!(chosen.0, Decision::Hold(_))).then_some(chosen)
}

/// Turns requests away, or says why not, and keeps the floor meanwhile.
fn shed(facts: &Facts<'_>, cause: &Cause) -> Chosen {
    let Some(shed) = &facts.situation.enforcement.shed else {
        let why = "enforcement.shed is left out, so turning requests away is left to a person";
        let hold = Hold::new(cause.reason(), why).unless("enforcement.shed is set, or a person turns requests away");
        return keep(facts, told(cause, &hold));
    };
    or_keep(facts, cause, shedding::propose(facts, shed))
}

/// Undoes a revision, or says why not, and keeps the floor meanwhile.
fn undo(facts: &Facts<'_>, cause: &Cause, revision: &str) -> Chosen {
    let Some(allowed) = &facts.situation.enforcement.rollback else {
        let why = "enforcement.rollback is left out, so undoing it is left to a person (`kubectl rollout undo`)";
        let hold =
            Hold::new(cause.reason(), why).unless("enforcement.rollback is set, or a person undoes the revision");
        return keep(facts, told(cause, &hold));
    };
    or_keep(facts, cause, undo::propose(facts, allowed, revision))
}

/// Moves one of the pods, or says why not, and keeps the floor meanwhile.
fn move_pod(facts: &Facts<'_>, cause: &Cause, suspects: &[String]) -> Chosen {
    if facts.situation.enforcement.reschedule.is_none() {
        let why = "enforcement.reschedule is left out, so moving it is left to a person";
        let hold = Hold::new(cause.reason(), why).unless("enforcement.reschedule is set, or a person moves the pod");
        return keep(facts, told(cause, &hold));
    }
    let proposed = match steer::suspected(facts, suspects) {
        Some(node) => steer::propose(facts, node, suspects),
        None => reschedule::propose(facts, suspects),
    };
    or_keep(facts, cause, proposed)
}

/// What is proposed, if the guards let it pass; otherwise what keeps the floor.
fn or_keep(facts: &Facts<'_>, cause: &Cause, proposed: Result<Plan<Proposed>, Hold>) -> Chosen {
    match proposed.map(|plan| pass(plan, facts)) {
        Ok((Decision::Hold(hold), answers)) => held(facts, cause, &hold, answers),
        Ok(chosen) => chosen,
        Err(hold) => held(facts, cause, &hold, Answers::of(&hold)),
    }
}

/// What keeps the floor while something holds what would help; what the guards say of that, where nothing is to be kept.
fn held(facts: &Facts<'_>, cause: &Cause, hold: &Hold, answers: Answers) -> Chosen {
    match keep(facts, told(cause, hold)) {
        (still @ Decision::Hold(_), _) => (still, answers),
        kept => kept,
    }
}

/// A hold with the cause before it.
fn told(cause: &Cause, hold: &Hold) -> Hold {
    let message = format!("{}; {}", cause.message, hold.message);
    Hold { message, ..hold.clone() }
}

/// Keeps the floor where it could be undercut; where a guard holds back even that, or nothing is to be kept, the cause is
/// what a person has to know.
fn keep(facts: &Facts<'_>, told: Hold) -> Chosen {
    let scaled = facts.situation.enforcement.scale.as_ref().zip(facts.floor());
    match scaled.and_then(|(bounds, floor)| policy::keep(facts, floor, bounds)).map(|plan| pass(plan, facts)) {
        None | Some((Decision::Hold(_), _)) => (Decision::Hold(unclear(facts).unwrap_or(told)), Answers::default()),
        Some(chosen) => chosen,
    }
}

/// What is scaled needs one object to write.
fn unclear(facts: &Facts<'_>) -> Option<Hold> {
    facts.situation.enforcement.scale.as_ref().and_then(|_| guard::unclear(facts))
}

/// Resizes pods; where that cannot be done, replicas are the remedy, and the words tell why.
fn resize(facts: &Facts<'_>, cause: &Cause) -> Chosen {
    let allowed = facts.situation.enforcement.resize.as_ref();
    let Some(allowed) = allowed.filter(|_| facts.health.danger == Danger::Burning) else { return scale(facts) };
    let hold = match resize::propose(facts, allowed).map(|plan| pass(plan, facts)) {
        Ok((Decision::Hold(hold), _)) | Err(hold) => hold,
        Ok(chosen) => return chosen,
    };
    // What was begun is to show first whether it helps.
    if resized::unjudged(&facts.actions).next().is_some() {
        return held(facts, cause, &hold, Answers::of(&hold));
    }
    let (Some(bounds), Some(floor), None) = (&facts.situation.enforcement.scale, facts.floor(), unclear(facts)) else {
        return (Decision::Hold(unclear(facts).unwrap_or_else(|| told(cause, &hold))), Answers::of(&hold));
    };
    match policy::propose(facts, floor, bounds) {
        Proposal::Idle { reason, message, until } => {
            (nothing(reason, format!("{message}; no pod is resized: {}", hold.message), until), Answers::default())
        }
        Proposal::Plan(plan) => match pass(plan.adding(&format!("no pod is resized: {}", hold.message)), facts) {
            (Decision::Hold(unscaled), answers) => {
                let message = format!("{}; no pod is resized: {}", unscaled.message, hold.message);
                (Decision::Hold(Hold { message, ..unscaled }), answers)
            }
            chosen => chosen,
        },
    }
}

/// Gives pods the size of their template when all has been safe for a while. `None`: nothing is left of it just now.
fn come_back(facts: &Facts<'_>) -> Option<Chosen> {
    match resize::come_back(facts).filter(|_| facts.health.danger == Danger::None)? {
        // A floor that stands comes down meanwhile, and is told first.
        Proposal::Plan(plan) => match pass(plan, facts) {
            held @ (Decision::Hold(_), _) => Some(told_after(facts, scale(facts), held)),
            chosen => Some(chosen),
        },
        Proposal::Idle { reason, message, until } => {
            let waits = (nothing(reason, message, until), Answers::default());
            Some(told_after(facts, scale(facts), waits))
        }
    }
}

/// What is said about sizes, where nothing is to be done or told about a floor.
fn told_after(facts: &Facts<'_>, floor: Chosen, sizes: Chosen) -> Chosen {
    let nothing = matches!(floor.0, Decision::Nothing { .. });
    if nothing && facts.standing.is_none() { sizes } else { floor }
}

fn scale(facts: &Facts<'_>) -> Chosen {
    let Some(bounds) = &facts.situation.enforcement.scale else {
        return (
            nothing("NoVerbAllowed", "enforcement.scale is left out, so nothing is scaled", None),
            Answers::default(),
        );
    };
    if let Some(hold) = unclear(facts) {
        return (Decision::Hold(hold), Answers::default());
    }
    let Some(floor) = facts.floor() else {
        return (nothing("NoFloor", "nothing holds a floor", None), Answers::default());
    };
    let refused = own::refused(facts).filter(|_| facts.health.danger == Danger::None && facts.standing.is_none());
    if let Some(hold) = refused {
        return (Decision::Hold(hold), Answers::default());
    }
    match policy::propose(facts, floor, bounds) {
        Proposal::Idle { reason, message, until } => cpu_target::set(facts, reason, message, until),
        Proposal::Plan(plan) => pass(plan, facts),
    }
}

fn pass(plan: Plan<Proposed>, facts: &Facts<'_>) -> Chosen {
    let recommends = facts.situation.mode() == Mode::Recommend;
    let answers = guard::answers(&plan, facts, !recommends);
    if recommends {
        let decision = match guard::review(&plan, facts) {
            Ok(()) => Decision::Recommend(plan.describe()),
            Err(hold) => Decision::Hold(hold),
        };
        return (decision, answers);
    }
    let decision = match guard::admit(plan, facts) {
        Ok(plan) => Decision::Act(plan),
        Err(hold) => Decision::Hold(hold),
    };
    (decision, answers)
}

/// What gives back that which has no reason to stand any more, in this order, and what that is.
fn without_reason(facts: &Facts<'_>, cause: &Cause) -> impl Iterator<Item = (Plan<Proposed>, &'static str)> {
    let all = [
        (floor_without_reason(facts), "a floor is to be given back"),
        (aim::give_back(facts), "a CPU target is to be given back"),
        (undo::release(facts, cause.kind), "a rollout is to be given back"),
        (steer::release(facts, cause), "a node is to be given back"),
        (resize::give_back(facts), "pods are to get the size of their template again"),
        (shedding::stop(facts), "a switch is to be turned back"),
    ];
    all.into_iter().filter_map(|(plan, what)| Some((plan?, what)))
}

/// A floor that has no reason to stand any more, whatever is measured: it was left behind on another object, or the
/// agreement allows no scaling now. A lowered ceiling of the cluster is another matter: then nothing at all is written.
fn floor_without_reason(facts: &Facts<'_>) -> Option<Plan<Proposed>> {
    let situation = facts.situation;
    let revoked = situation.enforcement.mode < Mode::Enforce || situation.enforcement.scale.is_none();
    let (floor, standing, reason) = match (left_behind(situation), facts.floor(), &facts.standing) {
        (Some((left, standing)), _, _) => (left, standing, "the workload is scaled by another object now".to_owned()),
        (None, Some(floor), Some(standing)) if revoked => {
            (floor, standing.clone(), "the agreement allows no scaling any more".to_owned())
        }
        (None, Some(floor), Some(standing)) => (floor, standing.clone(), own::is_without_reason(facts)?),
        _ => return None,
    };
    let before = Snapshot::of(&facts.health, facts.workload.ready_pods());
    let (slot, deadline) = (standing.since.0, facts.judged_at(standing.value < standing.baseline));
    Some(release::restoring(situation.agreement, floor, &standing, slot, deadline, reason, before))
}

/// Gives it back, whatever is measured: neither the agreement's mode nor the data hold that. `None`: the API server refused it
/// lately, which keeps nothing else from being done.
fn given_back(facts: &Facts<'_>, plan: Plan<Proposed>, what: &str) -> Option<Decision> {
    if facts.situation.ceiling < Mode::Enforce {
        let missing = own::let_go(facts).map_or_else(String::new, |standing| {
            format!("; {} of the {} replicas that are declared are left", standing.value, standing.baseline)
        });
        let message = format!("{what}, but the operator's flag --enforcement forbids every change{missing}");
        return Some(Decision::Hold(Hold::new("ModeCeiling", message)));
    }
    if guard::refused(&plan, facts).is_some() {
        return None;
    }
    Some(match guard::admit_restoration(plan, facts.situation.leader) {
        Ok(plan) => Decision::Act(plan),
        Err(hold) => Decision::Hold(hold),
    })
}

/// Where there is nothing else to be told, it is told what cannot be given back, as long as it stands: a person may have seen to
/// it meanwhile.
fn unless_refused(facts: &Facts<'_>, cause: &Cause, decision: Decision) -> Decision {
    let Decision::Nothing { .. } = decision else { return decision };
    let refused = without_reason(facts, cause).find_map(|(plan, _)| guard::refused(&plan, facts));
    let refused = refused.or_else(|| node_refused(facts)).or_else(|| sizes_refused(facts));
    refused.or_else(|| guard::left_behind(facts)).map_or(decision, Decision::Hold)
}

/// A pod that keeps a size of ours may not be given its own: that is proposed for the others only.
fn sizes_refused(facts: &Facts<'_>) -> Option<Hold> {
    let held = resized::held(facts.workload, &facts.situation.agreement.uid);
    let is_running = |refused: &&Refusal| {
        let of = |held: &resized::Held<'_>| held.pod.uid == refused.target.uid;
        refused.verb == Verb::RestoreSize && facts.now() < refused.until.0 && held.iter().any(of)
    };
    facts.refusals.iter().find(is_running).map(refusal::hold)
}

/// The taint of a node that is avoided could not be taken away: for a minute that is not proposed again.
fn node_refused(facts: &Facts<'_>) -> Option<Hold> {
    let avoided = facts.avoided()?;
    let is_of = |refused: &&Refusal| refused.verb == Verb::ReleaseNode && refused.target.uid == avoided.uid;
    let refused = facts.refusals.iter().find(is_of)?;
    (facts.now() < refused.until.0).then(|| refusal::hold(refused))
}

/// The floor left behind on an object that scales the workload no more. While it is not clear what does, nothing is left
/// behind yet.
pub(super) fn left_behind<'a>(situation: &Situation<'a>) -> Option<(&'a Floor, FloorStatus)> {
    let present = situation.workload.ok()?.floor.floor()?;
    let left = situation.left_behind.filter(|left| left.target.uid != present.target.uid)?;
    let agreement = &situation.agreement.name;
    let status = intent::floor(situation.status.floor.as_ref(), situation.actions, left, agreement);
    let (standing, _) = standing::reconcile(status.as_ref(), left, agreement, situation.now);
    Some((left, standing?))
}

fn nothing(reason: &'static str, message: impl Into<String>, until: Option<Timestamp>) -> Decision {
    Decision::Nothing { reason, message: message.into(), until }
}
