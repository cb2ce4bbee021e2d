//! What a decision about more replicas rests on: what is left for them, read only when some are about to be asked for, and
//! what is at stake.

use kube::ResourceExt;

use super::context::Context;
use crate::api::ServiceLevelAgreement;
use crate::decide::{Situation, Supply, decide};
use crate::evaluate::stake::at_stake;

/// What is left and at stake; nothing, where the decision needs no more replicas.
pub(super) async fn of(agreement: &ServiceLevelAgreement, context: &Context, situation: &Situation<'_>) -> Supply {
    let Ok(workload) = situation.workload else { return Supply::default() };
    if !decide(situation).seeks_replicas {
        return Supply::default();
    }
    let namespace = agreement.namespace().unwrap_or_default();
    let Some(needs) = context.workloads.read_needs(&namespace, workload).await else { return Supply::default() };
    let headroom = context.headroom.read(&namespace, needs).await;
    Supply { headroom, stake: at_stake(&agreement.spec, situation.assessment) }
}
