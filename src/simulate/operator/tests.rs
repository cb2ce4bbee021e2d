//! The parts of the operator that a run does not show by itself.

use std::collections::VecDeque;

use k8s_openapi::jiff::SignedDuration;

use super::account::Account;
use super::history::History;
use super::measure::Measure;
use super::objects::Objects;
use super::{Known, Place, clock};
use crate::api::ServiceLevelAgreement;
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

/// What is counted after the end of a period is of the next one.
#[test]
fn an_account_goes_on_with_the_next_period() {
    let text = include_str!("../../../examples/simulate/enforced.yaml");
    let spec = serde_saphyr::from_str::<ServiceLevelAgreement>(text).unwrap().spec;
    // The first one ends within its last slot.
    let known = Known { good_for: 21_600, rate: 1, bounds: &[0.5, 1.0], period_ends: &[90.0, 86_400.0] };
    let mut account = Account::new(spec, &known).unwrap();
    // A hundred good ones a minute, and from the third on a hundred bad ones.
    let scrapes: Vec<Scrape> = (0..=20_u32)
        .map(|place| {
            let (all, slow) = (u64::from(place) * 25, u64::from(place.saturating_sub(8)) * 25);
            Scrape { buckets: vec![0, all - slow, all], ..scrape(f64::from(place) * 15.0, &[(0, all, 0)]) }
        })
        .collect();
    let history = history(&scrapes);
    let mut told = Vec::new();
    for second in [95.0, 155.0, 215.0] {
        assert!(account.read(&history, clock::at(second)));
        let assessment = account.assess(clock::at(second)).unwrap();
        let latency = assessment.objectives.iter().find(|objective| objective.name == "latency").unwrap();
        told.push((clock::seconds(assessment.period_end), latency.settles_on.as_ref().map(ToString::to_string)));
    }
    assert_eq!(told.iter().map(|(end, _)| *end).collect::<Vec<_>>(), [120.0, 120.0, 86_400.0]);
    let course = account.load_since(clock::at(0.0), clock::at(215.0));
    let latency = course.between("latency", clock::at(0.0), clock::at(180.0), 100).unwrap();
    assert_eq!(
        (latency.total.to_string(), latency.bad.to_string()),
        ("300".to_owned(), "100".to_owned()),
        "of both periods"
    );
    assert_eq!(told[1].1.as_deref(), Some("1"), "all was good until the end of the first period");
    assert_eq!(told[2].1.as_deref(), Some("0"), "and nothing is in the second");
    assert!(!account.read(&history, clock::at(215.0)), "nothing is due");
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
        let expected = [("pod-0", "200", "0"), ("pod-1", "50", "10"), ("pod-2", "90", "9")];
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
    let workload = Objects::new("web".to_owned(), place).workload(&view, clock::at(200.0));
    let took = workload.pods.iter().map(|pod| pod.ready_since.unwrap().duration_since(pod.created.unwrap()).as_secs());
    assert_eq!(took.collect::<Vec<_>>(), [30, 25]);
}
