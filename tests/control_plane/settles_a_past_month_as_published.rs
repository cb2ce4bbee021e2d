//! Published cases, each as a month of counters or of single values in a real Prometheus: the operator meets agreements that are over, catches
//! up with the whole month and issues the statement that `guarantor settle` makes of the case and of the same store.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use futures::stream::{self, StreamExt, TryStreamExt};
use guarantor::api::ServiceLevelStatement;
use guarantor_testbed::wait::{Progress, wait_until};
use guarantor_testbed::{ControlPlane, Operator, Prometheus, PrometheusOptions, Series};
use jiff::Timestamp;
use kube::api::{Api, ListParams};
use serde_json::{Value, json};

use crate::backfill::{counters, values};
use crate::scenario::{Miss, Scenario};
use crate::stage::{cluster, operator_options};
use crate::{past, periods, recovery, uptime};

const NAMESPACE: &str = "settles-the-past";
/// What the operator may ask of the store, and its largest size, in kB: thirty rounds for a month of minutes, shared by
/// all agreements.
const MOST_REQUESTS: f64 = 2500.0;
const MOST_MEMORY: u64 = 400_000;

/// Cases that are compared at once: each runs the binary.
const AT_ONCE: usize = 3;

/// The cases, each with the length of its slots, and whether slots of that length can say what the case says.
const CASES: [(&str, &str, bool); 17] = [
    ("AZAUT-01", "5m", true),
    ("AZCDN-01", "5m", true),
    ("S3-04", "5m", true),
    ("S3-07", "5m", true),
    ("S3-15", "5m", true),
    ("DDB-03", "5m", true),
    ("AZST-01", "5m", true),
    ("GWS-04", "1m", true),
    ("GWS-07", "1m", true),
    ("RDS-04", "1m", true),
    ("GISP-01", "1m", true),
    ("GCF-01", "1m", true),
    ("GVX-01", "1m", true),
    ("EC2-04", "1m", true),
    ("AZSB-01", "1m", true),
    // Two objectives of one value each.
    ("RPO-01", "5m", true),
    // March in Berlin lacks an hour. Its outage ends within a minute, and its seconds count.
    ("DST-01", "1m", false),
];

/// A case as the cluster meets it.
struct Case {
    name: String,
    scenario: Scenario,
    comparable: bool,
    start: Timestamp,
    series: Vec<Series>,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_that_is_over_is_settled_as_it_was_published() -> Result<()> {
    let cluster = cluster().await?;
    cluster.create_namespace(NAMESPACE).await?;
    let begun = Instant::now();
    let mut cases = cases()?;
    cases.sort_by_key(|case| case.start);
    let store = Prometheus::start(PrometheusOptions { keeps_days: 3650, ..PrometheusOptions::default() }).await?;
    for case in &cases {
        store.remote_write(&case.series).await?;
    }
    let written = begun.elapsed();
    let source = past::source(&store, NAMESPACE);
    past::apply(cluster, &source).await?;
    for case in &cases {
        past::apply(cluster, &case.scenario.agreement).await?;
    }
    let begun = Instant::now();
    let operator = Operator::start(&operator_options(cluster, NAMESPACE).await?).await?;
    let issued = statements(cluster, &operator, cases.len()).await?;
    let caught_up = begun.elapsed();
    let (requests, memory) = (requests(&operator.metrics().await?), memory(operator.id())?);
    println!("written in {written:?}, settled in {caught_up:?}, {requests} requests, {memory} kB at the most");
    ensure!(requests > 0.0 && requests < MOST_REQUESTS, "{requests} requests");
    ensure!(memory < MOST_MEMORY, "{memory} kB");

    let begun = Instant::now();
    let compared = cases.iter().map(async |case| {
        let statement = issued.get(&case.name).with_context(|| format!("{}: no statement", case.name))?;
        compare(cluster, &store, &source, case, statement).await.with_context(|| case.name.clone())
    });
    stream::iter(compared).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    println!("compared in {:?}", begun.elapsed());
    Ok(())
}

fn cases() -> Result<Vec<Case>> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = std::fs::read_to_string(home.join("tests/cases/published-slas.yaml"))?;
    let file: Value = serde_saphyr::from_str(&file)?;
    let listed = file["cases"].as_array().context("no cases")?;
    let found = CASES.iter().map(|(id, slot, comparable)| {
        let case = listed.iter().find(|case| case["id"] == *id).with_context(|| format!("there is no case {id}"))?;
        let profile = &file["profiles"][case["profile"].as_str().unwrap_or_default()];
        self::case(case, profile, slot, *comparable).with_context(|| (*id).to_owned())
    });
    found.collect()
}

/// The agreement of a case, in force for its period only, about series of its own.
fn case(case: &Value, profile: &Value, slot: &str, comparable: bool) -> Result<Case> {
    let name = case["id"].as_str().unwrap_or_default().to_lowercase();
    let (mut scenario, zone, [start, end]) = if case["kind"] == "recovery_objective" {
        let month: [Timestamp; 2] = ["2025-06-01T00:00:00Z".parse()?, "2025-07-01T00:00:00Z".parse()?];
        (recovery::scenario(case).map_err(said)?, "UTC".to_owned(), month)
    } else {
        let period = periods::of(case).map_err(said)?;
        let end: Timestamp = case["period"]["end"].as_str().unwrap_or_default().parse()?;
        (uptime::scenario(case, profile).map_err(said)?, period.zone, [period.start, end])
    };
    let until = end.in_tz(&zone)?.date();
    scenario.agreement["metadata"] = json!({"name": name, "namespace": NAMESPACE});
    scenario.set("metrics", json!({"sourceRef": {"name": NAMESPACE}, "slot": slot}));
    scenario.set("validity", json!({"from": scenario.period, "until": until.to_string()}));
    scenario.set("enforcement", json!({"mode": "Observe"}));
    let objectives = scenario.agreement.pointer_mut("/spec/objectives").context("no objectives")?;
    let mut written = Vec::new();
    for measured in scenario.measurements["objectives"].as_array().into_iter().flatten() {
        let objective = objectives.as_array_mut().into_iter().flatten().find(|o| o["name"] == measured["name"]);
        let indicator = &mut objective.context("no such objective")?["indicator"];
        let part = measured["member"].as_str().or(measured["name"].as_str()).unwrap_or_default();
        let labels = [("namespace", NAMESPACE), ("case", &name), ("part", part)];
        let selector = format!("case=\"{name}\",part=\"{part}\"");
        if measured.get("values").is_some() {
            indicator["value"]["expression"] =
                json!(format!("max(max_over_time(observed_seconds{{{selector}}}[$slot]))"));
            written.push(values(&labels, measured)?);
            continue;
        }
        let place = match indicator["members"].as_array_mut() {
            Some(members) => members.iter_mut().find(|m| m["name"] == part).context("no such member")?,
            None => &mut *indicator,
        };
        place["ratio"] = json!({"bad": format!("sum(increase(errors_total{{{selector}}}[$slot]))"),
                                "total": format!("sum(increase(requests_total{{{selector}}}[$slot]))")});
        written.extend(counters(&labels, measured, start, end)?);
    }
    Ok(Case { name, scenario, comparable, start, series: written })
}

fn said(miss: Miss) -> anyhow::Error {
    match miss {
        Miss::NotExpressible(why) => anyhow::Error::msg(why).context("the case can not be expressed"),
        Miss::Failed(why) => anyhow::Error::msg(why).context("the case failed"),
    }
}

/// The statements, by the names of their agreements, once all are there.
async fn statements(
    cluster: &ControlPlane,
    operator: &Operator,
    count: usize,
) -> Result<BTreeMap<String, ServiceLevelStatement>> {
    let api: Api<ServiceLevelStatement> = Api::namespaced(cluster.client()?, NAMESPACE);
    let all = wait_until("all statements", past::CATCH_UP, async || {
        let found = api.list(&ListParams::default()).await?.items;
        let missing = count - found.len().min(count);
        Ok(if missing == 0 { Progress::Done(found) } else { Progress::pending(format!("{missing} are missing")) })
    })
    .await;
    let all = all.with_context(|| std::fs::read_to_string(operator.log()).unwrap_or_default())?;
    ensure!(all.len() == count, "{} statements of {count} periods", all.len());
    Ok(all.into_iter().map(|statement| (statement.spec.agreement.name.clone(), statement)).collect())
}

/// The requests that the operator sent to its stores.
fn requests(metrics: &str) -> f64 {
    let lines = metrics.lines().filter(|line| line.starts_with("guarantor_store_requests_total"));
    lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum()
}

/// The largest size of a process so far, in kB.
fn memory(process: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

async fn compare(
    cluster: &ControlPlane,
    store: &Prometheus,
    source: &Value,
    case: &Case,
    issued: &ServiceLevelStatement,
) -> Result<()> {
    let issued = serde_json::to_value(&issued.spec)?;
    if case.comparable {
        let folder = tempfile::tempdir()?;
        let settled = case.scenario.settle(folder.path()).map_err(said)?;
        let expected = settled.pointer("/periods/0/statement").cloned().unwrap_or_default();
        same_figures(&issued, &expected).context("the statement against the case's measurements")?;
    }
    let settle = async |manifests: &str| -> Result<Value> {
        let period = case.scenario.period.as_deref().unwrap_or_default();
        past::settle(store, manifests, period).await?.into_iter().next().context("no statement")
    };
    if ["AZCDN-01", "AZST-01", "GVX-01"].contains(&case.name.to_uppercase().as_str()) {
        // From what somebody wrote down: the same but for who asked whom.
        let settled = settle(&case.scenario.agreement.to_string()).await?;
        ensure!(without_evidence(&issued) == without_evidence(&settled), "issued {issued:#}\nsettled {settled:#}");
    }
    // From what is in the cluster: the same to the last digit of its digest.
    let arguments = ["get", "sla", &case.name, "-n", NAMESPACE, "-o", "yaml"];
    let stored = cluster.kubectl(&arguments).await?.ok()?;
    let settled = settle(&format!("{source}\n---\n{stored}")).await?;
    ensure!(issued == settled, "issued {issued:#}\nsettled {settled:#}");
    Ok(())
}

/// Objective by objective, what was attained and what is owed; and how much time was measured, whatever the slots.
fn same_figures(issued: &Value, expected: &Value) -> Result<()> {
    let pairs = objectives(issued).zip(objectives(expected));
    for (issued, expected) in pairs {
        for name in ["name", "target", "method", "state", "attainmentRatio", "attainment", "displayed", "coverage"] {
            ensure!(issued[name] == expected[name], "{name}: {} and not {}", issued[name], expected[name]);
        }
        for name in ["unknown", "excluded"] {
            let (issued, expected) = (&issued["slots"][name], &expected["slots"][name]);
            ensure!(issued == expected && *issued == 0, "{name} slots: {issued} and not {expected}");
        }
    }
    for name in ["period", "state", "credits"] {
        ensure!(issued[name] == expected[name], "{name}: {:#} and not {:#}", issued[name], expected[name]);
    }
    let (issued, expected) = (objectives(issued).count(), objectives(expected).count());
    ensure!(issued > 0 && issued == expected, "{issued} objectives and not {expected}");
    Ok(())
}

fn objectives(statement: &Value) -> impl Iterator<Item = &Value> {
    statement["objectives"].as_array().into_iter().flatten()
}

/// A statement but for who measured, for whom, and how it is signed.
fn without_evidence(statement: &Value) -> Value {
    let mut statement = statement.clone();
    for pointer in ["/agreement/uid", "/generation", "/evidence/source", "/evidence/ledgerDigest", "/digest"] {
        if let Some(value) = statement.pointer_mut(pointer) {
            *value = Value::Null;
        }
    }
    for objective in statement["objectives"].as_array_mut().into_iter().flatten() {
        objective["queries"] = Value::Null;
    }
    statement
}
