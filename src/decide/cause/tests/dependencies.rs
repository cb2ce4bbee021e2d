//! A dependency that burns, or that the pods wait for: the floor is held and nothing added.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::SignedDuration;

use super::{burning, found, twelve, why};
use crate::api::diagnosis::{CauseKind, Subject};
use crate::api::enforcement_status::Verb;
use crate::api::slot_length::SlotLength;
use crate::decide::cause::Remedy;
use crate::decide::cause::usage::Usage;
use crate::decide::situation::upstream::{Standing, Upstream};
use crate::decide::tests::fixture::{Scene, act, at, by_pod, lowered, reason};
use crate::decide::tests::sheds;
use crate::sense::counters::{CounterSample, Course};

#[test]
fn a_dependency_that_burns_is_named_and_nothing_is_added() {
    let mut scene = twelve();
    scene.floor().current = 12;
    scene.fleet.upstream = vec![burning("pay", -60), burning("cart", -90)];
    let cause = found(&scene).cause;
    assert_eq!((cause.kind, &cause.remedy), (CauseKind::Dependency, &Remedy::KeepFloor));
    let blamed: Vec<_> = cause.evidence.iter().map(|evidence| (evidence.subject, evidence.name.as_str())).collect();
    assert_eq!(blamed, [(Subject::Upstream, "cart")], "what burned first");
    assert!(cause.message.contains("guarantor explain shop/cart"), "{}", cause.message);
    for _ in 0..20 {
        assert_eq!((act(&scene.live()), reason(&scene.decide())), (None, "Dependency"));
        scene.wait(60);
        scene.signals = by_pod(&[(1000, 10); 12]);
    }
    // It burns no more: then what is left is not its doing.
    scene.fleet.upstream[0].standing = Standing::Calm;
    scene.fleet.upstream[1].standing = Standing::Calm;
    assert_eq!(act(&scene.live()).map(|(verb, ..)| verb), Some(Verb::RaiseFloor));
}

/// Its own slots tell of it, and these may be told later than those of the service.
#[test]
fn before_replicas_are_added_two_slots_are_waited_for_what_is_upstream() {
    let calm = || Upstream { standing: Standing::Calm, ..burning("pay", 0) };
    let scene = |upstream| {
        let mut scene = twelve();
        scene.floor().current = 12;
        scene.fleet.upstream = upstream;
        scene
    };
    let missing = Upstream { standing: Standing::Missing, ..calm() };
    let unseen = Upstream { standing: Standing::Unseen("its account is old".into()), ..calm() };
    for upstream in [Vec::new(), vec![missing], vec![unseen]] {
        assert_eq!(act(&scene(upstream).live()).map(|(verb, ..)| verb), Some(Verb::RaiseFloor));
    }
    let mut scene = scene(vec![calm()]);
    for _ in 0..2 {
        assert_eq!((act(&scene.live()), reason(&scene.decide())), (None, "Unknown"));
        assert!(found(&scene).cause.message.contains("pay does not burn"), "{}", found(&scene).cause.message);
        scene.wait(60);
        scene.signals = by_pod(&[(1000, 10); 12]);
    }
    assert_eq!(act(&scene.live()).map(|(verb, ..)| verb), Some(Verb::RaiseFloor), "it is not waited for longer");
}

/// Where the last minute tells of it as well, that is sooner than two slots of five minutes each.
#[test]
fn an_upstream_with_a_pulse_is_waited_for_a_minute_and_a_half_at_most() {
    let calm = |has_pulse| Upstream { standing: Standing::Calm, has_pulse, ..burning("pay", 0) };
    let message = |slot, upstream| {
        let mut scene = twelve();
        (scene.slot, scene.fleet.upstream) = (slot, upstream);
        scene.live();
        found(&scene).cause.message
    };
    for (slot, with, without) in
        [(SlotLength::FiveMinutes, 90, 600), (SlotLength::OneMinute, 90, 120), (SlotLength::TenSeconds, 20, 20)]
    {
        // Of several the one that is told last.
        for (upstream, until) in
            [(vec![calm(true)], with), (vec![calm(false)], without), (vec![calm(false), calm(true)], without)]
        {
            let (told, message) = (format!("before {}", at(until)), message(slot, upstream));
            assert!(message.ends_with(&told), "{slot:?}: {message}, {told}");
        }
    }
}

#[test]
fn what_is_not_seen_to_burn_is_not_blamed() {
    for (standing, words) in [
        (Standing::Calm, "pay does not burn"),
        (Standing::Unseen("its account is old".into()), "whether pay burns is not known: its account is old"),
        (Standing::Missing, "there is no agreement pay"),
        (Standing::SameService, "is about the same workload"),
    ] {
        let mut scene = twelve();
        scene.fleet.upstream = vec![Upstream { standing, ..burning("pay", 0) }];
        assert_ne!(found(&scene).cause.kind, CauseKind::Dependency, "{words}");
        let said = why(&scene, CauseKind::Dependency);
        assert!(said.contains(words), "{said}");
    }
    assert!(why(&twelve(), CauseKind::Dependency).contains("dependsOn names no agreement"));
}

#[test]
fn in_a_circle_the_one_that_burned_first_is_the_cause() {
    for (own, other, blamed) in [(-60, -90, true), (-90, -60, false)] {
        let mut scene = twelve();
        scene.fleet.own = Some(at(own));
        scene.fleet.upstream = vec![Upstream { in_a_circle: true, ..burning("pay", other) }];
        assert_eq!(found(&scene).cause.kind == CauseKind::Dependency, blamed, "{own} {other}");
    }
}

#[test]
fn missing_pods_and_load_go_before_it() {
    let mut scene = twelve();
    scene.fleet.upstream = vec![burning("pay", -60)];
    scene.actions = vec![lowered("before: budget pace 0.000, events/s 10.000, ready pods 12")];
    assert_eq!(found(&scene).cause.kind, CauseKind::Saturation, "more load than was ever safe");
    scene.actions.clear();
    scene.workload().pods[0].ready = false;
    assert_eq!(found(&scene).cause.kind, CauseKind::Saturation, "fewer pods than are wanted");
}

/// What so many pods did in these seconds: requests a second, and milliseconds of CPU each.
fn used(usage: &mut Usage, (from, to): (i64, i64), pods: u32, rate: i64, milliseconds: i64) {
    let sample = |second: i64| CounterSample {
        at: at(second),
        answered: (second - from) * rate * 1_000_000,
        errors: 0,
        cpu_seconds: (second - from) * rate * milliseconds * 1_000,
        buckets: Vec::new(),
        in_flight: 0,
        warm: crate::sense::counters::Warm::default(),
        pods,
    };
    usage.observe(&Course { bounds: Vec::new(), samples: (from..=to).step_by(15).map(sample).collect() });
}

/// Twelve pods that answered a hundred requests a second until the danger came ten minutes ago, for ten milliseconds each; now
/// so many pods answer so many, for so much.
fn now(pods: u32, rate: i64, milliseconds: i64) -> Scene {
    let mut scene = twelve();
    scene.status.episode = Some(sheds::episode());
    used(&mut scene.usage, (-3600, -600), 12, 100, 10);
    used(&mut scene.usage, (-600, 0), pods, rate, milliseconds);
    scene
}

#[test]
fn pods_that_have_less_to_do_and_fail_wait_for_something() {
    for (case, pods, rate, milliseconds, waits) in [
        ("threads wait", 12, 60, 10, true),
        ("and cost a little more", 12, 60, 11, true),
        ("the same work", 12, 100, 10, false),
        ("hardly less", 12, 81, 10, false),
        ("fewer requests that cost more", 12, 60, 13, false),
        ("more pods for the same work are no sign", 24, 100, 10, false),
        ("half of the pods are gone", 6, 60, 10, false),
        ("quick failures", 12, 100, 7, true),
    ] {
        let scene = now(pods, rate, milliseconds);
        let found = found(&scene);
        assert_eq!(found.cause.kind == CauseKind::Dependency, waits, "{case}: {}", found.cause.message);
        if waits {
            assert_eq!(found.cause.remedy, Remedy::KeepFloor);
            assert!(found.cause.message.contains("cores where they used 1.00"), "{}", found.cause.message);
            assert_eq!(found.cause.evidence.len(), 2);
        }
    }
}

#[test]
fn counters_that_are_old_or_begin_too_late_blame_nobody() {
    let mut scene = now(12, 60, 10);
    scene.wait(240);
    scene.signals = by_pod(&[(1000, 10); 12]);
    assert!(why(&scene, CauseKind::Dependency).contains("the newest sample of its CPU time is of"));
    let mut scene = now(12, 60, 10);
    scene.usage = Usage::default();
    used(&mut scene.usage, (-1500, 0), 12, 60, 10);
    assert!(why(&scene, CauseKind::Dependency).contains("too little is known of its CPU time before the danger"));
    let since = scene.now.saturating_sub(SignedDuration::from_secs(30)).unwrap();
    scene.status.episode.as_mut().unwrap().since = Time(since);
    assert!(why(&scene, CauseKind::Dependency).contains("so they do not just wait"), "the same as before");
}
