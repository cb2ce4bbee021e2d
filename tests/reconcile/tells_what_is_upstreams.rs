//! What a service depends on burns: its own danger is put down to that, no replica is added, and the violation says so. A name
//! that leads nowhere is told.

use guarantor::api::diagnosis::{CauseKind, Subject};
use guarantor_testbed::model::FaultPlan;
use serde_json::json;

use crate::stage::{AGREEMENTS, NAMESPACE, SOURCES, Stage, agreement, autoscaler, source};
use crate::storms::morning;

fn unknown(stage: &Stage) -> Option<String> {
    let conditions = stage.status("web").conditions;
    conditions.into_iter().find(|c| c.type_ == "DependencyUnknown").map(|c| c.message)
}

#[tokio::test(start_paused = true)]
async fn while_a_dependency_burns_nothing_is_added() {
    let mut stage = Stage::open(FaultPlan::none());
    stage.api.apply(autoscaler()).unwrap();
    stage.seconds(4).await;
    let mut web = agreement("web", "Enforce", "30m");
    web["spec"]["service"]["dependsOn"] = json!(["pay"]);
    // Never as many replicas as would carry the load here.
    web["spec"]["enforcement"]["scale"]["max"] = 4.into();
    stage.api.apply(web).unwrap();
    stage.until("a condition", 60, |stage| unknown(stage).is_some()).await.unwrap();
    let said = unknown(&stage).unwrap();
    assert!(said.contains("spec.service.dependsOn: there is no agreement pay in this namespace"), "{said}");

    // Of another workload, which is measured by the same counters.
    let mut pay = agreement("pay", "Observe", "30m");
    pay["spec"]["service"]["workloads"][0]["name"] = "pay".into();
    stage.api.apply(pay).unwrap();
    stage.until("the condition to go", 60, |stage| unknown(stage).is_none()).await.unwrap();
    stage.seconds(60).await;
    stage.spike = true;
    let told = |stage: &Stage| {
        let diagnosis = stage.status("web").enforcement.and_then(|e| e.diagnosis);
        diagnosis.is_some_and(|told| told.cause == CauseKind::Dependency)
    };
    stage.until("a cause", 120, told).await.unwrap();
    // What was asked for before is made yet.
    stage.seconds(20).await;
    let replicas = stage.replicas;
    stage.seconds(120).await;
    assert_eq!(stage.replicas, replicas, "nothing is added any more");
    assert_eq!(stage.status("web").enforcement.unwrap().reason, "Dependency");
    let violation =
        stage.status("web").violations.into_iter().find(|v| v.causes.iter().any(|c| c.cause == CauseKind::Dependency));
    let violation = violation.expect("a violation that is upstream's");
    let cause = violation.causes.iter().find(|cause| cause.cause == CauseKind::Dependency).unwrap();
    let suspects: Vec<_> = cause.suspects.iter().map(|s| (s.subject, s.name.as_str())).collect();
    assert_eq!(suspects, [(Subject::Upstream, "pay")]);

    // It goes away, and so what is left is the service's own.
    stage.api.delete(AGREEMENTS, NAMESPACE, "pay").unwrap();
    stage.until("another cause", 300, |stage| !told(stage)).await.unwrap();
}

/// The operator is replaced in the middle of it, and cannot measure the dependency, whose source is gone: its status tells that it
/// burned.
#[tokio::test(start_paused = true)]
async fn a_restart_does_not_forget_what_burns() {
    let mut stage = Stage::open(FaultPlan::none());
    stage.api.apply(autoscaler()).unwrap();
    let mut other = source("http://other.example");
    other["metadata"]["name"] = "other".into();
    stage.api.apply(other).unwrap();
    stage.seconds(4).await;
    let mut web = agreement("web", "Enforce", "30m");
    web["spec"]["service"]["dependsOn"] = json!(["pay"]);
    web["spec"]["enforcement"]["scale"]["max"] = 4.into();
    let mut pay = agreement("pay", "Observe", "30m");
    pay["spec"]["service"]["workloads"][0]["name"] = "pay".into();
    pay["spec"]["metrics"]["sourceRef"]["name"] = "other".into();
    stage.api.apply(web).unwrap();
    stage.api.apply(pay).unwrap();
    stage.seconds(90).await;
    stage.spike = true;
    let cause = |stage: &Stage| stage.status("web").enforcement.and_then(|e| e.diagnosis).map(|told| told.cause);
    let told = |stage: &Stage| cause(stage) == Some(CauseKind::Dependency);
    stage.until("a cause", 120, told).await.unwrap();
    stage.seconds(33).await;
    stage.kill();
    stage.api.delete(SOURCES, None, "other").unwrap();
    stage.start(FaultPlan::none());
    // Before it is tried again.
    for second in 0..25 {
        stage.second().await;
        assert_eq!(cause(&stage), Some(CauseKind::Dependency), "{second} s after the restart");
    }
    assert!(stage.reconciles() > 2, "it was looked at again");
}

#[tokio::test(start_paused = true)]
async fn pods_that_only_wait_are_told_by_their_cpu_time() {
    let mut stage = Stage::open(FaultPlan::none());
    morning(&mut stage).await;
    stage.api.apply(autoscaler()).unwrap();
    stage.seconds(4).await;
    let mut web = agreement("web", "Enforce", "2h");
    web["spec"]["validity"] = json!({"from": "2026-01-01"});
    web["spec"]["objectives"] = json!([{
        "name": "latency", "target": "95",
        "indicator": {"latency": {"histogram": "http_request_duration_seconds", "threshold": "250ms"}},
    }]);
    // Never as many replicas as would carry the load here.
    web["spec"]["enforcement"]["scale"]["max"] = 4.into();
    web["spec"]["enforcement"]["capacity"] =
        json!({"objective": "latency", "cpu": "container_cpu_usage_seconds_total"});
    stage.api.apply(web).unwrap();
    stage.seconds(120).await;
    // Every request waits, and so fewer are answered; each costs what it did.
    (stage.rate, stage.spike) = (55, true);
    let told = |stage: &Stage| {
        let diagnosis = stage.status("web").enforcement.and_then(|e| e.diagnosis);
        diagnosis.is_some_and(|told| told.cause == CauseKind::Dependency)
    };
    stage.until("a cause", 400, told).await.unwrap();
    stage.seconds(60).await;
    let message = stage.status("web").enforcement.unwrap().message;
    assert!(message.contains("They wait for something outside of their CPU"), "{message}");
}
