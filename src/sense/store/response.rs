//! From an HTTP response to the data in it, or to the one error it means.

use std::error::Error as _;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use serde::de::DeserializeOwned;

use super::answer::{Envelope, Remarks, Status};
use super::connection::chain;
use super::error::{StoreError, words};

/// No answer larger than this is read. A joined query's is below 1 MB; 10,000 series' samples are below 5 MB.
const LIMIT: usize = 32 << 20;

/// Reads a whole answer.
pub(super) async fn read<D: DeserializeOwned>(response: Response) -> Result<(D, Remarks), StoreError> {
    let status = response.status();
    let headers = response.headers().clone();
    let body = body(response).await?;
    if !status.is_success() {
        return Err(refused(status, &headers, &body));
    }
    let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("nothing in particular");
    if !media.starts_with("application/json") {
        return Err(StoreError::NoAnswer(format!(
            "it is {}, not JSON; is url the address of a Prometheus interface?",
            words(media)
        )));
    }
    let envelope: Envelope<D> = serde_json::from_slice(&body).map_err(|error| {
        // What a store says when it fails may not have the shape of what it says when it succeeds.
        match failure(status, &headers, &body) {
            Some(failure) => failure,
            None => StoreError::NoAnswer(words(&error.to_string())),
        }
    })?;
    if envelope.status == Status::Error {
        return Err(said(status, &headers, envelope.error_type.as_deref(), envelope.error.as_deref()));
    }
    let (remarks, data) = envelope.open();
    let data = data.ok_or_else(|| StoreError::NoAnswer("it says success but holds no data".to_owned()))?;
    Ok((data, remarks))
}

async fn body(mut response: Response) -> Result<Vec<u8>, StoreError> {
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    if announced > LIMIT {
        return Err(StoreError::TooLarge { limit: LIMIT });
    }
    let mut body = Vec::with_capacity(announced);
    while let Some(chunk) = response.chunk().await.map_err(|error| broken(&error))? {
        if body.len() + chunk.len() > LIMIT {
            return Err(StoreError::TooLarge { limit: LIMIT });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The error of a status that is not success.
fn refused(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> StoreError {
    if status.is_redirection() {
        let target = headers.get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or("elsewhere");
        let message = format!("it redirects to {}; redirects are not followed, correct url", words(target));
        return StoreError::Refused { status: status.as_u16(), message };
    }
    failure(status, headers, body).unwrap_or_else(|| {
        let text = words(&String::from_utf8_lossy(body));
        let text = if text.is_empty() { status.canonical_reason().unwrap_or("no words") } else { &text };
        said(status, headers, None, Some(text))
    })
}

/// The failure an answer tells in the store's own form, if it does.
fn failure(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Option<StoreError> {
    let envelope: Envelope<serde::de::IgnoredAny> = serde_json::from_slice(body).ok()?;
    (envelope.status == Status::Error)
        .then(|| said(status, headers, envelope.error_type.as_deref(), envelope.error.as_deref()))
}

/// What an error means: by its type where the store gives one, else by the status.
fn said(status: StatusCode, headers: &HeaderMap, error_type: Option<&str>, error: Option<&str>) -> StoreError {
    let message = words(error.unwrap_or("it gives no reason"));
    let code = status.as_u16();
    if error_type == Some("timeout") {
        return StoreError::TimedOut(message);
    }
    let refused = match error_type {
        Some("bad_data" | "execution" | "not_found" | "not_acceptable") if status.is_success() => true,
        _ => status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS,
    };
    if refused {
        let advice = match code {
            401 | 403 => "; check spec.auth and what it may read",
            404 if error_type.is_none() => "; check the path of spec.url",
            _ => "",
        };
        return StoreError::Refused { status: code, message: message + advice };
    }
    StoreError::Failed { status: code, message, retry_after: retry_after(headers) }
}

/// The pause a store asks for, when it gives it in seconds. The other form, a date, would need its clock to be ours.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// An exchange that broke.
pub(super) fn broken(error: &reqwest::Error) -> StoreError {
    let what = chain(error);
    if error.is_timeout() { StoreError::TimedOut(words(&what)) } else { StoreError::Unreachable(words(&what)) }
}

/// A request the query library could not send.
pub(super) fn not_sent(error: &prometheus_http_query::Error) -> StoreError {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<reqwest::Error>());
    cause.map_or_else(|| StoreError::Unreachable(words(&chain(error))), broken)
}
