//! The switch through which load is shed: one key of a `ConfigMap`, and the annotation that says what stood there before
//! Guarantor turned it.
//!
//! The annotation stands on the `ConfigMap` itself and is written in the same patch as the key, so that it is there when
//! every status is lost. Text nobody can read is its own case, and what it stands for is left alone. No other key is kept.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::api::{ApiResource, DynamicObject};
use kube::core::GroupVersionKind;
use kube::{Api, ResourceExt};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::SHED_ANNOTATION;
use crate::api::enforcement_status::ActionTarget;

use super::WorkloadReader;
use super::call::bounded;
use super::ownership::{entry_left, owner};
use super::problem::WorkloadProblem;

/// The API version.
pub const API_VERSION: &str = "v1";
/// The kind.
pub const KIND: &str = "ConfigMap";
/// The plural name.
pub const PLURAL: &str = "configmaps";

/// What is known of a switch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Switch {
    /// Nobody asked: nothing hangs on it.
    NotAsked,
    /// The operator may not read it.
    Forbidden(String),
    /// It could not be read, and why: what stands there is unknown.
    Unreadable(String),
    /// There is no such `ConfigMap`.
    Gone,
    /// As it stands.
    Read(Box<SwitchState>),
}

impl Switch {
    /// The switch, if it was read.
    #[must_use]
    pub fn state(&self) -> Option<&SwitchState> {
        match self {
            Self::Read(state) => Some(state),
            Self::NotAsked | Self::Forbidden(_) | Self::Unreadable(_) | Self::Gone => None,
        }
    }
}

/// A switch as its `ConfigMap` tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwitchState {
    /// The `ConfigMap`.
    pub target: ActionTarget,
    /// Its resource version.
    pub resource_version: String,
    /// The key: that of the annotation, where there is one.
    pub key: String,
    /// What stands there. `None`: the key is absent.
    pub value: Option<String>,
    /// The field manager that owns the key, as far as the API server knows.
    pub set_by: Option<String>,
    /// The `ConfigMap` is immutable.
    pub immutable: bool,
    /// What Guarantor did to it, if it did.
    pub mark: ShedMark,
    /// An entry of Guarantor is left in `managedFields`; until it is given up, server-side appliers are refused.
    pub entry_left: bool,
}

/// What is known of the operator's hand on a switch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShedMark {
    /// No annotation: it had none.
    None,
    /// Written down.
    Recorded(ShedRecord),
    /// There is an annotation, but not one that can be read; its text.
    Unreadable(String),
}

/// The annotation's content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ShedRecord {
    /// The agreement on whose behalf it was turned, in the object's namespace.
    pub agreement: String,
    /// The id of the action.
    pub action: String,
    /// When it was decided.
    pub at: Time,
    /// The key.
    pub key: String,
    /// What stood there. `None`: the key was absent, and is made absent again.
    pub before: Option<String>,
    /// What was written.
    pub value: String,
}

impl ShedRecord {
    /// The annotation's text.
    #[must_use]
    pub fn to_annotation(&self) -> String {
        let Self { agreement, action, at, key, before, value } = self;
        serde_json::json!({
            "agreement": agreement, "action": action, "at": at, "key": key, "before": before, "value": value,
        })
        .to_string()
    }
}

impl ShedMark {
    fn of(annotations: Option<&BTreeMap<String, String>>) -> Self {
        let Some(text) = annotations.and_then(|all| all.get(SHED_ANNOTATION)) else { return Self::None };
        serde_json::from_str(text).map_or_else(|_| Self::Unreadable(text.clone()), Self::Recorded)
    }

    /// The record, if there is one that belongs to `agreement`.
    #[must_use]
    pub fn held_by(&self, agreement: &str) -> Option<&ShedRecord> {
        match self {
            Self::Recorded(record) if record.agreement == agreement => Some(record),
            _ => None,
        }
    }
}

impl SwitchState {
    fn of(object: &DynamicObject, key: &str) -> Self {
        let metadata = &object.metadata;
        let mark = ShedMark::of(metadata.annotations.as_ref());
        let key = match &mark {
            ShedMark::Recorded(record) => record.key.clone(),
            ShedMark::None | ShedMark::Unreadable(_) => key.to_owned(),
        };
        // No key has a slash in it.
        let pointer = format!("/data/{key}");
        Self {
            target: ActionTarget {
                api_version: API_VERSION.to_owned(),
                kind: KIND.to_owned(),
                name: object.name_any(),
                uid: metadata.uid.clone().unwrap_or_default(),
            },
            resource_version: metadata.resource_version.clone().unwrap_or_default(),
            value: object.data.pointer(&pointer).and_then(Value::as_str).map(str::to_owned),
            set_by: owner(metadata.managed_fields.as_ref(), &pointer),
            immutable: object.data.pointer("/immutable").and_then(Value::as_bool) == Some(true),
            mark,
            entry_left: entry_left(metadata.managed_fields.as_ref()),
            key,
        }
    }
}

impl WorkloadReader {
    /// Reads a switch.
    pub async fn read_switch(&self, namespace: &str, name: &str, key: &str) -> Switch {
        let kind = GroupVersionKind::gvk("", "v1", KIND);
        let resource = ApiResource::from_gvk_with_plural(&kind, PLURAL);
        let api: Api<DynamicObject> = Api::namespaced_with(self.client.clone(), namespace, &resource);
        match bounded(self.limit, &format!("{KIND} {namespace}/{name}"), api.get(name)).await {
            Ok(object) => Switch::Read(Box::new(SwitchState::of(&object, key))),
            Err(WorkloadProblem::NotFound { .. }) => Switch::Gone,
            Err(problem @ WorkloadProblem::Forbidden { .. }) => Switch::Forbidden(problem.to_string()),
            Err(problem) => Switch::Unreadable(problem.to_string()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use k8s_openapi::jiff::Timestamp;
    use serde_json::json;

    use super::*;

    fn state(annotation: Option<&str>) -> SwitchState {
        let object = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "limits", "uid": "u", "resourceVersion": "4", "annotations": annotation.map(|text| json!({SHED_ANNOTATION: text}))},
            "data": {"shed": "off", "other": "7"},
        });
        SwitchState::of(&serde_json::from_value(object).unwrap(), "shed")
    }

    #[test]
    fn what_is_written_is_read_back_and_nothing_is_guessed() {
        for before in [None, Some("off".to_owned())] {
            let record = ShedRecord {
                agreement: "checkout".into(),
                action: "0a".into(),
                at: Time(Timestamp::UNIX_EPOCH),
                key: "other".into(),
                before,
                value: "on".into(),
            };
            let read = state(Some(&record.to_annotation()));
            assert_eq!(read.mark, ShedMark::Recorded(record.clone()));
            assert_eq!((read.mark.held_by("checkout"), read.mark.held_by("other")), (Some(&record), None));
            assert_eq!((read.key.as_str(), read.value.as_deref()), ("other", Some("7")), "the key that was written");
        }
        for text in ["", "{}", r#"{"agreement":"a"}"#] {
            let read = state(Some(text));
            assert_eq!((read.mark, read.value.as_deref()), (ShedMark::Unreadable(text.to_owned()), Some("off")));
        }
        assert_eq!((state(None).mark, state(None).immutable), (ShedMark::None, false));
    }
}
