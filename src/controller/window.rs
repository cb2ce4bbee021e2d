//! Trailing days in a cluster: the closed ledgers of earlier periods, read once and kept as long as they are looked back
//! on.
//!
//! Of each period that of the statement that stands: where late samples brought more, a newer ledger than the first.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt;

use super::context::Context;
use super::error::Error;
use super::past::Past;
use crate::api::ServiceLevelAgreement;
use crate::api::statement::EarlierLedger;
use crate::evaluate::period::{Bounds, Schedule};
use crate::evaluate::window::{Earlier, Window};
use crate::sense::account;

/// A ledger that was asked for.
#[derive(Clone, Debug)]
struct Kept {
    /// As its statement names it.
    named: EarlierLedger,
    /// `None`: it is gone, or another one by now, and its time stays unknown.
    found: Option<Arc<Earlier>>,
}

/// The ledgers of earlier periods that were asked for, by the beginning of their period.
#[derive(Clone, Debug, Default)]
pub struct Archive(BTreeMap<Timestamp, Kept>);

impl Archive {
    /// What is judged at the end of a period; `None`: the period itself.
    ///
    /// # Errors
    /// When the API server does not answer.
    pub(super) async fn window(
        &mut self,
        context: &Context,
        agreement: &ServiceLevelAgreement,
        schedule: &Schedule,
        past: Option<&Past>,
        (period, judged): (&Bounds, Bounds),
    ) -> Result<Option<Window>, Error> {
        if judged == *period {
            return Ok(None);
        }
        let mut earlier = Vec::new();
        for Bounds { start, .. } in schedule.looked_back_on(period) {
            let Some(named) = past.and_then(|past| past.standing(start)).map(|standing| &standing.ledger) else {
                // It was over before anybody kept the account: its time stays unknown.
                continue;
            };
            let kept = self.0.get(&start).filter(|kept| kept.named == *named);
            let found = if let Some(kept) = kept {
                kept.found.clone()
            } else {
                let found = read(context, agreement, named).await?;
                self.0.insert(start, Kept { named: named.clone(), found: found.clone() });
                found
            };
            earlier.extend(found);
        }
        Ok(Some(Window { judged, earlier }))
    }

    /// Forgets what is not looked back on from this period.
    pub(super) fn keep_for(&mut self, schedule: &Schedule, period: &Bounds) {
        let looked_back_on = schedule.looked_back_on(period);
        self.0.retain(|start, _| looked_back_on.iter().any(|earlier| earlier.start == *start));
    }
}

/// The closed ledger that a statement names, if it is still what it was.
async fn read(
    context: &Context,
    agreement: &ServiceLevelAgreement,
    named: &EarlierLedger,
) -> Result<Option<Arc<Earlier>>, Error> {
    let namespace = agreement.namespace().unwrap_or_default();
    let name = &named.name;
    let Some(stored) = account::ledger(&context.client, &namespace, name).await? else {
        tracing::warn!(ledger = %name, "it is gone: its time stays unknown");
        return Ok(None);
    };
    match Earlier::of(name, &stored.spec) {
        Ok(earlier) if earlier.digest == named.digest => Ok(Some(Arc::new(earlier))),
        Ok(_) => {
            tracing::warn!(ledger = %name, "it is not what its statement was made from: its time stays unknown");
            Ok(None)
        }
        Err(error) => {
            tracing::warn!(ledger = %name, %error, "it cannot be read: its time stays unknown");
            Ok(None)
        }
    }
}
