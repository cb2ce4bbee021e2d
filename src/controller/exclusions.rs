//! What somebody asked to have excluded from an agreement's account, and what each of these objects is told of it.

use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use k8s_openapi::jiff::Timestamp;
use kube::api::Api;
use kube::runtime::controller::Action;
use kube::{Resource, ResourceExt};

use super::context::Context;
use super::error::Error;
use crate::api::condition::{self, ConditionStatus};
use crate::api::exclusion::ExclusionStatus;
use crate::api::{AgreementSpec, ServiceLevelAgreement, ServiceLevelExclusion};
use crate::evaluate::exclusion::{Exclusions, Request, resolve_over};
use crate::evaluate::period::{Bounds, Schedule};
use crate::evaluate::span;
use crate::record::writer;

/// Periods that one exclusion is judged in, from its beginning on.
const MOST_PERIODS: usize = 64;

/// The exclusions declared for one agreement.
pub struct Declared(Vec<Arc<ServiceLevelExclusion>>);

impl Declared {
    /// Those of an agreement of this name.
    pub fn of(context: &Context, namespace: &str, agreement: &str) -> Self {
        let concerns = |e: &Arc<ServiceLevelExclusion>| {
            e.spec.agreement == agreement && e.metadata.namespace.as_deref() == Some(namespace)
        };
        Self(context.exclusions.state().into_iter().filter(concerns).collect())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of them has this name.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|declared| declared.metadata.name.as_deref() == Some(name))
    }

    /// Which of them count in a period by what is known now.
    ///
    /// # Errors
    /// The agreement's rules cannot be worked with.
    pub fn in_period(&self, spec: &AgreementSpec, period: Bounds, now: Timestamp) -> Result<Exclusions, Error> {
        self.in_time(spec, period, period, now)
    }

    /// Which of them count in the time that is judged at the end of a period.
    ///
    /// # Errors
    /// The agreement's rules cannot be worked with.
    pub fn in_time(
        &self,
        spec: &AgreementSpec,
        period: Bounds,
        judged: Bounds,
        now: Timestamp,
    ) -> Result<Exclusions, Error> {
        if self.is_empty() {
            return Ok(Exclusions::default());
        }
        let requests: Vec<Request<'_>> = self.0.iter().map(|declared| request(declared)).collect();
        resolve_over(spec, period, judged, &requests, now).map_err(|e| Error::Account(e.to_string()))
    }

    /// The latest instant at which something that was said of them became true.
    pub fn changed_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.0.iter().flat_map(|declared| instants(declared)).filter(|at| *at <= now).max()
    }

    /// Each object and its generation, and how many of the instants it names have come.
    pub fn versions(&self, now: Timestamp) -> impl Iterator<Item = (Option<String>, Option<i64>, usize)> {
        self.0.iter().map(move |declared| {
            let come = instants(declared).filter(|at| *at <= now).count();
            (declared.uid(), declared.meta().generation, come)
        })
    }
}

fn request(declared: &ServiceLevelExclusion) -> Request<'_> {
    Request {
        name: declared.metadata.name.as_deref().unwrap_or_default(),
        created: declared.metadata.creation_timestamp.as_ref().map(|t| t.0),
        spec: &declared.spec,
    }
}

/// The instants at which something that was said beforehand becomes true.
fn instants(declared: &ServiceLevelExclusion) -> impl Iterator<Item = Timestamp> {
    let spec = &declared.spec;
    let acts = [spec.approval.as_ref().map(|act| act.at.0), spec.revoked.as_ref().map(|act| act.at.0)];
    let clocks = spec.force_majeure.as_ref();
    let clocks = [clocks.and_then(|c| c.notice_at.as_ref()), clocks.and_then(|c| c.proof_at.as_ref())];
    acts.into_iter().chain(clocks.map(|at| at.map(|at| at.0))).flatten()
}

/// Says of an exclusion, and of every other one of the same agreement, whether it counts: one may use up the allowance
/// of another.
///
/// # Errors
/// When the API server does not answer or refuses.
pub async fn reconcile(exclusion: Arc<ServiceLevelExclusion>, context: Arc<Context>) -> Result<Action, Error> {
    let now = context.clock.now();
    let namespace = exclusion.namespace().unwrap_or_default();
    let name = exclusion.spec.agreement.as_str();
    let agreement =
        context.agreements.find(|a| a.name_any() == name && a.metadata.namespace.as_deref() == Some(&*namespace));
    let declared = Declared::of(&context, &namespace, name);
    let api: Api<ServiceLevelExclusion> = Api::namespaced(context.client.clone(), &namespace);
    for each in &declared.0 {
        let found = match &agreement {
            Some(agreement) => judge(agreement, each, &declared, now),
            None => Finding::new(ConditionStatus::False, "NoAgreement", format!("there is no agreement {name} here")),
        };
        let next = status(each, &found, now);
        if each.status.as_ref() != Some(&next) {
            writer::replace_status(&api, &**each, &next).await?;
        }
    }
    Ok(Action::requeue(context.resync))
}

/// What an exclusion is told.
struct Finding {
    state: ConditionStatus,
    reason: String,
    message: String,
}

impl Finding {
    fn new(state: ConditionStatus, reason: &str, message: impl Into<String>) -> Self {
        Self { state, reason: reason.to_owned(), message: message.into() }
    }
}

fn judge(
    agreement: &ServiceLevelAgreement,
    exclusion: &ServiceLevelExclusion,
    declared: &Declared,
    now: Timestamp,
) -> Finding {
    let created = agreement.creation_timestamp().map_or(Timestamp::UNIX_EPOCH, |t| t.0);
    let found = Schedule::new(&agreement.spec, created).map_err(|e| Error::Account(e.to_string()));
    let found = found.and_then(|schedule| {
        let periods = periods(exclusion, &schedule, now);
        let found = periods.iter().map(|period| declared.in_period(&agreement.spec, *period, now));
        Ok((periods.first().copied(), found.collect::<Result<Vec<_>, _>>()?))
    });
    let (first, found) = match found {
        Ok(found) => found,
        Err(error) => return Finding::new(ConditionStatus::Unknown, "InvalidAgreement", error.to_string()),
    };
    let name = exclusion.name_any();
    let honoured = found.iter().flat_map(|found| &found.honoured).filter(|h| h.name == name);
    let seconds: i64 = honoured.flat_map(|h| &h.spans).map(Bounds::seconds).sum();
    let refused = found.iter().flat_map(|found| &found.refused).find(|r| r.name == name);
    let counts = format!("{} of it count", span::text(seconds));
    match (seconds, refused, first) {
        (0, Some(refused), _) => Finding::new(ConditionStatus::False, &pascal(refused.code), refused.why.clone()),
        (0, None, None) => {
            Finding::new(ConditionStatus::False, "NotInForce", "the agreement is not in force in that time")
        }
        (0, None, Some(period)) => {
            let message = format!("it has no window in the period from {} to {}", period.start, period.end);
            Finding::new(ConditionStatus::Unknown, "NoWindow", message)
        }
        (_, None, _) => Finding::new(ConditionStatus::True, "Honoured", counts),
        (_, Some(refused), _) => Finding::new(
            ConditionStatus::True,
            "HonouredInPart",
            format!("{counts}; {}: {}", refused.code, refused.why),
        ),
    }
}

/// The periods an exclusion is about; one that recurs is judged in the running one.
fn periods(exclusion: &ServiceLevelExclusion, schedule: &Schedule, now: Timestamp) -> Vec<Bounds> {
    let Some(window) = &exclusion.spec.window else { return schedule.containing(now).into_iter().collect() };
    let window = Bounds { start: window.from.0, end: window.until.0 };
    let first = schedule.containing(window.start.max(schedule.from()));
    let following = std::iter::successors(first, |period| schedule.next(period));
    following.take_while(|period| period.start < window.end).take(MOST_PERIODS).collect()
}

fn status(exclusion: &ServiceLevelExclusion, found: &Finding, now: Timestamp) -> ExclusionStatus {
    let generation = exclusion.meta().generation;
    let mut conditions: Vec<Condition> = exclusion.status.iter().flat_map(|s| s.conditions.clone()).collect();
    let Finding { state, reason, message } = found;
    condition::set(&mut conditions, condition::HONOURED, *state, reason, message, generation, now);
    ExclusionStatus { observed_generation: generation, conditions }
}

/// A code as the reason of a condition: `not_approved` is `NotApproved`.
fn pascal(code: &str) -> String {
    let words = code.split('_').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        format!("{}{rest}", first.to_ascii_uppercase())
    });
    words.collect()
}
