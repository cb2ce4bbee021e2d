//! The pulse, felt by the same rule and at the same distance as the operator feels it.

use std::collections::BTreeMap;

use k8s_openapi::jiff::Timestamp;

use super::account::{Account, SETTLE};
use super::clock;
use super::history::History;
use crate::decide::danger::pulse::{Course, Proof, Rule, WINDOW};
use crate::evaluate::assessment::Assessment;
use crate::evaluate::period::Bounds;
use crate::evaluate::slot::{Births, Slot, UnknownCause};

/// The minute ends so long ago, in seconds.
const LAG: f64 = 2.0;

/// What was felt of each objective.
#[derive(Debug, Default)]
pub struct Pulse {
    courses: BTreeMap<String, Course>,
}

impl Pulse {
    /// Feels it; gives whether an outage began or ended.
    pub fn feel(&mut self, account: &Account, assessment: &Assessment, history: &History, now: f64) -> bool {
        let (spec, at) = (account.spec(), clock::at(now - LAG));
        let judged = Bounds { start: assessment.judged_from, end: assessment.period_end };
        let mut changed = false;
        for objective in &spec.objectives {
            let told = assessment.objectives.iter().find(|told| told.name == objective.name);
            let rule = told.and_then(|told| Rule::of(objective, told, judged, spec.metrics.slot, SETTLE));
            let Some((rule, measure)) = rule.zip(account.measure(&objective.name)) else { continue };
            let until = clock::seconds(at);
            let minute = match history.counted(measure, until - WINDOW.as_secs_f64(), until) {
                Some(counted) => Slot::known(counted, Births::default(), 0),
                None => Slot::unknown(UnknownCause::NoSamples, 0),
            };
            let course = self.courses.entry(objective.name.clone()).or_default();
            let before = course.proof(at).is_some();
            course.enter(&rule, &minute, at);
            changed |= before != course.proof(at).is_some();
        }
        changed
    }

    /// The outages that are proven.
    #[must_use]
    pub fn proven(&self, now: Timestamp) -> Vec<Proof> {
        self.courses.values().filter_map(|course| course.proof(now).cloned()).collect()
    }
}
