//! A service under an agreement, at rest, to be disturbed by a test; and a world in which what is decided comes true.

pub(crate) use super::decided::{act, floor_change, reason, step};
pub(crate) use super::records::lowered;
use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use num_rational::BigRational;

use crate::api::agreement::{SlotLength, WorkloadRef};
use crate::api::agreement_status::State;
use crate::api::enforcement::{Enforcement, Mode, ScaleBounds};
use crate::api::enforcement_status::{
    ActionPhase, ActionRecord, ActionTarget, EnforcementStatus, Episode, FloorReason, FloorStatus,
};
use crate::decide::capacity::{Keep, Need};
use crate::decide::cause::usage::Usage;
use crate::decide::danger::pulse::Proof;
use crate::decide::situation::{AgreementIdentity, Situation, Staleness};
use crate::decide::{
    BaselineChange, Change, Decided, Decision, FleetView, FloorChange, Step, Supply, Value, decide, effect,
};
use crate::evaluate::assessment::{Assessment, ObjectiveAssessment};
use crate::evaluate::load_course::LoadCourse;
use crate::sense::signals::{PodEvents, PodVector, Signals};
use crate::sense::workload::{
    Baseline, BaselineRecord, Floor, FloorHolder, FloorKind, Nodes, PodObservation, PodPhase, PodSize, Rollout, Switch,
    WorkloadObservation, WorkloadProblem,
};

/// An owned situation.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) agreement: AgreementIdentity,
    pub(crate) enforcement: Enforcement,
    pub(crate) ceiling: Mode,
    pub(crate) slot: SlotLength,
    pub(crate) assessment: Assessment,
    pub(crate) pulse: Vec<Proof>,
    pub(crate) workload: Result<WorkloadObservation, WorkloadProblem>,
    pub(crate) left_behind: Option<Floor>,
    pub(crate) nodes: Nodes,
    pub(crate) signals: Signals,
    pub(crate) before: Signals,
    pub(crate) load: LoadCourse,
    pub(crate) usage: Usage,
    pub(crate) need: Option<Need>,
    pub(crate) switch: Switch,
    pub(crate) throttling: Signals,
    pub(crate) fleet: FleetView,
    pub(crate) supply: Supply,
    pub(crate) status: EnforcementStatus,
    pub(crate) actions: Vec<ActionRecord>,
    pub(crate) leader: bool,
    pub(crate) warm_until: Timestamp,
    pub(crate) now: Timestamp,
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

pub(crate) fn ratio(numerator: i64, denominator: i64) -> BigRational {
    BigRational::new(numerator.into(), denominator.into())
}

/// An objective of 99 %, seen and safe, with 100 events a second.
pub(crate) fn objective(name: &str) -> ObjectiveAssessment {
    ObjectiveAssessment {
        name: name.into(),
        state: State::Fulfilled,
        verdict: State::Fulfilled,
        covered: true,
        target: ratio(99, 100),
        allowed: ratio(1, 100),
        attainment: Some(ratio(1, 1)),
        settles_on: Some(ratio(1, 1)),
        at_least: Some(ratio(1, 1)),
        total_events: ratio(1000, 1),
        bad_events: ratio(0, 1),
        coverage: Some(ratio(1, 1)),
        budget_remaining: Some(ratio(1, 1)),
        recent_coverage: Some(ratio(1, 1)),
        recent_rate: Some(ratio(100, 1)),
        recent_bad_share: Some(ratio(0, 1)),
        ..ObjectiveAssessment::default()
    }
}

pub(crate) fn pod(index: i32) -> PodObservation {
    PodObservation {
        name: format!("checkout-{index}"),
        uid: format!("pod-{index}"),
        ready: true,
        ready_since: Some(at(-580)),
        created: Some(at(-600)),
        node: Some("node-a".into()),
        zone: None,
        owner_uid: Some("rs".into()),
        owner_kind: Some("ReplicaSet".into()),
        phase: PodPhase::Running,
        cpu_request: Some(1000),
        critical: false,
        tolerated: Vec::new(),
        kept_volumes: Vec::new(),
        revision: Some("abc".into()),
        size: PodSize::default(),
        terminating: false,
    }
}

/// What the pods did in the minute that ends now: per pod all events and the bad ones.
pub(crate) fn by_pod(counts: &[(i64, i64)]) -> Signals {
    let events = |(index, (total, bad)): (usize, &(i64, i64))| PodEvents {
        pod: format!("checkout-{index}"),
        total: ratio(*total, 1),
        bad: ratio(*bad, 1),
    };
    Signals::ByPod(Box::new(PodVector {
        at: at(0),
        window: SignedDuration::from_mins(1),
        newest: at(-1),
        pods: counts.iter().enumerate().map(events).collect(),
        elsewhere: PodEvents { pod: String::new(), total: ratio(0, 1), bad: ratio(0, 1) },
    }))
}

/// A floor of 3 under at most 20, held by an HPA.
pub(crate) fn hpa() -> Floor {
    Floor {
        kind: FloorKind::Hpa,
        target: ActionTarget {
            api_version: "autoscaling/v2".into(),
            kind: "HorizontalPodAutoscaler".into(),
            name: "checkout".into(),
            uid: "hpa-uid".into(),
        },
        resource_version: "7".into(),
        generation: None,
        current: 3,
        written: Some(3),
        max: Some(20),
        baseline: Baseline::None,
        set_by: Some("helm".into()),
        entry_left: false,
        inert: None,
    }
}

pub(crate) fn observation(replicas: i32, floor: FloorHolder) -> WorkloadObservation {
    WorkloadObservation {
        read_at: at(0),
        workload: WorkloadRef {
            api_version: "apps/v1".into(),
            kind: "Deployment".into(),
            name: "checkout".into(),
            namespace: None,
        },
        uid: "workload-uid".into(),
        resource_version: "5".into(),
        spec_replicas: replicas,
        status_replicas: replicas,
        generation: Some(1),
        observed_generation: Some(1),
        rollout: Rollout::Complete,
        rolled_out_at: None,
        deployment: None,
        min_ready: SignedDuration::ZERO,
        selector: "app=checkout".into(),
        pods: (0..replicas).map(pod).collect(),
        floor,
        cpu_target: None,
        scaled_on_cpu: None,
        template: Vec::new(),
        rooms: BTreeMap::new(),
    }
}

impl Scene {
    /// Six replicas over an HPA's floor of 3, mode Enforce within 2 and 15, everything safe and fresh.
    pub(crate) fn calm() -> Self {
        Self {
            agreement: AgreementIdentity { namespace: "shop".into(), name: "checkout".into(), uid: "sla-uid".into() },
            enforcement: Enforcement {
                mode: Mode::Enforce,
                scale: Some(ScaleBounds { min: 2, max: 15, connections: None }),
                ..Enforcement::default()
            },
            ceiling: Mode::Enforce,
            slot: SlotLength::OneMinute,
            assessment: Assessment {
                period_start: at(-100_000),
                judged_from: at(-100_000),
                period_end: at(1_000_000),
                measured_through: at(-30),
                state: State::Fulfilled,
                objectives: vec![objective("latency")],
                violations: Vec::new(),
                credits: None,
            },
            pulse: Vec::new(),
            workload: Ok(observation(6, FloorHolder::Hpa(hpa()))),
            left_behind: None,
            nodes: Nodes::not_asked(),
            signals: Signals::Empty,
            before: Signals::Empty,
            load: LoadCourse::default(),
            usage: Usage::default(),
            need: None,
            switch: Switch::NotAsked,
            throttling: Signals::NotAsked("nobody asked".into()),
            fleet: FleetView::default(),
            supply: Supply::default(),
            status: EnforcementStatus::default(),
            actions: Vec::new(),
            leader: true,
            warm_until: at(-100_000),
            now: at(0),
        }
    }

    /// The same, with its objective burning.
    pub(crate) fn burning() -> Self {
        let mut scene = Self::calm();
        scene.burn(true);
        scene
    }

    /// The same, with a floor of 9 that Guarantor raised from 3, and safe for an hour.
    pub(crate) fn raised() -> Self {
        let mut scene = Self::calm();
        scene.workload = Ok(observation(9, FloorHolder::Hpa(hpa())));
        let floor = scene.floor();
        (floor.current, floor.written, floor.set_by) = (9, Some(9), None);
        floor.baseline = Baseline::Recorded(BaselineRecord { agreement: "checkout".into(), replicas: Some(3) });
        let target = floor.target.clone();
        let (since, reason) = (Time(at(-4000)), FloorReason::Danger);
        scene.status.floor = Some(FloorStatus { target, baseline: 3, value: 9, since, resets: 0, reason });
        scene.status.episode = Some(Episode {
            since: Time(at(-5000)),
            ahead: false,
            safe_since: Some(Time(at(-3600))),
            without_effect: Vec::new(),
            harmful_above: None,
        });
        scene
    }

    /// A load that needs so many pods, sampled just now on all that are ready.
    pub(crate) fn load_needs(&mut self, pods: i32) {
        let (why, through, aim) = (format!("{pods} pods: as many requests"), self.now, Err("unseen".into()));
        let sampled = self.workload().ready_pods();
        let keep = Keep { lowest: Some(pods), fewest: pods, why: "a pod may be lost".into() };
        self.need = Some(Need::Pods { pods, sure: pods, keep, aim, why, through, sampled, doubt: None });
    }

    pub(crate) fn burn(&mut self, burning: bool) {
        for objective in &mut self.assessment.objectives {
            objective.burning = burning;
            objective.state = if burning { State::AtRisk } else { State::Fulfilled };
            objective.recent_bad_share = Some(if burning { ratio(1, 5) } else { ratio(0, 1) });
        }
    }

    pub(crate) fn workload(&mut self) -> &mut WorkloadObservation {
        self.workload.as_mut().unwrap()
    }

    pub(crate) fn floor(&mut self) -> &mut Floor {
        match &mut self.workload().floor {
            FloorHolder::Hpa(floor) | FloorHolder::ScaledObject(floor) | FloorHolder::Scale(floor) => floor,
            FloorHolder::Ambiguous(_) => panic!("no floor"),
        }
    }

    /// Time goes on, and everything is read again.
    pub(crate) fn wait(&mut self, seconds: i64) {
        let by = SignedDuration::from_secs(seconds);
        self.now = self.now.checked_add(by).unwrap();
        self.assessment.measured_through = self.assessment.measured_through.checked_add(by).unwrap();
        let now = self.now;
        if let Ok(workload) = &mut self.workload {
            workload.read_at = now;
        }
        for signals in [&mut self.signals, &mut self.throttling] {
            if let Signals::ByPod(vector) = signals {
                (vector.at, vector.newest) = (now, now);
            }
        }
    }

    pub(crate) fn situation(&self) -> Situation<'_> {
        Situation {
            agreement: &self.agreement,
            enforcement: &self.enforcement,
            ceiling: self.ceiling,
            slot: self.slot,
            assessment: &self.assessment,
            pulse: &self.pulse,
            workload: self.workload.as_ref(),
            left_behind: self.left_behind.as_ref(),
            nodes: &self.nodes,
            signals: &self.signals,
            before: &self.before,
            load: &self.load,
            usage: &self.usage,
            need: self.need.as_ref(),
            switch: &self.switch,
            throttling: &self.throttling,
            fleet: &self.fleet,
            supply: &self.supply,
            status: &self.status,
            actions: &self.actions,
            leader: self.leader,
            warm_until: self.warm_until,
            staleness: Staleness { assessment: SignedDuration::from_mins(3), workload: SignedDuration::from_secs(10) },
            now: self.now,
        }
    }

    pub(crate) fn decide(&self) -> Decided {
        decide(&self.situation())
    }

    /// Decides, writes the status, and carries the plan out; the autoscaler follows at once and pods are ready.
    pub(crate) fn live(&mut self) -> Decided {
        let decided = self.decide();
        self.status = decided.enforcement.clone();
        self.actions.clone_from(&decided.actions);
        if let Decision::Act(plan) = &decided.decision {
            for step in &plan.steps {
                self.carry_out(step);
            }
        }
        decided
    }

    /// Decides and writes the status; then the operator dies, before or after its first write, and knows the action in
    /// this phase when it is back.
    pub(crate) fn crash(&mut self, phase: ActionPhase, wrote: bool) {
        let decided = self.decide();
        self.status = decided.enforcement.clone();
        self.actions.clone_from(&decided.actions);
        self.actions[0].phase = phase;
        if wrote {
            self.write(step(&decided));
        }
    }

    /// The API server takes the write, and everybody follows.
    pub(crate) fn carry_out(&mut self, step: &Step) {
        self.write(step);
        let record = self.actions.iter_mut().find(|record| record.id == step.id).unwrap();
        record.phase = ActionPhase::Done;
        self.status.floor = effect(self.status.floor.take(), record);
        super::cpu_targets::carried_out(self, &step.id);
    }

    /// The API server takes the write; the operator does not learn of it.
    pub(crate) fn write(&mut self, step: &Step) {
        match &step.change {
            Change::Floor(change) => self.write_floor(step, change),
            Change::CpuTarget(change) => super::cpu_targets::write(self, step, change),
            Change::Rollout(change) => super::rollouts::write(self, step, change),
            Change::Eviction(_) => super::moves::write(self, step),
            Change::Node(change) => super::nodes::write(self, step, change),
            Change::Shed(change) => super::sheds::write(self, step, change),
            Change::Resize(change) => super::sizes::write(self, step, change),
        }
    }

    fn write_floor(&mut self, step: &Step, change: &FloorChange) {
        let floor = self.floor();
        assert_eq!(step.resource_version, floor.resource_version, "a precondition");
        floor.resource_version.push('1');
        match change.value {
            Value::Set(value) => (floor.written, floor.current, floor.set_by) = (Some(value), value, None),
            Value::Absent => (floor.written, floor.current, floor.set_by) = (None, floor.kind.default_floor(), None),
            Value::Keep => {}
        }
        match &change.baseline {
            BaselineChange::Keep => {}
            BaselineChange::Record(record) => floor.baseline = Baseline::Recorded(record.clone()),
            BaselineChange::Remove => floor.baseline = Baseline::None,
        }
        let (current, scaled) = (floor.current, floor.kind.is_autoscaler());
        let workload = self.workload();
        workload.spec_replicas = if scaled { workload.spec_replicas.max(current) } else { current };
        workload.status_replicas = workload.spec_replicas;
        workload.pods = (0..workload.spec_replicas).map(pod).collect();
    }

    /// Somebody else writes the floor.
    pub(crate) fn reset(&mut self, value: i32, by: &str) {
        let floor = self.floor();
        floor.resource_version.push('2');
        (floor.current, floor.written, floor.set_by) = (value, Some(value), Some(by.to_owned()));
    }
}
