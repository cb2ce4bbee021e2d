//! Reads everything due of one source, round after round, and leaves the readings in the registry.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use tokio::time::sleep;

use super::context::Context;
use super::registry::{Due, Registry};
use super::retention;
use crate::sense::observation::{Failure, FailureKind, Reading, SlotReading};
use crate::sense::reader::{IndicatorAsk, IndicatorReading, ReadingKey, SlotRange};
use crate::sense::source::SlotReader;

/// Longest pause between two looks at what is due.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Up to so many slots behind, agreements are read in ranges that they share; beyond it the slots asked in vain would
/// cost more than the requests.
const SHARED_SLOTS: u32 = 512;
/// The pause after a round in which the store gave no usable answer to anybody.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// Reads until the context is gone. Ended with its source by being aborted.
pub(super) async fn run(
    source: String,
    reader: Arc<dyn SlotReader>,
    silent_rounds: Arc<AtomicU32>,
    context: Weak<Context>,
) {
    loop {
        let Some(context) = context.upgrade() else { return };
        let registry = Arc::clone(&context.registry);
        // Listens before it looks, so that nothing registered in between is slept through.
        let mut changed = pin!(registry.changed());
        changed.as_mut().enable();
        let now = context.clock.now();
        let (due, next) = registry.due(&source, now, context.settle);
        let nothing_due = due.is_empty();
        let keeps = context.handles.get(&source).and_then(|handle| handle.keeps());
        let due = match keeps.and_then(|keeps| now.checked_sub(keeps).ok()) {
            Some(horizon) => retention::give_up(&registry, due, horizon),
            None => due,
        };
        let pause = if nothing_due {
            pause_until(next, now)
        } else if due.is_empty() {
            // Nothing that the store still has; the rest is due at once.
            Duration::ZERO
        } else if round(&source, &*reader, &context, &due).await {
            silent_rounds.store(0, Ordering::Relaxed);
            Duration::ZERO
        } else {
            silent_rounds.fetch_add(1, Ordering::Relaxed);
            AFTER_FAILURE
        };
        drop(context);
        tokio::select! {
            () = sleep(pause) => {}
            () = changed => {}
        }
    }
}

fn pause_until(next: Option<Timestamp>, now: Timestamp) -> Duration {
    let wait = next.and_then(|next| Duration::try_from(next.duration_since(now)).ok());
    wait.unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE)
}

/// Reads what is due. Whether anything was read at all.
async fn round(source: &str, reader: &dyn SlotReader, context: &Context, due: &[Due]) -> bool {
    let asks: Vec<IndicatorAsk> = due.iter().flat_map(asks_of).collect();
    let (readings, stats) = reader.read_slots(&asks).await;
    let lag = due.iter().filter_map(first_end).min().map_or(0.0, |oldest| {
        let ready = oldest.checked_add(context.settle).unwrap_or(oldest);
        context.clock.now().duration_since(ready).as_secs_f64().max(0.0)
    });
    context.metrics.read(source, stats.requests as u64, stats.lone as u64, lag);
    let mut by_agreement: HashMap<&str, Vec<&IndicatorReading>> = HashMap::new();
    for reading in &readings {
        by_agreement.entry(&reading.key.agreement).or_default().push(reading);
    }
    let mut any = false;
    for due in due {
        let of_this = by_agreement.get(due.uid.as_str()).map_or(&[] as &[_], Vec::as_slice);
        any |= deliver(&context.registry, due, of_this);
    }
    any
}

/// The end of the oldest slot that is asked for.
fn first_end(due: &Due) -> Option<Timestamp> {
    due.from.checked_add(SignedDuration::from_secs(due.asks.slot_seconds)).ok()
}

/// What is asked for one agreement.
///
/// Only questions about the same slots can be joined, and after a restart every agreement is behind by another number
/// of slots. So that many is rounded up to a power of two: a dozen ranges at most for all agreements together. What
/// lies before `due.from` is asked in vain and never delivered.
fn asks_of(due: &Due) -> Vec<IndicatorAsk> {
    let slot = due.asks.slot_seconds.max(1);
    let seconds = u32::try_from(slot).unwrap_or(0);
    let behind = u32::try_from(due.to.as_second().saturating_sub(due.from.as_second()) / slot).unwrap_or(0);
    let count = if behind <= SHARED_SLOTS { behind.next_power_of_two() } else { behind };
    let span = SignedDuration::from_secs(slot.saturating_mul(count.into()));
    // Slots are on the grid by the registry's doing; were they not, nothing would be asked rather than the wrong thing.
    let Ok(slots) = SlotRange::new(due.to.saturating_sub(span).unwrap_or(due.from), seconds, count) else {
        return Vec::new();
    };
    let ask = |asked: &super::registry::Asked| IndicatorAsk {
        key: ReadingKey { agreement: due.uid.clone(), objective: asked.objective.clone() },
        indicator: asked.indicator.clone(),
        tenancy: asked.tenancy.clone(),
        slots,
    };
    due.asks.asked.iter().map(ask).collect()
}

/// Hands over every slot that has an answer. The first slot for which an objective has none, and all after it, are asked
/// again in the next round: they are not unknown yet.
fn deliver(registry: &Registry, due: &Due, readings: &[&IndicatorReading]) -> bool {
    let slot = SignedDuration::from_secs(due.asks.slot_seconds);
    let mut through = due.to;
    let mut failure: Option<Failure> = None;
    for reading in readings {
        let mut wanted = reading.slots.iter().filter(|s| s.start >= due.from);
        if let Some((at, why)) = wanted.find_map(|s| Some((s.start, unanswered(s)?)))
            && (failure.is_none() || at < through)
        {
            through = through.min(at);
            failure = Some(why.clone());
        }
    }
    let complete = readings.len() == due.asks.asked.len();
    if !complete {
        through = due.from;
    }
    let slots = readings
        .iter()
        .flat_map(|r| r.slots.iter().map(|s| (r.key.objective.clone(), s.clone())))
        .filter(|(_, s)| due.from <= s.start && s.start.checked_add(slot).is_ok_and(|end| end <= due.to))
        .filter(|(_, s)| unanswered(s).is_none())
        .collect();
    let failure = failure.or_else(|| readings.iter().find_map(|reading| objection(reading)));
    registry.deliver(due, slots, through, failure);
    through > due.from
}

/// Why the latest slot of an objective could not be asked at all: it is in the ledger as unknown, and only these words
/// say which field to correct, and to what.
fn objection(reading: &IndicatorReading) -> Option<Failure> {
    let counted = &reading.slots.last()?.counted;
    [&counted.total, &counted.part].into_iter().find_map(|figure| match figure {
        Reading::Failed(why) if matches!(why.kind, FailureKind::Expression | FailureKind::WrongType) => {
            let message = format!("{}: {}", reading.key.objective, why.message);
            Some(Failure { kind: why.kind, message })
        }
        _ => None,
    })
}

/// Why a slot has no answer that could be entered. An expression that cannot be asked *is* an answer: it will not
/// become another one by asking again.
fn unanswered(slot: &SlotReading) -> Option<&Failure> {
    let stays = |kind| matches!(kind, FailureKind::Expression | FailureKind::WrongType);
    slot.figures().filter_map(Reading::failure).find(|failure| !stays(failure.kind))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use kube::runtime::reflector::ObjectRef;
    use tokio::sync::mpsc;

    use super::super::registry::{Asked, Asks};
    use super::*;
    use crate::api::objective::{Indicator, RatioIndicator};
    use crate::sense::observation::ReadingPair;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn asks() -> Asks {
        let ratio = RatioIndicator { total: "t".to_owned(), bad: Some("b".to_owned()), good: None };
        let indicator = Indicator { ratio: Some(ratio), ..Indicator::default() };
        let asked = Asked { objective: "availability".to_owned(), indicator, tenancy: Vec::new() };
        Asks { source: "main".to_owned(), slot_seconds: 60, asked: Arc::new(vec![asked]), until: at(1_000_000) }
    }

    fn behind(slots: i64) -> Due {
        let to = 600_000;
        Due { uid: "u".to_owned(), asks: Arc::new(asks()), from: at(to - 60 * slots), to: at(to), second_look: false }
    }

    #[test]
    fn agreements_that_are_behind_by_different_times_share_few_ranges() {
        let ranges: BTreeSet<SlotRange> = (1..=512).map(|n| asks_of(&behind(n))[0].slots).collect();
        assert_eq!(ranges.len(), 10);
        for n in [1, 2, 3, 60, 511, 512, 513, 1440] {
            let slots = asks_of(&behind(n))[0].slots;
            let starts: Vec<Timestamp> = slots.starts().collect();
            assert!(starts.contains(&behind(n).from) && starts.last() == Some(&at(600_000 - 60)), "{n}");
            assert!(i64::from(slots.count()) < 2 * n, "{n}");
        }
    }

    #[test]
    fn what_was_asked_in_vain_is_not_delivered_and_cannot_hold_anything_up() {
        let (wake, _woken) = mpsc::unbounded_channel();
        let registry = Registry::new(wake);
        let due = behind(3);
        registry.register("u", ObjectRef::new("web"), asks(), due.from);
        let failed = Reading::Failed(Failure { kind: FailureKind::TimedOut, message: String::new() });
        let slots = asks_of(&due)[0].slots.starts().map(|start| {
            let figure = if start < due.from { failed.clone() } else { Reading::Absent };
            let counted = ReadingPair { total: figure.clone(), part: figure.clone() };
            SlotReading { start, counted, born: None, all_births: None, samples: figure, deployed: None }
        });
        let key = ReadingKey { agreement: "u".to_owned(), objective: "availability".to_owned() };
        let reading =
            IndicatorReading { key, form: crate::api::metrics_source::IncreaseForm::Anchored, slots: slots.collect() };
        assert_eq!(reading.slots.len(), 4);
        assert!(deliver(&registry, &due, &[&reading]));
        let delivery = registry.take("u");
        let starts: Vec<Timestamp> = delivery.readings.iter().map(|(_, slot)| slot.start).collect();
        assert_eq!(starts, [due.from, at(600_000 - 120), at(600_000 - 60)]);
        assert_eq!(delivery.failure, None);
    }

    fn reading_of(part: Reading) -> IndicatorReading {
        let slot = SlotReading {
            start: Timestamp::UNIX_EPOCH,
            counted: ReadingPair { total: Reading::Absent, part },
            born: None,
            all_births: None,
            samples: Reading::Absent,
            deployed: None,
        };
        let key = ReadingKey { agreement: "u".to_owned(), objective: "latency".to_owned() };
        IndicatorReading { key, form: crate::api::metrics_source::IncreaseForm::Anchored, slots: vec![slot] }
    }

    fn failed(kind: FailureKind) -> Reading {
        Reading::Failed(Failure { kind, message: "threshold: no bucket at 0.3".to_owned() })
    }

    #[test]
    fn what_cannot_be_asked_is_entered_and_its_words_are_passed_on() {
        let refused = reading_of(failed(FailureKind::Expression));
        assert_eq!(refused.slots.first().and_then(unanswered), None, "it is an answer");
        let words = objection(&refused).map(|failure| failure.message);
        assert_eq!(words.as_deref(), Some("latency: threshold: no bucket at 0.3"));
        assert_eq!(objection(&reading_of(failed(FailureKind::TimedOut))), None, "asked again, so no objection");
        assert_eq!(objection(&reading_of(Reading::Absent)), None);
    }
}
