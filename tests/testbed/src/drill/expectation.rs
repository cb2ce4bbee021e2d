//! What is right for each fault: a table, one row a fault, that is changed here and nowhere else.
//!
//! The words are those of the status: a cause is a `CauseKind` or the reason of the condition `Measured`, a verb is a `Verb`.

use super::Fault;

/// The right answer to a fault.
#[derive(Debug)]
pub struct Expectation {
    /// The fault.
    pub fault: Fault,
    /// The causes by which it is told rightly; the first look that tells one has proven it. Empty: it may be over before it is
    /// told, since Kubernetes mends it.
    pub causes: &'static [&'static str],
    /// The verb that has to be done and to be found effective. `None`: it has to be held until it ends.
    pub verb: Option<&'static str>,
    /// The verbs that may be done beside. Any other verb is wrong.
    pub beside: &'static [&'static str],
}

/// Keeps what there is while something is wrong, and gives it back.
const KEEPS: &[&str] = &["FreezeScaleDown", "LowerFloor", "Restore"];
/// The same, after replicas were added.
const ADDS: &[&str] = &["FreezeScaleDown", "RaiseFloor", "LowerFloor", "Restore"];

/// The right answers.
pub const TABLE: &[Expectation] = &[
    Expectation {
        fault: Fault::SlowPod,
        causes: &["OutlierPod"],
        verb: Some("Reschedule"),
        beside: &["Surge", "FreezeScaleDown", "LowerFloor", "Restore"],
    },
    Expectation { fault: Fault::SlowNode, causes: &["OutlierNode"], verb: None, beside: KEEPS },
    // What the dead took with them is added where the autoscaler has not done it yet.
    Expectation { fault: Fault::DeadNode, causes: &[], verb: None, beside: ADDS },
    Expectation {
        fault: Fault::BadRevision,
        causes: &["BadRevision"],
        verb: Some("RollBack"),
        beside: &["PauseRollout", "ReleaseRollout", "FreezeScaleDown", "LowerFloor", "Restore"],
    },
    // Told from a want of replicas by neither: so replicas may be tried, within their bounds.
    Expectation { fault: Fault::DependencySlow, causes: &["Unknown"], verb: None, beside: ADDS },
    Expectation {
        fault: Fault::RetryStorm,
        causes: &["Unknown", "Saturation", "RetryStorm"],
        verb: None,
        beside: ADDS,
    },
    Expectation {
        fault: Fault::PrometheusGone,
        causes: &["Blind", "StoreUnreachable", "StoreUnavailable", "StoreTimedOut"],
        verb: None,
        beside: &[],
    },
    Expectation {
        fault: Fault::TrafficStep,
        causes: &["Saturation", "Unknown"],
        verb: Some("RaiseFloor"),
        beside: KEEPS,
    },
];

/// For a fault without a row: nothing may be done about it.
static NOTHING: Expectation = Expectation { fault: Fault::SlowPod, causes: &[], verb: None, beside: &[] };

impl Expectation {
    /// The row of a fault.
    #[must_use]
    pub fn of(fault: Fault) -> &'static Self {
        TABLE.iter().find(|row| row.fault == fault).unwrap_or(&NOTHING)
    }

    /// Whether a verb may be done about it.
    #[must_use]
    pub fn allows(&self, verb: &str) -> bool {
        self.verb == Some(verb) || self.beside.contains(&verb)
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn every_fault_has_one_row() {
        for fault in Fault::value_variants() {
            assert_eq!(TABLE.iter().filter(|row| row.fault == *fault).count(), 1, "{fault:?}");
        }
    }
}
