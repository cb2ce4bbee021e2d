//! The guards: the conditions under which anything is done at all, as one list that reads as the policy.
//!
//! Takes a proposed plan and the facts. The first guard that holds wins, and its words are what the user reads. Only a
//! plan that every guard lets pass becomes a `Plan<Admitted>`, and nobody else can make one.

mod bounds;
mod data;
mod effect;
mod leadership;
mod mode;
mod ownership;
mod pace;
mod rollout;
mod zero;

use k8s_openapi::jiff::Timestamp;

use crate::api::enforcement_status::Verb;

use super::facts::Facts;
use super::plan::{Plan, Proposed, Step};

pub use pace::LOWER_INTERVAL;

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
}

impl Hold {
    fn new(reason: &'static str, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), until: None }
    }

    fn until(self, until: Timestamp) -> Self {
        Self { until: Some(until), ..self }
    }
}

/// What a guard says about one step.
type Guard = fn(&Step, &Facts<'_>) -> Option<Hold>;

/// Who may act at all. A recommendation needs none of these.
const PERMISSION: [Guard; 2] = [mode::allows, leadership::held];

/// Whether acting is safe and of use, in the order in which a user would want to be told.
const PRECAUTIONS: [Guard; 13] = [
    ownership::clear,
    ownership::respected,
    zero::running,
    data::fresh,
    data::covered,
    rollout::at_rest,
    bounds::sound,
    bounds::kept,
    pace::once_a_slot,
    pace::judged,
    pace::cooled_down,
    pace::small_steps,
    effect::of_use,
];

/// Lets a plan pass, or says why not.
///
/// # Errors
/// The first [`Hold`].
pub fn admit(plan: Plan<Proposed>, facts: &Facts<'_>) -> Result<Plan<Admitted>, Hold> {
    check(&plan, facts, &PERMISSION)?;
    check(&plan, facts, &PRECAUTIONS)?;
    Ok(plan.pass(Admitted(())))
}

/// Whether a plan would pass if the mode allowed it: for a recommendation.
///
/// # Errors
/// The first [`Hold`].
pub fn review(plan: &Plan<Proposed>, facts: &Facts<'_>) -> Result<(), Hold> {
    check(plan, facts, &PRECAUTIONS)
}

/// Lets a floor be given back on a person's word (the agreement was deleted, or its mode lowered): nothing but the
/// leadership holds that back, since what is written is the owner's own value.
///
/// # Errors
/// [`Hold`]: another replica leads, or the plan does more than give back.
pub fn admit_restoration(plan: Plan<Proposed>, leader: bool) -> Result<Plan<Admitted>, Hold> {
    if !plan.steps.iter().all(|step| step.verb == Verb::Restore) {
        return Err(Hold::new("NotARestoration", "only giving a floor back needs no other guard"));
    }
    match leadership::hold(leader) {
        Some(hold) => Err(hold),
        None => Ok(plan.pass(Admitted(()))),
    }
}

/// The standing conflict over the floor, if there is one, in words: who, and what to do.
#[must_use]
pub fn conflict(facts: &Facts<'_>) -> Option<String> {
    ownership::standing_conflict(facts)
}

/// The hold while it is not clear what holds the floor.
#[must_use]
pub fn unclear(facts: &Facts<'_>) -> Option<Hold> {
    ownership::unclear(facts)
}

fn check<S>(plan: &Plan<S>, facts: &Facts<'_>, guards: &[Guard]) -> Result<(), Hold> {
    let holds = plan.steps.iter().flat_map(|step| guards.iter().filter_map(move |guard| guard(step, facts)));
    holds.into_iter().next().map_or(Ok(()), Err)
}

/// The verb asks for more replicas, or keeps some from going.
fn adds(step: &Step) -> bool {
    matches!(step.verb, Verb::FreezeScaleDown | Verb::RaiseFloor)
}
