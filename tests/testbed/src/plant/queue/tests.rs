//! The queue against small cases worked out by hand and against queueing theory.
#![allow(clippy::unwrap_used, clippy::float_cmp)]

use std::time::Duration;

use rand::SeedableRng;
use rand_distr::{Distribution, Exp};
use rand_pcg::Pcg64;

use super::super::demand::Demand;
use super::*;

const SERVED: Ending = Ending::Served { failed: false };

fn limits() -> Limits {
    Limits { cores: 1.0, capacity: 64, timeout: 5.0 }
}

fn advance(queue: &mut Queue, until: f64) -> Vec<(f64, Ending)> {
    let mut out = Vec::new();
    queue.advance(until, &mut out);
    out.into_iter().map(|d| ((d.took * 1e9).round() / 1e9, d.ending)).collect()
}

#[test]
fn a_lone_request_takes_its_work() {
    let mut queue = Queue::new(limits(), 10.0);
    queue.offer(Call::new(0.5, true)).unwrap();
    assert_eq!(advance(&mut queue, 10.4), []);
    assert_eq!(queue.in_flight(), 1);
    assert_eq!(advance(&mut queue, 11.0), [(0.5, Ending::Served { failed: true })]);
    assert_eq!(queue.in_flight(), 0);
    assert!((queue.cpu_seconds() - 0.5).abs() < 1e-12);
}

#[test]
fn two_share_one_core_and_do_not_share_two() {
    // 1 s and 2 s of work from the same instant: on one core the short one ends at 2 (half speed), the long one at 3.
    for (cores, expected) in [(1.0, [2.0, 3.0]), (2.0, [1.0, 2.0]), (1.5, [4.0 / 3.0, 4.0 / 3.0 + 1.0])] {
        let mut queue = Queue::new(Limits { cores, ..limits() }, 0.0);
        queue.offer(Call::new(2.0, false)).unwrap();
        queue.offer(Call::new(1.0, false)).unwrap();
        let took: Vec<f64> = advance(&mut queue, 4.0).into_iter().map(|(took, _)| took).collect();
        let wrong = took.iter().zip(expected).any(|(a, b)| (a - b).abs() > 1e-6);
        assert!(took.len() == 2 && !wrong, "{cores} cores: {took:?}");
        assert!((queue.cpu_seconds() - 3.0).abs() < 1e-9);
    }
}

#[test]
fn the_request_beyond_capacity_is_turned_away_and_room_comes_back() {
    let mut queue = Queue::new(Limits { capacity: 2, ..limits() }, 0.0);
    queue.offer(Call::new(1.0, false)).unwrap();
    queue.offer(Call::new(1.0, false)).unwrap();
    assert_eq!(queue.offer(Call::new(1.0, false)), Err(Full));
    assert_eq!(advance(&mut queue, 2.0).len(), 2);
    assert_eq!(queue.offer(Call::new(1.0, false)), Ok(()));
}

#[test]
fn clients_give_up_at_the_time_out() {
    let mut queue = Queue::new(Limits { timeout: 1.0, ..limits() }, 0.0);
    queue.offer(Call::new(3.0, false)).unwrap();
    // Alone until 0.5, then half each; at 1.0 the first gives up and the second has 0.25 of 0.6 behind it.
    advance(&mut queue, 0.5);
    queue.offer(Call::new(0.6, false)).unwrap();
    assert_eq!(advance(&mut queue, 9.0), [(1.0, Ending::TimedOut), (0.85, SERVED)]);
    assert!((queue.cpu_seconds() - 1.35).abs() < 1e-9, "dropped work is not done: {}", queue.cpu_seconds());
}

#[test]
fn a_sick_node_is_slow_and_a_dead_one_answers_nobody() {
    let mut queue = Queue::new(limits(), 0.0);
    queue.set_speed(0.25);
    queue.offer(Call::new(0.5, false)).unwrap();
    assert_eq!(advance(&mut queue, 3.0), [(2.0, SERVED)]);
    queue.set_speed(0.0);
    queue.offer(Call::new(0.001, false)).unwrap();
    let before = queue.cpu_seconds();
    assert_eq!(advance(&mut queue, 20.0), [(5.0, Ending::TimedOut)]);
    assert_eq!(queue.cpu_seconds(), before);
}

#[test]
fn how_time_is_cut_does_not_matter() {
    let run = |step: f64| {
        let mut queue = Queue::new(limits(), 0.0);
        queue.offer(Call::new(1.0, false)).unwrap();
        queue.offer(Call::new(0.3, false)).unwrap();
        let mut left = Vec::new();
        let mut now = 0.0;
        while now < 3.0 {
            now += step;
            left.extend(advance(&mut queue, now));
        }
        left
    };
    assert_eq!(run(3.0), [(0.6, SERVED), (1.3, SERVED)]);
    assert_eq!(run(0.125), run(3.0));
}

#[test]
fn who_waits_for_another_service_takes_a_place_and_no_cpu() {
    let waits = |work| Call { wait: 0.4, ..Call::new(work, false) };
    let mut queue = Queue::new(Limits { capacity: 2, ..limits() }, 0.0);
    queue.offer(waits(0.1)).unwrap();
    queue.offer(Call::new(0.3, false)).unwrap();
    assert_eq!(queue.offer(Call::new(0.1, false)), Err(Full), "a waiting request takes a place");
    // The second is alone at work until 0.3; the first waits until 0.4 and then works alone.
    assert_eq!(advance(&mut queue, 0.2), []);
    assert!((queue.cpu_seconds() - 0.2).abs() < 1e-9, "waiting takes no CPU");
    assert_eq!(advance(&mut queue, 1.0), [(0.3, SERVED), (0.5, SERVED)]);
    assert!((queue.cpu_seconds() - 0.4).abs() < 1e-9);
    queue.offer(Call { wait: 60.0, attempt: 3, ..Call::new(0.1, false) }).unwrap();
    let mut left = Vec::new();
    queue.advance(20.0, &mut left);
    assert_eq!(left, [Departure { took: 5.0, ending: Ending::TimedOut, attempt: 3 }]);
    assert_eq!(queue.in_flight(), 0);
}

/// Mean time in the system of 300,000 Poisson arrivals that keep one core busy for the share `rho`.
fn mean_response(rho: f64, sigma: f64) -> f64 {
    let service = Duration::from_millis(50);
    let demand = Demand::new(service, sigma).unwrap();
    let gap = Exp::new(rho / service.as_secs_f64()).unwrap();
    let mut rng = Pcg64::seed_from_u64(11);
    let mut queue = Queue::new(Limits { cores: 1.0, capacity: usize::MAX, timeout: f64::INFINITY }, 0.0);
    let (mut now, mut left) = (0.0, Vec::new());
    for _ in 0..300_000 {
        now += gap.sample(&mut rng);
        queue.advance(now, &mut left);
        queue.offer(Call::new(demand.sample(&mut rng), false)).unwrap();
    }
    queue.advance(now + 1e6, &mut left);
    assert_eq!(left.len(), 300_000);
    left.iter().map(|d| d.took).sum::<f64>() / 300_000.0
}

/// M/G/1 with processor sharing: the mean response is `S / (1 - rho)` whatever the distribution of the work (Kleinrock, Queueing
/// Systems II, section 4.4): 0.25 s at rho 0.8. First come, first served would give 0.19 s with sigma 0.6 and 0.47 s with sigma 1.2.
#[test]
fn the_mean_response_is_that_of_processor_sharing() {
    for (rho, sigma) in [(0.3, 0.6), (0.5, 0.0), (0.5, 0.6), (0.8, 0.6), (0.8, 1.2)] {
        let (expected, measured) = (0.05 / (1.0 - rho), mean_response(rho, sigma));
        assert!((measured / expected - 1.0).abs() < 0.05, "rho {rho} sigma {sigma}: {measured} for {expected}");
    }
}
