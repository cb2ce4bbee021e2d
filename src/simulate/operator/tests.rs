//! The parts of the operator that a run does not show by itself.

use std::collections::VecDeque;

use k8s_openapi::jiff::SignedDuration;

use super::history::History;
use super::measure::Measure;
use super::objects::Objects;
use super::{Place, clock};
use crate::sense::signals::Signals;
use crate::simulate::deployment::Deployment;
use crate::simulate::view::{PodCounters, PodView, Scrape, View};

fn scrape(at: f64, pods: &[(u32, u64, u64)]) -> Scrape {
    let by_pod: Vec<PodCounters> = pods
        .iter()
        .map(|(pod, requests, errors)| PodCounters {
            pod: *pod,
            requests: *requests,
            errors: *errors,
            buckets: vec![requests - errors, *requests],
            periods: requests / 2,
            throttled: *errors,
        })
        .collect();
    let sum = |of: fn(&PodCounters) -> u64| by_pod.iter().map(of).sum();
    Scrape {
        at,
        requests: sum(|pod| pod.requests),
        errors: sum(|pod| pod.errors),
        in_flight: 0,
        cpu_seconds: 0.0,
        buckets: vec![sum(|pod| pod.buckets[0]), sum(|pod| pod.buckets[1])],
        ready: 1,
        by_pod,
    }
}

fn history(scrapes: &[Scrape]) -> History {
    let mut history = History::default();
    history.take(&scrapes.iter().cloned().collect::<VecDeque<_>>());
    history
}

#[test]
fn throttling_is_told_by_the_same_scrapes() {
    let history = history(&[scrape(15.0, &[(0, 100, 10)]), scrape(75.0, &[(0, 300, 25)])]);
    let Signals::ByPod(vector) = history.throttling(clock::at(80.0), SignedDuration::from_mins(1)) else { panic!() };
    let told: Vec<_> = vector.pods.iter().map(|pod| (pod.total.to_string(), pod.bad.to_string())).collect();
    assert_eq!(told, [("100".to_owned(), "15".to_owned())]);
}

/// A pod that came within the window counts from nothing on, one that went counts as far as it was seen.
#[test]
fn pods_are_told_by_what_was_scraped_of_them() {
    let history = history(&[
        scrape(15.0, &[(0, 100, 0), (1, 100, 10)]),
        scrape(30.0, &[(0, 150, 0), (1, 150, 20), (2, 40, 0)]),
        scrape(75.0, &[(0, 300, 0), (2, 90, 9)]),
    ]);
    let minute = SignedDuration::from_mins(1);
    for measure in [Measure::Errors, Measure::Slower(0)] {
        let Signals::ByPod(vector) = history.by_pod(measure, clock::at(80.0), minute) else { panic!() };
        let told: Vec<(&str, String, String)> =
            vector.pods.iter().map(|pod| (pod.pod.as_str(), pod.total.to_string(), pod.bad.to_string())).collect();
        let expected = [("web-0", "200", "0"), ("web-1", "50", "10"), ("web-2", "90", "9")];
        assert_eq!(told, expected.map(|(pod, total, bad)| (pod, total.to_owned(), bad.to_owned())), "{measure:?}");
        assert_eq!(vector.newest, clock::at(75.0));
    }
}

#[test]
fn nobody_knows_what_was_not_scraped() {
    let history = history(&[scrape(15.0, &[(0, 100, 4)]), scrape(30.0, &[(0, 150, 5)]), scrape(180.0, &[(0, 900, 6)])]);
    let counted = |from, to| history.counted(Measure::Errors, from, to).map(|tally| tally.total.text());
    assert_eq!(counted(0.0, 30.0).as_deref(), Some("150"), "nothing was before the run");
    assert_eq!(counted(20.0, 40.0).as_deref(), Some("50"));
    assert_eq!(counted(20.0, 80.0), None);
    assert_eq!(counted(120.0, 180.0), None);
    assert!(history.is_there(200.0) && !history.is_there(226.0));
}

/// Otherwise what is waited for until pods are ready would be learned from pods that never started.
#[test]
fn pods_that_are_there_from_the_first_have_started_too() {
    let place = Place { floor: 2, most: Some(9), millicores: 1000, start: 30.0, cpu_target: None };
    let pod = |created: f64, turned: f64| PodView { created, turned, ready: true, ..PodView::default() };
    let (pods, scrapes, concurrency) = ([pod(0.0, 0.0), pod(100.0, 125.0)], VecDeque::new(), VecDeque::new());
    let view = View {
        now: 200.0,
        replicas: 2,
        pods: &pods,
        deployment: &Deployment::default(),
        nodes_lost: &[],
        scrapes: &scrapes,
        starts: &[],
        concurrency: &concurrency,
    };
    let workload = Objects::new(place).workload(&view, clock::at(200.0));
    let took = workload.pods.iter().map(|pod| pod.ready_since.unwrap().duration_since(pod.created.unwrap()).as_secs());
    assert_eq!(took.collect::<Vec<_>>(), [30, 25]);
}
