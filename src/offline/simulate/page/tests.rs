//! The page of two runs.

use std::collections::BTreeMap;

use super::super::inputs::Inputs;
use super::super::periods::{Periods, periods};
use super::super::player::RuledOut;
use super::super::promised::promised;
use super::super::report::{FaultReport, PolicyReport, Report, RunReport, TraceReport, verbs};
use super::super::settled::settled;
use super::*;
use crate::api::ServiceLevelAgreement;
use crate::api::diagnosis::CauseKind;
use crate::api::enforcement_status::Verb;

fn promise() -> Promised {
    let text = include_str!("../../../../examples/simulate/agreement.yaml");
    promised(&serde_saphyr::from_str::<ServiceLevelAgreement>(text).unwrap().spec, None).unwrap()
}

fn stretch(end: f64, latency: Option<f64>, good: u64, total: u64) -> Stretch {
    Stretch { end, offered: 10.0, latency, period: 0, counted: vec![Counted { good, total }] }
}

fn course() -> Course {
    Course {
        seconds: 180.0,
        minutes: 1,
        stretches: vec![
            stretch(60.0, Some(0.25), 1_000, 1_000),
            stretch(120.0, None, 1_000, 1_000),
            stretch(180.0, Some(1.0), 1_970, 2_000),
        ],
        replicas: vec![(0.0, 3), (31.0, 5), (100.0, 4)],
    }
}

/// A month of which three minutes were played.
fn month(promised: &Promised) -> Vec<Part> {
    periods(promised, promised.first_period, 180).unwrap().parts
}

fn report(promised: &Promised) -> Report {
    let (periods, owed) = settled(promised, &month(promised), &[course().stretches[2].counted.clone()]).unwrap();
    let policy = |name: &str| PolicyReport {
        policy: name.to_owned(),
        good: 1_970,
        total: 2_000,
        failed: 0,
        attainment_percent: "98.500000".to_owned(),
        attainment_ratio: "197/200".to_owned(),
        kept: Some(false),
        bad_minutes: 1.0,
        minutes: 2.0,
        mean_pods: 4.0,
        most_pods: 5,
        pod_hours: 0.2,
        owed: owed.clone(),
        periods: periods.clone(),
        struck_nothing: BTreeMap::new(),
        acts: false,
        verbs: Vec::new(),
        runs: Vec::new(),
    };
    Report {
        agreement: "a<b".to_owned(),
        objective: promised.objective.clone(),
        target_percent: promised.target_percent.clone(),
        threshold: promised.threshold.clone(),
        min_replicas: 1,
        max_replicas: 60,
        inputs: Inputs::default(),
        terms_since: None,
        trace: TraceReport { begins: None, history_seconds: 0, seconds: 180, mean_rate: 10.0, highest_rate: 10.0 },
        faults: Vec::new(),
        not_judged: Vec::new(),
        not_reckoned: Vec::new(),
        not_played: Vec::new(),
        needs_more: Vec::new(),
        time_zone: promised.terms.time_zone.clone(),
        owed_is: "for one period".to_owned(),
        policies: vec![policy("law"), policy("HPA 0.60")],
    }
}

#[test]
fn the_page_has_a_row_for_each_policy_and_every_plot() {
    let promised = promise();
    let page = html(&report(&promised), (&promised, &month(&promised)), &[course(), course()]).unwrap();
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

/// What was done is a point with its words, under the fault that it answers, and a line of the list.
#[test]
fn actions_are_points_with_their_words() {
    let promised = promise();
    let mut report = report(&promised);
    report.faults = vec![FaultReport { at: 60.0, fault: "gray-node@1m".to_owned() }];
    let deed = |at, verb| DeedReport { at, verb, target: "node-0".to_owned(), words: "pods <fail>".to_owned() };
    let finding = FindingReport {
        from: 70.0,
        until: 130.0,
        looks: 2,
        cause: CauseKind::OutlierNode,
        reason: "AvoidNode".to_owned(),
        words: "node-0 & its pods".to_owned(),
        ruled_out: vec![RuledOut { cause: CauseKind::Blind, why: "it sees".to_owned() }],
    };
    let run = RunReport {
        seed: 1,
        good: 1_970,
        total: 2_000,
        failed: 0,
        bad_minutes: 1,
        minutes: 2,
        mean_pods: 4.0,
        most_pods: 5,
        pod_hours: 0.2,
        deeds: vec![deed(90.0, Verb::AvoidNode), deed(105.0, Verb::Surge), deed(150.0, Verb::Surge)],
        findings: vec![finding],
    };
    let operator = &mut report.policies[1];
    (operator.verbs, operator.acts, operator.runs) = (verbs(std::slice::from_ref(&run)), true, vec![run]);
    let page = html(&report, (&promised, &month(&promised)), &[course(), course()]).unwrap();
    assert_eq!(page.matches("<svg ").count(), 6);
    assert!(page.contains("<figcaption><strong>Actions</strong>"));
    assert!(page.contains("1 AvoidNode\n2 Surge"), "the table tells how often");
    let points: Vec<&str> = page.lines().filter(|line| line.starts_with("<circle")).collect();
    assert_eq!(points.len(), 3);
    // In the middle of the axis, which goes from pixel 112 to 852, in the colour of the policy.
    let words = "1:30, HPA 0.60: AvoidNode. pods &#60;fail&#62;";
    let is_told = points[0].contains("cx=\"482\"") && points[0].contains(words) && points[0].contains(&plot::colour(1));
    assert!(is_told, "{}", points[0]);
    let y = |point: &str| point.split("cy=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert!(y(points[0]) != y(points[1]) && y(points[1]) == y(points[2]), "a row for each verb");
    assert!(page.contains("<title>1:00: gray-node@1m</title>"));
    assert!(page.contains("<td class=\"whole\">1:30</td><th>AvoidNode</th><td>pods &#60;fail&#62;</td>"), "{page}");
    assert!(page.contains("1:10 to 2:10") && page.contains("2 looks") && page.contains("node-0 &#38; its pods"));
    assert!(!page.contains("<script") && !page.contains("src=") && !page.contains("<link"));
}

#[test]
fn without_an_operator_there_are_no_actions() {
    let promised = promise();
    let page = html(&report(&promised), (&promised, &month(&promised)), &[course(), course()]).unwrap();
    assert!(!page.contains("<strong>Actions</strong>") && !page.contains("What the operator did"));
}

#[test]
fn curves_are_what_happened() {
    let promised = promise();
    let course = course();
    let held = [(0.0, 3.0), (31.0, 3.0), (31.0, 5.0), (100.0, 5.0), (100.0, 4.0), (180.0, 4.0)];
    assert_eq!(steps(&course), held);
    assert_eq!(pieces(&course, |s| s.latency), [vec![(60.0, 0.25)], vec![(180.0, 1.0)]]);
    // 20 of 2000 requests may be bad, and 30 are.
    let left: Vec<(f64, f64)> =
        budgets(&course, (&promised, &month(&promised)))[0].iter().map(|(at, left)| (*at, left.round())).collect();
    assert_eq!(left, [(0.0, 100.0), (60.0, 100.0), (120.0, 100.0), (180.0, -50.0)]);
    let owed: Vec<f64> =
        owed_so_far(&course, (&promised, &month(&promised))).unwrap().iter().map(|(_, amount)| *amount).collect();
    assert_eq!(owed, [0.0, 0.0, 0.0, 0.0, 120.0]);
}

#[test]
fn a_budget_is_drawn_until_it_is_spent_twice() {
    let mut course = course();
    course.stretches[2].counted[0].good = 0;
    assert_eq!(budgets(&course, (&promise(), &month(&promise())))[0][3], (180.0, SPENT_TWICE));
}

#[test]
fn without_credits_there_is_no_plot_of_them() {
    let promised = promise();
    let mut report = report(&promised);
    report.policies.iter_mut().flat_map(|policy| &mut policy.periods).for_each(|period| period.credits = None);
    let page = html(&report, (&promised, &month(&promised)), &[course(), course()]).unwrap();
    assert!(!page.contains("<strong>Credits</strong>") && page.contains("<strong>Budget</strong>"));
}

/// The last two minutes of July and the first of August: 30 of 1000 are bad in each month, of which one may be in a hundred.
#[test]
fn every_period_has_a_budget_and_credits_of_its_own() {
    let promised = promise();
    let Periods { parts, .. } = periods(&promised, "2026-07-31T23:58:00Z".parse().unwrap(), 180).unwrap();
    let mut course = course();
    course.stretches = vec![
        stretch(60.0, Some(0.25), 500, 500),
        stretch(120.0, Some(0.25), 970, 1_000),
        Stretch { period: 1, ..stretch(180.0, Some(0.25), 940, 1_000) },
    ];
    let left: Vec<Vec<f64>> = budgets(&course, (&promised, &parts))
        .iter()
        .map(|piece| piece.iter().map(|(_, left)| left.round()).collect())
        .collect();
    assert_eq!(left, [vec![100.0, 100.0, SPENT_TWICE], vec![100.0, SPENT_TWICE]]);
    let owed: Vec<f64> = owed_so_far(&course, (&promised, &parts)).unwrap().iter().map(|(_, amount)| *amount).collect();
    assert_eq!(owed, [0.0, 0.0, 120.0, 120.0, 480.0], "10 % for July, and 30 % for August");
    let counted = [0, 1].map(|period| course.last_of(period).unwrap().counted.clone());
    let (periods, owed) = settled(&promised, &parts, &counted).unwrap();
    assert_eq!(owed.as_deref(), Some("480.00 EUR"));
    let mut report = report(&promised);
    report.policies.iter_mut().for_each(|policy| policy.periods.clone_from(&periods));
    let page = html(&report, (&promised, &parts), &[course.clone(), course]).unwrap();
    assert!(
        page.contains("<h2>By period and objective</h2>")
            && page.contains("<th>no. 1</th><td>law</td><td>latency</td>"),
        "{page}"
    );
    assert!(page.contains("<td>360.00 EUR (30 % of the fee)</td>"));
}
