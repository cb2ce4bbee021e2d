//! The HTTP endpoint that a real Prometheus scrapes.
//!
//! `GET /metrics/<namespace>`: each namespace is a scrape target of its own, because there the label `namespace` comes from the target,
//! as it does for real pods. Takes the services, gives text. Never changes anything.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::Services;
use super::exposition::{CONTENT_TYPE, render};

pub(super) fn router(services: Arc<Services>) -> Router {
    Router::new().route("/metrics/{namespace}", get(metrics)).with_state(services)
}

async fn metrics(State(services): State<Arc<Services>>, Path(namespace): Path<String>) -> Response {
    let snapshots = services.snapshots(&namespace);
    if snapshots.is_empty() {
        // A target that is not there is down, which is not the same as one without requests.
        return (StatusCode::NOT_FOUND, "no service in this namespace\n").into_response();
    }
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], render(&snapshots)).into_response()
}
