//! Deadlines that forfeit nothing.

use super::{Code, Lint, Severity};
use crate::api::agreement::AgreementSpec;
use crate::api::settlement::GrantMode;
use crate::evaluate::credit_life::CLAIM;

/// Deadlines of credits that are granted without a claim, or none for the claim itself.
pub(super) fn lint(spec: &AgreementSpec) -> Option<Lint> {
    let settlement = &spec.settlement;
    let is_for_claims = settlement.deadlines.iter().any(|deadline| deadline.name == CLAIM);
    let message = match settlement.grant {
        _ if settlement.deadlines.is_empty() => return None,
        GrantMode::Automatic => {
            "these are for credits that are claimed, and those of this agreement are granted with the statement; remove \
             them, or set spec.settlement.grant to OnClaim"
                .to_owned()
        }
        GrantMode::OnClaim if is_for_claims => return None,
        GrantMode::OnClaim => {
            format!("no deadline is called {CLAIM:?}, so that a credit can be claimed for ever; give one, or rename one")
        }
    };
    let (code, severity) = (Code::ClaimDeadline, Severity::Warning);
    Some(Lint { code, severity, field: "spec.settlement.deadlines".to_owned(), message, at: None })
}
