//! Looks at the load of the services of one source, one after the other, beside everything else that is asked of it.
//!
//! Nobody waits for it; whose floor follows the load is woken where more pods are needed than ran, and whose replicas do with
//! every look. It has a budget of its own: one look at a time, one request at a time, and pauses in between, so
//! that it takes about a quarter of the requests that the source allows.

use std::sync::{Arc, Weak};
use std::time::Duration;

use k8s_openapi::jiff::SignedDuration;
use tokio::time::{Instant, sleep};

use super::capacity;
use super::context::Context;
use crate::decide::capacity::Need;
use crate::sense::source::SlotReader;

/// The requests of one look, eight at the most, times four: looks take a quarter of all requests.
const REQUESTS: u32 = 32;

/// Looks until the context is gone. Ended with its source by being aborted. `requests_per_second`: what the source allows.
pub(super) async fn run(source: String, reader: Arc<dyn SlotReader>, requests_per_second: i32, context: Weak<Context>) {
    let rate = u32::try_from(requests_per_second).unwrap_or(1).max(1);
    let pace = Duration::from_secs(1) * REQUESTS / rate;
    loop {
        sleep(pace).await;
        let Some(context) = context.upgrade() else { return };
        if !context.fence.leads(Instant::now()) {
            continue;
        }
        let Some(mut turn) = context.advice.next(&source, context.clock.now()) else { continue };
        let begun = Instant::now();
        let found = capacity::look(&context, &*reader, pace, &mut turn).await;
        let took = SignedDuration::try_from(begun.elapsed()).unwrap_or(SignedDuration::MAX);
        let owns = turn.order.owns;
        let woken = turn.order.follows.clone().filter(|_| owns || found.as_ref().is_ok_and(Need::wants_more));
        context.advice.found(turn, found, took, context.clock.now());
        if let Some(agreement) = woken {
            context.registry.wake(agreement);
        }
    }
}
