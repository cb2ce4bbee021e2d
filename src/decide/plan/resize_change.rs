//! The size of a container of a pod, before and after.

use crate::sense::workload::CpuSize;

/// The change of a container's CPU. Nothing else of the pod is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResizeChange {
    /// The container's name.
    pub container: String,
    /// Its place in the pod's spec.
    pub index: usize,
    /// What it has.
    pub from: CpuSize,
    /// What it gets.
    pub to: CpuSize,
    /// The field manager under which that is written.
    pub manager: String,
}

impl ResizeChange {
    /// The change in words.
    #[must_use]
    pub fn describe(&self) -> String {
        let (container, from, to) = (&self.container, self.from.limit, self.to.limit);
        format!("CPU limit of {container} {from}m -> {to}m")
    }
}
