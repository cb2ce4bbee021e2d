//! Who owns which field: `metadata.managedFields` after an update or an apply.
//!
//! Takes the entries before, the writer and the fields before and after; gives the entries after, or the conflicts.
//! The rules are those of structured-merge-diff: an update takes what it changes, an apply owns what it names and conflicts over what it changes.

use std::collections::BTreeMap;

use kube::core::response::StatusCause;
use serde_json::{Value, json};

use super::fields::{self, FieldSet, Leaves, Path};
use super::refusal::{self, Refusal};

/// The subresource whose writes are kept without a time and seen in a version of its own.
const SCALE: &str = "scale";
const SCALE_VERSION: &str = "autoscaling/v1";

/// How a writer came by its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Operation {
    Apply,
    Update,
}

/// Who writes. Two writers are the same if all of it is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Writer {
    pub(super) manager: String,
    pub(super) operation: Operation,
    pub(super) api_version: String,
    pub(super) subresource: String,
}

impl Writer {
    // As told to `asking`: one who applies a Scale is told of the version Scale has, whatever the entry says.
    fn describe(&self, asking: &Self) -> String {
        let version = if asking.subresource == SCALE { SCALE_VERSION } else { &self.api_version };
        let mut text = format!("\"{}\"", self.manager);
        if !self.subresource.is_empty() {
            text = format!("{text} with subresource \"{}\"", self.subresource);
        }
        if self.operation == Operation::Update {
            text = format!("{text} using {version}");
        }
        text
    }

    // An applier stays the same one when it moves to another version of the API.
    fn is(&self, other: &Self) -> bool {
        self.manager == other.manager
            && self.operation == other.operation
            && self.subresource == other.subresource
            && (self.operation == Operation::Apply || self.api_version == other.api_version)
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Entry {
    writer: Writer,
    time: Option<String>,
    fields: FieldSet,
}

/// The entries of an object.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Managed {
    entries: Vec<Entry>,
}

impl Managed {
    /// Reads an object's entries; none if one of them cannot be read.
    pub(super) fn decode(object: &Value) -> Option<Self> {
        let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array);
        let entries = entries.into_iter().flatten().map(decode_entry);
        Some(Self { entries: entries.collect::<Option<_>>()? })
    }

    /// The entries as `metadata.managedFields`; none when there are none.
    pub(super) fn encode(&self) -> Option<Value> {
        let mut entries: Vec<&Entry> = self.entries.iter().collect();
        entries.sort_by(|a, b| {
            let by = |entry: &Entry| {
                (
                    entry.writer.operation,
                    entry.time.clone(),
                    entry.writer.manager.clone(),
                    entry.writer.subresource.clone(),
                )
            };
            by(a).cmp(&by(b))
        });
        if entries.is_empty() {
            return None;
        }
        Some(Value::Array(entries.into_iter().map(encode_entry).collect()))
    }

    /// Whether there is no entry.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What `writer` owns.
    pub(super) fn owned_by(&self, writer: &Writer) -> FieldSet {
        let mine = self.entries.iter().find(|entry| entry.writer.is(writer));
        mine.map(|entry| entry.fields.clone()).unwrap_or_default()
    }

    /// Whether anyone but `writer` owns a field.
    pub(super) fn owned_by_others(&self, writer: &Writer, path: &Path) -> bool {
        let mut others = self.entries.iter().filter(|entry| !entry.writer.is(writer));
        others.any(|entry| entry.fields.contains(path))
    }

    /// After an update: the writer takes what it changed, from whoever had it.
    #[must_use]
    pub(super) fn updated(mut self, writer: &Writer, before: &Leaves, after: &Leaves, now: &str) -> Self {
        let (changed, removed) = fields::difference(before, after);
        let mut mine = self.owned_by(writer);
        for entry in &mut self.entries {
            entry.fields.retain(|path| !changed.contains(path) && !removed.contains(path));
        }
        mine.retain(|path| !removed.contains(path));
        mine.extend(changed.iter().cloned());
        self.put(writer, mine, !changed.is_empty(), now);
        self
    }

    /// After an apply of `config`: the writer owns exactly that.
    ///
    /// # Errors
    /// 409 naming every field others own that the apply would change, unless forced.
    pub(super) fn applied(
        mut self,
        writer: &Writer,
        config: FieldSet,
        before: &Leaves,
        after: &Leaves,
        force: bool,
        now: &str,
    ) -> Result<Self, Refusal> {
        let (changed, removed) = fields::difference(before, after);
        let conflicts = self.conflicts(writer, &changed);
        if !conflicts.is_empty() && !force {
            return Err(refuse(&conflicts));
        }
        let anew = self.owned_by(writer) != config;
        for entry in &mut self.entries {
            entry.fields.retain(|path| !changed.contains(path) && !removed.contains(path));
        }
        self.put(writer, config, anew, now);
        Ok(self)
    }

    fn conflicts(&self, writer: &Writer, changed: &FieldSet) -> BTreeMap<String, Vec<Path>> {
        let mut conflicts = BTreeMap::new();
        for entry in self.entries.iter().filter(|entry| !entry.writer.is(writer)) {
            let disputed: Vec<Path> = entry.fields.intersection(changed).cloned().collect();
            if !disputed.is_empty() {
                conflicts.insert(entry.writer.describe(writer), disputed);
            }
        }
        conflicts
    }

    fn put(&mut self, writer: &Writer, fields: FieldSet, touched: bool, now: &str) {
        let at = self.entries.iter().position(|entry| entry.writer.is(writer));
        let before = at.map(|at| self.entries.remove(at));
        let time = match before {
            _ if writer.subresource == SCALE => None,
            _ if touched => Some(now.to_owned()),
            before => before.and_then(|entry| entry.time),
        };
        self.entries.push(Entry { writer: writer.clone(), time, fields });
        self.entries.retain(|entry| !entry.fields.is_empty());
    }
}

fn decode_entry(entry: &Value) -> Option<Entry> {
    let text = |name: &str| {
        let value = entry.get(name).and_then(Value::as_str);
        value.unwrap_or_default().to_owned()
    };
    let operation = match text("operation").as_str() {
        "Apply" => Operation::Apply,
        "Update" => Operation::Update,
        _ => return None,
    };
    Some(Entry {
        writer: Writer {
            manager: text("manager"),
            operation,
            api_version: text("apiVersion"),
            subresource: text("subresource"),
        },
        time: entry.get("time").and_then(Value::as_str).map(str::to_owned),
        fields: fields::decode(entry.get("fieldsV1")?)?,
    })
}

fn encode_entry(entry: &Entry) -> Value {
    let mut encoded = json!({
        "manager": entry.writer.manager,
        "operation": match entry.writer.operation {
            Operation::Apply => "Apply",
            Operation::Update => "Update",
        },
        "apiVersion": entry.writer.api_version,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields::encode(&entry.fields),
    });
    if let Some(fields) = encoded.as_object_mut() {
        if !entry.writer.subresource.is_empty() {
            fields.insert("subresource".to_owned(), json!(entry.writer.subresource));
        }
        if let Some(time) = &entry.time {
            fields.insert("time".to_owned(), json!(time));
        }
    }
    encoded
}

fn refuse(conflicts: &BTreeMap<String, Vec<Path>>) -> Refusal {
    let mut causes = Vec::new();
    let mut lines = Vec::new();
    for (owner, paths) in conflicts {
        lines.push(format!("conflicts with {owner}:"));
        for path in paths {
            lines.push(format!("- {}", fields::display(path)));
            causes.push(StatusCause {
                reason: "FieldManagerConflict".to_owned(),
                message: format!("conflict with {owner}"),
                field: fields::display(path),
            });
        }
    }
    let message = match causes.as_slice() {
        [only] => format!("Apply failed with 1 conflict: {}: {}", only.message, only.field),
        _ => format!("Apply failed with {} conflicts: {}", causes.len(), lines.join("\n")),
    };
    refusal::apply_conflict(&message, causes)
}
