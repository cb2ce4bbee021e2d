//! The two ways to the API server: one that retries, for reading; one that does not, for writing.
//!
//! Takes the pod's service account or the kubeconfig; gives clients. It must never set a read timeout on a client that
//! watches: the timeout would end idle watches too. Whoever sends a request bounds it.

use kube::client::ClientBuilder;
use kube::{Client, Config};

use super::leader::{Fence, FenceLayer};

/// Says who asks; without it the API server's audit log and managed fields call every write `unknown`.
const USER_AGENT: &str = concat!("guarantor/", env!("CARGO_PKG_VERSION"));

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Neither a service account nor a kubeconfig was found.
    #[error("no cluster to connect to: {0}; run in a pod with a service account, or set KUBECONFIG")]
    NoCluster(String),
    /// The configuration found cannot be used.
    #[error("the cluster's configuration cannot be used: {0}")]
    Unusable(String),
}

/// Clients of one cluster.
#[derive(Clone)]
pub struct Clients {
    /// Repeats what the API server was too busy to answer. For lists, watches and reads.
    pub reading: Client,
    /// Sends each request once: a repeated write outlives the decision and the permit it was made under.
    pub writing: Client,
    config: Config,
    /// The pod's namespace, or the kubeconfig context's.
    pub namespace: String,
}

/// Finds the cluster and makes the clients. Sends nothing yet.
///
/// # Errors
/// [`ConnectError`] if no usable configuration was found.
pub async fn connect() -> Result<Clients, ConnectError> {
    let config = Config::infer().await.map_err(|error| ConnectError::NoCluster(error.to_string()))?;
    clients(config)
}

/// The clients of the cluster `config` describes.
///
/// # Errors
/// [`ConnectError::Unusable`], for example because a certificate cannot be read.
pub fn clients(mut config: Config) -> Result<Clients, ConnectError> {
    config.headers.push((axum::http::header::USER_AGENT, axum::http::HeaderValue::from_static(USER_AGENT)));
    let unusable = |error: kube::Error| ConnectError::Unusable(error.to_string());
    let namespace = config.default_namespace.clone();
    config.default_retry = true;
    let reading = Client::try_from(config.clone()).map_err(unusable)?;
    config.default_retry = false;
    let writing = Client::try_from(config.clone()).map_err(unusable)?;
    Ok(Clients { reading, writing, config, namespace })
}

impl Clients {
    /// Clients whose writes ask the fence first: one for reading and Guarantor's own resources, one for workloads.
    ///
    /// # Errors
    /// [`ConnectError::Unusable`], as [`clients`].
    pub fn fenced(&self, fence: &Fence) -> Result<(Client, Client), ConnectError> {
        let unusable = |error: kube::Error| ConnectError::Unusable(error.to_string());
        let build = || -> Result<Client, ConnectError> {
            // Never repeats by itself: a repeated write would outlive the permit, and watches have a backoff of theirs.
            let builder = ClientBuilder::try_from(self.config.clone()).map_err(unusable)?;
            Ok(builder.with_layer(&FenceLayer::new(fence.clone())).build())
        };
        Ok((build()?, build()?))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::http::{HeaderMap, StatusCode, header};
    use axum::{Router, routing::get};

    use super::*;

    /// An API server that is too busy for every other request, and notes who asked.
    async fn busy() -> (Config, Arc<Mutex<Vec<String>>>) {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        let answer = async move |headers: HeaderMap| {
            let mut noted = noted.lock().unwrap();
            noted.push(headers[header::USER_AGENT].to_str().unwrap().to_owned());
            if noted.len() % 2 == 1 { Err(StatusCode::SERVICE_UNAVAILABLE) } else { Ok(r#"{"versions":[]}"#) }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/api", get(answer))).await });
        (Config::new(url), asked)
    }

    #[tokio::test]
    async fn only_reading_is_repeated_and_both_say_who_asks() {
        let (config, asked) = busy().await;
        let clients = clients(config).unwrap();
        assert!(clients.writing.list_core_api_versions().await.is_err());
        assert_eq!(*asked.lock().unwrap(), [USER_AGENT]);
        asked.lock().unwrap().clear();
        clients.reading.list_core_api_versions().await.unwrap();
        assert_eq!(*asked.lock().unwrap(), [USER_AGENT; 2]);
    }
}
