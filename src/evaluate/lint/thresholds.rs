//! Thresholds of error rates that are judged by slots shorter than a minute.

use super::{Code, Lint, Severity};
use crate::api::agreement::AgreementSpec;
use crate::evaluate::span;

const MINUTE: i64 = 60;

/// The thresholds for which the length of a slot decides whether a minute is bad.
pub(super) fn lint(spec: &AgreementSpec) -> Vec<Lint> {
    let seconds = spec.metrics.slot.seconds();
    if seconds >= MINUTE {
        return Vec::new();
    }
    let slot = span::text(seconds);
    let with_threshold = spec.objectives.iter().enumerate().filter(|(_, objective)| {
        objective.measurement.bad_when.as_ref().is_some_and(|bad| bad.error_rate_above.is_some())
    });
    with_threshold
        .map(|(index, _)| Lint {
            code: Code::ThresholdBySlot,
            severity: Severity::Warning,
            field: format!("spec.objectives[{index}].measurement.badWhen.errorRateAbove"),
            message: format!(
                "is judged for every slot of {slot}, not for the minute: of a minute in which one slot fails and the others do \
                 not, only that slot is above it, however many errors the minute has; where minutes were promised, let \
                 spec.metrics.slot be 1m"
            ),
            at: None,
        })
        .collect()
}
