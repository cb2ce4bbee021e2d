//! The promise itself: targets that leave nothing to spend, and periods nobody can look back over.

use k8s_openapi::jiff::SignedDuration;
use num_rational::BigRational;

use super::{Code, Lint, Severity};
use crate::api::Percent;
use crate::api::agreement::AgreementSpec;
use crate::evaluate::exact::{decimal, hundred};
use crate::evaluate::parameters;
use crate::evaluate::span;
use crate::evaluate::validate::longest_period;

/// A percentage, from 0 to 100. `None`: no number.
pub(super) fn percent(percent: &Percent) -> Option<BigRational> {
    decimal(percent.as_str()).ok()
}

/// Targets without an error budget.
pub(super) fn targets(spec: &AgreementSpec) -> Vec<Lint> {
    let remark = |(index, text): (usize, &str), severity, message: String| Lint {
        code: Code::TargetNotBelow100,
        severity,
        field: format!("spec.objectives[{index}].target"),
        message,
        at: Some(text.to_owned()),
    };
    let mut found = Vec::new();
    for (index, objective) in spec.objectives.iter().enumerate() {
        let text = objective.target.as_str();
        match percent(&objective.target).map(|target| target.cmp(&hundred())) {
            Some(std::cmp::Ordering::Greater) => {
                let message = format!("{text} % of the events cannot be good; write at most 100");
                found.push(remark((index, text), Severity::Error, message));
            }
            Some(std::cmp::Ordering::Equal) => {
                let message =
                    "100 leaves no error budget: a single bad event violates it, and nothing can be done before \
                               that; promise less, for example 99.99"
                        .to_owned();
                found.push(remark((index, text), Severity::Warning, message));
            }
            Some(std::cmp::Ordering::Less) | None => {}
        }
    }
    found
}

/// A period longer than the metrics store looks back. The ledger keeps what was read in time, so the account is as good;
/// but it cannot be read again, and a new agreement finds the beginning of its period gone.
pub(super) fn period(spec: &AgreementSpec, kept: SignedDuration) -> Option<Lint> {
    let longest = longest_period(&spec.period);
    (longest > kept.as_secs()).then(|| {
        let (longest, kept) = (span::text(longest), span::text(kept.as_secs()));
        let message = format!(
            "the longest period has {longest}, and the metrics store keeps {kept}: slots that are not read in time, and \
             those before the agreement was made, stay unknown; keep samples longer, or settle shorter periods"
        );
        let code = Code::PeriodBeyondRetention;
        Lint { code, severity: Severity::Warning, field: "spec.period".to_owned(), message, at: None }
    })
}

/// Constraints between the parameters that do not hold. Those that can not be evaluated are left to validation.
pub(super) fn parameters(spec: &AgreementSpec) -> Vec<Lint> {
    let broken = parameters::violated(spec).unwrap_or_default();
    broken
        .into_iter()
        .map(|(index, rule)| Lint {
            code: Code::ParameterDependencyViolated,
            severity: Severity::Error,
            field: format!("spec.constraints[{index}]"),
            message: format!("{} (the parameters do not satisfy {:?})", rule.message, rule.rule),
            at: None,
        })
        .collect()
}
