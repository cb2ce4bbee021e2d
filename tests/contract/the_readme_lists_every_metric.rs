//! The README's table of metrics has every metric the operator serves, under the name one would query, and no other.

use std::collections::BTreeSet;

use guarantor::api::agreement_status::State;
use guarantor::evaluate::assessment::{Assessment, ObjectiveAssessment};
use guarantor::record::metrics::{Metrics, Pulse, Written};
use jiff::Timestamp;
use num_rational::BigRational;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

fn assessment() -> Assessment {
    let share = |percent: u8| BigRational::new(percent.into(), 100.into());
    let objective = ObjectiveAssessment {
        name: "latency".to_owned(),
        state: State::Fulfilled,
        target: share(99),
        attainment: Some(share(100)),
        settles_on: Some(share(100)),
        total_events: share(100),
        bad_events: share(0),
        budget_remaining: Some(share(100)),
        ..ObjectiveAssessment::default()
    };
    Assessment {
        period_start: Timestamp::UNIX_EPOCH,
        period_end: Timestamp::UNIX_EPOCH,
        judged_from: Timestamp::UNIX_EPOCH,
        measured_through: Timestamp::UNIX_EPOCH,
        state: State::Fulfilled,
        objectives: vec![objective],
        violations: Vec::new(),
        credits: None,
    }
}

/// The names under which an operator that has done everything once serves its metrics.
fn served() -> BTreeSet<String> {
    let mut registry = Registry::default();
    let metrics = Metrics::register(&mut registry);
    metrics.reconciled("Ok", 0.1);
    metrics.waited(std::time::Duration::from_millis(100));
    metrics.read("main", 1, 1, 0.1);
    metrics.slot("main", "measured");
    metrics.pulse("main", Pulse::Calm, 1);
    metrics.wrote(Written::Status);
    metrics.acted("RaiseFloor".to_owned(), "Done".to_owned());
    metrics.assessed("shop", "checkout", &assessment());
    metrics.leads(true);
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    types.map(|(name, kind)| if kind == "counter" { format!("{name}_total") } else { name.to_owned() }).collect()
}

#[test]
fn the_readme_lists_every_metric() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let listed: Vec<String> = rows.filter(|name| name.starts_with("guarantor_")).map(str::to_owned).collect();
    let served = served();
    let registered = std::fs::read_to_string(root.join("src/record/metrics.rs")).unwrap();
    let registered = registered.matches("registry.register").count();
    assert_eq!(served.len(), registered, "a metric is registered that this test does not bring about: {served:?}");
    assert_eq!(listed.iter().cloned().collect::<BTreeSet<_>>(), served, "README.md, section Metrics");
    assert_eq!(listed.len(), served.len(), "README.md lists a metric twice: {listed:?}");
}
