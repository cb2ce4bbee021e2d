//! What was found to be the cause of a violation while it went on is told with it, in the status and in the statement of
//! its period, also after the operator that found it is gone.

use guarantor::api::agreement_status::{DetectedBy, Violation};
use guarantor::api::diagnosis::CauseKind;
use guarantor::api::enforcement_status::Verb;
use guarantor_testbed::model::FaultPlan;

use crate::stage::{LEDGERS, NAMESPACE, STATEMENTS, Stage, agreement, autoscaler};
use crate::sweep::rules;
use crate::tells_the_cause_of_a_danger::by_pod;

fn causes(violation: &Violation) -> Vec<CauseKind> {
    violation.causes.iter().map(|named| named.cause).collect()
}

/// The first violation of the period, as the status tells it.
fn told(stage: &Stage) -> Option<Violation> {
    stage.status("web").violations.last().cloned()
}

#[tokio::test(start_paused = true)]
async fn a_cause_that_was_found_ends_up_in_the_statement() {
    let mut stage = Stage::open(FaultPlan::none());
    stage.api.apply(autoscaler()).unwrap();
    stage.seconds(4).await;
    stage.api.apply(agreement("web", "Enforce", "10m")).unwrap();
    stage.seconds(60).await;
    stage.traffic.say_by_pod(by_pod(300));
    stage.spike = true;
    let found = |stage: &Stage| told(stage).is_some_and(|v| causes(&v).contains(&CauseKind::OutlierPod));
    stage.until("a cause of the violation", 120, found).await.unwrap();
    // What was found is in no memory any more, and in no ledger yet.
    stage.kill();
    stage.start(FaultPlan::none());
    stage.seconds(30).await;
    assert!(found(&stage), "{:#?}", told(&stage));
    // The pod is well again and it goes on: replicas help.
    stage.traffic.say_by_pod(by_pod(1));
    stage.until("enough replicas", 200, |stage| stage.replicas >= 5).await.unwrap();
    stage.spike = false;
    let over = |stage: &Stage| told(stage).is_some_and(|v| v.end.is_some());
    stage.until("the end of the violation", 60, over).await.unwrap();
    // A danger of which nothing can be told: the operator only observes.
    stage.until("the statement", 900, |stage| !stage.statements().is_empty()).await.unwrap();
    let statement = stage.statements().remove(0);
    let violation = &statement.violations[0];
    let pod = violation.causes.iter().find(|named| named.cause == CauseKind::OutlierPod).unwrap();
    assert_eq!(pod.suspects.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["web-1"]);
    assert!(violation.start.0 < pod.since.0 && pod.message.contains("web-1"), "{pod:#?}");
    assert!(pod.gave_way_to.is_some() && pod.until.is_some(), "it was disproved while the danger went on: {pod:#?}");
    assert!(violation.episode.as_ref().is_some_and(|since| since.0 <= pod.since.0));
    assert_eq!(violation.detected_by, Some(DetectedBy::Provider), "it saw the danger itself");
    let verbs: Vec<_> =
        violation.actions.iter().filter_map(|id| statement.actions.iter().find(|a| a.id == *id)).collect();
    assert_eq!(verbs.len(), violation.actions.len(), "every action is listed with what became of it");
    assert!(verbs.iter().any(|action| action.verb == Verb::RaiseFloor && action.verdict.is_some()), "{verbs:#?}");
    let ledger = stage.api.get(LEDGERS, NAMESPACE, &statement.evidence.ledger).unwrap();
    assert!(!ledger["spec"]["diagnoses"].as_array().unwrap().is_empty());
    rules(&stage).unwrap();
}

#[tokio::test(start_paused = true)]
async fn where_nobody_looked_for_a_cause_nothing_is_said() {
    let mut stage = Stage::open(FaultPlan::none());
    stage.api.apply(agreement("web", "Observe", "5m")).unwrap();
    stage.seconds(60).await;
    stage.spike = true;
    stage.seconds(60).await;
    stage.spike = false;
    stage.until("the statement", 600, |stage| !stage.statements().is_empty()).await.unwrap();
    let stored = stage.api.list(STATEMENTS).remove(0);
    let violation = &stored["spec"]["violations"][0];
    assert!(violation["start"].is_string(), "{stored:#}");
    for field in ["causes", "episode", "actions", "detectedBy"] {
        assert!(violation[field].is_null(), "{violation:#}");
    }
}
