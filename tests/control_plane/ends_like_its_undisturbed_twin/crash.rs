//! A SIGKILL at one point of a verb. A gate before the API server stops the operator at that very request.

use std::cell::RefCell;

use anyhow::{Context, Result};
use guarantor::api::enforcement_status::Verb;
use guarantor_testbed::gate::{Gate, Moment, Passing};
use guarantor_testbed::{Operator, OperatorOptions};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::stage::{PATIENCE, log_of};

/// Where the operator dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Point {
    IntentAndAct,
    ActAndRecord,
    RecordAndVerdict,
}

impl Point {
    pub(super) const ALL: [Self; 3] = [Self::IntentAndAct, Self::ActAndRecord, Self::RecordAndVerdict];
}

/// Lets the operator live until that point of its verb, kills it, and starts another one.
pub(super) async fn crash(
    operator: &RefCell<Option<Operator>>,
    options: &OperatorOptions,
    gate: &Gate,
    verb: Verb,
    point: Point,
) -> Result<()> {
    let mut intended = false;
    let stopped = gate.stop_at(move |passing| {
        let phase = recorded(passing, verb);
        intended |= phase.as_deref() == Some("Intended");
        match point {
            Point::IntentAndAct => (intended && acts(passing, verb)).then_some(Moment::Before),
            Point::ActAndRecord => (intended && acts(passing, verb)).then_some(Moment::After),
            Point::RecordAndVerdict => (phase.as_deref() == Some("Done")).then_some(Moment::After),
        }
    });
    // The verbs before it may wait for a verdict each.
    timeout(PATIENCE * 2, stopped).await.with_context(|| format!("{verb:?} did not come so far as {point:?}"))??;
    operator.take().context("an operator")?.kill();
    operator.replace(Some(Operator::start(options).await?));
    Ok(())
}

/// The end of the log of the operator that runs.
pub(super) fn log(operator: &RefCell<Option<Operator>>) -> String {
    operator.borrow().as_ref().map(log_of).unwrap_or_default()
}

/// The phase in which a write of the status has the newest act of this verb.
fn recorded(passing: &Passing, verb: Verb) -> Option<String> {
    if !passing.uri.contains("/status") {
        return None;
    }
    let patch: Value = serde_json::from_slice(&passing.body).ok()?;
    let actions = patch.as_array()?.iter().find_map(|step| step.pointer("/value/actions"))?.as_array()?;
    let act = actions.iter().find(|action| action["verb"] == json!(verb))?;
    act["phase"].as_str().map(str::to_owned)
}

/// Whether a request is an act of such a verb.
fn acts(passing: &Passing, verb: Verb) -> bool {
    let path = passing.uri.split('?').next().unwrap_or_default();
    let to = |part: &str| path.contains(part);
    let writes = passing.method == "PATCH" || passing.method == "POST";
    let target = match verb {
        Verb::FreezeScaleDown | Verb::RaiseFloor | Verb::LowerFloor | Verb::Restore | Verb::ScaleDown | Verb::Surge => {
            ["/horizontalpodautoscalers/", "/scaledobjects/", "/deployments/"].into_iter().any(to)
        }
        Verb::SetTarget | Verb::RestoreTarget => to("/horizontalpodautoscalers/"),
        Verb::PauseRollout | Verb::RollBack | Verb::ReleaseRollout => to("/deployments/"),
        Verb::Reschedule => path.ends_with("/eviction"),
        Verb::AvoidNode | Verb::ReleaseNode => to("/nodes/"),
        Verb::Shed | Verb::StopShedding => to("/configmaps/"),
        Verb::Resize | Verb::RestoreSize => path.ends_with("/resize"),
    };
    writes && target && !passing.uri.contains("dryRun=")
}
