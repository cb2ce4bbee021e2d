//! Structural schemas: what the API server makes of a definition's schema, and JSON Schema does not know.
//!
//! A structural schema looks like JSON Schema and is read otherwise: a field it does not name is refused under
//! `kubectl`'s strict validation, `nullable` and `x-kubernetes-int-or-string` widen a type, an absent field and a `null`
//! that is not allowed are the same, and lists may be maps. Here it is translated for the `jsonschema` crate, and what
//! cannot be translated is done by hand.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::field_path;

/// The keywords that mean the same in both.
const SHARED: [&str; 15] = [
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "pattern",
    "required",
    "uniqueItems",
];

/// The keywords of branches. They may not hold types, so they are taken over as they are.
const JUNCTORS: [&str; 4] = ["allOf", "anyOf", "oneOf", "not"];

/// Whether a node lets fields through that it does not name.
fn preserves(schema: &Value) -> bool {
    schema.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(true))
}

/// The same schema for a validator of JSON Schema (draft 4).
#[must_use]
pub fn json_schema(schema: &Value) -> Value {
    let mut out = Map::new();
    for keyword in SHARED.iter().chain(&JUNCTORS) {
        if let Some(value) = schema.get(keyword) {
            out.insert((*keyword).to_owned(), value.clone());
        }
    }
    let nullable = schema.get("nullable") == Some(&Value::Bool(true));
    let mut types = match schema.get("type") {
        _ if schema.get("x-kubernetes-int-or-string") == Some(&Value::Bool(true)) => {
            vec![json!("integer"), json!("string")]
        }
        Some(named) => vec![named.clone()],
        None => Vec::new(),
    };
    if nullable && !types.is_empty() {
        types.push(json!("null"));
    }
    if !types.is_empty() {
        out.insert("type".to_owned(), Value::Array(types));
    }
    // The API server refuses a null where there is an enumeration, even if that names it.
    if let Some(Value::Array(options)) = out.get_mut("enum") {
        options.retain(|option| !option.is_null());
    }
    match schema.get("format").and_then(Value::as_str) {
        Some("int32") => bounds(&mut out, i32::MIN.into(), i32::MAX.into()),
        Some("int64") => bounds(&mut out, i64::MIN, i64::MAX),
        Some(format @ ("date-time" | "byte")) => drop(out.insert("format".to_owned(), json!(format))),
        _ => {}
    }
    if let Some(items) = schema.get("items") {
        out.insert("items".to_owned(), json_schema(items));
    }
    if schema.get("type") == Some(&json!("object")) {
        fields(schema, &mut out);
    }
    Value::Object(out)
}

fn bounds(out: &mut Map<String, Value>, least: i64, most: i64) {
    out.entry("minimum").or_insert(least.into());
    out.entry("maximum").or_insert(most.into());
}

fn fields(schema: &Value, out: &mut Map<String, Value>) {
    if let Some(Value::Object(properties)) = schema.get("properties") {
        let properties = properties.iter().map(|(name, field)| (name.clone(), json_schema(field)));
        out.insert("properties".to_owned(), Value::Object(properties.collect()));
    }
    let others = match schema.get("additionalProperties") {
        Some(Value::Bool(any)) => Value::Bool(*any),
        Some(values) => json_schema(values),
        None => Value::Bool(preserves(schema)),
    };
    out.insert("additionalProperties".to_owned(), others);
}

/// The schema of a field of an object that this is the schema of.
#[must_use]
pub fn field<'a>(schema: &'a Value, name: &str) -> Option<&'a Value> {
    let named = schema.get("properties").and_then(|fields| fields.get(name));
    named.or_else(|| schema.get("additionalProperties").filter(|values| values.is_object()))
}

/// Takes out every `null` that a field may not have: to the API server it is as if it were not there.
pub fn prune_nulls(value: &mut Value, schema: &Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, value| {
                !value.is_null() || field(schema, name).is_none_or(|f| f.get("nullable") == Some(&Value::Bool(true)))
            });
            for (name, value) in fields {
                if let Some(schema) = field(schema, name) {
                    prune_nulls(value, schema);
                }
            }
        }
        Value::Array(items) => {
            if let Some(schema) = schema.get("items") {
                for item in items {
                    prune_nulls(item, schema);
                }
            }
        }
        _ => {}
    }
}

/// Takes out every `null` of every field: so a rule sees one that may be there.
pub fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(without_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(without_nulls),
        _ => {}
    }
}

/// Takes out every format: texts are texts, whatever they stand for.
pub fn without_formats(schema: &mut Value) {
    if let Some(node) = schema.as_object_mut() {
        node.remove("format");
        for keyword in ["items", "additionalProperties"] {
            node.get_mut(keyword).into_iter().for_each(without_formats);
        }
        node.get_mut("properties").and_then(Value::as_object_mut).into_iter().for_each(|fields| {
            fields.values_mut().for_each(without_formats);
        });
    }
}

/// The items of lists that stand there twice, where the schema says that a list is a map or a set, by their paths.
#[must_use]
pub fn duplicates(value: &Value, schema: &Value, path: &str) -> Vec<(String, String)> {
    match value {
        Value::Object(fields) => {
            let inside = |(name, value): (&String, &Value)| {
                field(schema, name).map(|schema| duplicates(value, schema, &field_path::field(path, name)))
            };
            fields.iter().filter_map(inside).flatten().collect()
        }
        Value::Array(items) => {
            let Some(schema_of_items) = schema.get("items") else { return Vec::new() };
            let mut found = Vec::new();
            let mut seen = BTreeSet::new();
            for (index, item) in items.iter().enumerate() {
                let path = field_path::item(path, index);
                if let Some(identity) = identity(item, schema)
                    && !seen.insert(identity.clone())
                {
                    found.push((path.clone(), identity));
                }
                found.extend(duplicates(item, schema_of_items, &path));
            }
            found
        }
        _ => Vec::new(),
    }
}

/// What an item may have in common with no other one of its list. `None`: nothing.
fn identity(item: &Value, list: &Value) -> Option<String> {
    match list.get("x-kubernetes-list-type").and_then(Value::as_str) {
        Some("map") => {
            let keys = list.get("x-kubernetes-list-map-keys")?.as_array()?.iter().filter_map(Value::as_str);
            let named = keys.map(|key| format!("{key} {}", item.get(key).unwrap_or(&Value::Null)));
            Some(named.collect::<Vec<_>>().join(", "))
        }
        Some("set") => Some(item.to_string()),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_json_schema_reads_otherwise_is_translated() {
        let cases = [
            (json!({"type": "string", "nullable": true}), json!({"type": ["string", "null"]})),
            (json!({"x-kubernetes-int-or-string": true}), json!({"type": ["integer", "string"]})),
            (
                json!({"type": "string", "enum": ["A", null], "nullable": true}),
                json!({"type": ["string", "null"], "enum": ["A"]}),
            ),
            (
                json!({"type": "integer", "format": "int32", "minimum": 1}),
                json!({"type": ["integer"], "minimum": 1, "maximum": i32::MAX}),
            ),
            (json!({"type": "object"}), json!({"type": ["object"], "additionalProperties": false})),
            (
                json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true}),
                json!({"type": ["object"], "additionalProperties": true}),
            ),
            (
                json!({"type": "object", "additionalProperties": {"type": "string"}, "description": "d"}),
                json!({"type": ["object"], "additionalProperties": {"type": ["string"]}}),
            ),
        ];
        for (structural, translated) in cases {
            assert_eq!(json_schema(&structural), translated, "{structural}");
        }
    }

    #[test]
    fn a_null_counts_as_absent_unless_it_may_be_there() {
        let schema = json!({"type": "object", "properties": {
            "a": {"type": "string"},
            "b": {"type": "string", "nullable": true},
            "c": {"type": "array", "items": {"type": "object", "properties": {"d": {"type": "string"}}}},
        }});
        let mut value = json!({"a": null, "b": null, "c": [{"d": null}, null], "unknown": null});
        prune_nulls(&mut value, &schema);
        assert_eq!(value, json!({"b": null, "c": [{}, null], "unknown": null}));
        without_nulls(&mut value);
        assert_eq!(value, json!({"c": [{}, null]}));
    }

    #[test]
    fn what_stands_twice_in_a_map_or_a_set_is_found() {
        let schema = json!({"properties": {
            "map": {
                "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["a", "b"], "items": {"properties": {
                    "set": {"x-kubernetes-list-type": "set", "items": {}},
                }},
            },
            "list": {"items": {}},
        }});
        let value = json!({
            "map": [{"a": 1, "b": 1}, {"a": 1, "b": 2, "set": ["x", "y", "x"]}, {"a": 1, "b": 1}],
            "list": [1, 1],
        });
        let paths: Vec<String> = duplicates(&value, &schema, "").into_iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["map[1].set[2]", "map[2]"]);
    }
}
