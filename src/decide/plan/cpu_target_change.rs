//! What is written to the CPU target of an HPA, and the annotation beside it.

use crate::sense::workload::{CpuMetric, CpuTargetRecord};

/// The change of a CPU target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CpuTargetChange {
    /// The metric as it stands. `None`: the HPA has none any more, and nothing but the annotation is written.
    pub metric: Option<CpuMetric>,
    /// What is written.
    pub write: CpuTargetWrite,
    /// The HPA has annotations.
    pub annotated: bool,
    /// That of the operator is among them.
    pub marked: bool,
}

/// What is written to the target, and what becomes of the annotation in the same patch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CpuTargetWrite {
    /// The record's value; the annotation is the record.
    Set(CpuTargetRecord),
    /// What was declared; the annotation is removed.
    Back(i32),
    /// Nothing, as somebody else has changed it; the annotation alone is removed.
    Leave,
}

impl CpuTargetChange {
    /// The target before, in percent.
    #[must_use]
    pub fn from(&self) -> Option<i32> {
        self.metric.as_ref().map(|metric| metric.percent)
    }

    /// The target afterwards. `None`: it stays as it is.
    #[must_use]
    pub fn to(&self) -> Option<i32> {
        match &self.write {
            CpuTargetWrite::Set(record) => Some(record.value),
            CpuTargetWrite::Back(declared) => Some(*declared),
            CpuTargetWrite::Leave => None,
        }
    }

    /// The target before and afterwards, where it changes.
    #[must_use]
    pub fn numbers(&self) -> Option<(i32, i32)> {
        self.from().zip(self.to())
    }

    /// The HPA wants fewer pods afterwards.
    #[must_use]
    pub fn is_leaner(&self) -> bool {
        self.numbers().is_some_and(|(from, to)| to > from)
    }

    /// The change in words.
    #[must_use]
    pub fn describe(&self) -> String {
        match self.numbers() {
            Some((from, to)) => format!("CPU target {from} % -> {to} %"),
            None => "the CPU target stays as it is".to_owned(),
        }
    }
}
