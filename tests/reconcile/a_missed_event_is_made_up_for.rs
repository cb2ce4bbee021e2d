//! One change of the agreement is never reported by the watch, whichever it is. When the watch is taken up anew the
//! operator catches up, and the agreement goes as it would have gone.

use guarantor_testbed::model::FaultPlan;

use crate::stage::{AGREEMENTS, AUTOSCALERS, NAMESPACE, Stage, agreement, autoscaler};

#[test]
fn a_missed_event_is_made_up_for() {
    let changes = play(FaultPlan::none());
    assert!(changes.len() > 5, "the agreement changed {} times only", changes.len());
    for change in &changes {
        play(FaultPlan::none().drop_event(*change));
    }
    println!("a missed event: {} runs", changes.len());
}

/// The changes of the agreement, counted from the operator's start.
fn play(plan: FaultPlan) -> Vec<usize> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let case = format!("{:?}", plan.dropped_events);
        let mut stage = Stage::open(plan);
        let before = stage.api.changes().len();
        stage.api.apply(autoscaler()).unwrap();
        stage.seconds(4).await;
        stage.api.apply(agreement("web", "Enforce", "30m")).unwrap();
        stage.seconds(40).await;
        // The watch ends, as every watch does after some minutes, and its revision is too old to go on from.
        stage.api.expire_watches();
        stage.seconds(30).await;
        stage.spike = true;
        stage.until("enough replicas", 200, |stage| stage.replicas >= 5).await.expect(&case);
        stage.api.delete(AGREEMENTS, NAMESPACE, "web").unwrap();
        stage.seconds(30).await;
        stage.api.expire_watches();
        stage.until("the end", 60, |stage| stage.api.get(AGREEMENTS, NAMESPACE, "web").is_none()).await.expect(&case);
        let web = stage.api.get(AUTOSCALERS, NAMESPACE, "web").unwrap();
        assert_eq!(web["spec"]["minReplicas"], 2, "without change {case}");
        let changes = stage.api.changes();
        let of_agreement = |index: &usize| changes[*index].1 == AGREEMENTS;
        (before..changes.len()).filter(of_agreement).map(|index| index - before).collect()
    })
}
