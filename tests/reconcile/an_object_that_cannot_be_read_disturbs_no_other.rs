//! An agreement and a source written under another version of their definitions do not fit the types of this one. They
//! are named in Events and left alone; everything else goes on, and they are worked on once they are mended.

use guarantor_testbed::model::FaultPlan;
use serde_json::{Value, json};

use crate::stage::{AGREEMENTS, LEDGERS, NAMESPACE, SOURCES, Stage, agreement, source};

/// The objects that are told of as unreadable, by kind and name.
fn told(stage: &Stage) -> Vec<(String, String)> {
    let events = stage.api.list("events.events.k8s.io").into_iter().filter(|event| event["reason"] == "Unreadable");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut about: Vec<_> = events.map(|e| (text(&e["regarding"]["kind"]), text(&e["regarding"]["name"]))).collect();
    about.sort();
    about.dedup();
    about
}

fn is_measured(stage: &Stage, name: &str) -> bool {
    let status = stage.api.get(AGREEMENTS, NAMESPACE, name).unwrap()["status"].clone();
    status["objectives"][0]["totalEvents"].as_str().is_some_and(|events| events != "0")
}

/// An agreement of a time when objectives had no list of their own.
fn outdated(name: &str) -> Value {
    let mut object = agreement(name, "Observe", "30m");
    object["spec"]["objectives"] = json!({"availability": "90"});
    object
}

fn objectives(stage: &Stage, name: &str, value: &Value) {
    let change = |object: &mut Value| object["spec"]["objectives"] = value.clone();
    stage.api.edit("owner", AGREEMENTS, NAMESPACE, name, change).unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_object_that_cannot_be_read_disturbs_no_other() {
    let mut stage = Stage::open(FaultPlan::none());
    stage.kill();
    // The first of its kind in every list.
    stage.api.apply(outdated("a-relic")).unwrap();
    let mut relic = source("http://store.example");
    relic["metadata"]["name"] = json!("a-relic");
    relic["spec"]["tenants"] = json!("everyone");
    stage.api.apply(relic).unwrap();
    stage.api.apply(agreement("web", "Observe", "30m")).unwrap();
    stage.start(FaultPlan::none());
    stage.until("the other to be measured", 60, |stage| is_measured(stage, "web")).await.unwrap();
    let relics = ["MetricsSource", "ServiceLevelAgreement"].map(|kind| (kind.to_owned(), "a-relic".to_owned()));
    assert_eq!(told(&stage), relics);

    // One becomes unreadable while it is worked on: it is let go of, not worked on as it was.
    let good = stage.api.get(AGREEMENTS, NAMESPACE, "web").unwrap()["spec"]["objectives"].clone();
    stage.api.apply(agreement("second", "Observe", "30m")).unwrap();
    stage.until("the second to be measured", 60, |stage| is_measured(stage, "second")).await.unwrap();
    objectives(&stage, "web", &json!("of old"));
    stage.until("the first to be told of", 20, |stage| told(stage).len() == 3).await.unwrap();
    let stored = |stage: &Stage| -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let ledgers = stage.api.list(LEDGERS).into_iter();
        ledgers.map(|l| (text(&l["spec"]["agreement"]["name"]), text(&l["metadata"]["resourceVersion"]))).collect()
    };
    let before = stored(&stage);
    stage.seconds(300).await;
    let after = stored(&stage);
    let written = |name: &str| before.iter().filter(|l| l.0 == name).ne(after.iter().filter(|l| l.0 == name));
    assert!(written("second") && !written("web"), "{before:?} {after:?}");

    for name in ["web", "a-relic"] {
        objectives(&stage, name, &good);
    }
    stage.until("the mended one to be measured", 60, |stage| is_measured(stage, "a-relic")).await.unwrap();
    let read_on =
        |stage: &Stage| stored(stage).iter().filter(|l| l.0 == "web").ne(after.iter().filter(|l| l.0 == "web"));
    stage.until("the first to be worked on again", 400, read_on).await.unwrap();
    assert!(SOURCES.starts_with("metricssources") && told(&stage).len() == 3);
}
