use serde_json::{Value, json};

use super::super::example::{agreement, at};
use super::*;

fn faults(changes: &[(&str, Value)]) -> Vec<InvalidSpec> {
    let mut value = serde_json::to_value(agreement()).unwrap();
    for (path, change) in changes {
        let (parent, key) = path.rsplit_once('/').unwrap();
        value.pointer_mut(parent).unwrap()[key] = change.clone();
    }
    let spec: AgreementSpec = serde_json::from_value(value).unwrap();
    validate(&spec, "shop", at("2026-11-22T00:00:00Z"))
}

fn fields(changes: &[(&str, Value)]) -> Vec<String> {
    faults(changes).into_iter().map(|fault| fault.field).collect()
}

fn workload(namespace: Option<&str>) -> Value {
    json!([{"apiVersion": "apps/v1", "kind": "Deployment", "name": "checkout", "namespace": namespace}])
}

fn rule(conditions: &Value) -> Value {
    let mut rule = json!({"reason": "Maintenance", "effect": "Exclude"});
    rule.as_object_mut().unwrap().extend(conditions.as_object().unwrap().clone());
    json!({"rules": [rule]})
}

fn latency(threshold: &str) -> Value {
    json!({"name": "latency", "target": "99", "indicator": {"latency": {"histogram": "h", "threshold": threshold}}})
}

#[test]
fn a_sound_agreement_has_no_fault() {
    assert_eq!(faults(&[]), []);
    assert_eq!(faults(&[("/service/workloads", workload(Some("shop")))]), []);
    assert_eq!(faults(&[("/service/workloads", workload(None))]), []);
    assert_eq!(faults(&[("/objectives", json!([agreement().objectives[0], latency("250ms")]))]), []);
}

#[test]
fn every_fault_names_its_field() {
    let cases = [
        ("/timeZone", json!("Mars/Olympus"), "spec.timeZone"),
        ("/validity/from", json!("2026-02-30"), "spec.validity.from"),
        ("/validity/until", json!("2026-04-31"), "spec.validity.until"),
        ("/period", json!({"rolling": "1h30"}), "spec.period.rolling"),
        ("/objectives/0/target", json!("99.9%"), "spec.objectives[0].target"),
        ("/missingData/minimumCoverage", json!("ninety"), "spec.missingData.minimumCoverage"),
        ("/credits/fee/currency", json!("XXQ"), "spec.credits.fee.currency"),
        ("/credits/fee/amount", json!("4.000,00"), "spec.credits.fee.amount"),
        ("/credits/tiers/1/below", json!("-1"), "spec.credits.tiers[1].below"),
        ("/credits/tiers/2/percentOfFee", json!("1e2"), "spec.credits.tiers[2].percentOfFee"),
        ("/credits/tiers/0/objective", json!("nobody"), "spec.credits.tiers[0].objective"),
        ("/credits/cap", json!({"percentOfFee": "200"}), "spec.credits.cap.percentOfFee"),
        ("/enforcement/cooldown", json!("soon"), "spec.enforcement.cooldown"),
        ("/enforcement/releaseAfter", json!("5 minutes"), "spec.enforcement.releaseAfter"),
        ("/service/workloads", workload(Some("kube-system")), "spec.service.workloads[0].namespace"),
        ("/metrics/slot", json!("5s"), "spec.metrics.slot"),
        ("/period", json!({"trailing": {"days": 0, "every": "Month"}}), "spec.period.trailing.days"),
        ("/period", json!({"trailing": {"days": 365, "every": "Month"}, "calendar": "Month"}), "spec.period"),
        ("/calendar/holidays", json!(["2026-02-30"]), "spec.calendar.holidays[0]"),
        ("/exclusions", rule(&json!({"minimumNotice": "soon"})), "spec.exclusions.rules[0].minimumNotice"),
        ("/exclusions", rule(&json!({"yearlyAllowance": "12"})), "spec.exclusions.rules[0].yearlyAllowance"),
        ("/exclusions", rule(&json!({"forceMajeure": {}})), "spec.exclusions.rules[0].forceMajeure"),
        ("/constraints", json!([{"rule": "zones >", "message": "m"}]), "spec.constraints[0].rule"),
        ("/coveredWhen", json!([{"rule": "zones > 1", "message": "m"}]), "spec.coveredWhen[0].rule"),
    ];
    for (path, change, field) in cases {
        assert_eq!(fields(&[(path, change)]), [field], "{path}");
    }
    let objectives = json!([agreement().objectives[0], agreement().objectives[0], latency("0s"), latency("fast")]);
    let expected = [
        "spec.objectives[1].name",
        "spec.objectives[2].indicator.latency.threshold",
        "spec.objectives[3].name",
        "spec.objectives[3].indicator.latency.threshold",
    ];
    assert_eq!(fields(&[("/objectives", objectives)]), expected);
}

#[test]
fn all_faults_are_found_at_once() {
    let changes = [
        ("/timeZone", json!("Mars/Olympus")),
        ("/credits/fee/currency", json!("ZZZ")),
        ("/enforcement/cooldown", json!("")),
        ("/service/workloads", workload(Some("other"))),
    ];
    let expected = [
        "spec.timeZone",
        "spec.credits.fee.currency",
        "spec.enforcement.cooldown",
        "spec.service.workloads[0].namespace",
    ];
    assert_eq!(fields(&changes), expected);
}

#[test]
fn a_period_has_to_fit_into_one_ledger() {
    let two = || ("/objectives", json!([agreement().objectives[0], latency("1s")]));
    let four = || {
        let more = |name: &str| json!({"name": name, "target": "9", "indicator": {}});
        ("/objectives", json!([agreement().objectives[0], latency("1s"), more("c"), more("d")]))
    };
    let slot = |s: &str| ("/metrics/slot", json!(s));
    let calendar = |unit: &str| ("/period", json!({"calendar": unit}));
    let cases = [
        (vec![slot("1m"), two()], true),
        (vec![slot("1m"), four()], false),
        (vec![slot("30s")], true),
        (vec![slot("10s")], false),
        (vec![slot("5m"), calendar("Year")], true),
        (vec![slot("5m"), calendar("Year"), two()], false),
        (vec![slot("1m"), calendar("Quarter")], true),
        (vec![slot("1m"), calendar("Quarter"), two()], false),
        (vec![slot("5s"), ("/period", json!({"rolling": "6d"}))], true),
        (vec![slot("5s"), ("/period", json!({"rolling": "7d"}))], false),
        // In force for two days only.
        (vec![slot("5s"), ("/validity/until", json!("2026-01-03"))], true),
    ];
    for (changes, fits) in cases {
        let fields = fields(&changes);
        assert_eq!(fields.is_empty(), fits, "{changes:?} {fields:?}");
    }
    let fault = faults(&[slot("5s")]).remove(0).to_string();
    assert!(fault.contains("535680 slots") && fault.contains("120000"), "{fault}");
}
