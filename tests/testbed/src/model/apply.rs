//! Server-side apply: merging what a manager wants into the live object, and taking away what it wanted before and no longer does.
//!
//! Takes the live object and a configuration, gives the object as it should become. Ownership and conflicts are `ownership`'s.

use serde_json::{Map, Value};

use super::fields::{self, Element, FieldSet};
use super::kind::ResourceKind;
use super::ownership::{Managed, Writer};
use super::schema::{ListType, Schema};

/// The live object with `config` merged into it, and without the fields only `writer` wanted until now.
pub(super) fn merged(
    kind: &ResourceKind,
    live: &Value,
    config: &Value,
    managed: &Managed,
    writer: &Writer,
) -> (Value, FieldSet) {
    let wanted: FieldSet = fields::leaves(config, &kind.schema).into_keys().collect();
    let mut object = merge_root(live, config, &kind.schema);
    for path in managed.owned_by(writer) {
        if !wanted.contains(&path) && !managed.owned_by_others(writer, &path) {
            remove(&mut object, &path);
        }
    }
    (object, wanted)
}

fn merge_root(live: &Value, config: &Value, schema: &Value) -> Value {
    let mut merged = live.as_object().cloned().unwrap_or_default();
    for (name, wanted) in config.as_object().into_iter().flatten() {
        let schema = if name == "metadata" { Schema::metadata() } else { Schema::root(schema).field(name) };
        let before = merged.remove(name);
        merged.insert(name.clone(), merge(before, wanted, schema));
    }
    Value::Object(merged)
}

fn merge(live: Option<Value>, wanted: &Value, schema: Schema<'_>) -> Value {
    match (live, wanted) {
        (Some(Value::Object(mut live)), Value::Object(wanted)) if !schema.atomic_map() => {
            for (name, field) in wanted {
                let before = live.remove(name);
                live.insert(name.clone(), merge(before, field, schema.field(name)));
            }
            Value::Object(live)
        }
        (Some(Value::Array(mut live)), Value::Array(wanted)) => match schema.list_type() {
            ListType::Atomic => Value::Array(wanted.clone()),
            ListType::Set => {
                for item in wanted {
                    if !live.contains(item) {
                        live.push(item.clone());
                    }
                }
                Value::Array(live)
            }
            ListType::Map(keys) => {
                for item in wanted {
                    let key = fields::key_of(item, &keys);
                    match live.iter_mut().find(|known| fields::has_key(known, &key)) {
                        Some(known) => *known = merge(Some(known.take()), item, schema.items()),
                        None => live.push(item.clone()),
                    }
                }
                Value::Array(live)
            }
        },
        (_, wanted) => wanted.clone(),
    }
}

// A parent left empty goes too: its only content was the manager's.
fn remove(value: &mut Value, path: &[Element]) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    match (first, value) {
        (Element::Field(name), Value::Object(fields)) => {
            remove_field(fields, name, rest);
        }
        (Element::Key(key), Value::Array(items)) => {
            let Some(at) = items.iter().position(|item| fields::has_key(item, key)) else {
                return;
            };
            if rest.is_empty() {
                items.remove(at);
            } else if let Some(item) = items.get_mut(at) {
                remove(item, rest);
            }
        }
        (Element::Item(item), Value::Array(items)) => {
            let item: Option<Value> = serde_json::from_str(item).ok();
            items.retain(|known| Some(known) != item.as_ref());
        }
        _ => {}
    }
}

fn remove_field(fields: &mut Map<String, Value>, name: &str, rest: &[Element]) {
    if rest.is_empty() {
        fields.remove(name);
        return;
    }
    let Some(below) = fields.get_mut(name) else {
        return;
    };
    let had = !is_empty(below);
    remove(below, rest);
    if had && is_empty(below) {
        fields.remove(name);
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}
