//! What the schema of claims and amendments can not see: days that lie outside the agreement, or before their time.

use crate::api::agreement::AgreementSpec;
use crate::api::settlement::{Deadline, GrantMode};

use super::super::amendment;
use super::super::calendar::WorkingDays;
use super::super::credit_life::CLAIM;
use super::super::deadline::{Anchors, deadline, opening};
use super::super::invalid::InvalidSpec;
use super::super::period::Schedule;

/// Claims that nobody could make: they are taken only when the time for them is over.
pub(super) fn claims(spec: &AgreementSpec, schedule: &Schedule) -> Option<InvalidSpec> {
    let settlement = &spec.settlement;
    let opens = settlement.claims_open.as_ref().filter(|_| settlement.grant == GrantMode::OnClaim)?;
    let same = |claim: &&Deadline| claim.name == CLAIM && claim.after == opens.after;
    let claim = settlement.deadlines.iter().find(same)?;
    // Whatever both are reckoned from, it is the same: the first period is as good as any.
    let period = schedule.containing(schedule.from())?;
    let anchors = Anchors {
        incident: Some(period.start),
        awareness: Some(period.start),
        period: Some(period),
        statement: Some(period.end),
    };
    let calendar = WorkingDays::new(&spec.calendar).ok()?;
    let opened = opening(opens, &anchors, schedule, &calendar).ok()?;
    let due = deadline(claim, &anchors, schedule, &calendar).ok()?;
    (opened.at >= due.at).then(|| {
        let message =
            format!("claims are taken from then on, and the deadline {CLAIM:?} is over before; open them sooner");
        InvalidSpec::new("spec.settlement.claimsOpen", message)
    })
}

/// A notice or a deposit that leads to no day.
pub(super) fn term(spec: &AgreementSpec) -> Option<InvalidSpec> {
    super::super::term::term(spec, 0).err()
}

/// Amendments that take effect while the agreement is not in force.
pub(super) fn amendments(spec: &AgreementSpec, schedule: &Schedule) -> Vec<InvalidSpec> {
    let Some(validity) = &spec.validity else { return Vec::new() };
    let outside = |(index, at): (usize, k8s_openapi::jiff::Timestamp)| {
        let message = if at < schedule.from() {
            format!(
                "is before spec.validity.from, {}: write what holds from the first day on into the spec",
                validity.from
            )
        } else if schedule.until().is_some_and(|until| until <= at) {
            "is not before spec.validity.until, when the agreement is no longer in force; remove the entry".to_owned()
        } else {
            return None;
        };
        Some(InvalidSpec::new(format!("spec.amendments[{index}].effective"), message))
    };
    amendment::instants(spec).unwrap_or_default().into_iter().enumerate().filter_map(outside).collect()
}
