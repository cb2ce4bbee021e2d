//! Kubeconfig files: how a program reaches the API server and as whom.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use kube::config::Kubeconfig;
use serde::Serialize;
use serde_json::json;

use super::layout::Layout;

/// Writes the kubeconfig of the holder of the certificate `name` and gives its path.
pub(super) fn write(layout: &Layout, name: &str, server: &str) -> Result<PathBuf> {
    let kubeconfig = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{
            "name": "testbed",
            "cluster": { "server": server, "certificate-authority": layout.pki("ca.crt") },
        }],
        "users": [{
            "name": name,
            "user": {
                "client-certificate": layout.pki(&format!("{name}.crt")),
                "client-key": layout.pki(&format!("{name}.key")),
            },
        }],
        "contexts": [{ "name": "testbed", "context": { "cluster": "testbed", "user": name } }],
        "current-context": "testbed",
    });
    let path = layout.kubeconfig(name);
    save(&path, &kubeconfig)?;
    Ok(path)
}

/// Writes a kubeconfig for the same cluster as admin's, for the holder of a bearer token.
pub(super) fn write_with_token(layout: &Layout, name: &str, token: &str) -> Result<PathBuf> {
    let admin = Kubeconfig::read_from(layout.kubeconfig("admin"))?;
    let context = admin.current_context.as_deref();
    let context = admin.contexts.iter().find(|known| Some(known.name.as_str()) == context);
    let cluster = context.and_then(|known| known.context.as_ref()).map(|context| context.cluster.as_str());
    let cluster = admin
        .clusters
        .iter()
        .find(|known| Some(known.name.as_str()) == cluster)
        .context("the kubeconfig's current context names no cluster")?;
    let kubeconfig = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [cluster],
        "users": [{ "name": name, "user": { "token": token } }],
        "contexts": [{ "name": name, "context": { "cluster": cluster.name, "user": name } }],
        "current-context": name,
    });
    let path = layout.kubeconfig(name);
    save(&path, &kubeconfig)?;
    Ok(path)
}

/// Writes a kubeconfig to `path`, at once: tests that share an account write the same file, and an operator of another
/// test may be reading it.
pub(super) fn save(path: &Path, kubeconfig: &impl Serialize) -> Result<()> {
    // JSON is YAML too.
    replace(path, &serde_json::to_vec_pretty(kubeconfig)?).with_context(|| format!("cannot write {}", path.display()))
}

fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(path.parent().context("it is in no folder")?)?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}
