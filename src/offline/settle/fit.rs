//! Whether what was measured fits what was agreed.
//!
//! What belongs to nothing, or contradicts itself, is refused by its path in the file: a line that is ignored would be a
//! figure that somebody believes in.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::account::invalid;
use super::fault::Fault;
use super::measurements::{Measured, Measurements, SlotRun, SlotWord};
use super::periods::runs;
use super::series::{self, seconds};
use crate::api::agreement::AgreementSpec;
use crate::api::measurement::{Measurement, Method};
use crate::api::objective::Objective;
use crate::evaluate::amendment::terms_through;
use crate::evaluate::span;
use crate::evaluate::validate::slots;

impl Measurements {
    /// Whether everything that was measured belongs to the agreement as it was made or as it was amended, and is told
    /// once.
    ///
    /// # Errors
    /// Names the entry that belongs to nothing, contradicts itself, or is the second one for the same.
    pub fn check(&self, spec: &AgreementSpec) -> Result<(), Fault> {
        let terms = all_terms(spec)?;
        let of_name = |name: &String| -> Vec<&Objective> {
            terms.iter().flat_map(|terms| terms.objectives.iter().filter(|o| o.name == *name)).collect()
        };
        let mut seen = BTreeSet::new();
        for (index, measured) in self.objectives.iter().enumerate() {
            let path = format!("objectives[{index}]");
            let found = of_name(&measured.name);
            if found.is_empty() {
                let message = match measured.name.as_str() {
                    "" => "is missing: say which objective was measured".to_owned(),
                    name => format!("{name:?} is none of the agreement's objectives"),
                };
                return Err(Fault::new(format!("{path}.name"), message));
            }
            if !found.iter().any(|objective| belongs(measured, objective, &path).is_ok()) {
                found.iter().try_for_each(|objective| belongs(measured, objective, &path))?;
            }
            coherent(measured, &path)?;
            series::check(measured, &path)?;
            if !seen.insert((&measured.name, &measured.member)) {
                return Err(Fault::new(path, "stands there twice; put both into one entry"));
            }
        }
        for (index, delivery) in self.deliveries.iter().enumerate() {
            if of_name(&delivery.objective).is_empty() {
                let message = format!("{:?} is none of the agreement's objectives", delivery.objective);
                return Err(Fault::new(format!("deliveries[{index}].objective"), message));
            }
            if delivery.done.is_none() {
                let message = "is missing: a delay is charged in the period in which the delivery is made, the whole of \
                               it; leave the delivery out until then";
                return Err(Fault::new(format!("deliveries[{index}].done"), message));
            }
        }
        Ok(())
    }
}

/// The agreement as it was made, and after each of its amendments.
fn all_terms(spec: &AgreementSpec) -> Result<Vec<Cow<'_, AgreementSpec>>, Fault> {
    let days = std::iter::once("").chain(spec.amendments.iter().map(|amendment| amendment.effective.as_str()));
    days.map(|day| terms_through(spec, day).map_err(invalid)).collect()
}

/// Whether the objective has the member, or has none.
fn belongs(measured: &Measured, objective: &Objective, path: &str) -> Result<(), Fault> {
    let path = format!("{path}.member");
    match (&measured.member, objective.indicator.members.as_deref()) {
        (Some(name), Some(members)) if members.iter().any(|m| m.name == *name) => Ok(()),
        (None, None) => Ok(()),
        (Some(name), _) => Err(Fault::new(path, format!("{name:?} is no member of the objective {:?}", measured.name))),
        (None, Some(_)) => Err(Fault::new(path, "is missing: the objective is a pool")),
    }
}

/// Whether it is measured in what the objective counts by the terms of a period, where the agreement's slot is so long.
///
/// # Errors
/// Names what the objective cannot be counted from.
pub(super) fn counts(
    measured: &Measured,
    (place, objective): (usize, &Objective),
    slot_seconds: i64,
    path: &str,
) -> Result<(), Fault> {
    match &objective.indicator.value {
        Some(_) if measured.slots.is_some() || measured.outages.is_some() => {
            return Err(Fault::new(path, "the objective counts values; give values"));
        }
        None if measured.values.is_some() => {
            let message = "the objective counts no values; give slots or outages";
            return Err(Fault::new(format!("{path}.values"), message));
        }
        Some(_) | None => {}
    }
    for (index, run) in measured.runs().iter().enumerate() {
        let path = format!("{path}.slots[{index}].every");
        let every = seconds(&run.every, &path)?;
        slots(place, objective, every).map_err(|fault| Fault::new(&path, fault.message))?;
        let Measurement { method, rate_over, .. } = &objective.measurement;
        if *method == Method::MeanOfSlots && rate_over.is_none() && slot_seconds % every != 0 {
            let (over, every) = (span::text(slot_seconds), span::text(every));
            let message = format!("one rate is taken over {over}, which is no whole number of slots of {every}");
            return Err(Fault::new(path, message));
        }
    }
    Ok(())
}

/// Whether nothing of it is without effect, and no time is told twice.
fn coherent(measured: &Measured, path: &str) -> Result<(), Fault> {
    let beside = [("unknown", !measured.unknown.is_empty()), ("deployed", measured.deployed.is_some())];
    if let Some((name, _)) = beside.iter().find(|(_, given)| *given && measured.outages.is_none()) {
        let message = "goes with outages; where there were none, write outages: []";
        return Err(Fault::new(format!("{path}.{name}"), message));
    }
    for (index, run) in measured.runs().iter().enumerate() {
        without_counts(run, &format!("{path}.slots[{index}]"))?;
    }
    let mut covered = runs(measured.runs(), path)?;
    covered.retain(|(_, bounds)| bounds.start < bounds.end);
    covered.sort_by_key(|(_, bounds)| bounds.start);
    for pair in covered.windows(2) {
        if let [(one, before), (other, after)] = pair
            && after.start < before.end
        {
            let (first, second) = (one.min(other), one.max(other));
            let message = format!("tells of time that slots[{first}] tells of as well, from {}", after.start);
            return Err(Fault::new(format!("{path}.slots[{second}]"), message));
        }
    }
    Ok(())
}

/// Only slots that were measured have counts.
fn without_counts(run: &SlotRun, path: &str) -> Result<(), Fault> {
    let SlotRun { total, bad, good, excluded_bad, excluded_total, .. } = run;
    let counts = [
        ("total", total),
        ("bad", bad),
        ("good", good),
        ("excludedBad", excluded_bad),
        ("excludedTotal", excluded_total),
    ];
    match counts.iter().find(|(_, count)| count.is_some()) {
        Some((name, _)) if run.state != SlotWord::Measured => {
            let message = format!("slots of the state {:?} have no counts; leave it or the state out", run.state);
            Err(Fault::new(format!("{path}.{name}"), message))
        }
        _ => Ok(()),
    }
}
