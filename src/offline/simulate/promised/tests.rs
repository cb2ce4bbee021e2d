//! What an agreement is taken to promise.

use super::*;
use crate::api::ServiceLevelAgreement;

const EXAMPLE: &str = include_str!("../../../../examples/simulate/agreement.yaml");

fn spec(text: &str) -> AgreementSpec {
    serde_saphyr::from_str::<ServiceLevelAgreement>(text).unwrap().spec
}

#[test]
fn a_whole_period_by_the_latest_terms_is_taken() {
    let validity = "validity: {from: \"2027-01-01\"}";
    for (given, from) in [
        (validity.to_owned(), "2027-01-01T00:00:00Z"),
        ("validity: {from: \"2027-01-10\"}".to_owned(), "2027-02-01T00:00:00Z"),
        (String::new(), "1970-01-01T00:00:00Z"),
        // Nothing but a part of a month: that is what there is.
        ("validity: {from: \"2027-01-10\", until: \"2027-01-20\"}".to_owned(), "2027-01-10T00:00:00Z"),
        (
            format!(
                "{validity}\n  amendmentRule: NextPeriod\n  amendments: [{{effective: \"2027-04-15\", fee: {{amount: \"2400\", currency: EUR}}}}]"
            ),
            "2027-05-01T00:00:00Z",
        ),
    ] {
        let found = promised(&spec(&EXAMPLE.replace(validity, &given)), None).unwrap();
        assert_eq!(found.first_period.to_string(), from, "{given}");
    }
}

#[test]
fn an_objective_is_the_only_one_on_latency_or_named() {
    let objective = EXAMPLE.split("  objectives:\n").nth(1).and_then(|rest| rest.split("  credits:").next()).unwrap();
    let second = objective.replace("name: latency", "name: second").replace("500ms", "1s");
    let two = spec(&EXAMPLE.replace(objective, &format!("{objective}{second}")));
    let fault = promised(&two, None).unwrap_err().to_string();
    assert!(fault.starts_with("--objective: ") && fault.ends_with("latency, second"), "{fault}");
    let found = promised(&two, Some("second")).unwrap();
    assert!((found.latency - 1.0).abs() < 1e-12 && (found.good - 0.99).abs() < 1e-12);
    assert_eq!(found.replicas, (1, 60));
    assert_eq!(promised(&spec(EXAMPLE), None).unwrap().objective, "latency");
}

#[test]
fn a_dependency_bounds_the_replicas_that_are_tried() {
    let scale = "scale: {min: 1, max: 60}";
    assert!(EXAMPLE.contains(scale));
    for (limit, most) in [(1000, 50), (1019, 50), (5000, 60)] {
        let bounded = format!("scale: {{min: 1, max: 60, connections: {{perPod: 20, limit: {limit}}}}}");
        let found = promised(&spec(&EXAMPLE.replace(scale, &bounded)), None).unwrap();
        assert_eq!(found.replicas, (1, most), "{limit}");
    }
}
