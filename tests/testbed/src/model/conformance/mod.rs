//! What the model claims about Kubernetes, as checks any client can run: the model must pass them, and so must a real server.
//!
//! Each check takes a client and an existing namespace nothing was checked in before, makes objects under names of its own, and says what differs.
//! It assumes controllers may or may not run: no check creates pods, and none relies on a resourceVersion nobody else moves.

mod discovery;
mod lifecycle;
mod objects;
mod ownership;
mod patching;
mod scale;
mod status;
mod watching;

use std::future::Future;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use futures::FutureExt;
use futures::future::BoxFuture;
use kube::Client;
use kube::core::Status;

/// How long something is waited for. Machines are shared; this bounds a failure, not a success.
const LIMIT: Duration = Duration::from_secs(180);

/// One claim about the API server.
#[derive(Clone, Copy)]
pub struct Check {
    /// The claim.
    pub name: &'static str,
    run: fn(Client, String) -> BoxFuture<'static, Result<()>>,
}

impl Check {
    /// Runs the check against a server, in an existing namespace.
    ///
    /// # Errors
    /// What differs from the claim.
    pub async fn run(&self, client: Client, namespace: &str) -> Result<()> {
        let run = (self.run)(client, namespace.to_owned());
        run.await.with_context(|| self.name.to_owned())
    }
}

/// Every check. They are independent of each other and may run in one namespace, in any order.
#[must_use]
pub fn checks() -> Vec<Check> {
    macro_rules! table {
        ($($name:literal => $run:path,)*) => {
            vec![$(Check { name: $name, run: |client, namespace| $run(client, namespace).boxed() },)*]
        };
    }
    table![
        "create sets identity, and refuses a second one" => lifecycle::create,
        "generateName makes a name" => lifecycle::generate_name,
        "a stale PUT is 409, one without resourceVersion wins" => lifecycle::put,
        "a lease is never overwritten without resourceVersion" => lifecycle::lease,
        "equal writes do not move the resourceVersion" => lifecycle::equal_writes,
        "generation counts changes of spec only" => lifecycle::generation,
        "an HPA has no generation" => lifecycle::autoscaler_without_generation,
        "finalizers hold a deletion back" => lifecycle::finalizers,
        "deletion checks its preconditions" => lifecycle::deletion_preconditions,
        "a dry run stores nothing" => lifecycle::dry_run,
        "minReplicas above maxReplicas is 422 at spec.maxReplicas" => lifecycle::autoscaler_bounds,
        "a stale resourceVersion in a merge patch is 409" => patching::merge_stale,
        "another uid in a merge patch is 422" => patching::merge_uid,
        "null in a merge patch removes" => patching::merge_null,
        "a failed test of a JSON patch is 422" => patching::json_test,
        "a test for null holds for an absent field" => patching::json_test_absent,
        "a patch of what is not there is 404" => patching::missing,
        "status writes and main writes keep off each other" => status::split,
        "an apply of status owns conditions by type" => status::conditions,
        "apply conflicts name the owner and the field" => ownership::conflict,
        "force takes the field" => ownership::force,
        "equal values are shared without conflict" => ownership::shared,
        "leaving a field out of an apply removes it" => ownership::release,
        "an apply with a uid never creates" => ownership::uid,
        "an entry of managedFields can be removed" => ownership::strip,
        "an unnamed writer is called unknown" => ownership::unnamed,
        "scale: stale is 409, PUT without resourceVersion wins" => scale::preconditions,
        "scale: another uid is 409" => scale::uid,
        "scale: a write is owned under its subresource" => scale::owned,
        "scale of a custom resource is laxer" => scale::custom,
        "label selectors" => watching::labels,
        "a watch reports what enters and leaves a selection" => watching::selection,
        "the reflector of kube-runtime follows" => watching::reflected,
        "a repeated event becomes a series" => watching::events,
        "discovery tells scope and subresources" => discovery::pinned,
    ]
}

/// The refusal a call must have met, by code.
fn refused<T>(code: u16, result: kube::Result<T>) -> Result<Box<Status>> {
    match result {
        Ok(_) => bail!("accepted, but {code} was due"),
        Err(kube::Error::Api(status)) => {
            ensure!(status.code == code, "{code} was due, not {status:?}");
            Ok(status)
        }
        Err(other) => bail!("{code} was due, not {other}"),
    }
}

/// Runs a future that may not end, for a bounded time.
async fn bounded<T>(future: impl Future<Output = T>) -> Result<T> {
    tokio::time::timeout(LIMIT, future).await.with_context(|| format!("did not happen within {LIMIT:?}"))
}
