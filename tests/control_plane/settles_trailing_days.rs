//! Sixty days up to the end of each month, in a real Prometheus and over the change to summer time: the operator meets an
//! agreement that is over, and what it issues month by month is what `guarantor settle` makes of the same store. Anybody
//! can verify it from the ledgers of the months before.

use anyhow::{Context, Result, ensure};
use guarantor::api::ServiceLevelStatement;
use guarantor_testbed::wait::{Progress, wait_until};
use guarantor_testbed::{Operator, Prometheus, PrometheusOptions};
use kube::ResourceExt;
use kube::api::{Api, ListParams};
use serde_json::{Value, json};

use crate::accounts;
use crate::backfill::counters;
use crate::past;
use crate::stage::{cluster, operator_options};

const NAMESPACE: &str = "trailing-days";

#[tokio::test(flavor = "multi_thread")]
async fn settles_trailing_days_from_the_months_before() -> Result<()> {
    let cluster = cluster().await?;
    cluster.create_namespace(NAMESPACE).await?;
    let store = Prometheus::start(PrometheusOptions { keeps_days: 3650, ..PrometheusOptions::default() }).await?;
    // 70 bad minutes of March, in the windows of March and April; half of the requests of 20 minutes of May.
    let measured = json!({"outages": [
        {"from": "2025-03-10T10:00:00Z", "until": "2025-03-10T11:10:00Z", "errorRate": "1"},
        {"from": "2025-05-02T00:00:00Z", "until": "2025-05-02T00:20:00Z", "errorRate": "0.5"},
    ]});
    let (start, end) = ("2025-02-28T23:00:00Z".parse()?, "2025-05-31T22:00:00Z".parse()?);
    store.remote_write(&counters(&[("namespace", NAMESPACE)], &measured, start, end)?).await?;
    let source = past::source(&store, NAMESPACE);
    past::apply(cluster, &source).await?;
    past::apply(cluster, &agreement()).await?;
    let operator = Operator::start(&operator_options(cluster, NAMESPACE).await?).await?;
    let api: Api<ServiceLevelStatement> = Api::namespaced(cluster.client()?, NAMESPACE);
    let issued = wait_until("three statements", past::CATCH_UP, async || {
        let mut found = api.list(&ListParams::default()).await?.items;
        found.sort_by_key(|statement| statement.spec.period.start.0);
        Ok(if found.len() == 3 { Progress::Done(found) } else { Progress::pending(format!("{}", found.len())) })
    })
    .await
    .with_context(|| std::fs::read_to_string(operator.log()).unwrap_or_default())?;

    let told: Vec<_> = issued.iter().map(figures).collect();
    // A minute has 6000 requests; 60 days of Berlin have an hour less where summer time begins in them.
    let expected = [
        ("2025-02-28T23:00:00Z".to_owned(), 0, "267480000", "420000", "40.00"),
        ("2025-03-01T23:00:00Z".to_owned(), 1, "518040000", "420000", "0.00"),
        ("2025-04-01T22:00:00Z".to_owned(), 1, "518400000", "60000", "0.00"),
    ];
    let expected: Vec<_> = expected
        .into_iter()
        .map(|(from, n, total, bad, owed)| (from, n, [total, bad, owed].map(str::to_owned)))
        .collect();
    ensure!(told == expected, "{told:#?}");

    let stored = cluster.kubectl(&["get", "sla", "shop", "-n", NAMESPACE, "-o", "yaml"]).await?.ok()?;
    let settled = past::settle(&store, &format!("{source}\n---\n{stored}"), "2025").await?;
    let issued_specs: Vec<Value> =
        issued.iter().map(|statement| serde_json::to_value(&statement.spec)).collect::<Result<_, _>>()?;
    ensure!(issued_specs == settled, "issued {issued_specs:#?}\nsettled {settled:#?}");
    for statement in &issued {
        accounts::verified(cluster, NAMESPACE, &statement.name_any()).await?;
    }
    Ok(())
}

/// Since when was judged, from how many months before, and the counts with what is owed.
fn figures(statement: &ServiceLevelStatement) -> (String, usize, [String; 3]) {
    let spec = &statement.spec;
    let judged = spec.judged_time().start.0.to_string();
    let counts = spec.objectives.first().map(|o| (o.total_events.clone(), o.bad_events.clone())).unwrap_or_default();
    let owed = spec.credits.as_ref().map(|credits| credits.amount.clone()).unwrap_or_default();
    (judged, spec.evidence.earlier.len(), [counts.0, counts.1, owed])
}

fn agreement() -> Value {
    json!({
        "apiVersion": "guarantor.dev/v1alpha1",
        "kind": "ServiceLevelAgreement",
        "metadata": {"name": "shop", "namespace": NAMESPACE},
        "spec": {
            "service": {"name": "shop"},
            "metrics": {"sourceRef": {"name": NAMESPACE}, "slot": "5m"},
            "timeZone": "Europe/Berlin",
            "validity": {"from": "2025-03-01", "until": "2025-06-01"},
            "period": {"trailing": {"days": 60, "every": "Month"}},
            "enforcement": {"mode": "Observe"},
            "objectives": [{
                "name": "availability",
                "indicator": {"ratio": {
                    "bad": "sum(increase(errors_total[$slot]))",
                    "total": "sum(increase(requests_total[$slot]))",
                }},
                "target": "99.85",
            }],
            "credits": {
                "fee": {"amount": "400.00", "currency": "EUR"},
                "tiers": [{"objective": "availability", "below": "99.85", "percentOfFee": "10"}],
            },
        },
    })
}
