//! An operator is dead for two minutes in which the service fails and recovers. When it is back, its account of that time
//! is the one an undisturbed operator kept, slot by slot and to the last event.

use anyhow::{Context, Result};
use guarantor::api::ServiceLevelAgreement;
use guarantor::api::agreement_status::AgreementStatus;
use guarantor::evaluate::slot::SlotState;
use guarantor::evaluate::stored_ledger;
use guarantor_testbed::Operator;
use guarantor_testbed::manifest::Agreement;
use guarantor_testbed::wait::{Progress, wait_until};
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;
use kube::api::Api;

use crate::accounts::{apply_in_calm, ledgers, let_time_pass, shared_source};
use crate::stage::{PATIENCE, Stage, operator_options};

const NAMESPACE: &str = "catches-up";
/// The namespace of the same agreement, kept by an operator that is left alone.
const TWIN: &str = "catches-up-twin";
const DOWNTIME: SignedDuration = SignedDuration::from_mins(2);
const SLOT: i64 = 5;
const SETTLE: &str = "6s";

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_the_operator_leaves_no_trace_in_the_account() -> Result<()> {
    let mut stage = Stage::open(NAMESPACE).await?;
    stage.cluster.create_namespace(TWIN).await?;
    let source = shared_source(&stage, NAMESPACE, TWIN);
    stage.apply(&source).await?;
    // The same periods for both, whenever each is created: they are counted from midnight.
    let today = Timestamp::now().strftime("%Y-%m-%d");
    let validity = format!("  validity: {{from: \"{today}\"}}\n");
    let agreement =
        |namespace| Agreement { source: NAMESPACE, more: &validity, ..Agreement::observed(namespace, "10m") };
    // One reads long after the other: on a busy machine a sample may be in the store only seconds after its time.
    stage.options = stage.options.with_flag("--settle-delay", SETTLE);
    let twins = operator_options(stage.cluster, TWIN).await?.with_flag("--settle-delay", SETTLE);
    let undisturbed = Operator::start(&twins).await?;
    apply_in_calm(&stage, &agreement(NAMESPACE)).await?;
    stage.apply(&agreement(TWIN)).await?;

    fail_until_seen(&stage, &[NAMESPACE, TWIN]).await?;
    let died = Timestamp::now();
    stage.operator.take().context("an operator")?.kill();
    fail_until_seen(&stage, &[TWIN]).await?;
    let_time_pass(died + DOWNTIME, async || Ok(())).await?;
    let known = outages(&stage, NAMESPACE).await?;
    assert!(known.iter().all(|v| v.start.0 < died), "nobody keeps the account meanwhile: {known:#?}");
    let returned = Timestamp::now();
    stage.operator = Some(Operator::start(&stage.options).await?);
    fail_until_seen(&stage, &[NAMESPACE, TWIN]).await?;
    // One of them may be a slot ahead of the other at any moment, so that they have to agree in the end, not at once.
    wait_until("both accounts to tell the same outages", PATIENCE, async || {
        let (mine, twins) = (outages(&stage, NAMESPACE).await?, outages(&stage, TWIN).await?);
        let done = mine == twins && mine.iter().all(|violation| violation.end.is_some());
        Ok(if done { Progress::Done(()) } else { Progress::pending(format!("{mine:#?} beside {twins:#?}")) })
    })
    .await
    .with_context(|| stage.log())?;

    // Both write their ledgers when they are asked to end.
    stage.operator.take().context("an operator")?.stop().await?;
    undisturbed.stop().await?;
    let (mine, twins) = (ledgers(&stage, NAMESPACE).await?, ledgers(&stage, TWIN).await?);
    let (mut missed, mut measured) = (0, 0);
    for mine in &mine {
        let twin = twins.iter().find(|t| t.name_any() == mine.name_any()).context("the twin's ledger")?;
        let (mine, twin) = (stored_ledger::from_spec(&mine.spec)?, stored_ledger::from_spec(&twin.spec)?);
        let pairs = mine.slots("availability").iter().zip(twin.slots("availability"));
        for (index, (mine_slot, twin_slot)) in (0..).zip(pairs) {
            let start = mine.bounds().start + SignedDuration::from_secs(SLOT * index);
            assert_eq!(mine_slot, twin_slot, "the slot from {start}");
            if died <= start && start < returned {
                missed += 1;
                measured += i64::from(mine_slot.state() == SlotState::Measured);
            }
        }
    }
    let away = returned.duration_since(died).as_secs();
    assert!(missed >= away / SLOT - 1, "{missed} slots of {away} seconds were compared");
    // Of a slot in which the machine stood still neither of them finds a sample.
    assert!(measured * 10 >= missed * 9, "{measured} of {missed} slots that were missed are measured");
    Ok(())
}

/// Lets the service fail for as long as it takes every operator of these namespaces to see it, then recover for as long.
async fn fail_until_seen(stage: &Stage, namespaces: &[&str]) -> Result<()> {
    let begun = Timestamp::now();
    for (share, ended) in [(0.3, false), (0.0, true)] {
        stage.shop.storefront.set_error_share(share)?;
        for namespace in namespaces {
            wait_until("the outage to be seen", PATIENCE, async || {
                let seen = outages(stage, namespace).await?;
                let done = seen.iter().any(|v| v.end.as_ref().map_or(!ended, |end| end.0 >= begun));
                Ok(if done { Progress::Done(()) } else { Progress::pending(format!("{namespace}: {seen:#?}")) })
            })
            .await
            .with_context(|| stage.log())?;
        }
    }
    Ok(())
}

/// The violations in the status of a namespace's agreement.
async fn outages(stage: &Stage, namespace: &str) -> Result<Vec<guarantor::api::agreement_status::Violation>> {
    let api: Api<ServiceLevelAgreement> = Api::namespaced(stage.cluster.client()?, namespace);
    let status: AgreementStatus = api.get("storefront").await?.status.unwrap_or_default();
    Ok(status.violations)
}
