//! Claims: what a customer and a provider wrote, as events in the life of a credit and as incidents.
//!
//! What counts is what cannot be made up afterwards: a claim counts from the creation of its object, and an earlier
//! instant only where the provider's decision confirms it. A claim is about the credit of a period: where a newer statement
//! takes the place of the one that was claimed, the claim and its approval go over to it. A rejection or a payment does
//! not, since nobody rejected or paid what was not yet known; what was paid before counts in the balance
//! ([`super::credit_balance`]).

use k8s_openapi::jiff::tz::TimeZone;
use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::api::agreement_status::DetectedBy;
use crate::api::claim::{ClaimSpec, ClaimVerdict};

use super::choice::Choice;
use super::credit_life::{Act, CLAIM, CreditEvent};
use super::cure::Demand;
use super::detection::Incident;

/// A `ServiceLevelClaim` as somebody made it.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// When the object was created.
    pub created: Timestamp,
    /// What it says.
    pub spec: &'a ClaimSpec,
}

/// The statement that stands for a period, as far as claims on its credit go.
#[derive(Clone, Copy, Debug)]
pub struct Claimed<'a> {
    /// The beginning of the period.
    pub period_start: Timestamp,
    /// The names of the period's statements, the one that stands and those it took the place of.
    pub names: &'a [String],
    /// Since when it is known that it took the place of another one. `None`: it is the first.
    pub restated: Option<Timestamp>,
}

impl Claimed<'_> {
    /// A period for which there is no statement yet.
    #[must_use]
    pub fn unsettled(period_start: Timestamp) -> Self {
        Self { period_start, names: &[], restated: None }
    }
}

impl<'a> Claim<'a> {
    /// Whether it is about the credit of this period.
    #[must_use]
    pub fn concerns(&self, claimed: &Claimed<'_>) -> bool {
        let Some(credit) = &self.spec.credit else { return false };
        credit.period_start.as_ref().is_some_and(|start| start.0 == claimed.period_start)
            || credit.statement.as_ref().is_some_and(|name| claimed.names.contains(name))
    }

    /// What happened to the credit.
    #[must_use]
    pub fn events(&self, claimed: &Claimed<'_>) -> Vec<CreditEvent> {
        let made = self.counts_from(self.spec.made_at.as_ref().map(|at| at.0));
        let mut events = vec![CreditEvent { at: made, what: Act::Done(CLAIM.to_owned()) }];
        events.extend(self.spec.acts.iter().map(|act| {
            let at = self.counts_from(Some(act.at.0));
            CreditEvent { at, what: Act::Done(act.name.clone()) }
        }));
        let is_of_an_earlier_one = |at: Timestamp| claimed.restated.is_some_and(|restated| at < restated);
        if let Some(decision) = &self.spec.decision {
            // Nothing is decided before it is asked.
            let at = decision.at.0.max(made);
            match decision.verdict {
                ClaimVerdict::Approved => events.push(CreditEvent { at, what: Act::Approved }),
                ClaimVerdict::Rejected if is_of_an_earlier_one(at) => {}
                ClaimVerdict::Rejected => {
                    let why = decision.reason.clone().unwrap_or_default();
                    events.push(CreditEvent { at, what: Act::Rejected(why) });
                }
            }
        }
        if let Some(payment) = self.spec.payment.as_ref().filter(|payment| !is_of_an_earlier_one(payment.at.0)) {
            let what = payment.set_off_in.clone().map_or(Act::Paid, Act::SetOff);
            events.push(CreditEvent { at: payment.at.0, what });
        }
        events
    }

    /// Which credit the customer chose with it.
    #[must_use]
    pub fn choice(&self) -> Option<Choice<'a>> {
        let name = self.spec.credit.as_ref()?.chooses.as_deref()?;
        Some(Choice { at: self.counts_from(self.spec.made_at.as_ref().map(|at| at.0)), name })
    }

    /// The incidents it tells of by `now`, one for each objective, unless they were rejected.
    #[must_use]
    pub fn incidents(&self, now: Timestamp) -> Vec<Incident> {
        let is_rejected = self.decision_by(now) == Some(ClaimVerdict::Rejected);
        let Some(incident) = self.spec.incident.as_ref().filter(|_| !is_rejected) else { return Vec::new() };
        // Of one that is not over, what had begun when it was noticed.
        let open_end = || incident.noticed_at.0.saturating_add(SignedDuration::from_secs(1)).unwrap_or(Timestamp::MAX);
        let of = |objective: Option<&String>| Incident {
            objective: objective.cloned(),
            start: incident.from.0,
            end: incident.until.as_ref().map_or_else(open_end, |until| until.0),
            detected_by: DetectedBy::Customer,
            noticed_at: Some(incident.noticed_at.0),
        };
        if incident.objectives.is_empty() {
            return vec![of(None)];
        }
        incident.objectives.iter().map(|objective| of(Some(objective))).collect()
    }

    /// The demand to cure a breach that it is, where that may be cured for so many days. `None`: it is none, or leads beyond
    /// the calendar.
    #[must_use]
    pub fn demand(&self, days: i32, zone: &TimeZone) -> Option<Demand> {
        self.spec.demand.as_ref()?;
        let received = self.counts_from(self.spec.made_at.as_ref().map(|at| at.0));
        Demand::new(received, days, zone, self.spec.cure.as_ref().map(|cure| cure.at.0))
    }

    /// What was decided by `now`.
    #[must_use]
    pub fn decision_by(&self, now: Timestamp) -> Option<ClaimVerdict> {
        self.spec.decision.as_ref().filter(|decision| decision.at.0 <= now).map(|decision| decision.verdict)
    }

    /// Whether an instant is named that counts only if the provider confirms it.
    #[must_use]
    pub fn waits_for_confirmation(&self) -> bool {
        let named = self.spec.made_at.iter().chain(self.spec.acts.iter().map(|act| &act.at));
        let earlier = named.into_iter().any(|at| at.0 < self.created);
        earlier && !self.is_confirmed()
    }

    /// Words about it, and what would make more of it count.
    #[must_use]
    pub fn confirmable(&self, words: String) -> String {
        if !self.waits_for_confirmation() {
            return words;
        }
        format!(
            "{words}; what is said to have happened before this object was created counts when spec.decision confirms it \
             (confirmsTimes)"
        )
    }

    /// The instants at which something that was said beforehand becomes true.
    pub fn instants(&self) -> impl Iterator<Item = Timestamp> {
        let (decision, payment) = (self.spec.decision.as_ref(), self.spec.payment.as_ref());
        let cure = self.spec.cure.as_ref().map(|cure| &cure.at);
        let acts = self.spec.acts.iter().map(|act| act.at.0).collect::<Vec<_>>();
        let said = [self.spec.made_at.as_ref(), decision.map(|d| &d.at), payment.map(|p| &p.at), cure];
        said.into_iter().flatten().map(|at| at.0).chain(acts).collect::<Vec<_>>().into_iter()
    }

    fn is_confirmed(&self) -> bool {
        self.spec.decision.as_ref().is_some_and(|decision| decision.confirms_times)
    }

    /// From when on something counts that is said to have happened then.
    fn counts_from(&self, said: Option<Timestamp>) -> Timestamp {
        match said {
            Some(at) if self.is_confirmed() => at,
            Some(at) => at.max(self.created),
            None => self.created,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
