use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use proptest::prelude::*;

use super::super::example::{ratio, second};
use super::Classification::{InterruptionWithinSla, Violation as Violated, ViolationWithClaim};
use super::*;

const MONTH: i64 = 43_200 * 60;

fn incident(from: i64, until: i64, detected_by: DetectedBy) -> Incident {
    Incident { objective: None, start: second(from), end: second(until), detected_by, noticed_at: None }
}

fn allowed_by_999() -> BigRational {
    allowed(&ratio(999, 1000), &ratio(MONTH, 1))
}

#[test]
fn a_month_at_three_nines_allows_forty_three_minutes_and_twelve_seconds() {
    assert_eq!(allowed_by_999() / ratio(60, 1), ratio(432, 10));
}

#[test]
fn an_incident_is_judged_by_the_allowed_time_and_by_who_noticed_first() {
    use DetectedBy::{Customer, Provider};
    let cases = [
        (30 * 60, Provider, InterruptionWithinSla),
        (30 * 60, Customer, InterruptionWithinSla),
        (2_592, Customer, InterruptionWithinSla),
        (2_593, Provider, Violated),
        (60 * 60, Provider, Violated),
        (60 * 60, Customer, ViolationWithClaim),
    ];
    for (seconds, by, expected) in cases {
        let found = classify(&[incident(1_000, 1_000 + seconds, by)], None, &allowed_by_999());
        assert_eq!(found, [expected], "{seconds} s, {by:?}");
        assert_eq!(found[0].is_violation(), expected != InterruptionWithinSla);
    }
}

#[test]
fn incidents_of_a_period_share_what_is_allowed() {
    use DetectedBy::{Customer, Provider};
    let incidents =
        [incident(50_000, 51_500, Customer), incident(10_000, 11_800, Provider), incident(90_000, 90_001, Provider)];
    let found = classify(&incidents, None, &allowed_by_999());
    assert_eq!(found, [ViolationWithClaim, InterruptionWithinSla, Violated], "1,800, then 3,300 of 2,592 seconds");
}

#[test]
fn time_in_two_incidents_is_lost_once() {
    use DetectedBy::Provider;
    let incidents = [incident(0, 2_000, Provider), incident(500, 2_592, Provider), incident(600, 700, Provider)];
    assert_eq!(classify(&incidents, None, &allowed_by_999()), [InterruptionWithinSla; 3]);
}

#[test]
fn only_time_that_counts_is_lost() {
    use DetectedBy::Customer;
    let outage = [incident(0, 6_000, Customer)];
    let counted = |until| {
        [Bounds { start: second(3_000), end: second(until) }, Bounds { start: second(7_000), end: second(9_000) }]
    };
    assert_eq!(classify(&outage, Some(&counted(5_592)), &allowed_by_999()), [InterruptionWithinSla]);
    assert_eq!(classify(&outage, Some(&counted(5_593)), &allowed_by_999()), [ViolationWithClaim]);
    assert_eq!(classify(&outage, Some(&[]), &allowed_by_999()), [InterruptionWithinSla]);
}

fn violation(objective: &str, from: i64, until: Option<i64>) -> Violation {
    Violation {
        objective: objective.to_owned(),
        start: Time(second(from)),
        end: until.map(|until| Time(second(until))),
        depth: String::new(),
        bad_events: String::new(),
        total_events: String::new(),
        detected_by: None,
        detected_at: None,
        episode: None,
        causes: Vec::new(),
        actions: Vec::new(),
    }
}

#[test]
fn a_violation_tells_who_noticed_it_where_somebody_did() {
    let mut violations = [violation("a", 100, Some(200)), violation("b", 100, Some(200)), violation("a", 300, None)];
    let of = |objective: &str, incident: Incident| Incident { objective: Some(objective.to_owned()), ..incident };
    let incidents = [
        of("a", incident(190, 250, DetectedBy::Provider)),
        of("a", incident(150, 160, DetectedBy::Customer)),
        of("c", incident(0, 900, DetectedBy::Customer)),
        incident(200, 300, DetectedBy::Customer),
    ];
    enter(&mut violations, &incidents);
    assert_eq!(violations.map(|v| v.detected_by), [Some(DetectedBy::Customer), None, None]);
}

#[test]
fn what_the_operator_saw_itself_the_provider_noticed_unless_somebody_reported_it() {
    let seen = |objective: &str| Violation { episode: Some(Time(second(90))), ..violation(objective, 100, Some(200)) };
    let mut violations = [seen("a"), seen("b"), violation("b", 300, None)];
    let reported = Incident { objective: Some("a".to_owned()), ..incident(100, 200, DetectedBy::Customer) };
    enter(&mut violations, &[reported]);
    enter_seen(&mut violations);
    let who = violations.map(|violation| violation.detected_by);
    assert_eq!(who, [Some(DetectedBy::Customer), Some(DetectedBy::Provider), None]);
}

proptest! {
    /// Second by second.
    #[test]
    fn lost_time_agrees_with_counting_seconds(
        spans in prop::collection::vec((0i64..200, 0i64..60), 1..6),
        counted in prop::collection::vec(0i64..260, 0..6),
        allowed in 0i64..120,
    ) {
        let mut edges = counted;
        edges.sort_unstable();
        let counted: Vec<_> =
            edges.chunks_exact(2).map(|c| Bounds { start: second(c[0]), end: second(c[1]) }).collect();
        let incidents: Vec<_> =
            spans.iter().map(|(from, long)| incident(*from, from + long, DetectedBy::Provider)).collect();
        let found = classify(&incidents, Some(&counted), &ratio(allowed, 1));
        for (incident, found) in incidents.iter().zip(found) {
            let lost = (0..incident.end.as_second())
                .map(second)
                .filter(|at| incidents.iter().any(|i| i.start <= *at && *at < i.end))
                .filter(|at| counted.iter().any(|c| c.contains(*at)))
                .count();
            prop_assert_eq!(found.is_violation(), i64::try_from(lost).unwrap() > allowed);
        }
    }
}
