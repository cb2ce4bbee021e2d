//! The operator of a run: the agreement as it is in force, beside an autoscaler or beside none.

use super::periods::Periods;
use super::promised::Promised;
use crate::api::agreement::AgreementSpec;
use crate::api::capacity::CapacityMode;
use crate::api::enforcement::{Enforcement, Mode};
use crate::api::measurement::Method;
use crate::offline::settle::fault::Fault;
use crate::simulate::load::Load;
use crate::simulate::operator::{Known, Operator, Place, Unfit};
use crate::simulate::policy::Policy;
use crate::simulate::policy::fixed::Fixed;
use crate::simulate::policy::hpa::Hpa;
use crate::simulate::run::Scenario;

/// A period has begun so many seconds before the run, so that no window of it is short.
const GOOD_FOR: u32 = 6 * 3600;
/// Seconds of a day.
const DAY: usize = 86_400;

/// What scales the workload beside the operator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Beside {
    /// An HPA at this share of the CPU request.
    Hpa(f64),
    /// Nothing: so many replicas are declared.
    Declared(u32),
}

/// The operator beside that, which knows the load `before` the run.
///
/// # Errors
/// Names the field of the agreement, or the flag, for which it cannot be played.
pub fn operator(
    beside: Beside,
    scenario: &Scenario,
    before: &Load,
    (promised, periods): (&Promised, &Periods),
) -> Result<Operator, Fault> {
    let spec = playable(&promised.terms)?;
    let plant = &scenario.plant;
    let cores = plant.limits.cores;
    let replicas = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    let (fewest, most) = promised.replicas;
    let cpu_target = match beside {
        Beside::Hpa(target) => i32::try_from(whole(target * 100.0)).ok(),
        Beside::Declared(_) => None,
    };
    let (floor, most, beside): (u32, Option<u32>, Box<dyn Policy>) = match beside {
        Beside::Hpa(target) => (fewest, Some(most), Box::new(Hpa::new(target, cores))),
        Beside::Declared(declared) => (declared, None, Box::new(Fixed(declared))),
    };
    let place = Place {
        floor: replicas(floor),
        most: most.map(replicas),
        millicores: whole(cores * 1000.0).into(),
        start: plant.start,
        cpu_target,
    };
    let rate = whole(scenario.load.rate(0)).max(1);
    let known = Known {
        good_for: GOOD_FOR,
        rate,
        bounds: &plant.bounds,
        period_ends: &periods.ends(scenario.lead_in).collect::<Vec<_>>(),
    };
    Ok(Operator::new(spec, beside, place, &known).map_err(unfit)?.knowing(before))
}

/// The terms, if the operator can be played by them.
fn playable(terms: &AgreementSpec) -> Result<AgreementSpec, Fault> {
    if terms.enforcement.mode != Mode::Enforce {
        let why = format!(
            "is {:?}, so that the operator would change nothing; write Enforce to try what it would do, or leave operator= \
             out of --policies",
            terms.enforcement.mode
        );
        return Err(Fault::new("spec.enforcement.mode", why));
    }
    for (place, objective) in terms.objectives.iter().enumerate() {
        let indicator = &objective.indicator;
        let is_counted = indicator.ratio.is_some() || indicator.latency.is_some();
        if !is_counted || matches!(objective.measurement.method, Method::Pooled | Method::Value) {
            let why = "is neither a ratio nor a latency, and a run gives nothing else; leave the objective out to try the \
                       rest of the agreement";
            return Err(Fault::new(format!("spec.objectives[{place}].indicator"), why));
        }
    }
    Ok(terms.clone())
}

/// What the simulated service does not follow.
#[must_use]
pub fn not_played(enforcement: &Enforcement) -> Vec<&'static str> {
    let all = [
        (enforcement.shed.is_some(), "spec.enforcement.shed"),
        (enforcement.resize.is_some(), "spec.enforcement.resize"),
    ];
    all.into_iter().filter(|(is_given, _)| *is_given).map(|(_, field)| field).collect()
}

/// Why the operator does less than the agreement allows, with so many seconds of the past known.
#[must_use]
pub fn needs_more(enforcement: &Enforcement, past: usize) -> Option<&'static str> {
    let mode = enforcement.capacity.as_ref().map(|capacity| capacity.mode);
    (mode == Some(CapacityMode::Target) && past < DAY).then_some(
        "The target of the HPA is not touched before a day of the load is known (spec.enforcement.capacity.mode: Target); give \
         --history 1d, and a load that is longer.",
    )
}

fn unfit(fault: Unfit) -> Fault {
    match fault {
        Unfit::Invalid(invalid) => Fault::new(invalid.field, invalid.message),
        Unfit::Ledger(fault) => Fault::new("spec.period", fault.to_string()),
        Unfit::Threshold(_) => Fault::new("spec", fault.to_string()),
    }
}

/// The nearest whole number; the cast saturates.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn whole(number: f64) -> u32 {
    number.round() as u32
}
