//! What is right for each fault: a table, one row a fault, that is changed here and nowhere else.
//!
//! The words are those of the status: a cause is a `CauseKind` or the reason of the condition `Measured`, a verb is a `Verb`. One
//! cause is seen by the drill itself: [`PODS_NOT_READY`].

use super::Fault;

/// The right answer to a fault.
#[derive(Debug)]
pub struct Expectation {
    /// The fault.
    pub fault: Fault,
    /// The causes by which it is told rightly; the first look that tells one has proven it.
    pub causes: &'static [&'static str],
    /// Whether it is certain to endanger an objective, so that danger has to be told after it struck.
    pub endangers: bool,
    /// The verbs that have to be done and to be found effective. None: it has to be held until it ends.
    pub verbs: &'static [&'static str],
    /// The verbs that may be done beside. Any other verb is wrong.
    pub beside: &'static [&'static str],
    /// The verbs that may be done once Kubernetes has noticed the fault; before that they are wrong.
    pub once_noticed: &'static [&'static str],
}

/// The API server tells that no pod that was struck is ready: Kubernetes takes them out of the service, which may be well before
/// the operator has anything to tell of.
pub const PODS_NOT_READY: &str = "PodsNotReady";

/// Keeps what there is while something is wrong, and gives it back.
const KEEPS: &[&str] = &["FreezeScaleDown", "LowerFloor", "Restore"];
/// The same, after replicas were added.
const ADDS: &[&str] = &["FreezeScaleDown", "RaiseFloor", "LowerFloor", "Restore"];

/// What a row does not say, and for a fault without one: it endangers, and nothing may be done about it.
const NONE: Expectation =
    Expectation { fault: Fault::SlowPod, causes: &[], endangers: true, verbs: &[], beside: &[], once_noticed: &[] };

/// The right answers.
pub const TABLE: &[Expectation] = &[
    Expectation {
        fault: Fault::SlowPod,
        causes: &["OutlierPod"],
        verbs: &["Reschedule"],
        beside: &["Surge", "FreezeScaleDown", "LowerFloor", "Restore"],
        ..NONE
    },
    // What is moved would come back without the taint, and what stays would go on failing with it alone.
    Expectation {
        fault: Fault::SlowNode,
        causes: &["OutlierNode"],
        verbs: &["AvoidNode", "Reschedule"],
        beside: &["ReleaseNode", "Surge", "FreezeScaleDown", "LowerFloor", "Restore"],
        ..NONE
    },
    // For forty seconds nobody can tell it from a slow one, and what is right for that is right for it: a person would move its
    // pods too. None of it has to be done in so short a time, but that there is danger has to be told: a quarter of all requests
    // is lost. The pods are seen missing by the drill, whether or not the operator lives. Replicas beyond those that pods are
    // moved by would only thin out what is lost; once Kubernetes takes the dead out of the service, what they took with them is
    // added where the autoscaler has not done it yet.
    Expectation {
        fault: Fault::DeadNode,
        causes: &["OutlierNode", "OutlierPod", PODS_NOT_READY],
        endangers: true,
        verbs: &[],
        beside: &["AvoidNode", "ReleaseNode", "Surge", "Reschedule", "FreezeScaleDown", "LowerFloor", "Restore"],
        once_noticed: &["RaiseFloor"],
    },
    Expectation {
        fault: Fault::BadRevision,
        causes: &["BadRevision"],
        verbs: &["RollBack"],
        beside: &["PauseRollout", "ReleaseRollout", "FreezeScaleDown", "LowerFloor", "Restore"],
        ..NONE
    },
    // Replicas would press harder on what is sick already.
    Expectation { fault: Fault::DependencySlow, causes: &["Dependency"], beside: KEEPS, ..NONE },
    // Not to be told from a want of replicas, since the pods work as before: it gets some, within their bounds, which do no good.
    Expectation { fault: Fault::DependencyUndeclared, causes: &["Unknown"], beside: ADDS, ..NONE },
    // Told from a want of replicas only when those that are allowed were tried.
    Expectation {
        fault: Fault::RetryStorm,
        causes: &["RetryStorm"],
        verbs: &["Shed"],
        beside: &["StopShedding", "FreezeScaleDown", "RaiseFloor", "LowerFloor", "Restore"],
        ..NONE
    },
    // What a slow pod does to a third of the load nobody sees while it lasts, and it is over when it can be seen.
    Expectation {
        fault: Fault::PrometheusGone,
        causes: &["Blind", "StoreUnreachable", "StoreUnavailable", "StoreTimedOut"],
        endangers: false,
        ..NONE
    },
    Expectation { fault: Fault::TrafficStep, causes: &["Saturation"], verbs: &["RaiseFloor"], beside: KEEPS, ..NONE },
    // Sooner than replicas, and without more of them.
    Expectation {
        fault: Fault::TightLimit,
        causes: &["Saturation"],
        verbs: &["Resize"],
        beside: &["RestoreSize", "FreezeScaleDown", "LowerFloor", "Restore"],
        ..NONE
    },
];

impl Expectation {
    /// The row of a fault.
    #[must_use]
    pub fn of(fault: Fault) -> &'static Self {
        TABLE.iter().find(|row| row.fault == fault).unwrap_or(&NONE)
    }

    /// Whether a verb may be done about it, once Kubernetes has noticed it or before.
    #[must_use]
    pub fn allows(&self, verb: &str, is_noticed: bool) -> bool {
        let always = self.verbs.contains(&verb) || self.beside.contains(&verb);
        always || is_noticed && self.once_noticed.contains(&verb)
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
