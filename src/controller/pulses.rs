//! The agreements whose pulse is felt: what is asked of each, and what the looks have proven.
//!
//! A reconcile says what is to be looked at and takes what is proven just now; it waits for nothing. The looks are made
//! beside it, by the [`pulse`](super::pulse) of the source.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;
use kube::runtime::reflector::ObjectRef;

use super::context::Context;
use super::registry::Asked;
use crate::api::ServiceLevelAgreement;
use crate::api::enforcement::Mode;
use crate::decide::danger::pulse::{Beat, Course, Proof, Rule, counting};
use crate::evaluate::assessment::Assessment;
use crate::evaluate::exclusion::Exclusions;
use crate::evaluate::period::Bounds;
use crate::evaluate::slot::Slot;

/// What is asked of an agreement.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Order {
    /// The `MetricsSource`.
    pub(super) source: String,
    /// Who is woken.
    pub(super) reference: ObjectRef<ServiceLevelAgreement>,
    /// The objectives, each with what is asked for it.
    pub(super) objectives: Vec<(Rule, Asked)>,
}

/// All agreements whose pulse is felt, by their uid.
#[derive(Debug, Default)]
pub struct Pulses {
    agreements: Mutex<HashMap<String, Felt>>,
}

#[derive(Debug)]
struct Felt {
    order: Order,
    courses: BTreeMap<String, Course>,
}

/// What a round changed for an agreement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Change {
    /// Since when an outage is proven that was not before.
    pub(super) began: Option<Timestamp>,
    /// An outage that was proven is not any more.
    pub(super) ended: bool,
}

impl Pulses {
    fn agreements(&self) -> MutexGuard<'_, HashMap<String, Felt>> {
        self.agreements.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has an agreement looked at from now on, and gives what is proven just now. What was seen of something else is
    /// forgotten.
    pub(super) fn order(&self, uid: &str, order: &Order, now: Timestamp) -> Vec<Proof> {
        let mut agreements = self.agreements();
        let new = || Felt { order: order.clone(), courses: BTreeMap::new() };
        let felt = agreements.entry(uid.to_owned()).or_insert_with(new);
        if felt.order != *order {
            *felt = new();
        }
        felt.courses.values().filter_map(|course| course.proof(now).cloned()).collect()
    }

    /// Whether it is looked at, and all of its objectives are: of some the slots alone tell.
    pub(super) fn is_felt(&self, uid: &str, agreement: &ServiceLevelAgreement) -> bool {
        let all = agreement.spec.objectives.len();
        self.agreements().get(uid).is_some_and(|felt| felt.order.objectives.len() == all)
    }

    /// Looks at it no more.
    pub fn forget(&self, uid: &str) {
        self.agreements().remove(uid);
    }

    /// Forgets all others.
    pub fn retain(&self, present: &HashSet<String>) {
        self.agreements().retain(|uid, _| present.contains(uid));
    }

    /// What is to be asked of a source, by the agreement's uid.
    pub(super) fn of(&self, source: &str) -> Vec<(String, Order)> {
        let agreements = self.agreements();
        let of_source = agreements.iter().filter(|(_, felt)| felt.order.source == source);
        of_source.map(|(uid, felt)| (uid.clone(), felt.order.clone())).collect()
    }

    /// Enters the minute of an objective, ending `at`. `None`: something else is asked by now.
    pub(super) fn enter(
        &self,
        uid: &str,
        order: &Order,
        rule: &Rule,
        minute: &Slot,
        at: Timestamp,
    ) -> Option<(Beat, Change)> {
        let mut agreements = self.agreements();
        let felt = agreements.get_mut(uid).filter(|felt| felt.order == *order)?;
        let course = felt.courses.entry(rule.objective.clone()).or_default();
        let before = course.proof(at).is_some();
        let beat = course.enter(rule, minute, at);
        let after = course.proof(at);
        let began = after.filter(|_| !before).map(|proof| proof.since);
        let ended = before && after.is_none();
        Some((beat, Change { began, ended }))
    }
}

/// Has the pulse of an agreement felt where something could be done about an outage, and gives what is proven just now and
/// counts.
pub(super) fn felt(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    assessment: &Assessment,
    asked: &[Asked],
    exclusions: &Exclusions,
    now: Timestamp,
) -> Vec<Proof> {
    let uid = agreement.uid().unwrap_or_default();
    let order = order(agreement, assessment, asked, context.settle);
    let mode = agreement.spec.enforcement.mode.min(context.ceiling);
    if mode == Mode::Observe || order.objectives.is_empty() {
        context.pulses.forget(&uid);
        return Vec::new();
    }
    counting(context.pulses.order(&uid, &order, now), exclusions)
}

fn order(agreement: &ServiceLevelAgreement, assessment: &Assessment, asked: &[Asked], settle: SignedDuration) -> Order {
    let spec = &agreement.spec;
    let judged = Bounds { start: assessment.judged_from, end: assessment.period_end };
    let objectives = spec.objectives.iter().filter_map(|objective| {
        let account = assessment.objectives.iter().find(|account| account.name == objective.name)?;
        let rule = Rule::of(objective, account, judged, spec.metrics.slot, settle)?;
        let mut asked = asked.iter().find(|asked| asked.objective == objective.name)?.clone();
        // Where there are events, it does not matter; where there are none, nothing is told.
        asked.indicator.deployed = None;
        Some((rule, asked))
    });
    Order {
        source: spec.metrics.source_ref.name.clone(),
        reference: ObjectRef::from_obj(agreement),
        objectives: objectives.collect(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::decide::danger::pulse::{STANDS, WINDOW};
    use crate::decide::tests::pulse::{minute, rule};
    use crate::evaluate::example;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn ordered(source: &str) -> Order {
        let asked = Asked {
            objective: "o".to_owned(),
            indicator: crate::api::objective::Indicator::default(),
            tenancy: Vec::new(),
        };
        Order { source: source.to_owned(), reference: ObjectRef::new("web"), objectives: vec![(rule("o"), asked)] }
    }

    #[test]
    fn a_change_is_told_once_and_what_was_seen_of_something_else_is_forgotten() {
        let pulses = Pulses::default();
        let order = ordered("main");
        let rule = rule("o");
        assert_eq!(pulses.enter("u", &order, &rule, &minute(600, 600), at(0)), None, "nobody asked");
        assert!(pulses.order("u", &order, at(0)).is_empty());
        let look = |bad, second| pulses.enter("u", &order, &rule, &minute(bad, 600), at(second)).unwrap();
        assert_eq!(look(600, 0), (Beat::Outage, Change { began: Some(at(0)), ended: false }));
        assert_eq!(look(600, 15), (Beat::Outage, Change::default()));
        assert_eq!(
            pulses.order("u", &order, at(20)).first().map(|proof| (proof.since, proof.at)),
            Some((at(0), at(15)))
        );
        assert_eq!(look(0, 30), (Beat::Calm, Change { began: None, ended: true }));
        assert_eq!(look(600, 45).1.began, Some(at(45)));
        assert!(pulses.order("u", &ordered("other"), at(46)).is_empty());
        assert_eq!(pulses.enter("u", &order, &rule, &minute(600, 600), at(60)), None);
        assert_eq!((pulses.of("main").len(), pulses.of("other").len()), (0, 1));
        pulses.retain(&HashSet::new());
        assert!(pulses.of("other").is_empty());
    }

    #[test]
    fn an_agreement_is_felt_where_all_of_its_objectives_are() {
        let (pulses, mut agreement) = (Pulses::default(), ServiceLevelAgreement::new("web", example::agreement()));
        agreement.spec.objectives.truncate(1);
        assert!(!pulses.is_felt("u", &agreement), "nobody looks");
        pulses.order("u", &ordered("main"), at(0));
        assert!(pulses.is_felt("u", &agreement));
        let another = agreement.spec.objectives.clone();
        agreement.spec.objectives.extend(another);
        assert!(!pulses.is_felt("u", &agreement), "of one the slots alone tell");
    }

    #[test]
    fn a_proof_that_is_confirmed_no_more_goes_by_itself() {
        let pulses = Pulses::default();
        let order = ordered("main");
        pulses.order("u", &order, at(0));
        pulses.enter("u", &order, &rule("o"), &minute(600, 600), at(0));
        let stands = STANDS.as_secs();
        assert_eq!(pulses.order("u", &order, at(stands)).len(), 1);
        assert_eq!(pulses.order("u", &order, at(stands + 1)).len(), 0);
        assert!(WINDOW < SignedDuration::from_secs(stands));
    }
}
