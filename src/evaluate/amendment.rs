//! The terms in force: what an agreement promises in a period, with every amendment that had taken effect by then.
//!
//! A period is settled by the terms that were in force when it began. Under `Split` an amendment begins a period of its
//! own; under `NextPeriod` the running one ends by the old terms. So one rule serves both: an amendment is in force in
//! every period that begins on its day or later. Where periods begin, [`super::period::Schedule`] knows.

use std::borrow::Cow;

use k8s_openapi::jiff::Timestamp;

use crate::api::agreement::AgreementSpec;
use crate::api::amendment::{Amendment, AmendmentRule};

use super::invalid::InvalidSpec;
use super::period::{Bounds, first_instant, zone};

/// The terms of a period that begins at `start`.
///
/// # Errors
/// Names the amendment whose day does not exist or that changes the fee of credits nobody promised.
pub fn terms_at(spec: &AgreementSpec, start: Timestamp) -> Result<Cow<'_, AgreementSpec>, InvalidSpec> {
    amended(spec, in_force(spec, start)?)
}

/// The same terms by the day of the last amendment in force, as a statement names it: a closed period keeps the terms it
/// was settled by, whatever was agreed since. Empty: none was in force.
///
/// # Errors
/// As for [`terms_at`].
pub fn terms_through<'a>(spec: &'a AgreementSpec, effective: &str) -> Result<Cow<'a, AgreementSpec>, InvalidSpec> {
    // Days of this form are ordered as texts.
    amended(spec, spec.amendments.iter().take_while(|a| a.effective.as_str() <= effective).count())
}

/// The day of the last amendment that is in force in a period that begins at `start`; empty when none is.
///
/// # Errors
/// Names the amendment whose day does not exist.
pub fn last_in_force(spec: &AgreementSpec, start: Timestamp) -> Result<&str, InvalidSpec> {
    let count = in_force(spec, start)?;
    Ok(spec.amendments.iter().take(count).next_back().map_or("", |amendment| amendment.effective.as_str()))
}

/// The spec with its first amendments put in. The list itself stays.
pub(super) fn amended(spec: &AgreementSpec, count: usize) -> Result<Cow<'_, AgreementSpec>, InvalidSpec> {
    if count == 0 {
        return Ok(Cow::Borrowed(spec));
    }
    let mut terms = spec.clone();
    for (index, amendment) in spec.amendments.iter().take(count).enumerate() {
        let Amendment { objectives, credits, fee, missing_data, exclusions, calendar, parameters, .. } = amendment;
        if let Some(objectives) = objectives {
            terms.objectives.clone_from(objectives);
        }
        if credits.is_some() {
            terms.credits.clone_from(credits);
        }
        match (fee, &mut terms.credits) {
            (None, _) => {}
            (Some(fee), Some(credits)) => credits.fee.clone_from(fee),
            (Some(_), None) => {
                let message = "there are no credits then whose fee this could be; give credits";
                return Err(InvalidSpec::new(format!("spec.amendments[{index}].fee"), message));
            }
        }
        if let Some(missing_data) = missing_data {
            terms.missing_data.clone_from(missing_data);
        }
        if let Some(exclusions) = exclusions {
            terms.exclusions.clone_from(exclusions);
        }
        if let Some(calendar) = calendar {
            terms.calendar.clone_from(calendar);
        }
        if let Some(parameters) = parameters {
            terms.parameters.clone_from(parameters);
        }
    }
    Ok(Cow::Owned(terms))
}

/// What is remarked on the terms after each amendment and was not on those before it, with the place of the amendment.
/// Amendments that cannot be put in say nothing here.
pub(super) fn anew<R: Clone + PartialEq>(
    spec: &AgreementSpec,
    remarks: impl Fn(&AgreementSpec) -> Vec<R>,
) -> Vec<(usize, R)> {
    let mut before = remarks(spec);
    let mut found = Vec::new();
    for index in 0..spec.amendments.len() {
        let Ok(terms) = amended(spec, index + 1) else { break };
        let after = remarks(&terms);
        found.extend(after.iter().filter(|remark| !before.contains(remark)).map(|remark| (index, remark.clone())));
        before = after;
    }
    found
}

/// Names what is wrong with the terms after an amendment: the field that the amendment gives or, where it leaves the field
/// as it was, the amendment, and then the message names the field.
pub(super) fn blame(spec: &AgreementSpec, index: usize, fault: InvalidSpec) -> InvalidSpec {
    let place = format!("spec.amendments[{index}]");
    let Some(amendment) = spec.amendments.get(index) else { return fault };
    let InvalidSpec { field, message } = fault;
    let given = [
        ("spec.objectives", amendment.objectives.is_some(), "objectives"),
        ("spec.credits.fee", amendment.fee.is_some(), "fee"),
        ("spec.credits", amendment.credits.is_some(), "credits"),
        ("spec.missingData", amendment.missing_data.is_some(), "missingData"),
        ("spec.exclusions", amendment.exclusions.is_some(), "exclusions"),
    ];
    for (block, is_given, name) in given {
        let rest = field.strip_prefix(block).filter(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
        if let Some(rest) = rest.filter(|_| is_given) {
            return InvalidSpec { field: format!("{place}.{name}{rest}"), message };
        }
    }
    InvalidSpec { field: place, message: format!("from then on, {field}: {message}") }
}

/// When each amendment takes effect.
///
/// # Errors
/// Names the amendment whose day does not exist.
pub fn instants(spec: &AgreementSpec) -> Result<Vec<Timestamp>, InvalidSpec> {
    let zone = zone(&spec.time_zone)?;
    let instant = |(index, amendment): (usize, &Amendment)| {
        first_instant(&format!("spec.amendments[{index}].effective"), &amendment.effective, &zone)
    };
    spec.amendments.iter().enumerate().map(instant).collect()
}

/// Where amendments split periods.
pub(super) fn cuts(spec: &AgreementSpec) -> Result<Vec<Timestamp>, InvalidSpec> {
    match (spec.amendment_rule, spec.amendments.is_empty()) {
        (_, true) => Ok(Vec::new()),
        (Some(AmendmentRule::Split), _) => instants(spec),
        (Some(AmendmentRule::NextPeriod), _) => instants(spec).map(|_| Vec::new()),
        (None, false) => {
            let message = "must be given where there are spec.amendments; write Split or NextPeriod";
            Err(InvalidSpec::new("spec.amendmentRule", message))
        }
    }
}

/// The part of a whole period between the cuts around an instant that lies in it.
pub(super) fn part(whole: Bounds, at: Timestamp, cuts: &[Timestamp]) -> Bounds {
    let before = cuts.iter().copied().filter(|cut| *cut <= at).max();
    let after = cuts.iter().copied().filter(|cut| *cut > at).min();
    Bounds {
        start: before.map_or(whole.start, |cut| whole.start.max(cut)),
        end: after.map_or(whole.end, |cut| whole.end.min(cut)),
    }
}

fn in_force(spec: &AgreementSpec, start: Timestamp) -> Result<usize, InvalidSpec> {
    if spec.amendments.is_empty() {
        return Ok(0);
    }
    let instants = instants(spec)?;
    Ok(instants.iter().take_while(|instant| **instant <= start).count())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
