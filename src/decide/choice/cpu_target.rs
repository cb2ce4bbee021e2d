//! The choice of what to do about the CPU target of an HPA: put back first in a danger, and set where nothing else is to be done.

use k8s_openapi::jiff::Timestamp;

use crate::decide::danger::health::Danger;
use crate::decide::decision::Decision;
use crate::decide::guard::Answers;
use crate::decide::situation::facts::Facts;
use crate::decide::verb::cpu_target;

use super::{Chosen, given_back, nothing, pass, told_after};

/// Puts a CPU target back in a danger that lets the autoscaler have fewer pods than it would have without the operator. What else
/// is to be done follows at once.
pub(super) fn put_back(facts: &Facts<'_>) -> Option<Chosen> {
    let decision = given_back(facts, cpu_target::put_back(facts)?, "a CPU target is to be put back")?;
    Some((decision, Answers::default()))
}

/// Sets the CPU target where nothing is to be done about the floor, and where nothing is to be told of that either, says why not.
pub(super) fn set(facts: &Facts<'_>, reason: &'static str, message: String, until: Option<Timestamp>) -> Chosen {
    let idle = (nothing(reason, message, until), Answers::default());
    if facts.health.danger > Danger::None {
        return idle;
    }
    if let Some(plan) = cpu_target::propose(facts) {
        return match pass(plan, facts) {
            held @ (Decision::Hold(_), _) => told_after(facts, idle, held),
            chosen => chosen,
        };
    }
    if facts.standing.is_some() {
        return idle;
    }
    match (cpu_target::refused(facts), cpu_target::told(facts)) {
        (Some(hold), _) => (Decision::Hold(hold), Answers::default()),
        (None, Some(told)) if reason == "Safe" => (nothing("TargetStands", told, until), Answers::default()),
        _ => idle,
    }
}
