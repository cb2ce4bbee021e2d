//! The account as the API server keeps it, read back and checked as an auditor would: from the stored objects alone.

use std::fmt::Display;

use anyhow::{Context, Result, ensure};
use guarantor::api::agreement_status::AgreementStatus;
use guarantor::api::{ServiceLevelLedger, ServiceLevelStatement};
use guarantor::evaluate::count::Count;
use guarantor::evaluate::slot::Slot;
use guarantor::evaluate::{statement, stored_ledger};
use guarantor_testbed::ControlPlane;
use guarantor_testbed::manifest::Agreement;
use guarantor_testbed::wait::{Progress, wait_until};
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;
use kube::api::{Api, ListParams};
use tokio::process::Command;

use crate::stage::{PATIENCE, Stage};

/// The statements of a namespace, the oldest period first.
pub async fn statements(stage: &Stage) -> Result<Vec<ServiceLevelStatement>> {
    let api: Api<ServiceLevelStatement> = Api::namespaced(stage.cluster.client()?, &stage.shop.namespace);
    let mut found = api.list(&ListParams::default()).await?.items;
    found.sort_by_key(|s| (s.spec.period.start.0, s.spec.revision));
    Ok(found)
}

/// The ledgers of any namespace, the oldest period first.
pub async fn ledgers(stage: &Stage, namespace: &str) -> Result<Vec<ServiceLevelLedger>> {
    let api: Api<ServiceLevelLedger> = Api::namespaced(stage.cluster.client()?, namespace);
    let mut found = api.list(&ListParams::default()).await?.items;
    found.sort_by_key(|l| l.spec.period_start.0);
    Ok(found)
}

/// Applies a manifest when the shop has been open for more than a slot: what the front door had to refuse before there
/// were pods is no part of the agreement then.
pub async fn apply_in_calm(stage: &Stage, manifest: &(impl Display + ?Sized)) -> Result<()> {
    wait_until("the shop to be open for a while", PATIENCE, async || {
        let scraped = stage.shop.prometheus.query("up offset 6s == 1", Timestamp::now()).await?;
        Ok(if scraped.is_empty() { Progress::pending("not scraped six seconds ago") } else { Progress::Done(()) })
    })
    .await?;
    stage.apply(manifest).await.map(drop)
}

/// Applies an agreement in calm, and lets all be well for a while: there is a budget to lose then, and something to compare
/// with.
pub async fn agree_in_calm(stage: &Stage, agreement: &Agreement<'_>, a_while: SignedDuration) -> Result<()> {
    apply_in_calm(stage, agreement).await?;
    let_time_pass(Timestamp::now() + a_while, async || Ok(())).await
}

/// Waits for the middle of a slot of so many seconds: whatever is changed then is either plainly seen in the slot or
/// not at all, and no slot is left with a bad event or two.
pub async fn middle_of_a_slot(seconds: i64) -> Result<()> {
    wait_until("the middle of a slot", PATIENCE, async || {
        let within = Timestamp::now().as_millisecond().rem_euclid(seconds * 1000);
        let middle = (seconds * 400..seconds * 600).contains(&within);
        Ok(if middle { Progress::Done(()) } else { Progress::pending(format!("{within} ms within the slot")) })
    })
    .await
}

/// Lets time pass until an instant, and makes sure of something all the while: for time in which nothing may happen.
pub async fn let_time_pass(until: Timestamp, mut all_the_while: impl AsyncFnMut() -> Result<()>) -> Result<()> {
    wait_until("time to pass", PATIENCE * 2, async || {
        all_the_while().await?;
        let left = until.duration_since(Timestamp::now());
        Ok(if left <= SignedDuration::ZERO { Progress::Done(()) } else { Progress::pending(format!("{left:#} left")) })
    })
    .await
}

/// The reason a condition gives, if it has this status.
pub fn reason<'a>(status: &'a AgreementStatus, kind: &str, state: &str) -> Option<&'a str> {
    status.conditions.iter().find(|c| c.type_ == kind && c.status == state).map(|c| c.reason.as_str())
}

/// Makes sure that a statement is whole and says what its ledger says: digests, slots and sums.
pub async fn audit(stage: &Stage, issued: &ServiceLevelStatement) -> Result<()> {
    let (name, spec) = (issued.name_any(), &issued.spec);
    ensure!(statement::digest_matches(spec), "{name} does not match its digest");
    let ledgers = ledgers(stage, &stage.shop.namespace).await?;
    let ledger = ledgers.iter().find(|l| l.name_any() == spec.evidence.ledger);
    let ledger = &ledger.with_context(|| format!("{name} rests on a ledger that is not there"))?.spec;
    ensure!(ledger.closed, "{} is not closed", spec.evidence.ledger);
    ensure!(ledger.agreement == spec.agreement, "{name} rests on another agreement's ledger");
    ensure!((&ledger.period_start, &ledger.period_end) == (&spec.period.start, &spec.period.end));
    ensure!(stored_ledger::digest(&ledger.objectives) == spec.evidence.ledger_digest, "{name}: the ledger was changed");
    let slots = stored_ledger::from_spec(ledger)?;
    for objective in &spec.objectives {
        let slots = slots.slots(&objective.name);
        let sum = |of: fn(&Slot) -> Count| slots.iter().map(of).sum::<Count>().text();
        ensure!(objective.total_events == sum(|s| s.counted().total), "{name}: {objective:?} is not the ledger's sum");
        ensure!(objective.bad_events == sum(|s| s.counted().bad), "{name}: {objective:?} is not the ledger's sum");
        let counted = &objective.slots;
        let all = counted.measured + counted.no_traffic + counted.unknown + counted.excluded;
        let span = spec.period.end.0.as_second() - spec.period.start.0.as_second();
        ensure!(all == span / i64::from(ledger.slot_seconds), "{name}: {counted:?} are not all slots of the period");
    }
    verified_by_name(stage, &name).await
}

/// What somebody with a kubeconfig finds who runs `guarantor statement verify`.
pub async fn verified_by_name(stage: &Stage, name: &str) -> Result<()> {
    verified(stage.cluster, &stage.shop.namespace, name).await
}

/// The same in any namespace.
pub async fn verified(cluster: &ControlPlane, namespace: &str, name: &str) -> Result<()> {
    let verify = Command::new(env!("CARGO_BIN_EXE_guarantor"))
        .args(["statement", "verify", &format!("{namespace}/{name}")])
        .env("KUBECONFIG", cluster.kubeconfig_path())
        .output()
        .await?;
    let told = format!("{}{}", String::from_utf8_lossy(&verify.stdout), String::from_utf8_lossy(&verify.stderr));
    ensure!(verify.status.success() && told.contains("Verified: "), "{told}");
    Ok(())
}

/// The usual agreement with something more that is allowed; `more` goes on with its enforcement, from a comma on.
pub fn enforced_agreement(namespace: &str, more: &str) -> String {
    let allows = more.strip_prefix(", ").into_iter().collect();
    Agreement { allows, ..Agreement::new(namespace) }.to_string()
}

/// The stage's metrics source with the same series for a second namespace.
pub fn shared_source(stage: &Stage, namespace: &str, twin: &str) -> String {
    stage.shop.metrics_source().replace(
        &format!("  - namespace: {namespace}\n"),
        &format!(
            "  - {{namespace: {namespace}}}\n  \
             - {{namespace: {twin}, matchers: [{{label: namespace, value: {namespace}}}]}}\n"
        ),
    )
}
