//! The promise itself: targets that leave nothing to spend, and periods nobody can look back over.

use k8s_openapi::jiff::SignedDuration;
use num_rational::BigRational;

use super::{Code, Lint, Severity};
use crate::api::Percent;
use crate::api::agreement::AgreementSpec;
use crate::api::objective::Objective;
use crate::evaluate::exact::{PERCENT_PLACES, decimal, decimal_text, hundred};
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

/// Targets above what the suppliers promise together: a service that is up only while all of them are can not be up more
/// than the product of their promises.
pub(super) fn composite(spec: &AgreementSpec) -> Vec<Lint> {
    let promises: Option<Vec<BigRational>> = spec.dependencies.iter().map(|d| percent(&d.target)).collect();
    let Some(promises) = promises.filter(|promises| !promises.is_empty()) else { return Vec::new() };
    let together = promises.iter().fold(hundred(), |product, promise| product * promise / hundred());
    let shown = decimal_text(&together, PERCENT_PLACES);
    let is_above = |(_, objective): &(usize, &Objective)| percent(&objective.target).is_some_and(|t| t > together);
    let remark = |(index, objective): (usize, &Objective)| Lint {
        code: Code::PromiseAboveComposite,
        severity: Severity::Warning,
        field: format!("spec.objectives[{index}].target"),
        message: format!(
            "{} is more than the {shown} that spec.dependencies promise together: what they owe for a miss is rarely \
             what you owe; promise less, or have more than one supplier",
            objective.target
        ),
        at: Some(shown.trim_end_matches('0').trim_end_matches('.').to_owned()),
    };
    spec.objectives.iter().enumerate().filter(is_above).map(remark).collect()
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
