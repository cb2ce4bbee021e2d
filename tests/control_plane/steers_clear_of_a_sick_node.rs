//! One node of four is slow: it is avoided by a soft taint, its pods are moved together and land elsewhere, the service recovers,
//! and the node is given back; all of that on the rights the chart gives. What others do to the taints of nodes is left alone.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use guarantor::api::AVOID_KEY;
use guarantor::api::agreement_status::AgreementStatus;
use guarantor::api::avoidance_status::{AvoidanceEnd, AvoidedNode};
use guarantor::api::enforcement_status::{ActionPhase, ActionRecord, Verb, Verdict};
use guarantor_testbed::ShopOptions;
use guarantor_testbed::control_plane::POOL_LABEL;
use guarantor_testbed::manifest::{Agreement, Objective};
use guarantor_testbed::shop::STOREFRONT;
use guarantor_testbed::wait::{Progress, wait_until};
use k8s_openapi::api::core::v1::{Node, Pod, Taint};
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;
use kube::api::Api;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::accounts::{agree_in_calm, let_time_pass};
use crate::stage::{PATIENCE, Stage, own_cluster};

/// How long it is calm before.
const A_WHILE: SignedDuration = SignedDuration::from_secs(30);
/// Longer than the operator takes from one look for overdue taints to the next.
const TWO_LOOKS: SignedDuration = SignedDuration::from_secs(75);
/// A taint of somebody else.
const OTHER_KEY: &str = "example.com/spot";

/// In so small a cluster no second node may be avoided at once.
static ONE_NODE: Mutex<()> = Mutex::const_new(());

#[tokio::test(flavor = "multi_thread")]
async fn steers_clear_of_a_sick_node_and_gives_it_back() -> Result<()> {
    let _alone = ONE_NODE.lock().await;
    let stage = shop("sick-node").await?;
    let (sick, of_it) = fall_ill(&stage).await?;
    let taint = until_avoided(&stage, &sick).await?;
    ensure!(taint.effect == "PreferNoSchedule", "{taint:?}");
    let known = stage.until(STOREFRONT, "the node in the status", |s| known(s).pop()).await?;
    ensure!((&known.node, taint.value.as_ref()) == (&sick, Some(&known.action)), "{known:?} {taint:?}");
    let text = node(&stage, &sick).await?.annotations().get(AVOID_KEY).cloned().context("an annotation")?;
    let beside: Value = serde_json::from_str(&text)?;
    ensure!(beside["agreement"] == STOREFRONT && beside["namespace"] == "sick-node", "{text}");
    let (from, to) = (instant(&beside["at"])?, instant(&beside["until"])?);
    ensure!(to.duration_since(from) == SignedDuration::from_mins(20), "not for as long as was agreed: {text}");
    // kubectl puts it before the one that stands.
    kubectl(&stage, &["taint", "node", &sick, &format!("{OTHER_KEY}=true:PreferNoSchedule")]).await?;

    for moved in 1..=of_it.len() {
        stage
            .until(STOREFRONT, &format!("eviction {moved} to help"), |s| {
                let done = s.actions.iter().filter(|a| a.verb == Verb::Reschedule && a.phase == ActionPhase::Done);
                (done.filter(|a| a.verdict == Some(Verdict::Effective)).count() >= moved).then_some(())
            })
            .await?;
    }
    let left: Vec<String> = stage.pods().await?.iter().filter(|pod| is_on(pod, &sick)).map(Pod::name_any).collect();
    ensure!(left.is_empty(), "{left:?} are there still");
    let over = |s: &AgreementStatus| {
        s.enforcement.as_ref().is_none_or(|e| e.episode.is_none() && e.floor.is_none()).then_some(())
    };
    stage.until(STOREFRONT, "the end of the episode", over).await?;
    stage.shop.wait_for_replicas(8).await?;

    let actions = stage.status(STOREFRONT).await?.actions;
    let of =
        |verb: Verb| actions.iter().filter(move |a: &&ActionRecord| a.verb == verb && a.phase == ActionPhase::Done);
    let moved: Vec<&str> = of(Verb::Reschedule).map(|action| action.target.name.as_str()).collect();
    ensure!(moved.iter().all(|pod| of_it.iter().any(|sick| sick == pod)), "others were moved: {moved:?}");
    let verdicts: Vec<_> = of(Verb::AvoidNode).map(|action| (action.target.name.as_str(), action.verdict)).collect();
    ensure!(verdicts == [(sick.as_str(), Some(Verdict::Effective))], "{actions:#?}");
    ensure!(of(Verb::ReleaseNode).count() == 1 && of(Verb::RaiseFloor).count() == 0, "{actions:#?}");
    let ended = stage.until(STOREFRONT, "how it ended", known_ends).await?;
    ensure!(ended == [AvoidanceEnd::Released], "{ended:?}");
    let given_back = node(&stage, &sick).await?;
    let keys: Vec<String> = taints(&given_back).into_iter().map(|taint| taint.key).collect();
    ensure!(keys == [OTHER_KEY, POOL_LABEL], "{keys:?}");
    ensure!(!given_back.annotations().contains_key(AVOID_KEY), "a trace stays");
    let owners: Vec<&str> = given_back.managed_fields().iter().filter_map(|entry| entry.manager.as_deref()).collect();
    ensure!(!owners.contains(&"guarantor"), "the owner's next apply would be refused: {owners:?}");
    for reason in ["NodeAvoided", "PodEvicted", "NodeReleased"] {
        let selector = format!("reason={reason}");
        let events = ["get", "events.events.k8s.io", "-o", "name", "--field-selector", &selector];
        ensure!(!kubectl(&stage, &events).await?.trim().is_empty(), "{reason} was told nobody");
    }
    let refused = stage.refused()?;
    ensure!(refused.is_empty(), "{refused:#?}");

    // One of the operator's own key that a person put there is not its to take away, nor when the agreement goes.
    let by_hand = format!("{AVOID_KEY}=by-hand:PreferNoSchedule");
    kubectl(&stage, &["taint", "node", &sick, &by_hand]).await?;
    let stands = async || -> Result<()> {
        let there = taints(&node(&stage, &sick).await?).iter().any(|taint| taint.key == AVOID_KEY);
        ensure!(there, "somebody's taint was taken away");
        Ok(())
    };
    let_time_pass(Timestamp::now() + TWO_LOOKS, stands).await?;
    stage.delete(STOREFRONT).await?;
    stands().await?;
    kubectl(&stage, &["taint", "node", &sick, &format!("{AVOID_KEY}-")]).await?;
    stage.cluster.remove_pool("sick-node").await
}

#[tokio::test(flavor = "multi_thread")]
async fn gives_the_node_back_before_the_agreement_goes() -> Result<()> {
    let _alone = ONE_NODE.lock().await;
    let stage = shop("left-node").await?;
    let (sick, _) = fall_ill(&stage).await?;
    until_avoided(&stage, &sick).await?;
    stage.delete(STOREFRONT).await?;
    let given_back = node(&stage, &sick).await?;
    let keys: Vec<String> = taints(&given_back).into_iter().map(|taint| taint.key).collect();
    ensure!(keys == [POOL_LABEL] && !given_back.annotations().contains_key(AVOID_KEY), "{keys:?}");
    stage.shop.wait_for_replicas(8).await?;
    stage.cluster.remove_pool("left-node").await
}

fn known(status: &AgreementStatus) -> Vec<AvoidedNode> {
    let avoidance = status.enforcement.as_ref().and_then(|e| e.avoidance.as_ref());
    avoidance.map(|known| known.nodes.clone()).unwrap_or_default()
}

fn known_ends(status: &AgreementStatus) -> Option<Vec<AvoidanceEnd>> {
    known(status).into_iter().map(|avoided| avoided.ended).collect()
}

fn instant(value: &Value) -> Result<Timestamp> {
    Ok(value.as_str().context("no instant")?.parse()?)
}

async fn kubectl(stage: &Stage, arguments: &[&str]) -> Result<String> {
    let arguments = [&["-n", stage.namespace.as_str()], arguments].concat();
    stage.cluster.kubectl(&arguments).await?.ok()
}

async fn node(stage: &Stage, name: &str) -> Result<Node> {
    Ok(Api::<Node>::all(stage.cluster.client()?).get(name).await?)
}

fn taints(node: &Node) -> Vec<Taint> {
    node.spec.iter().flat_map(|spec| spec.taints.iter().flatten()).cloned().collect()
}

fn is_on(pod: &Pod, node: &str) -> bool {
    pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref()) == Some(node)
}

async fn until_avoided(stage: &Stage, name: &str) -> Result<Taint> {
    wait_until("a taint", PATIENCE, async || {
        let all = taints(&node(stage, name).await?);
        let ours = all.iter().find(|taint| taint.key == AVOID_KEY);
        Ok(match ours {
            Some(taint) => Progress::Done(taint.clone()),
            None => Progress::pending(serde_json::to_string_pretty(&stage.status(STOREFRONT).await?)?),
        })
    })
    .await
    .with_context(|| stage.log())
}

/// A node that has two of the pods runs at a seventh of its pace from now on; the names of the two.
async fn fall_ill(stage: &Stage) -> Result<(String, Vec<String>)> {
    let mut on: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pod in stage.pods().await? {
        let node = pod.spec.as_ref().and_then(|spec| spec.node_name.clone()).context("a node")?;
        on.entry(node).or_default().push(pod.name_any());
    }
    let (node, of_it) = on.into_iter().find(|(_, pods)| pods.len() == 2).context("a node with two pods")?;
    stage.shop.storefront.set_node_speed(&node, 0.15)?;
    Ok((node, of_it))
}

/// A shop of eight in calm, on four nodes of its own, under an agreement that lets one of them be avoided.
async fn shop(namespace: &str) -> Result<Stage> {
    let cluster = own_cluster().await?;
    cluster.add_pool(namespace, 4).await?;
    let options =
        ShopOptions { replicas: 8, rate: 60.0, pool: Some(namespace.to_owned()), ..ShopOptions::new(namespace) };
    let mut stage = Stage::open_in(cluster, &options, namespace).await?;
    stage.warm_up().await?;
    let agreement = Agreement {
        objectives: vec![Objective::latency("500ms", "95")],
        scale: Some((2, 12)),
        allows: vec!["reschedule: {minAge: 10s, perDay: 6, avoidNode: {ttl: 20m}}"],
        ..Agreement::new(namespace)
    };
    agree_in_calm(&stage, &agreement, A_WHILE).await?;
    Ok(stage)
}
