//! What is promised: the latency objective that is tried, the replicas there may be, and the terms its credits follow.

use k8s_openapi::jiff::Timestamp;
use num_rational::BigRational;

use super::judged::Judged;
use super::scenario::PATIENCE;
use crate::api::agreement::AgreementSpec;
use crate::api::enforcement::ScaleBounds;
use crate::api::measurement::Method;
use crate::api::objective::{LatencyIndicator, Objective};
use crate::evaluate::amendment::{instants, terms_at};
use crate::evaluate::exact::share;
use crate::evaluate::invalid::InvalidSpec;
use crate::evaluate::period::{Bounds, Schedule};
use crate::evaluate::span::elapsed;
use crate::offline::settle::fault::Fault;

/// Replicas where `spec.enforcement.scale` says nothing.
const UNBOUNDED: (u32, u32) = (1, 1000);
/// Periods that are looked through for a whole one: only the first, or one that an amendment splits, is not.
const LOOKED_THROUGH: usize = 8;

/// What is promised.
#[derive(Clone, Debug)]
pub struct Promised {
    /// The objective's name.
    pub objective: String,
    /// What it measures.
    pub indicator: LatencyIndicator,
    /// A request is good when it took no longer, in seconds.
    pub latency: f64,
    /// The share that must be good, exactly.
    pub target: BigRational,
    /// The same for the law and the judgement of minutes, which reckon with floats.
    pub good: f64,
    /// The latency and the target as they are written.
    pub threshold: String,
    /// See `threshold`.
    pub target_percent: String,
    /// All objectives that a run can judge, in the order of the agreement; the tried one is among them.
    pub judged: Vec<Judged>,
    /// Its place among them.
    pub tried: usize,
    /// Fewest and most replicas.
    pub replicas: (u32, u32),
    /// The latest terms, without the days on which the agreement begins and ends: a load of any time is tried by them.
    pub terms: AgreementSpec,
    /// When the agreement comes into force, where it says so.
    pub in_force_from: Option<Timestamp>,
    /// When the first whole period begins by these terms.
    pub first_period: Timestamp,
}

/// What an agreement promises by the objective that is asked for, or by its only one on latency.
///
/// # Errors
/// Names the flag or the field that can not be worked with.
pub fn promised(spec: &AgreementSpec, asked: Option<&str>) -> Result<Promised, Fault> {
    let invalid = |fault: InvalidSpec| Fault::new(fault.field, fault.message);
    let schedule = Schedule::new(spec, Timestamp::UNIX_EPOCH).map_err(invalid)?;
    let in_force_from = spec.validity.as_ref().map(|_| schedule.from());
    let period = whole_period(spec, &schedule).map_err(invalid)?;
    let terms = terms_at(spec, period.start).map_err(invalid)?.into_owned();
    let (place, objective, latency) = chosen(&terms, asked)?;
    let field = |name: &str| format!("spec.objectives[{place}].{name}");
    if objective.measurement.method != Method::Events {
        let message = "must be Events to be simulated: a run gives good and all requests, and no bad time";
        return Err(Fault::new(field("measurement.method"), message));
    }
    let threshold = elapsed(&latency.threshold)
        .map_err(|e| Fault::new(field("indicator.latency.threshold"), e.to_string()))?
        .as_secs_f64();
    if threshold <= 0.0 || threshold >= PATIENCE {
        let message = format!("must be above 0 and below {PATIENCE} s, after which the simulated clients give up");
        return Err(Fault::new(field("indicator.latency.threshold"), message));
    }
    let target = share(&objective.target).map_err(|e| Fault::new(field("target"), e.to_string()))?;
    let good = objective.target.as_str().parse::<f64>();
    let good = good.map_err(|e| Fault::new(field("target"), e.to_string()))? / 100.0;
    let bounds = terms.enforcement.scale.as_ref();
    let count = |replicas: i32| u32::try_from(replicas).unwrap_or_default();
    let most = |bounds: &ScaleBounds| {
        let connections = bounds.connections.as_ref();
        connections.map_or(bounds.max, |connections| bounds.max.min(connections.pods()))
    };
    let replicas = bounds.map_or(UNBOUNDED, |bounds| (count(bounds.min), count(most(bounds))));
    let judged: Vec<Judged> = terms.objectives.iter().filter_map(Judged::of).collect();
    let tried = judged.iter().position(|judged| judged.name == objective.name).unwrap_or_default();
    let (name, as_written) = (objective.name.clone(), (latency.threshold.to_string(), objective.target.to_string()));
    Ok(Promised {
        objective: name,
        indicator: latency.clone(),
        latency: threshold,
        target,
        good,
        threshold: as_written.0,
        target_percent: as_written.1,
        judged,
        tried,
        replicas,
        in_force_from,
        first_period: period.start,
        terms: AgreementSpec { validity: None, ending: None, amendments: Vec::new(), amendment_rule: None, ..terms },
    })
}

fn chosen<'a>(
    terms: &'a AgreementSpec,
    asked: Option<&str>,
) -> Result<(usize, &'a Objective, &'a LatencyIndicator), Fault> {
    let all = terms.objectives.iter().enumerate();
    let on_latency = all.filter_map(|(place, o)| Some((place, o, o.indicator.latency.as_ref()?)));
    let on_latency: Vec<_> = on_latency.collect();
    let names = || on_latency.iter().map(|(_, o, _)| o.name.as_str()).collect::<Vec<_>>().join(", ");
    let refuse = |message: String| Err(Fault::new("--objective", message));
    match (asked, on_latency.as_slice()) {
        (_, []) => Err(Fault::new("spec.objectives", "none has indicator.latency, and only latency can be simulated")),
        (None, [only]) => Ok(*only),
        (None, _) => refuse(format!("the agreement has several on latency; name one of {}", names())),
        (Some(name), all) => match all.iter().find(|(_, o, _)| o.name == name) {
            Some(found) => Ok(*found),
            None => refuse(format!("{name:?} is no objective on latency of this agreement; it has {}", names())),
        },
    }
}

/// The first whole period by the latest terms. Without a first day it is any: one has as many days as another, or nearly.
fn whole_period(spec: &AgreementSpec, schedule: &Schedule) -> Result<Bounds, InvalidSpec> {
    let start = instants(spec)?.into_iter().max().map_or(schedule.from(), |last| last.max(schedule.from()));
    let first = schedule.containing(start);
    let mut periods = std::iter::successors(first, |period| schedule.next(period)).take(LOOKED_THROUGH);
    let is_whole = |period: &Bounds| period.start >= start && schedule.whole(period.start) == Some(*period);
    periods.find(is_whole).or(first).ok_or_else(|| {
        InvalidSpec::new("spec.validity", "has no period by the latest terms; let it last longer than its amendments")
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
