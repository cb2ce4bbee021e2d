//! Who noticed first: the incidents of the measurements file against what each objective allows.

use std::collections::BTreeMap;

use k8s_openapi::jiff::Timestamp;

use super::consequences::Contract;
use super::fault::Fault;
use super::measurements::Measurements;
use super::report::Report;
use crate::api::agreement_status::DetectedBy;
use crate::api::measurement::Method;
use crate::evaluate::detection::{self, Classification, Incident};
use crate::evaluate::exact::{share, whole};
use crate::evaluate::period::Bounds;

/// The incidents that are over and of which somebody said who noticed them, with their places in the file.
#[must_use]
pub fn over(measurements: &Measurements) -> Vec<(usize, Incident)> {
    let told = measurements.incidents.iter().enumerate().filter_map(|(index, incident)| {
        let (end, detected_by) = (incident.until?, incident.detected_by?);
        let noticed_at = incident.aware_at.filter(|_| detected_by == DetectedBy::Customer);
        Some((index, Incident { objective: None, start: incident.from, end, detected_by, noticed_at }))
    });
    told.collect()
}

impl Contract<'_> {
    /// Says of each incident what it is: the worst that it is for any objective that counts time.
    ///
    /// # Errors
    /// Names the amendment that can not be worked with.
    pub(super) fn classify(&self, measurements: &Measurements, report: &mut Report) -> Result<(), Fault> {
        let mut by_period: BTreeMap<Timestamp, (Bounds, Vec<(usize, Incident)>)> = BTreeMap::new();
        for (index, incident) in over(measurements) {
            let Some(period) = self.schedule.containing(incident.start) else { continue };
            by_period.entry(period.start).or_insert((period, Vec::new())).1.push((index, incident));
        }
        let counts_time = |method| matches!(method, Method::BadMinutes | Method::Pooled);
        for (period, incidents) in by_period.into_values() {
            let all: Vec<Incident> = incidents.iter().map(|(_, incident)| incident.clone()).collect();
            let terms = self.terms(period.start)?;
            for objective in terms.objectives.iter().filter(|o| counts_time(o.measurement.method)) {
                let Ok(target) = share(&objective.target) else { continue };
                let allowed = detection::allowed(&target, &whole(period.seconds()));
                for ((index, _), class) in incidents.iter().zip(detection::classify(&all, None, &allowed)) {
                    let Some(reported) = report.incidents.get_mut(*index) else { continue };
                    if reported.class.is_none_or(|worst| worst < class) {
                        reported.class = Some(class);
                        reported.classification = Some(word(class).to_owned());
                    }
                }
            }
        }
        Ok(())
    }
}

fn word(class: Classification) -> &'static str {
    match class {
        Classification::InterruptionWithinSla => "InterruptionWithinSla",
        Classification::Violation => "Violation",
        Classification::ViolationWithClaim => "ViolationWithClaim",
    }
}
