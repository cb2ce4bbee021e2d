//! What the model knows of a kind of object: its names, its subresources and the rules it follows.
//!
//! Takes registrations (by hand or from a `CustomResourceDefinition`), gives lookups. Must never hold objects.

use std::sync::Arc;

use serde_json::Value;

use super::object;

/// Where the scale subresource finds its numbers, as JSON pointers into the object.
#[derive(Clone, Debug, PartialEq)]
pub struct ScalePaths {
    /// The wanted number of replicas.
    pub replicas: String,
    /// The observed number of replicas.
    pub status_replicas: String,
    /// The selector: a string, a map of labels or a `LabelSelector`.
    pub selector: Option<String>,
}

/// A kind of object and its rules.
// Independent rules of a kind, each named after the rule; an enum would only hide that they combine freely.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceKind {
    /// The API group; empty for core.
    pub group: String,
    /// The version it is served at.
    pub version: String,
    /// The kind, as in `Deployment`.
    pub kind: String,
    /// The plural, as in `deployments`.
    pub plural: String,
    /// Whether objects live in a namespace.
    pub namespaced: bool,
    /// Whether `status` is a subresource, so that main writes ignore it and status writes ignore the rest.
    pub status: bool,
    /// The scale subresource.
    pub scale: Option<ScalePaths>,
    /// Whether `metadata.generation` counts changes of anything but metadata and status.
    pub generation: bool,
    /// Whether a PUT without resourceVersion overwrites; otherwise it is refused with 422.
    pub unconditional_update: bool,
    /// Whether a CRD defines it: its scale subresource is laxer, and refuses server-side apply.
    pub custom: bool,
    /// As much of the `OpenAPI` schema as matters here: `default`, `properties`, `items`, `x-kubernetes-list-type`, `x-kubernetes-list-map-keys`, `x-kubernetes-map-type`.
    pub schema: Value,
}

impl ResourceKind {
    /// A namespaced kind with generation, without subresources.
    #[must_use]
    pub fn new(group: &str, version: &str, kind: &str, plural: &str) -> Self {
        Self {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
            plural: plural.to_owned(),
            namespaced: true,
            status: false,
            scale: None,
            generation: true,
            unconditional_update: true,
            custom: false,
            schema: Value::Null,
        }
    }

    /// The kinds a `CustomResourceDefinition` object defines, one for each served version.
    #[must_use]
    pub fn from_crd(crd: &Value) -> Vec<Self> {
        let versions = crd.pointer("/spec/versions").and_then(Value::as_array);
        let served = versions.into_iter().flatten().filter(|version| version.get("served") == Some(&Value::Bool(true)));
        served
            .map(|version| Self {
                namespaced: object::text(crd, "/spec/scope") == "Namespaced",
                status: version.pointer("/subresources/status").is_some(),
                scale: version.pointer("/subresources/scale").map(scale_of_crd),
                unconditional_update: false,
                custom: true,
                schema: version.pointer("/schema/openAPIV3Schema").cloned().unwrap_or_default(),
                ..Self::new(
                    object::text(crd, "/spec/group"),
                    object::text(version, "/name"),
                    object::text(crd, "/spec/names/kind"),
                    object::text(crd, "/spec/names/plural"),
                )
            })
            .collect()
    }

    /// `plural.group`, or the bare plural in the core group: the name under which the model stores and reports objects.
    #[must_use]
    pub fn resource(&self) -> String {
        if self.group.is_empty() { self.plural.clone() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// `group/version`, or the bare version in the core group.
    #[must_use]
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }
}

fn scale_of_crd(scale: &Value) -> ScalePaths {
    let pointer = |field: &str| {
        let path = scale.get(field).and_then(Value::as_str)?;
        Some(path.replace('.', "/"))
    };
    ScalePaths {
        replicas: pointer("specReplicasPath").unwrap_or_default(),
        status_replicas: pointer("statusReplicasPath").unwrap_or_default(),
        selector: pointer("labelSelectorPath"),
    }
}

/// The kinds being served.
#[derive(Debug, Default)]
pub(super) struct Registry {
    kinds: Vec<Arc<ResourceKind>>,
}

impl Registry {
    /// Serves a kind; a second registration of the same group, version and plural replaces the first.
    pub(super) fn register(&mut self, kind: ResourceKind) {
        self.kinds.retain(|known| {
            (&known.group, &known.version, &known.plural) != (&kind.group, &kind.version, &kind.plural)
        });
        self.kinds.push(Arc::new(kind));
    }

    /// Stops serving every version of a resource.
    pub(super) fn withdraw(&mut self, resource: &str) {
        self.kinds.retain(|known| known.resource() != resource);
    }

    /// The kind a path names.
    pub(super) fn by_path(&self, group: &str, version: &str, plural: &str) -> Option<Arc<ResourceKind>> {
        let found =
            self.kinds.iter().find(|kind| kind.group == group && kind.version == version && kind.plural == plural);
        found.cloned()
    }

    /// The kind an object says it is of.
    pub(super) fn by_object(&self, api_version: &str, kind: &str) -> Option<Arc<ResourceKind>> {
        let found = self.kinds.iter().find(|known| known.api_version() == api_version && known.kind == kind);
        found.cloned()
    }

    /// The kind stored under `plural.group`.
    pub(super) fn by_resource(&self, resource: &str) -> Option<Arc<ResourceKind>> {
        let found = self.kinds.iter().find(|kind| kind.resource() == resource);
        found.cloned()
    }

    /// Every kind served.
    pub(super) fn iter(&self) -> impl Iterator<Item = &ResourceKind> {
        self.kinds.iter().map(AsRef::as_ref)
    }
}
