//! An object as somebody holds it: in a file, on standard input, or as the cluster gave it.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::api::{GROUP, VERSION};
use crate::offline::check::manifest;

/// The most that is read. The largest object an API server keeps has less than 2 MiB; the ledger of a year that was
/// settled without one may have a hundred.
const MOST_BYTES: u64 = 256 << 20;

/// Why an object cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum PaperError {
    /// The file.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Too much.
    #[error("{0}: it has more than 256 MiB, and no statement or ledger is that large")]
    TooLarge(String),
    /// Neither YAML nor JSON.
    #[error("{origin}: it can not be read as YAML: {error}")]
    Yaml {
        /// Where it came from.
        origin: String,
        /// Where the fault is.
        error: String,
    },
    /// Several objects.
    #[error(
        "{origin}: it holds a list of {count} objects; give one, as `kubectl get {resource} NAME -o yaml` prints it"
    )]
    List {
        /// Where it came from.
        origin: String,
        /// How many.
        count: usize,
        /// What was looked for.
        resource: String,
    },
    /// Something else.
    #[error("{origin}: it is {found}, not a {GROUP}/{VERSION} {kind}")]
    Kind {
        /// Where it came from.
        origin: String,
        /// What it says it is.
        found: String,
        /// What was looked for.
        kind: String,
    },
    /// The right kind, and not valid.
    #[error("{origin}: it is no valid {kind}: {error}")]
    Content {
        /// Where it came from.
        origin: String,
        /// What it should be.
        kind: String,
        /// What is wrong.
        error: String,
    },
}

/// An object as it is kept: its metadata, and the rest unread.
#[derive(Clone, Debug)]
pub(super) struct Paper {
    /// Where it came from, for messages.
    pub origin: String,
    /// Its name, uid, generation.
    pub meta: ObjectMeta,
    /// The whole.
    value: Value,
}

impl Paper {
    /// Reads an object of kind `K` from a file, or from standard input where the path is `-`.
    pub(super) fn read<K: Resource<DynamicType = ()>>(path: &Path) -> Result<Self, PaperError> {
        let (origin, text) = text(path)?;
        let yaml = |error: String| PaperError::Yaml { origin: origin.clone(), error };
        let value = if text.trim_start().starts_with('{') {
            serde_json::from_str(&text).or_else(|_| serde_saphyr::from_str(&text)).map_err(|e| yaml(e.to_string()))?
        } else {
            serde_saphyr::from_str(&text).map_err(|e| yaml(e.to_string()))?
        };
        Self::of::<K>(origin, value)
    }

    /// Reads the objects of kind `K` of a file, or of standard input where the path is `-`: of several documents, or a list.
    pub(super) fn read_all<K: Resource<DynamicType = ()>>(path: &Path) -> Result<Vec<Self>, PaperError> {
        let (origin, text) = text(path)?;
        let objects = manifest::read(&text).into_iter().map(|object| {
            let object = object.map_err(|e| PaperError::Yaml { origin: origin.clone(), error: e.message })?;
            Self::of::<K>(origin.clone(), object.value)
        });
        objects.collect()
    }

    /// An object of kind `K` that was read already.
    pub(super) fn of<K: Resource<DynamicType = ()>>(origin: String, value: Value) -> Result<Self, PaperError> {
        let text = |field: &str| value.get(field).and_then(Value::as_str).unwrap_or_default();
        let kind = K::kind(&()).into_owned();
        if let Some(items) = value.get("items").and_then(Value::as_array).filter(|_| text("kind").ends_with("List")) {
            return Err(PaperError::List { origin, count: items.len(), resource: K::plural(&()).into_owned() });
        }
        if text("kind") != kind || text("apiVersion") != K::api_version(&()) {
            let found = match (text("apiVersion"), text("kind")) {
                ("", "") => "no Kubernetes object".to_owned(),
                (version, kind) => format!("a {version} {kind}"),
            };
            return Err(PaperError::Kind { origin, found, kind });
        }
        let meta = value.get("metadata").cloned().unwrap_or_else(|| Value::Object(serde_json::Map::new()));
        let meta = serde_json::from_value(meta).map_err(|error| PaperError::Content {
            origin: origin.clone(),
            kind,
            error: format!("metadata: {error}"),
        })?;
        Ok(Self { origin, meta, value })
    }

    /// Its name; empty where it has none.
    pub(super) fn name(&self) -> &str {
        self.meta.name.as_deref().unwrap_or_default()
    }

    /// Its namespace; empty where it has none.
    pub(super) fn namespace(&self) -> &str {
        self.meta.namespace.as_deref().unwrap_or_default()
    }

    /// Its `spec` as it is kept.
    pub(super) fn content(&self) -> &Value {
        self.value.get("spec").unwrap_or(&Value::Null)
    }

    /// Its `spec`, understood.
    pub(super) fn spec<T: DeserializeOwned>(&self, kind: &str) -> Result<T, PaperError> {
        serde_json::from_value(self.content().clone()).map_err(|error| PaperError::Content {
            origin: self.origin.clone(),
            kind: kind.to_owned(),
            error: format!("spec: {error}"),
        })
    }
}

/// What a file holds, or standard input where the path is `-`, after the name of where it came from.
fn text(path: &Path) -> Result<(String, String), PaperError> {
    let fail = |error| PaperError::File { path: path.to_owned(), error };
    let mut text = String::new();
    let origin = if path == Path::new("-") {
        io::stdin().take(MOST_BYTES + 1).read_to_string(&mut text).map_err(fail)?;
        "standard input".to_owned()
    } else {
        std::fs::File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_string(&mut text)).map_err(fail)?;
        path.display().to_string()
    };
    if u64::try_from(text.len()).is_ok_and(|length| length > MOST_BYTES) {
        return Err(PaperError::TooLarge(origin));
    }
    Ok((origin, text))
}
