//! Everything a decision rests on, at one instant.
//!
//! A [`Situation`] is what the caller has read, and [`facts`] is what is worked out of it before anything is proposed: with
//! the history settled and the health read. Beside the agreement's own account and workload it has the view over all
//! services ([`fleet`]), what the service depends on ([`upstream`]), what is left for more replicas ([`supply`]), and the
//! durations of its enforcement as numbers ([`timing`]). Nothing here judges or proposes.

pub mod facts;
pub mod fleet;
pub mod supply;
pub mod timing;
pub mod upstream;

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::api::agreement::SlotLength;
use crate::api::enforcement::{Enforcement, Mode};
use crate::api::enforcement_status::{ActionRecord, EnforcementStatus};
use crate::evaluate::assessment::Assessment;
use crate::evaluate::load_course::LoadCourse;
use crate::sense::signals::Signals;
use crate::sense::workload::{Floor, Nodes, Switch, WorkloadObservation, WorkloadProblem};

use self::fleet::FleetView;
use self::supply::Supply;
use super::capacity::Need;
use super::cause::usage::Usage;
use super::danger::load::Course;
use super::danger::pulse::Proof;

/// Which agreement is decided for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreementIdentity {
    /// Its namespace, which is also the workload's.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
}

/// How old what was read may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Staleness {
    /// From the end of the last slot in the account to now. At least a slot and the settle delay.
    pub assessment: SignedDuration,
    /// From the reading of the workload to now.
    pub workload: SignedDuration,
}

/// Everything a decision rests on.
#[derive(Clone, Debug)]
pub struct Situation<'a> {
    /// The agreement.
    pub agreement: &'a AgreementIdentity,
    /// Its `spec.enforcement`.
    pub enforcement: &'a Enforcement,
    /// How far the operator may go in this cluster, whatever the agreement says.
    pub ceiling: Mode,
    /// Its `spec.metrics.slot`.
    pub slot: SlotLength,
    /// The account.
    pub assessment: &'a Assessment,
    /// The outages that the last minute proves, beside the account.
    pub pulse: &'a [Proof],
    /// The workload, or why it could not be read.
    pub workload: Result<&'a WorkloadObservation, &'a WorkloadProblem>,
    /// The object named by the floor in `status`, read again, when it is not the workload's present holder: a floor that
    /// was left behind by a change of the workload or its autoscaler. `None`: there is none, or the object is gone. If it
    /// could not be read, give that problem as `workload`, or the floor would be forgotten.
    pub left_behind: Option<&'a Floor>,
    /// The nodes: all where one may be avoided or is, otherwise those of the pods that are not ready.
    pub nodes: &'a Nodes,
    /// The endangered objective by pod, just now.
    pub signals: &'a Signals,
    /// The same before the last rollout.
    pub before: &'a Signals,
    /// The load before and in the danger, by the slots of the account.
    pub load: &'a LoadCourse,
    /// The CPU time of its requests, where the agreement names the counters.
    pub usage: &'a Usage,
    /// The pods that the expected load needs. `None`: no floor is to follow it.
    pub need: Option<&'a Need>,
    /// The switch through which load is shed.
    pub switch: &'a Switch,
    /// The periods of the pods just now, those that their CPU limit throttled as the bad ones.
    pub throttling: &'a Signals,
    /// All services the operator looks after.
    pub fleet: &'a FleetView,
    /// What is left for more replicas, and what is at stake.
    pub supply: &'a Supply,
    /// `status.enforcement` as last written.
    pub status: &'a EnforcementStatus,
    /// `status.actions`, newest first.
    pub actions: &'a [ActionRecord],
    /// Whether this process holds the lease.
    pub leader: bool,
    /// Before this instant nothing is undone: the operator has just begun, or has just taken over.
    pub warm_until: Timestamp,
    /// How old the inputs may be.
    pub staleness: Staleness,
    /// The present time.
    pub now: Timestamp,
}

impl Situation<'_> {
    /// The load of an objective in the course of time.
    #[must_use]
    pub fn course<'b>(&'b self, objective: &'b str) -> Course<'b> {
        Course { load: self.load, objective, through: self.assessment.measured_through }
    }
    /// The mode in force: the agreement's, under the cluster's ceiling.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.enforcement.mode.min(self.ceiling)
    }
}
