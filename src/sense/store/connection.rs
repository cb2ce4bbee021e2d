//! The HTTP connection to one store: address, TLS, credentials and headers as its `MetricsSource` says.
//!
//! Redirects are not followed: credentials and tenant header would go to an address nobody allowed. The TLS provider
//! is the one the process installed. How long a whole request may take is the client's to watch.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::SignedDuration;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Certificate, Identity, redirect};
use secrecy::ExposeSecret as _;

use super::credentials::{Authorization, Credentials};
use crate::api::metrics_source::MetricsSourceSpec;

/// How long making the connection may take, if the whole request may take longer.
const CONNECT: Duration = Duration::from_secs(5);
/// A timeout above this is refused: a request that takes longer than a slot is no measurement.
const LONGEST: Duration = Duration::from_secs(120);

/// A source that no connection can be made for.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A field of the `MetricsSource` cannot be used.
    #[error("{field}: {message}")]
    Field {
        /// The field.
        field: String,
        /// What is wrong with it.
        message: String,
    },
}

pub(super) fn field(field: impl Into<String>, message: impl Into<String>) -> SetupError {
    SetupError::Field { field: field.into(), message: message.into() }
}

/// The HTTP client for a source.
pub(super) fn connect(
    spec: &MetricsSourceSpec,
    credentials: &Credentials,
    timeout: Duration,
) -> Result<reqwest::Client, SetupError> {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // The builder would panic.
        return Err(field("spec.tls", "this process has installed no TLS provider"));
    }
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("guarantor/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT.min(timeout))
        .default_headers(headers(spec, credentials)?);
    if let Some(pem) = &credentials.ca {
        let authorities = Certificate::from_pem_bundle(pem).ok().filter(|found| !found.is_empty());
        let authorities = authorities.ok_or_else(|| field("spec.tls.ca", "holds no PEM certificate"))?;
        builder = builder.tls_certs_only(authorities);
    } else if spec.url.starts_with("http://") {
        // Without this the client would look for the system's certificates, and fail where there are none.
        builder = builder.tls_certs_only([]);
    }
    if let Some(pem) = &credentials.identity {
        let identity = Identity::from_pem(pem.expose_secret());
        builder = builder.identity(identity.map_err(|_| {
            field(
                "spec.tls.clientCertificate",
                "tls.crt and tls.key must hold a certificate and its private key in PEM",
            )
        })?);
    }
    builder.build().map_err(|error| field("spec.tls", chain(&error)))
}

/// What of a spec no connection can be made for, whatever its Secrets hold.
#[must_use]
pub fn faults(spec: &MetricsSourceSpec) -> Vec<SetupError> {
    [timeout(spec).err(), headers(spec, &Credentials::default()).err()].into_iter().flatten().collect()
}

/// The timeout of the spec.
pub(super) fn timeout(spec: &MetricsSourceSpec) -> Result<Duration, SetupError> {
    let parsed = spec.timeout.as_str().parse::<SignedDuration>().ok().and_then(|span| Duration::try_from(span).ok());
    match parsed {
        Some(timeout) if !timeout.is_zero() && timeout <= LONGEST => Ok(timeout),
        _ => Err(field("spec.timeout", format!("{} is not a duration between 1ms and 2m", spec.timeout))),
    }
}

fn headers(spec: &MetricsSourceSpec, credentials: &Credentials) -> Result<HeaderMap, SetupError> {
    let mut headers = HeaderMap::new();
    for (index, header) in spec.headers.iter().enumerate() {
        let name = HeaderName::try_from(&header.name)
            .map_err(|_| field(format!("spec.headers[{index}].name"), "is not a header name"))?;
        if name == AUTHORIZATION {
            return Err(field(format!("spec.headers[{index}].name"), "put credentials into spec.auth"));
        }
        let value = HeaderValue::try_from(&header.value)
            .map_err(|_| field(format!("spec.headers[{index}].value"), "holds a character no header may hold"))?;
        headers.append(name, value);
    }
    let authorization = credentials.authorization.as_ref().map(|authorization| match authorization {
        Authorization::Bearer(token) => format!("Bearer {}", token.expose_secret()),
        Authorization::Basic { username, password } => {
            format!("Basic {}", BASE64_STANDARD.encode(format!("{username}:{}", password.expose_secret())))
        }
    });
    if let Some(authorization) = authorization {
        let mut value = HeaderValue::try_from(authorization)
            .map_err(|_| field("spec.auth", "the Secret's value holds a character no header may hold"))?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    Ok(headers)
}

/// An error with everything that caused it, in one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !line.contains(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        cause = error.source();
    }
    line
}
