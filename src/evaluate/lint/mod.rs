//! Lint: what an agreement says that can be worked with, or at least read, and is hardly meant.
//!
//! Takes a spec and gives every remark with its field, its [`Code`] and its [`Severity`]. An error is a promise that two
//! people would settle differently, or that costs money when it is kept: such an agreement is refused. A warning is worked
//! with, and said. The schema and its rules see one field or two; this looks at the whole table. `guarantor check` and
//! the operator ask the same function, so that a pipeline and a cluster cannot disagree.

mod band;
mod cells;
mod claims;
mod connections;
mod constraints;
mod estimates;
mod hearsay;
mod promise;
mod thresholds;
mod tiers;

use k8s_openapi::jiff::SignedDuration;

use super::amendment;
use super::invalid::InvalidSpec;
use crate::api::agreement::AgreementSpec;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The agreement is worked with as it is.
    Warning,
    /// The agreement is refused.
    Error,
}

impl Severity {
    /// As it is written in findings and conditions.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "Warning",
            Self::Error => "Error",
        }
    }
}

/// What kind of remark it is. The words of [`Code::as_str`] are part of the command's output and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// A worse attainment earns nothing while a better one earns a credit.
    TierGap,
    /// Two tiers that say where they end hold for the same attainment.
    TierOverlap,
    /// A tier for a worse attainment earns less, or nothing more.
    NonMonotonicCredit,
    /// No attainment is settled by the tier.
    UnreachableTier,
    /// A tier holds for an attainment that reaches the target.
    TierAboveTarget,
    /// The target leaves no error budget.
    TargetNotBelow100,
    /// The period is longer than the metrics store keeps samples.
    PeriodBeyondRetention,
    /// The parameters break a constraint between them.
    ParameterDependencyViolated,
    /// The suppliers' promises together are less than what is promised.
    PromiseAboveComposite,
    /// Something is owed by what no metrics source can tell.
    OwedByHearsay,
    /// The tiers of one objective grant in units that nobody can compare.
    MixedUnits,
    /// Deadlines of claims, and no credit that is claimed by one of them.
    ClaimDeadline,
    /// An indicator's figure is an estimate.
    EstimatedFigure,
    /// A threshold for bad minutes is judged by shorter slots.
    ThresholdBySlot,
    /// More replicas are allowed than the dependency has connections for.
    MaxAboveConnections,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 15] = [
        Self::TierGap,
        Self::TierOverlap,
        Self::NonMonotonicCredit,
        Self::UnreachableTier,
        Self::TierAboveTarget,
        Self::TargetNotBelow100,
        Self::PeriodBeyondRetention,
        Self::ParameterDependencyViolated,
        Self::PromiseAboveComposite,
        Self::OwedByHearsay,
        Self::MixedUnits,
        Self::ClaimDeadline,
        Self::EstimatedFigure,
        Self::ThresholdBySlot,
        Self::MaxAboveConnections,
    ];

    /// The stable word for machines.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TierGap => "tier_gap",
            Self::TierOverlap => "tier_overlap",
            Self::NonMonotonicCredit => "non_monotonic_credit",
            Self::UnreachableTier => "unreachable_tier",
            Self::TierAboveTarget => "tier_above_target",
            Self::TargetNotBelow100 => "target_not_below_100",
            Self::PeriodBeyondRetention => "period_beyond_retention",
            Self::ParameterDependencyViolated => "parameter_dependency_violated",
            Self::PromiseAboveComposite => "promise_above_composite",
            Self::OwedByHearsay => "owed_by_hearsay",
            Self::MixedUnits => "mixed_units",
            Self::ClaimDeadline => "claim_deadline",
            Self::EstimatedFigure => "estimated_figure",
            Self::ThresholdBySlot => "threshold_by_slot",
            Self::MaxAboveConnections => "max_above_connections",
        }
    }

    /// The same word as the reason of a condition.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::TierGap => "TierGap",
            Self::TierOverlap => "TierOverlap",
            Self::NonMonotonicCredit => "NonMonotonicCredit",
            Self::UnreachableTier => "UnreachableTier",
            Self::TierAboveTarget => "TierAboveTarget",
            Self::TargetNotBelow100 => "TargetNotBelow100",
            Self::PeriodBeyondRetention => "PeriodBeyondRetention",
            Self::ParameterDependencyViolated => "ParameterDependencyViolated",
            Self::PromiseAboveComposite => "PromiseAboveComposite",
            Self::OwedByHearsay => "OwedByHearsay",
            Self::MixedUnits => "MixedUnits",
            Self::ClaimDeadline => "ClaimDeadline",
            Self::EstimatedFigure => "EstimatedFigure",
            Self::ThresholdBySlot => "ThresholdBySlot",
            Self::MaxAboveConnections => "MaxAboveConnections",
        }
    }
}

/// One remark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lint {
    /// What kind.
    pub code: Code,
    /// How bad.
    pub severity: Severity,
    /// The path of the field, for example `spec.credits.tiers[1].below`.
    pub field: String,
    /// What is wrong and what to do.
    pub message: String,
    /// An attainment in percent at which it shows, where there is one: in a gap, a value that no tier holds for.
    pub at: Option<String>,
}

/// Everything there is to remark, in the order of the fields. `retention`: how long the metrics store keeps samples,
/// where that is known.
///
/// The terms after each amendment are looked at as well, and what is new with them is told of the amendment. What cannot be
/// read as a number is left to [`super::validate`], which names it.
#[must_use]
pub fn lint(spec: &AgreementSpec, retention: Option<SignedDuration>) -> Vec<Lint> {
    let mut found = terms(spec, retention);
    for (index, lint) in amendment::anew(spec, |spec| terms(spec, retention)) {
        let Lint { code, severity, field, message, at } = lint;
        let InvalidSpec { field, message } = amendment::blame(spec, index, InvalidSpec { field, message });
        let lint = Lint { code, severity, field, message, at };
        // What looks into the amendments by itself has said it already.
        if !found.contains(&lint) {
            found.push(lint);
        }
    }
    found
}

/// What there is to remark on some terms.
fn terms(spec: &AgreementSpec, retention: Option<SignedDuration>) -> Vec<Lint> {
    let mut found: Vec<Lint> = retention.and_then(|kept| promise::period(spec, kept)).into_iter().collect();
    found.extend(constraints::broken(spec));
    found.extend(promise::targets(spec));
    found.extend(promise::composite(spec));
    found.extend(estimates::lint(spec));
    found.extend(thresholds::lint(spec));
    for objective in &spec.objectives {
        let Some(target) = promise::percent(&objective.target) else { continue };
        found.extend(tiers::mixed(spec, &objective.name));
        let bands = spec.credits.as_ref().and_then(|credits| band::bands(credits, &objective.name));
        found.extend(bands.map(|bands| tiers::lint(&bands, &objective.name, &target)).unwrap_or_default());
    }
    found.extend(hearsay::owed(spec));
    found.extend(claims::lint(spec));
    found.extend(connections::lint(spec));
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
