//! A hiccup: the pods of a node fail for some seconds, and are well again. Nothing is disrupted for it, whichever looks at the
//! last minute told of it and whichever told nothing.

use super::fixture::{Scene, at, reason};
use super::moves::{fail, one_sick, verb};
use super::nodes::{SICK, sick_node};
use super::pulse::{going_on, minute, proven, rule};
use crate::api::enforcement_status::Verb;
use crate::decide::danger::pulse::Course;
use crate::evaluate::slot::{Slot, UnknownCause};

/// What a look says: so many bad events of six hundred, or nothing.
type Said = Option<u32>;

/// What is done where the looks, a quarter of a minute apart, say this, and then for ten minutes nothing or that all is well. Each of
/// the pods of the node is seen to fail for so many of these.
fn done(looks: &[Said], failing: usize, afterwards: Said) -> Vec<(i64, Verb)> {
    let mut scene = sick_node();
    let (rule, mut course, mut done) = (rule("latency"), Course::default(), Vec::new());
    for look in 0..40 {
        fail(&mut scene, if look < failing { &SICK } else { &[] });
        scene.burn(false);
        let said = looks.get(look).copied().unwrap_or(afterwards);
        let said = said.map_or_else(|| Slot::unknown(UnknownCause::TimedOut, 0), |bad| minute(bad, 600));
        course.enter(&rule, &said, scene.now);
        scene.pulse = course.proof(scene.now).into_iter().cloned().collect();
        let decided = scene.live();
        done.extend(verb(&decided).map(|verb| (scene.now.duration_since(at(0)).as_secs(), verb)));
        scene.wait(15);
    }
    done
}

#[test]
fn what_one_look_alone_saw_is_no_reason_to_leave_a_node() {
    for afterwards in [Some(0), None] {
        for failing in 0..=7 {
            // Seen by one look, and then disproved; by one alone; by all whose minute it lies in, and no more comes.
            for looks in [vec![Some(300), Some(0)], vec![Some(300)], vec![Some(300); 4]] {
                assert_eq!(done(&looks, failing, afterwards), [], "{looks:?}, {failing} times, then {afterwards:?}");
            }
        }
    }
}

/// The README says so: where a hiccup is seen in part by one look and whole by the next one, the node may be avoided and replicas
/// added. No pod is touched, and all of it is given back.
#[test]
fn what_grew_from_one_look_to_the_next_has_the_node_avoided_and_no_pod_moved() {
    let looks = [Some(100), Some(250), Some(250), Some(250), Some(150)];
    let (made_ready, given_back) = (
        [(15, Verb::AvoidNode), (30, Verb::Surge)],
        [(375, Verb::ReleaseNode), (390, Verb::LowerFloor), (450, Verb::Restore)],
    );
    assert_eq!(done(&looks, 5, Some(0)), [made_ready.as_slice(), &given_back].concat());
    // What the next look disproves is over, whatever was made ready for.
    assert_eq!(
        done(&[Some(100), Some(250), Some(0)], 9, Some(0)).get(..2).map(|done| done[1].1),
        Some(Verb::ReleaseNode)
    );
    // Where the node is not told from the others in time, nothing is.
    assert_eq!(done(&[Some(100), Some(250), Some(0)], 0, Some(0)), []);
}

/// The looks at two objectives, each of which proved an outage once, are no outage that lasts.
#[test]
fn what_two_objectives_saw_once_each_is_not_taken_for_one_that_lasts() {
    let twice = |first: i64, second: i64| {
        let mut other = proven(at(second), at(second));
        "availability".clone_into(&mut other.objective);
        vec![proven(at(first), at(first)), other]
    };
    let held = |mut scene: Scene| {
        scene.burn(false);
        scene.wait(90);
        let mut reasons = Vec::new();
        for pulse in [twice(0, 90), twice(90, 0)] {
            scene.pulse = pulse;
            reasons.push(reason(&scene.decide()).to_owned());
        }
        // One of them lasts.
        scene.pulse = twice(0, 90);
        scene.pulse.push(going_on(at(0), at(90)));
        assert!(verb(&scene.decide()).is_some(), "{:?}", scene.decide().decision);
        reasons
    };
    assert_eq!(held(one_sick()), ["JustBegun"; 2]);
    assert_eq!(held(sick_node()), ["JustBegun"; 2]);
}
