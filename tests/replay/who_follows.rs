//! When what the operator writes comes to be: beside an autoscaler when that looks the next time, where nothing else scales at
//! once.

use guarantor::api::enforcement_status::Verb;
use guarantor::simulate::load::Load;

use crate::stage::{Beside, Play, Played, play};

/// An autoscaler looks so often, in seconds.
const PERIOD: f64 = 15.0;

/// A service under a load that doubles and a half after a quarter of an hour.
fn step(beside: Beside, seed: u64) -> Played {
    let load = Load::new([vec![100.0; 900], vec![250.0; 900]].concat()).unwrap();
    play(&Play { beside, ..Play::new(load, 0.5, seed) })
}

/// When a floor was raised that asked for more than there was.
fn raised(played: &Played) -> Vec<f64> {
    let deeds = played.operator.deeds().iter().filter(|deed| deed.verb == Verb::RaiseFloor);
    deeds.map(|deed| deed.at).collect()
}

fn changed(played: &Played) -> Vec<f64> {
    played.outcome.replicas.iter().skip(1).map(|(at, _)| *at).collect()
}

#[test]
fn an_autoscaler_sees_a_floor_when_it_looks_the_next_time() {
    let mut between = 0;
    for seed in 1..=5 {
        let played = step(Beside::Hpa(0.9), seed);
        let (raised, changed) = (raised(&played), changed(&played));
        let first = changed.first().unwrap();
        for at in &changed {
            let rounds = (at - first) / PERIOD;
            assert!((rounds - rounds.round()).abs() < 1e-6, "seed {seed}: {at} is no look of what looks at {first}");
        }
        assert!(!raised.is_empty(), "seed {seed}\n{}", played.course());
        for at in raised {
            assert!(
                changed.iter().any(|change| (0.0..PERIOD).contains(&(change - at))),
                "seed {seed}: {at} {changed:?}"
            );
            between += usize::from(!changed.contains(&at));
        }
    }
    assert!(between > 0, "the operator looks only when an autoscaler does");
}

/// What an operator writes into a status wakes it: it looks again in the second in which it held the floor, not with the next slot.
#[test]
fn what_follows_an_act_waits_for_no_slot() {
    for seed in 1..=5 {
        let played = step(Beside::Hpa(0.9), seed);
        let held = played.operator.deeds().iter().find(|deed| deed.verb == Verb::FreezeScaleDown).unwrap();
        let looks = played.operator.findings().iter().filter(|found| (found.at - held.at).abs() < 1e-6);
        assert!(looks.count() > 1, "seed {seed}\n{}", played.course());
    }
}

#[test]
fn what_nothing_else_scales_is_scaled_at_once() {
    for seed in 1..=5 {
        let played = step(Beside::Nobody, seed);
        let (raised, changed) = (raised(&played), changed(&played));
        assert!(!raised.is_empty(), "seed {seed}\n{}", played.course());
        assert!(raised.iter().all(|at| changed.contains(at)), "seed {seed}: {raised:?} {changed:?}");
    }
}
