//! A gate before the API server: it lets every request through, and at one of them it stops a client dead.
//!
//! Takes a kubeconfig, gives another one by which the same account comes through the gate. A test names a request and whether the
//! API server shall still see it; the gate tells when it has come, and the client waits for an answer for ever. Whoever kills the
//! client then has crashed it at exactly that point. Never changes a request or an answer.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONNECTION, HOST, TRANSFER_ENCODING};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::http::install_tls;
use crate::scratch::Scratch;

/// More than any request of an operator.
const LARGEST: usize = 16 << 20;

/// A request on its way.
#[derive(Debug, Clone)]
pub struct Passing {
    /// Its method.
    pub method: Method,
    /// Its path and query.
    pub uri: String,
    /// Its body.
    pub body: Bytes,
}

/// When a request is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Before the API server sees it.
    Before,
    /// When the API server has done it; the answer never comes.
    After,
}

type Picks = Box<dyn FnMut(&Passing) -> Option<Moment> + Send>;

struct Trap {
    picks: Picks,
    sprung: oneshot::Sender<Passing>,
}

/// A gate. It closes when dropped.
pub struct Gate {
    kubeconfig: PathBuf,
    trap: Arc<Mutex<Option<Trap>>>,
    _scratch: Scratch,
    _tasks: JoinSet<()>,
}

#[derive(Clone)]
struct Way {
    client: Client,
    trap: Arc<Mutex<Option<Trap>>>,
}

impl Gate {
    /// Opens a gate to the API server and for the account of `kubeconfig`.
    ///
    /// # Errors
    /// When the kubeconfig cannot be used.
    pub async fn open(kubeconfig: &Path) -> Result<Self> {
        install_tls();
        let behind = Kubeconfig::read_from(kubeconfig)?;
        let mut config = Config::from_custom_kubeconfig(behind, &KubeConfigOptions::default()).await?;
        // What the client would try again it tries again itself.
        config.default_retry = false;
        config.read_timeout = None;
        let trap = Arc::new(Mutex::new(None));
        let way = Way { client: Client::try_from(config)?, trap: trap.clone() };
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let address = listener.local_addr()?;
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let router = axum::Router::new().fallback(pass).with_state(way);
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!("the gate ended: {error}");
            }
        });
        let scratch = Scratch::new()?;
        let kubeconfig = scratch.file("gate.kubeconfig");
        std::fs::write(&kubeconfig, serde_json::to_vec_pretty(&through(address))?)
            .with_context(|| format!("cannot write {}", kubeconfig.display()))?;
        Ok(Self { kubeconfig, trap, _scratch: scratch, _tasks: tasks })
    }

    /// The kubeconfig with which a client comes through here.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Stops the first request that `picks` picks; it is asked about every request until then. The receiver gets the request once
    /// it has come so far. Only one is waited for at a time: the last.
    pub fn stop_at(
        &self,
        picks: impl FnMut(&Passing) -> Option<Moment> + Send + 'static,
    ) -> oneshot::Receiver<Passing> {
        let (sprung, receiver) = oneshot::channel();
        *lock(&self.trap) = Some(Trap { picks: Box::new(picks), sprung });
        receiver
    }
}

fn through(address: SocketAddr) -> serde_json::Value {
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{ "name": "gate", "cluster": { "server": format!("http://{address}") } }],
        "users": [{ "name": "gate", "user": {} }],
        "contexts": [{ "name": "gate", "context": { "cluster": "gate", "user": "gate" } }],
        "current-context": "gate",
    })
}

async fn pass(State(way): State<Way>, request: Request) -> Response {
    match forward(&way, request).await {
        Ok(response) => response,
        Err(error) => (StatusCode::BAD_GATEWAY, format!("{error:#}")).into_response(),
    }
}

async fn forward(way: &Way, request: Request) -> Result<Response> {
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, LARGEST).await?;
    let uri = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let passing = Passing { method: parts.method.clone(), uri: uri.clone(), body: body.clone() };
    let trapped = spring(&way.trap, &passing);
    let sprung = match trapped {
        Some((Moment::Before, sprung)) => {
            let _ = sprung.send(passing);
            return std::future::pending().await;
        }
        Some((Moment::After, sprung)) => Some(sprung),
        None => None,
    };
    for header in [HOST, CONNECTION, AUTHORIZATION, TRANSFER_ENCODING] {
        parts.headers.remove(header);
    }
    parts.uri = uri.parse()?;
    let answer = way.client.send(Request::from_parts(parts, kube::client::Body::from(body.to_vec()))).await?;
    if let Some(sprung) = sprung {
        let _ = sprung.send(passing);
        return std::future::pending().await;
    }
    let (mut parts, body) = answer.into_parts();
    parts.headers.remove(CONNECTION);
    parts.headers.remove(TRANSFER_ENCODING);
    Ok(Response::from_parts(parts, Body::new(body)))
}

/// Whether this is the request that is waited for.
fn spring(trap: &Mutex<Option<Trap>>, passing: &Passing) -> Option<(Moment, oneshot::Sender<Passing>)> {
    let mut trap = lock(trap);
    let moment = (trap.as_mut()?.picks)(passing)?;
    trap.take().map(|trap| (moment, trap.sprung))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
