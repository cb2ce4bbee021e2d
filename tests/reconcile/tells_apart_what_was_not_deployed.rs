//! A service that was scaled to nothing on purpose owes nothing, where the agreement says how that is seen; one that is
//! only said to be gone while it fails owes as before, and one of which nobody knows is unknown.

use guarantor::api::ServiceLevelStatement;
use guarantor_testbed::model::FaultPlan;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::stage::{STATEMENTS, Stage, agreement};
use crate::traffic::Second;

/// The slots of a period by what they are.
fn slots(stage: &Stage, start: Timestamp) -> Option<[i64; 4]> {
    let all = stage.api.list(STATEMENTS).into_iter();
    let mut all = all.map(|object| serde_json::from_value::<ServiceLevelStatement>(object).unwrap().spec);
    let slots = all.find(|spec| spec.period.start.0 == start)?.objectives.remove(0).slots;
    Some([slots.measured, slots.no_traffic, slots.not_deployed, slots.unknown])
}

/// Nothing but what is entered here happens in the seconds after `from`.
fn history(stage: &Stage, from: Timestamp, second: Second) {
    for after in 0..60 {
        stage.traffic.enter(from + SignedDuration::from_secs(after), second);
    }
}

#[tokio::test(start_paused = true)]
async fn tells_apart_what_was_not_deployed() {
    let mut stage = Stage::open(FaultPlan::none());
    stage.seconds(4).await;
    let mut agreed = agreement("web", "Observe", "1m");
    let objective = &mut agreed["spec"]["objectives"][0];
    objective["indicator"]["deployed"] = json!("sum(max_over_time(replicas[$slot]))");
    objective["measurement"] = json!({
        "method": "BadMinutes", "badWhen": {"allFail": true}, "partialMinutes": "Count", "denominator": "Deployed",
    });
    stage.api.apply(agreed).unwrap();
    stage.seconds(30).await;
    stage.kill();
    let begun = stage.status("web").period.unwrap().end.0;
    let minute = |n: i64| begun + SignedDuration::from_mins(n);
    stage.seconds(5 * 60).await;
    // Nobody asks, and nobody says how many there are; then there are two, then none; then none is said while all fails.
    let quiet = Second { total: 0, bad: 0, pods: 0 };
    for n in 0..3 {
        history(&stage, minute(n), quiet);
    }
    history(&stage, minute(3), Second { total: 10, bad: 10, pods: 3 });
    stage.traffic.deploy(minute(1), 2);
    stage.traffic.deploy(minute(2), 0);
    stage.start(FaultPlan::none());
    stage.until("the fourth statement", 120, |stage| slots(stage, minute(3)).is_some()).await.unwrap();
    let told: Vec<_> = (0..4).map(|n| slots(&stage, minute(n))).collect();
    assert_eq!(told, [[0, 0, 0, 12], [0, 12, 0, 0], [0, 0, 12, 0], [12, 0, 0, 0]].map(Some));
}
