//! Manifests: YAML or JSON text, as the values an API server would be sent, with the line of every field.
//!
//! The values are read untyped, since a type would bend them: into a string field `99.9` goes as `"99.9"`, and the API
//! server, which is sent a number, refuses it. serde-saphyr reads scalars as `kubectl` does (`no` is a boolean) and takes
//! duplicate keys for errors.

use std::collections::BTreeMap;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::Spanned;

use super::field_path;

/// One object of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// What is to be applied.
    pub value: Value,
    /// Where its fields stand.
    pub lines: Lines,
}

/// The lines of a manifest's fields, by their paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    first: u64,
    of: BTreeMap<String, u64>,
}

impl Lines {
    /// The line of a field or, where it is missing, of what it is missing in.
    #[must_use]
    pub fn line(&self, path: &str) -> u64 {
        let mut path = path;
        loop {
            if let Some(line) = self.of.get(path) {
                return *line;
            }
            match field_path::parent(path) {
                Some(up) => path = up,
                None => return self.first,
            }
        }
    }

    /// The lines of what stands under a field, by paths from there.
    fn under(&self, path: &str) -> Self {
        let inside = self.of.iter().filter_map(|(p, line)| Some((p.strip_prefix(path)?.strip_prefix('.')?, *line)));
        Self { first: self.line(path), of: inside.map(|(p, line)| (p.to_owned(), line)).collect() }
    }
}

/// A text that is no YAML.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct NotYaml {
    /// Where, if that is known.
    pub line: Option<u64>,
    /// What is wrong.
    pub message: String,
}

/// Reads all documents of a text. A `List` is read as its items. After a document that cannot be read there may be none.
#[must_use]
pub fn read(text: &str) -> Vec<Result<Manifest, NotYaml>> {
    let options = serde_saphyr::options! { with_snippet: false };
    let mut bytes = text.as_bytes();
    let documents = serde_saphyr::read_with_options::<_, Spanned<Node>>(&mut bytes, options);
    documents
        .flat_map(|document| match document {
            Ok(document) => objects(manifest(document)).into_iter().map(Ok).collect(),
            Err(error) => {
                let line = error.location().map(|l| l.line()).filter(|line| *line > 0);
                vec![Err(NotYaml { line, message: error.to_string() })]
            }
        })
        .collect()
}

fn manifest(document: Spanned<Node>) -> Manifest {
    let mut lines = Lines { first: document.referenced.line(), of: BTreeMap::new() };
    let value = plain(document.value, "", &mut lines.of);
    Manifest { value, lines }
}

/// What `kubectl apply` would send of a document.
fn objects(manifest: Manifest) -> Vec<Manifest> {
    let is_list = manifest.value.get("kind").and_then(Value::as_str) == Some("List");
    match manifest.value.get("items") {
        Some(Value::Array(items)) if is_list => {
            let item = |(index, value): (usize, &Value)| Manifest {
                value: value.clone(),
                lines: manifest.lines.under(&field_path::item("items", index)),
            };
            items.iter().enumerate().map(item).collect()
        }
        _ => vec![manifest],
    }
}

/// A value of YAML with the places of its parts.
enum Node {
    Scalar(Value),
    List(Vec<Spanned<Node>>),
    Map(Vec<(Spanned<String>, Node)>),
}

fn plain(node: Node, path: &str, lines: &mut BTreeMap<String, u64>) -> Value {
    match node {
        Node::Scalar(value) => value,
        Node::List(items) => {
            let item = |(index, item): (usize, Spanned<Node>)| {
                let path = field_path::item(path, index);
                lines.insert(path.clone(), item.referenced.line());
                plain(item.value, &path, lines)
            };
            Value::Array(items.into_iter().enumerate().map(item).collect())
        }
        Node::Map(entries) => {
            let mut fields = Map::new();
            for (key, value) in entries {
                let path = field_path::field(path, &key.value);
                lines.insert(path.clone(), key.referenced.line());
                let value = plain(value, &path, lines);
                fields.insert(key.value, value);
            }
            Value::Object(fields)
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value that JSON has too")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Number(value.into())))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Number(value.into())))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Node, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom(format!("{value} is no number of JSON")))?;
        Ok(Node::Scalar(Value::Number(number)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Scalar(Value::String(value.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_bytes<E: serde::de::Error>(self, _: &[u8]) -> Result<Node, E> {
        Err(E::custom("binary data has no place in a manifest"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut fields: Vec<(Spanned<String>, Node)> = Vec::new();
        while let Some((key, value)) = entries.next_entry::<Spanned<String>, Node>()? {
            if fields.iter().any(|(known, _)| known.value == key.value) {
                return Err(A::Error::custom(format!("duplicate key {:?}", key.value)));
            }
            fields.push((key, value));
        }
        Ok(Node::Map(fields))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests;
