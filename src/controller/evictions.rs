//! Which pods were evicted lately, over all agreements.
//!
//! What is stored in the statuses, which are written before each act, and what this replica has decided since: a watch may
//! lag. Decisions that look at it are made one after the other, so that two cannot both be the last that is allowed.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt;
use kube::runtime::reflector::Store;

use crate::api::ServiceLevelAgreement;
use crate::api::reschedule_status::{Eviction, RescheduleStatus};
use crate::decide::guard::EVICTIONS_COUNT;
use crate::decide::{Decided, FleetEviction};

/// What this replica has decided, by agreement.
#[derive(Debug, Default)]
pub struct Evictions(Mutex<HashMap<String, Vec<Eviction>>>);

/// The evictions, while nobody else decides about any.
struct Turn<'a>(MutexGuard<'a, HashMap<String, Vec<Eviction>>>);

impl Evictions {
    /// Decides for the agreement with `uid`, while nobody else does, by what was evicted lately for the others; and remembers
    /// what was decided.
    pub fn decide(
        &self,
        uid: &str,
        stored: &Store<ServiceLevelAgreement>,
        now: Timestamp,
        decide: impl FnOnce(Vec<FleetEviction>) -> Decided,
    ) -> Decided {
        let mut turn = self.turn();
        let decided = decide(turn.of_others(uid, stored, now));
        turn.enter(uid, decided.enforcement.reschedule.as_ref(), now);
        decided
    }

    fn turn(&self) -> Turn<'_> {
        Turn(self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Turn<'_> {
    /// What was evicted lately for other agreements than that with `uid`.
    fn of_others(&self, uid: &str, stored: &Store<ServiceLevelAgreement>, now: Timestamp) -> Vec<FleetEviction> {
        let mut found: HashMap<String, FleetEviction> = HashMap::new();
        let mut enter = |eviction: &Eviction| {
            if now.duration_since(eviction.at.0) < EVICTIONS_COUNT {
                let (node, at) = (eviction.node.clone(), eviction.at.0);
                found.insert(eviction.action.clone(), FleetEviction { node, at });
            }
        };
        for agreement in stored.state() {
            let own = agreement.uid();
            // What this replica decided is newer than what is stored.
            if own.as_deref() == Some(uid) || own.is_some_and(|own| self.0.contains_key(&own)) {
                continue;
            }
            let enforcement = agreement.status.as_ref().and_then(|status| status.enforcement.as_ref());
            enforcement
                .and_then(|e| e.reschedule.as_ref())
                .iter()
                .flat_map(|moved| &moved.evictions)
                .for_each(&mut enter);
        }
        self.0.iter().filter(|(of, _)| *of != uid).flat_map(|(_, evictions)| evictions).for_each(&mut enter);
        let mut found: Vec<FleetEviction> = found.into_values().collect();
        found.sort_by(|a, b| (a.at, &a.node).cmp(&(b.at, &b.node)));
        found
    }

    /// What stands of an agreement by now; an agreement that is gone keeps what it had, until it is too old to count.
    fn enter(&mut self, uid: &str, moved: Option<&RescheduleStatus>, now: Timestamp) {
        let evictions = moved.map(|moved| moved.evictions.clone()).unwrap_or_default();
        self.0.insert(uid.to_owned(), evictions);
        for evictions in self.0.values_mut() {
            evictions.retain(|eviction| now.duration_since(eviction.at.0) < EVICTIONS_COUNT);
        }
        self.0.retain(|of, evictions| of == uid || !evictions.is_empty());
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

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
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
            turn.of_others(uid, &reader, at(0)).into_iter().map(|eviction| eviction.node).collect()
        };
        let mut turn = evictions_of.turn();
        assert_eq!(
            seen(&turn, "own"),
            ["node of b1", "node of a1"],
            "none of its own, and none that is ten minutes old"
        );
        // Decided here and not seen by the watch yet; and one that turned out not to have happened.
        turn.enter("c", Some(&evictions(&[("c1", -1)])), at(0));
        turn.enter("a", None, at(0));
        assert_eq!(seen(&turn, "own"), ["node of b1", "node of c1"]);
        assert_eq!(seen(&turn, "c"), ["node of b1", "node of o1"]);
    }
}
