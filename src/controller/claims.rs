//! What was claimed under an agreement, and what each of these objects is told of it.
//!
//! The agreement's reconcile judges them, since it knows the statements; a claim's own only wakes it, or says that there
//! is no agreement.

use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use k8s_openapi::jiff::Timestamp;
use kube::api::Api;
use kube::runtime::controller::Action;
use kube::runtime::reflector::ObjectRef;
use kube::{Resource, ResourceExt};

use super::book::Book;
use super::context::Context;
use super::demands;
use super::error::Error;
use super::lives;
use super::past::Standing;
use crate::api::agreement_status::{AgreementStatus, DetectedBy};
use crate::api::claim::{ClaimStatus, ClaimVerdict};
use crate::api::condition::{self, ConditionStatus};
use crate::api::credit_status::CreditState;
use crate::api::{AgreementSpec, ServiceLevelAgreement, ServiceLevelClaim};
use crate::evaluate::amendment::terms_at;
use crate::evaluate::choice::{self, Choice, offered};
use crate::evaluate::claim::{Claim, Claimed};
use crate::evaluate::credit_balance::Issue;
use crate::evaluate::credit_life::Life;
use crate::evaluate::detection::Incident;
use crate::record::{status, writer};

/// The claims made under one agreement.
pub struct Claims(Vec<Arc<ServiceLevelClaim>>);

impl Claims {
    /// Those under an agreement of this name, the oldest first.
    pub fn of(context: &Context, namespace: &str, agreement: &str) -> Self {
        let concerns = |c: &Arc<ServiceLevelClaim>| {
            c.spec.agreement == agreement && c.metadata.namespace.as_deref() == Some(namespace)
        };
        let mut found: Vec<_> = context.claims.state().into_iter().filter(concerns).collect();
        found.sort_by_key(|claim| (created(claim), claim.name_any()));
        Self(found)
    }

    /// Whether any is on a credit.
    pub fn concern_credits(&self) -> bool {
        self.0.iter().any(|claim| claim.spec.credit.is_some())
    }

    /// Each with its name.
    pub fn all(&self) -> impl Iterator<Item = (&str, Claim<'_>)> {
        self.0.iter().map(|each| (each.metadata.name.as_deref().unwrap_or_default(), claim(each)))
    }

    /// What customers noticed, by what is known now.
    pub fn incidents(&self, now: Timestamp) -> Vec<Incident> {
        self.0.iter().flat_map(|each| claim(each).incidents(now)).collect()
    }

    /// The credit of a period with what happened to it, statement by statement. Empty: the agreement grants none.
    pub fn issues<'a>(&self, period_start: Timestamp, standing: &'a Standing) -> Vec<Issue<'a>> {
        standing.issues(period_start, |claimed| {
            let about = self.0.iter().map(|each| claim(each)).filter(|claim| claim.concerns(claimed));
            about.flat_map(|claim| claim.events(claimed)).collect()
        })
    }

    /// Which credit the customer chose for a period, by its terms. `standing`: the statement that stands for it.
    pub fn chosen(
        &self,
        terms: &AgreementSpec,
        period_start: Timestamp,
        standing: Option<&Standing>,
        now: Timestamp,
    ) -> Option<Choice<'_>> {
        let claimed = standing.map_or_else(|| Claimed::unsettled(period_start), |s| s.claimed(period_start));
        let made = self.0.iter().map(|each| claim(each)).filter(|claim| claim.concerns(&claimed));
        let issues = standing.map(|standing| self.issues(period_start, standing)).unwrap_or_default();
        let made = made.filter_map(|claim| claim.choice());
        choice::chosen(terms.credits.as_ref(), made, &issues, now)
    }

    /// Each claim that chooses and its generation, and how many of the instants it names have come.
    pub fn choices(&self, now: Timestamp) -> impl Iterator<Item = (Option<String>, Option<i64>, usize)> {
        self.0.iter().filter(|each| claim(each).choice().is_some()).map(move |each| {
            let come = claim(each).instants().filter(|at| *at <= now).count();
            (each.uid(), each.meta().generation, come)
        })
    }

    /// The next instant at which something that was said beforehand becomes true.
    pub fn next(&self, now: Timestamp) -> Option<Timestamp> {
        self.0.iter().flat_map(|each| claim(each).instants().collect::<Vec<_>>()).filter(|at| *at > now).min()
    }
}

fn claim(claim: &ServiceLevelClaim) -> Claim<'_> {
    Claim { created: created(claim), spec: &claim.spec }
}

fn created(claim: &ServiceLevelClaim) -> Timestamp {
    claim.creation_timestamp().map_or(Timestamp::MAX, |t| t.0)
}

/// Has the agreement of a claim look at it, or says that there is none.
///
/// # Errors
/// When the API server does not answer or refuses.
pub async fn reconcile(claim: Arc<ServiceLevelClaim>, context: Arc<Context>) -> Result<Action, Error> {
    let (namespace, name) = (claim.namespace().unwrap_or_default(), claim.spec.agreement.as_str());
    let reference = ObjectRef::<ServiceLevelAgreement>::new(name).within(&namespace);
    if context.agreements.get(&reference).is_some() {
        context.registry.wake(reference);
    } else {
        let finding = Finding::new(ConditionStatus::False, "NoAgreement", format!("there is no agreement {name} here"));
        write(&claim, &finding, &context, context.clock.now()).await?;
    }
    Ok(Action::requeue(context.resync))
}

/// Tells every claim under an agreement what became of it.
///
/// # Errors
/// When the API server does not answer or refuses.
pub(super) async fn tell(
    claims: &Claims,
    context: &Context,
    book: &Book,
    spec: &AgreementSpec,
    now: Timestamp,
) -> Result<(), Error> {
    for each in &claims.0 {
        let finding = if each.spec.credit.is_some() {
            of_credit(claims, each, book, spec, now)
        } else if each.spec.demand.is_some() {
            demands::told(spec, claim(each), now)
        } else {
            of_incident(claim(each), &book.status, now)
        };
        write(each, &finding, context, now).await?;
    }
    Ok(())
}

async fn write(claim: &ServiceLevelClaim, finding: &Finding, context: &Context, now: Timestamp) -> Result<(), Error> {
    let next = told(claim, finding, now);
    if claim.status.as_ref() != Some(&next) {
        let api: Api<ServiceLevelClaim> =
            Api::namespaced(context.client.clone(), &claim.namespace().unwrap_or_default());
        match writer::replace_status(&api, claim, &next).await {
            // Somebody deleted it.
            Err(error) if error.is_not_found() => {}
            other => other?,
        }
    }
    Ok(())
}

/// What a claim is told.
pub(super) struct Finding {
    state: ConditionStatus,
    reason: &'static str,
    message: String,
    /// The credit that is claimed: the statement that grants it, and where it stands.
    credit: Option<(String, CreditState, Option<Timestamp>)>,
    /// Until when the breach may be cured that it is about.
    cure_by: Option<Timestamp>,
}

impl Finding {
    pub(super) fn new(state: ConditionStatus, reason: &'static str, message: impl Into<String>) -> Self {
        Self { state, reason, message: message.into(), credit: None, cure_by: None }
    }

    /// The same about a breach that may be cured until then.
    pub(super) fn curable_until(self, by: Timestamp) -> Self {
        Self { cure_by: Some(by), ..self }
    }
}

/// What becomes of a claim on a credit: where the credit stands, and whether this claim led there.
fn of_credit(claims: &Claims, each: &ServiceLevelClaim, book: &Book, spec: &AgreementSpec, now: Timestamp) -> Finding {
    let claim = claim(each);
    let past = book.past.as_ref();
    let found = past.and_then(|past| past.all().find(|(start, standing)| claim.concerns(&standing.claimed(*start))));
    let Some((start, standing)) = found else {
        let message = "no statement of such a period was issued for this agreement so far; when one is, the claim counts \
                       from when it was made";
        return Finding::new(ConditionStatus::Unknown, "NotSettled", message);
    };
    let (Some(course), Some(found)) = (standing.course(), lives::stands(start, standing, claims, now)) else {
        return Finding::new(ConditionStatus::False, "NothingGranted", "the agreement grants no credits");
    };
    let mut finding = in_state(&found.life, course.grants, claim);
    if found.overpaid.is_some() {
        finding.reason = "Overpaid";
    }
    let name = standing.names.last().cloned().unwrap_or_default();
    finding.credit = Some((name, found.life.state, found.life.since));
    if let Some(words) = of_choice(claims, claim, spec, (start, standing), now) {
        finding.message = format!("{}; {words}", finding.message);
    }
    finding
}

/// What becomes of the choice that is made with a claim.
fn of_choice(
    claims: &Claims,
    claim: Claim<'_>,
    spec: &AgreementSpec,
    (start, standing): (Timestamp, &Standing),
    now: Timestamp,
) -> Option<String> {
    let name = claim.choice()?.name;
    let terms = terms_at(spec, start).ok()?;
    if let Err(why) = offered(terms.credits.as_ref(), name) {
        return Some(format!("spec.credit.chooses has no effect: {why}"));
    }
    let counts = || claims.chosen(&terms, start, Some(standing), now).map(|choice| choice.name);
    Some(match standing.facts.chosen.as_deref().or_else(counts) {
        Some(chosen) if chosen == name => format!("the customer chose {name:?}"),
        Some(chosen) => format!("spec.credit.chooses has no effect: {chosen:?} was chosen before"),
        None => "spec.credit.chooses has no effect: the credit was not open any more".to_owned(),
    })
}

fn in_state(life: &Life, grants: bool, claim: Claim<'_>) -> Finding {
    let words = life.reason.clone();
    let confirmable = |words| claim.confirmable(words);
    match life.state {
        CreditState::Determined if !grants => Finding::new(ConditionStatus::False, "NothingGranted", words),
        CreditState::Accruing => Finding::new(ConditionStatus::Unknown, "NotSettled", words),
        CreditState::Determined => Finding::new(ConditionStatus::False, "NotTaken", confirmable(words)),
        CreditState::Claimed => {
            let message = format!("{words}; it waits for spec.decision");
            Finding::new(ConditionStatus::True, "Claimed", message)
        }
        CreditState::Granted => Finding::new(ConditionStatus::True, "Granted", words),
        CreditState::Settled => Finding::new(ConditionStatus::True, "Settled", words),
        CreditState::Expired => Finding::new(ConditionStatus::False, "TooLate", confirmable(words)),
        CreditState::Voided => Finding::new(ConditionStatus::False, "Voided", words),
    }
}

/// What becomes of an incident: the violation that the customer noticed first.
fn of_incident(claim: Claim<'_>, status: &AgreementStatus, now: Timestamp) -> Finding {
    if claim.decision_by(now) == Some(ClaimVerdict::Rejected) {
        let why = claim.spec.decision.as_ref().and_then(|decision| decision.reason.clone()).unwrap_or_default();
        return Finding::new(ConditionStatus::False, "Rejected", why);
    }
    let incidents = claim.incidents(now);
    let noticed = status.violations.iter().filter(|violation| {
        violation.detected_by == Some(DetectedBy::Customer) && incidents.iter().any(|i| i.touches(violation))
    });
    let noticed: Vec<String> = noticed.map(|v| format!("{} from {}", v.objective, v.start.0)).collect();
    if noticed.is_empty() {
        let message = "no violation among the latest of the agreement lies in that time: nothing was measured as bad then, \
                       or it is not measured yet";
        return Finding::new(ConditionStatus::Unknown, "NoViolation", message);
    }
    let settled = status.period.as_ref().is_some_and(|running| {
        claim.created >= running.start.0 && claim.spec.incident.as_ref().is_some_and(|i| i.from.0 < running.start.0)
    });
    let words = format!("the customer noticed first: {}", noticed.join(", "));
    if settled {
        let message = format!(
            "{words}; it became known after the statement of that period was made, which stays as it is unless the period \
             is restated for another reason"
        );
        return Finding::new(ConditionStatus::True, "NoticedAfterSettlement", message);
    }
    Finding::new(ConditionStatus::True, "Noticed", words)
}

fn told(claim: &ServiceLevelClaim, found: &Finding, now: Timestamp) -> ClaimStatus {
    let generation = claim.meta().generation;
    let mut conditions: Vec<Condition> = claim.status.iter().flat_map(|s| s.conditions.clone()).collect();
    let Finding { state, reason, message, credit, cure_by } = found;
    condition::set(&mut conditions, condition::EFFECTIVE, *state, reason, message, generation, now);
    let since = credit.as_ref().and_then(|(_, _, since)| *since);
    ClaimStatus {
        observed_generation: generation,
        conditions,
        credit: credit.as_ref().map(|(_, state, _)| *state),
        since: since.map(|since| Time(status::whole_seconds(since))),
        statement: credit.as_ref().map(|(name, ..)| name.clone()),
        cure_by: cure_by.map(|by| Time(status::whole_seconds(by))),
    }
}
