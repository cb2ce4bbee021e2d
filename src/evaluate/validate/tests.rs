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
        (
            "/settlement",
            json!({"deadlines": [{"name": "claim", "after": "PeriodEnd", "within": "soon"}]}),
            "spec.settlement.deadlines[0].within",
        ),
        ("/enforcement/releaseAfter", json!("5 minutes"), "spec.enforcement.releaseAfter"),
        ("/service/workloads", workload(Some("kube-system")), "spec.service.workloads[0].namespace"),
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
fn pods_to_be_resized_are_somewhere() {
    let resize = ("/enforcement/resize", json!({"maxCpu": "2"}));
    assert_eq!(fields(&[("/service/workloads", workload(None)), resize.clone()]), [""; 0]);
    assert_eq!(fields(&[("/service/workloads", json!([])), resize]), ["spec.enforcement.resize"]);
}

#[test]
fn the_scaling_law_needs_objectives_it_can_learn_from() {
    let found = |change: &[(&str, Value)], capacity: Value| {
        let minutes = json!({
            "name": "minutes", "target": "99", "measurement": {"method": "BadMinutes", "badWhen": {"allFail": true}},
            "indicator": {"latency": {"histogram": "h", "threshold": "250ms"}},
        });
        let objectives = json!([agreement().objectives[0], latency("250ms"), minutes]);
        let sound = [
            ("/service/workloads", workload(None)),
            ("/objectives", objectives),
            ("/metrics/slot", json!("1m")),
            ("/enforcement/capacity", capacity),
        ];
        fields(&[&sound, change].concat())
    };
    let availability = agreement().objectives[0].name.clone();
    let capacity = |objective: &str, errors: Option<&str>| json!({"objective": objective, "availability": errors, "cpu": "cpu_seconds_total"});
    assert_eq!(found(&[], capacity("latency", Some(&availability))), [""; 0]);
    assert_eq!(found(&[], capacity("latency", None)), [""; 0]);
    for (objective, errors, field) in [
        ("nobody", None, "objective"),
        ("minutes", None, "objective"),
        (availability.as_str(), None, "objective"),
        ("latency", Some("nobody"), "availability"),
        ("latency", Some("latency"), "availability"),
    ] {
        let expected = [format!("spec.enforcement.capacity.{field}")];
        assert_eq!(found(&[], capacity(objective, errors)), expected, "{objective} {errors:?}");
    }
    let nowhere = found(&[("/service/workloads", json!([]))], capacity("latency", None));
    assert_eq!(nowhere, ["spec.enforcement.capacity"]);
    let amended = [
        ("/amendments", json!([{"effective": "2026-06-01", "objectives": [agreement().objectives[0]]}])),
        ("/amendmentRule", json!("Split")),
    ];
    assert_eq!(found(&amended, capacity("latency", None)), ["spec.amendments[0]"]);
}

#[test]
fn claims_are_taken_before_their_time_is_over() {
    let claims = |opens: Value, claim: Value| {
        let settlement = json!({"grant": "OnClaim", "claimsOpen": opens, "deadlines": [claim]});
        fields(&[("/settlement", settlement)])
    };
    let claim = |anchor: &str, days: i32| json!({"name": "claim", "after": anchor, "days": days});
    for (opens, due, fits) in [(10, 30, true), (30, 30, true), (31, 30, false), (32, 30, false), (90, 30, false)] {
        let found = claims(claim("PeriodEnd", opens), claim("PeriodEnd", due));
        let expected: &[&str] = if fits { &[] } else { &["spec.settlement.claimsOpen"] };
        assert_eq!(found, expected, "{opens} {due}");
    }
    assert_eq!(claims(claim("PeriodEnd", 90), claim("Statement", 30)), [""; 0], "nobody knows which is first");
}

#[test]
fn amendments_take_effect_while_the_agreement_is_in_force() {
    for (day, fits) in [("2025-12-31", false), ("2026-01-01", true), ("2026-12-31", true), ("2027-01-01", false)] {
        let amendment = json!([{"effective": day, "missingData": {"treatAs": "Bad"}}]);
        let found = fields(&[("/amendments", amendment), ("/amendmentRule", json!("Split"))]);
        let expected: &[&str] = if fits { &[] } else { &["spec.amendments[0].effective"] };
        assert_eq!(found, expected, "{day}");
    }
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

/// An objective that is measured like this, under the index 0.
fn measured_by(measurement: &Value, indicator: &Value, slot: &str) -> Vec<String> {
    let objective =
        json!({"name": "availability", "target": "99.9", "measurement": measurement, "indicator": indicator});
    fields(&[("/objectives", json!([objective])), ("/metrics/slot", json!(slot))])
}

fn counted() -> Value {
    json!({"ratio": {"bad": "sum(increase(b[$slot]))", "total": "sum(increase(a[$slot]))"}})
}

#[test]
fn a_method_that_can_not_be_counted_names_its_field() {
    let minutes = |more: &Value| {
        let mut measurement = json!({"method": "BadMinutes", "badWhen": {"allFail": true}});
        measurement.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        measurement
    };
    let mean = |over: &str| json!({"method": "MeanOfSlots", "rateOver": over});
    let of = |name: &str| format!("spec.objectives[0].measurement.{name}");
    let cases = [
        (minutes(&json!({})), "1m", None),
        (minutes(&json!({})), "30s", None),
        (minutes(&json!({})), "5m", Some("spec.metrics.slot".to_owned())),
        (minutes(&json!({"badWhen": {"errorRateAbove": "5 %"}})), "1m", Some(of("badWhen.errorRateAbove"))),
        (minutes(&json!({"minimumConsecutive": "0s"})), "1m", Some(of("minimumConsecutive"))),
        (minutes(&json!({"minimumConsecutive": "1500ms"})), "1m", Some(of("minimumConsecutive"))),
        (json!({"method": "BadMinutes"}), "1m", Some(of("badWhen"))),
        (mean("5m"), "5m", None),
        (mean("1h"), "1m", None),
        (mean("1m"), "5m", Some(of("rateOver"))),
        (mean("7m"), "1m", Some(of("rateOver"))),
        (mean("soon"), "1m", Some(of("rateOver"))),
    ];
    for (measurement, slot, field) in cases {
        let found = measured_by(&measurement, &counted(), slot);
        assert_eq!(found, field.into_iter().collect::<Vec<_>>(), "{measurement} {slot}");
    }
}

#[test]
fn members_and_values_are_looked_at_one_by_one() {
    let pooled = json!({"method": "Pooled", "badWhen": {"allFail": true}});
    let member = |name: &str, covered: bool| json!({"name": name, "covered": covered, "ratio": counted()["ratio"]});
    let slow = json!({"name": "b", "latency": {"histogram": "h", "threshold": "0s"}});
    let value = |more: &Value| {
        let mut value = json!({"limit": "5s"});
        value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"value": value})
    };
    let grows = json!({"adds": "1h", "every": "25", "above": "100"});
    let single = json!({"method": "Value"});
    let cases = [
        (&pooled, json!({"members": [member("a", true), member("b", false)]}), None),
        (&pooled, json!({"members": [member("a", true), member("a", true)]}), Some("members[1].name")),
        (&pooled, json!({"members": [member("a", true), slow]}), Some("members[1].latency.threshold")),
        (&pooled, json!({"members": [member("a", false)]}), Some("members")),
        (&single, value(&json!({"allowance": grows})), None),
        (&single, value(&json!({"limit": "5 s"})), Some("value.limit")),
        (&single, value(&json!({"expression": "max(m[$slot])", "allowance": grows})), Some("value.allowance")),
    ];
    for (measurement, indicator, field) in cases {
        let field = field.map(|f| format!("spec.objectives[0].indicator.{f}"));
        assert_eq!(measured_by(measurement, &indicator, "1m"), field.into_iter().collect::<Vec<_>>(), "{indicator}");
    }
}

#[test]
fn an_agreement_has_at_most_so_many_members_and_objectives() {
    let members = |n: usize| {
        let ratio = counted()["ratio"].clone();
        json!({"members": (0..n).map(|i| json!({"name": format!("m{i}"), "ratio": ratio})).collect::<Vec<_>>()})
    };
    let pooled = json!({"method": "Pooled", "badWhen": {"allFail": true}});
    let objective =
        |i: usize| json!({"name": format!("o{i}"), "target": "99", "measurement": pooled, "indicator": members(32)});
    let found = |pools: usize| {
        let many: Vec<Value> = (0..pools).map(objective).collect();
        let slot = ("/metrics/slot", json!("1m"));
        fields(&[("/objectives", json!(many)), ("/credits", Value::Null), slot])
    };
    assert_eq!(found(2), Vec::<String>::new());
    assert_eq!(found(3), ["spec.objectives"], "ninety-six series");
}

#[test]
fn a_rule_over_parameters_that_can_not_be_evaluated_is_named() {
    let rule = |rule: &str| json!([{"rule": rule, "message": "two zones"}]);
    let zones = ("/parameters", json!([{"name": "zones", "value": "1"}]));
    assert_eq!(fields(&[zones.clone(), ("/constraints", rule("zones >= 2"))]), Vec::<String>::new(), "lint says it");
    assert_eq!(fields(&[zones.clone(), ("/constraints", rule("zone >= 2"))]), ["spec.constraints[0].rule"]);
    assert_eq!(fields(&[zones, ("/coveredWhen", rule("zones +"))]), ["spec.coveredWhen[0].rule"]);
}
