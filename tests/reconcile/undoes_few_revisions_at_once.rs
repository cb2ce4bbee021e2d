//! Five of seventeen services get a bad revision at once, which is too few to be called a common cause: all five rollouts are
//! paused, three revisions are undone, and the other two wait for ten minutes, whoever is the operator meanwhile.

use std::collections::BTreeMap;

use guarantor::api::enforcement_status::{ActionPhase, ActionRecord, Verb};
use guarantor::decide::guard::ROLLBACKS;
use guarantor_testbed::model::FaultPlan;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::rollouts::{Rollouts, apply_to, declared_of, running_as};
use crate::stage::{Stage, agreement};

const BAD: [&str; 5] = ["cart", "catalog", "pay", "search", "stock"];
/// So many services more, which are well: with fewer, the five would burn as one.
const WELL: usize = 12;

/// An agreement about a service, which is measured by series of its own.
fn about(service: &str, mode: &str) -> Value {
    let mut agreement = agreement(service, mode, "30m");
    let spec = &mut agreement["spec"];
    spec["service"] = json!({
        "name": service, "workloads": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": service}],
    });
    let sum = |counter: &str| format!("sum(increase({counter}{{service=\"{service}\"}}[$slot]))");
    spec["objectives"][0]["indicator"]["ratio"] = json!({"bad": sum("errors_total"), "total": sum("requests_total")});
    spec["enforcement"]["rollback"] = json!({"servedFor": "1m"});
    agreement
}

/// When revisions were undone, by service.
fn undone(stage: &Stage) -> BTreeMap<&'static str, Timestamp> {
    let of = |service: &str| {
        let actions = stage.status(service).actions;
        let done = |phase| phase != ActionPhase::Refused;
        let undo = actions.into_iter().find(|action| action.verb == Verb::RollBack && done(action.phase))?;
        Some(undo.intended_at.0)
    };
    BAD.into_iter().filter_map(|service| Some((service, of(service)?))).collect()
}

fn held(stage: &Stage) -> Vec<&'static str> {
    let is_held = |service: &&str| stage.status(service).enforcement.is_some_and(|e| e.reason == "BlastRadius");
    BAD.into_iter().filter(is_held).collect()
}

#[tokio::test(start_paused = true)]
async fn three_of_five_bad_revisions_are_undone_and_the_others_wait() {
    let mut stage = Stage::open(FaultPlan::none());
    for service in BAD {
        stage.api.apply(running_as(service, "good")).unwrap();
        stage.services.push(Rollouts::of(service));
    }
    stage.seconds(4).await;
    for service in BAD {
        stage.api.apply(about(service, "Enforce")).unwrap();
    }
    // Of the shop as a whole, which is well.
    for index in 0..WELL {
        let mut well = agreement(&format!("well-{index}"), "Observe", "30m");
        well["spec"]["service"]["workloads"][0]["name"] = format!("well-{index}").into();
        stage.api.apply(well).unwrap();
    }
    stage.seconds(70).await;
    for service in BAD {
        apply_to(&stage.api, service, "bad");
    }
    let is_paused = |stage: &Stage, service: &str| declared_of(&stage.api, service) == ("bad".to_owned(), true);
    stage.until("three rollbacks, and two holds", 300, |stage| held(stage).len() == 2).await.unwrap();
    let first = undone(&stage);
    assert_eq!(first.len(), ROLLBACKS, "{first:?}");
    for service in BAD {
        let paused = |action: &ActionRecord| action.verb == Verb::PauseRollout && action.phase == ActionPhase::Done;
        assert!(stage.status(service).actions.iter().any(paused), "{service} was stopped");
    }
    let waiting = held(&stage);
    for service in &waiting {
        assert!(is_paused(&stage, service), "{service} gets no further meanwhile");
        let message = stage.status(service).enforcement.unwrap().message;
        let by: Vec<String> = first.keys().map(|service| format!("1 for shop/{service}")).collect();
        let told = format!("3 revisions were undone within 10m ({})", by.join(", "));
        assert!(message.contains(&told), "{message}");
    }
    // Another operator reads in the statuses what this one did.
    stage.start(FaultPlan::none());
    let oldest = *first.values().min().unwrap();
    while stage.now().duration_since(oldest) < SignedDuration::from_secs(590) {
        stage.second().await;
        assert_eq!(undone(&stage).len(), ROLLBACKS, "{:?}", undone(&stage));
    }
    assert!(waiting.iter().all(|service| is_paused(&stage, service)));
    stage.until("the others", 120, |stage| undone(stage).len() == BAD.len()).await.unwrap();
    let all = undone(&stage);
    assert!(
        waiting.iter().all(|service| all[service].duration_since(oldest) >= SignedDuration::from_mins(10)),
        "{all:?}"
    );
    for service in BAD {
        assert_eq!(declared_of(&stage.api, service), ("good".to_owned(), false), "{service}");
    }
}
