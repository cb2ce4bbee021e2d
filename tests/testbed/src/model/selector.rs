//! Label and field selectors of reads.
//!
//! Takes the text of a query parameter, gives a test on objects. kube matches selectors but does not parse them, hence the parser;
//! of fields only name, namespace and a pod's node are known, and the one that Guarantor makes selectable; any other is
//! refused rather than ignored.

use std::collections::{BTreeMap, BTreeSet};

use kube::core::{Expression, Selector, SelectorExt};
use serde_json::Value;

use super::object;
use super::refusal::{self, Refusal};

/// A test on objects.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    labels: Selector,
    fields: Vec<(String, String, bool)>,
}

impl Filter {
    /// Reads `labelSelector` and `fieldSelector`.
    ///
    /// # Errors
    /// 400 if one cannot be read.
    pub(super) fn parse(labels: &str, fields: &str) -> Result<Self, Refusal> {
        let labels: Option<Vec<Expression>> = split(labels).into_iter().map(expression).collect();
        let fields: Option<Vec<_>> = split(fields).into_iter().map(field).collect();
        match (labels, fields) {
            (Some(labels), Some(fields)) => Ok(Self { labels: labels.into_iter().collect(), fields }),
            _ => Err(refusal::bad_request("unable to parse the selector")),
        }
    }

    /// Whether an object passes.
    pub(super) fn matches(&self, object: &Value) -> bool {
        let labels = object.pointer("/metadata/labels").cloned().unwrap_or_default();
        let labels: BTreeMap<String, String> = serde_json::from_value(labels).unwrap_or_default();
        self.labels.matches(&labels)
            && self.fields.iter().all(|(path, value, equal)| (object::text(object, path) == value.as_str()) == *equal)
    }
}

// Splits at commas outside parentheses.
fn split(text: &str) -> Vec<&str> {
    let mut depth = 0_u32;
    text.split(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    })
    .map(str::trim)
    .filter(|part| !part.is_empty())
    .collect()
}

fn expression(text: &str) -> Option<Expression> {
    if let Some(list) = text.strip_suffix(')') {
        let (head, values) = list.split_once('(')?;
        let (key, operator) = head.trim().rsplit_once(' ')?;
        let values: BTreeSet<String> = values.split(',').map(|value| value.trim().to_owned()).collect();
        let key = key.trim().to_owned();
        return match operator {
            "in" => Some(Expression::In(key, values)),
            "notin" => Some(Expression::NotIn(key, values)),
            _ => None,
        };
    }
    if let Some((key, value)) = text.split_once("!=") {
        return Some(Expression::NotEqual(key.trim().to_owned(), value.trim().to_owned()));
    }
    if let Some((key, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
        return Some(Expression::Equal(key.trim().to_owned(), value.trim().to_owned()));
    }
    match text.strip_prefix('!') {
        Some(key) => Some(Expression::DoesNotExist(key.trim().to_owned())),
        None => Some(Expression::Exists(text.to_owned())),
    }
}

fn field(text: &str) -> Option<(String, String, bool)> {
    let (path, value, equal) = if let Some((path, value)) = text.split_once("!=") {
        (path, value, false)
    } else {
        let (path, value) = text.split_once("==").or_else(|| text.split_once('='))?;
        (path, value, true)
    };
    match path.trim() {
        "metadata.name" => Some(("/metadata/name".to_owned(), value.trim().to_owned(), equal)),
        "metadata.namespace" => Some(("/metadata/namespace".to_owned(), value.trim().to_owned(), equal)),
        "spec.nodeName" => Some(("/spec/nodeName".to_owned(), value.trim().to_owned(), equal)),
        // As the definition of statements says (`selectableFields`).
        "spec.agreement.uid" => Some(("/spec/agreement/uid".to_owned(), value.trim().to_owned(), equal)),
        _ => None,
    }
}
