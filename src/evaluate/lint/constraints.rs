//! What the agreement says must hold between its parameters.

use super::{Code, Lint, Severity};
use crate::api::agreement::AgreementSpec;
use crate::api::parameter::ParameterRule;
use crate::evaluate::parameter_rule::holds;

/// The constraints that are broken. Those that say nothing are left to [`crate::evaluate::validate`].
pub(super) fn broken(spec: &AgreementSpec) -> Vec<Lint> {
    let is_broken = |(_, rule): &(usize, &ParameterRule)| holds(&rule.rule, &spec.parameters) == Ok(false);
    let remark = |(index, rule): (usize, &ParameterRule)| Lint {
        code: Code::ParameterDependencyViolated,
        severity: Severity::Error,
        field: format!("spec.constraints[{index}]"),
        message: format!("{} ({}); correct spec.parameters", rule.message, rule.rule),
        at: None,
    };
    spec.constraints.iter().enumerate().filter(is_broken).map(remark).collect()
}
