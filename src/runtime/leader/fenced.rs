//! A client that cannot write without the lease.
//!
//! A [`Layer`] around the kube client's service: every request that changes something asks the [`Fence`] for a permit
//! first, and is given up at the permit's deadline. So no write of any stage can forget to ask. Reads pass. The
//! election's own client must not have this layer: it could never win a lease.

use std::sync::Arc;
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use http::{Method, Request};
use tokio::time::Instant;
use tower::{BoxError, Layer, Service};

use super::Fence;

/// Puts a [`Fence`] in front of writes.
#[derive(Clone, Debug)]
pub struct FenceLayer {
    fence: Arc<Fence>,
}

impl FenceLayer {
    /// A layer that asks `fence`.
    #[must_use]
    pub fn new(fence: Fence) -> Self {
        Self { fence: Arc::new(fence) }
    }
}

impl<S> Layer<S> for FenceLayer {
    type Service = Fenced<S>;

    fn layer(&self, inner: S) -> Fenced<S> {
        Fenced { inner, fence: Arc::clone(&self.fence) }
    }
}

/// A service whose writes need a permit.
#[derive(Clone, Debug)]
pub struct Fenced<S> {
    inner: S,
    fence: Arc<Fence>,
}

/// The write was given up at the lease's deadline. It may have happened.
#[derive(Debug, thiserror::Error)]
#[error("the leader lease ran out during the write; whether it happened is unknown")]
pub struct LeaseRanOut;

impl<S, B> Service<Request<B>> for Fenced<S>
where
    S: Service<Request<B>>,
    S::Future: Send + 'static,
    S::Response: Send + 'static,
    S::Error: Into<BoxError> + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<S::Response, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
            let answer = self.inner.call(request);
            return Box::pin(async move { answer.await.map_err(Into::into) });
        }
        match self.fence.permit(Instant::now()) {
            Err(refusal) => Box::pin(async move { Err(refusal.into()) }),
            Ok(permit) => {
                let answer = self.inner.call(request);
                Box::pin(async move {
                    // The permit is held until the answer is here: the lease is not handed back before.
                    let answered = tokio::time::timeout_at(permit.deadline(), answer).await;
                    drop(permit);
                    answered.map_err(|_| LeaseRanOut)?.map_err(Into::into)
                })
            }
        }
    }
}
