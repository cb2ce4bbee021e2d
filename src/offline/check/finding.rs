//! What was found: one finding a fault, in a form that people and machines read.
//!
//! The fields of a finding and its codes are what other programs rely on. They are only ever added to.

use serde::Serialize;
use serde_json::Value;

use super::manifest::Lines;
pub use crate::evaluate::lint::Severity;

/// What stands in the way, as a stable word for machines. The codes of [`crate::evaluate::lint::Code`] come in beside
/// these.
pub mod code {
    /// The text is not YAML, or says something twice.
    pub const YAML: &str = "yaml";
    /// The document is no Kubernetes object.
    pub const NOT_AN_OBJECT: &str = "not_an_object";
    /// Guarantor has no such kind, or not in this version.
    pub const UNKNOWN_KIND: &str = "unknown_kind";
    /// The kind has no such field.
    pub const UNKNOWN_FIELD: &str = "unknown_field";
    /// A value is missing, or is not of the type, form or size the schema asks for.
    pub const SCHEMA: &str = "schema";
    /// A rule of the definition over one or more fields is broken.
    pub const RULE: &str = "rule";
    /// A rule of the definition can only be checked by an API server.
    pub const RULE_NOT_CHECKED: &str = "rule_not_checked";
    /// A value that the schema lets through means nothing.
    pub const INVALID: &str = "invalid";
    /// A PromQL expression or a histogram's selector is refused.
    pub const EXPRESSION: &str = "expression";
    /// The metrics source among the manifests does not admit the namespace.
    pub const NAMESPACE_NOT_ALLOWED: &str = "namespace_not_allowed";
    /// The operator refuses the agreement, and only `guarantor settle` works with it.
    pub const ONLY_OFFLINE: &str = "only_offline";

    /// Every one of these.
    pub const ALL: [&str; 11] = [
        YAML,
        NOT_AN_OBJECT,
        UNKNOWN_KIND,
        UNKNOWN_FIELD,
        SCHEMA,
        RULE,
        RULE_NOT_CHECKED,
        INVALID,
        EXPRESSION,
        NAMESPACE_NOT_ALLOWED,
        ONLY_OFFLINE,
    ];
}

/// Which object it is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Object {
    /// `apiVersion`, as far as there is one.
    #[serde(rename = "apiVersion")]
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// `metadata.namespace`; empty where there is none.
    pub namespace: String,
    /// `metadata.name`; empty where there is none.
    pub name: String,
}

impl Object {
    /// The object a manifest is of. What it does not say is empty.
    #[must_use]
    pub fn of(manifest: &Value) -> Self {
        let text = |pointer| manifest.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self {
            api_version: text("/apiVersion"),
            kind: text("/kind"),
            namespace: text("/metadata/namespace"),
            name: text("/metadata/name"),
        }
    }
}

impl std::fmt::Display for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let slash = if self.namespace.is_empty() { "" } else { "/" };
        write!(f, "{} {}{slash}{}", self.kind, self.namespace, self.name)
    }
}

/// One fault or remark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The file; `-` is standard input.
    pub file: String,
    /// The line, counted from 1; of the object where the field is missing. `null` where nobody knows.
    pub line: Option<u64>,
    /// Which object it is about.
    #[serde(flatten)]
    pub object: Object,
    /// The path of the field, for example `spec.credits.tiers[1].below`; empty: the whole document.
    pub field: String,
    /// `Error` or `Warning`.
    #[serde(serialize_with = "severity")]
    pub severity: Severity,
    /// What kind of fault.
    pub code: &'static str,
    /// What is wrong and what to do.
    pub message: String,
    /// For a tier table: an attainment in percent at which it shows. In a gap, one that no tier holds for.
    pub at: Option<String>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn severity<S: serde::Serializer>(severity: &Severity, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(severity.as_str())
}

/// A fault of one object, before it is known in which file the object stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// See [`Finding::field`].
    pub field: String,
    /// See [`Finding::severity`].
    pub severity: Severity,
    /// See [`Finding::code`].
    pub code: &'static str,
    /// See [`Finding::message`].
    pub message: String,
    /// See [`Finding::at`].
    pub at: Option<String>,
}

impl Fault {
    /// An error.
    pub fn error(code: &'static str, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), severity: Severity::Error, code, message: message.into(), at: None }
    }

    /// A remark.
    pub fn warning(code: &'static str, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, field, message) }
    }

    /// The finding it makes in a file.
    #[must_use]
    pub fn found(self, file: &str, lines: &Lines, object: &Object) -> Finding {
        Finding {
            file: file.to_owned(),
            line: Some(lines.line(&self.field)).filter(|line| *line > 0),
            object: object.clone(),
            field: self.field,
            severity: self.severity,
            code: self.code,
            message: self.message,
            at: self.at,
        }
    }
}
