//! What is wrong with how objectives are measured.

use std::collections::BTreeSet;

use crate::api::agreement::AgreementSpec;
use crate::api::measurement::Method;
use crate::api::objective::{LatencyIndicator, Objective, ValueIndicator};

use super::super::assess::target;
use super::super::invalid::InvalidSpec;
use super::super::methods::mean_of_slots;
use super::super::methods::minute_rule::MinuteRule;
use super::super::methods::value::Limit;
use super::super::methods::words;
use super::super::series;
use super::super::span;

/// The faults of all objectives, and of what they are together.
pub(super) fn objectives(spec: &AgreementSpec) -> Vec<InvalidSpec> {
    let mut faults = Vec::new();
    let mut names = BTreeSet::new();
    for (index, objective) in spec.objectives.iter().enumerate() {
        if !names.insert(&objective.name) {
            let field = format!("spec.objectives[{index}].name");
            faults.push(InvalidSpec::new(field, format!("{:?} is used twice", objective.name)));
        }
        faults.extend(target(index, objective).err());
        faults.extend(indicator(index, objective));
        faults.extend(slots(index, objective, spec.metrics.slot.seconds()).err());
    }
    let count: usize = spec.objectives.iter().map(|o| series::names(o).len()).sum();
    if count > series::MAX_SERIES {
        let message = format!(
            "{count} members and objectives are measured, and one agreement holds {}; split it into two",
            series::MAX_SERIES
        );
        faults.push(InvalidSpec::new("spec.objectives", message));
    }
    faults
}

fn indicator(index: usize, objective: &Objective) -> Vec<InvalidSpec> {
    let field = |rest: String| format!("spec.objectives[{index}].indicator.{rest}");
    let indicator = &objective.indicator;
    let mut faults = Vec::new();
    faults.extend(indicator.latency.as_ref().and_then(|l| threshold(l, field("latency.threshold".to_owned()))));
    if let Some(value) = &indicator.value {
        faults.extend(Limit::of(index, value).err());
        faults.extend(sizes(value).map(|message| InvalidSpec::new(field("value.allowance".to_owned()), message)));
    }
    let mut names = BTreeSet::new();
    let members = indicator.members.as_deref().unwrap_or_default();
    for (place, member) in members.iter().enumerate() {
        if !names.insert(&member.name) {
            let message = format!("{:?} is used twice", member.name);
            faults.push(InvalidSpec::new(field(format!("members[{place}].name")), message));
        }
        let threshold = |l| threshold(l, field(format!("members[{place}].latency.threshold")));
        faults.extend(member.latency.as_ref().and_then(threshold));
    }
    if !members.is_empty() && members.iter().all(|m| !m.covered) {
        let message = "no member is covered, so that nothing is promised; leave the objective out";
        faults.push(InvalidSpec::new(field("members".to_owned()), message));
    }
    faults
}

fn threshold(latency: &LatencyIndicator, field: String) -> Option<InvalidSpec> {
    match span::elapsed(&latency.threshold) {
        Ok(threshold) if threshold.is_zero() => {
            Some(InvalidSpec::new(field, "no request takes no time; give a threshold above 0"))
        }
        Ok(_) => None,
        Err(fault) => Some(InvalidSpec::new(field, fault.to_string())),
    }
}

/// A value that is measured has no size.
fn sizes(value: &ValueIndicator) -> Option<&'static str> {
    let both = value.expression.is_some() && value.allowance.is_some();
    both.then_some(
        "the size of a case is reported with its value, and an expression gives none; leave out the allowance or the \
         expression",
    )
}

/// Whether the objective at this place of the spec can be counted over slots of this length.
///
/// # Errors
/// Names the field that asks for shorter slots, or can not be worked with.
pub fn slots(index: usize, objective: &Objective, slot_seconds: i64) -> Result<(), InvalidSpec> {
    let measurement = &objective.measurement;
    let field = |name: &str| format!("spec.objectives[{index}].measurement.{name}");
    let slot = span::text(slot_seconds);
    match measurement.method {
        Method::Events | Method::Value => Ok(()),
        Method::BadMinutes | Method::Pooled => {
            MinuteRule::of(index, measurement)?;
            if 60 % slot_seconds == 0 {
                return Ok(());
            }
            let message = format!(
                "slots of {slot} can tell no minute from the next, and {} of {:?} counts minutes; use slots of 1m or less",
                words::name(measurement.method),
                objective.name,
            );
            Err(InvalidSpec::new("spec.metrics.slot", message))
        }
        Method::MeanOfSlots => match mean_of_slots::Rule::of(index, measurement)?.over_seconds {
            Some(over) if over % slot_seconds != 0 => {
                let message = format!("{} is no whole number of slots of {slot}; use a multiple", span::text(over));
                Err(InvalidSpec::new(field("rateOver"), message))
            }
            Some(over) if 86_400 % over != 0 => {
                let message = format!(
                    "{} does not divide a day, so that no two days would be cut alike; use for example 5m or 1h",
                    span::text(over)
                );
                Err(InvalidSpec::new(field("rateOver"), message))
            }
            _ => Ok(()),
        },
    }
}
