//! The eviction of one pod, through its `Eviction` subresource: what the API server refuses for a `PodDisruptionBudget`
//! stays refused. Never a deletion in its place.
//!
//! Two requests. First a dry run with the pod's uid as precondition: it asks uid and budgets and charges nothing. Then the
//! same in earnest: a uid that does not hold any more is refused there too, but a budget has been charged by then, for two
//! minutes. A resource version would make that likely, so there is none.
//!
//! The request is built here: kube's own `Api::evict` calls the field `delete_options`, which the API server drops without a
//! word, and the precondition with it. Strict field validation turns such a slip into a refusal.

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
mod tests;

use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::policy::v1::Eviction;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{DeleteOptions, ObjectMeta, Preconditions};
use kube::api::PostParams;
use kube::core::{Request, Status};
use kube::{Api, Client};

use crate::api::reschedule_status::Obstacle;
use crate::decide::Step;

use super::call::{self, Bound, Failure};
use super::outcome::WriteResult;

/// By what the API server names a disruption budget among the causes of a refusal.
const DISRUPTION_BUDGET: &str = "DisruptionBudget";
/// What it says where more than one selects the pod: an internal error without a reason.
const SEVERAL_BUDGETS: &str = "more than one PodDisruptionBudget";

/// Evicts the step's pod.
pub(super) async fn write(client: &Client, namespace: &str, step: &Step, bound: Bound) -> Result<String, Failure> {
    let tried = post(client, namespace, step, true, bound).await;
    // Whatever became of a dry run, nothing happened.
    tried.map_err(|failure| match failure.result {
        WriteResult::Unknown => {
            Failure::new(hindered(Obstacle::Busy), format!("asked whether it may be evicted: {}", failure.message))
        }
        _ => failure,
    })?;
    post(client, namespace, step, false, bound).await?;
    Ok(String::new())
}

async fn post(client: &Client, namespace: &str, step: &Step, dry_run: bool, bound: Bound) -> Result<(), Failure> {
    let unbuilt = |error: &dyn std::fmt::Display| Failure::new(WriteResult::Refused, error.to_string());
    let target = &step.target;
    let eviction = Eviction {
        metadata: ObjectMeta {
            name: Some(target.name.clone()),
            namespace: Some(namespace.to_owned()),
            ..ObjectMeta::default()
        },
        delete_options: Some(DeleteOptions {
            preconditions: Some(Preconditions { uid: Some(target.uid.clone()), resource_version: None }),
            ..DeleteOptions::default()
        }),
    };
    let body = serde_json::to_vec(&eviction).map_err(|error| unbuilt(&error))?;
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let params = PostParams { dry_run, field_manager: None };
    let request = Request::new(pods.resource_url()).create_subresource("eviction", &target.name, &params, body);
    let mut request = request.map_err(|error| unbuilt(&error))?;
    let separator = if request.uri().query().is_some_and(|query| !query.is_empty()) { '&' } else { '?' };
    let uri = request.uri().to_string();
    let uri = format!("{}{separator}fieldValidation=Strict", uri.trim_end_matches('?'));
    *request.uri_mut() = uri.parse().map_err(|error| unbuilt(&error))?;
    // The code is the answer; a body that was cut off takes nothing from it.
    bound.call_for(client.request_text(request), failure).await.map(drop)
}

fn failure(error: kube::Error) -> Failure {
    match error {
        kube::Error::Api(status) => refused(&status),
        other => call::failure(other),
    }
}

fn refused(status: &Status) -> Failure {
    let causes = || status.details.iter().flat_map(|details| &details.causes);
    let budget = causes().find(|cause| cause.reason == DISRUPTION_BUDGET);
    let retry_after = status.details.as_ref().map_or(0, |details| details.retry_after_seconds);
    let (code, message) = (status.code, &status.message);
    match code {
        404 => Failure::new(hindered(Obstacle::Changed), format!("the pod is gone ({code})")),
        409 => {
            Failure::new(hindered(Obstacle::Changed), format!("another pod bears its name by now: {message} ({code})"))
        }
        429 => match budget {
            Some(cause) => Failure::new(
                WriteResult::Hindered { obstacle: Obstacle::DisruptionBudget, retry_after },
                format!("{message} {} ({code})", cause.message),
            ),
            None => Failure::new(
                WriteResult::Hindered { obstacle: Obstacle::Busy, retry_after },
                format!("{message} ({code})"),
            ),
        },
        500 if message.contains(SEVERAL_BUDGETS) => {
            Failure::new(hindered(Obstacle::SeveralBudgets), format!("{message} ({code})"))
        }
        403 => Failure::new(
            hindered(Obstacle::Forbidden),
            format!("{message} ({code}); the chart grants it with rbac.reschedule=true"),
        ),
        400..=499 => Failure::new(hindered(Obstacle::Forbidden), format!("{message} ({code})")),
        _ => Failure::new(WriteResult::Unknown, format!("{message} ({code})")),
    }
}

fn hindered(obstacle: Obstacle) -> WriteResult {
    WriteResult::Hindered { obstacle, retry_after: 0 }
}
