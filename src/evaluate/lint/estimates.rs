//! Indicators that rest on a guess: how values are spread within a bucket of a histogram, nobody knows.

use super::{Code, Lint, Severity};
use crate::api::agreement::AgreementSpec;
use crate::api::objective::Objective;
use crate::evaluate::series;
use crate::sense::promql::Expression;

/// The expressions whose figures are estimates. What cannot be parsed is told of elsewhere.
pub(super) fn lint(spec: &AgreementSpec) -> Vec<Lint> {
    spec.objectives.iter().enumerate().flat_map(|(index, objective)| of(index, objective)).collect()
}

fn of(index: usize, objective: &Objective) -> Vec<Lint> {
    let mut found = Vec::new();
    for (place, (_, indicator)) in series::indicators(objective).iter().enumerate() {
        let member = objective.indicator.members.as_ref().map(|_| format!("members[{place}].")).unwrap_or_default();
        for (field, text) in indicator.expressions() {
            let Some(function) = Expression::parse(text).ok().and_then(|e| e.estimate()) else { continue };
            found.push(Lint {
                code: Code::EstimatedFigure,
                severity: Severity::Warning,
                field: format!("spec.objectives[{index}].indicator.{member}{field}"),
                message: format!(
                    "{function}() guesses how values are spread within a bucket, unless it is asked about the bound of \
                     one: the other party may reckon otherwise; promise a share within the bound of a bucket, with \
                     indicator.latency"
                ),
                at: None,
            });
        }
    }
    found
}
