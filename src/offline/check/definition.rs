//! The definitions of Guarantor's kinds, ready to check manifests against.

use jsonschema::Draft;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use serde_json::{Value, json};

use super::finding::{Fault, Object, code};
use super::{object_meta, structural};
use crate::api::{self, GROUP};

/// The definitions cannot be used. A test rules it out for those of this program.
#[derive(Debug, thiserror::Error)]
#[error("the definition of {kind} cannot be used: {message}; this is a fault of guarantor, please report it")]
pub struct UnusableDefinition {
    kind: String,
    message: String,
}

/// One kind in one version.
pub struct Definition {
    /// `apiVersion`, group and version.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// The structural schema of a whole object, `metadata` included.
    pub schema: Value,
    /// The same for JSON.
    pub validator: jsonschema::Validator,
}

impl std::fmt::Debug for Definition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.api_version, self.kind)
    }
}

/// All kinds of Guarantor.
#[derive(Debug)]
pub struct Definitions(Vec<Definition>);

/// Whose object a manifest is.
#[derive(Debug)]
pub enum Recognised<'a> {
    /// Guarantor's.
    Ours(&'a Definition),
    /// Somebody else's: nothing is said of it.
    Foreign,
    /// Nobody's.
    Nothing(Fault),
}

impl Definitions {
    /// The definitions that `guarantor crds` prints.
    ///
    /// # Errors
    /// [`UnusableDefinition`], which a test rules out.
    pub fn of_this_program() -> Result<Self, UnusableDefinition> {
        let mut all = Vec::new();
        for crd in api::crds() {
            all.extend(versions(&crd)?);
        }
        Ok(Self(all))
    }

    /// Finds the definition of an object.
    #[must_use]
    pub fn recognise(&self, manifest: &Value, object: &Object) -> Recognised<'_> {
        if !manifest.is_object() {
            return nothing("", "this is no object; a manifest has apiVersion, kind, metadata and spec".to_owned());
        }
        for (field, value) in [("apiVersion", &object.api_version), ("kind", &object.kind)] {
            if value.is_empty() {
                return nothing(field, format!("{field} is missing; write for example {}", self.example(field)));
            }
        }
        if let Some(found) = self.0.iter().find(|d| d.api_version == object.api_version && d.kind == object.kind) {
            return Recognised::Ours(found);
        }
        let group = object.api_version.rsplit_once('/').map_or("", |(group, _)| group);
        let of_kind: Vec<&str> =
            self.0.iter().filter(|d| d.kind == object.kind).map(|d| d.api_version.as_str()).collect();
        if !of_kind.is_empty() {
            let message = format!("{} is of {}, not of {}", object.kind, of_kind.join(" or "), object.api_version);
            return Recognised::Nothing(Fault::error(code::UNKNOWN_KIND, "apiVersion", message));
        }
        if group == GROUP {
            let kinds: Vec<&str> = self.0.iter().map(|d| d.kind.as_str()).collect();
            let message = format!("{GROUP} has no kind {:?}; it has {}", object.kind, kinds.join(", "));
            return Recognised::Nothing(Fault::error(code::UNKNOWN_KIND, "kind", message));
        }
        Recognised::Foreign
    }

    fn example(&self, field: &str) -> &str {
        let first = self.0.first();
        first.map_or("", |d| if field == "kind" { d.kind.as_str() } else { d.api_version.as_str() })
    }
}

fn nothing(field: &str, message: String) -> Recognised<'static> {
    Recognised::Nothing(Fault::error(code::NOT_AN_OBJECT, field, message))
}

fn versions(crd: &CustomResourceDefinition) -> Result<Vec<Definition>, UnusableDefinition> {
    let kind = &crd.spec.names.kind;
    let unusable = |message: String| UnusableDefinition { kind: kind.clone(), message };
    let mut found = Vec::new();
    for version in crd.spec.versions.iter().filter(|version| version.served) {
        let schema = version.schema.as_ref().and_then(|s| s.open_api_v3_schema.as_ref());
        let schema = schema.ok_or_else(|| unusable("it has no schema".to_owned()))?;
        let schema = whole_object(serde_json::to_value(schema).map_err(|error| unusable(error.to_string()))?);
        let validator = jsonschema::options()
            .with_draft(Draft::Draft4)
            // Go's expressions, and those of this engine, take the same time for every text.
            .with_pattern_options(jsonschema::PatternOptions::regex())
            .should_validate_formats(true)
            .with_format("byte", |text: &str| {
                use base64::Engine as _;
                base64::engine::general_purpose::STANDARD.decode(text).is_ok()
            })
            .offline()
            .build(&structural::json_schema(&schema))
            .map_err(|error| unusable(error.to_string()))?;
        let api_version = format!("{}/{}", crd.spec.group, version.name);
        found.push(Definition { api_version, kind: kind.clone(), schema, validator });
    }
    Ok(found)
}

/// Adds what every object has.
fn whole_object(mut schema: Value) -> Value {
    if let Some(fields) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        fields.insert("apiVersion".to_owned(), json!({"type": "string"}));
        fields.insert("kind".to_owned(), json!({"type": "string"}));
        fields.insert("metadata".to_owned(), object_meta::schema());
    }
    if let Some(fields) = schema.as_object_mut()
        && let Some(required) = fields.entry("required").or_insert_with(|| json!([])).as_array_mut()
    {
        required.push(json!("metadata"));
    }
    schema
}
