//! What is agreed and the operator does not carry out: only people can tell it what happened, and it does not ask them.

use super::{Code, Lint, Severity};
use crate::api::agreement::AgreementSpec;
use crate::api::credits::{Credits, ServiceDaysRule};

/// The parts of these terms that only `guarantor settle` carries out, with what it is told of them.
pub(super) fn lint(spec: &AgreementSpec) -> Vec<Lint> {
    let settlement = &spec.settlement;
    let agreed = [
        (settlement.deposit.is_some(), "settlement.deposit", "when a deposit is returned", "ended and severeBreach"),
        (
            settlement.termination_notice_days.is_some(),
            "settlement.terminationNoticeDays",
            "when a notice ends the agreement",
            "terminationNotice",
        ),
        (
            spec.credits.as_ref().is_some_and(extend_the_term) && has_an_end(spec),
            "credits.tiers",
            "to which day the days of service extend the agreement",
            "slots or outages",
        ),
    ];
    let said = agreed.into_iter().filter(|(is_agreed, ..)| *is_agreed);
    said.map(|(_, field, what, told_by)| Lint {
        code: Code::NotCarriedOut,
        severity: Severity::Warning,
        field: format!("spec.{field}"),
        message: format!(
            "the operator does not tell {what}; `guarantor settle` does, from {told_by} in a measurements file"
        ),
        at: None,
    })
    .collect()
}

/// Whether days of service are granted that are added to the end of the agreement.
fn extend_the_term(credits: &Credits) -> bool {
    credits.service_days.unwrap_or_default() == ServiceDaysRule::ExtendTerm
        && credits.tiers.iter().any(|tier| tier.service_days.is_some())
}

fn has_an_end(spec: &AgreementSpec) -> bool {
    spec.validity.as_ref().is_some_and(|validity| validity.until.is_some())
}
