//! The audit: every request that was sent, as data for a test's assertions.

use http::Method;
use serde_json::Value;

use super::incoming::Incoming;
use super::route::{Place, Target};

/// One request, in the order of arrival.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// Which client sent it (the name of its link).
    pub client: String,
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `apply` or `delete`.
    pub verb: String,
    /// The path without query.
    pub path: String,
    /// `plural.group`, the bare plural in the core group; empty for discovery and unknown paths.
    pub resource: String,
    /// The namespace.
    pub namespace: Option<String>,
    /// The object's name; for a create, the name in the body.
    pub name: Option<String>,
    /// The subresource; empty for the object itself.
    pub subresource: String,
    /// The body as JSON.
    pub body: Option<Value>,
    /// The manager the write's fields belong to; for reads what it would have been.
    pub field_manager: String,
    /// The User-Agent; empty if none was sent.
    pub user_agent: String,
    /// Whether nothing was to be stored.
    pub dry_run: bool,
    /// Whether a field that nobody knows was to be refused.
    pub strict: bool,
    /// The code the client was answered; none if it got no answer.
    pub code: Option<u16>,
    /// Whether the write had its effect, whatever the client was told.
    pub committed: bool,
    /// The index among the client's writes since its fault plan was set; none for reads and for writes that never arrived.
    pub at_write_index: Option<usize>,
}

impl Recorded {
    /// What can be told before the request is served.
    pub(super) fn of(client: &str, incoming: &Incoming, place: Option<&Place>) -> Self {
        let target = match place {
            Some(Place::Resource(target)) => Some(target),
            _ => None,
        };
        let body = incoming.body();
        let in_body = || {
            let name = body.as_ref()?.pointer("/metadata/name")?.as_str()?;
            Some(name.to_owned())
        };
        Self {
            client: client.to_owned(),
            verb: verb(incoming, target).to_owned(),
            path: incoming.path.clone(),
            resource: target.map(|target| target.kind.resource()).unwrap_or_default(),
            namespace: target.and_then(|target| target.namespace.clone()),
            name: target.and_then(|target| target.name.clone()).or_else(in_body),
            subresource: target.map(|target| target.subresource.clone()).unwrap_or_default(),
            field_manager: incoming.manager(),
            user_agent: incoming.user_agent.clone(),
            dry_run: incoming.is_dry_run(),
            strict: incoming.parameter("fieldValidation") == "Strict",
            code: None,
            committed: false,
            at_write_index: None,
            body,
        }
    }
}

fn verb(incoming: &Incoming, target: Option<&Target>) -> &'static str {
    match incoming.method {
        Method::POST => "create",
        Method::PUT => "update",
        Method::DELETE => "delete",
        Method::PATCH if incoming.content_type.starts_with("application/apply-patch") => "apply",
        Method::PATCH => "patch",
        _ if incoming.is_watch() => "watch",
        _ if target.is_some_and(|target| target.name.is_none()) => "list",
        _ => "get",
    }
}
