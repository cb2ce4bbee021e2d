//! What is written where a floor is held: its value, and the baseline annotation beside it.

use crate::sense::workload::{BaselineRecord, FloorKind};

/// The change of a floor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FloorChange {
    /// How the floor is written.
    pub kind: FloorKind,
    /// The floor before.
    pub from: i32,
    /// The floor after.
    pub to: i32,
    /// What is written to the field.
    pub value: Value,
    /// What becomes of the baseline annotation.
    pub baseline: BaselineChange,
    /// It is done ahead of the load, while no objective is in danger.
    pub ahead: bool,
}

/// What is written to the field of a floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// A number.
    Set(i32),
    /// The field is removed, as it was absent before Guarantor came.
    Absent,
    /// The field stays as it is: somebody else has set it since.
    Keep,
}

/// What becomes of the baseline annotation in the same step. It never holds a value that Guarantor wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BaselineChange {
    /// It stands already.
    Keep,
    /// It is written, before or together with the value.
    Record(BaselineRecord),
    /// It is removed, after or together with the value.
    Remove,
}
