//! An hour in which all is well: the status is not written, nothing is read, and reconciles come with the slots.

use std::time::Duration;

use guarantor_testbed::model::FaultPlan;

use crate::stage::{LEDGERS, Stage, agreement, autoscaler};
use crate::traffic::SLOT;

const HOUR: usize = 3600;

#[tokio::test(start_paused = true)]
async fn an_idle_agreement_costs_next_to_nothing() {
    let mut stage = Stage::pulsing(FaultPlan::none(), Duration::from_secs(15));
    stage.api.apply(autoscaler()).unwrap();
    stage.api.apply(agreement("web", "Enforce", "1d")).unwrap();
    stage.seconds(300).await;
    assert_eq!(stage.status("web").summary.unwrap().attainment, "100.000/90", "the hour shall be a calm one");
    let (reconciles, before) = (stage.reconciles(), stage.link().requests().len());
    stage.seconds(HOUR as u64).await;
    let mut requests = stage.link().requests().split_off(before);
    requests.retain(|request| request.verb != "watch");
    let ledgers = requests.iter().filter(|request| request.resource == LEDGERS).count();
    assert_eq!(requests.len(), ledgers, "{requests:?}");
    assert_eq!(stage.traffic.asked_by_pod(), 0, "nothing is in danger, so nobody asks why");
    assert!(ledgers <= HOUR / 120 + 1, "the ledger was written {ledgers} times, at an interval of 120 s");
    let reconciles = stage.reconciles() - reconciles;
    let most = HOUR / usize::try_from(SLOT).unwrap() + HOUR / 60 + 5;
    assert!((1..=most).contains(&reconciles), "{reconciles} reconciles in an hour, at most {most} expected");
}
