//! Demands to cure a breach: until when that may be done, as the status of the agreement and each claim tell it.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::{SignedDuration, Timestamp};

use super::claims::Finding;
use crate::api::AgreementSpec;
use crate::api::agreement_status::{AgreementStatus, KEPT};
use crate::api::claim::ClaimVerdict;
use crate::api::condition::ConditionStatus;
use crate::api::contract_status::{CureState, DemandStatus};
use crate::evaluate::claim::Claim;
use crate::evaluate::cure::Demand;
use crate::evaluate::period::zone;
use crate::record::status::whole_seconds;

/// Enters where every demand stands, the newest first. When to look again: when the time for curing is over.
pub(super) fn enter<'a>(
    next: &mut AgreementStatus,
    spec: &AgreementSpec,
    claims: impl Iterator<Item = (&'a str, Claim<'a>)>,
    now: Timestamp,
) -> Option<Timestamp> {
    let of = |(name, claim): (&'a str, Claim<'a>)| Some((name, demand(spec, claim, now)?));
    let mut all: Vec<(&str, Demand)> = claims.filter_map(of).filter(|(_, demand)| demand.received <= now).collect();
    all.sort_by_key(|(_, demand)| std::cmp::Reverse(demand.received));
    let shown = |(name, demand): &(&str, Demand)| DemandStatus {
        claim: (*name).to_owned(),
        made_at: Time(whole_seconds(demand.received)),
        cure_by: Time(whole_seconds(demand.by)),
        cured_at: demand.cured.filter(|cured| *cured <= now).map(|cured| Time(whole_seconds(cured))),
        state: demand.state(now),
    };
    next.demands = all.iter().take(KEPT).map(shown).collect();
    // The last instant is still in time.
    let running = all.iter().filter(|(_, demand)| demand.state(now) == CureState::Running);
    running.filter_map(|(_, demand)| demand.by.checked_add(SignedDuration::from_secs(1)).ok()).min()
}

/// A demand that stands: one that the provider rejected does not. `None`: it is none, or nothing is agreed on it.
fn demand(spec: &AgreementSpec, claim: Claim<'_>, now: Timestamp) -> Option<Demand> {
    if claim.decision_by(now) == Some(ClaimVerdict::Rejected) {
        return None;
    }
    claim.demand(spec.settlement.cure_days?, &zone(&spec.time_zone).ok()?)
}

/// What a claim that demands a cure is told.
pub(super) fn told(spec: &AgreementSpec, claim: Claim<'_>, now: Timestamp) -> Finding {
    if claim.decision_by(now) == Some(ClaimVerdict::Rejected) {
        let why = claim.spec.decision.as_ref().and_then(|decision| decision.reason.clone()).unwrap_or_default();
        return Finding::new(ConditionStatus::False, "Rejected", why);
    }
    let Some(demand) = demand(spec, claim, now) else {
        let message = "spec.settlement.cureDays is not agreed, so that nothing says how long a breach may be cured";
        return Finding::new(ConditionStatus::False, "NothingToCure", message);
    };
    let by = demand.by;
    let (reason, words) = match demand.state(now) {
        CureState::Running => ("CureRunning", format!("to be cured by {by}, or the agreement may be ended")),
        CureState::Cured => ("Cured", format!("cured in time, which was until {by}")),
        CureState::MayEnd => ("MayEnd", format!("not cured by {by}: the customer may end the agreement")),
    };
    Finding::new(ConditionStatus::True, reason, claim.confirmable(words)).curable_until(by)
}
