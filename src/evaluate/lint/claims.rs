//! Deadlines that forfeit nothing.

use super::{Code, Lint, Severity};
use crate::api::agreement::AgreementSpec;
use crate::api::settlement::GrantMode;
use crate::evaluate::credit_life::CLAIM;

/// What is said where nothing is claimed.
const UNASKED: &str = "this is for credits that are claimed, and those of this agreement are granted with the statement; \
                       remove it, or set spec.settlement.grant to OnClaim";

/// Deadlines of credits that are granted without a claim, or none for the claim itself.
pub(super) fn lint(spec: &AgreementSpec) -> Option<Lint> {
    let settlement = &spec.settlement;
    let is_for_claims = settlement.deadlines.iter().any(|deadline| deadline.name == CLAIM);
    let (field, message) = match (settlement.grant, &settlement.claims_open) {
        (GrantMode::Automatic, Some(_)) if settlement.deadlines.is_empty() => ("claimsOpen", UNASKED.to_owned()),
        (GrantMode::Automatic, _) if !settlement.deadlines.is_empty() => ("deadlines", UNASKED.to_owned()),
        (GrantMode::OnClaim, _) if !is_for_claims && !settlement.deadlines.is_empty() => (
            "deadlines",
            format!(
                "no deadline is called {CLAIM:?}, so that a credit can be claimed for ever; give one, or rename one"
            ),
        ),
        (GrantMode::Automatic | GrantMode::OnClaim, _) => return None,
    };
    let (code, severity) = (Code::ClaimDeadline, Severity::Warning);
    Some(Lint { code, severity, field: format!("spec.settlement.{field}"), message, at: None })
}
