//! The schema of `metadata`, which definitions leave to the API server.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::core::schema::StructuralSchemaRewriter;
use schemars::generate::SchemaSettings;
use schemars::transform::AddNullable;
use serde_json::{Value, json};

/// A subdomain of RFC 1123, as the names of objects must be.
const NAME: &str = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
/// A label of RFC 1123, as the names of namespaces must be.
const NAMESPACE: &str = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
/// What the value of a label may be.
const LABEL_VALUE: &str = r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$";

/// The structural schema of `metadata`: the fields of Kubernetes' own type, and its rules for names.
#[must_use]
pub fn schema() -> Value {
    let settings = SchemaSettings::openapi3().with(|s| {
        s.inline_subschemas = true;
        s.meta_schema = None;
    });
    let generator = settings.with_transform(AddNullable::default()).with_transform(StructuralSchemaRewriter);
    let generated = generator.into_generator().into_root_schema_for::<ObjectMeta>();
    let mut schema = generated.to_value();
    let name = json!({
        "type": "string", "pattern": NAME, "minLength": 1, "maxLength": 253,
        "description": "The object's name: lower case letters, digits, `-` and `.`. The rest is not shown.",
    });
    let rules = [
        ("name", name),
        ("namespace", json!({"type": "string", "pattern": NAMESPACE, "maxLength": 63})),
        (
            "labels",
            json!({
                "type": "object",
                "additionalProperties": {"type": "string", "pattern": LABEL_VALUE, "maxLength": 63},
            }),
        ),
        // Nobody writes these, and their form is the API server's own.
        ("managedFields", json!({"x-kubernetes-preserve-unknown-fields": true})),
    ];
    if let Some(Value::Object(fields)) = schema.get_mut("properties") {
        for (field, rule) in rules {
            fields.insert(field.to_owned(), rule);
        }
    }
    schema
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_are_those_of_kubernetes() {
        let schema = schema();
        let fields = schema["properties"].as_object().unwrap();
        for name in ["name", "generateName", "namespace", "labels", "annotations", "finalizers", "ownerReferences"] {
            assert!(fields.contains_key(name), "{name} is missing in {fields:?}");
        }
        assert_eq!(schema["type"], "object");
        assert_eq!(schema["properties"]["annotations"]["additionalProperties"]["type"], "string");
    }
}
