//! The API server stored the ledger and the answer never came: the operator does not know that the ledger is there. It
//! finds out and settles the period all the same.

use anyhow::{Context, Result};
use guarantor::api::ServiceLevelLedger;
use guarantor::api::agreement_status::State;
use guarantor::api::ledger::AgreementIdentity;
use guarantor::evaluate::enforcement_log::EnforcementLog;
use guarantor::evaluate::ledger::Ledger;
use guarantor::evaluate::period::Bounds;
use guarantor::evaluate::{statement, stored_ledger};
use guarantor_testbed::manifest::Agreement;
use kube::ResourceExt;

use crate::accounts::{apply_in_calm, audit, statements};
use crate::stage::Stage;

const NAMESPACE: &str = "lost-answer";
/// The policy of the chart lets nobody else write a ledger.
const AS_OPERATOR: &str = "--as=system:serviceaccount:guarantor-system:guarantor";

#[tokio::test(flavor = "multi_thread")]
async fn settles_a_period_although_an_answer_was_lost() -> Result<()> {
    let stage = Stage::open_audited(NAMESPACE).await?;
    apply_in_calm(&stage, &Agreement::observed(NAMESPACE, "1m")).await?;
    let period = stage.until("storefront", "a period", |s| s.period.clone()).await?;
    // What the operator's own first write would have left, had it been made before anything was read.
    let agreement = stage.agreement("storefront").await?;
    let name = statement::ledger_name("storefront", period.start.0);
    let empty = Ledger::new(Bounds { start: period.start.0, end: period.end.0 }, 5, ["availability"])?;
    let identity = AgreementIdentity { name: "storefront".to_owned(), uid: agreement.uid().context("a uid")? };
    let stored =
        ServiceLevelLedger::new(&name, stored_ledger::to_spec(&empty, identity, &EnforcementLog::default(), false));
    let stored = serde_json::to_string(&stored)?;
    stage.cluster.kubectl_with_input(&["create", "-n", NAMESPACE, AS_OPERATOR, "-f", "-"], &stored).await?.ok()?;

    stage
        .until("storefront", "its statement", |s| s.statements.iter().find(|s| s.period_start == period.start).cloned())
        .await?;
    let issued = statements(&stage).await?;
    let first = issued.first().context("a statement")?;
    audit(&stage, first).await?;
    assert_eq!((first.spec.period.start.clone(), first.spec.state), (period.start, State::Fulfilled));
    assert_eq!(first.spec.objectives[0].slots.measured, 12, "all slots, those before the loss too");
    Ok(())
}
