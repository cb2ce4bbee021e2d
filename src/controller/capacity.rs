//! Keeps the scaling law of an agreement: begins it from the store's history, feeds it what is new, and asks it.
//!
//! What it says is told in the status and decides nothing. The workload is read now and then, for the starts of its pods
//! and for what they request.

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;
use num_rational::BigRational;

use super::book::Book;
use super::context::Context;
use super::registry::Asked;
use super::sizing::Sizing;
use super::source::SourceHandle;
use crate::api::ServiceLevelAgreement;
use crate::api::capacity::Capacity;
use crate::decide::capacity::{CapacityLaw, Ground, Need};
use crate::evaluate::assessment::Assessment;
use crate::evaluate::span;
use crate::record::status;
use crate::sense::counters::{CounterAsk, Counters, Course, STEP};

/// The workload is read at least so often.
const WORKLOAD_EVERY: SignedDuration = SignedDuration::from_mins(10);
/// A beginning that failed is tried again after this.
const TRY_AGAIN: SignedDuration = SignedDuration::from_mins(1);
/// A law that has not known what to say for so long begins anew: how often the service is scraped may have changed.
const BLIND: SignedDuration = SignedDuration::from_mins(10);
/// The counters of so many hours are read at the beginning, hour by hour; the rates of so many days before them.
const HOURS: usize = 3;
const HOUR: SignedDuration = SignedDuration::from_hours(1);
const DAYS: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How many pods the expected load needs, in every mode. `None`: the agreement does not ask for that.
pub(super) async fn look(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    book: &mut Book,
    asked: &[Asked],
    assessment: &Assessment,
    now: Timestamp,
) -> Option<Need> {
    let Some(capacity) = &agreement.spec.enforcement.capacity else {
        book.sizing = Sizing::default();
        return None;
    };
    let need = match begun(agreement, context, &mut book.sizing, (capacity, asked, assessment), now).await {
        Ok(()) => book.sizing.want(seen_until(context, now)),
        Err(why) => Need::Unknown(why),
    };
    book.sizing.blind(need.pods().is_none(), now, BLIND);
    Some(need)
}

/// The instant up to which samples are read: what was scraped then has arrived.
fn seen_until(context: &Context, now: Timestamp) -> Timestamp {
    now.saturating_sub(context.settle).unwrap_or(now)
}

/// Begins the law, or feeds it what is new.
///
/// # Errors
/// Why nothing can be said, in words.
async fn begun(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    sizing: &mut Sizing,
    (capacity, asked, assessment): (&Capacity, &[Asked], &Assessment),
    now: Timestamp,
) -> Result<(), String> {
    if sizing.is_older_than(WORKLOAD_EVERY, now) {
        let workload =
            agreement.spec.service.workloads.first().ok_or("spec.service.workloads names nothing to scale")?;
        let read_at = status::whole_seconds(context.clock.now());
        let namespace = agreement.namespace().unwrap_or_default();
        let observed = context.workloads.read(&namespace, workload, read_at).await;
        sizing.saw(&observed.map_err(|problem| problem.to_string())?);
    }
    let millicores = sizing.millicores().ok_or(
        "the pods request no CPU, so that nobody knows how busy they are; set resources.requests.cpu of their containers",
    )?;
    let to = step_before(seen_until(context, now));
    let ask = ask(capacity, asked, to)?;
    let ground = ground(capacity, &ask, assessment, (millicores, context.settle))?;
    let source = &agreement.spec.metrics.source_ref.name;
    let handle = context.handles.get(source).ok_or("the source cannot be read just now")?;
    sizing.keep_for(&ground, &ask);
    match sizing.through() {
        Some(through) if to > sizing.asked_through() => {
            let from = through.max(to.saturating_sub(HOUR).unwrap_or(through));
            let counters = handle.read_counters(&CounterAsk { from, ..ask }).await;
            // What could not be read is asked again with what comes next; the law knows how old its samples are.
            if let Some(trouble) = counters.trouble() {
                tracing::debug!(agreement = %agreement.name_any(), %trouble, "no samples for the scaling law");
            }
            sizing.feed(counters, to);
            Ok(())
        }
        Some(_) => Ok(()),
        None => {
            sizing.may_begin(now, TRY_AGAIN)?;
            let begun = begin(&handle, &ask, ground.clone(), sizing).await;
            sizing.begun(begun, &ask)
        }
    }
}

/// A law that has learned from what the store remembers.
async fn begin(
    handle: &SourceHandle,
    ask: &CounterAsk,
    ground: Ground,
    sizing: &Sizing,
) -> Result<CapacityLaw, String> {
    let mut history: Vec<Course> = Vec::new();
    let mut end = ask.to;
    // The newest hour first: an older one is of no use without it.
    for _ in 0..HOURS {
        let from = end.saturating_sub(HOUR).unwrap_or(end);
        let counters = handle.read_counters(&CounterAsk { from, to: end, ..ask.clone() }).await;
        match counters {
            Counters::Read(course) if history.last().is_none_or(|newer| newer.bounds == course.bounds) => {
                history.push(course);
                end = from;
            }
            other if history.is_empty() => return Err(other.trouble().unwrap_or_default()),
            _ => break,
        }
    }
    history.reverse();
    let from = end.saturating_sub(DAYS).unwrap_or(end);
    // Without the days before it is only the daily course that has to be learned anew.
    let rates = handle.read_rates(&CounterAsk { from, to: end, ..ask.clone() }).await.unwrap_or_default();
    Ok(CapacityLaw::calibrated(ground, sizing.starts(), &rates, &history))
}

/// What is asked of the source up to an instant.
fn ask(capacity: &Capacity, asked: &[Asked], to: Timestamp) -> Result<CounterAsk, String> {
    let named = |name: &str| asked.iter().find(|asked| asked.objective == name);
    let requests = named(&capacity.objective).and_then(|asked| Some((asked, asked.indicator.latency.clone()?)));
    let (requests, latency) = requests.ok_or("enforcement.capacity.objective names no objective on latency")?;
    let availability = capacity.availability.as_deref().and_then(named);
    Ok(CounterAsk {
        latency,
        errors: availability.and_then(|asked| asked.indicator.ratio.as_ref()?.bad.clone()),
        cpu: capacity.cpu.clone(),
        in_flight: capacity.in_flight.clone(),
        tenancy: requests.tenancy.clone(),
        from: to,
        to,
    })
}

/// What the law is set up with.
fn ground(
    capacity: &Capacity,
    ask: &CounterAsk,
    assessment: &Assessment,
    (millicores, lag): (i64, SignedDuration),
) -> Result<Ground, String> {
    let target = |name: &str| assessment.objectives.iter().find(|o| o.name == name).map(|o| o.target.clone());
    Ok(Ground {
        latency: span::elapsed(&ask.latency.threshold).map_err(|error| error.to_string())?,
        good: target(&capacity.objective).ok_or("enforcement.capacity.objective is not assessed yet")?,
        available: capacity
            .availability
            .as_deref()
            .and_then(target)
            .unwrap_or_else(|| BigRational::from_integer(0.into())),
        millicores,
        lag,
    })
}

/// The last step that is not after an instant. Steps are counted from 1970, so that all readings have the same.
fn step_before(at: Timestamp) -> Timestamp {
    let seconds = at.as_second().saturating_sub(at.as_second().rem_euclid(STEP.as_secs()));
    Timestamp::from_second(seconds).unwrap_or(at)
}
