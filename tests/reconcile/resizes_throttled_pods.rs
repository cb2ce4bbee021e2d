//! Their CPU limit throttles the pods of a service: one is resized in place, then the others, and the service recovers without
//! another replica; each once, whatever goes wrong in between, and given back in the end.

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use guarantor::api::enforcement_status::{ActionPhase, Verb, Verdict};
use guarantor_testbed::model::FaultPlan;
use serde_json::{Value, json};

use crate::episodes::until_judged;
use crate::replica_set::{ReplicaSet, limit, name, pods};
use crate::stage::{AGREEMENTS, DEPLOYMENTS, NAMESPACE, Stage, agreement, autoscaler, deployment};
use crate::sweep::sweep_some;

/// Four pods that have served for an hour, each limited to half a core, in calm, under an agreement that lets them be
/// resized.
async fn calm(stage: &mut Stage, resize: Value) {
    let resources = json!({"limits": {"cpu": "500m"}, "requests": {"cpu": "250m"}});
    let mut web = deployment("web");
    web["spec"]["replicas"] = json!(4);
    web["spec"]["template"]["spec"]["containers"][0]["resources"] = resources.clone();
    for index in 1..=8 {
        let node = json!({
            "apiVersion": "v1", "kind": "Node", "metadata": {"name": format!("node-{index}")},
            "status": {"allocatable": {"cpu": "4"}},
        });
        stage.api.apply(node).unwrap();
    }
    let mut pods = ReplicaSet::default();
    (pods.needs, pods.resources) = (300, Some(resources));
    pods.take_over(stage, web);
    stage.seconds(4).await;
    let mut agreement = agreement("web", "Enforce", "30m");
    agreement["spec"]["objectives"][0]["target"] = "95".into();
    agreement["spec"]["enforcement"]["resize"] = resize;
    stage.api.apply(agreement).unwrap();
    stage.seconds(60).await;
}

/// A pod needs so many thousandths of a core from now on.
fn need(stage: &mut Stage, millicores: i64) {
    stage.replica_set.as_mut().unwrap().needs = millicores;
}

fn limits(stage: &Stage) -> Vec<i64> {
    pods(&stage.api).iter().filter_map(limit).collect()
}

fn over(stage: &Stage) -> bool {
    let nothing = |e: guarantor::api::enforcement_status::EnforcementStatus| {
        e.episode.is_none() && e.floor.is_none() && e.resize.is_none_or(|resize| resize.pods == 0)
    };
    stage.status("web").enforcement.is_some_and(nothing)
}

fn reason(stage: &Stage) -> String {
    stage.status("web").enforcement.map(|e| e.reason).unwrap_or_default()
}

fn message(stage: &Stage) -> String {
    stage.status("web").enforcement.map(|e| e.message).unwrap_or_default()
}

fn resizes(stage: &mut Stage) -> LocalBoxFuture<'_, Result<(), String>> {
    async {
        calm(stage, json!({"maxCpu": "2"})).await;
        need(stage, 700);
        stage.until("four resizes", 400, |stage| limits(stage) == [750; 4]).await?;
        need(stage, 300);
        stage.until("the end of the episode", 900, over).await?;
        until_judged(stage).await?;
        if limits(stage) != [500; 4] {
            return Err(format!("the limits are {:?}", limits(stage)));
        }
        let writes = stage.api.writes().into_iter();
        let other = writes.filter(|write| write.resource == "pods").find(|write| write.subresource != "resize");
        other.map_or(Ok(()), |other| Err(format!("not a resize: {other:?}")))
    }
    .boxed_local()
}

#[test]
fn resizes_throttled_pods_once_whatever_goes_wrong() {
    sweep_some("throttled pods", |stage| resizes(stage).boxed_local(), 2);
}

#[tokio::test(start_paused = true)]
async fn tells_what_it_does_and_judges_it() {
    let mut stage = Stage::open(FaultPlan::none());
    resizes(&mut stage).await.unwrap();
    let actions = stage.status("web").actions;
    let of = |verb| actions.iter().filter(move |action| action.verb == verb);
    for verb in [Verb::Resize, Verb::RestoreSize] {
        let told: Vec<_> = of(verb).map(|action| (action.phase, action.verdict)).collect();
        assert_eq!(told, [(ActionPhase::Done, Some(Verdict::Effective)); 4], "{verb:?}: {actions:#?}");
    }
    assert_eq!(actions.len(), 8, "no replica was added: {actions:#?}");
    let first = of(Verb::Resize).next_back().unwrap();
    assert_eq!((first.target.kind.as_str(), first.change().as_str()), ("Pod", "500m -> 750m"));
    let events = stage.api.list("events.events.k8s.io");
    for reason in ["PodResized", "PodSizeRestored", "CauseFound"] {
        assert!(events.iter().any(|event| event["reason"] == reason), "{reason}: {events:#?}");
    }
}

#[tokio::test(start_paused = true)]
async fn under_an_autoscaler_on_utilization_replicas_are_added_instead() {
    let mut stage = Stage::open(FaultPlan::none());
    let metric = json!({
        "type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}},
    });
    let mut on_cpu = autoscaler();
    on_cpu["spec"]["metrics"] = json!([metric]);
    stage.api.apply(on_cpu).unwrap();
    calm(&mut stage, json!({"maxCpu": "2"})).await;
    need(&mut stage, 700);
    stage.until("a fifth replica", 400, |stage| pods(&stage.api).len() == 5).await.unwrap();
    assert_eq!(limits(&stage), [500; 5]);
    let told = stage.status("web").actions.into_iter().find(|action| action.verb == Verb::RaiseFloor).unwrap().reason;
    assert!(told.contains("scales on the utilization of CPU"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn a_full_node_and_a_person_are_respected() {
    let mut stage = Stage::open(FaultPlan::none());
    calm(&mut stage, json!({"maxCpu": "2"})).await;
    let own = |pod: &mut Value| pod["spec"]["containers"][0]["resources"]["limits"]["cpu"] = json!("600m");
    stage.api.edit("kubectl-edit", "pods", NAMESPACE, "web-01", own).unwrap();
    let full = |node: &mut Value| node["status"]["allocatable"]["cpu"] = json!("300m");
    stage.api.edit("kubelet", "nodes", None, "node-2", full).unwrap();
    need(&mut stage, 700);
    stage.until("two resizes", 400, |stage| limits(stage) == [600, 500, 750, 750]).await.unwrap();
    stage.seconds(300).await;
    assert_eq!(limits(&stage), [600, 500, 750, 750], "{}", message(&stage));
}

#[tokio::test(start_paused = true)]
async fn what_the_node_puts_off_is_taken_back_and_replicas_follow() {
    let mut stage = Stage::open(FaultPlan::none());
    calm(&mut stage, json!({"maxCpu": "2"})).await;
    need(&mut stage, 700);
    stage.until("a resize", 400, |stage| limits(stage).contains(&750)).await.unwrap();
    let resized = pods(&stage.api).into_iter().find(|pod| limit(pod) == Some(750)).unwrap();
    let put_off = |pod: &mut Value| {
        let condition = json!({"type": "PodResizePending", "status": "True", "reason": "Deferred", "message": "full"});
        pod["status"]["conditions"].as_array_mut().unwrap().push(condition);
    };
    stage.api.edit("kubelet", "pods", NAMESPACE, &name(&resized), put_off).unwrap();
    stage.until("it to be taken back", 60, |stage| limits(stage) == [500; 4]).await.unwrap();
    let verdict = stage.status("web").actions.into_iter().find(|action| action.verb == Verb::Resize).unwrap();
    assert_eq!(verdict.verdict, Some(Verdict::Ineffective));
    assert!(verdict.evidence.contains("Deferred: full"), "{}", verdict.evidence);
    stage.until("a fifth replica", 200, |stage| pods(&stage.api).len() == 5).await.unwrap();
    assert!(limits(&stage).iter().all(|limit| *limit == 500), "off for the episode");
}

/// Four pods at a larger size, in the middle of the danger.
async fn resized(stage: &mut Stage) {
    calm(stage, json!({"maxCpu": "2"})).await;
    need(stage, 2000);
    stage.until("four resizes", 400, |stage| limits(stage) == [750; 4]).await.unwrap();
    stage.seconds(10).await;
    assert_eq!(reason(stage), "AwaitingVerdict");
}

#[tokio::test(start_paused = true)]
async fn sizes_are_given_back_before_the_agreement_goes() {
    let mut stage = Stage::open(FaultPlan::none());
    resized(&mut stage).await;
    stage.api.delete(AGREEMENTS, NAMESPACE, "web").unwrap();
    stage.until("the agreement to go", 200, |stage| stage.agreement("web").is_none()).await.unwrap();
    assert_eq!(limits(&stage), [500; 4]);
}

#[tokio::test(start_paused = true)]
async fn sizes_are_given_back_when_the_mode_is_lowered_or_the_verb_taken_away() {
    type Change = fn(&mut Value);
    let changes: [Change; 3] = [
        |agreement| agreement["spec"]["enforcement"]["mode"] = "Observe".into(),
        |agreement| agreement["spec"]["enforcement"]["mode"] = "Recommend".into(),
        |agreement| {
            agreement["spec"]["enforcement"].as_object_mut().unwrap().remove("resize");
        },
    ];
    for change in changes {
        let mut stage = Stage::open(FaultPlan::none());
        resized(&mut stage).await;
        stage.api.edit("owner", AGREEMENTS, NAMESPACE, "web", change).unwrap();
        stage.until("the sizes", 60, |stage| limits(stage) == [500; 4]).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn sizes_are_given_back_when_another_workload_takes_the_place() {
    let mut stage = Stage::open(FaultPlan::none());
    resized(&mut stage).await;
    stage.api.apply(deployment("other")).unwrap();
    let other = |agreement: &mut Value| agreement["spec"]["service"]["workloads"][0]["name"] = "other".into();
    stage.api.edit("owner", AGREEMENTS, NAMESPACE, "web", other).unwrap();
    stage.until("the sizes", 60, |stage| limits(stage) == [500; 4]).await.unwrap();
    assert!(stage.api.get(DEPLOYMENTS, NAMESPACE, "web").is_some());
    stage.seconds(20).await;
    let left = stage.status("web").enforcement.unwrap().resize.unwrap();
    assert_eq!((left.workload.name.as_str(), left.pods), ("other", 0));
    assert!(!left.raised.is_empty(), "it begins no new day");
}

#[tokio::test(start_paused = true)]
async fn sizes_of_another_workload_that_may_not_be_given_back_are_refused_as_one_and_each_pod_has_its_turn() {
    let mut stage = Stage::open(FaultPlan::none());
    resized(&mut stage).await;
    stage.api.apply(deployment("other")).unwrap();
    let tries = |stage: &Stage| stage.link().writes().iter().filter(|write| write.subresource == "resize").count();
    let before = tries(&stage);
    stage.link().deny(Some("pods"));
    let other = |agreement: &mut Value| agreement["spec"]["service"]["workloads"][0]["name"] = "other".into();
    stage.api.edit("owner", AGREEMENTS, NAMESPACE, "web", other).unwrap();
    stage.seconds(400).await;
    let mut refusals = stage.status("web").enforcement.unwrap().refusals;
    refusals.retain(|refused| refused.verb == Verb::RestoreSize);
    let [refused] = refusals.as_slice() else { panic!("{refusals:?}") };
    assert!((2..=4).contains(&refused.tries), "more and more seldom: {refused:?}");
    assert_eq!(tries(&stage) - before, 4 * usize::try_from(refused.tries).unwrap(), "all in each try");

    stage.link().deny(None);
    stage.until("the sizes", 900, |stage| limits(stage) == [500; 4]).await.unwrap();
    stage.seconds(10).await;
    assert_eq!(stage.status("web").enforcement.unwrap().refusals, []);
}

#[tokio::test(start_paused = true)]
async fn what_was_resized_counts_on_when_no_workload_is_named_for_a_while() {
    let mut stage = Stage::open(FaultPlan::none());
    resized(&mut stage).await;
    let raised = stage.status("web").enforcement.unwrap().resize.unwrap().raised;
    let none = |agreement: &mut Value| {
        agreement["spec"]["service"]["workloads"] = json!([]);
        // Without a workload there are no pods to resize, so this would be refused.
        agreement["spec"]["enforcement"].as_object_mut().unwrap().remove("resize");
    };
    stage.api.edit("owner", AGREEMENTS, NAMESPACE, "web", none).unwrap();
    stage.until("the sizes", 60, |stage| limits(stage) == [500; 4]).await.unwrap();
    stage.seconds(20).await;
    let left = stage.status("web").enforcement.unwrap().resize.unwrap();
    assert_eq!((left.pods, left.raised.len()), (0, raised.len()), "it begins no new day");
}
