//! Sets of fields, as server-side apply tracks them: the leaves of an object, and the `fieldsV1` form of such a set.
//!
//! Takes objects and their schema, gives paths. A map, and a list keyed by the schema, is descended into; an atomic list or map is one leaf.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::schema::{ListType, Schema};

/// One step into an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Element {
    /// A member of a map, `f:name`.
    Field(String),
    /// An item of a keyed list, `k:{"type":"Ready"}`, as the JSON of its keys.
    Key(String),
    /// An item of a set, `v:"text"`, as JSON.
    Item(String),
}

/// The way from the root to a field.
pub(super) type Path = Vec<Element>;
/// A set of fields.
pub(super) type FieldSet = BTreeSet<Path>;
/// The fields of an object with their values.
pub(super) type Leaves = BTreeMap<Path, Value>;

/// Metadata the server owns; nobody's field.
const SYSTEM_METADATA: [&str; 11] = [
    "name",
    "namespace",
    "generateName",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "selfLink",
];

/// The fields of an object that can be owned.
pub(super) fn leaves(object: &Value, schema: &Value) -> Leaves {
    let mut found = Leaves::new();
    for (name, value) in object.as_object().into_iter().flatten() {
        let mut path = vec![Element::Field(name.clone())];
        match name.as_str() {
            "apiVersion" | "kind" => {}
            "metadata" => {
                let mut metadata = value.clone();
                if let Some(fields) = metadata.as_object_mut() {
                    fields.retain(|field, _| !SYSTEM_METADATA.contains(&field.as_str()));
                    if !fields.is_empty() {
                        collect(&metadata, Schema::metadata(), &mut path, &mut found);
                    }
                }
            }
            _ => collect(value, Schema::root(schema).field(name), &mut path, &mut found),
        }
    }
    found
}

fn collect(value: &Value, schema: Schema<'_>, path: &mut Path, found: &mut Leaves) {
    match value {
        Value::Object(fields) if !fields.is_empty() && !schema.atomic_map() => {
            for (name, field) in fields {
                path.push(Element::Field(name.clone()));
                collect(field, schema.field(name), path, found);
                path.pop();
            }
        }
        Value::Array(items) if !items.is_empty() => match schema.list_type() {
            ListType::Atomic => {
                found.insert(path.clone(), value.clone());
            }
            ListType::Set => {
                for item in items {
                    path.push(Element::Item(item.to_string()));
                    found.insert(path.clone(), item.clone());
                    path.pop();
                }
            }
            ListType::Map(keys) => {
                for item in items {
                    path.push(Element::Key(key_of(item, &keys)));
                    // The item itself is a member besides its fields, so that removing it removes all of it.
                    found.insert(path.clone(), Value::Null);
                    collect(item, schema.items(), path, found);
                    path.pop();
                }
            }
        },
        _ => {
            found.insert(path.clone(), value.clone());
        }
    }
}

/// The identity of an item in a keyed list.
pub(super) fn key_of(item: &Value, keys: &[String]) -> String {
    let named: BTreeMap<&String, &Value> = keys.iter().filter_map(|key| Some((key, item.get(key)?))).collect();
    serde_json::to_string(&named).unwrap_or_default()
}

/// Whether an item of a keyed list has the identity `key`.
pub(super) fn has_key(item: &Value, key: &str) -> bool {
    let wanted: Map<String, Value> = serde_json::from_str(key).unwrap_or_default();
    !wanted.is_empty() && wanted.iter().all(|(name, value)| item.get(name) == Some(value))
}

/// The fields added or given another value, and the fields that are gone.
pub(super) fn difference(before: &Leaves, after: &Leaves) -> (FieldSet, FieldSet) {
    let changed = after.iter().filter(|(path, value)| before.get(*path) != Some(*value));
    let removed = before.keys().filter(|path| !after.contains_key(*path));
    (changed.map(|(path, _)| path.clone()).collect(), removed.cloned().collect())
}

/// A set in the form of `managedFields[].fieldsV1`.
pub(super) fn encode(set: &FieldSet) -> Value {
    let mut root = Map::new();
    for path in set {
        insert(&mut root, path);
    }
    Value::Object(root)
}

fn insert(at: &mut Map<String, Value>, path: &[Element]) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    let name = match first {
        Element::Field(name) => format!("f:{name}"),
        Element::Key(key) => format!("k:{key}"),
        Element::Item(value) => format!("v:{value}"),
    };
    let below = at.entry(name).or_insert_with(|| Value::Object(Map::new()));
    let Some(below) = below.as_object_mut() else {
        return;
    };
    if rest.is_empty() && matches!(first, Element::Key(_)) {
        below.insert(".".to_owned(), Value::Object(Map::new()));
    }
    insert(below, rest);
}

/// Reads `fieldsV1`; none if it is not one.
pub(super) fn decode(fields: &Value) -> Option<FieldSet> {
    let mut set = FieldSet::new();
    descend(fields, &mut Vec::new(), &mut set)?;
    Some(set)
}

fn descend(fields: &Value, path: &mut Path, set: &mut FieldSet) -> Option<()> {
    let fields = fields.as_object()?;
    if fields.is_empty() && !path.is_empty() {
        set.insert(path.clone());
    }
    for (name, below) in fields {
        if name == "." {
            set.insert(path.clone());
            continue;
        }
        let element = match name.split_once(':')? {
            ("f", field) => Element::Field(field.to_owned()),
            ("k", key) => Element::Key(key.to_owned()),
            ("v", value) => Element::Item(value.to_owned()),
            _ => return None,
        };
        path.push(element);
        descend(below, path, set)?;
        path.pop();
    }
    Some(())
}

/// A path as messages show it: `.spec.minReplicas`, `.status.conditions[type="Ready"].status`.
pub(super) fn display(path: &Path) -> String {
    let mut text = String::new();
    for element in path {
        // Writing into a String cannot fail.
        let _ = match element {
            Element::Field(name) => write!(text, ".{name}"),
            Element::Item(value) => write!(text, "[={value}]"),
            Element::Key(key) => {
                let keys: BTreeMap<String, Value> = serde_json::from_str(key).unwrap_or_default();
                let pairs: Vec<String> = keys.iter().map(|(name, value)| format!("{name}={value}")).collect();
                write!(text, "[{}]", pairs.join(","))
            }
        };
    }
    text
}
