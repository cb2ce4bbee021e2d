use k8s_openapi::jiff::Timestamp;
use num_rational::BigRational;
use prometheus_client::encoding::text::encode;

use super::*;
use crate::api::agreement_status::State;
use crate::evaluate::assessment::ObjectiveAssessment;

fn attained(percent: i64) -> Assessment {
    let attainment = Some(BigRational::new(percent.into(), 100.into()));
    Assessment {
        period_start: Timestamp::UNIX_EPOCH,
        period_end: Timestamp::MAX,
        judged_from: Timestamp::UNIX_EPOCH,
        measured_through: Timestamp::UNIX_EPOCH,
        state: State::default(),
        objectives: vec![ObjectiveAssessment {
            name: "availability".to_owned(),
            attainment,
            ..ObjectiveAssessment::default()
        }],
        violations: Vec::new(),
        credits: None,
    }
}

/// The lines of the attainment that a scrape would get.
fn scraped(registry: &Registry) -> Vec<String> {
    let mut text = String::new();
    encode(&mut text, registry).unwrap();
    let mut lines: Vec<String> =
        text.lines().filter(|l| l.contains("agreement=\"checkout\"")).map(str::to_owned).collect();
    lines.sort();
    lines
}

/// Other tools name their series by the objective alone, and one of two agreements overwrites the other.
#[test]
fn agreements_of_one_name_in_two_namespaces_share_no_series() {
    let mut registry = Registry::default();
    let metrics = Metrics::register(&mut registry);
    metrics.assessed("shop", "checkout", &attained(50));
    metrics.assessed("bank", "checkout", &attained(75));
    let lines = scraped(&registry);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].contains("namespace=\"bank\"") && lines[0].ends_with(" 0.75"), "{lines:?}");
    assert!(lines[1].contains("namespace=\"shop\"") && lines[1].ends_with(" 0.5"), "{lines:?}");
    // One of them goes, and the other one stays.
    metrics.retain(&HashSet::from([("shop".to_owned(), "checkout".to_owned())]));
    let lines = scraped(&registry);
    assert!(lines.len() == 1 && lines[0].contains("namespace=\"shop\""), "{lines:?}");
}
