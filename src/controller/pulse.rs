//! Feels the pulse of all agreements of one source: reads the last minute of their objectives, round after round, and wakes
//! those for which it proves an outage, or one that it proved is over.
//!
//! All are asked together, so that a round costs about as many requests as one slot does, however many agreements there
//! are. It runs beside the reading of slots, and takes at most a quarter of the requests that the source allows: where a
//! round needs more, the next one comes later. Nobody waits for it.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep, timeout};

use super::context::Context;
use super::pulses::Order;
use crate::decide::danger::pulse::{Beat, WINDOW};
use crate::evaluate::indicator;
use crate::record::metrics::Pulse;
use crate::record::status;
use crate::sense::reader::{IndicatorAsk, IndicatorReading, ReadingKey, SlotRange};
use crate::sense::source::SlotReader;

/// The minute ends so long ago: a scrape arrives a moment after its samples' time, and what of it has arrived must not
/// differ between two questions.
const LAG: SignedDuration = SignedDuration::from_secs(2);
/// A round that takes longer tells of another time than the present.
const PATIENCE: Duration = Duration::from_secs(10);
/// Rounds take one in so many of the requests that the source allows.
const SHARE: u32 = 4;

/// Feels it until the context is gone. Ended with its source by being aborted. `requests_per_second`: what the source
/// allows.
pub(super) async fn run(source: String, reader: Arc<dyn SlotReader>, requests_per_second: i32, context: Weak<Context>) {
    let rate = u32::try_from(requests_per_second).unwrap_or(1).max(1);
    let mut pause = Duration::ZERO;
    loop {
        let Some(every) = context.upgrade().map(|context| context.pulse) else { return };
        sleep(every.max(pause)).await;
        let Some(context) = context.upgrade() else { return };
        pause = Duration::ZERO;
        if !context.fence.leads(Instant::now()) {
            continue;
        }
        let orders = context.pulses.of(&source);
        if !orders.is_empty() {
            let requests = round(&source, &*reader, &context, &orders).await;
            pause = Duration::from_secs(1) * SHARE.saturating_mul(requests) / rate;
        }
    }
}

/// One round; gives how many requests it took.
async fn round(source: &str, reader: &dyn SlotReader, context: &Context, orders: &[(String, Order)]) -> u32 {
    let now = context.clock.now();
    let at = status::whole_seconds(now.saturating_sub(LAG).unwrap_or(now));
    let asks = asks(orders, at);
    let Ok((readings, stats)) = timeout(PATIENCE, reader.read_slots(&asks)).await else {
        context.metrics.pulse(source, Pulse::Unknown, asks.len());
        tracing::debug!(source, "no pulse within {} s", PATIENCE.as_secs());
        return u32::try_from(asks.len()).unwrap_or(u32::MAX);
    };
    context.metrics.asked(source, stats.requests as u64);
    let changed = enter(source, context, orders, &readings, at);
    // All that began together is known before anybody decides on it.
    for (uid, order, began) in &changed {
        if let Some(since) = began {
            context.fleet.proved(uid, *since);
            tracing::info!(agreement = %order.reference.name, "the last minute proves an outage");
        }
    }
    for (_, order, _) in changed {
        context.registry.wake(order.reference.clone());
    }
    u32::try_from(stats.requests).unwrap_or(u32::MAX)
}

fn asks(orders: &[(String, Order)], at: Timestamp) -> Vec<IndicatorAsk> {
    let seconds = u32::try_from(WINDOW.as_secs()).unwrap_or(u32::MAX);
    // An instant so early that it has no minute before it has no pulse either.
    let Ok(slots) = SlotRange::window(at, seconds) else { return Vec::new() };
    let asked = orders.iter().flat_map(|(uid, order)| order.objectives.iter().map(move |(_, asked)| (uid, asked)));
    asked
        .map(|(uid, asked)| IndicatorAsk {
            key: ReadingKey { agreement: uid.clone(), objective: asked.objective.clone() },
            indicator: asked.indicator.clone(),
            tenancy: asked.tenancy.clone(),
            slots,
        })
        .collect()
}

/// Enters all readings; gives the agreements for which something changed, with since when an outage is proven that was not.
fn enter<'a>(
    source: &str,
    context: &Context,
    orders: &'a [(String, Order)],
    readings: &[IndicatorReading],
    at: Timestamp,
) -> Vec<(&'a str, &'a Order, Option<Timestamp>)> {
    let of: HashMap<&ReadingKey, &IndicatorReading> = readings.iter().map(|reading| (&reading.key, reading)).collect();
    let mut changed = Vec::new();
    for (uid, order) in orders {
        let (mut began, mut any) = (None, false);
        for (rule, asked) in &order.objectives {
            let key = ReadingKey { agreement: uid.clone(), objective: asked.objective.clone() };
            let Some(minute) = of.get(&key).and_then(|reading| reading.slots.first()) else { continue };
            // No generation: it is entered in no ledger.
            let minute = indicator::slot(&asked.indicator, minute, 0);
            let Some((beat, change)) = context.pulses.enter(uid, order, rule, &minute, at) else { continue };
            context.metrics.pulse(source, told(beat), 1);
            began = began.or(change.began);
            any |= change.began.is_some() || change.ended;
        }
        if any {
            changed.push((uid.as_str(), order, began));
        }
    }
    changed
}

fn told(beat: Beat) -> Pulse {
    match beat {
        Beat::Outage => Pulse::Outage,
        Beat::Calm => Pulse::Calm,
        Beat::Unknown => Pulse::Unknown,
    }
}
