//! What the API server was asked to do, by whom: its audit log.

use std::path::Path;

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde::Deserialize;

/// The policy that logs every request once it is answered, without bodies.
pub(super) const POLICY: &str = "\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: Metadata}]
";

/// One request the API server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// `ResponseComplete`; a watch is also logged when it starts, as `ResponseStarted`.
    pub stage: String,
    /// The user's name, such as `system:serviceaccount:shop:guarantor`.
    pub user: String,
    /// The name the client gives itself; empty when it gives none.
    pub user_agent: String,
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`, or a verb of its own.
    pub verb: String,
    /// The API group; empty for the core group.
    pub group: String,
    /// The resource in plural, such as `deployments`; empty when the request was for none, such as `/version`.
    pub resource: String,
    /// The subresource, such as `scale`; empty for the resource itself.
    pub subresource: String,
    /// The namespace; empty when there is none.
    pub namespace: String,
    /// The object's name; empty when the request names none.
    pub name: String,
    /// The path and query of the request.
    pub uri: String,
    /// The HTTP status of the answer.
    pub code: u16,
    /// When the request arrived.
    pub timestamp: Timestamp,
}

impl AuditEvent {
    /// Whether it asked for a change. Dry runs count: see [`AuditEvent::is_dry_run`].
    #[must_use]
    pub fn is_write(&self) -> bool {
        !matches!(self.verb.as_str(), "get" | "list" | "watch" | "head")
    }

    /// Whether it asked what a change would do.
    #[must_use]
    pub fn is_dry_run(&self) -> bool {
        self.uri.contains("dryRun=")
    }
}

/// Reads the lines with `part` in them of the log at `path`, in the order of writing. A line still being written is left
/// out.
pub(super) fn read(path: &Path, part: &str) -> Result<Vec<AuditEvent>> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read the audit log {}", path.display()))?;
    text.split_inclusive('\n').filter(|line| line.ends_with('\n') && line.contains(part)).map(parse).collect()
}

fn parse(line: &str) -> Result<AuditEvent> {
    let entry: Entry =
        serde_json::from_str(line).with_context(|| format!("the audit log has a line that is no event: {line}"))?;
    Ok(AuditEvent {
        stage: entry.stage,
        user: entry.user.username,
        user_agent: entry.user_agent,
        verb: entry.verb,
        group: entry.object_ref.api_group,
        resource: entry.object_ref.resource,
        subresource: entry.object_ref.subresource,
        namespace: entry.object_ref.namespace,
        name: entry.object_ref.name,
        uri: entry.request_uri,
        code: entry.response_status.code,
        timestamp: entry.request_received_timestamp,
    })
}

/// The fields read of `audit.k8s.io/v1` Event.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    stage: String,
    #[serde(rename = "requestURI")]
    request_uri: String,
    verb: String,
    user: User,
    #[serde(default)]
    user_agent: String,
    #[serde(default)]
    object_ref: ObjectRef,
    #[serde(default)]
    response_status: ResponseStatus,
    request_received_timestamp: Timestamp,
}

#[derive(Deserialize)]
struct User {
    #[serde(default)]
    username: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ObjectRef {
    api_group: String,
    resource: String,
    subresource: String,
    namespace: String,
    name: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ResponseStatus {
    code: u16,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_read_field_by_field() {
        let line = r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"a","stage":"ResponseComplete","requestURI":"/apis/apps/v1/namespaces/shop/deployments/web/scale?dryRun=All","verb":"patch","user":{"username":"system:serviceaccount:shop:guarantor","groups":["x"]},"sourceIPs":["127.0.0.1"],"userAgent":"guarantor/0.1","objectRef":{"resource":"deployments","namespace":"shop","name":"web","apiGroup":"apps","apiVersion":"v1","subresource":"scale"},"responseStatus":{"metadata":{},"code":409},"requestReceivedTimestamp":"2026-11-22T08:00:00.000001Z","stageTimestamp":"2026-11-22T08:00:00.1Z"}"#;
        let event = parse(line).unwrap();
        assert_eq!(
            event,
            AuditEvent {
                stage: "ResponseComplete".into(),
                user: "system:serviceaccount:shop:guarantor".into(),
                user_agent: "guarantor/0.1".into(),
                verb: "patch".into(),
                group: "apps".into(),
                resource: "deployments".into(),
                subresource: "scale".into(),
                namespace: "shop".into(),
                name: "web".into(),
                uri: "/apis/apps/v1/namespaces/shop/deployments/web/scale?dryRun=All".into(),
                code: 409,
                timestamp: "2026-11-22T08:00:00.000001Z".parse().unwrap(),
            }
        );
        assert!(event.is_write() && event.is_dry_run());
    }

    #[test]
    fn a_line_without_an_object_is_an_event_and_half_a_line_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.log");
        let line = r#"{"stage":"ResponseComplete","requestURI":"/readyz","verb":"get","user":{"username":"admin"},"requestReceivedTimestamp":"2026-11-22T08:00:00Z"}"#;
        std::fs::write(&path, format!("{line}\n{{\"stage\":\"Resp")).unwrap();
        let events = read(&path, "").unwrap();
        assert_eq!(events.len(), 1);
        assert!(events.iter().all(|e| e.resource.is_empty() && !e.is_write()));
        assert_eq!((read(&path, "admin").unwrap(), read(&path, "robot").unwrap()), (events, Vec::new()));
    }
}
