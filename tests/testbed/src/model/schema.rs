//! Reading an `OpenAPI` schema for the two things the model takes from it: defaults, and how lists and maps merge.
//!
//! Takes the schema of a kind. It checks nothing: types, limits and CEL rules are the real server's business.

use std::sync::LazyLock;

use serde_json::{Value, json};

/// Object metadata merges the same way in every kind.
static METADATA: LazyLock<Value> = LazyLock::new(|| {
    json!({"properties": {
        "finalizers": {"x-kubernetes-list-type": "set"},
        "ownerReferences": {
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["uid"],
            "items": {"x-kubernetes-map-type": "atomic"},
        },
    }})
});

/// How a list is owned and merged by server-side apply.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ListType {
    /// One value; whoever applies it replaces all of it.
    Atomic,
    /// Scalars, each owned on its own.
    Set,
    /// Objects told apart by these keys.
    Map(Vec<String>),
}

/// The schema of one place in an object; absent where nothing is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schema<'a> {
    here: Option<&'a Value>,
    // A conditions list is keyed by type by convention, even where no schema says so.
    conditions: bool,
}

impl<'a> Schema<'a> {
    /// The schema of a whole object.
    pub(super) fn root(schema: &'a Value) -> Self {
        Self { here: Some(schema), conditions: false }
    }

    /// The schema of object metadata.
    pub(super) fn metadata() -> Schema<'static> {
        Schema::root(&METADATA)
    }

    /// The schema of a field.
    pub(super) fn field(self, name: &str) -> Self {
        let known = self.here.and_then(|schema| {
            let property = schema.get("properties").and_then(|all| all.get(name));
            property.or_else(|| schema.get("additionalProperties"))
        });
        Self { here: known, conditions: name == "conditions" }
    }

    /// The schema of a list's items.
    pub(super) fn items(self) -> Self {
        Self { here: self.here.and_then(|schema| schema.get("items")), conditions: false }
    }

    /// Whether a map is one value.
    pub(super) fn atomic_map(self) -> bool {
        self.text("x-kubernetes-map-type") == "atomic"
    }

    /// How a list at this place merges.
    pub(super) fn list_type(self) -> ListType {
        match self.text("x-kubernetes-list-type") {
            "set" => ListType::Set,
            "map" => {
                let keys = self.here.and_then(|schema| schema.get("x-kubernetes-list-map-keys"));
                let keys = keys.and_then(Value::as_array).into_iter().flatten();
                ListType::Map(keys.filter_map(Value::as_str).map(str::to_owned).collect())
            }
            "" if self.conditions => ListType::Map(vec!["type".to_owned()]),
            _ => ListType::Atomic,
        }
    }

    fn text(self, name: &str) -> &'a str {
        let value = self.here.and_then(|schema| schema.get(name));
        value.and_then(Value::as_str).unwrap_or_default()
    }
}

/// Fills absent fields that have a default, wherever their parent is present.
pub(super) fn fill_defaults(value: &mut Value, schema: &Value) {
    match value {
        Value::Object(fields) => {
            let properties = schema.get("properties").and_then(Value::as_object);
            for (name, property) in properties.into_iter().flatten() {
                if let Some(default) = property.get("default")
                    && !fields.contains_key(name)
                {
                    fields.insert(name.clone(), default.clone());
                }
                if let Some(field) = fields.get_mut(name) {
                    fill_defaults(field, property);
                }
            }
            if let Some(additional) = schema.get("additionalProperties") {
                for field in fields.values_mut() {
                    fill_defaults(field, additional);
                }
            }
        }
        Value::Array(items) => {
            if let Some(schema) = schema.get("items") {
                for item in items {
                    fill_defaults(item, schema);
                }
            }
        }
        _ => {}
    }
}
