//! Owning the replicas, where the agreement asks for that and nothing else scales the workload: besides what `ahead` raises,
//! replicas are let go that the load does not need, below what was declared.
//!
//! - *Down* one judged step after the other, each a tenth of the replicas, while all has been safe for `releaseAfter` and
//!   nothing else goes on. No further than [`Keep`](crate::decide::capacity::Keep) says, which is for a jump of the load and
//!   the loss of a pod, and never below `enforcement.scale.min`.
//! - *Up again* ahead of the load, to what is kept, in one step as far as what was declared: those pods ran before.
//! - *In danger* at once to what was declared, by one write, whatever the cause is: without the operator they would be there.
//!   Where the ladder raises, its own step counts from what was declared, and is that write; so a raise never waits for what
//!   is put back, and is never smaller than it would be if nothing had been let go.
//! - *Given back* in the same way when the mode is taken back, when another agreement is about the workload too, when nobody
//!   knows for [`BLIND`] whether so few are enough, and when the agreement goes or cannot be worked with. What is put back is
//!   the owner's own number, so nothing but the leadership holds it.

use k8s_openapi::jiff::SignedDuration;

use crate::api::capacity::CapacityMode;
use crate::api::enforcement::ScaleBounds;
use crate::api::enforcement_status::FloorStatus;
use crate::decide::danger::health::Danger;
use crate::decide::guard::Hold;
use crate::decide::plan::{Plan, Proposed};
use crate::decide::situation::facts::Facts;
use crate::sense::workload::{Floor, FloorHolder, Rollout};

use super::ahead;
use super::policy::{self, Proposal};

/// A step takes away at most this part of the replicas, and at least one.
const PART: i32 = 10;
/// What is not known for so long may have changed: longer than two looks at the load lie apart at the most.
const BLIND: SignedDuration = SignedDuration::from_mins(15);

/// The agreement asks for it.
fn is_asked_for(facts: &Facts<'_>) -> bool {
    facts.situation.enforcement.capacity.as_ref().is_some_and(|capacity| capacity.mode == CapacityMode::Own)
}

/// The operator owns the replicas.
pub(in crate::decide) fn is_owner(facts: &Facts<'_>) -> bool {
    is_asked_for(facts) && matches!(facts.workload.floor, FloorHolder::Scale(_)) && refused(facts).is_none()
}

/// Why the operator does not own the replicas although the agreement asks for that. `None`: it does, or nobody asks.
pub(in crate::decide) fn refused(facts: &Facts<'_>) -> Option<Hold> {
    if !is_asked_for(facts) {
        return None;
    }
    let autoscaler = match &facts.workload.floor {
        FloorHolder::Hpa(floor) | FloorHolder::ScaledObject(floor) => Some(floor),
        FloorHolder::Scale(_) | FloorHolder::Ambiguous(_) => None,
    };
    if let Some(floor) = autoscaler {
        let (kind, name) = (&floor.target.kind, &floor.target.name);
        let message = format!(
            "spec.enforcement.capacity.mode is Own, and {kind} {name} scales the workload, so that nothing is raised ahead of the \
             load or let go; remove it, or set the mode to Floor"
        );
        return Some(Hold::new("AutoscalerPresent", message));
    }
    (facts.workload.rollout == Rollout::NotApplicable).then(|| {
        let message = format!(
            "spec.enforcement.capacity.mode is Own, and a {} does not tell whether a rollout goes on, so that nothing is raised \
             ahead of the load or let go; set the mode to Floor",
            facts.workload.workload.kind
        );
        Hold::new("RolloutsUnseen", message)
    })
}

/// That others count on the replicas too, in words: an agreement sees its own objectives alone, and one that holds the floor
/// keeps the others from raising it.
pub(in crate::decide) fn shared(facts: &Facts<'_>) -> Option<String> {
    let others = &facts.situation.fleet.beside;
    let workload = &facts.workload.workload;
    let named = format!("{} {} too, and what that promises is not looked at here", workload.kind, workload.name);
    match others.as_slice() {
        [] => None,
        [other] => Some(format!("the agreement {other} names {named}")),
        several => Some(format!("the agreements {} name {named}", several.join(", "))),
    }
}

/// What stands below what was declared.
pub(in crate::decide) fn let_go<'a>(facts: &'a Facts<'_>) -> Option<&'a FloorStatus> {
    let scaled = facts.floor().is_some_and(|floor| !floor.kind.is_autoscaler());
    facts.standing.as_ref().filter(|standing| scaled && standing.value < standing.baseline)
}

/// The replicas that a step counts from: those that are wanted, or were declared where some are let go.
pub(in crate::decide) fn footing(facts: &Facts<'_>) -> i32 {
    let declared = let_go(facts).map_or(0, |standing| standing.baseline);
    facts.workload.spec_replicas.max(declared)
}

/// The replicas that are wanted where the load needs so many: no fewer than are kept, as far as they were declared.
pub(in crate::decide) fn wanted(facts: &Facts<'_>, needed: i32, fewest: i32) -> i32 {
    let_go(facts).map_or(needed, |standing| needed.max(fewest.min(standing.baseline)))
}

/// Down to how many replicas may be let go; in words why nobody knows. `None`: the operator owns none.
pub(in crate::decide) fn lowest(facts: &Facts<'_>, bounds: &ScaleBounds) -> Option<Result<i32, String>> {
    if !is_owner(facts) {
        return None;
    }
    Some(ahead::known(facts)?.and_then(|known| {
        let lowest = known.keep.lowest.ok_or_else(|| known.keep.why.clone())?;
        Ok(lowest.max(known.pods).max(bounds.min))
    }))
}

/// The next step down, or why what was let go stays as it is. `None`: nothing is let go, and nothing is to be.
pub(in crate::decide) fn propose(facts: &Facts<'_>, floor: &Floor, bounds: &ScaleBounds) -> Option<Proposal> {
    let lowest = lowest(facts, bounds)?;
    // What stands at or above what was declared comes down and is given back as any floor.
    let below = match &facts.standing {
        None => None,
        Some(_) => Some(let_go(facts)?),
    };
    let current = floor.current;
    let stays = |reason, why: String| {
        let standing = below?;
        let message = format!("{current} of the {} replicas that are declared stay: {why}", standing.baseline);
        Some(policy::idle(reason, message, None))
    };
    if !facts.health.all_seen {
        return stays("NotAllSeen", format!("not all is seen: {}", facts.health.unseen.join("; ")));
    }
    match lowest {
        Ok(lowest) if lowest < current => Some(Proposal::Plan(step(facts, floor, lowest)?)),
        Ok(lowest) => stays("LoadNeedsIt", format!("{lowest} are kept for the load; {}", kept_for(facts))),
        Err(why) => stays("LoadUnknown", why),
    }
}

fn kept_for(facts: &Facts<'_>) -> String {
    ahead::known(facts).and_then(Result::ok).map_or_else(String::new, |known| known.keep.why.clone())
}

fn step(facts: &Facts<'_>, floor: &Floor, lowest: i32) -> Option<Plan<Proposed>> {
    let known = ahead::known(facts)?.ok()?;
    let to = floor.current.saturating_sub((floor.current / PART).max(1)).max(lowest);
    let declared = let_go(facts).map_or(floor.current, |standing| standing.baseline);
    // Without the figures, which are others at every look: a recommendation is told anew when its words change.
    let reason =
        format!("all is safe, and the load needs no more than {lowest} of the {declared} replicas that are declared");
    let hypothesis =
        format!("the objectives stay safe with {to} pods for {:#}; {}", facts.timing.release_after, known.keep.why);
    Some(policy::scale_down(facts, floor, to, reason, hypothesis))
}

/// Puts back what was let go, in a danger.
pub(in crate::decide) fn put_back(facts: &Facts<'_>) -> Option<Plan<Proposed>> {
    if facts.health.danger == Danger::None {
        return None;
    }
    let (floor, standing) = (facts.floor()?, let_go(facts)?);
    let endangered = facts.health.endangered.join(", ");
    Some(policy::give_back(facts, floor, standing, format!("{endangered} in danger; what was let go is put back")))
}

/// Why what was let go has no reason to be any more, in words.
pub(in crate::decide) fn is_without_reason(facts: &Facts<'_>) -> Option<String> {
    let standing = let_go(facts)?;
    if !is_asked_for(facts) {
        return Some("spec.enforcement.capacity.mode is not Own any more".to_owned());
    }
    if let Some(hold) = refused(facts) {
        return Some(hold.message);
    }
    if let Some(why) = shared(facts) {
        return Some(why);
    }
    let bounds = facts.situation.enforcement.scale.as_ref()?;
    if standing.value < bounds.min {
        return Some(format!("spec.enforcement.scale.min is {}", bounds.min));
    }
    let since = facts.owned.as_ref()?.blind_since.as_ref()?.0;
    (facts.now().duration_since(since) >= BLIND)
        .then(|| format!("nobody knows since {since} whether so few replicas are enough"))
}

/// Whether it is not known if the replicas that were let go may stay so.
pub(in crate::decide) fn is_blind(facts: &Facts<'_>, fresh: bool) -> bool {
    let known = matches!(ahead::known(facts), Some(Ok(known)) if known.keep.lowest.is_some());
    let_go(facts).is_some() && !(fresh && facts.health.all_seen && known)
}
