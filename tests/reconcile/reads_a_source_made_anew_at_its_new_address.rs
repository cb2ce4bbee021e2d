//! A metrics source that is deleted and made anew under its name is another store: it is read where it is now, though
//! its generation is the old one's.

use std::time::Duration;

use guarantor_testbed::model::FaultPlan;
use tokio::time::sleep;

use crate::stage::{SOURCES, Stage, agreement, source};

#[tokio::test(start_paused = true)]
async fn reads_a_source_made_anew_at_its_new_address() {
    let mut stage = Stage::open(FaultPlan::none());
    stage.api.apply(agreement("web", "Observe", "30m")).unwrap();
    stage.seconds(30).await;
    assert_eq!(stage.traffic.read_at().as_deref(), Some("http://store.example"));
    let generation = |stage: &Stage| stage.api.get(SOURCES, None, "main").unwrap()["metadata"]["generation"].clone();
    let before = generation(&stage);
    // Between two of the operator's looks at what is gone.
    sleep(Duration::from_millis(300)).await;
    stage.api.delete(SOURCES, None, "main").unwrap();
    stage.api.apply(source("http://elsewhere.example")).unwrap();
    assert_eq!(generation(&stage), before);
    let moved = |stage: &Stage| stage.traffic.read_at().as_deref() == Some("http://elsewhere.example");
    stage.until("a reading at the new address", 20, moved).await.unwrap();
    // And it stays there: nobody goes on with the old address.
    for _ in 0..100 {
        stage.second().await;
        assert!(moved(&stage));
    }
}
