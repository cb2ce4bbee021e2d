//! A metrics store that answers by script, on loopback: for what a real store does too seldom to be tested with.
//!
//! The script is a function from the request to the reply. The server ends when [`FakeStore`] is dropped.

mod reply;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use reply::Reply;

/// The largest request body that is read.
const LIMIT: usize = 16 << 20;

/// A request as the store saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// `GET` or `POST`.
    pub method: String,
    /// The path.
    pub path: String,
    /// The parameters of the URL and of the body. Of a repeated one, the last.
    pub parameters: BTreeMap<String, String>,
    /// The headers, names in lower case.
    pub headers: BTreeMap<String, String>,
}

impl Received {
    /// A parameter, or nothing.
    #[must_use]
    pub fn parameter(&self, name: &str) -> &str {
        self.parameters.get(name).map_or("", String::as_str)
    }

    /// The query asked, or nothing.
    #[must_use]
    pub fn query(&self) -> &str {
        self.parameter("query")
    }
}

type Script = dyn Fn(&Received) -> Reply + Send + Sync;

struct Shared {
    script: Mutex<Box<Script>>,
    received: Mutex<Vec<Received>>,
}

/// A running fake store.
pub struct FakeStore {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: JoinHandle<io::Result<()>>,
}

impl FakeStore {
    /// Starts one on a free port.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start(script: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { script: Mutex::new(Box::new(script)), received: Mutex::default() });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, shared, server })
    }

    /// The base URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers by another script from now on.
    pub fn follow(&self, script: impl Fn(&Received) -> Reply + Send + Sync + 'static) {
        *self.shared.script.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(script);
    }

    /// Everything asked since the start or the last call.
    pub fn take_received(&self) -> Vec<Received> {
        std::mem::take(&mut *self.shared.received.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for FakeStore {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, LIMIT).await.unwrap_or_default();
    let in_url = head.uri.query().unwrap_or_default().as_bytes();
    let parameters = [in_url, &body].into_iter().flat_map(|form| form_urlencoded::parse(form).into_owned()).collect();
    let headers = head.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    });
    let received = Received {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        parameters,
        headers: headers.collect(),
    };
    let reply = (*shared.script.lock().unwrap_or_else(PoisonError::into_inner))(&received);
    shared.received.lock().unwrap_or_else(PoisonError::into_inner).push(received);
    reply.send().await
}
