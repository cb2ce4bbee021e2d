//! Where two JSON values differ: leaf by leaf, each named by its path.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

/// A place in a JSON value, from its root: `objectives[0].badEvents`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct FieldPath(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Field(String),
    Item(usize),
}

impl FieldPath {
    /// The path of fields below one another.
    #[must_use]
    pub fn of(fields: &[&str]) -> Self {
        Self(fields.iter().map(|field| Step::Field((*field).to_owned())).collect())
    }

    /// This path, one field further down.
    #[must_use]
    pub fn field(&self, name: &str) -> Self {
        self.below(Step::Field(name.to_owned()))
    }

    /// This path, one list item further down.
    #[must_use]
    pub fn item(&self, index: usize) -> Self {
        self.below(Step::Item(index))
    }

    fn below(&self, step: Step) -> Self {
        Self(self.0.iter().cloned().chain([step]).collect())
    }

    /// Whether `other` is this place, or lies in it.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }

    /// What stands at this place.
    #[must_use]
    pub fn find<'a>(&self, root: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(root, |value, step| match step {
            Step::Field(name) => value.get(name),
            Step::Item(index) => value.get(index),
        })
    }

    /// Puts a value there, or takes away what stands there. Nothing happens where the place is not in the value.
    pub(super) fn put(&self, root: &mut Value, new: Option<&Value>) {
        let Some((last, way)) = self.0.split_last() else { return };
        let parent = way.iter().try_fold(root, |value, step| match step {
            Step::Field(name) => value.get_mut(name),
            Step::Item(index) => value.get_mut(index),
        });
        match (parent, last, new) {
            (Some(Value::Object(fields)), Step::Field(name), Some(new)) => {
                fields.insert(name.clone(), new.clone());
            }
            (Some(Value::Object(fields)), Step::Field(name), None) => {
                fields.remove(name);
            }
            _ => {}
        }
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, step) in self.0.iter().enumerate() {
            match step {
                Step::Field(name) if place == 0 => f.write_str(name)?,
                Step::Field(name) => write!(f, ".{name}")?,
                Step::Item(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// A place at which two values differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The place.
    pub path: FieldPath,
    /// What the statement says there. `None`: nothing.
    pub stated: Option<Value>,
    /// What was computed. `None`: nothing.
    pub computed: Option<Value>,
}

/// All places at which two values differ, in the order of the field names. Items of lists are compared by their place.
#[must_use]
pub fn differences(stated: &Value, computed: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(&FieldPath::default(), Some(stated), Some(computed), &mut found);
    found
}

fn compare(path: &FieldPath, stated: Option<&Value>, computed: Option<&Value>, found: &mut Vec<Difference>) {
    match (stated, computed) {
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for name in names {
                compare(&path.field(name), a.get(name), b.get(name), found);
            }
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) => {
            for index in 0..a.len().max(b.len()) {
                compare(&path.item(index), a.get(index), b.get(index), found);
            }
        }
        (a, b) if a == b => {}
        (a, b) => found.push(Difference { path: path.clone(), stated: a.cloned(), computed: b.cloned() }),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_place_is_named_with_both_values() {
        let stated = json!({"a": {"b": [1, {"c": "x"}], "only": true}, "same": [1], "kind": {"z": 1}});
        let computed = json!({"a": {"b": [1, {"c": "y"}, 3]}, "same": [1], "kind": "text"});
        let found = differences(&stated, &computed);
        let told: Vec<_> = found
            .iter()
            .map(|d| (d.path.to_string(), d.stated.clone().unwrap_or_default(), d.computed.clone().unwrap_or_default()))
            .collect();
        assert_eq!(
            told,
            [
                ("a.b[1].c".to_owned(), json!("x"), json!("y")),
                ("a.b[2]".to_owned(), Value::Null, json!(3)),
                ("a.only".to_owned(), json!(true), Value::Null),
                ("kind".to_owned(), json!({"z": 1}), json!("text")),
            ]
        );
        assert_eq!(differences(&stated, &stated), []);
    }

    #[test]
    fn null_is_not_the_same_as_nothing() {
        let found = differences(&json!({"a": null}), &json!({}));
        assert_eq!((found.len(), &found[0].stated, &found[0].computed), (1, &Some(Value::Null), &None));
    }

    #[test]
    fn a_place_covers_what_lies_in_it_and_nothing_beside_it() {
        let queries = FieldPath::of(&["objectives"]).item(1).field("queries");
        assert!(queries.covers(&queries) && queries.covers(&queries.item(0)));
        assert!(!queries.covers(&FieldPath::of(&["objectives"]).item(1)));
        assert!(!queries.covers(&FieldPath::of(&["objectives"]).item(1).field("queriesOmitted")));
        assert_eq!(queries.item(0).to_string(), "objectives[1].queries[0]");
        assert_eq!(queries.find(&json!({"objectives": [0, {"queries": "q"}]})), Some(&json!("q")));
    }

    #[test]
    fn a_value_is_put_only_where_its_place_exists() {
        let mut value = json!({"a": {"b": 1}, "list": [{"c": 1}]});
        FieldPath::of(&["a", "b"]).put(&mut value, Some(&json!(2)));
        FieldPath::of(&["list"]).item(0).field("c").put(&mut value, None);
        FieldPath::of(&["no", "such"]).put(&mut value, Some(&json!(3)));
        assert_eq!(value, json!({"a": {"b": 2}, "list": [{}]}));
    }
}
