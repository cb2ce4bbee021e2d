//! Asks the source by pod, for an agreement in danger: just now, and before its last rollout.
//!
//! Only what a decision can rest on is asked for: nothing while the account is old or many services burn together, and of
//! the endangered objectives the one that burns fastest.

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;

use super::book::Book;
use super::context::Context;
use super::registry::Asked;
use crate::api::ServiceLevelAgreement;
use crate::decide::FleetView;
use crate::decide::cause::YOUNG;
use crate::decide::danger::pulse::Present;
use crate::record::status;
use crate::sense::signals::{self, SignalAsk, Signals};
use crate::sense::workload::WorkloadObservation;

/// The window ends a moment before a rollout began, so that no request of the new revision is in it.
const BEFORE: SignedDuration = SignedDuration::from_secs(5);

/// The endangered objective by pod, in the window that ends now.
pub(super) async fn just_now(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    asked: &[Asked],
    present: Present<'_>,
    fleet: &FleetView,
) -> Signals {
    if fleet.burns_as_one() {
        return Signals::NotAsked("many services burn together, so no part of one is to blame".to_owned());
    }
    ask(agreement, context, asked, present, status::whole_seconds(context.clock.now())).await
}

/// The endangered objective by pod before the rollout that brought the present pods, if it was through not long ago. It
/// is asked once: what was then does not change.
pub(super) async fn before(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    book: &mut Book,
    asked: &[Asked],
    present: Present<'_>,
    workload: &WorkloadObservation,
    now: Timestamp,
) -> Signals {
    let nothing = |why: &str| Signals::NotAsked(why.to_owned());
    let Some(through) = workload.rolled_out_at.filter(|through| now.duration_since(*through) <= YOUNG) else {
        return nothing("no rollout was through within the last half hour");
    };
    let began = workload.pods.iter().filter_map(|pod| pod.created).min().map_or(through, |first| first.min(through));
    let Ok(at) = began.checked_sub(BEFORE) else { return nothing("the rollout began before time did") };
    if let Some((_, signals)) = book.before_rollout.as_ref().filter(|(known, _)| *known == at) {
        return signals.clone();
    }
    let signals = ask(agreement, context, asked, present, at).await;
    if matches!(signals, Signals::ByPod(_) | Signals::Empty | Signals::NotByPod(_)) {
        book.before_rollout = Some((at, signals.clone()));
    }
    signals
}

/// The endangered objective by pod, in the window that ends at `at`.
async fn ask(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    asked: &[Asked],
    present: Present<'_>,
    at: Timestamp,
) -> Signals {
    let nothing = |why: &str| Signals::NotAsked(why.to_owned());
    let Some(worst) = present.worst() else { return nothing("nothing is in danger") };
    let Some(asked) = asked.iter().find(|asked| asked.objective == worst) else {
        return Signals::NotByPod(format!("{worst} is a pool of several indicators"));
    };
    let source = &agreement.spec.metrics.source_ref.name;
    let Some(handle) = context.handles.get(source) else { return nothing("the source cannot be read just now") };
    let window = signals::window(agreement.spec.metrics.slot);
    let ask = SignalAsk {
        indicator: asked.indicator.clone(),
        tenancy: asked.tenancy.clone(),
        at,
        window_seconds: u32::try_from(window.as_secs()).unwrap_or(u32::MAX),
    };
    let signals = handle.read_signals(&ask).await;
    if let Some(trouble) = signals.trouble() {
        tracing::debug!(agreement = %agreement.name_any(), %trouble, "nothing is known by pod");
    }
    signals
}
