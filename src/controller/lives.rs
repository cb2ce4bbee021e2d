//! The lives of the credits of closed periods, as the status tells them: a statement stays as it was issued, and what
//! becomes of its credit afterwards stands beside its name.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::{SignedDuration, Timestamp};

use super::claims::Claims;
use super::past::{Past, Standing};
use crate::api::agreement_status::{AgreementStatus, StatementRef};
use crate::api::credit_status::CreditState;
use crate::evaluate::credit_life::{Life, life, next_deadline};
use crate::evaluate::deadline::Due;
use crate::record::status::whole_seconds;

/// Enters where the credit of every statement of the status stands. When to look again: when the next thing that has to
/// be done is too late.
pub(super) fn enter(
    next: &mut AgreementStatus,
    past: Option<&Past>,
    claims: &Claims,
    now: Timestamp,
) -> Option<Timestamp> {
    let past = past?;
    let mut again = claims.next(now);
    for reference in &mut next.statements {
        let start = reference.period_start.0;
        let Some(standing) = past.standing(start) else { continue };
        if let Some(found) = stands(start, standing, claims, now) {
            let due = open_until(start, standing, claims, &found);
            // Elapsed time is over just after its last instant.
            let over = due.and_then(|due| due.at.checked_add(SignedDuration::from_secs(i64::from(due.inclusive))).ok());
            again = again.into_iter().chain(over.filter(|over| *over > now)).min();
            tell(reference, &found, due);
        }
    }
    again
}

/// Where the credit of a statement stands. `None`: the agreement grants none.
pub(super) fn stands(start: Timestamp, standing: &Standing, claims: &Claims, now: Timestamp) -> Option<Life> {
    Some(life(standing.course.as_ref()?, &claims.events(start, standing), now))
}

/// When the next thing has to be done, as long as the credit is forfeited without.
fn open_until(start: Timestamp, standing: &Standing, claims: &Claims, found: &Life) -> Option<Due> {
    let course = standing.course.as_ref()?;
    let is_open = course.grants && matches!(found.state, CreditState::Determined | CreditState::Claimed);
    Some(next_deadline(course, &claims.events(start, standing)).filter(|_| is_open)?.due)
}

fn tell(reference: &mut StatementRef, found: &Life, due: Option<Due>) {
    reference.credit_state = Some(found.state);
    reference.credit_since = found.since.map(|since| Time(whole_seconds(since)));
    reference.credit_reason = found.reason.chars().take(512).collect();
    reference.claim_by = due.map(|due| Time(whole_seconds(due.at)));
}
