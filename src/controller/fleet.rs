//! Which services burn, over all agreements: kept from their assessments as they are reconciled. Of what a process that has just
//! begun did not assess yet, the stored status tells for a short while.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;

use super::recalled;
use crate::api::ServiceLevelAgreement;
use crate::api::agreement_status::AgreementStatus;
use crate::decide::FleetView;
use crate::decide::danger::pulse::Present;
use crate::decide::situation::upstream::{self, Upstream};

/// The services of all agreements that were assessed.
#[derive(Debug, Default)]
pub struct Fleet {
    agreements: Mutex<HashMap<String, Standing>>,
    /// The stored statuses were read.
    recalled: OnceLock<()>,
}

#[derive(Debug)]
struct Standing {
    /// What names the service: agreements on one workload are about one.
    service: String,
    /// What names its workloads.
    workloads: Vec<String>,
    /// Since when it burns.
    burning_since: Option<Timestamp>,
    /// The agreement.
    namespace: String,
    name: String,
    /// The names of those it depends on.
    depends_on: Vec<String>,
    /// Slots before this instant are in its account.
    through: Timestamp,
    /// How old that may be.
    lag: SignedDuration,
    /// It is told by its stored status, and was not assessed yet.
    recalled: bool,
}

/// The account of an agreement may lag behind by three slots and so much; what is older says nothing of now. So long a process
/// that has just begun believes what is stored.
const LAG: SignedDuration = SignedDuration::from_mins(2);

impl Fleet {
    fn agreements(&self) -> MutexGuard<'_, HashMap<String, Standing>> {
        self.agreements.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters, once in a process, the agreements that burn by their stored status: otherwise whoever depends on one, and is
    /// looked at before it, would take its danger for its own. Only that question is answered by them.
    pub fn recall(&self, stored: impl FnOnce() -> Vec<Arc<ServiceLevelAgreement>>, now: Timestamp) {
        self.recalled.get_or_init(|| {
            let mut agreements = self.agreements();
            for agreement in stored() {
                let Some(since) = recalled::burning_since(&agreement, now) else { continue };
                let through = agreement.status.as_ref().and_then(|status| status.measured_through.as_ref());
                let through = through.map_or(now, |through| through.0);
                let standing = Standing {
                    service: service(&agreement),
                    workloads: workloads(&agreement),
                    burning_since: Some(since),
                    namespace: agreement.namespace().unwrap_or_default(),
                    name: agreement.name_any(),
                    depends_on: agreement.spec.service.depends_on.clone(),
                    through,
                    lag: now.duration_since(through).saturating_add(LAG),
                    recalled: true,
                };
                agreements.entry(agreement.uid().unwrap_or_default()).or_insert(standing);
            }
        });
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
        let episode = status.enforcement.as_ref().and_then(|e| e.episode.as_ref());
        let episode = episode.filter(|episode| !episode.ahead).map(|episode| episode.since.0);
        let mut agreements = self.agreements();
        let known = agreements.get(&uid).and_then(|standing| standing.burning_since);
        let burning_since = burns.then(|| known.or(episode).unwrap_or(now));
        let slots = SignedDuration::from_secs(agreement.spec.metrics.slot.seconds()).saturating_mul(3);
        let standing = Standing {
            service: service(agreement),
            workloads: workloads(agreement),
            burning_since,
            namespace: agreement.namespace().unwrap_or_default(),
            name: agreement.name_any(),
            depends_on: agreement.spec.service.depends_on.clone(),
            through: present.assessment.measured_through,
            lag: slots.saturating_add(LAG),
            recalled: false,
        };
        agreements.insert(uid, standing);
    }

    /// How those stand that an agreement depends on. `exists`: whether there is an agreement of that name beside it; `has_pulse`:
    /// whether the pulse of that is felt.
    pub fn upstream(
        &self,
        agreement: &ServiceLevelAgreement,
        exists: impl Fn(&str) -> bool,
        has_pulse: impl Fn(&str) -> bool,
        now: Timestamp,
    ) -> Vec<Upstream> {
        let namespace = agreement.namespace().unwrap_or_default();
        let own = agreement.name_any();
        let agreements = self.agreements();
        let beside = agreements.values().filter(|standing| standing.namespace == namespace);
        let beside: BTreeMap<&str, &Standing> = beside.map(|standing| (standing.name.as_str(), standing)).collect();
        let named = agreement.spec.service.depends_on.iter().map(|name| {
            let standing = match beside.get(name.as_str()) {
                Some(known) if known.service == service(agreement) => upstream::Standing::SameService,
                Some(known) if now.duration_since(known.through) > known.lag => {
                    upstream::Standing::Unseen(format!("its account ends at {}", known.through))
                }
                Some(known) if known.burning_since.is_some() => {
                    let service = beside.values().filter(|other| other.service == known.service);
                    let since = service.filter_map(|other| other.burning_since).min();
                    since.map_or(upstream::Standing::Calm, upstream::Standing::Burning)
                }
                Some(_) => upstream::Standing::Calm,
                None if exists(name) => upstream::Standing::Unseen("it is not measured just now".to_owned()),
                None => upstream::Standing::Missing,
            };
            let in_a_circle = reaches(&beside, name, &own);
            Upstream { name: name.clone(), standing, in_a_circle, has_pulse: has_pulse(name) }
        });
        named.collect()
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
        for standing in agreements.values().filter(|standing| !standing.recalled) {
            let since = services.entry(&standing.service).or_default();
            *since = since.iter().chain(&standing.burning_since).min().copied();
        }
        let standing = agreements.get(uid);
        let workload = standing.and_then(|standing| standing.workloads.first());
        let names = |other: &Standing| workload.is_some_and(|workload| other.workloads.contains(workload));
        let others = agreements.iter().filter(|(other, standing)| *other != uid && names(standing));
        let mut beside: Vec<String> = others.map(|(_, standing)| standing.name.clone()).collect();
        beside.sort_unstable();
        let own = standing.filter(|standing| standing.burning_since.is_some());
        FleetView {
            services: services.len(),
            own: own.and_then(|standing| *services.get(standing.service.as_str())?),
            burning_since: services.into_values().flatten().collect(),
            beside,
            ..FleetView::default()
        }
    }
}

/// Whether one agreement depends on another, directly or through others; each is asked once, so that a circle ends.
fn reaches(beside: &BTreeMap<&str, &Standing>, from: &str, to: &str) -> bool {
    let mut known: HashSet<&str> = HashSet::new();
    let mut open: Vec<&str> = beside.get(from).iter().flat_map(|s| &s.depends_on).map(String::as_str).collect();
    while let Some(name) = open.pop() {
        if name == to {
            return true;
        }
        if known.insert(name) {
            open.extend(beside.get(name).iter().flat_map(|s| &s.depends_on).map(String::as_str));
        }
    }
    false
}

fn service(agreement: &ServiceLevelAgreement) -> String {
    let named = || format!("{}/{}", agreement.namespace().unwrap_or_default(), agreement.spec.service.name);
    workloads(agreement).into_iter().next().unwrap_or_else(named)
}

fn workloads(agreement: &ServiceLevelAgreement) -> Vec<String> {
    let namespace = agreement.namespace().unwrap_or_default();
    let all = agreement.spec.service.workloads.iter();
    all.map(|workload| format!("{namespace}/{}/{}", workload.kind, workload.name)).collect()
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
        assert_eq!(["a", "b", "c", "e"].map(|uid| fleet.seen_by(uid).beside), [vec!["b"], vec!["a"], vec![], vec![]]);
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

    fn seen(assessment: &Assessment) -> Present<'_> {
        Present { assessment, pulse: &[] }
    }

    fn depending(name: &str, on: &[&str]) -> ServiceLevelAgreement {
        let mut agreement = agreement(name, name);
        agreement.spec.service.depends_on = on.iter().map(ToString::to_string).collect();
        agreement
    }

    #[test]
    fn what_an_agreement_depends_on_is_told_as_far_as_it_is_seen() {
        use upstream::Standing::{Burning, Calm, Missing, SameService, Unseen};

        let fleet = Fleet::default();
        let web = depending("web", &["pay", "cart", "old", "new", "none", "twin"]);
        let status = AgreementStatus::default();
        for (agreement, burns, second) in
            [(&web, true, 60), (&depending("pay", &[]), true, 90), (&depending("cart", &[]), false, 60)]
        {
            let fresh = Assessment { measured_through: at(80), ..assessment(burns) };
            fleet.note(agreement, &status, seen(&fresh), at(second));
        }
        let stale = Assessment { measured_through: at(-1000), ..assessment(true) };
        fleet.note(&depending("old", &[]), &status, seen(&stale), at(60));
        let mut twin = depending("twin", &[]);
        twin.spec.service.workloads.clone_from(&web.spec.service.workloads);
        fleet.note(&twin, &status, seen(&assessment(true)), at(60));
        let seen = fleet.upstream(&web, |name| name == "new", |name| name == "cart", at(100));
        let felt: Vec<&str> = seen.iter().filter(|up| up.has_pulse).map(|up| up.name.as_str()).collect();
        assert_eq!(felt, ["cart"]);
        let standings: Vec<_> = seen.into_iter().map(|upstream| upstream.standing).collect();
        let unseen = |why: &str| Unseen(why.to_owned());
        let old = format!("its account ends at {}", at(-1000));
        assert_eq!(
            standings,
            [Burning(at(90)), Calm, unseen(&old), unseen("it is not measured just now"), Missing, SameService]
        );
    }

    #[test]
    fn what_burned_when_the_process_before_ended_burns_until_it_is_assessed_or_for_two_minutes() {
        let fleet = Fleet::default();
        let mut pay = depending("pay", &[]);
        pay.status = serde_json::from_value(json!({
            "measuredThrough": "1970-01-01T00:01:00Z", "enforcement": {"episode": {"since": "1970-01-01T00:00:40Z"}},
        }))
        .unwrap();
        let standing = |second| {
            let seen = fleet.upstream(&depending("web", &["pay"]), |_| true, |_| false, at(second));
            seen.into_iter().next().unwrap().standing
        };
        let unseen = |why: &str| upstream::Standing::Unseen(why.to_owned());
        assert_eq!(standing(3000), unseen("it is not measured just now"));
        fleet.recall(|| vec![Arc::new(pay.clone())], at(3000));
        for second in [3000, 3120] {
            assert_eq!(standing(second), upstream::Standing::Burning(at(40)));
        }
        assert_eq!(standing(3121), unseen("its account ends at 1970-01-01T00:01:00Z"));
        assert_eq!(fleet.seen_by("pay"), FleetView::default(), "it was not assessed");
        let fresh = Assessment { measured_through: at(3000), ..assessment(false) };
        fleet.note(&pay, &AgreementStatus::default(), seen(&fresh), at(3001));
        assert_eq!((standing(3001), fleet.seen_by("pay").services), (upstream::Standing::Calm, 1));
    }

    #[test]
    fn a_circle_is_seen_however_long_it_is_and_ends() {
        let fleet = Fleet::default();
        // A circle, and one beside it from which nothing leads back.
        let named: [(&str, &[&str]); 5] =
            [("a", &["b", "x"]), ("b", &["c"]), ("c", &["a"]), ("x", &["y"]), ("y", &["x"])];
        let all: Vec<_> = named.into_iter().map(|(name, on)| depending(name, on)).collect();
        for agreement in &all {
            fleet.note(agreement, &AgreementStatus::default(), seen(&assessment(false)), at(10));
        }
        let circles = |of: &ServiceLevelAgreement| -> Vec<bool> {
            fleet.upstream(of, |_| true, |_| true, at(10)).into_iter().map(|upstream| upstream.in_a_circle).collect()
        };
        let seen: Vec<Vec<bool>> = all.iter().map(circles).collect();
        assert_eq!(seen, [vec![true, false], vec![true], vec![true], vec![true], vec![true]]);
        let mut elsewhere = depending("a", &["b"]);
        elsewhere.metadata.namespace = Some("other".to_owned());
        let seen = fleet.upstream(&elsewhere, |_| false, |_| false, at(10));
        assert_eq!(
            seen.iter().map(|up| &up.standing).collect::<Vec<_>>(),
            [&upstream::Standing::Missing],
            "beside it only"
        );
    }
}
