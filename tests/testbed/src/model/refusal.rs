//! The refusals of an API server: `Status` objects with the code, reason, message and causes a real server gives.
//!
//! Takes what was asked, gives a `Status`. Wording follows Kubernetes 1.36 because operators show it to users.

use kube::core::Status;
use kube::core::response::{StatusCause, StatusDetails};

use serde_json::{Value, json};

use super::kind::ResourceKind;
use super::object;

/// A refused request.
pub(super) type Refusal = Box<Status>;

/// A refusal as the document a client gets.
pub(super) fn document(refusal: &Refusal) -> Value {
    let mut document = json!(refusal);
    object::set(&mut document, "/apiVersion", json!("v1"));
    object::set(&mut document, "/kind", json!("Status"));
    document
}

fn refuse(code: u16, reason: &str, message: &str) -> Refusal {
    Status::failure(message, reason).with_code(code).boxed()
}

fn about(kind: &ResourceKind, name: &str) -> StatusDetails {
    StatusDetails {
        name: name.to_owned(),
        group: kind.group.clone(),
        kind: kind.plural.clone(),
        uid: String::new(),
        causes: Vec::new(),
        retry_after_seconds: 0,
    }
}

/// 404 for an object.
pub(super) fn not_found(kind: &ResourceKind, name: &str) -> Refusal {
    let message = format!("{} \"{name}\" not found", kind.resource());
    let mut status = refuse(404, "NotFound", &message);
    status.details = Some(about(kind, name));
    status
}

/// 404 for a path nothing is served at.
pub(super) fn no_such_resource() -> Refusal {
    refuse(404, "NotFound", "the server could not find the requested resource")
}

/// 409 on create.
pub(super) fn already_exists(kind: &ResourceKind, name: &str) -> Refusal {
    let message = format!("{} \"{name}\" already exists", kind.resource());
    let mut status = refuse(409, "AlreadyExists", &message);
    status.details = Some(about(kind, name));
    status
}

/// 403 of an object that is to be written.
pub(super) fn forbidden(kind: &ResourceKind, name: &str, why: &str) -> Refusal {
    let message = format!("{} \"{name}\" is forbidden: {why}", kind.resource());
    let mut status = refuse(403, "Forbidden", &message);
    status.details = Some(about(kind, name));
    status
}

/// 409 with a cause in words.
pub(super) fn conflict(kind: &ResourceKind, name: &str, why: &str) -> Refusal {
    let resource = kind.resource();
    let message = format!("Operation cannot be fulfilled on {resource} \"{name}\": {why}");
    let mut status = refuse(409, "Conflict", &message);
    status.details = Some(about(kind, name));
    status
}

/// 409 for a resourceVersion that is no longer the newest.
pub(super) fn modified(kind: &ResourceKind, name: &str) -> Refusal {
    let why = "the object has been modified; please apply your changes to the latest version and try again";
    conflict(kind, name, why)
}

/// 409 for a uid precondition that does not hold.
pub(super) fn other_uid(kind: &ResourceKind, name: &str, asked: &str, found: &str) -> Refusal {
    let why = format!("Precondition failed: UID in precondition: {asked}, UID in object meta: {found}");
    conflict(kind, name, &why)
}

/// 409 of server-side apply.
pub(super) fn apply_conflict(message: &str, causes: Vec<StatusCause>) -> Refusal {
    let mut status = refuse(409, "Conflict", message);
    status.details = Some(StatusDetails {
        name: String::new(),
        group: String::new(),
        kind: String::new(),
        uid: String::new(),
        causes,
        retry_after_seconds: 0,
    });
    status
}

/// 422 with one cause naming the field.
pub(super) fn invalid(kind: &ResourceKind, name: &str, field: &str, reason: &str, problem: &str) -> Refusal {
    let dotted = if kind.group.is_empty() { kind.kind.clone() } else { format!("{}.{}", kind.kind, kind.group) };
    let message = format!("{dotted} \"{name}\" is invalid: {field}: {problem}");
    let mut status = refuse(422, "Invalid", &message);
    let mut details = about(kind, name);
    details.kind.clone_from(&kind.kind);
    details.causes =
        vec![StatusCause { reason: reason.to_owned(), message: problem.to_owned(), field: field.to_owned() }];
    status.details = Some(details);
    status
}

/// 422 of a JSON patch that does not apply; the server says no more than this.
pub(super) fn patch_refused() -> Refusal {
    refuse(422, "Invalid", "the server rejected our request due to an error in our request")
}

/// 422 for request parameters that contradict each other.
pub(super) fn bad_options(message: &str) -> Refusal {
    refuse(422, "Invalid", message)
}

/// 400.
pub(super) fn bad_request(message: &str) -> Refusal {
    refuse(400, "BadRequest", message)
}

/// 405.
pub(super) fn method_not_allowed() -> Refusal {
    refuse(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")
}

/// 410 of a watch or list from a revision that is gone.
pub(super) fn expired(asked: u64, oldest: u64) -> Refusal {
    refuse(410, "Expired", &format!("too old resource version: {asked} ({oldest})"))
}

/// 415.
pub(super) fn unsupported_media_type(content_type: &str) -> Refusal {
    let message = format!("the body of the request was in an unknown format: {content_type}");
    refuse(415, "UnsupportedMediaType", &message)
}

/// 429 of an eviction that a budget does not allow now. There is no time to come back at.
pub(super) fn disruption_budget(budget: &str, desired: i64, healthy: i64) -> Refusal {
    let message = "Cannot evict pod as it would violate the pod's disruption budget.";
    let cause = format!("The disruption budget {budget} needs {desired} healthy pods and has {healthy} currently");
    let mut status = apply_conflict(
        message,
        vec![StatusCause { reason: "DisruptionBudget".to_owned(), message: cause, field: String::new() }],
    );
    (status.code, status.reason) = (429, "TooManyRequests".to_owned());
    status
}

/// 500 of an eviction under more than one budget.
pub(super) fn several_budgets() -> Refusal {
    refuse(500, "", "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.")
}

/// 500.
pub(super) fn internal(message: &str) -> Refusal {
    refuse(500, "InternalError", message)
}

/// 501: what a real server does and this model does not.
pub(super) fn not_modelled(what: &str) -> Refusal {
    refuse(501, "NotImplemented", &format!("the model of the API server does not know {what}"))
}

/// 504 of a request whose outcome the server does not know.
pub(super) fn timed_out() -> Refusal {
    refuse(504, "Timeout", "Timeout: request did not complete within the allotted timeout")
}

/// The answer a fault plan asks for by code.
pub(super) fn by_code(code: u16) -> Refusal {
    match code {
        409 => refuse(
            409,
            "Conflict",
            "Operation cannot be fulfilled: the object has been modified; please apply your changes to the latest version and try again",
        ),
        429 => refuse(429, "TooManyRequests", "too many requests, please try again later"),
        503 => refuse(503, "ServiceUnavailable", "the server is currently unable to handle the request"),
        504 => timed_out(),
        500 => internal("an internal error was asked for by the fault plan"),
        _ => refuse(code, "", "asked for by the fault plan"),
    }
}
