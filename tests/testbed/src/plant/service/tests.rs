//! Whole services in simulated time, against queueing theory and against their own books.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::super::exposition::render;
use super::*;

const STEP: Duration = Duration::from_millis(100);

fn spec(rate: f64) -> ServiceSpec {
    ServiceSpec { seed: 42, ..ServiceSpec::new("shop", "checkout", "app=checkout", Load::Constant(rate)) }
}

fn pod(number: usize) -> PodView {
    let name = format!("checkout-{number}");
    let node = Some(format!("node-{}", number % 2));
    PodView { uid: format!("uid-{number}"), name, node, running: true, ready: true, ..PodView::default() }
}

fn run(service: &mut Service, pods: &[PodView], seconds: u64) {
    for _ in 0..seconds * 10 {
        service.observe(pods.to_vec());
        service.advance(STEP);
    }
}

fn ran(spec: ServiceSpec, replicas: usize, seconds: u64) -> Service {
    let mut service = Service::new(spec).unwrap();
    run(&mut service, &(0..replicas).map(pod).collect::<Vec<_>>(), seconds);
    service
}

fn mean_seconds(service: &Service) -> f64 {
    let ended = service.totals().ended;
    ended.seconds() / f64::from(u32::try_from(ended.observed()).unwrap())
}

fn share(part: u64, whole: u64) -> f64 {
    f64::from(u32::try_from(part).unwrap()) / f64::from(u32::try_from(whole).unwrap())
}

fn balanced(totals: &Totals) -> bool {
    totals.offered + totals.retried == totals.ended.requests() + totals.in_flight + totals.drained
}

#[test]
fn more_replicas_are_faster_as_theory_says() {
    // Random splitting of a Poisson stream leaves Poisson streams: each pod is M/G/1 with processor sharing, mean S / (1 - rho).
    for replicas in [4, 5, 8, 16] {
        let service = ran(spec(60.0), replicas, 2_000);
        let rho = 60.0 * 0.05 / f64::from(u32::try_from(replicas).unwrap());
        let (expected, measured) = (0.05 / (1.0 - rho), mean_seconds(&service));
        assert!((measured / expected - 1.0).abs() < 0.05, "{replicas} pods: {measured} for {expected}");
        let cpu: f64 = service.snapshot().pods.iter().map(|pod| pod.cpu_seconds).sum();
        assert!((cpu / (60.0 * 0.05 * 2_000.0) - 1.0).abs() < 0.02, "{replicas} pods use {cpu} core-seconds");
    }
}

#[test]
fn choosing_the_emptier_of_two_is_faster_than_chance() {
    let random = mean_seconds(&ran(spec(60.0), 4, 500));
    let chosen = mean_seconds(&ran(ServiceSpec { balancing: Balancing::PowerOfTwoChoices, ..spec(60.0) }, 4, 500));
    assert!(chosen < 0.7 * random, "{chosen} against {random}");
}

#[test]
fn an_overloaded_service_serves_what_it_can_and_fails_the_rest() {
    // 60 requests/s of 50 ms ask for three cores; there is one.
    let service = ran(spec(60.0), 1, 500);
    let Totals { offered, ended, .. } = service.totals();
    let served = share(ended.count(Code::Ok), offered);
    assert!((0.2..0.35).contains(&served), "{served} served");
    assert!(ended.count(Code::Unavailable) > 0);
    assert_eq!(ended.count(Code::Internal), 0);
}

#[test]
fn clients_of_an_overloaded_service_that_takes_all_time_out() {
    let service = ran(ServiceSpec { capacity: 10_000, ..spec(60.0) }, 1, 100);
    let ended = service.totals().ended;
    assert!(ended.count(Code::Timeout) > ended.count(Code::Ok));
    assert_eq!(ended.count(Code::Unavailable), 0);
}

#[test]
fn without_a_ready_pod_every_request_fails_at_the_front() {
    let mut service = Service::new(spec(50.0)).unwrap();
    run(&mut service, &[PodView { ready: false, ..pod(0) }], 60);
    let totals = service.totals();
    assert!(totals.offered > 2_500);
    assert_eq!(totals.ended.count(Code::Unavailable), totals.offered);
    let snapshot = service.snapshot();
    assert_eq!(snapshot.front.count(Code::Unavailable), totals.offered);
    assert_eq!(snapshot.pods[0].counters.requests(), 0, "the unready pod still has its series");
    let text = render(&[snapshot]);
    let line = format!("http_requests_total{{service=\"checkout\",code=\"503\"}} {}\n", totals.offered);
    assert!(text.contains(&line), "{text}");
}

#[test]
fn the_error_share_is_met_in_the_long_run_and_is_no_matter_of_replicas() {
    for (replicas, wanted) in [(4, 0.05), (16, 0.05), (8, 0.5), (8, 1.0), (8, 0.0)] {
        let ended = ran(ServiceSpec { error_share: wanted, ..spec(40.0) }, replicas, 1_000).totals().ended;
        let found = share(ended.count(Code::Internal), ended.requests());
        // Four standard deviations of 40,000 draws.
        let tolerance = 4.0 * (wanted * (1.0 - wanted) / 40_000.0_f64).sqrt();
        assert!((found - wanted).abs() <= tolerance, "{replicas} pods: {found} for {wanted}");
    }
}

#[test]
fn a_bad_revision_fails_on_its_own_pods_only() {
    let mut service = Service::new(spec(40.0)).unwrap();
    let bad = PodView { error_share: 0.2, ..pod(1) };
    run(&mut service, &[pod(0), bad, pod(2), pod(3)], 500);
    let pods = service.snapshot().pods;
    let failed: Vec<f64> =
        pods.iter().map(|pod| share(pod.counters.count(Code::Internal), pod.counters.requests())).collect();
    assert!((failed[1] - 0.2).abs() < 0.03, "{failed:?}");
    assert!([0, 2, 3].into_iter().all(|good| failed[good] == 0.0), "{failed:?}");
}

#[test]
fn controls_act_from_then_on() {
    let mut service = ran(spec(20.0), 8, 300);
    let pods: Vec<_> = (0..8).map(pod).collect();
    let before = service.totals();
    service.set_load(Load::Step { before: 0.0, after: 80.0, at: Duration::from_secs(100) }).unwrap();
    run(&mut service, &pods, 100);
    assert_eq!(service.totals().offered, before.offered, "the load's own time begins when it is set");
    run(&mut service, &pods, 100);
    let offered = service.totals().offered - before.offered;
    assert!((7_500..8_500).contains(&offered), "{offered}");

    let mut slow = ran(spec(20.0), 8, 300);
    slow.set_service_time(Duration::from_millis(200)).unwrap();
    run(&mut slow, &pods, 300);
    assert!(mean_seconds(&slow) > 2.0 * mean_seconds(&service));

    for wrong in [-0.1, 1.1, f64::NAN] {
        service.set_error_share(wrong).unwrap_err();
        service.set_load(Load::Constant(-wrong.abs())).unwrap_err();
    }
    service.set_service_time(Duration::ZERO).unwrap_err();
    service.set_node_speed("node-0", -1.0).unwrap_err();
}

#[test]
fn a_dead_node_takes_its_share_of_requests_with_it_until_its_pods_are_unready() {
    let mut service = Service::new(spec(20.0)).unwrap();
    let pods: Vec<_> = (0..8).map(pod).collect();
    service.set_node_speed("node-1", 0.0).unwrap();
    run(&mut service, &pods, 200);
    let ended = service.totals().ended;
    let lost = share(ended.requests() - ended.count(Code::Ok), ended.requests());
    assert!((lost - 0.5).abs() < 0.05, "{lost}");
    let (dead, alive) = (&service.snapshot().pods[1], &service.snapshot().pods[0]);
    assert!(dead.cpu_seconds == 0.0 && alive.cpu_seconds > 0.0);
    assert_eq!(dead.counters.count(Code::Ok), 0);
}

#[test]
fn series_end_with_their_pod_and_begin_at_zero_with_the_next() {
    let mut service = ran(spec(60.0), 4, 60);
    let names = |service: &Service| service.snapshot().pods.iter().map(|p| p.pod.clone()).collect::<Vec<_>>();
    let all = service.totals().ended.requests();
    // One gone, one new, and one that only has the name of its predecessor.
    let successor = PodView { uid: "other".into(), ..pod(1) };
    service.observe(vec![pod(0), successor, pod(2), pod(9)]);
    assert_eq!(names(&service), ["checkout-0", "checkout-1", "checkout-2", "checkout-9"]);
    let requests: Vec<u64> = service.snapshot().pods.iter().map(|p| p.counters.requests()).collect();
    assert!(requests[0] > 0 && requests[2] > 0, "{requests:?}");
    assert_eq!((requests[1], requests[3]), (0, 0));
    assert_eq!(service.totals().ended.requests(), all, "the truth forgets nothing");
    assert!(balanced(&service.totals()));
}

#[test]
fn a_restart_resets_the_counters_and_fails_what_was_in_flight() {
    let mut service = Service::new(ServiceSpec { service_time: Duration::from_secs(2), ..spec(20.0) }).unwrap();
    run(&mut service, &[pod(0)], 30);
    let in_flight = service.totals().in_flight;
    assert!(in_flight > 0);
    let crashed = PodView { running: false, ready: false, restarts: 1, ..pod(0) };
    service.observe(vec![crashed]);
    assert_eq!(service.snapshot().front.count(Code::Unavailable), in_flight);
    assert!(service.snapshot().pods.is_empty());
    service.observe(vec![PodView { restarts: 1, ..pod(0) }]);
    assert_eq!(service.snapshot().pods[0].counters.requests(), 0);
    // A restart that happened between two looks.
    run(&mut service, &[PodView { restarts: 1, ..pod(0) }], 30);
    service.observe(vec![PodView { restarts: 2, ..pod(0) }]);
    assert_eq!(service.snapshot().pods[0].counters.requests(), 0);
    assert!(balanced(&service.totals()));
}

#[test]
fn equal_seeds_give_equal_counters_in_whatever_order_the_pods_come() {
    let text = |seed: u64, backwards: bool| {
        let mut service = Service::new(ServiceSpec { seed, error_share: 0.1, ..spec(50.0) }).unwrap();
        let mut pods: Vec<_> = (0..5).map(pod).collect();
        if backwards {
            pods.reverse();
        }
        run(&mut service, &pods, 60);
        render(&[service.snapshot()])
    };
    assert_eq!(text(1, false), text(1, true));
    assert_ne!(text(1, false), text(2, false));
}

#[test]
fn more_errors_do_not_move_the_arrivals() {
    let offered = |error_share| ran(ServiceSpec { error_share, ..spec(50.0) }, 5, 100).totals().offered;
    assert_eq!(offered(0.0), offered(0.7));
}

/// Pods come, go, restart and turn unready at random; the books must balance after every step.
#[test]
fn counters_only_rise_and_every_request_is_accounted_for() {
    let mut chance = Pcg64::seed_from_u64(99);
    let mut service = Service::new(ServiceSpec { error_share: 0.1, capacity: 8, ..spec(80.0) }).unwrap();
    let mut pods: Vec<PodView> = (0..4).map(pod).collect();
    let mut seen: BTreeMap<(String, i64), Counters> = BTreeMap::new();
    for step in 0..5_000 {
        if chance.random_bool(0.05) {
            let place = chance.random_range(0..pods.len());
            match chance.random_range(0..4) {
                0 => pods[place] = pod(100 + step),
                1 => pods[place].restarts += 1,
                2 => pods[place].ready = !pods[place].ready,
                _ if pods[place].running => {
                    pods[place].running = false;
                    pods[place].restarts += 1;
                }
                _ => pods[place].running = true,
            }
            pods[place].ready &= pods[place].running;
        }
        service.observe(pods.clone());
        service.advance(STEP);
        let totals = service.totals();
        assert!(balanced(&totals), "step {step}: {totals:?}");
        for replica in &service.replicas {
            let now = replica.counters().clone();
            let key = (replica.pod.uid.clone(), replica.pod.restarts);
            let within: Vec<u64> = now.buckets().map(|(_, count)| count).chain([now.observed()]).collect();
            assert!(within.is_sorted(), "step {step}: {within:?}");
            if let Some(before) = seen.get(&key) {
                let fell = before.codes().any(|(code, count)| now.count(code) < count)
                    || before.buckets().zip(now.buckets()).any(|((_, before), (_, now))| now < before);
                assert!(!fell && before.seconds() <= now.seconds(), "step {step}: {before:?} then {now:?}");
            }
            seen.insert(key, now);
        }
    }
    let ended = service.totals().ended;
    let each = [Code::Ok, Code::Internal, Code::Unavailable].map(|code| ended.count(code));
    assert!(each.into_iter().all(|count| count > 0), "{each:?}");
}

#[test]
fn a_slow_pod_is_slow_and_its_neighbours_are_not() {
    let mut service = Service::new(spec(40.0)).unwrap();
    let pods: Vec<_> = (0..4).map(pod).collect();
    service.set_pod_speed("checkout-2", 0.3).unwrap();
    run(&mut service, &pods, 300);
    let mean =
        |series: &Series| series.counters.seconds() / f64::from(u32::try_from(series.counters.observed()).unwrap());
    let means: Vec<f64> = service.snapshot().pods.iter().map(mean).collect();
    assert!([0, 1, 3].into_iter().all(|well| means[2] > 5.0 * means[well]), "{means:?}");
    run(&mut service, &[pod(0), pod(1), pod(9), pod(3)], 60);
    let successor = mean(&service.snapshot().pods[3]);
    assert!(successor < 0.2, "its successor is healthy: {successor}");
}

#[test]
fn a_slow_dependency_makes_all_pods_slow_alike_at_the_same_cpu() {
    let mut service = ran(spec(40.0), 4, 300);
    let cpu = |service: &Service| service.snapshot().pods.iter().map(|pod| pod.cpu_seconds).sum::<f64>();
    let (cpu_before, before) = (cpu(&service), service.totals());
    service.set_dependency(Duration::from_millis(400));
    run(&mut service, &(0..4).map(pod).collect::<Vec<_>>(), 300);
    let (used, after) = (cpu(&service) - cpu_before, service.totals());
    let requests = after.ended.observed() - before.ended.observed();
    let mean = (after.ended.seconds() - before.ended.seconds()) / f64::from(u32::try_from(requests).unwrap());
    assert!(mean > 0.4 + 0.8 * mean_seconds(&ran(spec(40.0), 4, 300)), "{mean}");
    assert!((used / cpu_before - 1.0).abs() < 0.05, "{used} core-seconds after {cpu_before}");
    assert_eq!(after.ended.count(Code::Unavailable), 0);
    assert!(balanced(&after));
}

/// Four pods take 80 requests a second; users send 50, and are patient for a second. For ten seconds the work is three times what
/// it was, as after a cache was lost.
fn after_a_hiccup(most: u32) -> (Service, f64) {
    let spec = ServiceSpec { capacity: 256, timeout: Duration::from_secs(1), ..spec(50.0) };
    let mut service = Service::new(spec).unwrap();
    let pods: Vec<_> = (0..4).map(pod).collect();
    service.set_retries(most, Duration::from_millis(200));
    run(&mut service, &pods, 60);
    service.set_service_time(Duration::from_millis(150)).unwrap();
    run(&mut service, &pods, 10);
    service.set_service_time(Duration::from_millis(50)).unwrap();
    run(&mut service, &pods, 30);
    let before = service.totals();
    run(&mut service, &pods, 60);
    let after = service.totals();
    let good = share(after.ended.count(Code::Ok) - before.ended.count(Code::Ok), after.offered - before.offered);
    (service, good)
}

#[test]
fn a_retry_storm_outlives_its_trigger() {
    let (calm, good) = after_a_hiccup(0);
    assert!(good > 0.99 && calm.totals().retried == 0, "without retries it recovers by itself: {good}");
    let (mut storm, good) = after_a_hiccup(5);
    let Totals { offered, retried, .. } = storm.totals();
    assert!(good < 0.8 && retried > offered, "{good} good, {retried} tries again on {offered}");
    assert!(balanced(&storm.totals()));
    // It ends when the clients stop.
    storm.set_retries(0, Duration::ZERO);
    let pods: Vec<_> = (0..4).map(pod).collect();
    run(&mut storm, &pods, 20);
    let before = storm.totals();
    run(&mut storm, &pods, 60);
    let after = storm.totals();
    let good = share(after.ended.count(Code::Ok) - before.ended.count(Code::Ok), after.offered - before.offered);
    assert!(good > 0.99, "{good}");
}

/// The shares of the periods in which the pods' limits held them back.
fn throttled(service: &Service) -> f64 {
    let periods: Vec<_> = service.snapshot().pods.iter().filter_map(|pod| pod.periods).collect();
    share(periods.iter().map(|p| p.throttled).sum(), periods.iter().map(|p| p.all).sum())
}

#[test]
fn a_higher_cpu_limit_serves_more_and_throttles_less() {
    let under = |limit: f64| {
        let mut service = Service::new(spec(40.0)).unwrap();
        let limited = |number| PodView { cores: Some(limit), ..pod(number) };
        run(&mut service, &(0..4).map(limited).collect::<Vec<_>>(), 120);
        (mean_seconds(&service), throttled(&service))
    };
    // Two cores of work a second, and two cores in all: there is never an end to it.
    let (tight, wide) = (under(0.5), under(1.0));
    assert!(tight.0 > 1.0 && tight.1 > 0.8, "{tight:?}");
    assert!(wide.0 < 0.2 && wide.1 < 0.5 * tight.1, "{wide:?}");
    let none = ran(spec(40.0), 4, 10);
    assert!(none.snapshot().pods.iter().all(|pod| pod.periods.is_none()), "the kernel counts nothing without a limit");
}

#[test]
fn a_storm_that_more_pods_do_not_end_is_ended_by_turning_requests_away() {
    let spec = ServiceSpec { capacity: 256, timeout: Duration::from_secs(1), ..spec(50.0) };
    let mut service = Service::new(spec).unwrap();
    let pods: Vec<_> = (0..5).map(pod).collect();
    service.set_retries(10, Duration::from_millis(200));
    run(&mut service, &pods[..4], 60);
    assert!(service.totals().retried < 200, "calm before: {}", service.totals().retried);
    service.set_service_time(Duration::from_millis(250)).unwrap();
    run(&mut service, &pods[..4], 10);
    service.set_service_time(Duration::from_millis(50)).unwrap();
    run(&mut service, &pods, 60);
    let served = |service: &mut Service, seconds: u64| {
        let before = service.totals();
        run(service, &pods, seconds);
        let after = service.totals();
        share(after.ended.count(Code::Ok) - before.ended.count(Code::Ok), after.offered - before.offered)
    };
    let in_the_storm = served(&mut service, 60);
    assert!(in_the_storm < 0.6, "{in_the_storm}");
    service.set_shedding(true);
    run(&mut service, &pods, 20);
    let shedding = served(&mut service, 30);
    assert!(shedding > 0.95, "{shedding}");
    service.set_shedding(false);
    let afterwards = served(&mut service, 60);
    assert!(afterwards > 0.95, "{afterwards}");
}
