//! Whether an action helped: its hypothesis against what is seen by its deadline.
//!
//! Two things are judged apart: whether the change took effect, which each kind of change tells in its own way, and
//! whether the objective recovered. Missing data makes a verdict inconclusive, never good or bad.
//!
//! Burn windows, and the recent slots that a danger rests on, hold what was before an action for long after it. So where the
//! slots just before it and two slots wholly after it are known, these are compared.
//!
//! Of a danger that had only begun nothing tells how bad it was before an action: that it is worse since is no harm that the
//! action did, only no help. So one that came within two slots of the first sight of the danger is never called harmful.
//!
//! Each kind of change has its file. What did harm, and what follows from that, is told by `harm`.

mod cpu_target;
mod floor;
pub(in crate::decide) mod harm;
mod node;
mod reschedule;
mod resize;
mod rollout;
mod shed;

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use num_traits::ToPrimitive;

use crate::api::avoidance_status::AvoidanceStatus;
use crate::api::enforcement_status::{ActionPhase, ActionRecord, Verb, Verdict, WithoutEffect};
use crate::api::reschedule_status::RescheduleStatus;
use crate::api::rollout_status::RolloutStatus;
use crate::api::shed::ShedStatus;
use crate::evaluate::assessment::{Assessment, ObjectiveAssessment};
use crate::evaluate::load_course::LoadCourse;
use crate::sense::signals::Signals;
use crate::sense::workload::WorkloadObservation;

use super::danger::evidence::Snapshot;
use super::danger::health::{Danger, Health};
use super::danger::lasting::Lasting;
use super::danger::load;
use super::danger::pulse::Proof;

/// The pace fell to this part or less: it helped.
const FELL: f64 = 0.75;
/// The pace rose to this multiple or more: it became worse.
const ROSE: f64 = 2.0;
/// More load than this multiple explains a worse pace without the action.
const MORE_LOAD: f64 = 1.2;
/// Slots after the first sight of a danger: what is recent lies wholly within it by then.
const BEGINS: i32 = 2;
/// A target of 100 % allows nothing; a millionth keeps the comparison of before and after meaningful.
const LEAST_BUDGET: f64 = 1e-6;

/// The verbs that are tried against a danger, and may turn out not to help.
pub(super) const REMEDIES: [Verb; 7] =
    [Verb::RaiseFloor, Verb::RollBack, Verb::Surge, Verb::Reschedule, Verb::AvoidNode, Verb::Shed, Verb::Resize];

/// What verdicts rest on.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    /// The workload now.
    pub workload: &'a WorkloadObservation,
    /// The operator's hand in the workload's rollout.
    pub hand: Option<&'a RolloutStatus>,
    /// The pods that were moved.
    pub moved: Option<&'a RescheduleStatus>,
    /// The nodes that were avoided.
    pub avoidance: Option<&'a AvoidanceStatus>,
    /// What is shed.
    pub shed: Option<&'a ShedStatus>,
    /// The account now.
    pub assessment: &'a Assessment,
    /// The load before and in the danger.
    pub load: &'a LoadCourse,
    /// What the last minute proves.
    pub pulse: &'a [Proof],
    /// The endangered objective by pod, just now.
    pub signals: &'a Signals,
    /// The window in which it is read by pod.
    pub window: SignedDuration,
    /// The periods of the pods just now, those that their CPU limit throttled as the bad ones.
    pub throttling: &'a Signals,
    /// The health now.
    pub health: &'a Health,
    /// When the danger was seen first. `None`: there was none.
    pub danger: Option<Timestamp>,
    /// The length of a slot.
    pub slot: SignedDuration,
    /// The account is recent enough to judge by.
    pub fresh: bool,
    /// Slots before this instant are in the account.
    pub measured_through: Timestamp,
    /// The present time.
    pub now: Timestamp,
}

/// Judges every action that is done and due; returns what did not help, and how much that counts.
pub fn judge(actions: &mut [ActionRecord], sight: Sight<'_>) -> Vec<WithoutEffect> {
    let mut without_effect: Vec<WithoutEffect> = Vec::new();
    // The resizes of a round are judged together.
    let round_ends = super::held::resized::unjudged(actions).map(|record| record.deadline.0).max();
    let taken_back = harm::taken_back(actions);
    for record in actions.iter_mut().filter(|record| record.phase == ActionPhase::Done && record.verdict.is_none()) {
        let due = sight.now >= round_ends.filter(|_| record.verb == Verb::Resize).unwrap_or(record.deadline.0);
        let judged = if taken_back.contains(&record.id) {
            due.then(|| floor::taken_back(record, sight))
        } else {
            verdict(record, sight, due)
        };
        let Some((verdict, why)) = judged else { continue };
        let after = Snapshot::of(sight.health, sight.workload.ready_pods()).to_string();
        let after = after.strip_prefix("before: ").unwrap_or(&after);
        record.evidence = format!("{}; after: {after}; {why}", record.evidence);
        record.verdict = Some(verdict);
        let times = match verdict {
            Verdict::Ineffective if record.verb == Verb::Resize && resize::is_put_off(record, sight) => 2,
            Verdict::Ineffective => 1,
            // One that did harm is enough to stop.
            Verdict::Harmful => 2,
            Verdict::Effective | Verdict::Inconclusive => 0,
        };
        // Where it came back to the same node, it was not the moving that failed: see the guard about the node.
        let came_back = record.verb == Verb::Reschedule && reschedule::came_back(record, sight);
        let is_nothing = times == 0 || came_back && verdict == Verdict::Ineffective;
        if is_nothing || record.ahead || !REMEDIES.contains(&record.verb) {
            continue;
        }
        // Pods that are resized in a round, or go together, are one try.
        let is_in_rounds = matches!(record.verb, Verb::Resize | Verb::Reschedule);
        match without_effect.iter_mut().find(|tried| tried.verb == record.verb && is_in_rounds) {
            Some(round) => round.times = round.times.max(times),
            None => without_effect.push(WithoutEffect { verb: record.verb, times }),
        }
    }
    without_effect
}

fn verdict(record: &ActionRecord, sight: Sight<'_>, due: bool) -> Option<(Verdict, String)> {
    match record.verb {
        Verb::RaiseFloor if record.ahead => floor::added(record, sight, due),
        Verb::RaiseFloor => floor::raise(record, sight, due),
        Verb::FreezeScaleDown => due.then(|| floor::freeze(record, sight)),
        Verb::ScaleDown => floor::let_go(sight, due),
        Verb::SetTarget => cpu_target::set(record, sight, due),
        Verb::RestoreTarget => due.then(|| cpu_target::back(record, sight)),
        Verb::Restore if record.to > record.from => floor::added(record, sight, due),
        Verb::LowerFloor | Verb::Restore | Verb::RestoreSize => due.then(|| floor::reduction(sight)),
        Verb::PauseRollout => due.then(|| rollout::pause(record, sight)),
        Verb::RollBack => rollout::back(record, sight, due),
        Verb::ReleaseRollout => due.then(|| rollout::release(sight)),
        Verb::Surge => floor::surged(record, sight, due),
        Verb::Shed => shed::turned(record, sight, due),
        Verb::StopShedding => due.then(|| shed::back(sight)),
        Verb::Reschedule => reschedule::moved(record, sight, due),
        Verb::AvoidNode => node::avoided(record, sight, due),
        Verb::ReleaseNode => due.then(|| node::released(record, sight)),
        Verb::Resize => resize::grown(record, sight, due),
    }
}

impl<'a> Sight<'a> {
    /// Every objective is seen, by an account that is recent enough.
    fn sees_all(self) -> bool {
        self.fresh && self.health.all_seen
    }

    /// No objective burns any more, by slots that were measured after `record`.
    fn recovered(self, record: &ActionRecord) -> bool {
        self.sees_all() && self.health.danger < Danger::Burning && self.measured_through > record.intended_at.0
    }

    /// Since an action every endangered objective is within what it allows, by slots that lie wholly after it.
    fn is_well_since(self, record: &ActionRecord) -> bool {
        let is_well = |objective: &'a ObjectiveAssessment| {
            let after = self.course(&objective.name).since(record.intended_at.0)?;
            Some(after.sample.share() < objective.allowed.to_f64()?)
        };
        let mut endangered = self.endangered().peekable();
        // Where none is any more, `recovered` tells.
        self.sees_all() && endangered.peek().is_some() && endangered.all(|objective| is_well(objective) == Some(true))
    }

    /// The danger goes on beyond an instant.
    fn lasts_beyond(self, instant: Timestamp) -> bool {
        let Self { health, assessment, load, pulse, .. } = self;
        Lasting { health, assessment, load, pulse }.beyond(instant)
    }

    /// The load of an objective in the course of time.
    fn course(self, objective: &'a str) -> load::Course<'a> {
        load::Course { load: self.load, objective, through: self.measured_through }
    }

    /// The danger had only begun when `record` was intended.
    fn had_only_begun(self, record: &ActionRecord) -> bool {
        let begins = self.slot.checked_mul(BEGINS).unwrap_or(SignedDuration::MAX);
        self.danger.is_some_and(|since| record.intended_at.0.duration_since(since) < begins)
    }

    fn endangered(self) -> impl Iterator<Item = &'a ObjectiveAssessment> {
        let all = self.assessment.objectives.iter();
        all.filter(move |objective| self.health.endangered.contains(&objective.name))
    }
}

/// How fast the worst budget was spent, and how much was asked for in a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Pace {
    pace: f64,
    rate: Option<f64>,
}

impl Pace {
    /// The worse of this and another objective's.
    fn worse(self, level: load::Level, budget: f64) -> Self {
        let rate = self.rate.map_or(level.offered(), |rate| rate.max(level.offered()));
        Self { pace: self.pace.max(level.sample.share() / budget), rate: Some(rate) }
    }
}

/// Before an action and now: by the slots before and after it, or by what was noted then and what is seen now.
///
/// Of a danger that had just begun, both the slots before the action and what was noted hold some of the calm before it: the
/// faster of the two is nearer to what it was.
fn paces(record: &ActionRecord, sight: Sight<'_>) -> Option<(Pace, Pace)> {
    // Reading back cannot fail: what is not there is unknown.
    let noted: Snapshot = record.evidence.parse().unwrap_or_default();
    if let Some((was, is)) = by_slots(record, sight) {
        return Some((Pace { pace: was.pace.max(noted.pace.unwrap_or_default()), ..was }, is));
    }
    let was = Pace { pace: noted.pace?, rate: noted.rate };
    Some((was, Pace { pace: sight.health.pace?, rate: sight.health.rate }))
}

fn by_slots(record: &ActionRecord, sight: Sight<'_>) -> Option<(Pace, Pace)> {
    let mut paces = None;
    for objective in sight.endangered() {
        let (before, after) = sight.course(&objective.name).around(record.intended_at.0)?;
        let budget = objective.allowed.to_f64()?.max(LEAST_BUDGET);
        let (was, is): (Pace, Pace) = paces.unwrap_or_default();
        paces = Some((was.worse(before, budget), is.worse(after, budget)));
    }
    paces
}

/// The pace at which the budget is spent, after against before.
fn compare(record: &ActionRecord, sight: Sight<'_>) -> (Verdict, String) {
    let Some((was, is)) = paces(record, sight).filter(|_| sight.sees_all()) else {
        return (Verdict::Inconclusive, "the pace before or after is unknown".into());
    };
    let begun = sight.had_only_begun(record);
    let more_load = was.rate.zip(is.rate).is_none_or(|(was, is)| is > was * MORE_LOAD);
    let (was, is) = (was.pace, is.pace);
    if is <= was * FELL {
        (Verdict::Effective, "the budget is spent more slowly".into())
    } else if is >= was * ROSE && more_load {
        (Verdict::Inconclusive, "it became worse, but the load rose too".into())
    } else if is >= was * ROSE && begun {
        (Verdict::Ineffective, "the budget is spent no more slowly, and the danger had only begun before".into())
    } else if is >= was * ROSE {
        (Verdict::Harmful, "the budget is spent much faster under the same load".into())
    } else {
        (Verdict::Ineffective, "the budget is spent as fast as before".into())
    }
}
