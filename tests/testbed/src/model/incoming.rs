//! A request as the model reads it: method, path, query, the headers that matter, and the whole body.
//!
//! Takes an `http::Request`, gives its parts. Must not know what is served.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::BodyExt;
use kube::client::Body;
use serde_json::Value;

use super::refusal::{self, Refusal};

/// Who writes when a client names no manager and sends no User-Agent, as kube does.
const UNNAMED: &str = "unknown";

/// One request.
#[derive(Clone, Debug)]
pub(super) struct Incoming {
    pub(super) method: Method,
    pub(super) path: String,
    query: BTreeMap<String, String>,
    pub(super) user_agent: String,
    pub(super) content_type: String,
    accept: String,
    body: Bytes,
}

impl Incoming {
    /// Reads a request to its end.
    ///
    /// # Errors
    /// Whatever stops the body from being read.
    pub(super) async fn read(request: Request<Body>) -> Result<Self, kube::Error> {
        let (parts, body) = request.into_parts();
        let query = parts.uri.query().unwrap_or_default().as_bytes();
        Ok(Self {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: form_urlencoded::parse(query).into_owned().collect(),
            user_agent: header(&parts.headers, "user-agent"),
            content_type: header(&parts.headers, "content-type"),
            accept: header(&parts.headers, "accept"),
            body: body.collect().await?.to_bytes(),
        })
    }

    /// A query parameter; empty when absent.
    pub(super) fn parameter(&self, name: &str) -> &str {
        self.query.get(name).map(String::as_str).unwrap_or_default()
    }

    /// A query parameter that is `true` or `1`.
    pub(super) fn flag(&self, name: &str) -> bool {
        matches!(self.parameter(name), "true" | "1")
    }

    /// `timeoutSeconds`.
    pub(super) fn timeout(&self) -> Option<Duration> {
        let seconds = self.parameter("timeoutSeconds").parse().ok()?;
        Some(Duration::from_secs(seconds))
    }

    /// `resourceVersion`; none when absent.
    ///
    /// # Errors
    /// 400 if it is not a number.
    pub(super) fn revision(&self) -> Result<Option<u64>, Refusal> {
        match self.parameter("resourceVersion") {
            "" => Ok(None),
            text => text
                .parse()
                .map(Some)
                .map_err(|_| refusal::bad_request(&format!("invalid resource version \"{text}\""))),
        }
    }

    /// The body, as JSON or, for server-side apply by others than kube, YAML.
    ///
    /// # Errors
    /// 400 if it is neither.
    pub(super) fn object(&self) -> Result<Value, Refusal> {
        let text = String::from_utf8_lossy(&self.body);
        serde_json::from_str(&text)
            .or_else(|_| serde_saphyr::from_str(&text))
            .map_err(|error| refusal::bad_request(&format!("error decoding the body: {error}")))
    }

    /// The body for the audit; none if empty or not decodable.
    pub(super) fn body(&self) -> Option<Value> {
        if self.body.is_empty() {
            return None;
        }
        self.object().ok()
    }

    /// Under which name this request's fields are owned.
    pub(super) fn manager(&self) -> String {
        let agent = self.user_agent.split('/').next().unwrap_or_default();
        let named = [self.parameter("fieldManager"), agent, UNNAMED];
        let first = named.into_iter().find(|name| !name.is_empty());
        first.unwrap_or(UNNAMED).to_owned()
    }

    /// Whether nothing is to be stored.
    pub(super) fn is_dry_run(&self) -> bool {
        let in_body = || {
            let options = self.body()?;
            Some(options.get("dryRun")?.as_array()?.iter().any(|value| value == "All"))
        };
        self.parameter("dryRun") == "All" || (self.method == Method::DELETE && in_body().unwrap_or_default())
    }

    /// Whether this asks for a change.
    pub(super) fn is_write(&self) -> bool {
        self.method != Method::GET
    }

    /// Whether this opens a watch.
    pub(super) fn is_watch(&self) -> bool {
        self.method == Method::GET && self.flag("watch")
    }

    /// Whether only object metadata is wanted.
    pub(super) fn wants_metadata_only(&self) -> bool {
        self.accept.contains("as=PartialObjectMetadata")
    }
}

fn header(headers: &HeaderMap, name: &str) -> String {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}
