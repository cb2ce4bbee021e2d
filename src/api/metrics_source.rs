//! `MetricsSource`: a Prometheus-compatible store, how to reach it, and who may read which of its series.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Span;

/// A Prometheus-compatible metrics store. The platform team declares it; agreements refer to it by name.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[kube(
    group = "guarantor.dev",
    version = "v1alpha1",
    kind = "MetricsSource",
    plural = "metricssources",
    shortname = "msrc",
    category = "guarantor",
    derive = "PartialEq",
    status = "MetricsSourceStatus",
    doc = "A Prometheus-compatible metrics store: how to reach it, and which namespace may read which of its series.",
    printcolumn(name = "URL", type_ = "string", json_path = ".spec.url"),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].status"),
    printcolumn(
        name = "Increase",
        type_ = "string",
        json_path = ".status.increase.form",
        description = "How increases are counted: Anchored, Native and Raw are exact, Extrapolated is not"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[cfg_attr(test, kube(cel))]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("!has(self.auth) || self.url.startsWith('https://') \
     || has(self.allowPlainTextCredentials) && self.allowPlainTextCredentials")
    .message("spec.auth would be sent in clear text; use an https:// address in spec.url, or set \
              spec.allowPlainTextCredentials to true")
    .field_path(".auth"))]
pub struct MetricsSourceSpec {
    /// The store's base URL; `/api/v1/query` is appended. For example `http://prometheus.monitoring:9090`.
    #[schemars(regex(pattern = r"^https?://[^\s/?#]+(/[^\s?#]*)?$"), length(max = 1024))]
    #[x_kube(validation = Rule::new("!self.matches('^https?://[^/]*@')")
        .message("spec.url must not carry a user name or a password; put credentials into spec.auth, which \
                  names a Secret"))]
    pub url: String,
    /// How long one request may take.
    #[serde(default = "default_timeout")]
    #[schemars(default = "default_timeout")]
    pub timeout: Span,
    /// TLS: a private CA, or a client certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// How the operator proves who it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// Sends credentials over plain http. Only for a store on the same host or a network that is trusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_plain_text_credentials: Option<bool>,
    /// Headers added to every request, for example the tenant id of a multi-tenant store.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub headers: Vec<Header>,
    /// What the operator may ask of the store at most.
    #[serde(default)]
    pub limits: Limits,
    /// The label that names the pod of a series. By it the operator tells a sick pod, node or revision from a service
    /// that is overloaded as a whole.
    #[serde(default = "default_pod_label")]
    #[schemars(default = "default_pod_label", regex(pattern = r"^[a-zA-Z_][a-zA-Z0-9_]*$"), length(min = 1, max = 64))]
    pub pod_label: String,
    /// The namespaces whose agreements may read this store, and what each is confined to.
    #[schemars(length(min = 1, max = 512))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["namespace".into()]))]
    pub tenants: Vec<Tenant>,
}

fn default_timeout() -> Span {
    Span::from("10s")
}

/// The label by which Kubernetes' own service discovery is mostly set up to name pods.
#[must_use]
pub fn default_pod_label() -> String {
    "pod".to_owned()
}

/// TLS settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tls {
    /// The certificate authority that signed the store's certificate, PEM. Left out: the public ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<SecretKey>,
    /// The client certificate and its key: a Secret of type `kubernetes.io/tls`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_certificate: Option<SecretName>,
}

/// Exactly one way of authentication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.bearerToken) != has(self.basic)")
    .message("spec.auth must have exactly one of bearerToken and basic"))]
pub struct Auth {
    /// A bearer token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bearer_token: Option<SecretKey>,
    /// User name and password: a Secret of type `kubernetes.io/basic-auth`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basic: Option<SecretName>,
}

/// One key of a Secret in the operator's own namespace.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretKey {
    /// The Secret's name.
    #[schemars(length(min = 1, max = 253))]
    pub secret: String,
    /// The key in it.
    #[schemars(length(min = 1, max = 253))]
    pub key: String,
}

/// A Secret in the operator's own namespace.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, KubeSchema)]
pub struct SecretName {
    /// The Secret's name.
    #[schemars(length(min = 1, max = 253))]
    pub secret: String,
}

/// A header of every request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
pub struct Header {
    /// For example `X-Scope-OrgID`. `Authorization` is refused: credentials belong into `auth`.
    #[schemars(regex(pattern = r"^[A-Za-z0-9-]+$"), length(min = 1, max = 64))]
    #[x_kube(validation = Rule::new("self.lowerAscii() != 'authorization'")
        .message("spec.headers[].name must not be Authorization; put credentials into spec.auth, which names a \
                  Secret"))]
    pub name: String,
    /// The value.
    #[schemars(length(max = 1024))]
    pub value: String,
}

/// What the operator may ask of the store at most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Requests under way at once.
    #[serde(default = "default_concurrency")]
    #[schemars(default = "default_concurrency", range(min = 1, max = 100))]
    pub concurrency: i32,
    /// Requests per second on average.
    #[serde(default = "default_rate")]
    #[schemars(default = "default_rate", range(min = 1, max = 1000))]
    pub requests_per_second: i32,
}

fn default_concurrency() -> i32 {
    4
}

fn default_rate() -> i32 {
    20
}

impl Default for Limits {
    fn default() -> Self {
        Self { concurrency: default_concurrency(), requests_per_second: default_rate() }
    }
}

/// A namespace that may use the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
pub struct Tenant {
    /// The namespace, or `*` for every namespace that has no entry of its own.
    #[schemars(regex(pattern = r"^(\*|[a-z0-9]([a-z0-9-]*[a-z0-9])?)$"), length(min = 1, max = 63))]
    pub namespace: String,
    /// Every selector of the namespace's agreements is narrowed by these. Left out: `namespace="$namespace"`.
    #[serde(default = "default_matchers")]
    #[schemars(default = "default_matchers", length(min = 1, max = 4))]
    pub matchers: Vec<TenantMatcher>,
}

fn default_matchers() -> Vec<TenantMatcher> {
    vec![TenantMatcher { label: "namespace".to_owned(), value: "$namespace".to_owned() }]
}

/// A label every selected series must carry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
pub struct TenantMatcher {
    /// The label's name.
    #[schemars(regex(pattern = r"^[a-zA-Z_][a-zA-Z0-9_]*$"), length(min = 1, max = 64))]
    pub label: String,
    /// Its exact value; `$namespace` stands for the agreement's namespace.
    #[schemars(length(min = 1, max = 256))]
    pub value: String,
}

/// What the operator found out about the source.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct MetricsSourceStatus {
    /// The generation this status was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// `Ready` (the store answers) and `Probed`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
    /// What the store's increase was found to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub increase: Option<IncreaseProbe>,
    /// How long the store keeps samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<Retention>,
}

/// How long a store keeps samples, by its own word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Retention {
    /// Samples older than this are gone; slots of that time that were not read until then stay unknown. Left out: the
    /// store does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keeps: Option<Span>,
    /// What the store was asked and what it said.
    pub evidence: String,
    /// When.
    pub asked_at: Time,
}

/// What the store's increase was found to do when tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct IncreaseProbe {
    /// How increases are counted from here on.
    pub form: IncreaseForm,
    /// What was tried and what the store answered.
    pub evidence: String,
    /// When.
    pub probed_at: Time,
}

/// How increases of counters are counted on a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum IncreaseForm {
    /// By the store, with the `anchored` modifier: exact at a slot's edges; births are asked for separately.
    Anchored,
    /// By the store's own `increase`, which is exact at the edges and counts births.
    Native,
    /// From raw samples, by the operator: exact.
    Raw,
    /// By the store's own `increase`, which extrapolates: an estimate, and said to be one.
    Extrapolated,
}
