//! A cap that reaches over periods, and a right that grows from misses in a row: each statement rests on those before it,
//! whatever went wrong meanwhile, and is restated when one of them comes to something else. `guarantor settle` makes the
//! same statements, revision by revision, of the same ledgers.

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use guarantor::api::ServiceLevelExclusion;
use guarantor::api::ledger::LedgerSpec;
use guarantor::api::metrics_source::IncreaseForm;
use guarantor::api::statement::StatementSpec;
use guarantor::evaluate::exclusion::Request;
use guarantor::evaluate::period::Schedule;
use guarantor::evaluate::stored_ledger;
use guarantor::offline::settle::account::{Case, Ledgers, Origin, settle};
use guarantor::offline::settle::measurements::Measurements;
use jiff::SignedDuration;
use serde_json::json;

use crate::credits::{crediting, maintenance};
use crate::stage::{EXCLUSIONS, LEDGERS, NAMESPACE, Stage, exclusion};
use crate::sweep::sweep;

/// How long everything takes, in whatever order; it ends within a period.
const WHOLE: SignedDuration = SignedDuration::from_secs(274);

#[test]
fn caps_credits_over_periods() {
    sweep("caps over periods", |stage| play(stage).boxed_local());
}

fn play(stage: &mut Stage) -> LocalBoxFuture<'_, Result<(), String>> {
    async {
        let end = stage.now() + WHOLE;
        stage.seconds(4).await;
        let mut object = crediting("1m");
        object["spec"]["exclusions"] = maintenance();
        let credits = &mut object["spec"]["credits"];
        credits["remedies"] =
            json!([{"name": "end", "objective": "availability", "terminationRight": {"missedPeriods": 2}}]);
        credits["capPerContract"] = json!({"amount": "150.00"});
        stage.api.apply(object).unwrap();
        // In the first and in the second period every second request fails.
        stage.spike = true;
        stage.seconds(85).await;
        stage.spike = false;
        stage.until("the cap is told of the running period", 20, |stage| at_stake(stage) == "30.00").await?;
        stage.until("two statements", 120, |stage| standing(stage).len() == 2).await?;
        let settled = standing(stage);
        let expected = [("120.00", "", false), ("30.00", "Contract", true)];
        same(&settled, &expected)?;
        // The first period was maintenance after all: it owes nothing, so that the second is no longer capped, and is the
        // first one in a row that is missed.
        let (start, until) = (settled[0].period.start.0.to_string(), settled[0].period.end.0.to_string());
        let known = settled[1].period.end.0 + SignedDuration::from_secs(40);
        stage.api.apply(exclusion("window", &start, &until)).unwrap();
        while stage.now() < known {
            stage.second().await;
        }
        let approval = json!({"by": "bob", "at": known});
        stage
            .api
            .edit("bob", EXCLUSIONS, NAMESPACE, "window", |object| object["spec"]["approval"] = approval.clone())
            .unwrap();
        stage
            .until("both are restated", 90, |stage| {
                standing(stage).iter().take(2).all(|statement| statement.revision == 2)
            })
            .await?;
        same(&standing(stage)[..2], &[("0.00", "", false), ("120.00", "", false)])?;
        while stage.now() < end {
            stage.second().await;
        }
        let (live, offline) = (stage.statements(), offline(stage)?);
        if live != offline {
            return Err(format!("live\n{live:#?}\noffline\n{offline:#?}"));
        }
        let later = standing(stage).iter().skip(2).filter(|s| s.revision > 1 || owed(s) != "0.00").count();
        if later == 0 { Ok(()) } else { Err("a period in which all was well was touched".to_owned()) }
    }
    .boxed_local()
}

/// The statements in force, the oldest first.
fn standing(stage: &Stage) -> Vec<StatementSpec> {
    let mut found = stage.statements();
    found.reverse();
    found.dedup_by_key(|s| s.period.start.0);
    found.reverse();
    found
}

/// What `guarantor settle` makes of the same ledgers and exclusions.
fn offline(stage: &Stage) -> Result<Vec<StatementSpec>, String> {
    let object = stage.agreement("web").ok_or("no agreement")?;
    let created = object.metadata.creation_timestamp.as_ref().ok_or("no creation time")?.0;
    let schedule = Schedule::new(&object.spec, created).map_err(|e| e.to_string())?;
    let closed = stage.api.list(LEDGERS).into_iter().filter(|ledger| ledger["spec"]["closed"] == json!(true));
    let closed = closed.map(|ledger| serde_json::from_value::<LedgerSpec>(ledger["spec"].clone()).unwrap());
    let ledgers: Ledgers = closed.map(|spec| (spec.period_start.0, stored_ledger::from_spec(&spec).unwrap())).collect();
    let periods: Vec<_> = ledgers.keys().filter_map(|start| schedule.containing(*start)).collect();
    let exclusions: Vec<ServiceLevelExclusion> =
        stage.api.list(EXCLUSIONS).into_iter().map(|object| serde_json::from_value(object).unwrap()).collect();
    let requests: Vec<Request<'_>> = exclusions
        .iter()
        .map(|exclusion| Request {
            name: exclusion.metadata.name.as_deref().unwrap(),
            created: exclusion.metadata.creation_timestamp.as_ref().map(|at| at.0),
            spec: &exclusion.spec,
        })
        .collect();
    let first = stage.statements().into_iter().next().ok_or("no statement")?;
    let case = Case {
        name: "web",
        namespace: NAMESPACE,
        uid: object.metadata.uid.as_deref().unwrap_or_default(),
        generation: object.metadata.generation.unwrap_or_default(),
        spec: &object.spec,
        requests: &requests,
        measurements: &Measurements::default(),
        origin: Origin {
            name: "main".to_owned(),
            url: "http://store.example".to_owned(),
            increase: IncreaseForm::Anchored,
            queries: first.objectives.iter().map(|o| (o.name.clone(), o.queries.clone())).collect(),
        },
    };
    let report = settle(&case, &schedule, &periods, ledgers).map_err(|e| e.to_string())?;
    Ok(report.periods.into_iter().flat_map(|period| period.revisions).collect())
}

/// What each owes, the cap that bit, and whether the customer may go.
fn same(found: &[StatementSpec], expected: &[(&str, &str, bool)]) -> Result<(), String> {
    let told: Vec<_> = found
        .iter()
        .map(|s| {
            let credits = s.credits.as_ref().unwrap();
            (credits.amount.as_str(), credits.amounts[0].capped_by.as_str(), credits.termination_right)
        })
        .collect();
    if told == expected { Ok(()) } else { Err(format!("{told:?}, and {expected:?} was expected")) }
}

fn owed(statement: &StatementSpec) -> String {
    statement.credits.as_ref().map(|c| c.amount.clone()).unwrap_or_default()
}

fn at_stake(stage: &Stage) -> String {
    stage.status("web").credits.map(|credits| credits.amount).unwrap_or_default()
}
