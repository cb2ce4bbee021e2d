//! One write, bounded, its failure told apart by what it says about the object.

use std::time::Duration;

use tokio::time::Instant;

use super::outcome::WriteResult;

/// The most time one request may take. The API server answers a write in milliseconds, or is in trouble.
const LIMIT: Duration = Duration::from_secs(5);

/// Until when requests may be under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    until: Instant,
}

/// Why a write is not known to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) result: WriteResult,
    pub(super) message: String,
}

impl Failure {
    pub(super) fn new(result: WriteResult, message: impl Into<String>) -> Self {
        Self { result, message: message.into() }
    }
}

impl Bound {
    /// No request is under way after `until`.
    pub(super) fn until(until: Instant) -> Self {
        Self { until }
    }

    /// Makes one request.
    pub(super) async fn call<T>(self, request: impl Future<Output = kube::Result<T>>) -> Result<T, Failure> {
        self.call_for(request, failure).await
    }

    /// Makes one request whose refusals have a meaning of their own.
    pub(super) async fn call_for<T>(
        self,
        request: impl Future<Output = kube::Result<T>>,
        failure: fn(kube::Error) -> Failure,
    ) -> Result<T, Failure> {
        let now = Instant::now();
        if now >= self.until {
            return Err(Failure::new(WriteResult::NotTried, "not sent: this replica's time as the leader is over"));
        }
        let end = now.checked_add(LIMIT).map_or(self.until, |end| end.min(self.until));
        match tokio::time::timeout_at(end, request).await {
            Ok(answer) => answer.map_err(failure),
            Err(_) => Err(Failure::new(WriteResult::Unknown, "no answer in time; it may still take effect")),
        }
    }
}

/// What a failure says of the object that was to be written.
pub(super) fn failure(error: kube::Error) -> Failure {
    match error {
        kube::Error::Api(status) => {
            let about_identity = || {
                let causes = status.details.iter().flat_map(|details| &details.causes);
                // A JSON patch whose `test` fails has no causes at all, a wrong uid names the metadata.
                let mut causes = causes.peekable();
                causes.peek().is_none() || causes.any(|cause| cause.field.starts_with("metadata"))
            };
            let result = match status.code {
                404 | 409 => WriteResult::Conflict,
                422 if about_identity() => WriteResult::Conflict,
                429 => WriteResult::NotTried,
                400..=499 => WriteResult::Refused,
                _ => WriteResult::Unknown,
            };
            Failure::new(result, format!("{} ({})", status.message, status.code))
        }
        // The request never left. An answer that cannot be read says nothing of the write.
        error @ kube::Error::BuildRequest(_) => Failure::new(WriteResult::Refused, error.to_string()),
        other => Failure::new(WriteResult::Unknown, other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use kube::core::Status;
    use kube::core::response::{StatusCause, StatusDetails};

    use super::*;

    fn answer(code: u16, field: Option<&str>) -> WriteResult {
        let causes = field.into_iter().map(|field| StatusCause {
            reason: String::new(),
            message: String::new(),
            field: field.to_owned(),
        });
        let mut status = Status::failure("words", "").with_code(code);
        status.details = Some(StatusDetails {
            name: String::new(),
            group: String::new(),
            kind: String::new(),
            uid: String::new(),
            causes: causes.collect(),
            retry_after_seconds: 0,
        });
        failure(kube::Error::Api(status.boxed())).result
    }

    #[test]
    fn answers_are_told_apart_by_what_they_say_about_the_object() {
        for (code, field, expected) in [
            (404, None, WriteResult::Conflict),
            (409, None, WriteResult::Conflict),
            (422, None, WriteResult::Conflict),
            (422, Some("metadata.uid"), WriteResult::Conflict),
            (422, Some("spec.maxReplicas"), WriteResult::Refused),
            (400, None, WriteResult::Refused),
            (403, None, WriteResult::Refused),
            (429, None, WriteResult::NotTried),
            (500, None, WriteResult::Unknown),
            (503, None, WriteResult::Unknown),
            (504, None, WriteResult::Unknown),
        ] {
            assert_eq!(answer(code, field), expected, "{code} {field:?}");
        }
    }
}
