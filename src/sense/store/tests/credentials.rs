//! Secrets are found, or what is missing is named; and never shown.

use std::collections::BTreeMap;

use guarantor_testbed::fake_store::{FakeStore, Received, Reply};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::{Api, Client, Config};
use serde_json::json;

use super::source;
use crate::api::metrics_source::{Auth, MetricsSourceSpec, SecretKey, SecretName, Tls};
use crate::sense::store::{Credentials, CredentialsError};

/// A Secret with these keys.
pub(super) fn secret(name: &str, data: &[(&str, &str)]) -> Secret {
    let mut secret = Secret::default();
    secret.metadata.name = Some(name.to_owned());
    secret.metadata.resource_version = Some(format!("{name}-1"));
    secret.data =
        Some(data.iter().map(|(key, value)| ((*key).to_owned(), ByteString(value.as_bytes().to_vec()))).collect());
    secret
}

/// Credentials from these Secrets.
pub(super) fn read(spec: &MetricsSourceSpec, secrets: &[Secret]) -> Result<Credentials, CredentialsError> {
    let named: BTreeMap<String, Secret> =
        secrets.iter().map(|secret| (secret.metadata.name.clone().unwrap(), secret.clone())).collect();
    Credentials::from_secrets(spec, &named, "guarantor")
}

fn spec() -> MetricsSourceSpec {
    let key = |secret: &str, key: &str| SecretKey { secret: secret.to_owned(), key: key.to_owned() };
    MetricsSourceSpec {
        auth: Some(Auth { bearer_token: Some(key("auth", "token")), basic: None }),
        tls: Some(Tls {
            ca: Some(key("ca", "ca.crt")),
            client_certificate: Some(SecretName { secret: "client".to_owned() }),
        }),
        ..source("https://127.0.0.1", "10s")
    }
}

fn secrets() -> Vec<Secret> {
    vec![
        secret("auth", &[("token", "hunter2\n")]),
        secret("ca", &[("ca.crt", "pem")]),
        secret("client", &[("tls.crt", "certificate"), ("tls.key", "hunter3")]),
    ]
}

#[test]
fn nothing_secret_is_printed() {
    let credentials = read(&spec(), &secrets()).unwrap();
    let printed = format!("{credentials:?}");
    for hidden in ["hunter2", "hunter3", "104, 117, 110"] {
        assert!(!printed.contains(hidden), "{printed}");
    }
    let versions: Vec<&str> = credentials.versions().values().map(String::as_str).collect();
    assert_eq!(versions, ["auth-1", "ca-1", "client-1"]);
}

#[test]
fn what_is_missing_is_named_by_field_secret_and_key() {
    type Change = fn(&mut Vec<Secret>);
    let basic = || Some(Auth { bearer_token: None, basic: Some(SecretName { secret: "auth".to_owned() }) });
    let cases: [(Change, bool, &str); 8] = [
        (
            |secrets| secrets.retain(|secret| secret.metadata.name.as_deref() != Some("auth")),
            false,
            "spec.auth.bearerToken: there is no Secret auth in the operator's namespace guarantor",
        ),
        (
            |secrets| secrets[0] = secret("auth", &[("word", "x")]),
            false,
            "spec.auth.bearerToken: the Secret auth has no value under the key token",
        ),
        (
            |secrets| secrets[0] = secret("auth", &[("token", "")]),
            false,
            "spec.auth.bearerToken: the Secret auth has no value under the key token",
        ),
        (
            |secrets| secrets[0] = secret("auth", &[("token", "hunter2\nhunter3")]),
            false,
            "spec.auth.bearerToken: the key token of the Secret auth is not one line of text",
        ),
        (
            |secrets| {
                let binary = [("token".to_owned(), ByteString(vec![0xff, 0xfe]))];
                secrets[0].data = Some(binary.into());
            },
            false,
            "spec.auth.bearerToken: the key token of the Secret auth is not one line of text",
        ),
        (
            |secrets| secrets[0] = secret("auth", &[("username", "u")]),
            true,
            "spec.auth.basic: the Secret auth has no value under the key password",
        ),
        (
            |secrets| secrets[1] = secret("ca", &[]),
            false,
            "spec.tls.ca: the Secret ca has no value under the key ca.crt",
        ),
        (
            |secrets| secrets[2] = secret("client", &[("tls.crt", "x")]),
            false,
            "spec.tls.clientCertificate: the Secret client has no value under the key tls.key",
        ),
    ];
    for (change, with_basic, message) in cases {
        let mut spec = spec();
        if with_basic {
            spec.auth = basic();
        }
        let mut secrets = secrets();
        change(&mut secrets);
        assert_eq!(read(&spec, &secrets).unwrap_err().to_string(), message);
    }
}

#[tokio::test]
async fn secrets_are_read_from_the_operators_namespace() {
    super::install_tls();
    let server = FakeStore::start(|asked: &Received| match asked.path.as_str() {
        "/api/v1/namespaces/guarantor/secrets/auth" => Reply::json(&serde_json::to_value(&secrets()[0]).unwrap()),
        "/api/v1/namespaces/guarantor/secrets/forbidden" => status(403, "Forbidden"),
        _ => status(404, "NotFound"),
    })
    .await
    .unwrap();
    let client = Client::try_from(Config::new(server.url().parse().unwrap())).unwrap();
    let api: Api<Secret> = Api::namespaced(client, "guarantor");
    let mut spec = MetricsSourceSpec { tls: None, ..spec() };
    let credentials = Credentials::read(&spec, &api, "guarantor").await.unwrap();
    assert_eq!(credentials.versions()["auth"], "auth-1");
    for (name, message) in [
        ("absent", "spec.auth.bearerToken: there is no Secret absent in the operator's namespace guarantor"),
        ("forbidden", "spec.auth.bearerToken: the Secret forbidden cannot be read; "),
    ] {
        let key = SecretKey { secret: name.to_owned(), key: "token".to_owned() };
        spec.auth = Some(Auth { bearer_token: Some(key), basic: None });
        let error = Credentials::read(&spec, &api, "guarantor").await.unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
}

fn status(code: u16, reason: &str) -> Reply {
    let body = json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code });
    Reply::text(code, "application/json", &body.to_string())
}
