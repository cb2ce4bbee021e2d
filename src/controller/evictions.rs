//! Which pods were evicted lately and which nodes are avoided, over all agreements.
//!
//! What is stored in the statuses, which are written before each act, and what this replica has decided since: a watch may
//! lag. Decisions that look at it are made one after the other, so that two cannot both be the last that is allowed.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt;
use kube::runtime::reflector::Store;

use crate::api::ServiceLevelAgreement;
use crate::api::avoidance_status::AvoidedNode;
use crate::api::enforcement_status::EnforcementStatus;
use crate::api::reschedule_status::Eviction;
use crate::decide::guard::EVICTIONS_COUNT;
use crate::decide::{Decided, FleetAvoidance, FleetEviction};

/// What this replica has decided, by agreement.
#[derive(Debug, Default)]
pub struct Evictions(Mutex<HashMap<String, Disruption>>);

/// The evictions, while nobody else decides about any.
struct Turn<'a>(MutexGuard<'a, HashMap<String, Disruption>>);

/// What was done for one agreement that counts for all.
#[derive(Clone, Debug, Default)]
struct Disruption {
    evictions: Vec<Eviction>,
    avoided: Option<AvoidedNode>,
}

impl Disruption {
    fn of(enforcement: Option<&EnforcementStatus>) -> Self {
        let moved = enforcement.and_then(|e| e.reschedule.as_ref());
        let avoided = enforcement.and_then(|e| e.avoidance.as_ref()?.standing());
        Self { evictions: moved.map(|moved| moved.evictions.clone()).unwrap_or_default(), avoided: avoided.cloned() }
    }

    /// Takes out what is past.
    fn age(&mut self, now: Timestamp) {
        self.evictions.retain(|eviction| now.duration_since(eviction.at.0) < EVICTIONS_COUNT);
        self.avoided = self.avoided.take().filter(|avoided| now < avoided.until.0);
    }
}

impl Evictions {
    /// Decides for the agreement with `uid`, while nobody else does, by what was evicted lately for the others; and remembers
    /// what was decided.
    pub fn decide(
        &self,
        uid: &str,
        stored: &Store<ServiceLevelAgreement>,
        now: Timestamp,
        decide: impl FnOnce(Vec<FleetEviction>, Vec<FleetAvoidance>) -> Decided,
    ) -> Decided {
        let mut turn = self.turn();
        let (evictions, avoided) = turn.of_others(uid, stored, now);
        let decided = decide(evictions, avoided);
        turn.enter(uid, Disruption::of(Some(&decided.enforcement)), now);
        decided
    }

    fn turn(&self) -> Turn<'_> {
        Turn(self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Turn<'_> {
    /// What was evicted lately, and what is avoided, for other agreements than that with `uid`.
    fn of_others(
        &self,
        uid: &str,
        stored: &Store<ServiceLevelAgreement>,
        now: Timestamp,
    ) -> (Vec<FleetEviction>, Vec<FleetAvoidance>) {
        let mut found: HashMap<String, FleetEviction> = HashMap::new();
        let mut nodes: Vec<FleetAvoidance> = Vec::new();
        let mut enter = |mut of: Disruption| {
            of.age(now);
            for eviction in of.evictions {
                found.insert(eviction.action, FleetEviction { node: eviction.node, at: eviction.at.0 });
            }
            nodes.extend(of.avoided.map(|avoided| FleetAvoidance { node: avoided.node, until: avoided.until.0 }));
        };
        for agreement in stored.state() {
            let own = agreement.uid();
            // What this replica decided is newer than what is stored.
            if own.as_deref() == Some(uid) || own.is_some_and(|own| self.0.contains_key(&own)) {
                continue;
            }
            enter(Disruption::of(agreement.status.as_ref().and_then(|status| status.enforcement.as_ref())));
        }
        self.0.iter().filter(|(of, _)| *of != uid).map(|(_, disruption)| disruption.clone()).for_each(&mut enter);
        let mut found: Vec<FleetEviction> = found.into_values().collect();
        found.sort_by(|a, b| (a.at, &a.node).cmp(&(b.at, &b.node)));
        nodes.sort_by(|a, b| a.node.cmp(&b.node));
        (found, nodes)
    }

    /// What stands of an agreement by now; an agreement that is gone keeps what it had, until it is too old to count.
    fn enter(&mut self, uid: &str, disruption: Disruption, now: Timestamp) {
        self.0.insert(uid.to_owned(), disruption);
        for disruption in self.0.values_mut() {
            disruption.age(now);
        }
        self.0.retain(|of, left| of == uid || !left.evictions.is_empty() || left.avoided.is_some());
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
    use kube::runtime::reflector::store;
    use kube::runtime::watcher;
    use serde_json::json;

    use super::*;
    use crate::api::reschedule_status::RescheduleStatus;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn disruption(of: &[(&str, i64)]) -> Disruption {
        Disruption { evictions: evictions(of).evictions, avoided: None }
    }

    fn avoiding(node: &str, until: i64) -> Disruption {
        let (action, uid) = (format!("avoid {node}"), format!("uid of {node}"));
        let (from, until) = (Time(at(-60)), Time(at(until)));
        let avoided = AvoidedNode { action, node: node.to_owned(), uid, at: from, until, ended: None };
        Disruption { evictions: Vec::new(), avoided: Some(avoided) }
    }

    fn evictions(of: &[(&str, i64)]) -> RescheduleStatus {
        let eviction = |(action, second): &(&str, i64)| Eviction {
            action: (*action).to_owned(),
            at: Time(at(*second)),
            pod: "web-1".to_owned(),
            node: format!("node of {action}"),
            owner: "rs".to_owned(),
            landed: None,
        };
        RescheduleStatus { evictions: of.iter().map(eviction).collect(), hindered: None }
    }

    fn agreement(uid: &str, moved: &RescheduleStatus) -> ServiceLevelAgreement {
        serde_json::from_value(json!({
            "apiVersion": "guarantor.dev/v1alpha1", "kind": "ServiceLevelAgreement",
            "metadata": {"name": uid, "namespace": "shop", "uid": uid},
            "spec": {
                "service": {"name": "web", "workloads": []}, "metrics": {"sourceRef": {"name": "main"}},
                "period": {"rolling": "30d"}, "objectives": [],
            },
            "status": {"enforcement": {"message": "", "reason": "", "reschedule": moved}},
        }))
        .unwrap()
    }

    #[test]
    fn what_is_stored_and_what_was_decided_since_count_once_each() {
        let (reader, mut writer) = store();
        for (uid, of) in [("a", vec![("a1", -10)]), ("b", vec![("b1", -20), ("b2", -600)]), ("own", vec![("o1", -5)])] {
            writer.apply_watcher_event(&watcher::Event::Apply(agreement(uid, &evictions(&of))));
        }
        let evictions_of = Evictions::default();
        let seen = |turn: &Turn<'_>, uid| -> Vec<String> {
            turn.of_others(uid, &reader, at(0)).0.into_iter().map(|eviction| eviction.node).collect()
        };
        let mut turn = evictions_of.turn();
        assert_eq!(
            seen(&turn, "own"),
            ["node of b1", "node of a1"],
            "none of its own, and none that is ten minutes old"
        );
        // Decided here and not seen by the watch yet; and one that turned out not to have happened.
        turn.enter("c", disruption(&[("c1", -1)]), at(0));
        turn.enter("a", Disruption::default(), at(0));
        assert_eq!(seen(&turn, "own"), ["node of b1", "node of c1"]);
        assert_eq!(seen(&turn, "c"), ["node of b1", "node of o1"]);
        // A node that is to be avoided counts before anybody sees its taint, and until its time is over.
        turn.enter("d", avoiding("sick", 10), at(0));
        let avoided = |turn: &Turn<'_>, uid, now| -> Vec<String> {
            turn.of_others(uid, &reader, now).1.into_iter().map(|avoided| avoided.node).collect()
        };
        assert_eq!((avoided(&turn, "own", at(0)), avoided(&turn, "d", at(0))), (vec!["sick".to_owned()], Vec::new()));
        assert_eq!(avoided(&turn, "own", at(10)), Vec::<String>::new());
    }
}
