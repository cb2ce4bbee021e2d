//! Days before a period are judged with it: from the closed ledgers of the periods before, by name and digest, whatever
//! went wrong meanwhile. What a ledger tells no more is unknown.

use std::process::Command;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use guarantor::api::agreement::AgreementSpec;
use guarantor::api::agreement_status::State;
use guarantor::api::ledger::LedgerSpec;
use guarantor::api::settlement::GrantMode;
use guarantor::api::statement::StatementSpec;
use guarantor::evaluate::assess::Circumstances;
use guarantor::evaluate::count::Count;
use guarantor::evaluate::enforcement_log::EnforcementLog;
use guarantor::evaluate::ledger::Insertion;
use guarantor::evaluate::period::Bounds;
use guarantor::evaluate::restatement::Superseded;
use guarantor::evaluate::slot::{Births, Slot, Tally};
use guarantor::evaluate::statement::{Closing, statement};
use guarantor::evaluate::stored_ledger;
use guarantor::evaluate::window::{Earlier, Window};
use guarantor_testbed::model::FaultPlan;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::credits::{crediting, maintenance};
use crate::stage::{EXCLUSIONS, LEDGERS, NAMESPACE, STATEMENTS, Stage, agreement, exclusion};
use crate::sweep::{rules, sweep};
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
            stage.traffic.enter(slot, Second { total: 100, bad: if bad.contains(&slot) { 50 } else { 0 }, pods: 3 });
        }
        stage.seconds(4).await;
        stage.api.apply(four_days()).unwrap();
        stage.until("four statements", 120, |stage| stage.statements().len() == 4).await?;
        let first = stage.statements();
        let told: Vec<_> = first.iter().map(figures).collect();
        let expected = [
            // In the first period nothing lies before.
            ("", vec![], "28800", "0", 0, "0.00"),
            ("2025-12-28T00:00:00Z", vec!["web-20251228t000000z"], "57600", "1200", 0, "0.00"),
            // A tenth of the fee of one day, of the four in force in the month.
            ("2025-12-29T00:00:00Z", vec!["web-20251229t000000z"], "57600", "1200", 0, "30.00"),
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
        let approval = json!({"by": "bob", "at": "2026-01-01T00:00:01Z"});
        let approve = move |object: &mut Value| object["spec"]["approval"] = approval.clone();
        stage.api.edit("bob", EXCLUSIONS, NAMESPACE, "window", approve).unwrap();
        stage.until("two revisions", 60, |stage| stage.statements().len() == 6).await?;
        stage.seconds(70).await;
        let revised: Vec<_> = stage.statements().into_iter().filter(|s| s.revision == 2).collect();
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
    let mut object = crediting("1m");
    let availability = object["spec"]["objectives"][0].clone();
    let mut strict = availability.clone();
    strict["target"] = "98".into();
    let mut errors = availability.clone();
    errors["name"] = "errors".into();
    object["spec"]["metrics"]["slot"] = "5m".into();
    object["spec"]["validity"] = json!({"from": "2025-12-28", "until": "2026-01-01"});
    object["spec"]["period"] = json!({"trailing": {"days": 2, "every": "Month"}});
    object["spec"]["exclusions"] = maintenance();
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
async fn what_is_settled_offline_is_the_same() {
    let mut stage = Stage::open(FaultPlan::none());
    play(&mut stage).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, object: &Value| {
        let path = folder.path().join(name);
        std::fs::write(&path, object.to_string()).unwrap();
        path
    };
    let measured = |name: &str| {
        let run =
            |repeat: u32, bad: u32| json!({"every": "5m", "repeat": repeat, "total": "100", "bad": bad.to_string()});
        let slots = json!([run(288 + 120, 0), run(24, 50), run(288 - 144 + 2 * 288, 0)]);
        json!({"name": name, "slots": slots})
    };
    let mut measurements = json!({"objectives": [measured("availability"), measured("errors")]});
    for objective in measurements["objectives"].as_array_mut().unwrap() {
        objective["slots"][0]["from"] = "2025-12-28T00:00:00Z".into();
    }
    let mut excluded = exclusion("window", "2025-12-29T10:00:00Z", "2025-12-29T11:00:00Z");
    excluded["spec"]["approval"] = json!({"by": "bob", "at": "2026-01-01T00:00:01Z"});
    let mut command = Command::new(env!("CARGO_BIN_EXE_guarantor"));
    command.args(["settle", "-o", "json", "--agreement"]).arg(write("agreement.json", &four_days()));
    command.arg("--exclusions").arg(write("exclusion.json", &excluded));
    command.arg("--measurements").arg(write("measurements.json", &measurements));
    let output = command.output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let settled = report["periods"].as_array().unwrap().iter().flat_map(|p| p["revisions"].as_array().unwrap());
    let settled: Vec<Value> = settled.map(account).collect();
    let live: Vec<Value> = stage.statements().iter().map(|s| account(&serde_json::to_value(s).unwrap())).collect();
    assert_eq!(live.len(), 6);
    assert_eq!(settled, live);
    let earlier = |n: usize| report["periods"][n]["objects"]["earlier"].as_array().map_or(0, Vec::len);
    assert_eq!([0, 1, 2, 3].map(earlier), [0, 1, 1, 1], "the ledgers are handed out");
}

/// A statement without what only a cluster knows: uid, generation, queries and where the samples came from.
fn account(statement: &Value) -> Value {
    let mut statement = statement.clone();
    let names: Vec<Value> =
        statement["evidence"]["earlier"].as_array().into_iter().flatten().map(|e| e["name"].clone()).collect();
    statement["evidence"] = json!({"ledger": statement["evidence"]["ledger"], "earlier": names});
    // Here it was declared after the first statements, there it is known from the beginning that nobody had approved it.
    let exclusions = statement["exclusions"].as_array().into_iter().flatten();
    statement["exclusions"] = exclusions.filter(|line| line["honoured"] == json!(true)).cloned().collect();
    for line in statement["exclusions"].as_array_mut().unwrap() {
        line["announcedAt"] = Value::Null;
    }
    statement["agreement"]["uid"] = Value::Null;
    for field in ["generation", "digest"] {
        statement[field] = Value::Null;
    }
    for objective in statement["objectives"].as_array_mut().unwrap() {
        objective["queries"] = Value::Null;
    }
    statement
}

/// The second day was restated over a newer ledger, and the operator that did so ended before anything else was done.
#[tokio::test(start_paused = true)]
async fn a_newer_ledger_of_an_earlier_period_is_looked_back_on() {
    let mut stage = Stage::open(FaultPlan::none());
    let late = at("2025-12-29T05:00:00Z");
    let slots = (0..4 * 288).map(|n| at("2025-12-28T00:00:00Z") + SignedDuration::from_mins(5 * n));
    for slot in slots.filter(|slot| *slot != late) {
        stage.traffic.enter(slot, Second { total: 100, bad: 0, pods: 3 });
    }
    stage.api.apply(four_days()).unwrap();
    stage.until("four statements", 120, |stage| stage.statements().len() == 4).await.unwrap();
    stage.kill();
    let (second, third) = ("web-20251229t000000z-r1", "web-20251230t000000z-r1");
    let issued = |stage: &Stage, name: &str| -> StatementSpec {
        serde_json::from_value(stage.api.get(STATEMENTS, NAMESPACE, name).unwrap()["spec"].clone()).unwrap()
    };
    let stored = |stage: &Stage, name: &str| -> LedgerSpec {
        serde_json::from_value(stage.api.get(LEDGERS, NAMESPACE, name).unwrap()["spec"].clone()).unwrap()
    };
    let before = issued(&stage, second);
    let total = |statement: &StatementSpec| statement.objectives[0].total_events.clone();
    assert_eq!((total(&before), total(&issued(&stage, third))), ("57500".to_owned(), "57500".to_owned()));
    let stored_first = stored(&stage, &before.evidence.ledger);
    let mut slots = stored_ledger::from_spec(&stored_first).unwrap();
    let tally = Tally { total: Count::events(100), bad: Count::ZERO };
    let entered = slots.insert("availability", late, Slot::known(tally, Births::default(), 1)).unwrap();
    assert_eq!(entered, Insertion::Entered);
    let name = "web-20251229t000000z-r2";
    let ledger = stored_ledger::to_spec(&slots, stored_first.agreement, &EnforcementLog::default(), true);
    let made = restated(
        &stage.agreement("web").unwrap().spec,
        &before,
        second,
        (name, &ledger),
        &stored(&stage, "web-20251228t000000z"),
    );
    for (resource, spec) in [(LEDGERS, json!(ledger)), (STATEMENTS, json!(made))] {
        let kind = if resource == LEDGERS { "ServiceLevelLedger" } else { "ServiceLevelStatement" };
        let object = json!({
            "apiVersion": "guarantor.dev/v1alpha1", "kind": kind,
            "metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec,
        });
        stage.api.apply(object).unwrap();
    }
    stage.start(FaultPlan::none());
    let named = |stage: &Stage| stage.status("web").statements.into_iter().map(|s| s.name).collect::<Vec<_>>();
    let expected =
        ["web-20251231t000000z-r1", "web-20251230t000000z-r2", "web-20251229t000000z-r2", "web-20251228t000000z-r1"];
    stage.until("what stands is named", 60, |stage| named(stage) == expected).await.unwrap();
    let third = issued(&stage, "web-20251230t000000z-r2");
    let earlier: Vec<_> = third.evidence.earlier.iter().map(|earlier| earlier.name.as_str()).collect();
    assert_eq!((total(&third), &earlier[..]), ("57600".to_owned(), &[name][..]));
    rules(&stage).unwrap();
}

/// The statement of the second day over a newer ledger of it.
fn restated(
    spec: &AgreementSpec,
    before: &StatementSpec,
    superseded: &str,
    (name, ledger): (&str, &LedgerSpec),
    first: &LedgerSpec,
) -> StatementSpec {
    let period = Bounds { start: before.period.start.0, end: before.period.end.0 };
    let earlier = Earlier::of("web-20251228t000000z", first).unwrap();
    let judged = Bounds { start: earlier.ledger.bounds().start, end: period.end };
    let (source_name, source_url) = before.evidence.source.split_once(' ').unwrap();
    let closing = Closing {
        spec,
        generation: before.generation,
        revision: 2,
        ledger_name: name,
        ledger,
        window: Some(&Window { judged, earlier: vec![Arc::new(earlier)] }),
        circumstances: &Circumstances { period: Some(period), ..Circumstances::default() },
        supersedes: Some(Superseded::new(superseded, before, GrantMode::Automatic)),
        queries: &before.objectives.iter().map(|o| (o.name.clone(), o.queries.clone())).collect(),
        source_name,
        source_url,
        increase: before.evidence.increase,
    };
    statement(&closing, Timestamp::MAX, SignedDuration::ZERO).unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_running_account_looks_back_too_and_reads_each_ledger_once() {
    let mut stage = Stage::open(FaultPlan::none());
    let mut object = agreement("web", "Observe", "1m");
    object["spec"]["metrics"]["slot"] = "30s".into();
    // An hour after the beginning it is January there.
    object["spec"]["timeZone"] = "Atlantic/Azores".into();
    object["spec"]["period"] = json!({"trailing": {"days": 45, "every": "Month"}});
    stage.api.apply(object).unwrap();
    stage.spike = true;
    stage.seconds(900).await;
    stage.spike = false;
    stage.until("a statement", 3200, |stage| !stage.statements().is_empty()).await.unwrap();
    let december = stage.statements().remove(0);
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

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}
