//! The accident of others that concerns the resizing of pods; the number is that of the project's list.

use super::fixture::Scene;
use super::moves::verb;
use super::sizes::throttled;
use crate::api::enforcement_status::Verb;

/// What is done within half an hour.
fn done(scene: &mut Scene) -> Vec<Verb> {
    let mut done = Vec::new();
    for _ in 0..60 {
        done.extend(verb(&scene.live()));
        scene.wait(30);
    }
    done
}

#[test]
fn accident_24_requests_change_under_an_autoscaler_that_measures_by_them() {
    // A vertical and a horizontal hand chase each other: resized pods read as idle, so replicas go, so the rest is busier.
    assert!(done(&mut throttled()).contains(&Verb::Resize));
    for who in ["HorizontalPodAutoscaler checkout", "ScaledObject checkout"] {
        let mut scene = throttled();
        scene.workload().scaled_on_cpu = Some(who.to_owned());
        let done = done(&mut scene);
        assert!(!done.contains(&Verb::Resize), "{done:?}");
        assert!(done.contains(&Verb::RaiseFloor), "replicas are added instead: {done:?}");
    }
}
