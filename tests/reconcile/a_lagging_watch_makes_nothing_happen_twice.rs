//! The watch falls silent for half a minute, at any moment of an episode: what the operator holds of the agreement is
//! older than its own writes. Nothing is done twice, nothing waits, and the end is the same.

use guarantor_testbed::model::{FaultPlan, StaleReads};
use serde_json::Value;

use crate::stage::{AUTOSCALERS, NAMESPACE, Stage, agreement, autoscaler};

/// The moments at which the watch falls silent, in seconds since the spike began.
const MOMENTS: std::ops::Range<u64> = 0..40;

#[test]
fn a_lagging_watch_makes_nothing_happen_twice() {
    let expected = play(None);
    assert!(expected.len() > 4, "something has to happen: {expected:?}");
    let mut runs = 0;
    for moment in MOMENTS.step_by(3) {
        assert_eq!(play(Some(moment)), expected, "the watch falls silent {moment} s into the spike");
        runs += 1;
    }
    println!("a lagging watch: {runs} runs");
}

/// The floors over time.
fn play(silent_from: Option<u64>) -> Vec<Value> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let mut stage = Stage::open(FaultPlan::none());
        stage.api.apply(autoscaler()).unwrap();
        stage.api.apply(agreement("web", "Enforce", "30m")).unwrap();
        stage.seconds(60).await;
        stage.spike = true;
        for second in 0..MOMENTS.end + 30 {
            if silent_from == Some(second) {
                stage.link().stale_reads(Some(StaleReads::Caches(stage.api.revision())));
            }
            if silent_from == second.checked_sub(30) {
                stage.link().stale_reads(None);
            }
            stage.second().await;
        }
        assert_eq!(stage.replicas, 5, "the watch is no reason to wait");
        stage.spike = false;
        stage
            .until("the owner's floor", 600, |stage| {
                stage.api.get(AUTOSCALERS, NAMESPACE, "web").unwrap()["spec"]["minReplicas"] == 2
            })
            .await
            .unwrap();
        stage.seconds(30).await;
        let states = stage.api.history(AUTOSCALERS, NAMESPACE, "web");
        let mut floors: Vec<Value> = states.iter().map(|state| state["spec"]["minReplicas"].clone()).collect();
        floors.dedup();
        floors
    })
}
