//! Whether everything that the measurements tell has an effect on what is settled.
//!
//! What is surely a mistake is refused by its path: what is counted for a rule that nobody agreed on, or lies where the
//! agreement is not in force. What only says too much is taken, and it is remarked that it has no effect: an incident of
//! which no claim grows is worth noting down all the same.

use k8s_openapi::jiff::Timestamp;
use num_traits::Zero;

use super::choice::is_offered;
use super::consequences::day;
use super::fault::Fault;
use super::measurements::{Delivery, Measurements, Outage};
use super::outside::{made_at, of_force};
use super::remarks;
use crate::api::agreement::AgreementSpec;
use crate::api::credits::Credits;
use crate::api::remedy::RewardBasis;
use crate::evaluate::amendment::terms_at;
use crate::evaluate::exact::decimal;
use crate::evaluate::period::Schedule;

/// What has no effect and does no harm, with its place in the measurements.
///
/// # Errors
/// Names what has no effect and is hardly meant to have none.
pub fn effects(measurements: &Measurements, spec: &AgreementSpec, schedule: &Schedule) -> Result<Vec<Fault>, Fault> {
    of_force(measurements, schedule)?;
    for (index, measured) in measurements.objectives.iter().enumerate() {
        for (place, outage) in measured.outages.iter().flatten().enumerate() {
            reaches_somebody(outage, &format!("objectives[{index}].outages[{place}]"))?;
        }
    }
    for (index, incident) in measurements.incidents.iter().enumerate() {
        if incident.until.is_some_and(|until| until <= incident.from) {
            return Err(Fault::new(format!("incidents[{index}].until"), "must be later than from"));
        }
    }
    for (index, volume) in measurements.volumes.iter().enumerate() {
        let by_volume = |credits: &Credits| credits.rewards.as_ref().is_some_and(|r| r.basis == RewardBasis::Volume);
        if !credits_at(spec, schedule, volume.at)?.as_ref().is_some_and(by_volume) {
            let message =
                "no reward by volume is agreed for its period (spec.credits.rewards, basis Volume); leave it out";
            return Err(Fault::new(format!("volumes[{index}]"), message));
        }
    }
    for (index, choice) in measurements.chosen.iter().enumerate() {
        is_offered(index, choice, credits_at(spec, schedule, choice.at)?.as_ref())?;
    }
    for (index, delivery) in measurements.deliveries.iter().enumerate() {
        is_charged(delivery, spec, schedule, &format!("deliveries[{index}]"))?;
    }
    if let (Some(_), Some(fault)) = (&measurements.next_settlement, no_offset(spec)) {
        return Err(fault);
    }
    Ok(remarks::of(measurements, spec))
}

/// Whether an outage reached anybody, and comes again where it says after what time.
fn reaches_somebody(outage: &Outage, path: &str) -> Result<(), Fault> {
    if outage.every.is_some() && outage.repeat.is_none() {
        let message = "goes with repeat: say how often the outage came, or leave it out";
        return Err(Fault::new(format!("{path}.every"), message));
    }
    let affected = outage.affected.as_ref().and_then(|affected| decimal(affected.as_str()).ok());
    if affected.is_some_and(|affected| affected.is_zero()) {
        let message = "is 0: an outage that reached nobody is none; leave the outage out";
        return Err(Fault::new(format!("{path}.affected"), message));
    }
    Ok(())
}

/// Whether a delay of the delivery would be charged by the terms of the period in which it was made.
fn is_charged(delivery: &Delivery, spec: &AgreementSpec, schedule: &Schedule, path: &str) -> Result<(), Fault> {
    day(&delivery.due, &format!("{path}.due"))?;
    let Some(at) = made_at(delivery, schedule.zone(), path)? else { return Ok(()) };
    let credits = credits_at(spec, schedule, at)?;
    let late = |credits: &Credits| {
        let mut remedies = credits.remedies.iter();
        remedies.any(|remedy| remedy.per_day_late.is_some() && remedy.objective == delivery.objective)
    };
    if credits.as_ref().is_some_and(late) {
        return Ok(());
    }
    let message = format!(
        "no remedy of {:?} is perDayLate in the period of the delivery (spec.credits.remedies); leave the delivery out",
        delivery.objective
    );
    Err(Fault::new(format!("{path}.objective"), message))
}

/// Why nothing is set off against the next settlement.
fn no_offset(spec: &AgreementSpec) -> Option<Fault> {
    let message = match &spec.settlement.payment {
        Some(payment) if payment.offset => return None,
        Some(_) => "spec.settlement.payment.offset is not agreed, so that nothing is set off; leave it out",
        None => "spec.settlement.payment is not agreed, so that nothing is set off; leave it out",
    };
    Some(Fault::new("nextSettlement", message))
}

/// What is owed by the terms of the period in which an instant lies.
fn credits_at(spec: &AgreementSpec, schedule: &Schedule, at: Timestamp) -> Result<Option<Credits>, Fault> {
    let start = schedule.containing(at).map_or(at, |period| period.start);
    Ok(terms_at(spec, start).map_err(super::account::invalid)?.credits.clone())
}
