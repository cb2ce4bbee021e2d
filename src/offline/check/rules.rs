//! Checks the rules of a definition, written in CEL, at every level of an object.
//!
//! Evaluated by `kube-cel`, which comes with kube. Rules over the object before (`oldSelf`) need one and are left out:
//! a file has no past. Only an object that its schema accepts may come here, as quantities without bounds make the
//! evaluator overflow.

use kube::core::cel::{ErrorKind, ValidationError, ValidationErrors, Validator};
use serde_json::Value;

use super::definition::Definition;
use super::finding::{Fault, code};
use super::structural;
use crate::evaluate::lint::Severity;

/// Every rule that a defaulted object breaks.
#[must_use]
pub fn check(object: &Value, definition: &Definition) -> Vec<Fault> {
    let mut seen = object.clone();
    structural::without_nulls(&mut seen);
    let errors = broken(&definition.schema, &seen);
    if errors.iter().all(|error| error.kind != ErrorKind::EvaluationError) {
        return errors.into_iter().map(fault).collect();
    }
    // The evaluator hands an instant over as one, and its `timestamp()` takes nothing but text; the API server's takes
    // both. What fails on instants is judged on texts.
    let mut schema = definition.schema.clone();
    structural::without_formats(&mut schema);
    let of_texts = broken(&schema, &seen);
    let again = |error: ValidationError| {
        if error.kind == ErrorKind::EvaluationError {
            of_texts.iter().find(|e| (&e.field_path, &e.rule) == (&error.field_path, &error.rule)).cloned()
        } else {
            Some(error)
        }
    };
    errors.into_iter().filter_map(again).map(fault).collect()
}

fn broken(schema: &Value, object: &Value) -> Vec<ValidationError> {
    Validator::new().validate(schema, object, None).map_or_else(ValidationErrors::into_vec, |()| Vec::new())
}

fn fault(error: ValidationError) -> Fault {
    match error.kind {
        ErrorKind::ValidationFailure => Fault::error(code::RULE, below_the_root(&error.field_path), error.message),
        // The API server knows every function; this evaluator knows fewer, and must not refuse what it cannot judge.
        ErrorKind::UnsupportedReference => {
            let message = format!("a rule can be checked by an API server only: {}", error.rule);
            Fault {
                severity: Severity::Warning,
                ..Fault::error(code::RULE_NOT_CHECKED, below_the_root(&error.field_path), message)
            }
        }
        _ => Fault::error(
            code::RULE,
            below_the_root(&error.field_path),
            format!("the rule {} fails: {}", error.rule, error.message),
        ),
    }
}

/// A path as the API server tells it: a rule of the object itself gives its own with a dot before it.
fn below_the_root(path: &str) -> String {
    path.trim_start_matches('.').to_owned()
}
