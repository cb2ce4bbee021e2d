//! The page of two runs.

use super::super::course::Stretch;
use super::super::promised::promised;
use super::super::report::{PolicyReport, Report, TraceReport};
use super::*;
use crate::api::ServiceLevelAgreement;

fn promise() -> Promised {
    let text = include_str!("../../../../examples/simulate/agreement.yaml");
    promised(&serde_saphyr::from_str::<ServiceLevelAgreement>(text).unwrap().spec, None).unwrap()
}

fn stretch(end: f64, latency: Option<f64>, good: u64, total: u64) -> Stretch {
    Stretch { end, offered: 10.0, latency, good, total }
}

fn course() -> Course {
    Course {
        seconds: 180.0,
        stretches: vec![
            stretch(60.0, Some(0.25), 1_000, 1_000),
            stretch(120.0, None, 1_000, 1_000),
            stretch(180.0, Some(1.0), 1_970, 2_000),
        ],
        replicas: vec![(0.0, 3), (31.0, 5), (100.0, 4)],
    }
}

fn report(promised: &Promised) -> Report {
    let credits = owed::credits(promised, course().stretches[2].attainment().as_ref()).unwrap().unwrap();
    let policy = |name: &str| PolicyReport {
        policy: name.to_owned(),
        good: 1_970,
        total: 2_000,
        attainment_percent: "98.500000".to_owned(),
        attainment_ratio: "197/200".to_owned(),
        kept: Some(false),
        bad_minutes: 1.0,
        minutes: 2.0,
        mean_pods: 4.0,
        most_pods: 5,
        pod_hours: 0.2,
        owed: Some("120.00 EUR".to_owned()),
        credits: Some(shown(&credits, CreditState::Accruing)),
        runs: Vec::new(),
    };
    Report {
        agreement: "a<b".to_owned(),
        objective: promised.objective.clone(),
        target_percent: promised.target_percent.clone(),
        threshold: promised.threshold.clone(),
        min_replicas: 1,
        max_replicas: 60,
        trace: TraceReport { history_seconds: 0, seconds: 180, mean_rate: 10.0, highest_rate: 10.0 },
        not_simulated: Vec::new(),
        owed_is: "for one period",
        policies: vec![policy("Guarantor"), policy("HPA 0.60")],
    }
}

#[test]
fn the_page_has_a_row_for_each_policy_and_every_plot() {
    let promised = promise();
    let page = html(&report(&promised), &promised, &[course(), course()]).unwrap();
    for title in ["Load", "Replicas", "Latency", "Budget", "Credits"] {
        assert!(page.contains(&format!("<figcaption><strong>{title}</strong>")), "{title}");
    }
    assert_eq!(page.matches("<svg ").count(), 5);
    assert_eq!(page.matches("class=\"swatch\"").count(), 2);
    assert!(page.contains("1 up, 1 down") && page.contains("120.00 EUR (10 % of the fee)"));
    // The seeds' own text is escaped, and nothing comes from elsewhere.
    assert!(page.contains("a&#60;b, latency") && !page.contains("a<b"));
    assert!(!page.contains("<script") && !page.contains("src=") && !page.contains("<link"));
}

#[test]
fn curves_are_what_happened() {
    let promised = promise();
    let course = course();
    let held = [(0.0, 3.0), (31.0, 3.0), (31.0, 5.0), (100.0, 5.0), (100.0, 4.0), (180.0, 4.0)];
    assert_eq!(steps(&course), held);
    assert_eq!(pieces(&course, |s| s.latency), [vec![(60.0, 0.25)], vec![(180.0, 1.0)]]);
    // 20 of 2000 requests may be bad, and 30 are.
    let left: Vec<(f64, f64)> = budget(&course, &promised).iter().map(|(at, left)| (*at, left.round())).collect();
    assert_eq!(left, [(0.0, 100.0), (60.0, 100.0), (120.0, 100.0), (180.0, -50.0)]);
    let owed: Vec<f64> = owed_so_far(&course, &promised).unwrap().iter().map(|(_, amount)| *amount).collect();
    assert_eq!(owed, [0.0, 0.0, 0.0, 0.0, 120.0]);
}

#[test]
fn a_budget_is_drawn_until_it_is_spent_twice() {
    let mut course = course();
    course.stretches[2].good = 0;
    assert_eq!(budget(&course, &promise())[3], (180.0, SPENT_TWICE));
}

#[test]
fn without_credits_there_is_no_plot_of_them() {
    let promised = promise();
    let mut report = report(&promised);
    report.policies.iter_mut().for_each(|policy| policy.credits = None);
    let page = html(&report, &promised, &[course(), course()]).unwrap();
    assert!(!page.contains("<strong>Credits</strong>") && page.contains("<strong>Budget</strong>"));
}
