//! What was agreed changes in the middle of a period: the part before it is settled by the old terms, and the part after it
//! is measured and judged by the new ones.

use guarantor::api::agreement_status::AgreementStatus;
use guarantor::api::statement::StatementSpec;
use guarantor_testbed::model::FaultPlan;
use serde_json::{Value, json};

use crate::stage::{AGREEMENTS, NAMESPACE, STATEMENTS, Stage, agreement};

/// The year begins an hour later on the Azores.
const ZONE: &str = "Atlantic/Azores";
const CHANGE: &str = "2026-01-01T01:00:00Z";

/// Five minutes before the change, an agreement of a period of two hours.
async fn stage() -> Stage {
    let mut stage = Stage::open(FaultPlan::none());
    stage.seconds(55 * 60).await;
    let mut object = agreement("web", "Observe", "2h");
    object["spec"]["timeZone"] = json!(ZONE);
    stage.api.apply(object).unwrap();
    stage.seconds(60).await;
    stage
}

/// From the year's beginning on, two objectives with other targets.
fn amendment() -> Value {
    let mut objectives = agreement("web", "Observe", "2h")["spec"]["objectives"].clone();
    let mut second = objectives[0].clone();
    objectives[0]["target"] = json!("99");
    second["name"] = json!("success");
    objectives.as_array_mut().unwrap().push(second);
    json!([{"effective": "2026-01-01", "objectives": objectives}])
}

fn amend(stage: &Stage, rule: &str, amendments: &Value) {
    let change = |object: &mut Value| {
        object["spec"]["amendmentRule"] = json!(rule);
        object["spec"]["amendments"] = amendments.clone();
    };
    stage.api.edit("owner", AGREEMENTS, NAMESPACE, "web", change).unwrap();
}

fn targets(status: &AgreementStatus) -> Vec<String> {
    status.objectives.iter().map(|o| format!("{} {}", o.name, o.target)).collect()
}

#[tokio::test(start_paused = true)]
async fn splits_the_running_period_at_the_change() {
    let mut stage = stage().await;
    let before = stage.status("web").period.unwrap();
    amend(&stage, "Split", &amendment());
    stage.until("the period ends earlier", 60, |stage| ends(stage) == CHANGE).await.unwrap();
    assert_eq!(targets(&stage.status("web")), ["availability 90"], "the old terms until then");
    stage.until("a statement", 400, |stage| !stage.api.list(STATEMENTS).is_empty()).await.unwrap();
    let statement: StatementSpec = serde_json::from_value(stage.api.list(STATEMENTS)[0]["spec"].clone()).unwrap();
    assert_eq!((statement.amendment.as_str(), statement.period.end.0.to_string().as_str()), ("", CHANGE));
    assert_eq!(statement.objectives[0].slots.measured, 60, "all slots from {} on", before.start.0);
    stage.seconds(30).await;
    let status = stage.status("web");
    assert_eq!(targets(&status), ["availability 99", "success 90"]);
    let period = status.period.unwrap();
    assert_eq!((period.start.0.to_string().as_str(), period.end), (CHANGE, before.end));
    assert_eq!(status.objectives[1].coverage, "100.000000", "measured by the new terms from their first slot on");
}

#[tokio::test(start_paused = true)]
async fn lets_the_running_period_end_as_it_began_where_that_was_agreed() {
    let mut stage = stage().await;
    let before = stage.status("web").period;
    amend(&stage, "NextPeriod", &amendment());
    stage.seconds(600).await;
    let status = stage.status("web");
    assert_eq!((status.period.clone(), targets(&status)), (before, vec!["availability 90".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn an_amendment_that_cannot_be_worked_with_is_named_and_can_be_mended() {
    let mut stage = stage().await;
    let mut broken = amendment();
    broken[0]["objectives"][1]["indicator"]["ratio"]["total"] = json!("rate(");
    amend(&stage, "Split", &broken);
    stage
        .until("it is refused", 60, |stage| stage.status("web").refused_amendment.as_deref() == Some("2026-01-01"))
        .await
        .unwrap();
    amend(&stage, "Split", &amendment());
    stage.until("it is taken", 60, |stage| stage.status("web").refused_amendment.is_none()).await.unwrap();
    stage.until("the period ends earlier", 60, |stage| ends(stage) == CHANGE).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_amendment_of_a_time_that_has_begun_is_refused() {
    let mut stage = stage().await;
    stage.until("the change is over", 600, |stage| stage.now().to_string().as_str() > CHANGE).await.unwrap();
    let (refused, before) = ("2026-01-01", targets(&stage.status("web")));
    amend(&stage, "NextPeriod", &amendment());
    stage
        .until("it is refused", 60, |stage| stage.status("web").refused_amendment.as_deref() == Some(refused))
        .await
        .unwrap();
    let ready = stage.status("web").conditions.into_iter().find(|c| c.type_ == "Ready").unwrap();
    assert_eq!(ready.reason, "AmendedTooLate");
    assert!(ready.message.contains("spec.amendments[0].effective: 2026-01-01 had begun"), "{}", ready.message);
    let mut later = amendment();
    later[0]["effective"] = json!("2026-01-02");
    amend(&stage, "NextPeriod", &later);
    stage.until("it is taken", 60, |stage| stage.status("web").refused_amendment.is_none()).await.unwrap();
    assert_eq!(targets(&stage.status("web")), before);
    // Once taken up it stays, and so does what came with the agreement.
    stage.seconds(120).await;
    assert_eq!(stage.status("web").amended_through.as_deref(), Some("2026-01-02"));
    let mut second = agreement("other", "Observe", "2h");
    second["spec"]["timeZone"] = json!(ZONE);
    second["spec"]["amendmentRule"] = json!("Split");
    second["spec"]["amendments"] = amendment();
    stage.api.apply(second).unwrap();
    stage.until("it is taken", 60, |stage| stage.status("other").amended_through.is_some()).await.unwrap();
    assert_eq!(stage.status("other").refused_amendment, None);
}

fn ends(stage: &Stage) -> String {
    stage.status("web").period.map(|p| p.end.0.to_string()).unwrap_or_default()
}
