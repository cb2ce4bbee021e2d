//! Actions whose end nobody has seen: intended before a crash, or without an answer in time.
//!
//! Each is compared with the object as it stands now: it was done, or it is void and may be decided again. Nothing is
//! assumed. A write that is still on its way carries the old resource version, so a new decision cannot be overwritten
//! by it.

mod cpu_target;
mod eviction;
mod node;
mod resize;
mod rollout;
mod shed;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;

use crate::api::agreement_status::KEPT;
use crate::api::enforcement_status::{ActionPhase, ActionRecord, FloorReason, FloorStatus, Verb, Verdict};
use crate::sense::workload::{CpuTarget, DeploymentState, Floor, Nodes, PodObservation, Switch};

/// What was read of the objects that actions write.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The floors; none if it is not clear what holds the floor.
    pub floors: &'a [&'a Floor],
    /// The CPU utilisation at which the HPA aims that holds the floor.
    pub cpu_target: Option<&'a CpuTarget>,
    /// The workload, if it is a Deployment.
    pub deployment: Option<&'a DeploymentState>,
    /// The pods of the workload.
    pub pods: &'a [PodObservation],
    /// The nodes, as far as they were asked for.
    pub nodes: &'a Nodes,
    /// The switch through which load is shed.
    pub switch: &'a Switch,
    /// When they were read.
    pub at: Timestamp,
    /// On whose behalf.
    pub agreement: &'a str,
    /// The agreement's uid.
    pub agreement_uid: &'a str,
}

/// What a look at the object says about an open action.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Finding {
    Done,
    /// Nothing of it is to be seen.
    Void(String),
    /// Its traces are there, but not its value.
    Overwritten(String),
}

/// Settles every open action. Returns the records, and the indices of those now known to have been done, oldest first.
#[must_use]
pub fn settle(actions: &[ActionRecord], seen: Seen<'_>) -> (Vec<ActionRecord>, Vec<usize>) {
    let mut done = Vec::new();
    let settled = actions.iter().enumerate().map(|(index, record)| {
        let mut record = record.clone();
        let open = matches!(record.phase, ActionPhase::Intended | ActionPhase::Unknown);
        if let Some(finding) = seen.find(&record).filter(|_| open) {
            match finding {
                Finding::Done => {
                    record.phase = ActionPhase::Done;
                    "found done when the object was read again".clone_into(&mut record.outcome);
                    done.push(index);
                }
                Finding::Overwritten(how) => {
                    // It may have been done, so the next one waits its time; nothing can be said of its effect.
                    (record.phase, record.verdict) = (ActionPhase::Done, Some(Verdict::Inconclusive));
                    record.outcome = how;
                }
                Finding::Void(why) => {
                    record.phase = ActionPhase::Refused;
                    record.outcome = why;
                }
            }
        }
        record
    });
    let settled = settled.collect();
    done.reverse();
    (settled, done)
}

impl Seen<'_> {
    /// What is to be said of an open action. `None`: nobody can tell just now.
    fn find(self, record: &ActionRecord) -> Option<Finding> {
        if record.verb.is_about_rollout() {
            let deployment = self.deployment.filter(|deployment| deployment.target.uid == record.target.uid);
            let Some(deployment) = deployment else {
                return Some(Finding::Void("its object is gone or is not the workload any more".into()));
            };
            return Some(rollout::find(record, deployment, self.agreement));
        }
        if record.verb.is_about_shedding() {
            return shed::find(record, self.switch, self.agreement);
        }
        if record.verb == Verb::Reschedule {
            return eviction::find(record, self.pods, self.at);
        }
        if record.verb.is_about_node() {
            return node::find(record, self.nodes, self.at);
        }
        if record.verb.is_about_size() {
            return Some(resize::find(record, self.pods, self.agreement_uid));
        }
        if record.verb.is_about_cpu_target() {
            return (!self.floors.is_empty()).then(|| cpu_target::find(record, self.cpu_target, self.agreement));
        }
        let floor = self.floors.iter().find(|floor| floor.target.uid == record.target.uid);
        (!self.floors.is_empty()).then(|| find(record, floor.copied(), self.agreement))
    }
}

fn find(record: &ActionRecord, floor: Option<&Floor>, agreement: &str) -> Finding {
    let Some(floor) = floor else { return Finding::Void("its object is gone or scales the workload no more".into()) };
    let ours = floor.baseline.held_by(agreement).is_some();
    if record.verb == Verb::Restore {
        // The annotation goes with the value, or after it.
        return if ours { Finding::Void("not done".into()) } else { Finding::Done };
    }
    if Some(floor.current) == record.to && ours {
        Finding::Done
    } else if Some(floor.current) == record.from || !ours {
        Finding::Void("not done".into())
    } else {
        Finding::Overwritten(format!("the value is {} now; somebody changed it meanwhile", floor.current))
    }
}

/// The floor of the status, after what was done to this object without anybody having seen it: where an agreement goes, no
/// decision settles its history before.
#[must_use]
pub fn floor(
    status: Option<&FloorStatus>,
    actions: &[ActionRecord],
    floor: &Floor,
    agreement: &str,
) -> Option<FloorStatus> {
    let is_open = |record: &&ActionRecord| {
        let open = matches!(record.phase, ActionPhase::Intended | ActionPhase::Unknown);
        open && record.verb.is_about_floor() && record.target.uid == floor.target.uid
    };
    let open = actions.iter().rev().filter(is_open);
    open.filter(|record| find(record, Some(floor), agreement) == Finding::Done).fold(status.cloned(), effect)
}

/// The floor that holds while an action is intended: the object it writes, as it is before. So it is found again after a crash.
#[must_use]
pub fn expected(floor: Option<FloorStatus>, record: &ActionRecord) -> Option<FloorStatus> {
    if !record.verb.is_about_floor() {
        return floor;
    }
    let before = ActionRecord { verb: Verb::FreezeScaleDown, to: record.from, ..record.clone() };
    if floor.is_some() { floor } else { effect(None, &before) }
}

/// The floor that holds after an action was done; what is done to a rollout or a pod is told by the object itself, at the next look.
#[must_use]
pub fn effect(floor: Option<FloorStatus>, record: &ActionRecord) -> Option<FloorStatus> {
    if !record.verb.is_about_floor() {
        return floor;
    }
    if record.verb == Verb::Restore {
        return None;
    }
    let (Some(from), Some(to)) = (record.from, record.to) else { return floor };
    let known = floor.filter(|floor| floor.target.uid == record.target.uid);
    let reason = match record.verb {
        _ if record.ahead => FloorReason::Load,
        Verb::ScaleDown => FloorReason::Load,
        Verb::LowerFloor => known.as_ref().map(|floor| floor.reason).unwrap_or_default(),
        _ => FloorReason::Danger,
    };
    Some(FloorStatus {
        target: record.target.clone(),
        baseline: known.as_ref().map_or(from, |floor| floor.baseline),
        value: to,
        since: Time(record.intended_at.0),
        resets: known.map_or(0, |floor| floor.resets),
        reason,
    })
}

/// Keeps as many records as the status does, newest first. Those that are settled go before any that is still to be judged: what an
/// action did would not be counted otherwise. Of these the last one of a verb, which tells of what stands, goes after the others.
pub fn keep(actions: &mut Vec<ActionRecord>) {
    let is_settled = |record: &ActionRecord| record.verdict.is_some() || record.phase == ActionPhase::Refused;
    while actions.len() > KEPT {
        let is_followed = |(index, record): &(usize, &ActionRecord)| {
            is_settled(record) && actions.iter().take(*index).any(|newer| newer.verb == record.verb)
        };
        let followed = actions.iter().enumerate().rev().find(is_followed).map(|(index, _)| index);
        match followed.or_else(|| actions.iter().rposition(is_settled)) {
            Some(oldest) => drop(actions.remove(oldest)),
            None => actions.truncate(KEPT),
        }
    }
}
