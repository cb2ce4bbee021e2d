//! What a path names: discovery, or a collection, object or subresource of a kind.
//!
//! Takes a path and the registry, gives the place. Must not look at objects.

use std::sync::Arc;

use super::kind::{Registry, ResourceKind};
use super::refusal::{self, Refusal};
use super::store::Key;

/// What a path names.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// Discovery and version documents, by the path's segments.
    Discovery(Vec<String>),
    /// Something of a kind.
    Resource(Target),
}

/// A collection, an object or a subresource.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) kind: Arc<ResourceKind>,
    pub(super) namespace: Option<String>,
    pub(super) name: Option<String>,
    pub(super) subresource: String,
}

impl Target {
    /// The object meant.
    ///
    /// # Errors
    /// 405 for a collection.
    pub(super) fn key(&self) -> Result<Key, Refusal> {
        let name = self.name.as_ref().ok_or_else(refusal::method_not_allowed)?;
        Ok(self.key_of(name))
    }

    /// An object of this collection.
    pub(super) fn key_of(&self, name: &str) -> Key {
        Key { resource: self.kind.resource(), namespace: self.namespace.clone(), name: name.to_owned() }
    }
}

/// Reads a path.
///
/// # Errors
/// 404 if nothing is served there.
pub(super) fn place(path: &str, registry: &Registry) -> Result<Place, Refusal> {
    let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let (group, version, rest) = match segments.as_slice() {
        ["api", version, rest @ ..] if !rest.is_empty() => ("", *version, rest),
        ["apis", group, version, rest @ ..] if !rest.is_empty() => (*group, *version, rest),
        ["api" | "apis" | "version", ..] => {
            return Ok(Place::Discovery(segments.iter().map(ToString::to_string).collect()));
        }
        _ => return Err(refusal::no_such_resource()),
    };
    target(group, version, rest, registry).map(Place::Resource).ok_or_else(refusal::no_such_resource)
}

fn target(group: &str, version: &str, rest: &[&str], registry: &Registry) -> Option<Target> {
    let (namespace, plural, below) = match rest {
        // A namespace object has subresources too, so these two never name a collection.
        ["namespaces", _, "status" | "finalize"] | ["namespaces", _] => (None, "namespaces", rest.get(1..)?),
        ["namespaces", namespace, plural, below @ ..] => (Some(*namespace), *plural, below),
        [plural, below @ ..] => (None, *plural, below),
        [] => return None,
    };
    let kind = registry.by_path(group, version, plural)?;
    let (name, subresource) = match below {
        [] => (None, ""),
        [name] => (Some(*name), ""),
        [name, subresource] => (Some(*name), *subresource),
        _ => return None,
    };
    let misplaced = namespace.is_some() && !kind.namespaced || namespace.is_none() && kind.namespaced && name.is_some();
    if misplaced {
        return None;
    }
    Some(Target {
        kind,
        namespace: namespace.map(str::to_owned),
        name: name.map(str::to_owned),
        subresource: subresource.to_owned(),
    })
}
