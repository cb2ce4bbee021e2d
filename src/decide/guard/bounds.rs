//! The bounds: the agreement's own, the autoscaler's, and the size of a step.

use crate::api::enforcement_status::Verb;
use crate::decide::capacity::{ceiling, connections, size};
use crate::decide::held::moved;
use crate::decide::plan::Step;
use crate::decide::situation::facts::Facts;
use crate::decide::verb::{ahead, own, release};

use super::{Hold, adds};

/// The bounds themselves make sense.
pub(super) fn sound(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let (Some(bounds), Some(floor)) = (&facts.situation.enforcement.scale, facts.floor()) else {
        return Some(Hold::new("NoBounds", "enforcement.scale is missing; without {min, max} nothing is scaled"));
    };
    let highest = ceiling::highest(facts, floor, bounds);
    if highest < bounds.min && connections::bind(bounds, floor, facts.workload) {
        // What stands comes down in any case.
        let told = connections::told(bounds, floor, facts.workload);
        let message = format!("enforcement.scale.min is {}, and {told}", bounds.min);
        return adds(step).then(|| Hold::new("DependencyLimit", message));
    }
    (highest < bounds.min).then(|| {
        let target = &floor.target;
        let message = format!(
            "enforcement.scale.min is {}, but {} {} allows no more than {highest}; raise its maximum or lower min",
            bounds.min, target.kind, target.name
        );
        Hold::new("BoundsContradict", message)
    })
}

/// The step stays within them.
pub(super) fn kept(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let (Some(bounds), Some(floor)) = (&facts.situation.enforcement.scale, facts.floor()) else { return None };
    let (to, wanted) = (step.floor()?.to, facts.workload.spec_replicas);
    let highest = match moved::added(step, facts.workload) {
        Some(moved) => ceiling::highest_in_a_move(facts, floor, bounds, moved),
        None => ceiling::highest(facts, floor, bounds),
    };
    let below = facts.standing.as_ref().is_some_and(|standing| to < release::lowest(standing, bounds));
    match step.verb {
        Verb::RaiseFloor if to <= floor.current.max(wanted) && to < highest => {
            let message = format!(
                "the floor is {} already, which is what today's load asks for; its effect is waited for",
                floor.current.max(wanted)
            );
            Some(Hold::new("FloorStands", message))
        }
        Verb::RaiseFloor if to <= floor.current.max(wanted) && connections::bind(bounds, floor, facts.workload) => {
            Some(Hold::new("DependencyLimit", connections::told(bounds, floor, facts.workload)))
        }
        Verb::RaiseFloor if to <= floor.current.max(wanted) => {
            let message = format!(
                "the floor can go no higher than {highest}; raise enforcement.scale.max or the \
                 autoscaler's maximum if more would help"
            );
            Some(Hold::new("AtMaximum", message))
        }
        Verb::RaiseFloor if step.is_ahead() && to > ahead::most(facts) => {
            let ready = facts.workload.ready_pods();
            let message =
                format!("{ready} pods are ready, and ahead of the load no more than as many again are asked for");
            Some(Hold::new("StepTooLarge", message))
        }
        Verb::RaiseFloor if to > size::most(own::footing(facts)).max(bounds.min) => {
            Some(Hold::new("StepTooLarge", format!("{wanted} to {to} replicas is too large a step")))
        }
        // What is there while a rollout goes on is held, however little it is.
        Verb::FreezeScaleDown if to <= highest && facts.rolls_out() => None,
        _ if adds(step) && (to > highest || to < bounds.min) => {
            Some(Hold::new("OutOfBounds", format!("{to} is not within {} and {highest}", bounds.min)))
        }
        Verb::ScaleDown if to < bounds.min || to >= floor.current => {
            Some(Hold::new("OutOfBounds", format!("{to} is below the agreement's minimum of {}", bounds.min)))
        }
        Verb::LowerFloor if below || to >= floor.current => {
            Some(Hold::new("OutOfBounds", format!("{to} is below the baseline or the agreement's minimum")))
        }
        _ => None,
    }
}
