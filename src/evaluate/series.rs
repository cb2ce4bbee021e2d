//! Series: what of an objective is measured by itself, and under which name the ledger holds it.
//!
//! An objective is one series under its own name; a pool is one series per member, under `objective/member`.

use crate::api::objective::{Indicator, Objective};

/// The most series an agreement may have: what a ledger object lists.
pub const MAX_SERIES: usize = 64;

/// The name of the series of a pool's member.
#[must_use]
pub fn member(objective: &str, member: &str) -> String {
    format!("{objective}/{member}")
}

/// The names of the series of an objective, in the order of its members.
#[must_use]
pub fn names(objective: &Objective) -> Vec<String> {
    match &objective.indicator.members {
        Some(members) => members.iter().map(|m| member(&objective.name, &m.name)).collect(),
        None => vec![objective.name.clone()],
    }
}

/// The series of an objective, each with what it measures.
#[must_use]
pub fn indicators(objective: &Objective) -> Vec<(String, Indicator)> {
    let Some(members) = &objective.indicator.members else {
        return vec![(objective.name.clone(), objective.indicator.clone())];
    };
    let of = |m: &crate::api::objective::Member| Indicator {
        ratio: m.ratio.clone(),
        latency: m.latency.clone(),
        value: None,
        members: None,
        deployed: m.deployed.clone(),
    };
    members.iter().map(|m| (member(&objective.name, &m.name), of(m))).collect()
}

/// The indicator of the series of this name.
#[must_use]
pub fn find(objectives: &[Objective], series: &str) -> Option<Indicator> {
    let of = |objective: &Objective| indicators(objective).into_iter().find(|(name, _)| name == series);
    objectives
        .iter()
        .filter(|o| series.split_once('/').map_or(series, |(objective, _)| objective) == o.name)
        .find_map(of)
        .map(|(_, indicator)| indicator)
}
