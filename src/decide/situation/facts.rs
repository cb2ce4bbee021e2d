//! What was worked out before anything is proposed: the situation, with history settled and health read.

use std::collections::BTreeMap;

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::api::avoidance_status::{AvoidanceStatus, AvoidedNode};
use crate::api::cpu_target::CpuTargetStatus;
use crate::api::enforcement_status::{ActionRecord, Episode, FloorStatus};
use crate::api::owned_replicas::OwnedReplicas;
use crate::api::refusal::Refusal;
use crate::api::reschedule_status::RescheduleStatus;
use crate::api::resize_status::ResizeStatus;
use crate::api::rollout_status::RolloutStatus;
use crate::api::shed::ShedStatus;
use crate::decide::capacity::Need;
use crate::decide::cause::throttling;
use crate::decide::danger::health::Health;
use crate::decide::danger::lasting::Lasting;
use crate::decide::verb::own;
use crate::sense::signals;
use crate::sense::workload::{Floor, Rollout, WorkloadObservation};

use super::Situation;
use super::timing::Timing;

/// The HPA controller looks every 15 s by default; a floor it has not seen yet is no failure.
pub const AUTOSCALER_SYNC: SignedDuration = SignedDuration::from_secs(15);

/// What is under way is looked at again so soon: pods start, and go, in less than most slots last.
const SOON: SignedDuration = SignedDuration::from_secs(15);

/// Time from a pod's creation until it is ready, while no start was seen.
const UNKNOWN_START: SignedDuration = SignedDuration::from_secs(90);
/// Longer starts than this are flapping readiness, not starts.
pub(in crate::decide) const LONGEST_START: SignedDuration = SignedDuration::from_mins(5);

/// What was worked out.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// The situation.
    pub situation: &'a Situation<'a>,
    /// The workload as read.
    pub workload: &'a WorkloadObservation,
    /// Durations of the spec.
    pub timing: Timing,
    /// The present danger.
    pub health: Health,
    /// The floor that stands because of this agreement.
    pub standing: Option<FloorStatus>,
    /// The operator's hand in the workload's rollout.
    pub hand: Option<RolloutStatus>,
    /// The pods that were moved, and what keeps the operator from moving one.
    pub moved: Option<RescheduleStatus>,
    /// The nodes that were avoided, and the one that is.
    pub avoidance: Option<AvoidanceStatus>,
    /// What is shed, and was within the day.
    pub shed: Option<ShedStatus>,
    /// The pods that were resized.
    pub resized: Option<ResizeStatus>,
    /// The replicas that the operator owns.
    pub owned: Option<OwnedReplicas>,
    /// The CPU target that the operator sets.
    pub cpu_target: Option<CpuTargetStatus>,
    /// What the API server refused.
    pub refusals: Vec<Refusal>,
    /// The actions, newest first, settled and judged.
    pub actions: Vec<ActionRecord>,
    /// The episode, as of now.
    pub episode: Option<Episode>,
}

/// When to look again at what is under way at an instant.
#[must_use]
pub fn soon(now: Timestamp) -> Timestamp {
    now.saturating_add(SOON).unwrap_or(Timestamp::MAX)
}

impl<'a> Facts<'a> {
    /// The pods that the expected load needs. `None`: nothing is to follow it.
    #[must_use]
    pub fn need(&self) -> Option<&'a Need> {
        self.situation.need.filter(|_| own::refused(self).is_none())
    }
}

impl Facts<'_> {
    /// The present time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.situation.now
    }

    /// How the danger goes on.
    pub(in crate::decide) fn lasting(&self) -> Lasting<'_> {
        let Situation { assessment, load, pulse, .. } = self.situation;
        Lasting { health: &self.health, assessment, load, pulse }
    }

    /// When to look again at what is under way.
    #[must_use]
    pub fn soon(&self) -> Timestamp {
        soon(self.now())
    }

    /// How old the account is.
    #[must_use]
    pub fn assessment_age(&self) -> SignedDuration {
        self.now().duration_since(self.situation.assessment.measured_through)
    }

    /// The floor, unless it is not clear who holds it.
    #[must_use]
    pub fn floor(&self) -> Option<&Floor> {
        self.workload.floor.floor()
    }

    /// The revision at which the operator paused the workload's rollout, if it did.
    #[must_use]
    pub fn paused_at(&self) -> Option<&str> {
        let hand = self.hand.as_ref().filter(|hand| hand.target.uid == self.workload.uid)?;
        hand.paused_at.as_deref()
    }

    /// Whether a rollout of the workload is not through.
    #[must_use]
    pub fn rolls_out(&self) -> bool {
        !matches!(self.workload.rollout, Rollout::Complete | Rollout::NotApplicable)
    }

    /// Since when the rollout goes on: since there are pods of the newest revision, or, where the pods name none, since the
    /// danger. `None`: none goes on.
    #[must_use]
    pub fn rollout_began(&self) -> Option<Timestamp> {
        let mut first: BTreeMap<&str, Timestamp> = BTreeMap::new();
        for pod in self.workload.pods.iter().filter(|_| self.rolls_out()) {
            if let (Some(revision), Some(created)) = (&pod.revision, pod.created) {
                first.entry(revision).and_modify(|known| *known = created.min(*known)).or_insert(created);
            }
        }
        let danger = self.episode.as_ref().filter(|_| self.rolls_out()).map(|episode| episode.since.0);
        first.into_values().max().or(danger)
    }

    /// The node that is avoided for this agreement.
    #[must_use]
    pub fn avoided(&self) -> Option<&AvoidedNode> {
        self.avoidance.as_ref()?.standing()
    }

    /// The node is known not to be ready: what its pods did is past, and to see to them is its controller's part.
    #[must_use]
    pub fn is_dead(&self, node: Option<&String>) -> bool {
        node.and_then(|node| self.situation.nodes.named(node)).is_some_and(|node| !node.ready)
    }

    /// The actions on the present holder, newest first, but for those on its CPU target.
    pub fn actions_on_floor(&self) -> impl Iterator<Item = &ActionRecord> {
        let uid = self.floor().map(|floor| floor.target.uid.as_str()).unwrap_or_default();
        self.actions.iter().filter(move |record| record.target.uid == uid && !record.verb.is_about_cpu_target())
    }

    /// When a change made now can be judged: the autoscaler has acted, pods had time to become ready if any have to,
    /// and two slots since then are in the account.
    #[must_use]
    pub fn judged_at(&self, starts_pods: bool) -> Timestamp {
        let start = if starts_pods { self.start_time() } else { SignedDuration::ZERO };
        self.after(start, SignedDuration::from_secs(self.situation.slot.seconds()))
    }

    /// When replicas that are let go now can be judged: all was to be safe for a while, and two slots since then are in the
    /// account.
    #[must_use]
    pub fn let_go_by(&self) -> Timestamp {
        self.after(self.timing.release_after, SignedDuration::from_secs(self.situation.slot.seconds()))
    }

    /// When a pod that is moved now can be judged: the new one had time to become ready, and two of the windows that are
    /// read by pod lie after that.
    #[must_use]
    pub fn moved_by(&self) -> Timestamp {
        self.after(self.start_time(), signals::window(self.situation.slot))
    }

    /// When a pod that is resized now can be judged: two of the windows in which throttling is read lie after that.
    #[must_use]
    pub fn resized_by(&self) -> Timestamp {
        self.after(SignedDuration::ZERO, throttling::WINDOW)
    }

    /// After `start`, twice `window`, and what is behind anyway.
    fn after(&self, start: SignedDuration, window: SignedDuration) -> Timestamp {
        let slots = window.saturating_add(window);
        let lag = self.assessment_age().max(SignedDuration::ZERO);
        let wait = [start, slots, lag].iter().fold(AUTOSCALER_SYNC, |sum, part| sum.saturating_add(*part));
        self.now().saturating_add(wait).unwrap_or(Timestamp::MAX)
    }

    /// The median time from a pod's creation until it was ready.
    fn start_time(&self) -> SignedDuration {
        let starts = self.workload.pods.iter().filter_map(|pod| Some(pod.ready_since?.duration_since(pod.created?)));
        let mut starts: Vec<SignedDuration> = starts.filter(|start| !start.is_negative()).collect();
        starts.sort_unstable();
        let middle = starts.len() / 2;
        starts.get(middle).copied().unwrap_or(UNKNOWN_START).min(LONGEST_START)
    }
}
