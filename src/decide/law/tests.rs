//! The whole fold: what it wants, and that it never reduces blindly.

use proptest::prelude::*;

use super::{Blind, Constants, Doubt, Law, Promise, Sample, Settings, Wanted, Warm, whole};

const BOUNDS: [f64; 6] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.0];

fn settings() -> Settings {
    Settings {
        promise: Promise { latency: 0.5, good: 0.95, available: 0.999 },
        cores: 1.0,
        scrape: 15.0,
        bounds: BOUNDS.to_vec(),
        constants: Constants::default(),
    }
}

/// A service of 50 ms a request on `ready` pods, with the latencies of processor sharing.
struct Service {
    sample: Sample,
}

impl Service {
    fn new() -> Self {
        let buckets = vec![0.0; BOUNDS.len()];
        let (at, answered, errors, in_flight, cpu_seconds, ready) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
        let warm = Warm::default();
        Self { sample: Sample { at, answered, errors, in_flight, cpu_seconds, buckets, ready, warm } }
    }

    fn step(&mut self, seconds: f64, rate: f64, ready: f64) -> Sample {
        let requests = rate * seconds;
        let mean = 0.05 / (1.0 - (rate * 0.05 / ready).min(0.9));
        self.sample.at += seconds;
        self.sample.answered += requests;
        self.sample.cpu_seconds += requests * 0.05;
        self.sample.ready = ready;
        self.sample.warm = Warm { pods: ready, served: self.sample.answered, cpu_seconds: self.sample.cpu_seconds };
        for (sum, bound) in self.sample.buckets.iter_mut().zip(BOUNDS) {
            *sum += requests * (1.0 - (-bound / mean).exp());
        }
        self.sample.clone()
    }
}

/// An hour of a load that grows by `growth` each second, followed by as many pods as are wanted at once.
fn after_an_hour(rate: f64, growth: f64) -> (Law, Service, u32) {
    let (mut law, mut service, mut pods) = (Law::new(settings()), Service::new(), 20);
    law.started(30.0);
    for step in 0..240_u32 {
        let sample = service.step(15.0, rate + growth * 15.0 * f64::from(step), f64::from(pods));
        let now = sample.at;
        law.observe(sample);
        if let Wanted::Pods(wanted, _) = law.want(now, pods) {
            pods = wanted;
        }
    }
    (law, service, pods)
}

#[test]
fn an_even_load_gets_what_its_latency_allows() {
    // exp(-0.5 (1 - r) / 0.05) = 0.0425 at r = 0.68; 100 requests/s of 50 ms are 5 cores; 5 / 0.68 with some reserve.
    let (mut law, service, pods) = after_an_hour(100.0, 0.0);
    assert_eq!(pods, 8);
    let wanted = law.want(service.sample.at, pods).to_string();
    assert!(wanted.starts_with("8 pods: 100.0 requests/s now, 100.0 to be carried 52 s from now"), "{wanted}");
    assert!(wanted.contains("50.0 ms of work") && wanted.contains("too many requests would be slow"), "{wanted}");
}

#[test]
fn a_ramp_is_met_before_it_arrives() {
    let (mut law, service, pods) = after_an_hour(50.0, 0.6);
    let Wanted::Pods(_, reckoning) = law.want(service.sample.at, pods) else { panic!("blind") };
    // 32 more in 52.5 s; the doubt of a slope takes a third of it, where there are two thousand a second.
    assert!(reckoning.expected > reckoning.rate + 8.0, "{reckoning:?}");
}

#[test]
fn without_data_nothing_changes() {
    let mut law = Law::new(settings());
    assert_eq!(law.want(0.0, 7), Wanted::Hold(Blind::Stale));
    let (mut law, mut service, pods) = after_an_hour(100.0, 0.0);
    let end = service.sample.at;
    assert!(matches!(law.want(end + 50.0, pods), Wanted::Pods(..)));
    assert_eq!(law.want(end + 50.1, pods), Wanted::Hold(Blind::Stale));
    // The first value after a gap, and the first after counters began anew, say nothing yet.
    let sample = service.step(300.0, 0.0, 8.0);
    let now = sample.at;
    law.observe(sample);
    assert_eq!(law.want(now, pods), Wanted::Hold(Blind::Broken));
    for step in 1..=2_u32 {
        let sample = service.step(15.0, 100.0, 8.0);
        let wanted = law.want(sample.at, pods);
        law.observe(sample);
        assert_eq!(wanted, Wanted::Hold(Blind::Broken), "{step}");
    }
    assert!(matches!(law.want(service.sample.at, pods), Wanted::Pods(..)));
}

#[test]
fn what_is_no_number_teaches_nothing() {
    let (mut law, mut service, pods) = after_an_hour(100.0, 0.0);
    let before = law.want(service.sample.at, pods);
    let good = service.step(15.0, 100.0, 8.0);
    for bad in [
        Sample { answered: f64::NAN, ..good.clone() },
        Sample { cpu_seconds: f64::INFINITY, ..good.clone() },
        Sample { in_flight: -1.0, ..good.clone() },
        Sample { at: f64::NAN, ..good.clone() },
    ] {
        law.observe(bad);
    }
    assert_eq!(law.want(good.at - 15.0, pods), before);
}

#[test]
fn cpu_that_warming_pods_burn_is_no_need() {
    let warmed = |burnt: f64| {
        let (mut law, mut service, pods) = after_an_hour(100.0, 0.0);
        let mut wanted = Vec::new();
        for minute in 0..40_u32 {
            let mut sample = service.step(15.0, 100.0, f64::from(pods) + 2.0);
            // Two pods more, which burn and are slow for ten minutes.
            sample.warm.pods = f64::from(pods);
            sample.cpu_seconds += burnt * f64::from(minute);
            for count in &mut sample.buckets {
                *count -= burnt * f64::from(minute);
            }
            let now = sample.at;
            law.observe(sample);
            let Wanted::Pods(pods, _) = law.want(now, pods) else { panic!("blind") };
            wanted.push(pods);
        }
        wanted
    };
    assert_eq!(warmed(30.0), warmed(0.0), "two cores more are burnt than the requests cost");
}

#[test]
fn a_number_is_doubted_while_requests_fail_or_are_late_and_before_latency_was_seen() {
    let (law, ..) = after_an_hour(100.0, 0.0);
    assert_eq!(law.doubt(), None);
    let with = |spoil: fn(&mut Sample, f64)| {
        let (mut law, mut service, pods) = after_an_hour(100.0, 0.0);
        for step in 1..=4_u32 {
            let mut sample = service.step(15.0, 100.0, f64::from(pods));
            spoil(&mut sample, f64::from(step) * 1500.0);
            law.observe(sample);
        }
        law.doubt()
    };
    // A tenth of them, where a thousandth may fail and a twentieth be late.
    assert_eq!(with(|sample, served| sample.errors += served * 0.1), Some(Doubt::Failing));
    let late = |sample: &mut Sample, served: f64| sample.buckets[3] -= served * 0.1;
    assert_eq!(with(late), Some(Doubt::Late));
    // Ten thousand begin to wait at once, where fifteen hundred are answered.
    assert_eq!(with(|sample, served| sample.in_flight = if served < 4000.0 { 0.0 } else { 1e4 }), Some(Doubt::Jump));
    let (mut law, mut service) = (Law::new(settings()), Service::new());
    for _ in 0..5 {
        law.observe(service.step(15.0, 20.0, 3.0));
    }
    assert!(matches!(law.want(service.sample.at, 3), Wanted::Pods(..)));
    assert_eq!(law.doubt(), Some(Doubt::Unseen));
}

#[test]
fn what_was_slow_for_another_reason_is_not_acted_upon_when_it_is_over() {
    let (mut law, mut service, pods) = after_an_hour(100.0, 0.0);
    let sure = |law: &mut Law, now: f64| {
        let Wanted::Pods(told, reckoning) = law.want(now, pods) else { panic!("blind") };
        (told, law.sure(&reckoning))
    };
    let before = sure(&mut law, service.sample.at);
    assert!(before.1 <= pods, "{before:?}");
    // A dependency is slow for ten minutes: a quarter of the requests is late, under the same load.
    let mut late = 0.0;
    for step in 0..80_u32 {
        let mut sample = service.step(15.0, 100.0, f64::from(pods));
        late += if step < 40 { 1500.0 * 0.25 } else { 0.0 };
        for count in &mut sample.buckets {
            *count -= late;
        }
        let now = sample.at;
        law.observe(sample);
        match (step, law.doubt()) {
            (4..40, doubt) => assert_eq!(doubt, Some(Doubt::Late), "{step}"),
            // Five minutes after it is over the pods have shown anew how busy they may be.
            (64.., doubt) => {
                assert_eq!(doubt, None, "{step}");
                let (told, sure) = sure(&mut law, now);
                // The reserve is asked for over what was proven, and once.
                assert!((step > 64 || told > sure) && sure <= pods + 1, "{step}: {told} are told, {sure} are sure");
            }
            _ => {}
        }
    }
}

/// The most pods that are acted upon within so many steps of a load of 100 requests/s that eight pods carry.
fn most_sure(law: &mut Law, service: &mut Service, pods: u32, steps: u32) -> u32 {
    let mut most = 0;
    for _ in 0..steps {
        let sample = service.step(15.0, 100.0, f64::from(pods));
        let now = sample.at;
        law.observe(sample);
        if let (Wanted::Pods(_, reckoning), None) = (law.want(now, pods), law.doubt()) {
            most = most.max(law.sure(&reckoning));
        }
    }
    most
}

#[test]
fn a_rate_in_doubt_is_not_acted_upon_when_the_doubt_is_over() {
    type Spoil = fn(&mut Law, &mut Service, f64);
    let cases: [(&str, Spoil); 4] = [
        ("a gauge that jumps", |law, service, pods| {
            law.observe(Sample { in_flight: 1e4, ..service.step(15.0, 100.0, pods) });
        }),
        ("the same before a gap", |law, service, pods| {
            law.observe(Sample { in_flight: 1e4, ..service.step(15.0, 100.0, pods) });
            service.step(90.0, 100.0, pods);
        }),
        ("clients that ask again as they wait", |law, service, pods| {
            for _ in 0..4 {
                law.observe(service.step(15.0, 300.0, pods));
            }
        }),
        ("clients that ask again as they fail", |law, service, pods| {
            for _ in 0..4 {
                service.sample.errors += 2250.0;
                let buckets = service.sample.buckets.clone();
                let sample = service.step(15.0, 300.0, pods);
                for (sum, before) in service.sample.buckets.iter_mut().zip(buckets) {
                    *sum = before + (*sum - before) / 2.0;
                }
                law.observe(Sample { buckets: service.sample.buckets.clone(), ..sample });
            }
        }),
    ];
    for (what, spoil) in cases {
        let (mut law, mut service, pods) = after_an_hour(100.0, 0.0);
        assert!(most_sure(&mut law, &mut service, pods, 20) <= pods, "{what}");
        spoil(&mut law, &mut service, f64::from(pods));
        let most = most_sure(&mut law, &mut service, pods, 80);
        assert!((1..=pods + 1).contains(&most), "{what}: {most}");
    }
}

#[test]
fn a_rate_in_doubt_is_none_of_that_time_of_the_day() {
    let (mut law, mut service, pods) = after_an_hour(100.0, 0.0);
    let day = 5760;
    for _ in 0..40 {
        law.observe(service.step(15.0, 300.0, f64::from(pods)));
    }
    let most = most_sure(&mut law, &mut service, pods, day);
    assert!((1..=pods + 1).contains(&most), "{most}");
}

#[test]
fn a_dip_of_four_minutes_takes_no_pod_away() {
    let (mut law, mut service, pods) = after_an_hour(100.0, 0.0);
    for _ in 0..16 {
        let sample = service.step(15.0, 10.0, f64::from(pods));
        let now = sample.at;
        law.observe(sample);
        let Wanted::Pods(wanted, _) = law.want(now, pods) else { panic!("blind") };
        assert!(wanted >= pods, "{wanted}");
    }
}

/// Four hours of an even load, in requests per second of each of `pods` pods that request 100 millicores; so much of that they
/// use without any request, and so much for them. A floor that follows what is sure adds pods at once, and keeps them. So
/// many of the requests are late at first, in part for want of CPU. Gives the most pods, and the most that the requests that were
/// expected with the reserve could need, of pods that have borne the least of the noise at first.
fn in_closed_loop(pods: u32, rate: f64, idle: f64, busy: f64, late: f64, noise: &[f64]) -> (u32, f64) {
    let mut law = Law::new(Settings { cores: 0.1, ..settings() });
    law.started(30.0);
    let (mut service, mut floor, mut most_needed) = (Service::new(), pods, f64::from(pods));
    let mean = 0.5 / -late.ln() * (1.0 - busy);
    for step in 0..960_usize {
        let ready_now = f64::from(floor);
        let offered = rate * f64::from(pods) * noise[step % noise.len()];
        let used = offered / (rate * ready_now) * busy;
        let requests = offered * 15.0;
        let Sample { at, answered, cpu_seconds, buckets, ready, warm, .. } = &mut service.sample;
        *at += 15.0;
        *answered += requests;
        *cpu_seconds += (idle + used) * 0.1 * ready_now * 15.0;
        for (sum, bound) in buckets.iter_mut().zip(BOUNDS) {
            *sum += requests * (1.0 - (-bound * (1.0 - used) / mean).exp());
        }
        *ready = ready_now;
        *warm = Warm { pods: ready_now, served: *answered, cpu_seconds: *cpu_seconds };
        let sample = service.sample.clone();
        let now = sample.at;
        law.observe(sample);
        if let (Wanted::Pods(_, reckoning), None) = (law.want(now, floor), law.doubt()) {
            most_needed = most_needed.max(reckoning.reserve * reckoning.undoubted / (LEAST * rate));
            floor = floor.max(law.sure(&reckoning));
        }
    }
    (floor, most_needed)
}

/// The noise of an even load.
const LEAST: f64 = 0.95;
const MOST: f64 = 1.05;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// What pods use without any request is no reason for ever more of them.
    #[test]
    fn an_even_load_is_never_given_more_pods_for_those_it_was_given(
        pods in 2..12_u32,
        rate in 2.0..50.0_f64,
        idle in 0.0..0.5_f64,
        busy in 0.02..0.45_f64,
        late in 0.001..0.04_f64,
        noise in proptest::collection::vec(LEAST..MOST, 97),
    ) {
        let (most, needed) = in_closed_loop(pods, rate, idle, busy, late, &noise);
        prop_assert!(most <= whole(needed), "{most} of {pods}, {needed} needed");
        // What a forecast makes of noise is no pile that grows.
        prop_assert!(needed <= f64::from(pods) * 1.5, "{needed} of {pods} needed");
    }
}

#[test]
fn nothing_is_sure_until_pods_have_served_well() {
    let (mut law, mut service) = (Law::new(settings()), Service::new());
    // Pods come and go, so that nobody can tell what one of them bears.
    for step in 0..240_u32 {
        law.observe(service.step(15.0, 100.0, if step % 10 < 5 { 8.0 } else { 12.0 }));
    }
    let Wanted::Pods(_, reckoning) = law.want(service.sample.at, 8) else { panic!("blind") };
    assert_eq!((law.doubt(), law.sure(&reckoning)), (Some(Doubt::Unseen), 1));
    for _ in 0..21 {
        law.observe(service.step(15.0, 100.0, 8.0));
    }
    assert_eq!(law.doubt(), None);
}

proptest! {
    /// Whatever is fed, it does not panic, asks for at least one pod, and is blind rather than wrong.
    #[test]
    fn any_samples_give_a_sane_answer(samples in proptest::collection::vec(
        (proptest::num::f64::ANY, proptest::num::f64::ANY, proptest::num::f64::ANY, 0.0..1e4_f64), 0..40)) {
        let mut law = Law::new(settings());
        let mut at = 0.0;
        for (answered, errors, cpu_seconds, ready) in samples {
            at += 15.0;
            let buckets = vec![answered; BOUNDS.len()];
            let warm = Warm { pods: ready, served: answered, cpu_seconds };
            law.observe(Sample { at, answered, errors, in_flight: 0.0, cpu_seconds, buckets, ready, warm });
            law.started(cpu_seconds);
            if let Wanted::Pods(pods, reckoning) = law.want(at, 3) {
                prop_assert!(pods >= 1);
                prop_assert!(reckoning.safe.utilisation >= 0.2 && reckoning.safe.utilisation <= 0.92);
            }
        }
    }
}
