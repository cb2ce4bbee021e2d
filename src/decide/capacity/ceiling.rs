//! The most replicas that a floor may ask for.

use crate::api::enforcement::ScaleBounds;
use crate::decide::situation::facts::Facts;
use crate::sense::workload::Floor;

use super::connections;

/// The highest floor allowed: the agreement's bound, the autoscaler's own, and what the dependency has connections for.
#[must_use]
pub fn highest(facts: &Facts<'_>, floor: &Floor, bounds: &ScaleBounds) -> i32 {
    let most = connections::most(bounds, facts.workload).unwrap_or(i32::MAX);
    floor.max.map_or(bounds.max, |max| max.min(bounds.max)).min(most)
}

/// The same while so many pods are moved together.
#[must_use]
pub fn highest_in_a_move(facts: &Facts<'_>, floor: &Floor, bounds: &ScaleBounds, moved: i32) -> i32 {
    let most = connections::most_in_a_move(bounds, facts.workload, moved).unwrap_or(i32::MAX);
    highest(facts, floor, bounds).min(most)
}
