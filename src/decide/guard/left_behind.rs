//! What stands on an object that is not the workload's any more, while the API server refuses to have it given back. The status knows
//! one floor, one rollout and the pods of one workload: what would take its place there is not done, or nobody would give it back.

use crate::api::enforcement_status::{ActionTarget, Verb};
use crate::api::refusal::Refusal;
use crate::decide::choice;
use crate::decide::held::refusal::{self, is_of};
use crate::decide::plan::Step;
use crate::decide::situation::facts::Facts;

use super::Hold;

/// No floor of ours stands on another object.
pub(super) fn floor(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let (left, _) = choice::left_behind(facts.situation).filter(|(left, _)| left.target.uid != step.target.uid)?;
    let refused = refused(facts, |refused| is_of(refused, Verb::Restore, &left.target));
    Some(held(refused, &left.target, "is to get its floor back first"))
}

/// No rollout of another Deployment is paused by us.
pub(super) fn rollout(facts: &Facts<'_>) -> Option<Hold> {
    let hand = facts.hand.as_ref().filter(|hand| hand.target.uid != facts.workload.uid && hand.paused_at.is_some())?;
    let refused = refused(facts, |refused| is_of(refused, Verb::ReleaseRollout, &hand.target));
    Some(held(refused, &hand.target, "is to get its rollout back first"))
}

/// No pod of another workload has a size of ours.
pub(super) fn sizes(facts: &Facts<'_>) -> Option<Hold> {
    let other = facts.resized.as_ref().filter(|other| other.workload.uid != facts.workload.uid && other.pods > 0)?;
    let own = |refused: &Refusal| facts.workload.pods.iter().any(|pod| pod.uid == refused.target.uid);
    let refused = refused(facts, |refused| refused.verb == Verb::RestoreSize && !own(refused));
    Some(held(refused, &other.workload, "is to get the size of its pods back first"))
}

/// What the API server said, while it is not asked again.
fn refused(facts: &Facts<'_>, is_it: impl Fn(&Refusal) -> bool) -> Option<Hold> {
    facts.refusals.iter().find(|refused| is_it(refused) && facts.now() < refused.until.0).map(refusal::hold)
}

fn held(refused: Option<Hold>, target: &ActionTarget, what: &str) -> Hold {
    let why = refused.as_ref().map(|hold| format!(": {}", hold.message)).unwrap_or_default();
    let message = format!("{} {}, which the service had before, {what}{why}", target.kind, target.name);
    Hold { until: refused.and_then(|hold| hold.until), ..Hold::new("LeftBehind", message) }
}
