//! The cause of a danger is told in the status and by an Event, and decides what is done: a sick pod is named and nothing
//! is added; where no cause can be told, replicas are, as ever.

use guarantor::api::diagnosis::{CauseKind, Diagnosis};
use guarantor::sense::observation::{Failure, FailureKind};
use guarantor::sense::signals::{PodEvents, PodVector, Signals};
use guarantor_testbed::model::FaultPlan;
use jiff::{SignedDuration, Timestamp};
use num_rational::BigRational;

use crate::stage::{AUTOSCALERS, NAMESPACE, Stage, agreement, autoscaler};

/// Three pods of six hundred requests each; of `web-1` so many were bad, of the others one.
pub fn by_pod(bad: i64) -> Signals {
    let whole = |number: i64| BigRational::from_integer(number.into());
    let events = |pod: &str, bad| PodEvents { pod: pod.to_owned(), total: whole(600), bad: whole(bad) };
    Signals::ByPod(Box::new(PodVector {
        at: Timestamp::UNIX_EPOCH,
        window: SignedDuration::from_mins(1),
        newest: Timestamp::UNIX_EPOCH,
        pods: vec![events("web-0", 1), events("web-1", bad), events("web-2", 1)],
        elsewhere: events("", 0),
    }))
}

/// A shop in calm, under an agreement.
async fn calm() -> Stage {
    let mut stage = Stage::open(FaultPlan::none());
    stage.api.apply(autoscaler()).unwrap();
    stage.seconds(4).await;
    stage.api.apply(agreement("web", "Enforce", "30m")).unwrap();
    stage.seconds(60).await;
    stage
}

fn diagnosis(stage: &Stage) -> Option<Diagnosis> {
    stage.status("web").enforcement?.diagnosis
}

fn floor(stage: &Stage) -> i64 {
    stage.api.get(AUTOSCALERS, NAMESPACE, "web").unwrap()["spec"]["minReplicas"].as_i64().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_sick_pod_is_named_and_nothing_is_added() {
    let mut stage = calm().await;
    stage.traffic.say_by_pod(by_pod(300));
    stage.spike = true;
    let told = |stage: &Stage| diagnosis(stage).is_some_and(|told| told.cause == CauseKind::OutlierPod);
    stage.until("a cause", 120, told).await.unwrap();
    stage.seconds(120).await;
    let told = diagnosis(&stage).unwrap();
    assert_eq!((told.cause, told.evidence[0].name.as_str()), (CauseKind::OutlierPod, "web-1"));
    assert_eq!((stage.replicas, floor(&stage)), (3, 3), "held, and not raised");
    assert_eq!(stage.status("web").enforcement.unwrap().reason, "OutlierPod");
    let events = stage.api.list("events.events.k8s.io");
    let found: Vec<_> = events.iter().filter(|event| event["reason"] == "CauseFound").collect();
    assert!(found.iter().any(|event| event["note"].as_str().unwrap().contains("web-1")), "{events:#?}");

    // The pod is well again, and still something burns: it is not known what, and replicas are tried.
    stage.traffic.say_by_pod(by_pod(1));
    stage.until("enough replicas", 200, |stage| stage.replicas >= 5).await.unwrap();
    stage.spike = false;
    let over = |stage: &Stage| diagnosis(stage).is_none() && floor(stage) == 2;
    stage.until("the end", 600, over).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_told_by_pod_is_said_and_holds_nothing_up() {
    let refused = Failure { kind: FailureKind::Refused, message: "the store refused the request (422)".to_owned() };
    for (signals, words) in [
        (Signals::Empty, "no samples of the last minutes by pod"),
        (Signals::NotByPod("it is no sum of counters".to_owned()), "cannot be told by pod: it is no sum of counters"),
        (Signals::Failed(refused), "asked by pod in vain: the store refused the request (422)"),
        (Signals::Partial("store 3 is gone".to_owned()), "may be incomplete: store 3 is gone"),
    ] {
        let mut stage = calm().await;
        stage.traffic.say_by_pod(signals);
        stage.spike = true;
        let said = |stage: &Stage| diagnosis(stage).is_some_and(|told| told.observed.pods_problem.contains(words));
        stage.until(words, 120, said).await.unwrap();
        stage.until("enough replicas", 200, |stage| stage.replicas >= 5).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn services_that_burn_together_are_held_together() {
    let mut stage = calm().await;
    for name in ["cart", "pay"] {
        // Of other workloads, which are measured by the same counters.
        let mut other = agreement(name, "Observe", "30m");
        other["spec"]["service"]["workloads"][0]["name"] = name.into();
        stage.api.apply(other).unwrap();
    }
    stage.seconds(60).await;
    stage.spike = true;
    let told = |stage: &Stage| diagnosis(stage).is_some_and(|told| told.cause == CauseKind::CommonCause);
    stage.until("a common cause", 120, told).await.unwrap();
    let replicas = stage.replicas;
    stage.seconds(120).await;
    assert_eq!(stage.replicas, replicas, "nothing more is added once it is known that it is not only us");
}
