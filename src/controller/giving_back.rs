//! Carrying out a plan that gives something back, and telling of it.

use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use kube::{Resource, ResourceExt};
use tokio::time::Instant;

use super::context::Context;
use super::refused;
use crate::act;
use crate::api::ServiceLevelAgreement;
use crate::api::enforcement_status::{ActionPhase, ActionRecord, Verb};
use crate::api::refusal::Refusal;
use crate::decide::held::refusal;
use crate::decide::{Admitted, Plan, Step};
use crate::record::event;

/// The longest pause between two tries to give back what an agreement holds that goes, or has no workload to act on.
pub(super) const LONGEST: Duration = Duration::from_secs(60);
/// Pods that may fail to get their size back in one try: then the others wait for the next one.
const MOST_FAILURES: usize = 10;

/// What came of giving something back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GivenBack {
    /// Nothing of ours is left.
    Done,
    /// It may be done with the next look.
    NotYet,
    /// The API server refuses it. It is tried again after a wait that grows.
    Refused,
}

/// Whether a plan that gives something back is done.
pub(super) async fn carry_out(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    plan: Plan<Admitted>,
    verb: Verb,
    told: (&str, String),
) -> bool {
    let outcomes = sent(agreement, context, plan, verb, told).await;
    outcomes.is_some_and(|outcomes| outcomes.iter().all(|outcome| outcome.result == act::WriteResult::Done))
}

/// The same, but what the API server refused lately is not sent again yet. Of the sizes of pods one refusal stands for all: each
/// has its turn, but there may be more pods than refusals that are kept.
pub(super) async fn unless_refused(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    mut plan: Plan<Admitted>,
    verb: Verb,
    told: (&str, String),
    refusals: &mut Vec<Refusal>,
    now: Timestamp,
) -> GivenBack {
    let intents = plan.intents(now);
    let is_of = |refused: &Refusal| intents.iter().any(|one| refusal::stands_for(refused, one.verb, &one.target));
    let known = refusals.iter().filter(|refused| is_of(refused));
    if known.clone().any(|refused| now < refused.until.0) {
        return GivenBack::Refused;
    }
    // Those that are refused at the beginning must not keep the others from their turn for ever.
    let tries = known.map(|refused| u32::try_from(refused.tries).unwrap_or_default()).max();
    let tries = tries.unwrap_or_else(|| context.give_backs.in_a_row(&agreement.uid().unwrap_or_default()));
    begin_elsewhere(&mut plan.steps, tries);
    let Some(outcomes) = sent(agreement, context, plan, verb, told).await else { return GivenBack::NotYet };
    let refused = outcomes.iter().filter(|outcome| refused::is_refused(outcome.result)).find_map(|outcome| {
        let intent = intents.iter().find(|intent| intent.id == outcome.id)?;
        Some(ActionRecord { outcome: outcome.message.clone(), ..intent.clone() })
    });
    if let Some(refused) = refused {
        refusal::enter_as_one(refusals, &refused);
        GivenBack::Refused
    } else if outcomes.iter().all(|outcome| outcome.result == act::WriteResult::Done) {
        refusals.retain(|refused| !is_of(refused));
        GivenBack::Done
    } else {
        GivenBack::NotYet
    }
}

/// Each further try begins with the steps behind those that the one before may have failed with.
fn begin_elsewhere(steps: &mut [Step], tries: u32) {
    let behind = usize::try_from(tries).unwrap_or_default().saturating_mul(MOST_FAILURES);
    steps.rotate_left(behind.checked_rem(steps.len()).unwrap_or_default());
}

/// Carries it out and tells of it. `None`: nothing may be sent.
async fn sent(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    plan: Plan<Admitted>,
    verb: Verb,
    (reason, note): (&str, String),
) -> Option<Vec<act::Outcome>> {
    let permit = context.fence.permit(Instant::now()).ok()?;
    let steps = plan.steps.clone();
    let outcomes = act::execute_each(&context.actuator, permit.deadline(), plan, MOST_FAILURES).await;
    let done = outcomes.iter().all(|o| o.result == act::WriteResult::Done);
    let phase = if done { ActionPhase::Done } else { ActionPhase::Refused };
    context.metrics.acted(format!("{verb:?}"), format!("{phase:?}"));
    let notices = if done {
        vec![event::notice(false, reason, &format!("{verb:?}"), note)]
    } else {
        // A conflict or no answer is nobody's to mend: the next look decides. Where several pods are refused, one is told.
        let mut refused = outcomes.iter().filter(|outcome| refused::is_refused(outcome.result));
        let step = |outcome: &act::Outcome| steps.iter().find(|step| step.id == outcome.id);
        let notice = refused.find_map(|outcome| Some(event::not_given_back(step(outcome)?, &outcome.message)));
        notice.into_iter().collect()
    };
    event::publish(&context.recorder, agreement.object_ref(&()), notices);
    Some(outcomes)
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;
    use crate::decide::tests::fixture::{Scene, step};

    #[test]
    fn each_pod_has_its_turn_however_many_are_refused_before_it() {
        let mut one = step(&Scene::burning().decide()).clone();
        let pods: Vec<Step> = (0..25)
            .map(|pod| {
                one.target.name = format!("web-{pod}");
                one.clone()
            })
            .collect();
        // All are refused: what is tried in the first three tries, and in the sixth.
        let tried = |tries: u32| -> Vec<String> {
            let mut steps = pods.clone();
            begin_elsewhere(&mut steps, tries);
            steps.into_iter().take(MOST_FAILURES).map(|step| step.target.name).collect()
        };
        let of = |range: Range<usize>| -> Vec<String> { range.map(|pod| format!("web-{}", pod % 25)).collect() };
        assert_eq!([0, 1, 2, 5].map(tried), [of(0..10), of(10..20), of(20..30), of(0..10)]);
    }
}
