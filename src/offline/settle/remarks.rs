//! What of the measurements is taken although it has no effect: it does no harm, and whoever wrote it down may want it
//! on record. It is said, so that nobody believes it counted.

use num_traits::Zero;

use super::fault::Fault;
use super::measurements::{Incident, Measured, Measurements, Outage};
use crate::api::agreement::AgreementSpec;
use crate::api::agreement_status::DetectedBy;
use crate::api::measurement::Method;
use crate::api::settlement::{Anchor, Settlement};
use crate::evaluate::exact::decimal;

/// A remark on each entry without effect, with its path.
pub(super) fn of(measurements: &Measurements, spec: &AgreementSpec) -> Vec<Fault> {
    let mut remarks = Vec::new();
    for (index, measured) in measurements.objectives.iter().enumerate() {
        objective(measured, spec, &format!("objectives[{index}]"), &mut remarks);
    }
    for (index, told) in measurements.incidents.iter().enumerate() {
        remarks.extend(incident(told, &spec.settlement, &format!("incidents[{index}]")));
    }
    if measurements.next_settlement.is_some() && measurements.notified.is_empty() {
        remarks.push(without_effect("nextSettlement", "nothing was notified that could be set off"));
    }
    remarks
}

fn without_effect(path: impl Into<String>, why: &str) -> Fault {
    Fault::new(path, format!("has no effect: {why}"))
}

fn objective(measured: &Measured, spec: &AgreementSpec, path: &str, remarks: &mut Vec<Fault>) {
    if is_silent(measured) {
        remarks.push(without_effect(path, "nothing is said of the objective, and all of its time is unknown"));
    }
    for (index, _) in measured.runs().iter().enumerate().filter(|(_, run)| run.repeat == 0) {
        remarks.push(without_effect(format!("{path}.slots[{index}]"), "repeat is 0, which is no slot"));
    }
    let events = events_count(&measured.name, spec);
    for (index, outage) in measured.outages.iter().flatten().enumerate() {
        if let Some(why) = harmless(outage, events) {
            remarks.push(without_effect(format!("{path}.outages[{index}]"), why));
        }
    }
}

/// Why an outage is none.
fn harmless(outage: &Outage, events: bool) -> Option<&'static str> {
    let rate = outage.error_rate.as_ref().and_then(|rate| decimal(rate.as_str()).ok());
    let all_good = rate.is_some_and(|rate| rate.is_zero());
    match () {
        () if outage.times() == 0 => Some("repeat is 0, so that it never came"),
        // Where events are counted, it still tells how many there were.
        () if all_good && !(events && outage.events_per_minute.is_some()) => {
            Some("errorRate is 0, and time without a bad event is good as it is")
        }
        () => None,
    }
}

/// Whether the objective counts events, by the terms as they were made or as an amendment has them.
fn events_count(name: &str, spec: &AgreementSpec) -> bool {
    let amended = spec.amendments.iter().filter_map(|amendment| amendment.objectives.as_ref());
    let mut all = std::iter::once(&spec.objectives).chain(amended).flatten().filter(|o| o.name == name);
    all.any(|objective| !matches!(objective.measurement.method, Method::BadMinutes | Method::Pooled))
}

/// What of an incident nothing follows from.
fn incident(incident: &Incident, settlement: &Settlement, path: &str) -> Option<Fault> {
    let clocks = || settlement.deadlines.iter().chain(&settlement.claims_open);
    let is_classified = incident.until.is_some() && incident.detected_by.is_some();
    if clocks().next().is_none() && !is_classified {
        let why = "the agreement has no time for claims (spec.settlement.deadlines, claimsOpen), and who noticed it \
                   first counts where until and detectedBy are given";
        return Some(without_effect(path, why));
    }
    let by_customer = is_classified && incident.detected_by == Some(DetectedBy::Customer);
    if incident.aware_at.is_some() && !by_customer && !clocks().any(|clock| clock.after == Anchor::Awareness) {
        let why = "no time for claims is reckoned from Awareness, and it is not the customer who noticed the incident \
                   first";
        return Some(without_effect(format!("{path}.awareAt"), why));
    }
    if incident.detected_by.is_some() && incident.until.is_none() {
        return Some(without_effect(format!("{path}.detectedBy"), "who noticed it first counts when until is given"));
    }
    None
}

/// Whether an entry tells nothing at all of its objective.
fn is_silent(measured: &Measured) -> bool {
    measured.runs().is_empty() && measured.outages.is_none() && measured.values.is_none()
}
