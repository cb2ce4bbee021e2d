//! What is written to a switch through which load is shed: its key, and the annotation beside it.

use crate::sense::workload::ShedRecord;

/// The change of a switch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShedChange {
    /// The key of the `ConfigMap`.
    pub key: String,
    /// What stands there. `None`: the key is absent.
    pub from: Option<String>,
    /// What is written there.
    pub write: ShedWrite,
}

/// What is written to the key, and what becomes of the annotation in the same patch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShedWrite {
    /// The record's value; the annotation is the record.
    Turn(ShedRecord),
    /// What stood there before (`None`: the key is removed); the annotation is removed.
    Back(Option<String>),
    /// Nothing, as somebody else has set the key; the annotation alone is removed.
    Leave,
}

impl ShedChange {
    /// The change in words.
    #[must_use]
    pub fn describe(&self) -> String {
        let shown = |value: Option<&String>| value.map_or_else(|| "absent".to_owned(), |value| format!("`{value}`"));
        let from = shown(self.from.as_ref());
        let to = match &self.write {
            ShedWrite::Turn(record) => shown(Some(&record.value)),
            ShedWrite::Back(before) => shown(before.as_ref()),
            ShedWrite::Leave => return format!("data.{} stays {from}", self.key),
        };
        format!("data.{} {from} -> {to}", self.key)
    }
}
