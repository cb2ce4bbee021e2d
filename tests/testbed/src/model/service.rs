//! The model as a `tower::Service`, so that a `kube::Client` can be built on it; and the faults around each request.
//!
//! Takes requests of one client; gives answers, broken connections or silence. Every request is recorded in the audit.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::TryStreamExt;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use kube::client::Body;
use tokio::time::sleep;
use tower::{BoxError, Service};

use super::audit::Recorded;
use super::dispatch::{self, Reply};
use super::fault::{Admission, Fault, HANG};
use super::incoming::Incoming;
use super::refusal::{self, Refusal};
use super::route;
use super::state::Shared;

/// The body of an answer.
type Answer = Response<UnsyncBoxBody<Bytes, BoxError>>;

/// One client's connection to the model.
#[derive(Clone, Debug)]
pub struct Connection {
    shared: Shared,
    link: String,
}

impl Connection {
    pub(super) fn new(shared: Shared, link: String) -> Self {
        Self { shared, link }
    }

    async fn answer(self, request: Request<Body>) -> Result<Answer, BoxError> {
        let incoming = Incoming::read(request).await?;
        let admission = self.shared.change(|state| {
            let link = state.link(&self.link);
            let admission = link.admit(incoming.is_write(), incoming.is_watch());
            if let Admission::Arrives { fault: Some(Fault::Crash), .. } = admission {
                link.crash();
            }
            admission
        });
        let (write, fault) = match admission {
            Admission::Refused => return Err(self.silence(&incoming, None, refused()).await),
            Admission::Lost => return Err(self.silence(&incoming, None, timed_out()).await),
            Admission::Arrives { write, fault } => (write, fault),
        };
        match fault {
            Some(Fault::Crash) => Err(self.silence(&incoming, write, refused()).await),
            Some(Fault::TimeoutBeforeCommit) => Err(self.silence(&incoming, write, timed_out()).await),
            Some(Fault::Status(code)) => {
                let refusal = refusal::by_code(code);
                self.record(&incoming, write, Some(code));
                Ok(document(code, refusal::document(&refusal).to_string()))
            }
            Some(Fault::LateCommit(delay)) => {
                let at = self.record(&incoming, write, Some(504));
                tokio::spawn(async move {
                    sleep(delay).await;
                    self.serve_late(&incoming, at);
                });
                Ok(document(504, refusal::document(&refusal::timed_out()).to_string()))
            }
            Some(Fault::Slow(delay)) => {
                sleep(delay).await;
                Ok(self.respond(self.serve(&incoming, write, true)))
            }
            Some(Fault::CrashAfterCommit) => {
                self.serve(&incoming, write, false).ok();
                self.shared.change(|state| state.link(&self.link).crash());
                Err(refused().into())
            }
            Some(Fault::TimeoutAfterCommit) => {
                self.serve(&incoming, write, false).ok();
                sleep(HANG).await;
                Err(timed_out().into())
            }
            Some(Fault::TruncatedBody) => {
                let (code, body) = match self.serve(&incoming, write, true) {
                    Ok(Reply::Document(code, body)) => (code, body.to_string()),
                    Ok(Reply::Watch(_)) => (200, String::new()),
                    Err(refusal) => (refusal.code, refusal::document(&refusal).to_string()),
                };
                let half: String = body.chars().take(body.len() / 2).collect();
                Ok(document(code, half))
            }
            None => Ok(self.respond(self.serve(&incoming, write, true))),
        }
    }

    // No effect and no answer.
    async fn silence(&self, incoming: &Incoming, write: Option<usize>, error: io::Error) -> BoxError {
        self.record(incoming, write, None);
        if error.kind() == io::ErrorKind::TimedOut {
            sleep(HANG).await;
        }
        error.into()
    }

    fn serve(&self, incoming: &Incoming, write: Option<usize>, answered: bool) -> Result<Reply, Refusal> {
        self.shared.change(|state| {
            let place = route::place(&incoming.path, &state.registry).ok();
            let mut recorded = Recorded::of(&self.link, incoming, place.as_ref());
            let served = dispatch::serve(state, &self.link, incoming);
            let code = match &served {
                Ok(Reply::Document(code, _)) => *code,
                Ok(Reply::Watch(_)) => 200,
                Err(refusal) => refusal.code,
            };
            recorded.code = answered.then_some(code);
            recorded.committed = served.is_ok() && incoming.is_write() && !recorded.dry_run;
            recorded.at_write_index = write;
            state.audit.push(recorded);
            served
        })
    }

    // The late effect of a request recorded long ago.
    fn serve_late(&self, incoming: &Incoming, at: usize) {
        self.shared.change(|state| {
            let served = dispatch::serve(state, &self.link, incoming);
            if let Some(recorded) = state.audit.get_mut(at) {
                recorded.committed = served.is_ok() && !recorded.dry_run;
            }
        });
    }

    // Records a request that was not served (yet); gives its place in the audit.
    fn record(&self, incoming: &Incoming, write: Option<usize>, code: Option<u16>) -> usize {
        let mut state = self.shared.look();
        let place = route::place(&incoming.path, &state.registry).ok();
        let mut recorded = Recorded::of(&self.link, incoming, place.as_ref());
        recorded.code = code;
        recorded.at_write_index = write;
        state.audit.push(recorded);
        state.audit.len().saturating_sub(1)
    }

    fn respond(&self, served: Result<Reply, Refusal>) -> Answer {
        match served {
            Ok(Reply::Document(code, body)) => document(code, body.to_string()),
            Ok(Reply::Watch(watch)) => {
                let lines = watch.stream(self.shared.clone()).map_err(BoxError::from);
                response(200, UnsyncBoxBody::new(StreamBody::new(lines)))
            }
            Err(refusal) => document(refusal.code, refusal::document(&refusal).to_string()),
        }
    }
}

impl Service<Request<Body>> for Connection {
    type Response = Answer;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Answer, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.clone().answer(request))
    }
}

fn document(code: u16, body: String) -> Answer {
    let body = Full::new(Bytes::from(body)).map_err(|never| match never {});
    response(code, UnsyncBoxBody::new(body))
}

fn response(code: u16, body: UnsyncBoxBody<Bytes, BoxError>) -> Answer {
    let mut response = Response::new(body);
    if let Ok(code) = http::StatusCode::from_u16(code) {
        *response.status_mut() = code;
    }
    let json = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(http::header::CONTENT_TYPE, json);
    response
}

fn refused() -> io::Error {
    io::Error::from(io::ErrorKind::ConnectionRefused)
}

fn timed_out() -> io::Error {
    io::Error::from(io::ErrorKind::TimedOut)
}
