//! Days before a period are judged with it: from the closed ledgers of the periods before, by name and digest, whatever
//! went wrong meanwhile. What a ledger tells no more is unknown.

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use guarantor::api::agreement_status::State;
use guarantor::api::statement::StatementSpec;
use guarantor_testbed::model::FaultPlan;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::stage::{EXCLUSIONS, LEDGERS, NAMESPACE, STATEMENTS, Stage, agreement, exclusion};
use crate::sweep::sweep;
use crate::traffic::Second;

#[test]
fn looks_back_on_trailing_days() {
    sweep("trailing days", |stage| play(stage).boxed_local());
}

/// Four days that are over, each a period of its own, of which two are judged at a time.
fn play(stage: &mut Stage) -> LocalBoxFuture<'_, Result<(), String>> {
    async {
        let bad = at("2025-12-29T10:00:00Z")..at("2025-12-29T12:00:00Z");
        let slots = (0..4 * 288).map(|n| at("2025-12-28T00:00:00Z") + SignedDuration::from_mins(5 * n));
        for slot in slots {
            stage.traffic.enter(slot, Second { total: 100, bad: if bad.contains(&slot) { 50 } else { 0 } });
        }
        stage.seconds(4).await;
        stage.api.apply(four_days()).unwrap();
        stage.until("four statements", 120, |stage| statements(stage).len() == 4).await?;
        let first = statements(stage);
        let told: Vec<_> = first.iter().map(figures).collect();
        let expected = [
            // In the first period nothing lies before.
            ("", vec![], "28800", "0", 0, "0.00"),
            ("2025-12-28T00:00:00Z", vec!["web-20251228t000000z"], "57600", "1200", 0, "0.00"),
            ("2025-12-29T00:00:00Z", vec!["web-20251229t000000z"], "57600", "1200", 0, "120.00"),
            ("2025-12-30T00:00:00Z", vec!["web-20251230t000000z"], "57600", "0", 0, "0.00"),
        ];
        let expected: Vec<_> = expected.into_iter().map(own).collect();
        if told != expected {
            return Err(format!("{told:#?}"));
        }
        // An objective that was agreed on the 30th has no day before it.
        let errors = &first[2].objectives[1];
        if (errors.slots.measured, errors.slots.excluded, errors.state) != (288, 288, State::Fulfilled) {
            return Err(format!("{errors:#?}"));
        }
        // Approved late: every window that it lies in is restated, and no other.
        let window = exclusion("window", "2025-12-29T10:00:00Z", "2025-12-29T11:00:00Z");
        stage.api.apply(window).unwrap();
        let approval = json!({"by": "bob", "at": "2026-01-01T00:00:00Z"});
        let approve = move |object: &mut Value| object["spec"]["approval"] = approval.clone();
        stage.api.edit("bob", EXCLUSIONS, NAMESPACE, "window", approve).unwrap();
        stage.until("two revisions", 60, |stage| statements(stage).len() == 6).await?;
        stage.seconds(70).await;
        let revised: Vec<_> = statements(stage).into_iter().filter(|s| s.revision == 2).collect();
        let told: Vec<_> = revised.iter().map(figures).collect();
        let expected = [
            ("2025-12-28T00:00:00Z", vec!["web-20251228t000000z"], "56400", "600", 12, "0.00"),
            ("2025-12-29T00:00:00Z", vec!["web-20251229t000000z"], "56400", "600", 12, "0.00"),
        ];
        let expected: Vec<_> = expected.into_iter().map(own).collect();
        if told != expected {
            return Err(format!("{told:#?}"));
        }
        Ok(())
    }
    .boxed_local()
}

type Figures<T> = (T, Vec<T>, T, T, i64, T);

fn own((judged, earlier, total, bad, excluded, owed): Figures<&str>) -> Figures<String> {
    let [judged, total, bad, owed] = [judged, total, bad, owed].map(str::to_owned);
    (judged, earlier.into_iter().map(str::to_owned).collect(), total, bad, excluded, owed)
}

/// Since when was judged, from which ledgers, and what came of it.
fn figures(statement: &StatementSpec) -> Figures<String> {
    let availability = &statement.objectives[0];
    (
        statement.judged.as_ref().map(|judged| judged.start.0.to_string()).unwrap_or_default(),
        statement.evidence.earlier.iter().map(|earlier| earlier.name.clone()).collect(),
        availability.total_events.clone(),
        availability.bad_events.clone(),
        availability.slots.excluded,
        statement.credits.as_ref().map(|credits| credits.amount.clone()).unwrap_or_default(),
    )
}

fn four_days() -> Value {
    let mut object = agreement("web", "Observe", "1m");
    let availability = object["spec"]["objectives"][0].clone();
    let mut strict = availability.clone();
    strict["target"] = "98".into();
    let mut errors = availability.clone();
    errors["name"] = "errors".into();
    object["spec"]["metrics"]["slot"] = "5m".into();
    object["spec"]["validity"] = json!({"from": "2025-12-28", "until": "2026-01-01"});
    object["spec"]["period"] = json!({"trailing": {"days": 2, "every": "Month"}});
    object["spec"]["exclusions"] = json!({"rules": [{"reason": "Maintenance", "effect": "Exclude"}]});
    object["spec"]["credits"] = json!({
        "fee": {"amount": "1200.00", "currency": "EUR"},
        "tiers": [{"objective": "availability", "below": "90", "percentOfFee": "10"}],
    });
    object["spec"]["amendmentRule"] = "Split".into();
    let tiers = json!([{"objective": "availability", "below": "98", "percentOfFee": "10"}]);
    object["spec"]["amendments"] = json!([
        {"effective": "2025-12-29", "fee": {"amount": "1200.00", "currency": "EUR"}},
        {
            "effective": "2025-12-30", "objectives": [strict, errors],
            "credits": {"fee": {"amount": "1200.00", "currency": "EUR"}, "tiers": tiers},
        },
        {"effective": "2025-12-31", "fee": {"amount": "1200.00", "currency": "EUR"}},
    ]);
    object
}

#[tokio::test(start_paused = true)]
async fn the_running_account_looks_back_too_and_reads_each_ledger_once() {
    let mut stage = Stage::open(FaultPlan::none());
    let mut object = agreement("web", "Observe", "1m");
    object["spec"]["metrics"]["slot"] = "30s".into();
    // An hour after the beginning it is January there.
    object["spec"]["timeZone"] = "Atlantic/Azores".into();
    object["spec"]["period"] = json!({"trailing": {"days": 2, "every": "Month"}});
    stage.api.apply(object).unwrap();
    stage.spike = true;
    stage.seconds(900).await;
    stage.spike = false;
    stage.until("a statement", 3200, |stage| !statements(stage).is_empty()).await.unwrap();
    let december = statements(&stage).remove(0);
    assert_eq!((december.judged, december.objectives[0].state), (None, State::Violated));
    let of_december: u64 = december.objectives[0].total_events.parse().unwrap();

    // The next period begins with what came before.
    let total = |stage: &Stage| stage.status("web").objectives[0].total_events.parse::<u64>().unwrap();
    stage.until("a slot of January", 90, |stage| total(stage) > of_december).await.unwrap();
    assert_eq!(stage.status("web").objectives[0].state, State::Violated);
    assert_eq!(stage.status("web").period.unwrap().start.0, at("2026-01-01T01:00:00Z"));
    let before = stage.link().requests().len();
    stage.seconds(100).await;
    let asked = gets(&stage, before);
    assert_eq!(asked, 0, "nothing is read again");

    stage.kill();
    stage.start(FaultPlan::none());
    stage.seconds(60).await;
    assert!(total(&stage) > of_december);
    assert_eq!(gets(&stage, 0), 2, "that of the period, and that of the one before");

    // Without its ledger December is unknown, and not good.
    stage.kill();
    stage.api.delete(LEDGERS, NAMESPACE, &december.evidence.ledger).unwrap();
    stage.start(FaultPlan::none());
    stage.until("December to be unknown", 90, |stage| total(stage) < of_december).await.unwrap();
    let objective = stage.status("web").objectives.remove(0);
    assert_eq!(objective.state, State::NotDetermined);
    let coverage = objective.coverage.split('.').next().unwrap().parse::<u32>().unwrap();
    assert!(coverage < 20, "{coverage}");
}

/// How many ledgers the present operator has read.
fn gets(stage: &Stage, from: usize) -> usize {
    let requests = stage.link().requests().split_off(from);
    requests.iter().filter(|request| request.resource == LEDGERS && request.verb == "get").count()
}

fn statements(stage: &Stage) -> Vec<StatementSpec> {
    let found = stage.api.list(STATEMENTS).into_iter();
    let mut found: Vec<StatementSpec> =
        found.map(|object| serde_json::from_value(object["spec"].clone()).unwrap()).collect();
    found.sort_by_key(|s| (s.period.start.0, s.revision));
    found
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}
