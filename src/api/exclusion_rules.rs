//! The rules of an agreement for exclusions: what may be left out, under which conditions, and with what effect.

use kube::KubeSchema;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::Span;

/// What may be left out of the account. A reason without a rule is refused.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExclusionRules {
    /// One rule per reason, or several that are told apart by their names.
    #[serde(default)]
    #[schemars(length(max = 12))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["reason".into(), "name".into()]))]
    pub rules: Vec<ExclusionRule>,
    /// Whether a second person must approve. `Required` is the default.
    #[serde(default)]
    pub approval: ApprovalRule,
}

impl ExclusionRules {
    /// The rule for a reason that has this name. Empty: the one without a name.
    #[must_use]
    pub fn rule(&self, reason: ExclusionReason, name: &str) -> Option<&ExclusionRule> {
        self.rules.iter().find(|rule| rule.reason == reason && rule.name == name)
    }
}

/// A rule for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("!has(self.forceMajeure) || self.reason == 'ForceMajeure'")
    .message("spec.exclusions.rules[].forceMajeure goes with the reason ForceMajeure; remove it")
    .field_path(".forceMajeure"))]
pub struct ExclusionRule {
    /// The reason it is for.
    pub reason: ExclusionReason,
    /// Tells rules for the same reason apart, such as those for maintenance at short and at long notice: an exclusion names
    /// the one it is for in `ruleName`. Left out: the rule for exclusions that name none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(schema_with = "name")]
    pub name: String,
    /// `Exclude`: what is excluded is not counted at all, so that the rest weighs more. `CountAsGood`: it stays in the
    /// denominator and counts as good.
    pub effect: ExclusionEffect,
    /// How long before its beginning it must have been announced, for example `5d`. Exactly that long is long enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_notice: Option<Span>,
    /// The same in working days of `spec.calendar`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 60))]
    pub minimum_notice_working_days: Option<i32>,
    /// How much time may be excluded by this rule in a calendar year, for example `12h`; what comes first counts first, and what is
    /// beyond counts against the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yearly_allowance: Option<Span>,
    /// The conditions of force majeure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub force_majeure: Option<ForceMajeureRule>,
}

/// The conditions under which force majeure exempts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ForceMajeureRule {
    /// How soon after the beginning of the event notice must be given, for example `24h`. Exactly that long is in time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice_within: Option<Span>,
    /// By the end of how many working days after the end of the event proof must be given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 60))]
    pub proof_within_working_days: Option<i32>,
    /// Whether a party that was in default already when the event began is not exempt. `true` is the default.
    #[serde(default = "yes")]
    #[schemars(default = "yes")]
    pub void_in_default: bool,
}

/// A key of a list must have a default, also where an empty one is not written.
fn name(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "default": "",
        "maxLength": 40,
        "pattern": "^([a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?)?$",
    })
}

fn yes() -> bool {
    true
}

/// Why something shall not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum ExclusionReason {
    /// Planned work on the service.
    Maintenance,
    /// An event beyond anybody's control.
    ForceMajeure,
    /// The customer's doing.
    CustomerCaused,
    /// A third party's doing for which the provider does not answer.
    ThirdParty,
    /// The service was suspended by right.
    Suspension,
    /// Agreed from case to case.
    Agreed,
}

/// What an exclusion does to the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ExclusionEffect {
    /// It leaves numerator and denominator.
    Exclude,
    /// It stays in the denominator, as good.
    CountAsGood,
}

/// Whether a second person must approve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum ApprovalRule {
    /// Nothing is excluded without the approval of somebody else than who declared it.
    #[default]
    Required,
    /// A declaration is enough.
    NotRequired,
}
