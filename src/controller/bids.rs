//! What agreements bid for more replicas: what is stored in the statuses, and what this replica has decided since.
//!
//! Decisions that look at it are made one after the other, so that two cannot both take what is left for one.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt;
use kube::runtime::reflector::Store;

use crate::api::ServiceLevelAgreement;
use crate::api::bid::Bid;
use crate::decide::{Decided, FleetBid};

/// What this replica has decided, by agreement: newer than what is stored.
#[derive(Debug, Default)]
pub struct Bids(Mutex<HashMap<String, Option<Bid>>>);

impl Bids {
    /// Decides for the agreement with `uid`, while nobody else does, by what the others bid; and remembers what was decided.
    pub fn decide(
        &self,
        uid: &str,
        stored: &Store<ServiceLevelAgreement>,
        now: Timestamp,
        decide: impl FnOnce(Vec<FleetBid>) -> Decided,
    ) -> Decided {
        let mut decided_here = self.decided_here();
        let decided = decide(of_others(&decided_here, uid, stored, now));
        decided_here.insert(uid.to_owned(), decided.enforcement.bid.clone());
        decided
    }

    /// The agreement bids no more: it is in no danger, or was refused what it asked for.
    pub fn withdraw(&self, uid: &str) {
        self.decided_here().insert(uid.to_owned(), None);
    }

    /// Forgets every agreement for which `present` does not hold.
    pub fn retain(&self, present: impl Fn(&str) -> bool) {
        self.decided_here().retain(|uid, _| present(uid));
    }

    fn decided_here(&self) -> MutexGuard<'_, HashMap<String, Option<Bid>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What agreements beside that with `uid` bid. One that is gone bids nothing.
fn of_others(
    decided_here: &HashMap<String, Option<Bid>>,
    uid: &str,
    stored: &Store<ServiceLevelAgreement>,
    now: Timestamp,
) -> Vec<FleetBid> {
    let mut bids = Vec::new();
    for agreement in stored.state() {
        let of = agreement.uid().unwrap_or_default();
        if of == uid || agreement.metadata.deletion_timestamp.is_some() {
            continue;
        }
        let in_status = || agreement.status.as_ref()?.enforcement.as_ref()?.bid.clone();
        let bid = decided_here.get(&of).cloned().unwrap_or_else(in_status);
        let name = format!("{}/{}", agreement.namespace().unwrap_or_default(), agreement.name_any());
        bids.extend(bid.filter(|bid| now < bid.until.0).map(|bid| FleetBid { agreement: name, bid }));
    }
    bids.sort_by(|a, b| a.agreement.cmp(&b.agreement));
    bids
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

    fn bid(replicas: i32, until: i64) -> Bid {
        let (since, until) = (Time(at(-60)), Time(at(until)));
        let draws_on = vec!["nodes".to_owned()];
        let (millicores, mebibytes, stake) = (1000, 0, crate::api::bid::BidStake::default());
        Bid { draws_on, replicas, millicores, mebibytes, stake, since, until, granted: None, yields_since: None }
    }

    fn agreement(name: &str, bid: Option<&Bid>) -> ServiceLevelAgreement {
        serde_json::from_value(json!({
            "apiVersion": "guarantor.dev/v1alpha1", "kind": "ServiceLevelAgreement",
            "metadata": {"name": name, "namespace": "shop", "uid": name},
            "spec": {
                "service": {"name": "web", "workloads": []}, "metrics": {"sourceRef": {"name": "main"}},
                "period": {"rolling": "30d"}, "objectives": [],
            },
            "status": {"enforcement": {"message": "", "reason": "", "bid": bid}},
        }))
        .unwrap()
    }

    #[test]
    fn what_is_stored_and_what_was_decided_since_count_once_each() {
        let (reader, mut writer) = store();
        for (name, bid) in [("a", Some(bid(1, 60))), ("b", Some(bid(2, 0))), ("c", None), ("own", Some(bid(9, 60)))] {
            writer.apply_watcher_event(&watcher::Event::Apply(agreement(name, bid.as_ref())));
        }
        let seen = |decided: &[(&str, Option<Bid>)]| -> Vec<(String, i32)> {
            let decided = decided.iter().map(|(uid, bid)| ((*uid).to_owned(), bid.clone())).collect();
            let bids = of_others(&decided, "own", &reader, at(0)).into_iter();
            bids.map(|fleet| (fleet.agreement, fleet.bid.replicas)).collect()
        };
        assert_eq!(seen(&[]), [("shop/a".to_owned(), 1)], "after a restart; what has lapsed counts no more");
        assert_eq!(seen(&[("a", None)]), [], "withdrawn, and the watch has not seen it yet");
        assert_eq!(
            seen(&[("a", Some(bid(3, 60))), ("c", Some(bid(4, 60)))]),
            [("shop/a".to_owned(), 3), ("shop/c".to_owned(), 4)]
        );
        assert_eq!(seen(&[("a", None), ("gone", Some(bid(3, 60)))]), [], "nobody waits for an agreement that is gone");
    }
}
