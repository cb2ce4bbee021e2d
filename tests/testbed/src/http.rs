//! The HTTP client the testbed asks its servers with.

use std::time::Duration;

use anyhow::{Context, Result};

/// A client that gives up on a server after half a minute.
///
/// # Errors
/// When the system gives no random numbers or threads.
pub(crate) fn client() -> Result<reqwest::Client> {
    install_tls();
    reqwest::Client::builder()
        .timeout(Duration::from_secs(30))
        // Loopback only: a proxy of the environment would send it elsewhere.
        .no_proxy()
        // Tests share servers, each test on a runtime of its own; a kept connection would die with the first of them.
        .pool_max_idle_per_host(0)
        .build()
        .context("cannot make an HTTP client")
}

/// Chooses the cryptography of every TLS connection in this process.
pub(crate) fn install_tls() {
    // An error says that it was chosen already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Whether `url` answers with success; otherwise what it answered.
pub(crate) async fn answers(client: &reqwest::Client, url: &str) -> Result<(), String> {
    match client.get(url).send().await {
        Ok(response) if response.status().is_success() => Ok(()),
        Ok(response) => Err(format!("{url} answers {}", response.status())),
        Err(error) => Err(format!("{url} does not answer: {error}")),
    }
}
