//! What stands in the way of more replicas, or belongs to a person, is left alone, and the agreement says which and why: a
//! quota that is full, an autoscaler that somebody edits, and another agreement that has more at stake.
//!
//! Two agreements on one workload, a Deployment paused by a person and a disruption budget that forbids everything have
//! files of their own: `two_agreements_do_not_share_a_workload`, `undoes_a_bad_revision`, `moves_a_sick_pod`.

use guarantor::api::BASELINE_ANNOTATION;
use guarantor::api::enforcement_status::{EnforcementStatus, Verb};
use guarantor_testbed::model::FaultPlan;
use serde_json::{Value, json};

use crate::stage::{AGREEMENTS, AUTOSCALERS, DEPLOYMENTS, NAMESPACE, Stage, agreement, autoscaler, deployment};

/// A quota of the namespace, as its controller would count it.
fn quota(pods: i64, used: i64) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "team", "namespace": NAMESPACE},
        "spec": {"hard": {"pods": pods.to_string()}},
        "status": {"hard": {"pods": pods.to_string()}, "used": {"pods": used.to_string()}},
    })
}

fn enforcement(stage: &Stage, agreement: &str) -> EnforcementStatus {
    stage.status(agreement).enforcement.unwrap_or_default()
}

fn held(stage: &Stage, agreement: &str, reason: &str) -> bool {
    enforcement(stage, agreement).reason == reason
}

fn condition(stage: &Stage, agreement: &str, kind: &str) -> Option<(String, String)> {
    let conditions = stage.status(agreement).conditions;
    conditions.into_iter().find(|condition| condition.type_ == kind).map(|found| (found.reason, found.message))
}

fn replicas(stage: &Stage, name: &str) -> i64 {
    stage.api.get(DEPLOYMENTS, NAMESPACE, name).unwrap()["spec"]["replicas"].as_i64().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_quota_that_is_full_holds_the_raise() {
    let mut stage = Stage::open(FaultPlan::none());
    stage.api.apply(quota(3, 3)).unwrap();
    stage.api.apply(agreement("web", "Enforce", "30m")).unwrap();
    stage.seconds(60).await;
    stage.spike = true;
    stage.until("a hold", 100, |stage| held(stage, "web", "QuotaExceeded")).await.unwrap();
    let (reason, message) = condition(&stage, "web", "CapacityInsufficient").unwrap();
    assert_eq!(reason, "QuotaExceeded");
    assert!(
        message.contains("ResourceQuota team (pods: 3 of 3 used)") && message.contains("raise the quota"),
        "{message}"
    );
    stage.seconds(120).await;
    assert_eq!((stage.replicas, stage.status("web").actions.len()), (3, 0), "nothing is tried in vain");
    stage.api.apply(quota(5, 3)).unwrap();
    stage.until("the raise", 100, |stage| stage.replicas == 5).await.unwrap();
    stage.until("no condition", 30, |stage| condition(stage, "web", "CapacityInsufficient").is_none()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_quota_with_room_for_a_part_lets_that_part_through() {
    let mut stage = Stage::open(FaultPlan::none());
    stage.api.apply(quota(4, 3)).unwrap();
    stage.api.apply(agreement("web", "Enforce", "30m")).unwrap();
    stage.seconds(60).await;
    stage.spike = true;
    stage.until("the raise", 100, |stage| stage.replicas == 4).await.unwrap();
    let raise = stage.status("web").actions.into_iter().find(|action| action.verb == Verb::RaiseFloor).unwrap();
    assert!(raise.reason.contains("5 would be right, but ResourceQuota team"), "{}", raise.reason);
}

#[tokio::test(start_paused = true)]
async fn an_autoscaler_that_a_person_edits_is_left_to_them() {
    let mut stage = Stage::open(FaultPlan::none());
    stage.api.apply(autoscaler()).unwrap();
    stage.api.apply(agreement("web", "Enforce", "30m")).unwrap();
    stage.seconds(60).await;
    stage.spike = true;
    let floor = |stage: &Stage| stage.api.get(AUTOSCALERS, NAMESPACE, "web").unwrap()["spec"]["minReplicas"].clone();
    let mut edits = 0;
    for _ in 0..300 {
        if floor(&stage) != 2 {
            edits += 1;
            let lower = |hpa: &mut Value| hpa["spec"]["minReplicas"] = 2.into();
            stage.api.edit("kubectl-edit", AUTOSCALERS, NAMESPACE, "web", lower).unwrap();
        }
        stage.second().await;
    }
    assert_eq!(edits, 2, "one write and one more try");
    assert!(held(&stage, "web", "ConflictingManager"), "{:?}", enforcement(&stage, "web"));
    let (_, message) = condition(&stage, "web", "ConflictingManager").unwrap();
    assert!(message.contains("kubectl-edit reset /spec/minReplicas"), "{message}");
    stage.spike = false;
    let hpa = |stage: &Stage| stage.api.get(AUTOSCALERS, NAMESPACE, "web").unwrap();
    let clean = |stage: &Stage| hpa(stage)["metadata"]["annotations"][BASELINE_ANNOTATION].is_null();
    stage.until("no trace", 900, clean).await.unwrap();
    assert_eq!(floor(&stage), 2, "what the person set");
}

/// An agreement of the Deployment `name`, of which a third of the fee is owed below its target.
fn with_fee(name: &str, amount: &str) -> Value {
    let mut agreement = agreement(name, "Enforce", "30m");
    agreement["spec"]["service"]["workloads"][0]["name"] = name.into();
    agreement["spec"]["credits"] = json!({
        "fee": {"amount": amount, "currency": "EUR"},
        "tiers": [{"objective": "availability", "below": "10", "percentOfFee": "30"}],
    });
    agreement
}

/// A ready pod of the Deployment `cart`, which nothing makes here.
fn pod_of_cart(index: usize) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": format!("cart-{index}"), "namespace": NAMESPACE, "labels": {"app": "cart"}},
        "spec": {"nodeName": "node", "containers": [{"name": "cart"}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    })
}

/// Two services in danger at once, and room for two pods more: enough for one of them.
async fn goes_first(dear: &str, cheap: &str) {
    let mut stage = Stage::open(FaultPlan::none());
    stage.api.apply(deployment("cart")).unwrap();
    stage.api.workload_step(|_| i64::MAX);
    (0..3).for_each(|index| _ = stage.api.apply(pod_of_cart(index)).unwrap());
    stage.api.apply(quota(8, 6)).unwrap();
    stage.api.apply(with_fee(cheap, "100.00")).unwrap();
    stage.api.apply(with_fee(dear, "9000.00")).unwrap();
    stage.seconds(60).await;
    stage.spike = true;
    stage.until("the dearer raise", 200, |stage| replicas(stage, dear) == 5).await.unwrap();
    stage.api.apply(quota(8, 8)).unwrap();
    assert_eq!(replicas(&stage, cheap), 3, "{dear} goes before {cheap}");
    let told = |stage: &Stage| ["Yielding", "QuotaExceeded"].iter().any(|reason| held(stage, cheap, reason));
    stage.until("the other to hold", 60, told).await.unwrap();
    let seen = stage.api.history(AGREEMENTS, NAMESPACE, cheap);
    let of = |field: &str| -> Vec<String> {
        let words = seen.iter().filter_map(|state| state["status"]["enforcement"][field].as_str());
        words.map(str::to_owned).collect()
    };
    assert!(of("reason").iter().any(|reason| reason == "Bidding"), "{:?}", of("reason"));
    let first = format!("shop/{dear} goes first (");
    assert!(of("message").iter().any(|message| message.contains(&first)), "{:?}", of("message"));
    stage.seconds(200).await;
    assert_eq!(replicas(&stage, cheap), 3, "there is no room");
    if cheap == "web" {
        // Its trouble goes on, and it has its turn.
        stage.api.apply(quota(12, 8)).unwrap();
        stage.until("the turn of the other", 200, |stage| replicas(stage, cheap) > 3).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn who_has_more_at_stake_goes_first_and_the_other_says_so() {
    goes_first("web", "cart").await;
    goes_first("cart", "web").await;
}

#[tokio::test(start_paused = true)]
async fn a_restart_forgets_no_bid() {
    let mut stage = Stage::open(FaultPlan::none());
    stage.api.apply(quota(3, 3)).unwrap();
    stage.api.apply(with_fee("web", "9000.00")).unwrap();
    stage.seconds(60).await;
    stage.spike = true;
    stage.until("a bid", 100, |stage| enforcement(stage, "web").bid.is_some()).await.unwrap();
    let before = enforcement(&stage, "web").bid.unwrap();
    assert_eq!(before.stake.amount.as_deref(), Some("1350/1"), "3 of 10 of 9000 EUR, for each of two replicas");
    stage.start(FaultPlan::none());
    stage.seconds(40).await;
    let after = enforcement(&stage, "web").bid.unwrap();
    assert_eq!(after.since, before.since);
    stage.spike = false;
    stage.until("no bid", 900, |stage| enforcement(stage, "web").bid.is_none()).await.unwrap();
}
