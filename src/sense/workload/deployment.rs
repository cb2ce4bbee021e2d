//! What a Deployment's object tells of its rollout beyond how far it has come, and the revisions it remembers.
//!
//! The revisions are its `ReplicaSet`s. The one in force is the one whose template is the Deployment's, which is how the
//! Deployment controller finds it: its annotation may lag behind a change of the template, and so may the Deployment's.

use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt;
use kube::api::DynamicObject;
use serde_json::Value;

use crate::api::enforcement_status::ActionTarget;

use super::mark::Mark;
use super::ownership::{entry_left, owner};

/// The API version of Deployments.
pub const API_VERSION: &str = "apps/v1";
/// The kind.
pub const KIND: &str = "Deployment";
/// The plural name.
pub const PLURAL: &str = "deployments";

/// `spec.revisionHistoryLimit` where it is absent.
const DEFAULT_HISTORY: i64 = 10;

/// A Deployment's rollout, as its object tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentState {
    /// The Deployment.
    pub target: ActionTarget,
    /// Its resource version.
    pub resource_version: String,
    /// `spec.paused`.
    pub paused: bool,
    /// The field manager that owns `spec.paused`, as far as the API server knows.
    pub paused_by: Option<String>,
    /// What Guarantor did to its rollout, if it did.
    pub mark: Mark,
    /// It has annotations.
    pub annotated: bool,
    /// An entry of Guarantor is left in `managedFields`; until it is given up, server-side appliers are refused.
    pub entry_left: bool,
    /// `spec.revisionHistoryLimit`: how many old revisions it remembers.
    pub history_limit: i64,
    /// The pods that a rollout has beyond its replicas.
    pub surge: Surge,
    /// `spec.template`.
    pub template: Value,
    /// The revisions it remembers.
    pub revisions: Revisions,
}

/// `spec.strategy.rollingUpdate.maxSurge`: the pods that a rollout has beyond the replicas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surge {
    /// So many.
    Pods(i32),
    /// So many of a hundred replicas, a part of one counting as one.
    Percent(i32),
}

/// The revisions of a Deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revisions {
    /// Nobody asked: nothing hangs on it.
    NotAsked,
    /// They could not be read, and why.
    Unreadable(String),
    /// In the order of their numbers.
    Read(Vec<Revision>),
}

/// A revision: a `ReplicaSet` of the Deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// Its number.
    pub number: i32,
    /// Its `pod-template-hash`, by which its pods are told.
    pub hash: String,
    /// When it was in force first.
    pub created: Option<Timestamp>,
    /// It was in force before already, under other numbers: somebody went back to it.
    pub again: bool,
    /// The pods it wants.
    pub replicas: i64,
    /// The pods of it that are ready.
    pub ready: i64,
    /// Its template without the hash: what the Deployment's was.
    pub template: Value,
}

impl Surge {
    /// `spec.strategy.rollingUpdate.maxSurge` where it is absent.
    const DEFAULT: Self = Self::Percent(25);

    fn of(strategy: Option<&Value>, surge: Option<&Value>) -> Self {
        if strategy.and_then(Value::as_str) == Some("Recreate") {
            return Self::Pods(0);
        }
        let pods = |surge: &Value| surge.as_i64().and_then(|pods| i32::try_from(pods).ok()).map(Self::Pods);
        let percent = |surge: &Value| surge.as_str()?.strip_suffix('%')?.parse().ok().map(Self::Percent);
        surge.and_then(|surge| pods(surge).or_else(|| percent(surge))).unwrap_or(Self::DEFAULT)
    }
}

impl DeploymentState {
    /// Reads a Deployment, given as the API server returned it.
    pub(super) fn of(object: &DynamicObject) -> Self {
        let metadata = &object.metadata;
        let field = |pointer: &str| object.data.pointer(pointer);
        Self {
            target: ActionTarget {
                api_version: API_VERSION.to_owned(),
                kind: KIND.to_owned(),
                name: object.name_any(),
                uid: metadata.uid.clone().unwrap_or_default(),
            },
            resource_version: metadata.resource_version.clone().unwrap_or_default(),
            paused: field("/spec/paused").and_then(Value::as_bool) == Some(true),
            paused_by: owner(metadata.managed_fields.as_ref(), "/spec/paused"),
            mark: Mark::of(metadata.annotations.as_ref()),
            annotated: metadata.annotations.as_ref().is_some_and(|all| !all.is_empty()),
            entry_left: entry_left(metadata.managed_fields.as_ref()),
            history_limit: field("/spec/revisionHistoryLimit").and_then(Value::as_i64).unwrap_or(DEFAULT_HISTORY),
            surge: Surge::of(field("/spec/strategy/type"), field("/spec/strategy/rollingUpdate/maxSurge")),
            template: field("/spec/template").cloned().unwrap_or_default(),
            revisions: Revisions::NotAsked,
        }
    }

    /// The revisions, if they were read.
    #[must_use]
    pub fn known(&self) -> &[Revision] {
        match &self.revisions {
            Revisions::Read(revisions) => revisions,
            Revisions::NotAsked | Revisions::Unreadable(_) => &[],
        }
    }

    /// The revision in force: of those with the Deployment's template the oldest, as its controller picks it. `None`: the
    /// controller has not made it yet, or the revisions are not known.
    #[must_use]
    pub fn in_force(&self) -> Option<&Revision> {
        let same = self.known().iter().filter(|revision| revision.template == self.template);
        same.min_by(|a, b| (a.created, a.number).cmp(&(b.created, b.number)))
    }

    /// The revision that was in force before `revision`. `None`: the Deployment remembers none.
    #[must_use]
    pub fn before(&self, revision: &Revision) -> Option<&Revision> {
        self.known().iter().filter(|other| other.number < revision.number).max_by_key(|other| other.number)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_pods_of_a_rollout_are_told_by_its_strategy() {
        for (strategy, expected) in [
            (json!({}), Surge::Percent(25)),
            (json!({"type": "RollingUpdate"}), Surge::Percent(25)),
            (json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 3}}), Surge::Pods(3)),
            (json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "40%"}}), Surge::Percent(40)),
            (json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0}}), Surge::Pods(0)),
            (json!({"type": "Recreate"}), Surge::Pods(0)),
        ] {
            let object: DynamicObject =
                serde_json::from_value(json!({"metadata": {"name": "web"}, "spec": {"strategy": strategy}})).unwrap();
            assert_eq!(DeploymentState::of(&object).surge, expected, "{strategy}");
        }
    }
}
