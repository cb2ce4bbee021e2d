//! `guarantor settle --prometheus` on a real store.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::LazyLock;

use guarantor_testbed::{Prometheus, PrometheusOptions, Series};
use k8s_openapi::jiff::Timestamp;
use serde_json::{Value, json};

const DAY: i64 = 86_400;
/// Requests of a minute, and how many of them fail.
const REQUESTS: [(&str, i32); 2] = [("200", 9), ("500", 1)];

/// Midnight before this many days, and the day.
fn midnight(days_ago: i64) -> (Timestamp, String) {
    // The same all through the run, should midnight pass in it.
    static TODAY: LazyLock<i64> = LazyLock::new(|| Timestamp::now().as_second().div_euclid(DAY));
    let at = Timestamp::from_second((*TODAY - days_ago) * DAY).unwrap();
    (at, at.strftime("%Y-%m-%d").to_string())
}

/// The day before yesterday in two namespaces, a scrape a minute.
async fn store() -> Prometheus {
    store_of(1, PrometheusOptions::default()).await
}

/// So many days up to the day before yesterday, all alike.
async fn store_of(days: i64, options: PrometheusOptions) -> Prometheus {
    let prometheus = Prometheus::start(options).await.unwrap();
    let start = midnight(days + 1).0.as_second();
    let mut history = Vec::new();
    for namespace in ["shop", "bank"] {
        for (code, each) in REQUESTS {
            let mut series = Series::new("requests_total").label("namespace", namespace).label("code", code);
            for minute in -10..days * DAY / 60 {
                let at = Timestamp::from_second(start + minute * 60 + 15).unwrap();
                series.push(at, f64::from(each * i32::try_from((minute + 1).max(0)).unwrap()));
            }
            history.push(series);
        }
    }
    prometheus.remote_write(&history).await.unwrap();
    prometheus
}

fn agreement() -> Value {
    json!({
        "apiVersion": "guarantor.dev/v1alpha1",
        "kind": "ServiceLevelAgreement",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {
            "service": {"name": "web"},
            "metrics": {"sourceRef": {"name": "main"}, "slot": "1m"},
            "period": {"rolling": "1d"},
            "validity": {"from": midnight(3).1},
            "objectives": [{
                "name": "availability",
                "indicator": {"ratio": {
                    "bad": "sum(increase(requests_total{code=\"500\"}[$slot]))",
                    "total": "sum(increase(requests_total[$slot]))",
                }},
                "target": "95",
            }],
        },
    })
}

fn source(namespace: &str) -> Value {
    json!({
        "apiVersion": "guarantor.dev/v1alpha1",
        "kind": "MetricsSource",
        "metadata": {"name": "main"},
        "spec": {"url": "http://prometheus.monitoring:9090", "tenants": [{"namespace": namespace}]},
    })
}

fn settle(url: &str, manifests: &[Value], period: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("agreement.yaml");
    let text: Vec<String> = manifests.iter().map(|manifest| format!("---\n{manifest:#}\n")).collect();
    std::fs::write(&file, text.concat()).unwrap();
    Command::new(Path::new(env!("CARGO_BIN_EXE_guarantor")))
        .args(["settle", "-o", "json", "--prometheus", url, "--period", period, "--agreement"])
        .arg(&file)
        .output()
        .unwrap()
}

fn objective(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    report.pointer("/periods/0/statement/objectives/0").unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_settled_from_the_store_and_confined_to_what_its_source_admits() {
    let store = store().await;
    let day = midnight(2).1;
    let all = objective(&settle(&store.url(), &[agreement()], &day));
    assert_eq!((&all["totalEvents"], &all["badEvents"]), (&json!("28800"), &json!("2880")), "{all:#}");
    let own = objective(&settle(&store.url(), &[agreement(), source("shop")], &day));
    assert_eq!((&own["totalEvents"], &own["badEvents"]), (&json!("14400"), &json!("1440")), "{own:#}");
    assert_eq!((&own["attainmentRatio"], &own["state"]), (&json!("9/10"), &json!("Violated")));
    assert_eq!(own["slots"]["measured"], 1440);
    // Nobody scraped it the day before.
    let before = objective(&settle(&store.url(), &[agreement()], &midnight(3).1));
    assert_eq!((&before["state"], &before["slots"]["unknown"]), (&json!("NotDetermined"), &json!(1430)), "{before:#}");
}

/// Minutes after midnight in which the machine was deployed, and in which all its attempts failed.
const DEPLOYED: std::ops::Range<i64> = 600..900;
const DOWN: std::ops::Range<i64> = 700..715;

/// A machine that was deployed for five hours of the day before yesterday. Whoever counts machines kept counting another
/// one, apart from two hours in the evening.
async fn machines() -> Prometheus {
    let prometheus = Prometheus::start(PrometheusOptions::default()).await.unwrap();
    let start = midnight(2).0.as_second();
    let series = |name: &str| Series::new(name).label("namespace", "shop");
    let mut attempts = ["ok", "failed"].map(|result| series("attempts_total").label("result", result));
    let mut machines = ["a", "b"].map(|machine| series("machine_running").label("machine", machine));
    let mut sums = [0.0, 0.0];
    for minute in -10..DAY / 60 {
        let at = Timestamp::from_second(start + minute * 60 + 15).unwrap();
        if DEPLOYED.contains(&minute) {
            sums[usize::from(DOWN.contains(&minute))] += 4.0;
            machines[0].push(at, 1.0);
        }
        for (series, sum) in attempts.iter_mut().zip(sums) {
            series.push(at, sum);
        }
        if !(1_200..1_320).contains(&minute) {
            machines[1].push(at, 1.0);
        }
    }
    let all: Vec<Series> = attempts.into_iter().chain(machines).collect();
    prometheus.remote_write(&all).await.unwrap();
    prometheus
}

#[tokio::test(flavor = "multi_thread")]
async fn time_in_which_nothing_was_deployed_is_no_time_of_the_service() {
    let store = machines().await;
    let day = midnight(2).1;
    let settled = |deployed: Option<&str>, denominator: &str| {
        let mut agreement = agreement();
        let objective = &mut agreement["spec"]["objectives"][0];
        objective["indicator"] = json!({"ratio": {
            "bad": "sum(increase(attempts_total{result=\"failed\"}[$slot]))",
            "total": "sum(increase(attempts_total[$slot]))",
        }});
        if let Some(deployed) = deployed {
            objective["indicator"]["deployed"] = json!(deployed);
        }
        objective["measurement"] =
            json!({"method": "BadMinutes", "badWhen": {"allFail": true}, "denominator": denominator});
        let objective = self::objective(&settle(&store.url(), &[agreement, source("shop")], &day));
        // What there is none of is not in the statement.
        let number = |state| objective["slots"][state].as_i64().unwrap_or_default();
        let slots = ["measured", "noTraffic", "notDeployed", "unknown"].map(number);
        (objective["attainmentRatio"].clone(), slots)
    };
    let counted = "count(last_over_time(machine_running{machine=\"a\"}[$slot]))";
    let witnessed = format!("{counted} or 0 * count(last_over_time(machine_running[$slot]))");
    // 15 of 300 minutes in which it was deployed, of the others two hours in which nobody counted.
    let told = [300, 0, 1020, 120];
    assert_eq!(settled(Some(&witnessed), "Deployed"), (json!("19/20"), told));
    assert_eq!(settled(Some(&witnessed), "Calendar"), (json!("87/88"), told), "15 of 1,320 known ones");
    // Without a witness nobody knows; without a question it idled.
    assert_eq!(settled(Some(counted), "Deployed").1, [300, 0, 0, 1140]);
    assert_eq!(settled(None, "Deployed"), (json!("95/96"), [300, 1140, 0, 0]));
}

/// Five days, each of which misses; a cap on all that is granted, and the right to end the agreement after five misses in
/// a row.
fn with_credits(cap: &str) -> Value {
    let mut agreement = agreement();
    agreement["spec"]["validity"]["from"] = json!(midnight(6).1);
    agreement["spec"]["credits"] = json!({
        "fee": {"amount": "100.00", "currency": "EUR"},
        "tiers": [{"objective": "availability", "below": "95", "amount": "30.00"}],
        "remedies": [{"name": "end", "objective": "availability", "terminationRight": {"missedPeriods": 5}}],
        cap: {"amount": "130.00"},
    });
    agreement
}

fn settled(output: &Output) -> (Vec<Value>, String) {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let periods = report["periods"].as_array().unwrap().iter();
    (periods.map(|period| period["statement"]["credits"].clone()).collect(), said)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_day_rests_on_is_read_from_the_store() {
    let store = store_of(5, PrometheusOptions::default()).await;
    let of = |agreement: &Value, days_ago: i64| {
        let output = settle(&store.url(), &[agreement.clone(), source("shop")], &midnight(days_ago).1);
        let (mut credits, said) = settled(&output);
        assert_eq!(credits.len(), 1, "only the day that is named is told of");
        (credits.remove(0), said)
    };
    let by_contract = with_credits("capPerContract");
    for (days_ago, owed) in [(6, "30.00"), (5, "30.00"), (4, "30.00"), (3, "30.00"), (2, "10.00")] {
        let (credits, said) = of(&by_contract, days_ago);
        let missed = credits["facts"]["missedInARow"][0]["periods"].as_i64().unwrap_or_default();
        assert_eq!((&credits["amount"], missed, said.as_str()), (&json!(owed), 6 - days_ago, ""));
        assert_eq!(credits["terminationRight"].as_bool(), (days_ago == 2).then_some(true));
    }
    // The agreement began within the last year, so that its year is all of it.
    let (by_year, _) = of(&with_credits("capPerYear"), 2);
    assert_eq!(by_year["amount"], json!("10.00"));
    // A day that was kept ends the row, and nothing before it is of account.
    let mut kept = with_credits("cap");
    kept["spec"]["amendmentRule"] = json!("NextPeriod");
    kept["spec"]["credits"]["tiers"][0]["below"] = json!("75");
    let mut lax = kept["spec"]["objectives"].clone();
    lax[0]["target"] = json!("80");
    let strict = kept["spec"]["objectives"].clone();
    kept["spec"]["amendments"] = json!([{"effective": midnight(4).1, "objectives": lax},
        {"effective": midnight(3).1, "objectives": strict}]);
    let (credits, _) = of(&kept, 2);
    assert_eq!(credits["facts"]["missedInARow"][0]["periods"], json!(1), "{credits:#}");
    // Nobody says when the agreement began.
    let mut open = by_contract;
    open["spec"].as_object_mut().unwrap().remove("validity");
    open["spec"]["period"] = json!({"calendar": "Month"});
    let month = midnight(40).1;
    let (_, said) = of(&open, 40);
    assert!(said.contains("the agreement names no spec.validity.from"), "{month}: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_store_no_longer_has_of_the_past_is_said() {
    let store = store_of(2, PrometheusOptions { keeps_days: 3, ..PrometheusOptions::default() }).await;
    let agreement = with_credits("capPerContract");
    let (credits, said) = settled(&settle(&store.url(), &[agreement, source("shop")], &midnight(2).1));
    assert_eq!(credits[0]["amount"], json!("30.00"));
    assert!(said.contains("the store keeps nothing from before") && said.lines().count() == 1, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_settled_is_said() {
    let store = store().await;
    let day = midnight(2).1;
    let refused = |url: &str, manifests: &[Value], period: &str, words: &str| {
        let output = settle(url, manifests, period);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(words), "{said}");
    };
    refused(&store.url(), &[agreement()], &midnight(-1).1, "the period is not over before");
    refused("http://127.0.0.1:1", &[agreement()], &day, "--prometheus http://127.0.0.1:1: ");
}
