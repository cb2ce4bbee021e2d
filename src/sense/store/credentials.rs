//! What the operator proves itself with to a store: read from the Secrets a `MetricsSource` names.
//!
//! Takes the source's spec and the Secrets of the operator's own namespace, gives [`Credentials`]. A missing Secret or
//! key is an error that names the field, the Secret and the key. Must never print, log or return a secret in an error.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use secrecy::{SecretSlice, SecretString};

use crate::api::metrics_source::{MetricsSourceSpec, SecretKey};

/// What this module needs of the operator's role in its own namespace: API group, resource, verbs.
pub const RBAC: &[(&str, &str, &[&str])] = &[("", "secrets", &["get"])];

/// The secrets of one source, resolved. Printing it shows none of them.
#[derive(Debug, Default)]
pub struct Credentials {
    pub(super) authorization: Option<Authorization>,
    /// Certificates of the authorities that are trusted, PEM. They are no secret.
    pub(super) ca: Option<Vec<u8>>,
    /// The client certificate and its key, PEM, one after the other.
    pub(super) identity: Option<SecretSlice<u8>>,
    versions: BTreeMap<String, String>,
}

/// One way of authentication.
#[derive(Debug)]
pub(super) enum Authorization {
    Bearer(SecretString),
    Basic { username: String, password: SecretString },
}

/// A credential that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// The Secret does not exist.
    #[error("{field}: there is no Secret {secret} in the operator's namespace {namespace}")]
    NoSecret {
        /// The field of the `MetricsSource`.
        field: &'static str,
        /// The Secret it names.
        secret: String,
        /// Where it was looked for.
        namespace: String,
    },
    /// The Secret has no such key, or nothing in it.
    #[error("{field}: the Secret {secret} has no value under the key {key}")]
    NoKey {
        /// The field of the `MetricsSource`.
        field: &'static str,
        /// The Secret it names.
        secret: String,
        /// The key that is missing.
        key: String,
    },
    /// The value is not what the field needs.
    #[error("{field}: the key {key} of the Secret {secret} is not {needed}")]
    Unusable {
        /// The field of the `MetricsSource`.
        field: &'static str,
        /// The Secret it names.
        secret: String,
        /// The key.
        key: String,
        /// What it should be.
        needed: &'static str,
    },
    /// The API server did not give the Secret.
    #[error(
        "{field}: the Secret {secret} cannot be read; the operator may read those listed under metricsSources.secretNames \
         of its chart: {source}"
    )]
    Unreadable {
        /// The field of the `MetricsSource`.
        field: &'static str,
        /// The Secret it names.
        secret: String,
        /// Why.
        source: Box<kube::Error>,
    },
}

const BEARER: &str = "spec.auth.bearerToken";
const BASIC: &str = "spec.auth.basic";
const CA: &str = "spec.tls.ca";
const CLIENT: &str = "spec.tls.clientCertificate";

impl Credentials {
    /// Reads every Secret the source names, each once.
    ///
    /// # Errors
    /// When one of them, or a key in it, is missing or unusable.
    pub async fn read(
        spec: &MetricsSourceSpec,
        secrets: &Api<Secret>,
        namespace: &str,
    ) -> Result<Self, CredentialsError> {
        let mut read = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for (field, secret) in named(spec) {
            if seen.insert(secret) {
                let found = secrets.get_opt(secret).await.map_err(|source| CredentialsError::Unreadable {
                    field,
                    secret: secret.to_owned(),
                    source: Box::new(source),
                })?;
                read.extend(found.map(|found| (secret.to_owned(), found)));
            }
        }
        Self::from_secrets(spec, &read, namespace)
    }

    /// The same from Secrets that were already read, by name.
    ///
    /// # Errors
    /// As [`Credentials::read`].
    pub fn from_secrets(
        spec: &MetricsSourceSpec,
        secrets: &BTreeMap<String, Secret>,
        namespace: &str,
    ) -> Result<Self, CredentialsError> {
        let shelf = Shelf { secrets, namespace };
        let mut credentials = Self::default();
        if let Some(auth) = &spec.auth {
            if let Some(token) = &auth.bearer_token {
                credentials.authorization = Some(Authorization::Bearer(shelf.line(BEARER, token)?.into()));
            }
            if let Some(basic) = &auth.basic {
                let key = |key: &str| SecretKey { secret: basic.secret.clone(), key: key.to_owned() };
                let username = shelf.line(BASIC, &key("username"))?;
                let password = shelf.line(BASIC, &key("password"))?.into();
                credentials.authorization = Some(Authorization::Basic { username, password });
            }
        }
        if let Some(tls) = &spec.tls {
            if let Some(ca) = &tls.ca {
                credentials.ca = Some(shelf.value(CA, ca)?.to_vec());
            }
            if let Some(client) = &tls.client_certificate {
                let key = |key: &str| SecretKey { secret: client.secret.clone(), key: key.to_owned() };
                let mut pem = shelf.value(CLIENT, &key("tls.crt"))?.to_vec();
                pem.push(b'\n');
                pem.extend_from_slice(shelf.value(CLIENT, &key("tls.key"))?);
                credentials.identity = Some(pem.into());
            }
        }
        credentials.versions = named(spec)
            .into_iter()
            .filter_map(|(_, name)| Some((name.to_owned(), secrets.get(name)?.metadata.resource_version.clone()?)))
            .collect();
        Ok(credentials)
    }

    /// The resource version of every Secret read: when one changes, the client is made anew.
    #[must_use]
    pub fn versions(&self) -> &BTreeMap<String, String> {
        &self.versions
    }
}

/// The Secrets a source names, each with the field that names it.
fn named(spec: &MetricsSourceSpec) -> Vec<(&'static str, &str)> {
    let auth = spec.auth.as_ref();
    let tls = spec.tls.as_ref();
    [
        (BEARER, auth.and_then(|auth| auth.bearer_token.as_ref()).map(|key| key.secret.as_str())),
        (BASIC, auth.and_then(|auth| auth.basic.as_ref()).map(|name| name.secret.as_str())),
        (CA, tls.and_then(|tls| tls.ca.as_ref()).map(|key| key.secret.as_str())),
        (CLIENT, tls.and_then(|tls| tls.client_certificate.as_ref()).map(|name| name.secret.as_str())),
    ]
    .into_iter()
    .filter_map(|(field, secret)| Some((field, secret?)))
    .collect()
}

struct Shelf<'a> {
    secrets: &'a BTreeMap<String, Secret>,
    namespace: &'a str,
}

impl Shelf<'_> {
    fn value(&self, field: &'static str, wanted: &SecretKey) -> Result<&[u8], CredentialsError> {
        let secret = self.secrets.get(&wanted.secret).ok_or_else(|| CredentialsError::NoSecret {
            field,
            secret: wanted.secret.clone(),
            namespace: self.namespace.to_owned(),
        })?;
        let value = secret.data.as_ref().and_then(|data| data.get(&wanted.key)).map(|value| value.0.as_slice());
        value.filter(|value| !value.is_empty()).ok_or_else(|| CredentialsError::NoKey {
            field,
            secret: wanted.secret.clone(),
            key: wanted.key.clone(),
        })
    }

    /// A value that has to fit into a header. Files often end in a newline, which is not part of the credential.
    fn line(&self, field: &'static str, wanted: &SecretKey) -> Result<String, CredentialsError> {
        let text = std::str::from_utf8(self.value(field, wanted)?).ok().map(|text| text.trim_end_matches(['\r', '\n']));
        match text {
            Some(text) if !text.is_empty() && !text.chars().any(char::is_control) => Ok(text.to_owned()),
            _ => Err(CredentialsError::Unusable {
                field,
                secret: wanted.secret.clone(),
                key: wanted.key.clone(),
                needed: "one line of text",
            }),
        }
    }
}
