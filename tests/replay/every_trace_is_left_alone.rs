//! Where nothing is wrong with any part of the service, no part of it is touched: replicas are all that is ever held or added,
//! also where the load endangers the objectives, and all verbs are allowed.

use guarantor::api::enforcement_status::Verb;

use crate::stage::{Play, play, pods};
use crate::traces;

/// What concerns the replicas as a whole.
const REPLICAS: [Verb; 4] = [Verb::FreezeScaleDown, Verb::RaiseFloor, Verb::LowerFloor, Verb::Restore];

fn left_alone(target: f64) {
    let mut faults = Vec::new();
    let (mut bad, mut dangers) = (0, 0);
    for (seed, (name, load)) in (1..).zip(traces::all()) {
        let pods = pods(load.rate(0), target);
        let played = play(&Play { load, faults: Vec::new(), target, pods, seed });
        let score = played.score();
        println!(
            "HPA {target:.2}, {name}: {} bad of {} minutes, {} looks at a danger, {:?}",
            score.bad_minutes,
            score.minutes,
            played.operator.findings().len(),
            played.verbs()
        );
        bad += score.bad_minutes;
        dangers += played.operator.findings().len();
        let others = played.others_than(&REPLICAS);
        if !others.is_empty() {
            faults.push(format!("{name}: {}\n{}", others.join("\n"), played.course()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    // Otherwise nothing was tried.
    assert!(dangers > 0 || target < 0.7, "{bad} bad minutes and no danger");
}

#[test]
fn beside_an_autoscaler_that_is_tuned_well() {
    left_alone(0.5);
}

#[test]
fn beside_an_autoscaler_that_leaves_little_to_spare() {
    left_alone(0.85);
}
