//! Mode `Recommend`: the operator says what it would do, and writes nothing but its own resources, its lease and Events.

use anyhow::Result;
use guarantor::api::condition::ENFORCING;
use guarantor_testbed::AuditEvent;
use guarantor_testbed::manifest::Autoscaler;
use guarantor_testbed::plant::load::Load;
use guarantor_testbed::wait::{Progress, wait_until};

use crate::stage::{PATIENCE, SYSTEM, Stage, condition, latency_agreement};

const NAMESPACE: &str = "recommends";

#[tokio::test(flavor = "multi_thread")]
async fn recommends_without_changing_anything() -> Result<()> {
    let stage = Stage::open_audited(NAMESPACE).await?;
    stage.apply(&Autoscaler::new(NAMESPACE, 3, 12)).await?;
    stage.apply(&latency_agreement(NAMESPACE, "Recommend")).await?;
    stage.until_calm("storefront").await?;
    stage.shop.storefront.set_load(Load::Constant(70.0))?;
    let says = stage
        .until("storefront", "a recommendation", |s| {
            condition(s, ENFORCING).filter(|c| c.reason == "Recommends").cloned()
        })
        .await?;
    assert_eq!(says.status, "False", "it does not enforce");
    let words = "would raise the floor of HorizontalPodAutoscaler storefront (3 -> ";
    assert!(says.message.starts_with(words), "{}", says.message);
    wait_until("the Event", PATIENCE, async || {
        let path = "jsonpath={range .items[*]}{.reason}: {.note}{\"\\n\"}{end}";
        let arguments = ["get", "events.events.k8s.io", "-n", NAMESPACE, "-o", path];
        let events = stage.cluster.kubectl(&arguments).await?.ok()?;
        let told = events.lines().any(|line| line.starts_with(&format!("EnforcementChanged: {words}")));
        Ok(if told { Progress::Done(()) } else { Progress::Pending(events) })
    })
    .await?;

    assert_eq!(stage.status("storefront").await?.actions, []);
    let mut written: Vec<_> = stage.requests(NAMESPACE)?.into_iter().filter(AuditEvent::is_write).collect();
    written.extend(stage.requests(SYSTEM)?.into_iter().filter(AuditEvent::is_write));
    let allowed = |group: &str, resource: &str| {
        matches!((group, resource), ("guarantor.dev", _) | ("events.k8s.io", "events"))
            || (group, resource) == ("coordination.k8s.io", "leases")
    };
    let others: Vec<_> = written.iter().filter(|e| !allowed(&e.group, &e.resource)).collect();
    assert!(others.is_empty(), "{others:#?}");
    let seen = |resource: &str| written.iter().any(|e| e.resource == resource);
    assert!(seen("servicelevelagreements") && seen("leases"), "the account is the one that writes: {written:#?}");
    Ok(())
}
