//! An exclusion is approved after its period was settled, and later taken back: each time a new statement takes the place
//! of the one before, whatever went wrong meanwhile, and nothing that was issued is touched.

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use guarantor::api::statement::StatementSpec;
use guarantor_testbed::model::FaultPlan;
use serde_json::{Value, json};

use crate::credits::{crediting, maintenance};
use crate::stage::{EXCLUSIONS, NAMESPACE, Stage, agreement, exclusion};
use crate::sweep::sweep;

#[test]
fn restates_a_period_for_a_late_exclusion() {
    sweep("a late exclusion", |stage| play(stage).boxed_local());
}

fn play(stage: &mut Stage) -> LocalBoxFuture<'_, Result<(), String>> {
    async {
        stage.seconds(4).await;
        let mut object = crediting("1m");
        object["spec"]["exclusions"] = maintenance();
        stage.api.apply(object).unwrap();
        // In the first period every second request fails for half a minute: a credit is due.
        stage.spike = true;
        stage.seconds(30).await;
        stage.spike = false;
        stage.until("a statement", 120, |stage| !stage.statements().is_empty()).await?;
        let issued = first(stage)?;
        let (start, end) = (issued.period.start.0.to_string(), issued.period.end.0.to_string());
        // Only declared, it changes nothing.
        stage.api.apply(exclusion("window", &start, &end)).unwrap();
        stage.until("it is told why not", 60, |stage| honoured(stage).as_deref() == Some("NotApproved")).await?;
        stage.seconds(20).await;
        if revisions(stage) != 1 {
            return Err("restated without an approval".to_owned());
        }
        let act = |field: &str, by: &str, at: &str| {
            let (field, act) = (field.to_owned(), json!({"by": by, "at": at}));
            move |object: &mut Value| object["spec"][&field] = act.clone()
        };
        stage.api.edit("bob", EXCLUSIONS, NAMESPACE, "window", act("approval", "bob", &end)).unwrap();
        stage.until("a second revision", 60, |stage| known(stage).is_some_and(|n| n.ends_with("-r2"))).await?;
        stage.until("it is told", 60, |stage| honoured(stage).as_deref() == Some("Honoured")).await?;
        stage.api.edit("ann", EXCLUSIONS, NAMESPACE, "window", act("revoked", "ann", &end)).unwrap();
        stage.until("a third revision", 60, |stage| known(stage).is_some_and(|n| n.ends_with("-r3"))).await?;
        stage.until("it is told", 60, |stage| honoured(stage).as_deref() == Some("Revoked")).await?;
        let revisions: Vec<StatementSpec> =
            stage.statements().into_iter().filter(|s| s.period.start == issued.period.start).collect();
        let told: Vec<_> = revisions.iter().map(|s| (s.revision, s.supersedes.is_some(), owed(s))).collect();
        let expected =
            [(1, false, "120.00"), (2, true, "0.00"), (3, true, "120.00")].map(|(r, s, o)| (r, s, o.to_owned()));
        if told != expected {
            return Err(format!("{told:?}"));
        }
        if revisions.first() != Some(&issued) {
            return Err("the first statement was edited".to_owned());
        }
        stage.seconds(20).await;
        Ok(())
    }
    .boxed_local()
}

fn first(stage: &Stage) -> Result<StatementSpec, String> {
    stage.statements().into_iter().next().ok_or_else(|| "no statement".to_owned())
}

fn revisions(stage: &Stage) -> usize {
    let all = stage.statements();
    all.iter().filter(|s| s.period.start == all[0].period.start).count()
}

/// The statement that the status names for the first period.
fn known(stage: &Stage) -> Option<String> {
    stage.status("web").statements.last().map(|s| s.name.clone())
}

fn owed(statement: &StatementSpec) -> String {
    statement.credits.as_ref().map(|c| c.amount.clone()).unwrap_or_default()
}

/// The reason that the exclusion's condition gives.
fn honoured(stage: &Stage) -> Option<String> {
    let object = stage.api.get(EXCLUSIONS, NAMESPACE, "window")?;
    Some(object.pointer("/status/conditions/0/reason")?.as_str()?.to_owned())
}

/// The status lists ten periods. One that is older is restated all the same, but not because an object was cleared away.
#[tokio::test(start_paused = true)]
async fn restates_a_period_that_the_status_lists_no_more() {
    let mut stage = Stage::open(FaultPlan::none());
    let mut object = agreement("web", "Observe", "1m");
    object["spec"]["exclusions"] = maintenance();
    stage.api.apply(object).unwrap();
    stage.until("twelve statements", 800, |stage| stage.statements().len() == 12).await.unwrap();
    let issued = first(&stage).unwrap();
    let name = format!("web-{}-r1", issued.period.start.0.strftime("%Y%m%dt%H%M%Sz"));
    assert!(stage.status("web").statements.iter().all(|listed| listed.name != name));
    let (start, end) = (issued.period.start.0.to_string(), issued.period.end.0.to_string());
    for window in ["window", "other"] {
        let mut window = exclusion(window, &start, &end);
        window["spec"]["approval"] = json!({"by": "bob", "at": end});
        stage.api.apply(window).unwrap();
    }
    let of_the_first = |stage: &Stage| -> Vec<StatementSpec> {
        stage.statements().into_iter().filter(|s| s.period.start == issued.period.start).collect()
    };
    stage.until("a second revision", 30, |stage| of_the_first(stage).len() > 1).await.unwrap();
    stage.seconds(30).await;
    let revisions = of_the_first(&stage);
    let standing = revisions.last().unwrap();
    assert_eq!(standing.objectives[0].slots.excluded, 12, "{standing:#?}");
    let told = stage.api.list("events.events.k8s.io").into_iter();
    let told: Vec<String> = told.filter_map(|event| Some(event["note"].as_str()?.to_owned())).collect();
    assert!(told.iter().any(|note| note.contains(&start) && note.contains("-r2: ")), "{told:#?}");
    stage.api.delete(EXCLUSIONS, NAMESPACE, "other").unwrap();
    stage.seconds(30).await;
    assert_eq!(of_the_first(&stage).len(), revisions.len(), "cleared away is not revoked");
}
