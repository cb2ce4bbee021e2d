//! What the metrics source no longer has: the slots that can not be read any more, and what an agreement is told of it.

use std::num::NonZeroUsize;

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::Resource;

use super::book::OpenLedger;
use super::context::Context;
use super::registry::{Due, Registry};
use crate::api::ServiceLevelAgreement;
use crate::api::agreement_status::AgreementStatus;
use crate::api::condition::{self, ConditionStatus};
use crate::evaluate::ledger::Ledger;
use crate::evaluate::slot::UnknownCause;
use crate::evaluate::span;
use crate::sense::observation::{Failure, FailureKind, Reading, ReadingPair, SlotReading};

/// Delivers those slots that are due and began before `horizon`, without asking for them, and gives back what is to be
/// asked.
///
/// Some of their samples may still be there: a store deletes whole blocks, and late. But of a slot at the edge of what
/// is deleted a part may be gone, which would look like less traffic.
pub(super) fn give_up(registry: &Registry, due: Vec<Due>, horizon: Timestamp) -> Vec<Due> {
    let (lost, rest): (Vec<Due>, Vec<Due>) = due.into_iter().partition(|due| due.from < horizon);
    for due in &lost {
        let slot = SignedDuration::from_secs(due.asks.slot_seconds.max(1));
        let starts = std::iter::successors(Some(due.from), |start| start.checked_add(slot).ok());
        let starts: Vec<Timestamp> = starts.take_while(|start| *start < horizon && *start < due.to).collect();
        let through = starts.last().and_then(|last| last.checked_add(slot).ok()).unwrap_or(due.from);
        let readings = due.asks.asked.iter().flat_map(|asked| {
            let name = &asked.objective;
            starts.iter().map(move |start| (name.clone(), beyond(*start)))
        });
        registry.deliver(due, readings.collect(), through, None);
    }
    rest
}

fn beyond(start: Timestamp) -> SlotReading {
    let words = UnknownCause::BeyondRetention.words().to_owned();
    let failed = Reading::Failed(Failure { kind: FailureKind::BeyondRetention, message: words });
    let counted = ReadingPair { total: failed.clone(), part: failed };
    SlotReading { start, counted, born: None, all_births: None, samples: Reading::Absent, deployed: None }
}

/// Says whether slots were lost, or could be.
pub(super) fn condition(
    next: &mut AgreementStatus,
    agreement: &ServiceLevelAgreement,
    context: &Context,
    open: &OpenLedger,
    now: Timestamp,
) {
    let source = &agreement.spec.metrics.source_ref.name;
    // A leader that has just begun does not know yet; what was said stands.
    let Some(handle) = context.handles.get(source) else { return };
    let keeps = handle.keeps();
    let lost = lost(&open.ledger).map(|slots| {
        format!(
            "{slots} slots of this period were older than what MetricsSource {source} keeps when they could be read; \
             they stay unknown"
        )
    });
    let short = keeps.and_then(|keeps| {
        let period = SignedDuration::from_secs(open.ledger.bounds().seconds());
        let closing = context.settle.saturating_add(context.grace);
        (period.saturating_add(closing) > keeps).then(|| {
            let [period, closing, keeps] = [period, closing, keeps].map(|length| span::text(length.as_secs()));
            format!(
                "a period of {period} and the {closing} until it is settled are longer than MetricsSource {source} \
                 keeps samples ({keeps}): what an outage leaves unread for longer stays unknown; let the store keep \
                 more, or agree on shorter periods"
            )
        })
    });
    let reason = if lost.is_some() { "SlotsLost" } else { "PeriodTooLong" };
    let words: Vec<String> = lost.into_iter().chain(short).collect();
    let (conditions, kind, generation) =
        (&mut next.conditions, condition::BEYOND_RETENTION, agreement.meta().generation);
    if words.is_empty() {
        condition::clear(conditions, kind);
    } else {
        condition::set(conditions, kind, ConditionStatus::True, reason, &words.join("; "), generation, now);
    }
}

/// How many slots of a ledger were lost, each once however many objectives lost it.
fn lost(ledger: &Ledger) -> Option<NonZeroUsize> {
    let beyond = |name| {
        let slots = ledger.slots(name).iter();
        slots.filter(|slot| slot.unknown_cause() == Some(UnknownCause::BeyondRetention)).count()
    };
    ledger.objectives().map(beyond).max().and_then(NonZeroUsize::new)
}
