//! Which services burn, over all agreements: kept from their assessments as they are reconciled.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt;

use crate::api::ServiceLevelAgreement;
use crate::api::agreement_status::AgreementStatus;
use crate::decide::FleetView;
use crate::decide::pulse::Present;

/// The services of all agreements that were assessed.
#[derive(Debug, Default)]
pub struct Fleet {
    agreements: Mutex<HashMap<String, Standing>>,
}

#[derive(Debug)]
struct Standing {
    /// What names the service: agreements on one workload are about one.
    service: String,
    /// Since when it burns.
    burning_since: Option<Timestamp>,
}

impl Fleet {
    fn agreements(&self) -> MutexGuard<'_, HashMap<String, Standing>> {
        self.agreements.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters an assessment. The beginning is that of the episode where there is one: it outlives a restart, after which
    /// all that burns would seem to have begun at once.
    pub fn note(
        &self,
        agreement: &ServiceLevelAgreement,
        status: &AgreementStatus,
        present: Present<'_>,
        now: Timestamp,
    ) {
        let uid = agreement.uid().unwrap_or_default();
        let burns = present.burns();
        let episode = status.enforcement.as_ref().and_then(|e| e.episode.as_ref()).map(|episode| episode.since.0);
        let mut agreements = self.agreements();
        let known = agreements.get(&uid).and_then(|standing| standing.burning_since);
        let burning_since = burns.then(|| known.or(episode).unwrap_or(now));
        agreements.insert(uid, Standing { service: service(agreement), burning_since });
    }

    /// Enters that the last minute proves an outage since then.
    pub fn proved(&self, uid: &str, since: Timestamp) {
        if let Some(standing) = self.agreements().get_mut(uid) {
            standing.burning_since.get_or_insert(since);
        }
    }

    /// Forgets an agreement.
    pub fn forget(&self, uid: &str) {
        self.agreements().remove(uid);
    }

    /// Forgets every agreement that is not among these.
    pub fn retain(&self, present: &HashSet<String>) {
        self.agreements().retain(|uid, _| present.contains(uid));
    }

    /// All services as one agreement sees them.
    #[must_use]
    pub fn seen_by(&self, uid: &str) -> FleetView {
        let agreements = self.agreements();
        let mut services: BTreeMap<&str, Option<Timestamp>> = BTreeMap::new();
        for standing in agreements.values() {
            let since = services.entry(&standing.service).or_default();
            *since = since.iter().chain(&standing.burning_since).min().copied();
        }
        let own = agreements.get(uid).filter(|standing| standing.burning_since.is_some());
        FleetView {
            services: services.len(),
            own: own.and_then(|standing| *services.get(standing.service.as_str())?),
            burning_since: services.into_values().flatten().collect(),
            evictions: Vec::new(),
            bids: Vec::new(),
            avoided: Vec::new(),
        }
    }
}

fn service(agreement: &ServiceLevelAgreement) -> String {
    let namespace = agreement.namespace().unwrap_or_default();
    match agreement.spec.service.workloads.first() {
        Some(workload) => format!("{namespace}/{}/{}", workload.kind, workload.name),
        None => format!("{namespace}/{}", agreement.spec.service.name),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::evaluate::assessment::{Assessment, ObjectiveAssessment};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn agreement(uid: &str, workload: &str) -> ServiceLevelAgreement {
        serde_json::from_value(json!({
            "apiVersion": "guarantor.dev/v1alpha1", "kind": "ServiceLevelAgreement",
            "metadata": {"name": uid, "namespace": "shop", "uid": uid},
            "spec": {
                "service": {"name": "web", "workloads": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": workload}]},
                "metrics": {"sourceRef": {"name": "main"}},
                "period": {"rolling": "30d"},
                "objectives": [],
            },
        }))
        .unwrap()
    }

    fn assessment(burning: bool) -> Assessment {
        Assessment {
            period_start: at(0),
            period_end: at(1000),
            judged_from: at(0),
            measured_through: at(0),
            state: crate::api::agreement_status::State::AtRisk,
            objectives: vec![ObjectiveAssessment { burning, ..ObjectiveAssessment::default() }],
            violations: Vec::new(),
            credits: None,
        }
    }

    #[test]
    fn agreements_on_one_workload_are_one_service() {
        let fleet = Fleet::default();
        let status = AgreementStatus::default();
        for (uid, workload, burns, second) in
            [("a", "web", true, 20), ("b", "web", true, 10), ("c", "cart", false, 10), ("d", "pay", true, 30)]
        {
            fleet.note(
                &agreement(uid, workload),
                &status,
                Present { assessment: &assessment(burns), pulse: &[] },
                at(second),
            );
        }
        let seen = fleet.seen_by("a");
        assert_eq!((seen.services, seen.own, seen.burning_together()), (3, Some(at(10)), 2));
        assert_eq!(fleet.seen_by("c").own, None);
        fleet.note(&agreement("d", "pay"), &status, Present { assessment: &assessment(true), pulse: &[] }, at(900));
        assert_eq!(fleet.seen_by("d").own, Some(at(30)), "it goes on burning");
        fleet.note(&agreement("d", "pay"), &status, Present { assessment: &assessment(false), pulse: &[] }, at(901));
        fleet.forget("c");
        assert_eq!(fleet.seen_by("a").burning_since, [at(10)]);
        assert_eq!(fleet.seen_by("a").services, 2);
    }

    #[test]
    fn what_the_pulse_proves_burns_with_the_others_until_the_next_look_at_the_account() {
        let fleet = Fleet::default();
        let calm = |second| {
            let (status, assessment) = (AgreementStatus::default(), assessment(false));
            fleet.note(&agreement("a", "web"), &status, Present { assessment: &assessment, pulse: &[] }, at(second));
        };
        calm(0);
        fleet.proved("a", at(10));
        fleet.proved("nobody", at(10));
        fleet.proved("a", at(25));
        assert_eq!((fleet.seen_by("a").own, fleet.seen_by("a").services), (Some(at(10)), 1));
        calm(30);
        assert_eq!(fleet.seen_by("a").own, None);
    }
}
