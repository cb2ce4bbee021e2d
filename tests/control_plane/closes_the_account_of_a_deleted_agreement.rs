//! An agreement is deleted while its period runs: its last statement is there when it is gone, with its ledger, whichever
//! way it was deleted. Its namespace waits for no statement that it would not take.

use anyhow::{Context, Result, ensure};
use guarantor::api::agreement_status::AgreementStatus;
use guarantor::api::statement::FinalReason;
use guarantor_testbed::Operator;
use guarantor_testbed::manifest::Agreement;

use crate::accounts::{apply_in_calm, audit, shared_source, statements};
use crate::stage::{Stage, TIMEOUT, operator_options};

const NAMESPACE: &str = "closes-account";
/// A namespace of its own for the same agreement, which is deleted as a whole.
const TWIN: &str = "closes-account-twin";

fn counted(status: &AgreementStatus) -> Option<()> {
    status.objectives.first()?.total_events.parse::<u64>().is_ok_and(|events| events > 0).then_some(())
}

#[tokio::test(flavor = "multi_thread")]
async fn closes_the_account_of_a_deleted_agreement() -> Result<()> {
    let stage = Stage::open(NAMESPACE).await?;
    let manifest = Agreement::observed(NAMESPACE, "1h");
    for propagation in ["background", "foreground"] {
        apply_in_calm(&stage, &manifest).await?;
        stage.until("storefront", "counted slots", counted).await?;
        let cascade = format!("--cascade={propagation}");
        let dry = ["delete", "sla", "storefront", "-n", NAMESPACE, &cascade, "--dry-run=server"];
        stage.cluster.kubectl(&dry).await?.ok()?;
        let known = statements(&stage).await?.len();
        let delete = ["delete", "sla", "storefront", "-n", NAMESPACE, &cascade, TIMEOUT];
        stage.cluster.kubectl(&delete).await?.ok().with_context(|| stage.log())?;
        let issued = statements(&stage).await?;
        ensure!(issued.len() == known + 1, "{propagation}: {issued:#?}");
        for statement in &issued {
            let last = statement.spec.last.as_ref().context("it is not marked as the last one")?;
            ensure!(last.reason == FinalReason::AgreementDeleted);
            let (end, at) = (statement.spec.period.end.0.as_second(), last.at.0.as_second());
            ensure!((0..5).contains(&(at - end)), "it ends with the last whole slot: {end}, {at}");
            ensure!(statement.spec.objectives[0].slots.unknown == 0, "{statement:#?}");
            // Also those of before: their ledgers are still there.
            audit(&stage, statement).await?;
        }
    }

    stage.cluster.create_namespace(TWIN).await?;
    let source = shared_source(&stage, NAMESPACE, TWIN);
    stage.apply(&source).await?;
    let operator = Operator::start(&operator_options(stage.cluster, TWIN).await?).await?;
    stage.apply(&Agreement { source: NAMESPACE, ..Agreement::observed(TWIN, "1h") }).await?;
    let kept = "-o=jsonpath={.metadata.finalizers}";
    let held = guarantor_testbed::wait::wait_until("an account", crate::stage::PATIENCE, async || {
        use guarantor_testbed::wait::Progress;
        let told = stage.cluster.kubectl(&["get", "sla", "storefront", "-n", TWIN, kept]).await?.ok()?;
        Ok(if told.contains("guarantor.dev/account") { Progress::Done(()) } else { Progress::Pending(told) })
    });
    held.await?;
    stage.cluster.kubectl(&["delete", "namespace", TWIN, TIMEOUT]).await?.ok()?;
    operator.kill();
    Ok(())
}
