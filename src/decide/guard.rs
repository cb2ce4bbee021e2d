//! The guards: the conditions under which anything is done at all, as one list that reads as the policy.
//!
//! Takes a proposed plan and the facts. The first guard that holds wins, and its words are what the user reads. Only a
//! plan that every guard lets pass becomes a `Plan<Admitted>`, and nobody else can make one.

mod avoidance;
mod blast_radius;
mod bounds;
mod change;
mod cluster;
mod common_cause;
mod cpu_target;
mod data;
mod drain;
mod effect;
mod harm;
mod leadership;
mod left_behind;
mod load;
mod mode;
mod node;
mod own;
mod ownership;
mod pace;
mod pod;
mod pulse;
mod refusal;
mod reschedule;
mod resize;
mod revision;
mod rollback;
mod rollout;
mod room;
mod shed;
mod verbs;
mod warm_up;
mod zero;

use k8s_openapi::jiff::Timestamp;

use crate::api::enforcement_status::Verb;

use super::plan::{Plan, Proposed, Step};
use super::situation::facts::Facts;
use crate::sense::workload::PodObservation;

use self::Asks::{All, Each};
pub use avoidance::{AFTER_REFUSAL, ONE_IN, Steered};
pub use blast_radius::{EVICTIONS, EVICTIONS_OF_A_NODE, WITHIN, evictions_left};
pub(super) use change::of as would_change;
pub use cluster::{PAUSES, RESIZES, RESIZES_OF_A_NODE, ROLLBACKS, SCALE_DOWNS, SHEDS, few_resizes, promised};
pub use cpu_target::STEPS as TARGET_STEPS;
pub use drain::is_moving;
pub use own::STEPS;
pub use pace::LOWER_INTERVAL;
pub use reschedule::SURGES_A_MOVE;
pub(super) use reschedule::surges_left;
pub use rollback::{PAUSES_A_ROLLBACK, leaves_only_a_rollback};
use verbs::{
    ADD, AIM, ALL, AVOID, DISRUPT, FLOOR, LET_GO, LET_GO_BY_AND_BY, MOVE, MOVED_FIRST, OBSERVED, OF_USE, PAUSE, RAISE,
    RAISE_FIRST, REPLICAS, RESCHEDULE, RESIZE, ROLLOUT, SHED, TAKE_AWAY, TO_DISRUPT, UNDO, WIDELY_FELT,
};

/// The state of a plan that every guard has let pass.
#[derive(Debug, PartialEq, Eq)]
pub struct Admitted(());

/// Not now, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// As one word.
    pub reason: &'static str,
    /// In words, with what the user may do about it.
    pub message: String,
    /// When it may be different. `None`: when something changes.
    pub until: Option<Timestamp>,
    /// What a person may do about it, where that is not told by the reason.
    pub unless: Option<&'static str>,
    /// The guard that holds. `None`: there was no plan for one to hold.
    pub guard: Option<&'static str>,
}

impl Hold {
    /// Until something changes.
    pub fn new(reason: &'static str, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), until: None, unless: None, guard: None }
    }

    pub(super) fn until(self, until: Timestamp) -> Self {
        Self { until: Some(until), ..self }
    }

    pub(super) fn unless(self, change: &'static str) -> Self {
        Self { unless: Some(change), ..self }
    }

    /// What would change it, in words. Empty: only what changes the cause.
    #[must_use]
    pub fn would_change(&self) -> String {
        change::of(self.reason, self.until, self.unless)
    }
}

/// What the guards say of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(super) struct Answers {
    /// Those that let it pass, in the order asked, up to the first that holds.
    pub(super) passed: Vec<&'static str>,
    /// The one that holds, and its words.
    pub(super) held: Option<(&'static str, String)>,
}

impl Answers {
    /// Of what was held before it was a plan: the guards before that one were asked about a part of it.
    pub(super) fn of(hold: &Hold) -> Self {
        Self { passed: Vec::new(), held: hold.guard.map(|guard| (guard, hold.message.clone())) }
    }
}

/// A guard's name, the verbs it is about, and what it says.
type Guard = (&'static str, &'static [Verb], Asks);

/// What a guard is asked about.
#[derive(Clone, Copy)]
enum Asks {
    /// Each step by itself.
    Each(fn(&Step, &Facts<'_>) -> Option<Hold>),
    /// All steps of the plan: they may pass one by one, and not together.
    All(fn(&[Step], &Facts<'_>) -> Option<Hold>),
}

/// The guard that asks whether pods come back to the node: what is to be asked of a node that is to be avoided first.
const UNSUSPECTED: &str = "node not suspected";

/// The guard that asks whether it is over already: a pod is not touched before that is known.
const NO_HICCUP: &str = "no hiccup";

/// Who may act at all. A recommendation needs none of these.
const PERMISSION: [Guard; 2] = [("mode", ALL, Each(mode::allows)), ("leadership", ALL, Each(leadership::held))];

/// Whether acting is safe and of use, in the order in which a user would want to be told.
const PRECAUTIONS: [Guard; 93] = [
    ("one owner", FLOOR, Each(ownership::clear)),
    ("owner respected", MOVE, Each(ownership::respected)),
    ("owned replicas", LET_GO, Each(own::owned)),
    ("others respected", LET_GO, Each(own::respected)),
    ("workload not shared", LET_GO, Each(own::alone)),
    ("target allowed", AIM, Each(cpu_target::allowed)),
    ("target free", AIM, Each(cpu_target::free)),
    ("target respected", AIM, Each(cpu_target::respected)),
    ("workload not shared", AIM, Each(cpu_target::alone)),
    ("rollback allowed", ROLLOUT, Each(rollback::allowed)),
    ("reschedule allowed", RESCHEDULE, Each(reschedule::allowed)),
    ("avoiding allowed", AVOID, Each(avoidance::allowed)),
    ("shed allowed", SHED, Each(shed::allowed)),
    ("switch free", SHED, Each(shed::free)),
    ("switch respected", SHED, Each(shed::respected)),
    ("resize allowed", RESIZE, Each(resize::allowed)),
    ("not scaled on CPU", RESIZE, Each(resize::one_axis)),
    ("rollout free", ROLLOUT, Each(revision::free)),
    ("revision respected", ROLLOUT, Each(revision::respected)),
    ("not at zero", ADD, Each(zero::running)),
    ("fresh data", ALL, Each(data::fresh)),
    ("enough data", ALL, Each(data::covered)),
    ("no common cause", TAKE_AWAY, Each(common_cause::none)),
    ("load known", &[Verb::RaiseFloor], Each(load::known)),
    ("all is calm", LET_GO, Each(own::in_calm)),
    ("load allows it", LET_GO, Each(own::load_allows)),
    ("calm for the target", AIM, Each(cpu_target::in_calm)),
    ("load bears the target", AIM, Each(cpu_target::load_allows)),
    ("no rollout", REPLICAS, Each(rollout::at_rest)),
    ("rollout through", LET_GO_BY_AND_BY, Each(rollout::at_rest)),
    ("all pods ready", LET_GO, Each(own::all_ready)),
    ("pods ready for the target", AIM, Each(cpu_target::all_ready)),
    ("no volume of its own", LET_GO, Each(own::keeps_nothing)),
    ("spec observed", OBSERVED, Each(revision::observed)),
    ("no rollback undone", ROLLOUT, Each(revision::not_gone_back_to)),
    ("proven revision", UNDO, Each(revision::proven)),
    ("within the day's budget", UNDO, Each(rollback::within_budget)),
    ("within the day's pauses", PAUSE, Each(rollback::within_pauses)),
    ("replaceable pod", RESCHEDULE, Each(pod::replaceable)),
    ("serving pod", RESCHEDULE, Each(pod::serving)),
    ("no critical pod", RESCHEDULE, Each(pod::not_critical)),
    ("nothing to lose", RESCHEDULE, Each(pod::keeps_nothing)),
    ("old enough pod", RESCHEDULE, Each(pod::old_enough)),
    ("last move judged", RESCHEDULE, Each(reschedule::in_turn)),
    ("one pod at a time", RESCHEDULE, Each(reschedule::alone)),
    ("ready node", RESCHEDULE, Each(node::ready)),
    (UNSUSPECTED, RESCHEDULE, Each(node::not_suspected)),
    ("nodes counted", AVOID, Each(avoidance::counted)),
    ("one node at a time", AVOID, Each(avoidance::alone)),
    ("taint not refused", AVOID, Each(avoidance::unhindered)),
    ("taint respected", AVOID, Each(avoidance::respected)),
    ("node not avoided before", AVOID, Each(avoidance::not_before)),
    ("within the day's nodes", AVOID, Each(avoidance::within_budget)),
    ("few nodes avoided", AVOID, Each(avoidance::few)),
    ("another node in reach", AVOID, Each(avoidance::reachable)),
    ("within the day's evictions", RESCHEDULE, Each(reschedule::within_budget)),
    ("within the day's surges", &[Verb::Surge], Each(reschedule::within_surges)),
    ("within the day's steps", LET_GO, Each(own::within_budget)),
    ("within the day's targets", AIM, Each(cpu_target::within_budget)),
    ("within the day's sheds", SHED, Each(shed::within_budget)),
    ("within the blast radius", RESCHEDULE, All(blast_radius::kept)),
    ("few at once in the cluster", WIDELY_FELT, Each(cluster::few)),
    ("not refused", RESCHEDULE, Each(reschedule::unhindered)),
    ("resizable pod", RESIZE, Each(resize::in_place)),
    ("size respected", RESIZE, Each(resize::respected)),
    ("bounded size", RESIZE, Each(resize::bounded)),
    ("room on the node", RESIZE, Each(resize::has_room)),
    ("within the day's resizes", RESIZE, Each(resize::within_budget)),
    ("resize not refused", RESIZE, Each(resize::not_refused)),
    ("write not refused", ALL, Each(refusal::over)),
    ("warmed up", DISRUPT, Each(warm_up::over)),
    (NO_HICCUP, TO_DISRUPT, Each(pulse::lasts)),
    ("confirmed", UNDO, Each(rollback::confirmed)),
    ("did no harm", &[Verb::RaiseFloor, Verb::RollBack], Each(harm::not_done)),
    ("did no harm lately", LET_GO, Each(own::did_no_harm)),
    ("target did no harm", AIM, Each(cpu_target::did_no_harm)),
    ("small step of the target", AIM, Each(cpu_target::small)),
    ("sound bounds", MOVE, Each(bounds::sound)),
    ("within bounds", MOVE, Each(bounds::kept)),
    ("once a slot", ALL, Each(pace::once_a_slot)),
    ("last act judged", &[Verb::RaiseFloor, Verb::Resize], Each(pace::judged)),
    ("raise judged first", RAISE_FIRST, Each(pace::raise_judged)),
    ("last step judged", LET_GO, Each(own::in_turn)),
    ("last target judged", AIM, Each(cpu_target::in_turn)),
    ("resize judged first", &[Verb::RaiseFloor], Each(resize::judged)),
    (
        "last rollback judged",
        &[Verb::RaiseFloor, Verb::RollBack, Verb::Reschedule, Verb::Resize],
        Each(rollback::alone),
    ),
    ("move judged first", MOVED_FIRST, Each(reschedule::judged)),
    ("cooled down", &[Verb::RaiseFloor], Each(pace::cooled_down)),
    ("small step", &[Verb::LowerFloor, Verb::Restore, Verb::ScaleDown], Each(pace::small_steps)),
    ("few at a time", &[Verb::RestoreSize], Each(pace::few_at_a_time)),
    ("of use", OF_USE, Each(effect::of_use)),
    ("who else bids is known", RAISE, Each(room::announced)),
    ("room for it", RAISE, Each(room::left)),
];

/// Lets a plan pass, or says why not.
///
/// # Errors
/// The first [`Hold`].
pub fn admit(plan: Plan<Proposed>, facts: &Facts<'_>) -> Result<Plan<Admitted>, Hold> {
    check(&plan, facts, &PERMISSION)?;
    review(&plan, facts)?;
    Ok(plan.pass(Admitted(())))
}

/// Whether a plan would pass if the mode allowed it: for a recommendation.
///
/// # Errors
/// The first [`Hold`].
pub fn review(plan: &Plan<Proposed>, facts: &Facts<'_>) -> Result<(), Hold> {
    check(plan, facts, &PRECAUTIONS)
}

/// The same for an eviction that is to come when replicas were added for it: that the outage lasts is asked then.
///
/// # Errors
/// The first [`Hold`].
pub fn review_to_come(plan: &Plan<Proposed>, facts: &Facts<'_>) -> Result<(), Hold> {
    review_without(plan, facts, &[NO_HICCUP])
}

/// The same where its node is avoided before: nor is it asked whether pods come back to it.
///
/// # Errors
/// The first [`Hold`].
pub fn review_unsteered(plan: &Plan<Proposed>, facts: &Facts<'_>) -> Result<(), Hold> {
    review_without(plan, facts, &[NO_HICCUP, UNSUSPECTED])
}

fn review_without(plan: &Plan<Proposed>, facts: &Facts<'_>, left_out: &[&str]) -> Result<(), Hold> {
    let others: Vec<Guard> = PRECAUTIONS.into_iter().filter(|guard| !left_out.contains(&guard.0)).collect();
    check(plan, facts, &others)
}

/// Lets a floor, a CPU target, a rollout, a node, a switch or a pod's size be given back (the agreement was deleted, or its mode lowered, or the reason is gone):
/// nothing but the leadership holds that back, since what is written is the owner's own.
///
/// # Errors
/// [`Hold`]: another replica leads, or the plan does more than give back.
pub fn admit_restoration(plan: Plan<Proposed>, leader: bool) -> Result<Plan<Admitted>, Hold> {
    if !plan.steps.iter().all(|step| gives_back(step.verb)) {
        return Err(Hold::new("NotARestoration", "only giving back needs no other guard"));
    }
    match leadership::hold(leader) {
        Some(hold) => Err(hold),
        None => Ok(plan.pass(Admitted(()))),
    }
}

/// The standing conflict over the floor, the revision or the switch, if there is one, in words: who, and what to do.
#[must_use]
pub fn conflict(facts: &Facts<'_>) -> Option<String> {
    ownership::standing_conflict(facts)
        .or_else(|| revision::standing_conflict(facts))
        .or_else(|| shed::standing_conflict(facts))
}

/// The hold while somebody else's pause stands, whatever is to be done about the rollout.
#[must_use]
pub fn paused_by_others(facts: &Facts<'_>) -> Option<Hold> {
    revision::paused_by_others(facts)
}

/// The hold while it is not clear what holds the floor.
#[must_use]
pub fn unclear(facts: &Facts<'_>) -> Option<Hold> {
    ownership::unclear(facts)
}

/// The hold while the API server refuses to have a rollout, or the size of pods, of a workload given back that was the service's
/// before.
#[must_use]
pub fn left_behind(facts: &Facts<'_>) -> Option<Hold> {
    left_behind::rollout(facts).or_else(|| left_behind::sizes(facts))
}

/// What keeps the scheduler from a node already.
#[must_use]
pub fn steered(facts: &Facts<'_>, node: &str) -> Option<Steered> {
    avoidance::steered(facts, node)
}

/// Whether pods that were evicted from the node of this one came back to it once too often.
#[must_use]
pub fn is_suspected(facts: &Facts<'_>, pod: &PodObservation) -> bool {
    node::is_suspected(facts, pod)
}

/// What the guards say of a plan. `permitted`: whether acting itself is asked about too, which a recommendation needs not be.
pub(super) fn answers<S>(plan: &Plan<S>, facts: &Facts<'_>, permitted: bool) -> Answers {
    let mut answers = Answers::default();
    let permission = PERMISSION.iter().filter(|_| permitted);
    for guard in permission.chain(&PRECAUTIONS) {
        if let Some(hold) = asked(guard, &plan.steps, facts) {
            answers.held = hold.guard.map(|name| (name, hold.message));
            break;
        }
        if plan.steps.iter().any(|step| guard.1.contains(&step.verb)) {
            answers.passed.push(guard.0);
        }
    }
    answers
}

/// The hold, where the API server refused such a write lately.
pub(super) fn refused(plan: &Plan<Proposed>, facts: &Facts<'_>) -> Option<Hold> {
    plan.steps.iter().find_map(|step| refusal::over(step, facts))
}

/// The verb puts back what is its owner's.
#[must_use]
pub fn gives_back(verb: Verb) -> bool {
    matches!(
        verb,
        Verb::Restore
            | Verb::RestoreTarget
            | Verb::ReleaseRollout
            | Verb::ReleaseNode
            | Verb::StopShedding
            | Verb::RestoreSize
    )
}

fn check<S>(plan: &Plan<S>, facts: &Facts<'_>, guards: &[Guard]) -> Result<(), Hold> {
    guards.iter().find_map(|guard| asked(guard, &plan.steps, facts)).map_or(Ok(()), Err)
}

/// What a guard says of these steps, if it is about the verb of one.
fn asked((name, about, asks): &Guard, steps: &[Step], facts: &Facts<'_>) -> Option<Hold> {
    let mut of_them = steps.iter().filter(|step| about.contains(&step.verb)).peekable();
    of_them.peek()?;
    let hold = match asks {
        Asks::Each(holds) => of_them.find_map(|step| holds(step, facts)),
        Asks::All(holds) => holds(steps, facts),
    };
    hold.map(|hold| Hold { guard: Some(name), ..hold })
}

/// The verb takes replicas away or makes pods smaller, or lets it be done.
fn takes_away(step: &Step) -> bool {
    TAKE_AWAY.contains(&step.verb)
}

/// The verb asks for more replicas, or keeps some from going.
fn adds(step: &Step) -> bool {
    ADD.contains(&step.verb)
}
