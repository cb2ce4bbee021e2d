//! What the fake store replies.

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use futures::stream;
use serde_json::{Value, json};

/// The labels of a series.
pub type Labels<'a> = &'a [(&'a str, &'a str)];

/// One reply.
#[derive(Clone, Debug)]
pub struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
    ending: Ending,
}

#[derive(Clone, Copy, Debug)]
enum Ending {
    Whole,
    CutOff,
    Never,
}

impl Reply {
    /// Any JSON with status 200.
    #[must_use]
    pub fn json(body: &Value) -> Self {
        Self::text(200, "application/json", &body.to_string())
    }

    /// Any body.
    #[must_use]
    pub fn text(status: u16, media: &str, body: &str) -> Self {
        let headers = vec![("content-type", media.to_owned())];
        Self { status, headers, body: body.to_owned(), ending: Ending::Whole }
    }

    /// A successful answer with this `data`.
    #[must_use]
    pub fn data(data: &Value) -> Self {
        Self::json(&json!({ "status": "success", "data": data }))
    }

    /// A vector: per series its labels and its value, all at one instant in seconds.
    #[must_use]
    pub fn vector(at: i64, series: &[(Labels<'_>, &str)]) -> Self {
        let result: Vec<Value> =
            series.iter().map(|(labels, value)| json!({ "metric": metric(labels), "value": [at, value] })).collect();
        Self::data(&json!({ "resultType": "vector", "result": result }))
    }

    /// A matrix: per series its labels and its samples, instants in seconds.
    #[must_use]
    pub fn matrix(series: &[(Labels<'_>, &[(i64, &str)])]) -> Self {
        let result: Vec<Value> =
            series.iter().map(|(labels, values)| json!({ "metric": metric(labels), "values": values })).collect();
        Self::data(&json!({ "resultType": "matrix", "result": result }))
    }

    /// An error in the interface's form.
    #[must_use]
    pub fn error(status: u16, kind: &str, message: &str) -> Self {
        let body = json!({ "status": "error", "errorType": kind, "error": message });
        Self { status, ..Self::json(&body) }
    }

    /// Never replies; the client has to give up.
    #[must_use]
    pub fn never() -> Self {
        Self { ending: Ending::Never, ..Self::text(200, "application/json", "") }
    }

    /// The same with a warning.
    #[must_use]
    pub fn warn(mut self, warning: &str) -> Self {
        if let Ok(Value::Object(mut body)) = serde_json::from_str(&self.body) {
            body.insert("warnings".to_owned(), json!([warning]));
            self.body = Value::Object(body).to_string();
        }
        self
    }

    /// The same with a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// The first `bytes` of the body, as if they were all.
    #[must_use]
    pub fn shortened(mut self, bytes: usize) -> Self {
        self.body.truncate(bytes);
        self
    }

    /// The connection breaks after the body, before its end was announced.
    #[must_use]
    pub fn cut_off(self) -> Self {
        Self { ending: Ending::CutOff, ..self }
    }

    pub(super) async fn send(self) -> Response {
        let body = match self.ending {
            Ending::Whole => Body::from(self.body),
            Ending::CutOff => {
                let broken = std::io::Error::other("the script ends here");
                Body::from_stream(stream::iter([Ok(Bytes::from(self.body)), Err(broken)]))
            }
            Ending::Never => std::future::pending().await,
        };
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::try_from(value) {
                response.headers_mut().insert(HeaderName::from_static(name), value);
            }
        }
        response
    }
}

fn metric(labels: Labels<'_>) -> Value {
    labels.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect::<serde_json::Map<_, _>>().into()
}
