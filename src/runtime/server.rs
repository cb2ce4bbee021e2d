//! The HTTP server of `/metrics`, `/healthz` and `/readyz`.
//!
//! Takes a bound listener, the metrics registry and the [`Health`]; gives answers until it is told to stop. It must
//! never do I/O to answer, and never let its clients use the process up: connections are counted, and one that does not
//! send a request is closed.
//!
//! The accept loop is written here because `axum::serve` sets neither a bound on connections nor a timeout for reading
//! a request's head; routing is axum's and the protocol hyper's.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::runtime::health::{Health, Report};

/// Connections at the same time: probes, a few scrapers and a person. More wait in the listener's queue.
const MOST_CONNECTIONS: u32 = 64;
/// How long a connection may take to send the head of a request; also how long it may stay idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long requests under way may take once the server was told to stop.
const GRACE: Duration = Duration::from_secs(5);
/// What the registry writes: `OpenMetrics` text, which Prometheus tells by this type.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Clone)]
struct Answers {
    registry: Arc<Registry>,
    health: Health,
}

/// The three routes. Merge further ones into it; the server serves any router.
pub fn routes(registry: Arc<Registry>, health: Health) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(async |State(answers): State<Answers>| probe(&answers.health.alive(Instant::now()))))
        .route("/readyz", get(async |State(answers): State<Answers>| probe(&answers.health.ready())))
        .with_state(Answers { registry, health })
}

/// Serves `routes` on `listener` until `stop` is cancelled and the requests under way have ended, for a few seconds at
/// most.
pub async fn serve(listener: TcpListener, routes: Router, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS as usize));
    while let Some(Ok(place)) = stop.run_until_cancelled(Arc::clone(&places).acquire_owned()).await {
        let Some(accepted) = stop.run_until_cancelled(listener.accept()).await else { break };
        match accepted {
            Ok((stream, _)) => {
                let (routes, stop) = (routes.clone(), stop.clone());
                tokio::spawn(async move {
                    converse(stream, routes, stop).await;
                    drop(place);
                });
            }
            Err(error) => rest_after(&error).await,
        }
    }
    // Every connection holds a place: when all are free again, all have ended.
    if tokio::time::timeout(GRACE, places.acquire_many(MOST_CONNECTIONS)).await.is_err() {
        tracing::warn!("requests were still under way when the server stopped");
    }
}

/// Serves one connection; once told to stop it ends with the request under way.
async fn converse(stream: impl AsyncRead + AsyncWrite + Unpin, routes: Router, stop: CancellationToken) {
    let mut protocol = http1::Builder::new();
    protocol.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    let mut connection = pin!(protocol.serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes)));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// An error of one connection says nothing of the next; anything else (no file descriptors left) needs a pause, lest
/// the loop spin.
async fn rest_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::warn!(%error, "cannot accept connections");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn metrics(State(answers): State<Answers>) -> Response {
    let mut text = String::new();
    match encode(&mut text, &answers.registry) {
        Ok(()) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

fn probe(report: &Report) -> Response {
    let status = if report.healthy { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, report.to_string()).into_response()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use prometheus_client::metrics::counter::Counter;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::net::TcpStream;
    use tokio::task::JoinHandle;

    use super::*;

    struct Running {
        address: std::net::SocketAddr,
        health: Health,
        stop: CancellationToken,
        task: JoinHandle<()>,
    }

    async fn start() -> Running {
        let mut registry = Registry::default();
        let counter: Counter = Counter::default();
        registry.register("guarantor_reconciles", "Reconciles so far", counter.clone());
        counter.inc_by(7);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, health, stop) =
            (listener.local_addr().unwrap(), Health::new(["stores"]), CancellationToken::new());
        let routes = routes(Arc::new(registry), health.clone());
        Running { address, health, task: tokio::spawn(serve(listener, routes, stop.clone())), stop }
    }

    async fn ask(address: std::net::SocketAddr, method: &str, path: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn metrics_are_served_as_open_metrics() {
        let server = start().await;
        let answer = ask(server.address, "GET", "/metrics").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains(OPEN_METRICS), "{answer}");
        assert!(answer.contains("guarantor_reconciles_total 7\n"), "{answer}");
        assert!(answer.ends_with("# EOF\n"), "{answer}");
    }

    #[tokio::test]
    async fn probes_follow_the_health() {
        let server = start().await;
        assert!(ask(server.address, "GET", "/healthz").await.starts_with("HTTP/1.1 200"));
        assert!(ask(server.address, "GET", "/readyz").await.starts_with("HTTP/1.1 503"));
        server.health.set_ready("stores", true);
        assert!(ask(server.address, "GET", "/readyz").await.starts_with("HTTP/1.1 200"));
        let long_ago = Instant::now().checked_sub(Duration::from_secs(2)).unwrap();
        server.health.expect("reader", Duration::from_secs(1), long_ago);
        let answer = ask(server.address, "GET", "/healthz").await;
        assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("[-] reader"), "{answer}");
    }

    #[tokio::test]
    async fn only_reading_is_offered() {
        let server = start().await;
        assert!(ask(server.address, "POST", "/metrics").await.starts_with("HTTP/1.1 405"));
        assert!(ask(server.address, "GET", "/").await.starts_with("HTTP/1.1 404"));
    }

    #[tokio::test]
    async fn an_idle_connection_does_not_hold_up_the_stop() {
        let server = start().await;
        let mut idle = TcpStream::connect(server.address).await.unwrap();
        idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        let mut first = [0; 16];
        idle.read_exact(&mut first).await.unwrap();
        server.stop.cancel();
        server.task.await.unwrap();
        let mut rest = Vec::new();
        idle.read_to_end(&mut rest).await.unwrap();
    }

    /// Not over a socket: paused time does not wait for what the kernel is still about to deliver.
    #[tokio::test(start_paused = true)]
    async fn a_client_that_sends_nothing_is_closed() {
        let (mut silent, stream) = duplex(1024);
        tokio::spawn(converse(stream, Router::new(), CancellationToken::new()));
        let begun = Instant::now();
        let mut answer = Vec::new();
        let _ = tokio::time::timeout(HEAD_TIMEOUT * 4, silent.read_to_end(&mut answer)).await.unwrap();
        assert!(begun.elapsed() <= HEAD_TIMEOUT * 2);
    }
}
