//! How many pods the load of a service needs: what is asked for, how it is looked at, and how it is told.
//!
//! What the scaling law says is told in the status; where the agreement asks for that, a floor or the replicas follow it
//! ([`followed`]). A
//! reconcile only says what is to be looked at ([`tell`]); the looks are made beside it, by the [`adviser`](super::adviser) of
//! the source.

use std::time::Duration;

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;
use kube::runtime::reflector::ObjectRef;
use num_rational::BigRational;
use tokio::time::sleep;

use super::advice::{self, Turn};
use super::context::Context;
use super::registry::Asked;
use super::sizing::Sizing;
use crate::api::ServiceLevelAgreement;
use crate::api::agreement::WorkloadRef;
use crate::api::agreement_status::AgreementStatus;
use crate::api::capacity::CapacityMode;
use crate::decide::capacity::{CapacityLaw, Ground, Need};
use crate::evaluate::assessment::Assessment;
use crate::evaluate::span;
use crate::record::status;
use crate::sense::counters::{CounterAsk, Counters, Course, STEP};
use crate::sense::observation::FailureKind;
use crate::sense::source::SlotReader;
use crate::sense::workload::Kin;

/// The workload is read so often.
const WORKLOAD_EVERY: SignedDuration = SignedDuration::from_mins(10);
/// A law that has not known what to say for so long begins anew: how often the service is scraped may have changed.
const BLIND: SignedDuration = SignedDuration::from_mins(10);
/// The counters of so long are read at the beginning, and the rates of so long before them.
const COUNTERS: SignedDuration = SignedDuration::from_hours(3);
const RATES: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The counters are read in parts of an hour, or of ten minutes where the answer is too large for that.
const PARTS: [SignedDuration; 2] = [SignedDuration::from_hours(1), SignedDuration::from_mins(10)];
/// The most parts that are asked for: all of the smaller ones, after the first larger one.
const MOST_PARTS: usize = 19;
/// What was found longer ago says nothing of now.
const OLD: SignedDuration = SignedDuration::from_mins(30);

/// What is to be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The `MetricsSource`.
    pub source: String,
    /// The namespace of the agreement and of its workload.
    pub namespace: String,
    /// Whose pods serve.
    pub workload: WorkloadRef,
    /// What is asked of the source, without its instants and pods.
    pub ask: CounterAsk,
    /// What the law is set up with, but for what the pods request.
    pub ground: Ground,
    /// The agreement whose floor follows what is found. `None`: that is only told.
    pub follows: Option<ObjectRef<ServiceLevelAgreement>>,
    /// Its replicas, or the CPU target of its autoscaler, follow it in both directions.
    pub owns: bool,
}

impl Order {
    /// Whether what is found of the other holds of this one: only what follows it is another, and with that how old it may be.
    pub(super) fn is_of_the_same(&self, other: &Self) -> bool {
        let ground = Ground { lag: self.ground.lag, ..other.ground.clone() };
        *self == Self { follows: self.follows.clone(), owns: self.owns, ground, ..other.clone() }
    }
}

/// Has the load looked at where the agreement asks for that, and enters what was found last.
pub(super) fn tell(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    next: &mut AgreementStatus,
    assessment: &Assessment,
    asked: &[Asked],
    now: Timestamp,
) {
    let uid = agreement.uid().unwrap_or_default();
    if agreement.spec.enforcement.capacity.is_none() {
        context.advice.forget(&uid);
        return status::enter_need(next, None);
    }
    match order(agreement, context, assessment, asked) {
        // Until its first turn comes, what an operator before this one found stands with its age.
        Ok(order) => match context.advice.order(&uid, order, now) {
            Some(told) if now.duration_since(told.at) > OLD => {
                let why =
                    "nobody has had a look for half an hour; the source cannot be read, or has too many to look at";
                status::enter_need(next, Some((&Need::Unknown(why.to_owned()), told.at)));
            }
            Some(told) => status::enter_need(next, Some((&told.need, told.at))),
            None => {}
        },
        Err(why) => {
            context.advice.forget(&uid);
            status::enter_need(next, Some((&Need::Unknown(why), now)));
        }
    }
}

/// What the load needs that the floor of an agreement follows. `None`: it follows none.
pub(super) fn followed(agreement: &ServiceLevelAgreement, context: &Context) -> Option<Need> {
    if !agreement.spec.enforcement.capacity.as_ref()?.mode.is_followed() {
        return None;
    }
    let told = context.advice.told(&agreement.uid().unwrap_or_default());
    Some(told.map_or_else(|| Need::Unknown("the load was not looked at yet".to_owned()), |told| told.need))
}

/// Whether the replicas of an agreement, or the CPU target of its autoscaler, follow what the load needs in both directions.
pub(super) fn owns(agreement: &ServiceLevelAgreement) -> bool {
    let mode = agreement.spec.enforcement.capacity.as_ref().map(|capacity| capacity.mode);
    mode.is_some_and(CapacityMode::lets_go) && !agreement.spec.service.workloads.is_empty()
}

fn order(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    assessment: &Assessment,
    asked: &[Asked],
) -> Result<Order, String> {
    let spec = &agreement.spec;
    let capacity = spec.enforcement.capacity.as_ref().ok_or("spec.enforcement.capacity is left out")?;
    let workload = spec.service.workloads.first().ok_or("spec.service.workloads names no pods to reckon with")?;
    let named = |name: &str| asked.iter().find(|asked| asked.objective == name);
    let requests = named(&capacity.objective).and_then(|asked| Some((asked, asked.indicator.latency.clone()?)));
    let (requests, latency) = requests.ok_or("enforcement.capacity.objective names no objective on latency")?;
    let availability = capacity.availability.as_deref();
    let target = |name: &str| assessment.objectives.iter().find(|o| o.name == name).map(|o| o.target.clone());
    Ok(Order {
        source: spec.metrics.source_ref.name.clone(),
        namespace: agreement.namespace().unwrap_or_default(),
        workload: workload.clone(),
        ground: Ground {
            latency: span::elapsed(&latency.threshold).map_err(|error| error.to_string())?,
            good: target(&capacity.objective).ok_or("enforcement.capacity.objective is not assessed yet")?,
            available: availability.and_then(target).unwrap_or_else(|| BigRational::from_integer(0.into())),
            millicores: 0,
            // What is acted upon is as old as a look may be.
            lag: if capacity.mode.is_followed() { context.settle.saturating_add(advice::LOOK) } else { context.settle },
        },
        follows: capacity.mode.is_followed().then(|| ObjectRef::from_obj(agreement)),
        owns: owns(agreement),
        ask: CounterAsk {
            latency,
            errors: availability.and_then(named).and_then(|asked| asked.indicator.ratio.as_ref()?.bad.clone()),
            cpu: capacity.cpu.clone(),
            in_flight: capacity.in_flight.clone(),
            kin: Kin::default(),
            tenancy: requests.tenancy.clone(),
            from: Timestamp::UNIX_EPOCH,
            to: Timestamp::UNIX_EPOCH,
        },
    })
}

/// Looks at a service: begins its law, or feeds it what is new, and asks it. Pauses so long between two parts of a
/// beginning.
///
/// # Errors
/// Why the source or the workload could not be read, in words: it is to be tried again later.
pub(super) async fn look(
    context: &Context,
    reader: &dyn SlotReader,
    pace: Duration,
    turn: &mut Turn,
) -> Result<Need, String> {
    let Turn { order, sizing, .. } = turn;
    let now = context.clock.now();
    if sizing.is_older_than(WORKLOAD_EVERY, now) {
        read_workload(context, order, sizing).await?;
    }
    let Some(millicores) = sizing.millicores() else {
        let why = "the pods request no CPU, so that nobody knows how busy they are; set resources.requests.cpu of their \
                   containers";
        return Ok(Need::Unknown(why.to_owned()));
    };
    // What was scraped by then has arrived.
    let seen_until = now.saturating_sub(context.settle).unwrap_or(now);
    let ask = CounterAsk { to: step_before(seen_until), kin: sizing.kin(), ..order.ask.clone() };
    let ground = Ground { millicores, ..order.ground.clone() };
    sizing.keep_for(&ground);
    let trouble = match sizing.through() {
        Some(through) => feed(reader, sizing, ask, through).await,
        None if sizing.may_begin(now) => begin(reader, pace, ask, ground, sizing, now).await,
        None => None,
    };
    let need = match trouble {
        None => {
            // Fewer pods may be wanted than when the workload was read.
            if sizing.unseen().is_some() && sizing.is_older_than(advice::LOOK, now) {
                read_workload(context, order, sizing).await?;
            }
            sizing.unseen().map_or_else(|| sizing.want(seen_until), Need::Unknown)
        }
        Some(trouble) => Need::Unknown(untold(&trouble)?),
    };
    sizing.blind(need.pods().is_none(), now, BLIND);
    Ok(need)
}

async fn read_workload(context: &Context, order: &Order, sizing: &mut Sizing) -> Result<(), String> {
    let read_at = status::whole_seconds(context.clock.now());
    let observed = context.workloads.read(&order.namespace, &order.workload, read_at).await;
    sizing.saw(&observed.map_err(|problem| problem.to_string())?);
    Ok(())
}

/// Why there are no samples, in words.
///
/// # Errors
/// The same, where the source is to blame.
fn untold(trouble: &Counters) -> Result<String, String> {
    let words = trouble.trouble().unwrap_or_default();
    if matches!(trouble, Counters::Failed(_) | Counters::Partial(_)) { Err(words) } else { Ok(words) }
}

/// Feeds the law with what came since its newest sample; gives what went wrong.
async fn feed(reader: &dyn SlotReader, sizing: &mut Sizing, ask: CounterAsk, through: Timestamp) -> Option<Counters> {
    let [longest, _] = PARTS;
    let from = through.max(ask.to.saturating_sub(longest).unwrap_or(through));
    if from >= ask.to {
        return None;
    }
    match reader.read_counters(&CounterAsk { from, ..ask }).await {
        Counters::Read(course) => {
            sizing.feed(&course);
            None
        }
        trouble => Some(trouble),
    }
}

/// Has the law learn from what the store remembers; gives what went wrong.
async fn begin(
    reader: &dyn SlotReader,
    pace: Duration,
    ask: CounterAsk,
    ground: Ground,
    sizing: &mut Sizing,
    now: Timestamp,
) -> Option<Counters> {
    let mut history: Vec<Course> = Vec::new();
    let [mut part, small] = PARTS;
    let first = ask.to.saturating_sub(COUNTERS).unwrap_or(ask.to);
    let mut end = ask.to;
    // The newest part first: an older one is of no use without it.
    for _ in 0..MOST_PARTS {
        if end <= first {
            break;
        }
        let from = end.saturating_sub(part).unwrap_or(end);
        match reader.read_counters(&CounterAsk { from, to: end, ..ask.clone() }).await {
            Counters::Read(course) if history.last().is_none_or(|newer| newer.bounds == course.bounds) => {
                history.push(course);
                end = from;
            }
            Counters::Failed(failure) if failure.kind == FailureKind::NoAnswer && part > small => part = small,
            trouble if history.is_empty() => return Some(trouble),
            _ => break,
        }
        sleep(pace).await;
    }
    history.reverse();
    for course in &history {
        sizing.remember(course);
    }
    let from = end.saturating_sub(RATES).unwrap_or(end);
    // Without the days before the daily course has to be learned anew, and no CPU target is set before most of a day was seen.
    let rates = reader.read_rates(&CounterAsk { from, to: end, ..ask }).await.unwrap_or_default();
    sizing.begun(CapacityLaw::calibrated(ground, sizing.starts(), &rates, &history), now);
    None
}

/// The last step that is not after an instant. Steps are counted from 1970, so that all readings have the same.
fn step_before(at: Timestamp) -> Timestamp {
    let seconds = at.as_second().saturating_sub(at.as_second().rem_euclid(STEP.as_secs()));
    Timestamp::from_second(seconds).unwrap_or(at)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(super) mod tests {
    use super::*;

    /// The same order of each source.
    pub(crate) fn order(source: &str) -> Order {
        let whole = |number: i64| BigRational::from_integer(number.into());
        Order {
            source: source.to_owned(),
            namespace: "shop".to_owned(),
            workload: WorkloadRef {
                api_version: "apps/v1".to_owned(),
                kind: "Deployment".to_owned(),
                name: "web".to_owned(),
                namespace: None,
            },
            ask: CounterAsk {
                latency: crate::api::objective::LatencyIndicator {
                    histogram: "seconds".to_owned(),
                    selector: std::collections::BTreeMap::new(),
                    threshold: "250ms".into(),
                },
                errors: None,
                cpu: "cpu_total".to_owned(),
                in_flight: None,
                kin: Kin::default(),
                tenancy: Vec::new(),
                from: Timestamp::UNIX_EPOCH,
                to: Timestamp::UNIX_EPOCH,
            },
            ground: Ground {
                latency: SignedDuration::from_millis(250),
                good: whole(1),
                available: whole(0),
                millicores: 0,
                lag: SignedDuration::ZERO,
            },
            follows: None,
            owns: false,
        }
    }

    #[test]
    fn all_readings_have_the_same_steps() {
        let at = |second| Timestamp::from_second(second).unwrap();
        assert_eq!([30, 31, 44, 45].map(|second| step_before(at(second))), [at(30), at(30), at(30), at(45)]);
    }
}
