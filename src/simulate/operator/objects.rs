//! What the operator writes, as the API server keeps it: floor, CPU target, rollout, nodes and switch.

use std::collections::BTreeMap;

use super::Place;
use crate::decide::{
    BaselineChange, Change, CpuTargetChange, CpuTargetWrite, FloorChange, MarkChange, NodeChange, NodeWrite,
    RolloutWrite, ShedWrite,
};
use crate::decide::{Step, Value};
use crate::sense::workload::{AvoidanceRecord, Baseline, CpuTargetMark, FloorKind, Mark, ShedMark};
use crate::simulate::policy::{Hand, Order};

/// The objects.
#[derive(Debug)]
pub struct Objects {
    /// The name of the workload.
    pub(super) name: String,
    /// Where the workload is, and what scales it.
    pub(super) place: Place,
    /// Rises with every write.
    pub(super) version: u64,
    /// The floor in force.
    pub(super) floor: i32,
    /// The operator has written it.
    pub(super) floor_is_ours: bool,
    pub(super) baseline: Baseline,
    /// The CPU utilisation at which the autoscaler aims, in percent.
    pub(super) cpu_target: Option<i32>,
    pub(super) cpu_target_mark: CpuTargetMark,
    pub(super) mark: Mark,
    /// The nodes that are avoided.
    pub(super) avoided: BTreeMap<u32, AvoidanceRecord>,
    /// What stands in the switch.
    pub(super) switched: Option<String>,
    pub(super) shed: ShedMark,
}

impl Objects {
    /// As they are before the operator comes.
    #[must_use]
    pub fn new(name: String, place: Place) -> Self {
        Self {
            name,
            floor: place.floor,
            cpu_target: place.cpu_target,
            cpu_target_mark: CpuTargetMark::None,
            place,
            version: 1,
            floor_is_ours: false,
            baseline: Baseline::None,
            mark: Mark::None,
            avoided: BTreeMap::new(),
            switched: None,
            shed: ShedMark::None,
        }
    }

    /// The floor under the replicas.
    #[must_use]
    pub fn floor(&self) -> u32 {
        u32::try_from(self.floor).unwrap_or(0)
    }

    /// Takes a write, and has the plant follow it.
    pub fn write(&mut self, step: &Step, order: &mut Order) {
        self.version += 1;
        match &step.change {
            Change::Floor(change) => self.write_floor(change),
            Change::CpuTarget(change) => self.write_cpu_target(change),
            Change::Rollout(change) => {
                self.mark = match &change.mark {
                    MarkChange::Record(record) => Mark::Recorded(record.clone()),
                    MarkChange::Remove => Mark::None,
                };
                order.rollout = match &change.write {
                    RolloutWrite::Pause => Some(Hand::Pause),
                    RolloutWrite::Resume => Some(Hand::Resume),
                    RolloutWrite::Template(_) => Some(Hand::GoBack),
                    RolloutWrite::Keep => None,
                };
            }
            Change::Eviction(_) => order.evict.extend(number(&step.target.uid)),
            Change::Node(change) => self.write_node(step, change, order),
            Change::Shed(change) => match &change.write {
                ShedWrite::Turn(record) => {
                    self.switched = Some(record.value.clone());
                    self.shed = ShedMark::Recorded(record.clone());
                }
                ShedWrite::Back(before) => (self.switched, self.shed) = (before.clone(), ShedMark::None),
                ShedWrite::Leave => self.shed = ShedMark::None,
            },
            // The plant has no limits, so nothing follows.
            Change::Resize(_) => {}
        }
    }

    fn write_floor(&mut self, change: &FloorChange) {
        match change.value {
            Value::Set(value) => (self.floor, self.floor_is_ours) = (value, true),
            Value::Absent => (self.floor, self.floor_is_ours) = (FloorKind::Hpa.default_floor(), true),
            Value::Keep => {}
        }
        match &change.baseline {
            BaselineChange::Keep => {}
            BaselineChange::Record(record) => self.baseline = Baseline::Recorded(record.clone()),
            BaselineChange::Remove => self.baseline = Baseline::None,
        }
    }

    fn write_cpu_target(&mut self, change: &CpuTargetChange) {
        self.cpu_target = change.to().or(self.cpu_target);
        self.cpu_target_mark = match &change.write {
            CpuTargetWrite::Set(record) => CpuTargetMark::Recorded(record.clone()),
            CpuTargetWrite::Back(_) | CpuTargetWrite::Leave => CpuTargetMark::None,
        };
    }

    fn write_node(&mut self, step: &Step, change: &NodeChange, order: &mut Order) {
        let Some(node) = number(&step.target.uid) else { return };
        let avoided = match &change.write {
            NodeWrite::Avoid(record) => {
                self.avoided.insert(node, record.clone());
                true
            }
            NodeWrite::Release { .. } => {
                self.avoided.remove(&node);
                false
            }
        };
        order.avoid.push((node, avoided));
    }
}

/// The number at the end of a name or uid.
fn number(name: &str) -> Option<u32> {
    name.rsplit('-').next()?.parse().ok()
}
