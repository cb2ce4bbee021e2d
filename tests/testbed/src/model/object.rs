//! Reading and writing single fields of a JSON object, as every part of the model needs it.
//!
//! Takes and gives `serde_json::Value`. Knows no kinds and no rules; it must never decide anything.

use serde_json::{Map, Value};

/// The text at a JSON pointer; empty when absent or not a string, as the API treats empty and absent alike.
pub(super) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The whole number at a JSON pointer.
pub(super) fn number(object: &Value, pointer: &str) -> Option<i64> {
    object.pointer(pointer).and_then(Value::as_i64)
}

/// Sets the value at a slash-separated path, making the objects on the way. A parent that is not an object is replaced.
pub(super) fn set(object: &mut Value, path: &str, value: Value) {
    let mut at = object;
    for name in path.split('/').filter(|name| !name.is_empty()) {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        let Some(fields) = at.as_object_mut() else {
            return;
        };
        at = fields.entry(name).or_insert(Value::Null);
    }
    *at = value;
}

/// Removes and gives back the value at a slash-separated path.
pub(super) fn take(object: &mut Value, path: &str) -> Option<Value> {
    let (parent, name) = path.rsplit_once('/')?;
    object.pointer_mut(parent)?.as_object_mut()?.remove(name)
}

/// Makes `path` in `to` the same as in `from`, absence included.
pub(super) fn carry(from: &Value, to: &mut Value, path: &str) {
    match from.pointer(path) {
        Some(value) => set(to, path, value.clone()),
        None => {
            take(to, path);
        }
    }
}

/// Drops every null member: the API server stores absent instead of null.
pub(super) fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(without_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(without_nulls),
        _ => {}
    }
}
