use super::*;
use crate::api::metrics_source::TenantMatcher;
use crate::evaluate::lint::Code;

#[test]
fn terms_are_remembered_until_one_of_the_specs_changes() {
    let (mut agreement, mut source) = declared();
    let mut known = None;
    let first = recall(&agreement, Some(&source), &mut known).unwrap();
    let same = recall(&agreement, Some(&source), &mut known).unwrap();
    assert!(Arc::ptr_eq(&first.asked(now()), &same.asked(now())));
    source.spec.tenants = vec![tenant("shop", "team", "web")];
    source.metadata.generation = Some(2);
    let confined = recall(&agreement, Some(&source), &mut known).unwrap();
    assert_eq!(confined.asked(now())[0].tenancy, [("team".to_owned(), "web".to_owned())]);
    agreement.spec.objectives[0].name = "errors".to_owned();
    agreement.metadata.generation = Some(2);
    assert_eq!(recall(&agreement, Some(&source), &mut known).unwrap().asked(now())[0].objective, "errors");
    assert_eq!(recall(&agreement, None, &mut known).unwrap_err().reason, "SourceNotFound");
}

#[test]
fn what_is_hardly_meant_is_advised() {
    let (mut agreement, source) = declared();
    assert_eq!(recall(&agreement, Some(&source), &mut None).unwrap().advice.len(), 0);
    agreement.spec.objectives[0].target = "100".into();
    let advice = recall(&agreement, Some(&source), &mut None).unwrap().advice;
    assert_eq!(advice.iter().map(|lint| lint.code).collect::<Vec<_>>(), [Code::TargetNotBelow100]);
}

#[test]
fn a_table_that_contradicts_itself_is_refused() {
    let (mut agreement, source) = declared();
    let tier = |below: &str, percent: &str| serde_json::json!({"objective": "availability", "below": below, "percentOfFee": percent});
    let credits = serde_json::json!({
        "fee": {"amount": "1", "currency": "EUR"}, "tiers": [tier("99", "25"), tier("95", "10")],
    });
    agreement.spec.credits = Some(serde_json::from_value(credits).unwrap());
    let refusal = recall(&agreement, Some(&source), &mut None).unwrap_err();
    assert_eq!((refusal.reason, refusal.terminal), ("InvalidSpec", true));
    assert!(refusal.message.starts_with("spec.credits.tiers[1].percentOfFee: "), "{}", refusal.message);
}

fn now() -> Timestamp {
    "2026-01-15T00:00:00Z".parse().unwrap()
}

#[test]
fn what_is_asked_is_what_is_in_force() {
    let (mut agreement, source) = declared();
    let mut objectives = serde_json::to_value(&agreement.spec.objectives).unwrap();
    objectives[0]["name"] = "errors".into();
    let amend = |agreement: &mut ServiceLevelAgreement, objectives: &serde_json::Value| {
        let amendments = serde_json::json!([{"effective": "2026-02-01", "objectives": objectives}]);
        agreement.spec.amendments = serde_json::from_value(amendments).unwrap();
        agreement.spec.amendment_rule = Some(crate::api::amendment::AmendmentRule::Split);
    };
    amend(&mut agreement, &objectives);
    let terms = recall(&agreement, Some(&source), &mut None).unwrap();
    let february = "2026-02-01T00:00:00Z".parse().unwrap();
    for (start, name) in [(now(), "availability"), (february, "errors")] {
        assert_eq!(terms.asked(start)[0].objective, name);
        assert_eq!(in_force(&agreement, start).unwrap().spec.objectives[0].name, name);
    }
    objectives[0]["indicator"]["ratio"]["total"] = "rate(".into();
    amend(&mut agreement, &objectives);
    let refusal = recall(&agreement, Some(&source), &mut None).unwrap_err();
    assert_eq!((refusal.reason, refusal.amendment.as_deref()), ("ExpressionRefused", Some("2026-02-01")));
    assert!(refusal.message.starts_with("spec.amendments[0].objectives[0]."), "{}", refusal.message);
}

#[test]
fn more_trailing_days_than_can_be_judged_together_are_refused() {
    let (mut agreement, source) = declared();
    let mut found = |slot: &str, days: i32| {
        let period = serde_json::json!({"trailing": {"days": days, "every": "Month"}});
        agreement.spec.period = serde_json::from_value(period).unwrap();
        agreement.spec.metrics.slot = serde_json::from_value(slot.into()).unwrap();
        recall(&agreement, Some(&source), &mut None).map(drop).map_err(|refusal| refusal.message)
    };
    assert_eq!(found("1m", 366), Ok(()));
    let refused = found("30s", 366).unwrap_err();
    assert!(refused.starts_with("spec.period.trailing.days: "), "{refused}");
    assert!(refused.contains("1054080 slots in 366 days of 1 objective"), "{refused}");
    assert_eq!(found("30s", 187), Ok(()));
}

fn declared() -> (ServiceLevelAgreement, MetricsSource) {
    let agreement = r#"
metadata: {name: web, namespace: shop, uid: u, generation: 1}
spec:
  service: {name: web}
  metrics: {sourceRef: {name: main}}
  period: {calendar: Month}
  objectives:
  - name: availability
    indicator: {ratio: {bad: 'sum(increase(r{code="500"}[$slot]))', total: 'sum(increase(r[$slot]))'}}
    target: "99"
"#;
    let source = r#"
metadata: {name: main, uid: s, generation: 1}
spec: {url: "http://prometheus", tenants: [{namespace: shop}]}
"#;
    let head = |kind: &str| format!("apiVersion: guarantor.dev/v1alpha1\nkind: {kind}");
    (
        serde_saphyr::from_str(&(head("ServiceLevelAgreement") + agreement)).unwrap(),
        serde_saphyr::from_str(&(head("MetricsSource") + source)).unwrap(),
    )
}

fn tenant(namespace: &str, label: &str, value: &str) -> Tenant {
    let matcher = TenantMatcher { label: label.to_owned(), value: value.to_owned() };
    Tenant { namespace: namespace.to_owned(), matchers: vec![matcher] }
}

#[test]
fn a_namespace_is_confined_by_its_own_entry_first() {
    let tenants = [tenant("*", "namespace", "$namespace"), tenant("shop", "team", "web")];
    assert_eq!(tenancy(&tenants, "shop"), Some(vec![("team".to_owned(), "web".to_owned())]));
    assert_eq!(tenancy(&tenants, "bank"), Some(vec![("namespace".to_owned(), "bank".to_owned())]));
    assert_eq!(tenancy(&tenants[1..], "bank"), None);
}

#[test]
fn a_histogram_is_selected_within_the_tenancy_and_by_its_base_name() {
    let tenancy = vec![("namespace".to_owned(), "shop".to_owned())];
    let of = |name: &str, label: &str, value: &str| {
        let selector = BTreeMap::from([(label.to_owned(), value.to_owned())]);
        let latency = LatencyIndicator { histogram: name.to_owned(), selector, threshold: "250ms".into() };
        histogram(&latency, &tenancy).map(|(field, _)| field)
    };
    assert_eq!(of("duration_seconds", "service", "web"), None);
    assert_eq!(of("duration_seconds", "namespace", "shop"), None);
    assert_eq!(of("duration_seconds", "namespace", "bank"), Some("selector"));
    assert_eq!(of("duration_seconds", "le", "1"), Some("selector"));
    assert_eq!(of("duration_seconds_bucket", "service", "web"), Some("histogram"));
}

#[test]
fn what_the_scaling_law_reads_is_checked_like_any_expression() {
    let (mut agreement, source) = declared();
    let mut refusal = |bad: &str, cpu: &str, in_flight: Option<&str>| {
        agreement.spec.service.workloads =
            serde_saphyr::from_str("[{apiVersion: apps/v1, kind: Deployment, name: web}]").unwrap();
        agreement.spec.objectives[0].indicator.ratio.as_mut().unwrap().bad = Some(bad.to_owned());
        let latency = "{name: latency, target: '99', indicator: {latency: {histogram: h, threshold: 250ms}}}";
        agreement.spec.objectives.truncate(1);
        agreement.spec.objectives.push(serde_saphyr::from_str(latency).unwrap());
        let capacity = serde_json::json!({
            "objective": "latency", "availability": "availability", "cpu": cpu, "inFlight": in_flight,
        });
        agreement.spec.enforcement.capacity = Some(serde_json::from_value(capacity).unwrap());
        recall(&agreement, Some(&source), &mut None).map(drop).map_err(|refusal| (refusal.reason, refusal.message))
    };
    let one = "sum(increase(r{code=\"500\"}[$slot]))";
    assert_eq!(refusal(one, "cpu_seconds_total{container!=\"\"}", Some("requests_in_flight")), Ok(()));
    let two = format!("{one} + sum(increase(late[$slot]))");
    for (bad, cpu, in_flight, field) in [
        (one, "rate(cpu_seconds_total[$slot])", None, "cpu"),
        (one, "cpu_seconds_total", Some("sum(requests_in_flight)"), "inFlight"),
        (two.as_str(), "cpu_seconds_total", None, "availability"),
    ] {
        let (reason, message) = refusal(bad, cpu, in_flight).unwrap_err();
        assert_eq!(reason, "ExpressionRefused");
        assert!(message.starts_with(&format!("spec.enforcement.capacity.{field}: ")), "{message}");
    }
}

#[test]
fn the_counters_of_throttling_are_refused_by_their_fields() {
    let (mut agreement, source) = declared();
    agreement.spec.service.workloads =
        serde_saphyr::from_str("[{apiVersion: apps/v1, kind: Deployment, name: web}]").unwrap();
    let mut refusal = |periods: &str, throttled: &str| {
        let throttling = serde_json::json!({"periods": periods, "throttled": throttled});
        let resize = serde_json::json!({"maxCpu": "2", "throttling": throttling});
        agreement.spec.enforcement.resize = Some(serde_json::from_value(resize).unwrap());
        recall(&agreement, Some(&source), &mut None).map(drop).map_err(|refusal| refusal.message)
    };
    assert_eq!(refusal("periods_total{container=\"web\"}", "throttled_total"), Ok(()));
    for (periods, throttled, field) in [
        ("rate(periods_total[$slot])", "throttled_total", "periods"),
        ("periods_total", "sum(throttled_total)", "throttled"),
    ] {
        let message = refusal(periods, throttled).unwrap_err();
        assert!(message.starts_with(&format!("spec.enforcement.resize.throttling.{field}: ")), "{message}");
    }
}

#[test]
fn members_and_values_are_asked_under_the_names_of_their_series() {
    let (mut agreement, source) = declared();
    agreement.spec.period = serde_saphyr::from_str("{rolling: 7d}").unwrap();
    let objectives = r#"
- name: pool
  measurement: {method: Pooled, badWhen: {allFail: true}}
  target: "99"
  indicator:
    members:
    - {name: a, ratio: {bad: 'sum(increase(r{code="500",q="a"}[$slot]))', total: 'sum(increase(r{q="a"}[$slot]))'}}
    - {name: b, latency: {histogram: h, threshold: 250ms}}
- name: lag
  measurement: {method: Value}
  target: "100"
  indicator: {value: {expression: 'max(max_over_time(lag_seconds[$slot]))', limit: 5s}}
"#;
    agreement.spec.objectives = serde_saphyr::from_str(objectives).unwrap();
    let terms = recall(&agreement, Some(&source), &mut None).unwrap();
    let asked = terms.asked(now());
    let names: Vec<_> = asked.iter().map(|asked| asked.objective.as_str()).collect();
    assert_eq!(names, ["pool/a", "pool/b", "lag"]);
    assert!(asked[0].indicator.ratio.is_some() && asked[1].indicator.latency.is_some());
    let queries = queries(&agreement, &source, IncreaseForm::Anchored);
    assert_eq!((queries["pool"].len(), queries["lag"].len()), (3, 1));

    let mut wrong = agreement.clone();
    let members = wrong.spec.objectives[0].indicator.members.as_mut().unwrap();
    members[0].ratio.as_mut().unwrap().total = "sum(increase(r[$slot]".to_owned();
    let refusal = recall(&wrong, Some(&source), &mut None).unwrap_err();
    assert!(refusal.message.starts_with("spec.objectives[0].indicator.members[0].ratio.total: "), "{refusal:?}");
    let mut deployed = agreement.clone();
    let members = deployed.spec.objectives[0].indicator.members.as_mut().unwrap();
    members[1].deployed = Some("sum(max_over_time(replicas{q=\"b\"}[$slot]))".to_owned());
    let terms = recall(&deployed, Some(&source), &mut None).unwrap();
    assert_eq!(
        terms.asked(now())[1].indicator.deployed,
        deployed.spec.objectives[0].indicator.members.as_ref().unwrap()[1].deployed
    );
    let told = self::queries(&deployed, &source, IncreaseForm::Anchored)["pool"].last().cloned().unwrap();
    assert!(told.starts_with("sum(max_over_time(replicas{"), "{told}");
    let members = deployed.spec.objectives[0].indicator.members.as_mut().unwrap();
    members[1].deployed = Some("max_over_time(replicas[$slot]) or vector(0)".to_owned());
    let refusal = recall(&deployed, Some(&source), &mut None).unwrap_err();
    assert!(refusal.message.starts_with("spec.objectives[0].indicator.members[1].deployed: "), "{refusal:?}");

    let mut reported = agreement.clone();
    reported.spec.objectives[1].indicator.value.as_mut().unwrap().expression = None;
    let refusal = recall(&reported, Some(&source), &mut None).unwrap_err();
    assert_eq!((refusal.reason, refusal.amendment), ("NotMeasured", None));
    let amendments = serde_json::json!([{"effective": "2026-02-01", "objectives": reported.spec.objectives}]);
    agreement.spec.amendments = serde_json::from_value(amendments).unwrap();
    agreement.spec.amendment_rule = Some(crate::api::amendment::AmendmentRule::Split);
    let refusal = recall(&agreement, Some(&source), &mut None).unwrap_err();
    assert_eq!((refusal.reason, refusal.amendment.as_deref()), ("NotMeasured", Some("2026-02-01")));
    let field = "spec.amendments[0].objectives[1].indicator.value.expression: ";
    assert!(refusal.message.starts_with(field), "{}", refusal.message);
}
