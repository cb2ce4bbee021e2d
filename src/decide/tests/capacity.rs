//! The law on a service's samples: what it makes of a flat load, a rising one, a gap, and of history.

use k8s_openapi::jiff::SignedDuration;

use super::fixture::{at, pod, ratio};
use crate::decide::capacity::{CapacityLaw, Ground, Need, starts};
use crate::sense::counters::{CounterSample, Course, Warm};

const BOUNDS: [f64; 8] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];
/// Core-seconds of a request.
const WORK: f64 = 0.015;

fn ground() -> Ground {
    Ground {
        latency: SignedDuration::from_millis(250),
        good: ratio(95, 100),
        available: ratio(99, 100),
        millicores: 1000,
        lag: SignedDuration::ZERO,
    }
}

#[allow(clippy::cast_possible_truncation)]
fn millionths(number: f64) -> i64 {
    (number * 1e6) as i64
}

/// The samples from one second to another, every 15 s, of a load that `pods` pods share.
fn course(from: i64, to: i64, pods: u32, rate: impl Fn(i64) -> f64) -> Course {
    let (mut answered, mut within) = (0.0, [0.0; 8]);
    let mut samples = Vec::new();
    let mut second = from;
    while second <= to {
        if second > from {
            let more = 15.0 * rate(second);
            let mean = WORK / (1.0 - (rate(second) * WORK / f64::from(pods)).min(0.94));
            answered += more;
            for (sum, bound) in within.iter_mut().zip(BOUNDS) {
                *sum += more * (1.0 - (-bound / mean).exp());
            }
        }
        samples.push(CounterSample {
            at: at(second),
            answered: millionths(answered),
            errors: 0,
            cpu_seconds: millionths(answered * WORK),
            buckets: within.map(millionths).to_vec(),
            in_flight: 0,
            pods,
            warm: Warm { pods, served: millionths(answered), cpu_seconds: millionths(answered * WORK) },
        });
        second += 15;
    }
    Course { bounds: BOUNDS.map(millionths).to_vec(), samples }
}

fn pods(need: &Need) -> i32 {
    need.pods().unwrap_or_else(|| panic!("{}", need.message()))
}

#[test]
fn a_flat_load_asks_for_nothing() {
    let history = [course(-3600, 0, 3, |_| 100.0)];
    let mut law = CapacityLaw::calibrated(ground(), &starts(&[pod(0)]), &[], &history);
    for step in 0..240 {
        let (from, to) = (step * 15, step * 15 + 15);
        law.observe(&course(from, to, 3, |_| 100.0));
        let need = law.want(at(to), 3);
        assert!(pods(&need) <= 3, "{to}: {}", need.message());
    }
    assert_eq!(law.pods(), 3);
}

#[test]
fn a_rising_load_asks_for_pods_before_it_is_there() {
    let rate = |second: i64| 100.0 + f64::from(i32::try_from(second.max(0)).unwrap()) * 0.4;
    let mut law = CapacityLaw::calibrated(ground(), &starts(&[pod(0)]), &[], &[course(-3600, 0, 3, rate)]);
    let mut asked = None;
    for step in 0..20 {
        let (from, to) = (step * 15, step * 15 + 15);
        law.observe(&course(from, to, 3, rate));
        if pods(&law.want(at(to), 3)) > 3 {
            asked.get_or_insert(to);
        }
    }
    // Three pods carry 160 requests a second at the utilisation that is safe, and 200 at the most.
    let asked = asked.expect("more pods");
    assert!(rate(asked) < 150.0, "at {asked} s and {} requests/s", rate(asked));
}

#[test]
fn a_gap_holds_and_so_do_old_samples() {
    let mut law = CapacityLaw::calibrated(ground(), &[], &[], &[course(-3600, 0, 3, |_| 100.0)]);
    assert!(law.want(at(45), 3).pods().is_some());
    assert_eq!(law.want(at(120), 3).message(), "the samples are too old to judge by");
    law.observe(&course(300, 300, 3, |_| 100.0));
    let message = "too few samples since the last gap";
    assert_eq!(law.want(at(300), 3).message(), message);
    law.observe(&course(300, 330, 3, |_| 100.0));
    assert!(law.want(at(330), 3).pods().is_some());
}

#[test]
fn what_a_pod_has_borne_is_inherited_and_bounds_what_is_sure() {
    // Each pod uses 0.6 cores without any request. Three carried the load, and by now six do.
    let history = |pods: u32| {
        let mut course = course(-3600, 0, pods, |_| 100.0);
        for sample in &mut course.samples {
            let idle = millionths(0.6 * f64::from(pods)) * (sample.at.as_second() - at(-3600).as_second());
            sample.cpu_seconds += idle;
            sample.warm.cpu_seconds += idle;
        }
        course
    };
    let law = |ground: Ground, pods: u32| CapacityLaw::calibrated(ground, &[], &[], &[history(pods)]);
    let sure = |mut law: CapacityLaw| law.want(at(0), 6).sure().unwrap();
    assert_eq!(sure(law(ground(), 6)), 6, "for want of better knowledge");
    let mut heir = law(ground(), 6);
    heir.inherit(&law(ground(), 3));
    assert!(sure(heir) <= 4);
    let mut other = law(ground(), 6);
    other.inherit(&law(Ground { millicores: 2000, ..ground() }, 3));
    assert_eq!(sure(other), 6, "pods of another size");
}

#[test]
fn history_is_what_it_begins_with() {
    let recent = || course(-60, 0, 3, |_| 10.0);
    let words = |mut law: CapacityLaw| law.want(at(0), 3).message().to_owned();
    let new = words(CapacityLaw::calibrated(ground(), &[], &[], &[recent()]));
    assert!(new.contains("assumed until their latency was seen") && new.contains("no start was seen yet"), "{new}");
    let history = [course(-7200, -3600, 3, |_| 100.0), course(-3600, 0, 3, |_| 100.0)];
    let known = words(CapacityLaw::calibrated(ground(), &starts(&[pod(0)]), &[], &history));
    assert!(known.contains("busy, since no more has been seen to be safe"), "{known}");
    assert!(known.contains("15.0 ms of work a request"), "{known}");
    assert!(!known.contains("no start was seen yet"), "{known}");
}

#[test]
fn how_few_are_enough_is_known_at_once_where_the_store_knows_the_hours_before() {
    let keep = |rates: &[_], history: &[Course]| {
        let mut law = CapacityLaw::calibrated(ground(), &starts(&[pod(0)]), rates, history);
        let Need::Pods { keep, .. } = law.want(at(0), 30) else { panic!() };
        keep
    };
    let even = |from, to| course(from, to, 30, |_| 1000.0);
    let week = |until: i64| -> Vec<_> {
        (0..7 * 288).map(|slot| (at(until - 300 * slot), millionths(1000.0))).rev().collect()
    };
    let new = keep(&[], &[even(-3600, 0)]);
    assert_eq!(new.lowest, None, "{new:?}");
    assert!(new.why.contains("only 33 % of the last three hours were seen"), "{}", new.why);
    // What was seen is asked for all the same: twice as much, at the utilisation that is safe.
    assert!(new.fewest > 30, "{new:?}");
    for (what, rates, history) in [
        ("counters", Vec::new(), vec![even(-10_800, -7200), even(-7200, -3600), even(-3600, 0)]),
        ("counters of an hour, and rates", week(-3600), vec![even(-3600, 0)]),
        ("both", week(-10_800), vec![even(-10_800, -7200), even(-7200, -3600), even(-3600, 0)]),
    ] {
        let known = keep(&rates, &history);
        assert!(known.lowest.is_some_and(|lowest| lowest > known.fewest), "{what}: {known:?}");
        // A rise that is over within five minutes is in none of these rates.
        assert!(known.why.contains("may become 2.0 times that"), "{what}: {}", known.why);
    }
    // The store said nothing for two hours, and says now that little is asked for.
    let lull = keep(&week(-7200), &[course(-1200, 0, 30, |_| 100.0)]);
    assert_eq!(lull.lowest, None, "{lull:?}");
}

#[test]
fn days_past_tell_what_comes() {
    // Every day at this time the load doubles.
    let day = |second: i64| if second.rem_euclid(86_400) > 40_000 { 1000.0 } else { 2000.0 };
    let slots = (0..3 * 288).map(|slot| -3 * 86_400 + slot * 300);
    let rates: Vec<_> = slots.map(|second| (at(second), millionths(day(second)))).collect();
    let history = [course(-3600, 0, 30, |_| 1000.0)];
    let want = |rates: &[_]| CapacityLaw::calibrated(ground(), &starts(&[pod(0)]), rates, &history).want(at(0), 30);
    let (told, untold) = (want(&rates), want(&[]));
    assert!(told.pods() > untold.pods(), "{} / {}", told.message(), untold.message());
}

#[test]
fn pods_come_later_as_seen_from_samples_that_are_read_late() {
    let words = |lag: i64| {
        let ground = Ground { lag: SignedDuration::from_secs(lag), ..ground() };
        let history = [course(-3600, 0, 3, |_| 100.0)];
        CapacityLaw::calibrated(ground, &starts(&[pod(0)]), &[], &history).want(at(0), 3).message().to_owned()
    };
    // A start of 20 s, a look of 15, and half a scrape.
    for (lag, horizon) in [(0, "carried 42 s from now"), (30, "carried 72 s from now")] {
        assert!(words(lag).contains(horizon), "{}", words(lag));
    }
}

#[test]
fn pods_that_use_more_than_they_request_are_told_in_place_of_a_number() {
    let want = |millicores: i64| {
        let ground = Ground { millicores, ..ground() };
        CapacityLaw::calibrated(ground, &[], &[], &[course(-3600, 0, 3, |_| 100.0)]).want(at(0), 3)
    };
    // 1.5 cores of three pods: half a core each.
    assert!(want(500).pods().is_some(), "{}", want(500).message());
    assert_eq!(want(250).pods(), None);
    assert!(want(250).message().contains("use 200 % of the CPU they request"), "{}", want(250).message());
}

#[test]
fn requests_that_fail_do_not_make_the_others_dear() {
    let failing = |from: i64, share: i64| {
        let mut course = course(from, from + 300, 3, |_| 100.0);
        for sample in &mut course.samples {
            sample.errors = sample.answered / 100 * share;
        }
        course
    };
    let mut law = CapacityLaw::calibrated(ground(), &[], &[], &[course(-3600, 0, 3, |_| 100.0)]);
    law.observe(&failing(0, 90));
    assert!(law.want(at(300), 3).message().contains("15.0 ms of work a request"), "{}", law.want(at(300), 3).message());
    let mut law = CapacityLaw::calibrated(ground(), &[], &[], &[failing(-300, 90)]);
    assert!(law.want(at(0), 3).message().contains("more requests fail than may"), "{}", law.want(at(0), 3).message());
}

#[test]
fn how_often_the_service_is_scraped_is_seen_in_its_samples() {
    let mut minutely = course(-3600, 0, 3, |_| 100.0);
    minutely.samples.retain(|sample| sample.at.as_second() % 60 == 0);
    let mut law = CapacityLaw::calibrated(ground(), &[], &[], &[minutely.clone()]);
    assert!(law.want(at(100), 3).pods().is_some(), "a minute without a sample is no gap");
    assert!(law.fits(&minutely) && law.rests_on(&ground()));
    assert!(!law.fits(&Course { bounds: vec![1], samples: Vec::new() }));
    assert!(!law.rests_on(&Ground { millicores: 500, ..ground() }));
}
