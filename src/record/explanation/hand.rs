//! What the operator holds for an agreement, and did with single pods and nodes, as text: floor, refused writes, bid, rollout, evictions, nodes,
//! sizes, shed load.

use std::fmt::Write as _;

use k8s_openapi::jiff::Timestamp;

use super::age;
use crate::api::avoidance_status::{AvoidanceEnd, AvoidanceStatus};
use crate::api::bid::{Bid, BidStake};
use crate::api::cpu_target::CpuTargetStatus;
use crate::api::enforcement_status::{EnforcementStatus, FloorReason};
use crate::api::owned_replicas::OwnedReplicas;
use crate::api::reschedule_status::RescheduleStatus;
use crate::api::resize_status::ResizeStatus;
use crate::api::rollout_status::RolloutStatus;
use crate::api::shed::ShedStatus;
use crate::decide::guard::{STEPS, TARGET_STEPS};
use crate::decide::held::refusal;
use crate::record::form::legible::legible;

/// Writes all of it. `owns`: the agreement asks for owning the replicas; `now` is the present time: from it the ages are counted.
pub(super) fn write(out: &mut String, enforcement: &EnforcementStatus, owns: bool, now: Timestamp) -> std::fmt::Result {
    if let Some(floor) = &enforcement.floor {
        let target = format!("{} {}", floor.target.kind, floor.target.name);
        let why = match floor.reason {
            _ if floor.value < floor.baseline => "let go, as the load needs no more",
            FloorReason::Danger => "raised for an objective that was in danger",
            FloorReason::Load => "raised for the load that is expected, with no objective in danger",
        };
        let what = if floor.value < floor.baseline { "fewer replicas are wanted of" } else { "a floor stands on" };
        writeln!(out, "  {what} {target}: {} in place of {}, {why}", floor.value, floor.baseline)?;
    }
    if let Some(owned) = &enforcement.owned {
        let_go(out, owned, owns, now)?;
    }
    if let Some(target) = &enforcement.cpu_target {
        aims(out, target, now)?;
    }
    for refused in &enforcement.refusals {
        writeln!(out, "  {}", legible(&refusal::hold(refused).message))?;
    }
    if let Some(bid) = &enforcement.bid {
        wanted(out, bid, now)?;
    }
    if let Some(rollout) = &enforcement.rollout {
        held(out, rollout)?;
    }
    if let Some(avoidance) = &enforcement.avoidance {
        avoided(out, avoidance)?;
    }
    if let Some(moved) = &enforcement.reschedule {
        evicted(out, moved)?;
    }
    if let Some(resize) = &enforcement.resize {
        resized(out, resize)?;
    }
    match &enforcement.shed {
        Some(shed) => turned(out, shed),
        None => Ok(()),
    }
}

fn let_go(out: &mut String, owned: &OwnedReplicas, owns: bool, now: Timestamp) -> std::fmt::Result {
    let (steps, were) = (owned.steps.len(), if owns { "are" } else { "were" });
    let declared = owned.declared.map_or_else(String::new, |declared| format!(" {declared} {were} declared,"));
    writeln!(out, "  the replicas {were} owned:{declared} let go in {steps} of {STEPS} steps within 24 hours")?;
    if let Some(danger) = &owned.danger {
        let (left, fewest, ago) = (danger.left, danger.fewest, age(now, danger.at.0));
        writeln!(out, "    an objective was in danger with {left} left {ago} ago; no fewer than {fewest} for a day")?;
    }
    if let Some(changed) = &owned.changed {
        let who = changed.by.as_deref().unwrap_or("somebody else");
        writeln!(out, "    {} set them to {} {} ago", legible(who), changed.to, age(now, changed.at.0))?;
    }
    match &owned.blind_since {
        Some(since) => writeln!(out, "    for {} nobody knows whether so few are enough", age(now, since.0)),
        None => Ok(()),
    }
}

fn aims(out: &mut String, target: &CpuTargetStatus, now: Timestamp) -> std::fmt::Result {
    if let Some(standing) = &target.standing {
        let (kind, name) = (&standing.target.kind, &standing.target.name);
        let (value, baseline, steps) = (standing.value, standing.baseline, target.steps.len());
        if standing.theirs {
            writeln!(out, "  {kind} {name} was set to {value} % CPU in place of {baseline} %, and is others' since")?;
        } else {
            writeln!(
                out,
                "  {kind} {name} aims at {value} % CPU in place of {baseline} %, set in {steps} of {TARGET_STEPS} steps within 24 hours"
            )?;
        }
    }
    if let Some(changed) = &target.changed {
        let who = legible(changed.by.as_deref().unwrap_or("somebody else"));
        let to = changed.to.map_or_else(|| "away".to_owned(), |to| format!("to {to} %"));
        writeln!(out, "  {who} changed the CPU target {to} {} ago", age(now, changed.at.0))?;
    }
    match &target.blind_since {
        Some(since) => writeln!(out, "    for {} nobody knows whether that is safe", age(now, since.0)),
        None => Ok(()),
    }
}

fn wanted(out: &mut String, bid: &Bid, now: Timestamp) -> std::fmt::Result {
    let pools = bid.draws_on.join(", ");
    let (replicas, pools, since) = (bid.replicas, legible(&pools), age(now, bid.since.0));
    let how = match (&bid.granted, &bid.yields_since) {
        (Some(at), _) => format!("asked for {} ago", age(now, at.0)),
        (None, Some(at)) => format!("not asked for: others go first since {}", age(now, at.0)),
        (None, None) => "not asked for yet".to_owned(),
    };
    writeln!(out, "  it wants {replicas} more replicas of {pools} for {since}, {how}; {}", at_stake(&bid.stake))
}

fn at_stake(stake: &BidStake) -> String {
    match stake {
        BidStake { amount: Some(amount), currency, .. } => {
            format!("at stake for each is {} {}", legible(amount), legible(currency))
        }
        BidStake { share: Some(share), .. } => format!("at stake for each is {} of the fee", legible(share)),
        BidStake { .. } => "nothing is known to be at stake".to_owned(),
    }
}

fn avoided(out: &mut String, avoidance: &AvoidanceStatus) -> std::fmt::Result {
    for node in &avoidance.nodes {
        let (name, at, until) = (legible(&node.node), node.at.0, node.until.0);
        let how = match node.ended {
            None => format!("until {until} at the latest"),
            Some(AvoidanceEnd::Released) => "and its taint was taken away again".to_owned(),
            Some(AvoidanceEnd::RemovedByOthers) => "until somebody else took its taint away".to_owned(),
            Some(AvoidanceEnd::NodeGone) => "and is gone".to_owned(),
        };
        writeln!(out, "  node {name} was avoided from {at} on, {how}")?;
    }
    Ok(())
}

fn resized(out: &mut String, resize: &ResizeStatus) -> std::fmt::Result {
    let (kind, name) = (&resize.workload.kind, &resize.workload.name);
    if resize.pods > 0 {
        writeln!(out, "  {} pods of {kind} {name} have a higher CPU limit than its template gives", resize.pods)?;
    }
    if let Some(refused) = &resize.refused {
        let (pod, at, message) = (legible(&refused.pod), refused.at.0, legible(&refused.message));
        writeln!(out, "  a higher CPU limit for pod {pod} was refused at {at}: {message}")?;
    }
    Ok(())
}

fn turned(out: &mut String, shed: &ShedStatus) -> std::fmt::Result {
    if let Some(standing) = &shed.standing {
        let (key, value, name) = (legible(&standing.key), legible(&standing.value), &standing.target.name);
        let before =
            standing.before.as_ref().map_or_else(|| "nothing".to_owned(), |before| format!("`{}`", legible(before)));
        let since = standing.since.0;
        writeln!(
            out,
            "  load is shed since {since}: data.{key} of ConfigMap {name} is `{value}` in place of {before}"
        )?;
    }
    match &shed.overruled {
        Some(at) => writeln!(out, "  somebody else set the key of the switch while load was shed, seen at {}", at.0),
        None => Ok(()),
    }
}

fn held(out: &mut String, rollout: &RolloutStatus) -> std::fmt::Result {
    let name = &rollout.target.name;
    if let Some(revision) = &rollout.paused_at {
        writeln!(out, "  the rollout of Deployment {name} is paused at revision {revision}")?;
    }
    let Some(undone) = &rollout.undone else { return Ok(()) };
    let (bad, good, at) = (&undone.revision, &undone.back_to, undone.at.0);
    writeln!(out, "  of Deployment {name} revision {bad} was undone at {at}, back to {good}")
}

fn evicted(out: &mut String, moved: &RescheduleStatus) -> std::fmt::Result {
    for eviction in &moved.evictions {
        let (pod, node, at) = (legible(&eviction.pod), legible(&eviction.node), eviction.at.0);
        let landed = eviction.landed.as_ref().map_or_else(
            || "none has come in its place yet".to_owned(),
            |landed| {
                let node =
                    landed.node.as_ref().map_or_else(|| "no node yet".into(), |node| format!("node {}", legible(node)));
                format!("{} came in its place, on {node}", legible(&landed.pod))
            },
        );
        writeln!(out, "  pod {pod} was evicted from node {node} at {at}; {landed}")?;
    }
    let Some(hindered) = &moved.hindered else { return Ok(()) };
    let (pod, since, tries) = (legible(&hindered.pod), hindered.since.0, hindered.tries);
    writeln!(out, "  the eviction of pod {pod} is refused since {since}, {tries} times: {}", legible(&hindered.message))
}
