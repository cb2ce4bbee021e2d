//! What the operator would say of an agreement once it stands in a cluster.

use serde_json::{Value, json};

use crate::command::{check, check_text};
use crate::mistakes;

fn with(pointer: &str, value: Value) -> String {
    let mut agreement = mistakes::agreement();
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    agreement.pointer_mut(parent).unwrap()[field] = value;
    agreement.to_string()
}

#[test]
fn values_that_mean_nothing_and_expressions_that_cannot_be_asked_are_errors() {
    let bad = "/spec/objectives/0/indicator/ratio/bad";
    let capacity = "/spec/enforcement/capacity";
    for (pointer, value, code, field) in [
        ("/spec/timeZone", json!("Mars/Olympus"), "invalid", "spec.timeZone"),
        ("/spec/validity/from", json!("2025-02-30"), "invalid", "spec.validity.from"),
        ("/spec/credits/fee/currency", json!("XXQ"), "invalid", "spec.credits.fee.currency"),
        ("/spec/enforcement/cooldown", json!("30s5m"), "invalid", "spec.enforcement.cooldown"),
        (bad, json!("sum(increase(errors_total[$slot])"), "expression", "spec.objectives[0].indicator.ratio.bad"),
        (bad, json!("increase(errors_total[$slot])"), "expression", "spec.objectives[0].indicator.ratio.bad"),
        (
            bad,
            json!("sum(increase(errors_total[$slot])) or vector(0)"),
            "expression",
            "spec.objectives[0].indicator.ratio.bad",
        ),
        (
            "/spec/objectives/1/indicator/latency/histogram",
            json!("duration_seconds_bucket"),
            "expression",
            "spec.objectives[1].indicator.latency.histogram",
        ),
        (capacity, json!({"objective": "nobody", "cpu": "cpu"}), "invalid", "spec.enforcement.capacity.objective"),
        (
            capacity,
            json!({"objective": "availability", "cpu": "cpu"}),
            "invalid",
            "spec.enforcement.capacity.objective",
        ),
        (
            capacity,
            json!({"objective": "latency", "cpu": "sum(rate(cpu[$slot]))"}),
            "expression",
            "spec.enforcement.capacity.cpu",
        ),
        (
            capacity,
            json!({"objective": "latency", "cpu": "cpu", "inFlight": "a + b"}),
            "expression",
            "spec.enforcement.capacity.inFlight",
        ),
    ] {
        let answer = check_text(&with(pointer, value.clone()));
        assert_eq!(answer.findings(), [(code.into(), field.into(), "Error".into())], "{pointer} = {value}");
        assert_eq!(answer.code, 1);
    }
}

#[test]
fn a_metrics_source_that_no_connection_can_be_made_for_is_an_error() {
    for (field, value) in [("timeout", json!("5m")), ("timeout", json!("30s5m")), ("timeout", json!("0s"))] {
        let mut source = mistakes::source();
        source["spec"][field] = value.clone();
        let expected = ("invalid".into(), format!("spec.{field}"), "Error".into());
        assert_eq!(check_text(&source.to_string()).findings(), [expected], "{value}");
    }
    let mut source = mistakes::source();
    source["spec"]["headers"][0]["value"] = json!("a\nb");
    let expected = ("invalid".into(), "spec.headers[0].value".into(), "Error".into());
    assert_eq!(check_text(&source.to_string()).findings(), [expected]);
}

#[test]
fn parameters_that_break_a_constraint_are_an_error() {
    let mut agreement = mistakes::agreement();
    let parameter = |name: &str, value: &str| json!({"name": name, "value": value});
    agreement["spec"]["parameters"] = json!([parameter("tier", "gold"), parameter("zones", "1")]);
    agreement["spec"]["constraints"] =
        json!([{"rule": "tier != 'gold' || zones >= 2", "message": "gold has two zones"}]);
    let expected = ("parameter_dependency_violated".into(), "spec.constraints[0]".into(), "Error".into());
    assert_eq!(check_text(&agreement.to_string()).findings(), [expected]);
    agreement["spec"]["parameters"][1] = parameter("zones", "2");
    assert_eq!(check_text(&agreement.to_string()).findings(), []);
}

#[test]
fn every_expression_of_a_pool_is_read() {
    let mut agreement = mistakes::agreement();
    agreement["spec"]["objectives"].as_array_mut().unwrap().truncate(1);
    let ratio = |bad: &str| json!({"bad": bad, "total": "sum(increase(requests_total[$slot]))"});
    agreement["spec"]["objectives"][0]["measurement"] = json!({"method": "Pooled", "badWhen": {"allFail": true}});
    agreement["spec"]["objectives"][0]["indicator"] = json!({"members": [
        {"name": "a", "ratio": ratio("sum(increase(errors_total[$slot]))")},
        {"name": "b", "ratio": ratio("increase(errors_total[$slot])")},
        {"name": "c", "latency": {"histogram": "duration_seconds_bucket", "threshold": "250ms"}},
    ]});
    let expected = ["members[1].ratio.bad", "members[2].latency.histogram"]
        .map(|field| ("expression".into(), format!("spec.objectives[0].indicator.{field}"), "Error".into()));
    assert_eq!(check_text(&agreement.to_string()).findings(), expected);
}

#[test]
fn a_workload_of_another_namespace_is_an_error_where_the_namespace_is_known() {
    let mut agreement = mistakes::agreement();
    agreement["spec"]["service"]["workloads"][0]["namespace"] = json!("bank");
    let field = "spec.service.workloads[0].namespace";
    assert_eq!(check_text(&agreement.to_string()).findings()[0].1, field);
    agreement["metadata"].as_object_mut().unwrap().remove("namespace");
    assert_eq!(check_text(&agreement.to_string()).findings(), []);
    let check_in = |namespace| check(&["-", "-o", "json", "-n", namespace], &agreement.to_string()).findings();
    assert_eq!(check_in("bank"), []);
    assert_eq!(check_in("shop")[0].1, field);
}

#[test]
fn a_metrics_source_among_the_manifests_is_asked() {
    let together = |tenants: Value, agreement: &str| {
        let mut source = mistakes::source();
        source["metadata"]["name"] = json!("main");
        source["spec"]["tenants"] = json!([{"namespace": "default"}]);
        source["spec"]["tenants"] = tenants;
        // The order does not matter.
        check_text(&format!("{agreement}\n---\n{source}")).findings()
    };
    let sound = mistakes::agreement().to_string();
    assert_eq!(together(json!([{"namespace": "default"}]), &sound), []);
    assert_eq!(together(json!([{"namespace": "*"}]), &sound), []);
    let refused = ("namespace_not_allowed".into(), "spec.metrics.sourceRef.name".into(), "Error".into());
    assert_eq!(together(json!([{"namespace": "shop"}]), &sound), [refused]);
    let forged = with(
        "/spec/objectives/0/indicator/ratio/bad",
        json!(r#"sum(label_replace(increase(errors_total[$slot]), "namespace", "bank", "", ""))"#),
    );
    assert_eq!(check_text(&forged).findings(), []);
    let refused = ("expression".into(), "spec.objectives[0].indicator.ratio.bad".into(), "Error".into());
    assert_eq!(together(json!([{"namespace": "*"}]), &forged), [refused]);
}

#[test]
fn what_only_settle_takes_is_remarked_on() {
    let mut agreement = mistakes::agreement();
    agreement["spec"]["objectives"][1] = json!({"name": "recovery", "target": "90",
        "indicator": {"value": {"limit": "4h"}}, "measurement": {"method": "Value"}});
    let warning = |field: &str| ("only_offline".to_owned(), field.to_owned(), "Warning".to_owned());
    let answer = check_text(&agreement.to_string());
    assert_eq!(answer.findings(), [warning("spec.objectives[1].indicator.value.expression")]);
    assert_eq!(answer.code, 0);
    let member = |index: usize| {
        json!({"name": format!("m{index}"), "ratio": {"bad": "sum(increase(errors_total[$slot]))",
            "total": "sum(increase(requests_total[$slot]))"}})
    };
    // Two pools, more than any ledger holds in minutes.
    let members: Vec<Value> = (0..30).map(member).collect();
    let pool = |name: &str| {
        json!({"name": name, "target": "99", "indicator": {"members": members},
            "measurement": {"method": "Pooled", "badWhen": {"allFail": true}}})
    };
    agreement["spec"]["objectives"] = json!([pool("first"), pool("second")]);
    agreement["spec"].as_object_mut().unwrap().remove("credits");
    agreement["spec"]["metrics"]["slot"] = json!("1m");
    assert_eq!(check_text(&agreement.to_string()).findings(), [warning("spec.metrics.slot")]);
}

#[test]
fn an_exclusion_is_looked_at_beside_its_agreement() {
    let mut agreement = mistakes::agreement();
    agreement["spec"]["exclusions"] = json!({"rules": [{"reason": "Maintenance", "effect": "Exclude"}]});
    let found = |changes: &[(&str, Value)]| {
        let mut exclusion = mistakes::exclusion();
        exclusion["metadata"]["namespace"] = agreement["metadata"]["namespace"].clone();
        exclusion["spec"]["agreement"] = agreement["metadata"]["name"].clone();
        exclusion["spec"]["reason"] = json!("Maintenance");
        exclusion["spec"].as_object_mut().unwrap().retain(|field, _| field != "objectives" && field != "forceMajeure");
        for (field, value) in changes {
            exclusion["spec"][*field] = value.clone();
        }
        let answer = check_text(&format!("{agreement}\n---\n{exclusion}"));
        answer.findings().into_iter().map(|(_, field, _)| field).collect::<Vec<_>>()
    };
    assert_eq!(found(&[]), [""; 0]);
    assert_eq!(found(&[("reason", json!("Agreed"))]), ["spec.reason"]);
    assert_eq!(found(&[("ruleName", json!("at-night"))]), ["spec.ruleName"]);
    assert_eq!(found(&[("objectives", json!(["availability", "nobody"]))]), ["spec.objectives[1]"]);
    assert_eq!(found(&[("agreement", json!("another")), ("reason", json!("Agreed"))]), [""; 0], "not among the files");
}

#[test]
fn the_expressions_of_an_amendment_are_read() {
    let mut agreement = mistakes::agreement();
    let mut objectives = agreement["spec"]["objectives"].clone();
    objectives[0]["indicator"]["ratio"]["bad"] = json!("sum(increase(errors_total[$slot])");
    agreement["spec"]["amendmentRule"] = json!("NextPeriod");
    agreement["spec"]["amendments"] = json!([{"effective": "2030-01-01", "objectives": objectives}]);
    agreement["spec"]["validity"] = json!({"from": "2026-01-01"});
    let field = "spec.amendments[0].objectives[0].indicator.ratio.bad";
    assert_eq!(check_text(&agreement.to_string()).findings(), [("expression".into(), field.into(), "Error".into())]);
}

#[test]
fn a_period_longer_than_the_store_keeps_is_remarked_on_where_somebody_says_how_long_it_does() {
    let agreement = mistakes::agreement().to_string();
    let with = |flags: &[&str], input: &str| check(&[&["-", "-o", "json"], flags].concat(), input).findings();
    let remark = ("period_beyond_retention".to_owned(), "spec.period".to_owned(), "Warning".to_owned());
    assert_eq!(with(&[], &agreement), []);
    assert_eq!(with(&["--retention", "15d"], &agreement), std::slice::from_ref(&remark));
    assert_eq!(with(&["--retention", "31d"], &agreement), []);
    // What the source's own status says is better known.
    let mut source = mistakes::source();
    source["metadata"]["name"] = json!("main");
    source["spec"]["tenants"] = json!([{"namespace": "default"}]);
    source["status"] =
        json!({"retention": {"keeps": "400d", "askedAt": "2026-01-01T00:00:00Z", "evidence": "it says so"}});
    let both = format!("{agreement}\n---\n{source}");
    assert_eq!(with(&["--retention", "15d"], &both), []);
    source["status"]["retention"]["keeps"] = json!("10d");
    let both = format!("{agreement}\n---\n{source}");
    assert_eq!(with(&["--retention", "400d"], &both), [remark]);
    for nonsense in ["0d", "1mo", "long"] {
        let answer = check(&["-", "--retention", nonsense], &agreement);
        assert!(answer.code == 2 && answer.complaint.contains("--retention"), "{nonsense}: {}", answer.complaint);
    }
}
