//! One request to the API server, bounded in time, its failure told apart.
//!
//! The bound is on the call and not on the client: a read timeout of the client also ends idle watches. A call that was
//! given up says nothing about what is there.

use std::time::Duration;

use super::problem::WorkloadProblem;

/// The answer, within `limit`. `what` names in words what is asked for.
pub(super) async fn bounded<T>(
    limit: Duration,
    what: &str,
    call: impl Future<Output = kube::Result<T>>,
) -> Result<T, WorkloadProblem> {
    match tokio::time::timeout(limit, call).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(problem(what, error)),
        Err(_) => Err(WorkloadProblem::TimedOut { what: what.to_owned() }),
    }
}

fn problem(what: &str, error: kube::Error) -> WorkloadProblem {
    let what = what.to_owned();
    match error {
        kube::Error::Api(status) if status.code == 404 => WorkloadProblem::NotFound { what },
        kube::Error::Api(status) if status.code == 403 => {
            WorkloadProblem::Forbidden { what, message: status.message.clone() }
        }
        // 504: the server's own time was up.
        kube::Error::Api(status) if status.code == 504 => WorkloadProblem::TimedOut { what },
        other => WorkloadProblem::Failed { what, message: other.to_string() },
    }
}
