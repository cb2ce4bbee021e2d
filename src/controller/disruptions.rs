//! What was done lately for agreements that counts for all, and which nodes are avoided: pods evicted or resized, rollouts paused
//! or undone, load shed.
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
use crate::decide::guard::WITHIN;
use crate::decide::situation::fleet;
use crate::decide::{AgreementIdentity, Decided, FleetAct, FleetAvoidance, FleetEviction};

/// What this replica has decided, by agreement.
#[derive(Debug, Default)]
pub struct Disruptions(Mutex<HashMap<String, Disruption>>);

/// The same, while nobody else decides about any.
struct Turn<'a>(MutexGuard<'a, HashMap<String, Disruption>>);

/// What was done for one agreement that counts for all.
#[derive(Clone, Debug, Default)]
struct Disruption {
    evictions: Vec<Eviction>,
    avoided: Option<AvoidedNode>,
    acts: Vec<FleetAct>,
}

/// What was done for other agreements and counts for all.
#[derive(Clone, Debug, Default)]
pub struct Others {
    /// The evictions, oldest first.
    pub evictions: Vec<FleetEviction>,
    /// The nodes avoided, by name.
    pub avoided: Vec<FleetAvoidance>,
    /// What else was done, oldest first.
    pub acts: Vec<FleetAct>,
}

impl Disruption {
    /// What the status of the agreement of this name, with its namespace, tells.
    fn of(agreement: &str, enforcement: Option<&EnforcementStatus>, now: Timestamp) -> Self {
        let Some(enforcement) = enforcement else { return Self::default() };
        let since = now.saturating_sub(WITHIN).unwrap_or(Timestamp::MIN);
        let EnforcementStatus { rollout, reschedule, avoidance, shed, resize, owned, cpu_target, .. } = enforcement;
        let (rollout, shed, resize) = (rollout.as_ref(), shed.as_ref(), resize.as_ref());
        Self {
            evictions: reschedule.as_ref().map(|moved| moved.evictions.clone()).unwrap_or_default(),
            avoided: avoidance.as_ref().and_then(|avoidance| avoidance.standing()).cloned(),
            acts: fleet::acts(agreement, since, rollout, shed, resize, owned.as_ref(), cpu_target.as_ref()),
        }
    }

    /// Takes out what is past.
    fn age(&mut self, now: Timestamp) {
        self.evictions.retain(|eviction| now.duration_since(eviction.at.0) < WITHIN);
        self.acts.retain(|act| now.duration_since(act.at) < WITHIN);
        self.avoided = self.avoided.take().filter(|avoided| now < avoided.until.0);
    }
}

impl Disruptions {
    /// Decides for an agreement, while nobody else does, by what was done lately for the others; and remembers what was decided.
    pub fn decide(
        &self,
        agreement: &AgreementIdentity,
        stored: &Store<ServiceLevelAgreement>,
        now: Timestamp,
        decide: impl FnOnce(Others) -> Decided,
    ) -> Decided {
        let mut turn = self.turn();
        let decided = decide(turn.of_others(&agreement.uid, stored, now));
        let name = format!("{}/{}", agreement.namespace, agreement.name);
        turn.enter(&agreement.uid, Disruption::of(&name, Some(&decided.enforcement), now), now);
        decided
    }

    fn turn(&self) -> Turn<'_> {
        Turn(self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Turn<'_> {
    /// What was done lately for other agreements than that with `uid`.
    fn of_others(&self, uid: &str, stored: &Store<ServiceLevelAgreement>, now: Timestamp) -> Others {
        let mut found: HashMap<String, FleetEviction> = HashMap::new();
        let (mut avoided, mut acts) = (Vec::new(), Vec::new());
        let mut enter = |mut of: Disruption| {
            of.age(now);
            for eviction in of.evictions {
                found.insert(eviction.action, FleetEviction { node: eviction.node, at: eviction.at.0 });
            }
            avoided.extend(of.avoided.map(|avoided| FleetAvoidance { node: avoided.node, until: avoided.until.0 }));
            acts.extend(of.acts);
        };
        for agreement in stored.state() {
            let own = agreement.uid();
            // What this replica decided is newer than what is stored.
            if own.as_deref() == Some(uid) || own.is_some_and(|own| self.0.contains_key(&own)) {
                continue;
            }
            let name = format!("{}/{}", agreement.namespace().unwrap_or_default(), agreement.name_any());
            let enforcement = agreement.status.as_ref().and_then(|status| status.enforcement.as_ref());
            enter(Disruption::of(&name, enforcement, now));
        }
        self.0.iter().filter(|(of, _)| *of != uid).map(|(_, disruption)| disruption.clone()).for_each(&mut enter);
        let mut evictions: Vec<FleetEviction> = found.into_values().collect();
        evictions.sort_by(|a, b| (a.at, &a.node).cmp(&(b.at, &b.node)));
        avoided.sort_by(|a: &FleetAvoidance, b| a.node.cmp(&b.node));
        acts.sort_by(|a: &FleetAct, b| (a.at, &a.agreement).cmp(&(b.at, &b.agreement)));
        Others { evictions, avoided, acts }
    }

    /// What stands of an agreement by now; an agreement that is gone keeps what it had, until it is too old to count.
    fn enter(&mut self, uid: &str, disruption: Disruption, now: Timestamp) {
        self.0.insert(uid.to_owned(), disruption);
        for disruption in self.0.values_mut() {
            disruption.age(now);
        }
        let counts = |left: &Disruption| !left.evictions.is_empty() || left.avoided.is_some() || !left.acts.is_empty();
        self.0.retain(|of, left| of == uid || counts(left));
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
    use crate::api::enforcement_status::Verb;
    use crate::api::reschedule_status::RescheduleStatus;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn disruption(of: &[(&str, i64)]) -> Disruption {
        Disruption { evictions: evictions(of).evictions, ..Disruption::default() }
    }

    fn avoiding(node: &str, until: i64) -> Disruption {
        let (action, uid) = (format!("avoid {node}"), format!("uid of {node}"));
        let (from, until) = (Time(at(-60)), Time(at(until)));
        let avoided = AvoidedNode { action, node: node.to_owned(), uid, at: from, until, ended: None };
        Disruption { avoided: Some(avoided), ..Disruption::default() }
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
        RescheduleStatus { evictions: of.iter().map(eviction).collect(), ..RescheduleStatus::default() }
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
        let disruptions = Disruptions::default();
        let seen = |turn: &Turn<'_>, uid| -> Vec<String> {
            turn.of_others(uid, &reader, at(0)).evictions.into_iter().map(|eviction| eviction.node).collect()
        };
        let mut turn = disruptions.turn();
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
            turn.of_others(uid, &reader, now).avoided.into_iter().map(|avoided| avoided.node).collect()
        };
        assert_eq!((avoided(&turn, "own", at(0)), avoided(&turn, "d", at(0))), (vec!["sick".to_owned()], Vec::new()));
        assert_eq!(avoided(&turn, "own", at(10)), Vec::<String>::new());
    }

    #[test]
    fn what_else_was_done_is_told_with_whom_it_was_done_for() {
        let (reader, mut writer) = store();
        let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "d"});
        let mut stored = agreement("a", &RescheduleStatus::default());
        let enforcement = json!({
            "message": "", "reason": "",
            "rollout": {"target": target, "rollbacks": [Time(at(-10)), Time(at(-600))], "pauses": [Time(at(-20))]},
            "shed": {"turns": [{"action": "s", "at": Time(at(-30))}]},
            "resize": {"workload": target, "raised": [
                {"action": "r", "at": Time(at(-40)), "pod": "web-1", "node": "n", "unrequested": 250},
                // As it was told before nodes were.
                {"action": "q", "at": Time(at(-50)), "pod": "web-2"},
            ]},
        });
        stored.status = serde_json::from_value(json!({"enforcement": enforcement})).unwrap();
        writer.apply_watcher_event(&watcher::Event::Apply(stored.clone()));
        let disruptions = Disruptions::default();
        let mut turn = disruptions.turn();
        let told = |turn: &Turn<'_>, uid| -> Vec<(Verb, i64)> {
            let acts = turn.of_others(uid, &reader, at(0)).acts;
            assert!(acts.iter().all(|act| act.agreement == "shop/a"), "{acts:?}");
            acts.into_iter().map(|act| (act.verb, act.at.duration_since(at(0)).as_secs())).collect()
        };
        let all = [
            (Verb::Resize, -50),
            (Verb::Resize, -40),
            (Verb::Shed, -30),
            (Verb::PauseRollout, -20),
            (Verb::RollBack, -10),
        ];
        assert_eq!(told(&turn, "own"), all, "after a restart, oldest first, and not what is ten minutes old");
        assert_eq!(told(&turn, "a"), [], "its own it knows itself");
        let resized = turn.of_others("own", &reader, at(0)).acts.swap_remove(1);
        assert_eq!(
            (resized.node.as_deref(), resized.pod.as_deref(), resized.unrequested),
            (Some("n"), Some("web-1"), 250)
        );
        // Decided here, and not seen by the watch yet.
        let mut enforcement = stored.status.unwrap().enforcement.unwrap();
        enforcement.shed = None;
        turn.enter("a", Disruption::of("shop/a", Some(&enforcement), at(0)), at(0));
        assert_eq!(told(&turn, "own"), all.into_iter().filter(|(verb, _)| *verb != Verb::Shed).collect::<Vec<_>>());
    }
}
