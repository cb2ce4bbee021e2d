//! Kubeconfig files: how a program reaches the API server and as whom.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::layout::Layout;

/// As whom a program comes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Identity<'a> {
    /// The holder of the certificate of this name.
    Certificate(&'a str),
    /// The holder of a bearer token.
    Token(&'a str),
}

/// Writes the kubeconfig called `name` and gives its path.
pub(super) fn write(layout: &Layout, name: &str, server: &str, identity: Identity<'_>) -> Result<PathBuf> {
    let user: Value = match identity {
        Identity::Certificate(file) => json!({
            "client-certificate": layout.pki(&format!("{file}.crt")),
            "client-key": layout.pki(&format!("{file}.key")),
        }),
        Identity::Token(token) => json!({ "token": token }),
    };
    let kubeconfig = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{
            "name": "testbed",
            "cluster": {
                "server": server,
                "certificate-authority": layout.pki("ca.crt"),
            },
        }],
        "users": [{ "name": name, "user": user }],
        "contexts": [{ "name": "testbed", "context": { "cluster": "testbed", "user": name } }],
        "current-context": "testbed",
    });
    let path = layout.kubeconfig(name);
    // JSON is YAML too.
    std::fs::write(&path, serde_json::to_vec_pretty(&kubeconfig)?)
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}
