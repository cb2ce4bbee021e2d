//! Trailing days in a cluster: the closed ledgers of earlier periods, read once and kept as long as they are looked back
//! on.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::jiff::Timestamp;
use kube::{Client, ResourceExt};

use super::error::Error;
use crate::api::{ServiceLevelAgreement, ServiceLevelLedger, ServiceLevelStatement};
use crate::evaluate::period::{Bounds, Schedule};
use crate::evaluate::statement;
use crate::evaluate::window::{Earlier, Window};
use crate::sense::account;

/// The ledgers of earlier periods that were asked for, by the beginning of their period; `None`: there is none that could
/// be used, and its time stays unknown.
#[derive(Clone, Debug, Default)]
pub struct Archive(BTreeMap<Timestamp, Option<Arc<Earlier>>>);

impl Archive {
    /// What is judged at the end of a period; `None`: the period itself. What is no longer looked back on is forgotten.
    ///
    /// # Errors
    /// When the API server does not answer.
    pub(super) async fn window(
        &mut self,
        client: &Client,
        agreement: &ServiceLevelAgreement,
        schedule: &Schedule,
        period: &Bounds,
    ) -> Result<Option<Window>, Error> {
        let judged = schedule.judged(period);
        if judged == *period {
            return Ok(None);
        }
        let periods = schedule.looked_back_on(period);
        self.0.retain(|start, _| periods.iter().any(|earlier| earlier.start == *start));
        let mut earlier = Vec::new();
        for Bounds { start, .. } in periods {
            let found = match self.0.get(&start) {
                Some(known) => known.clone(),
                None => self.0.entry(start).or_insert(read(client, agreement, start).await?).clone(),
            };
            earlier.extend(found);
        }
        Ok(Some(Window { judged, earlier }))
    }
}

/// What was judged by a statement, if it is not its period; an error where a ledger that it rests on is not what it was.
///
/// # Errors
/// When the API server does not answer.
pub(super) async fn of_statement(
    client: &Client,
    statement: &ServiceLevelStatement,
) -> Result<Result<Option<Window>, Altered>, Error> {
    let Some(judged) = &statement.spec.judged else { return Ok(Ok(None)) };
    let namespace = statement.namespace().unwrap_or_default();
    let mut earlier = Vec::new();
    for named in &statement.spec.evidence.earlier {
        let stored = account::ledger(client, &namespace, &named.name).await?;
        let found = stored.and_then(|stored| Earlier::of(&named.name, &stored.spec).ok());
        match found.filter(|found| found.digest == named.digest) {
            Some(found) => earlier.push(Arc::new(found)),
            None => return Ok(Err(Altered)),
        }
    }
    Ok(Ok(Some(Window { judged: Bounds { start: judged.start.0, end: judged.end.0 }, earlier })))
}

/// A ledger is gone, or another one than the statement rests on.
pub(super) struct Altered;

/// The closed ledger of a period of this agreement. One that cannot be read tells nothing.
async fn read(
    client: &Client,
    agreement: &ServiceLevelAgreement,
    start: Timestamp,
) -> Result<Option<Arc<Earlier>>, Error> {
    let namespace = agreement.namespace().unwrap_or_default();
    let name = statement::ledger_name(&agreement.name_any(), start);
    let stored = account::ledger(client, &namespace, &name).await?;
    let closed = |stored: &ServiceLevelLedger| {
        stored.spec.closed && Some(&stored.spec.agreement.uid) == agreement.metadata.uid.as_ref()
    };
    let Some(stored) = stored.filter(closed) else {
        tracing::warn!(ledger = %name, "there is no closed ledger of this period: its time stays unknown");
        return Ok(None);
    };
    match Earlier::of(&name, &stored.spec) {
        Ok(earlier) => Ok(Some(Arc::new(earlier))),
        Err(error) => {
            tracing::warn!(ledger = %name, %error, "it cannot be read: its time stays unknown");
            Ok(None)
        }
    }
}
