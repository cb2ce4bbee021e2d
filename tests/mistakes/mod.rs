//! Manifests with one mistake each, for whoever is to find it: the API server, and `guarantor check`.

#![allow(clippy::unwrap_used, clippy::panic)]

mod accepted;
mod capacity;
mod connections;
mod declared;
mod upstream;

use serde_json::{Value, json};

pub use accepted::agreement;
pub use declared::{claim, exclusion, of_claims, of_exclusions};

/// One mistake: where, what stands there instead (`null`: nothing), the field that is to be named, and what the API
/// server's message contains besides.
pub type Mistake = (&'static str, Value, &'static str, &'static [&'static str]);

/// A metrics source that is accepted.
pub fn source() -> Value {
    json!({
        "apiVersion": "guarantor.dev/v1alpha1",
        "kind": "MetricsSource",
        "metadata": {"name": "broken"},
        "spec": {
            "url": "https://metrics.example.com/prometheus",
            "auth": {"bearerToken": {"secret": "token", "key": "token"}},
            "headers": [{"name": "X-Scope-OrgID", "value": "production"}],
            "tenants": [{"namespace": "shop"}]
        }
    })
}

/// A manifest with the mistake in it.
pub fn broken(sound: &Value, (pointer, value, ..): &Mistake) -> Value {
    let mut manifest = sound.clone();
    put(&mut manifest, pointer, value.clone());
    manifest
}

/// Puts the mistake in. The pointer's parent exists; a list grows by one at its length.
fn put(manifest: &mut Value, pointer: &str, value: Value) {
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    let parent = manifest.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer} has no parent"));
    match parent {
        Value::Object(fields) if value.is_null() => assert!(fields.remove(field).is_some(), "{pointer} is not there"),
        Value::Object(fields) => drop(fields.insert(field.to_owned(), value)),
        Value::Array(items) if field.parse() == Ok(items.len()) => items.push(value),
        _ => panic!("{pointer} is not a field"),
    }
}

/// What can be wrong with [`agreement`].
pub fn of_agreements() -> Vec<Mistake> {
    [
        of_objectives(),
        of_periods_and_credits(),
        of_grants(),
        of_enforcement(),
        capacity::of_capacity(),
        connections::of_connections(),
        upstream::of_upstream_and_shedding(),
    ]
    .concat()
}

fn of_objectives() -> Vec<Mistake> {
    vec![
        ("/spec/objectives/0/target", json!("100.1"), "spec.objectives[0].target", &[]),
        ("/spec/objectives/0/target", json!("-1"), "spec.objectives[0].target", &[]),
        ("/spec/objectives/0/target", json!(99.9), "spec.objectives[0].target", &["must be of type string"]),
        ("/spec/objectives/0/target", json!("99.9%"), "spec.objectives[0].target", &[]),
        ("/spec/objectives/1/target", json!("0"), "spec.objectives[1].target", &["must be above 0"]),
        ("/spec/objectives/1/name", json!("availability"), "spec.objectives[1]", &["Duplicate value"]),
        ("/spec/objectives/1/name", json!("Latency"), "spec.objectives[1].name", &[]),
        ("/spec/objectives", json!([]), "spec.objectives", &["at least 1 items"]),
        (
            "/spec/objectives/0/indicator/ratio/good",
            json!("sum(increase(ok_total[$slot]))"),
            "spec.objectives[0].indicator.ratio",
            &["spec.objectives[].indicator.ratio must have exactly one of good and bad"],
        ),
        (
            "/spec/objectives/0/indicator/ratio/bad",
            Value::Null,
            "spec.objectives[0].indicator.ratio",
            &["spec.objectives[].indicator.ratio must have exactly one of good and bad"],
        ),
        (
            "/spec/objectives/0/indicator/ratio",
            Value::Null,
            "spec.objectives[0].indicator",
            &["spec.objectives[].indicator must have exactly one of"],
        ),
        (
            "/spec/objectives/0/indicator/deployed",
            json!("sum(max_over_time(replicas[$slot]))"),
            "spec.objectives[0].indicator",
            &["spec.objectives[].indicator.deployed belongs to the method BadMinutes"],
        ),
        (
            "/spec/objectives/0/indicator/latency",
            json!({"histogram": "duration_seconds", "threshold": "1s"}),
            "spec.objectives[0].indicator",
            &["spec.objectives[].indicator must have exactly one of"],
        ),
        (
            "/spec/objectives/0/indicator/ratio/total",
            json!("sum(increase(requests_total[5m]))"),
            "spec.objectives[0].indicator.ratio.total",
            &["write [$slot] as its range"],
        ),
        (
            "/spec/objectives/0/indicator/ratio/bad",
            json!("sum(increase(errors_total[5m]))"),
            "spec.objectives[0].indicator.ratio.bad",
            &["write [$slot] as its range"],
        ),
        (
            "/spec/objectives/1/indicator/latency/threshold",
            json!("0.25"),
            "spec.objectives[1].indicator.latency.threshold",
            &[],
        ),
        (
            "/spec/objectives/1/indicator/latency/histogram",
            json!("duration-seconds"),
            "spec.objectives[1].indicator.latency.histogram",
            &[],
        ),
    ]
}

fn of_periods_and_credits() -> Vec<Mistake> {
    let tier = |objective: &str, below: &str, percent: &str| json!({"objective": objective, "below": below, "percentOfFee": percent});
    vec![
        ("/spec/period/rolling", json!("30d"), "spec.period", &["spec.period must have exactly one of"]),
        ("/spec/period", json!({}), "spec.period", &["spec.period must have exactly one of"]),
        ("/spec/period/calendar", json!("Week"), "spec.period.calendar", &["\"Month\", \"Quarter\", \"Year\""]),
        ("/spec/period", json!({"rolling": "a month"}), "spec.period.rolling", &[]),
        ("/spec/metrics/slot", json!("2m"), "spec.metrics.slot", &["Unsupported value"]),
        ("/spec/metrics/sourceRef", Value::Null, "spec.metrics.sourceRef", &["Required value"]),
        (
            "/spec/validity/until",
            json!("2025-12-31"),
            "spec.validity.until",
            &["spec.validity.until must be a later day"],
        ),
        ("/spec/validity/from", json!("01.01.2026"), "spec.validity.from", &[]),
        ("/spec/ending", json!({}), "spec.ending", &["spec.ending must have noticeOn or severeBreach"]),
        (
            "/spec/ending",
            json!({"noticeOn": "2026-11-01"}),
            "spec.ending.noticeOn",
            &["spec.ending.noticeOn goes with spec.settlement.terminationNoticeDays"],
        ),
        (
            "/spec/ending",
            json!({"severeBreach": true}),
            "spec.ending.severeBreach",
            &["spec.ending.severeBreach goes with spec.settlement.deposit"],
        ),
        (
            "/spec/type",
            json!("Internal"),
            "spec.credits",
            &["spec.credits must be left out where spec.type is Internal"],
        ),
        ("/spec/credits/fee/currency", json!("Euro"), "spec.credits.fee.currency", &[]),
        ("/spec/credits/fee/amount", json!("4,000"), "spec.credits.fee.amount", &[]),
        (
            "/spec/credits/tiers/2",
            tier("errors", "99", "5"),
            "spec.credits.tiers",
            &["spec.credits.tiers[].objective must be the name"],
        ),
        (
            "/spec/credits/tiers/2",
            tier("latency", "99.5", "5"),
            "spec.credits.tiers",
            &["spec.credits.tiers[].below must not be above"],
        ),
        (
            "/spec/credits/tiers/2",
            tier("availability", "99.00", "30"),
            "spec.credits.tiers",
            &["spec.credits.tiers[].below must differ"],
        ),
        (
            "/spec/credits/tiers/2",
            tier("availability", "95", "20"),
            "spec.credits.tiers",
            &["spec.credits.tiers[].percentOfFee must not be smaller"],
        ),
        (
            "/spec/credits/tiers/0/atMost",
            json!("99.9"),
            "spec.credits.tiers[0]",
            &["spec.credits.tiers[] must have exactly one of below and atMost"],
        ),
        ("/spec/credits/tiers/0/above", json!("99,0"), "spec.credits.tiers[0].above", &[]),
        (
            "/spec/credits/tiers/1/serviceDays",
            json!(3),
            "spec.credits.tiers[1]",
            &["spec.credits.tiers[] must have exactly one of percentOfFee, serviceDays"],
        ),
        ("/spec/credits/tiers/2", tier("latency", "90", "0"), "spec.credits.tiers[2].percentOfFee", &[]),
        ("/spec/credits/tiers/2", tier("latency", "90", "101"), "spec.credits.tiers[2].percentOfFee", &[]),
    ]
}

fn of_grants() -> Vec<Mistake> {
    let rewards = |rule: Value| {
        let mut rewards = json!({"basis": "Attainment", "tiers": [{"atLeast": "99.99", "percent": "1"}]});
        rewards.as_object_mut().unwrap().extend(rule.as_object().unwrap().clone());
        rewards
    };
    vec![
        (
            "/spec/credits/tiers/0/above",
            json!("99.9"),
            "spec.credits.tiers[0]",
            &["spec.credits.tiers[]: no attainment lies between the lower and the upper bound"],
        ),
        (
            "/spec/credits/tiers/2",
            json!({"objective": "latency", "atMost": "99.1", "percentOfFee": "5"}),
            "spec.credits.tiers",
            &["must not be above the target of its objective, nor atMost"],
        ),
        (
            "/spec/credits/tiers/2",
            json!({"objective": "latency", "below": "90", "amount": "0.00"}),
            "spec.credits.tiers[2].amount",
            &["spec.credits.tiers[].amount must be above 0"],
        ),
        (
            "/spec/credits/tiers/2",
            json!({"objective": "latency", "below": "90", "multipleOfDailyUsage": "2"}),
            "spec.credits.dailyUsage",
            &["spec.credits.dailyUsage must be given"],
        ),
        (
            "/spec/credits/furtherFees",
            json!([{"amount": "1.00", "currency": "EUR"}]),
            "spec.credits.furtherFees",
            &["must be another one than spec.credits.fee.currency"],
        ),
        (
            "/spec/credits/remedies",
            json!([{"name": "each", "objective": "latency"}]),
            "spec.credits.remedies[0]",
            &["spec.credits.remedies[] must have exactly one of proportional"],
        ),
        (
            "/spec/credits/remedies",
            json!([{"name": "each", "objective": "errors", "perIncident": {"amount": "1.00"}}]),
            "spec.credits.remedies",
            &["spec.credits.remedies[].objective must be the name"],
        ),
        (
            "/spec/credits/rewards",
            rewards(json!({"objective": "errors"})),
            "spec.credits.rewards",
            &["spec.credits.rewards.objective must be the name"],
        ),
        (
            "/spec/credits/rewards",
            rewards(json!({"objective": "latency", "scale": "Marginal"})),
            "spec.credits.rewards.scale",
            &["spec.credits.rewards.scale Marginal goes with the basis Volume"],
        ),
        (
            "/spec/credits/rewards",
            rewards(json!({})),
            "spec.credits.rewards.objective",
            &["spec.credits.rewards.objective must be given with the basis Attainment"],
        ),
    ]
}

fn of_enforcement() -> Vec<Mistake> {
    let second_workload = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "cart"});
    vec![
        (
            "/spec/enforcement/scale/min",
            json!(21),
            "spec.enforcement.scale.min",
            &["spec.enforcement.scale.min must not be above spec.enforcement.scale.max"],
        ),
        ("/spec/enforcement/scale/min", json!(0), "spec.enforcement.scale.min", &[]),
        (
            "/spec/enforcement",
            json!({"mode": "Enforce"}),
            "spec.enforcement.scale",
            &["spec.enforcement.scale must be given"],
        ),
        (
            "/spec/service/workloads/0/kind",
            json!("StatefulSet"),
            "spec.enforcement.rollback",
            &["spec.enforcement.rollback goes with a Deployment"],
        ),
        (
            "/spec/service/workloads/0/kind",
            json!("StatefulSet"),
            "spec.enforcement.reschedule",
            &["spec.enforcement.reschedule goes with a workload that keeps its pods by a ReplicaSet"],
        ),
        (
            "/spec/enforcement",
            json!({"mode": "Enforce", "rollback": {}, "reschedule": {}}),
            "spec.enforcement.reschedule",
            &["spec.enforcement.reschedule needs spec.enforcement.scale"],
        ),
        ("/spec/enforcement/reschedule", json!({"perDay": 25}), "spec.enforcement.reschedule.perDay", &[]),
        ("/spec/enforcement/reschedule", json!({"minAge": "old"}), "spec.enforcement.reschedule.minAge", &[]),
        (
            "/spec/enforcement/resize",
            json!({"maxCpu": "0"}),
            "spec.enforcement.resize.maxCpu",
            &["spec.enforcement.resize.maxCpu must be above 0"],
        ),
        ("/spec/enforcement/resize", json!({"maxCpu": "500m"}), "spec.enforcement.resize.maxCpu", &[]),
        ("/spec/enforcement/resize", json!({"maxCpu": "2", "perDay": 65}), "spec.enforcement.resize.perDay", &[]),
        (
            "/spec/enforcement/resize",
            json!({"maxCpu": "2", "container": "Web"}),
            "spec.enforcement.resize.container",
            &[],
        ),
        (
            "/spec/enforcement/reschedule",
            json!({"avoidNode": {"ttl": "1d"}}),
            "spec.enforcement.reschedule.avoidNode.ttl",
            &["spec.enforcement.reschedule.avoidNode.ttl must be from 5m to 240m or from 1h to 4h"],
        ),
        (
            "/spec/enforcement/reschedule",
            json!({"avoidNode": {"perDay": 11}}),
            "spec.enforcement.reschedule.avoidNode.perDay",
            &[],
        ),
        ("/spec/enforcement/rollback", json!({"perDay": 0}), "spec.enforcement.rollback.perDay", &[]),
        ("/spec/enforcement/rollback", json!({"servedFor": "long"}), "spec.enforcement.rollback.servedFor", &[]),
        ("/spec/enforcement/mode", json!("Force"), "spec.enforcement.mode", &["Unsupported value"]),
        ("/spec/enforcement/cooldown", json!("soon"), "spec.enforcement.cooldown", &[]),
        (
            "/spec/service/workloads",
            json!([]),
            "spec.service.workloads",
            &["spec.service.workloads must name the workload"],
        ),
        ("/spec/service/workloads/1", second_workload, "spec.service.workloads", &["at most 1 item"]),
        (
            "/spec/missingData",
            json!({"treatAs": "Exclude", "minimumCoverage": "150"}),
            "spec.missingData.minimumCoverage",
            &[],
        ),
        ("/spec/enforcment", json!({"mode": "Enforce"}), "spec.enforcment", &["unknown field \"spec.enforcment\""]),
    ]
}

/// What can be wrong with [`source`].
pub fn of_metrics_sources() -> Vec<Mistake> {
    vec![
        ("/spec/tenants", json!([]), "spec.tenants", &["at least 1 items"]),
        ("/spec/tenants", Value::Null, "spec.tenants", &["Required value"]),
        ("/spec/tenants/1", json!({"namespace": "shop"}), "spec.tenants[1]", &["Duplicate value"]),
        ("/spec/tenants/1", json!({"namespace": "cart", "matchers": []}), "spec.tenants[1].matchers", &[]),
        ("/spec/tenants/1", json!({"namespace": "team-*"}), "spec.tenants[1].namespace", &[]),
        (
            "/spec/headers/1",
            json!({"name": "authorization", "value": "Bearer x"}),
            "spec.headers[1].name",
            &["put credentials into spec.auth"],
        ),
        (
            "/spec/url",
            json!("http://metrics.example.com"),
            "spec.auth",
            &["spec.auth would be sent in clear text", "spec.allowPlainTextCredentials"],
        ),
        ("/spec/url", json!("metrics.example.com:9090"), "spec.url", &[]),
        ("/spec/url", json!("https://metrics.example.com/?a=b"), "spec.url", &[]),
        (
            "/spec/url",
            json!("https://me:secret@metrics.example.com"),
            "spec.url",
            &["spec.url must not carry a user name"],
        ),
        ("/spec/auth/basic", json!({"secret": "login"}), "spec.auth", &["spec.auth must have exactly one of"]),
        ("/spec/auth", json!({}), "spec.auth", &["spec.auth must have exactly one of"]),
        ("/spec/timeout", json!("10"), "spec.timeout", &[]),
        ("/spec/limits", json!({"concurrency": 0}), "spec.limits.concurrency", &[]),
    ]
}
