//! Checks a manifest against its kind's structural schema, as the API server and `kubectl` do before anything else.
//!
//! In their order: a `null` that may not be there is taken out, defaults are filled in, then types, forms and sizes are
//! checked. Each fault is told with what the field is for, out of the same texts that `kubectl explain` shows.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use kube::core::cel;
use serde_json::Value;

use super::definition::Definition;
use super::field_path;
use super::finding::{Fault, code};
use super::structural;

/// The longest value that is repeated in a message.
const SHOWN: usize = 80;

/// The object as the API server would store it: without forbidden nulls, with defaults.
#[must_use]
pub fn defaulted(manifest: &Value, definition: &Definition) -> Value {
    let mut object = manifest.clone();
    structural::prune_nulls(&mut object, &definition.schema);
    cel::apply_defaults(&definition.schema, &object)
}

/// Every fault of a defaulted object against its schema.
#[must_use]
pub fn check(object: &Value, definition: &Definition) -> Vec<Fault> {
    let schema = &definition.schema;
    let mut found: Vec<Fault> = name(object).into_iter().collect();
    for error in definition.validator.iter_errors(object) {
        let path = field_path::of_pointer(error.instance_path().as_str(), object);
        let here = at(schema, error.instance_path().as_str());
        found.extend(faults(&path, error.kind(), error.instance(), here, || error.to_string()));
    }
    found.extend(structural::duplicates(object, schema, "").into_iter().map(|(path, identity)| {
        Fault::error(code::SCHEMA, path, format!("{identity} stands in the list already; remove one of the two"))
    }));
    found
}

/// An object has a name, or is given one.
fn name(object: &Value) -> Option<Fault> {
    let metadata = object.get("metadata")?.as_object()?;
    let named = ["name", "generateName"].iter().any(|field| metadata.contains_key(*field));
    (!named).then(|| Fault::error(code::SCHEMA, "metadata.name", "is required and missing"))
}

/// The schema of what a JSON pointer points to.
fn at<'a>(schema: &'a Value, pointer: &str) -> Option<&'a Value> {
    pointer.split('/').skip(1).try_fold(schema, |here, token| {
        let token = token.replace("~1", "/").replace("~0", "~");
        here.get("items").or_else(|| structural::field(here, &token))
    })
}

fn faults(
    path: &str,
    kind: &ValidationErrorKind,
    value: &Value,
    schema: Option<&Value>,
    otherwise: impl Fn() -> String,
) -> Vec<Fault> {
    use ValidationErrorKind as Kind;
    let purpose = purpose(schema);
    let message = match kind {
        Kind::AdditionalProperties { unexpected } => {
            return unexpected.iter().map(|name| unknown(path, name, schema)).collect();
        }
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            let missing = schema.and_then(|s| structural::field(s, name));
            let purpose = self::purpose(missing);
            return vec![Fault::error(
                code::SCHEMA,
                field_path::field(path, name),
                format!("is required and missing{purpose}"),
            )];
        }
        Kind::Type { kind } => {
            let wanted = wanted(kind);
            let quotes =
                if wanted == "string" && (value.is_number() || value.is_boolean()) { "; put it in quotes" } else { "" };
            format!("must be of type {wanted}, and {} is of type {}{quotes}", shown(value), type_of(value))
        }
        Kind::Pattern { pattern } => format!("{} does not match {pattern}{purpose}", shown(value)),
        Kind::Enum { options } => {
            let options: Vec<String> =
                options.as_array().into_iter().flatten().filter(|o| !o.is_null()).map(Value::to_string).collect();
            format!("{} is none of {}", shown(value), options.join(", "))
        }
        Kind::Minimum { limit } => format!("{value} is less than {limit}, the least that is accepted{purpose}"),
        Kind::Maximum { limit } => format!("{value} is more than {limit}, the most that is accepted{purpose}"),
        Kind::MinLength { limit } => format!("{} has fewer than {limit} characters{purpose}", shown(value)),
        Kind::MaxLength { limit } => format!("{} has more than {limit} characters{purpose}", shown(value)),
        Kind::MinItems { limit } => format!("must have at least {limit} items{purpose}"),
        Kind::MaxItems { limit } => format!("must have at most {limit} items{purpose}"),
        Kind::MaxProperties { limit } => format!("must have at most {limit} entries{purpose}"),
        _ => otherwise(),
    };
    vec![Fault::error(code::SCHEMA, path, message)]
}

fn unknown(path: &str, name: &str, schema: Option<&Value>) -> Fault {
    let known = schema.and_then(|s| s.get("properties")).and_then(Value::as_object);
    let known: Vec<&str> = known.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    let place = if path.is_empty() { "the object" } else { path };
    let message = if known.is_empty() {
        format!("unknown field; {place} has none of its own")
    } else {
        format!("unknown field; {place} has {}", known.join(", "))
    };
    Fault::error(code::UNKNOWN_FIELD, field_path::field(path, name), message)
}

fn wanted(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(one) => one.to_string(),
        TypeKind::Multiple(set) => {
            let types: Vec<String> = set.iter().map(|t| t.to_string()).filter(|t| t != "null").collect();
            types.join(" or ")
        }
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// A value as it stands in a message; of a long one, the beginning.
fn shown(value: &Value) -> String {
    match value {
        Value::Array(_) => "the list".to_owned(),
        Value::Object(_) => "the mapping".to_owned(),
        scalar => {
            let text = scalar.to_string();
            let start: String = text.chars().take(SHOWN).collect();
            if start.len() < text.len() { format!("{start}…") } else { text }
        }
    }
}

/// The first sentence of what `kubectl explain` says of a field, in parentheses.
fn purpose(schema: Option<&Value>) -> String {
    let text = schema.and_then(|s| s.get("description")).and_then(Value::as_str).unwrap_or_default();
    let sentence = text.split(". ").next().unwrap_or_default().trim_end_matches('.');
    if sentence.is_empty() { String::new() } else { format!(" ({sentence})") }
}
