//! What may be left out of the account, and on which conditions.

use crate::api::exclusion_rules::{ExclusionRule, ForceMajeureRule};
use crate::record::form::figure::counted;
use crate::record::form::words;

/// A rule for one reason.
pub(super) fn rule(rule: &ExclusionRule) -> String {
    let working = |days: i32| format!("announced {} before", counted(days, "working day", "working days"));
    let mut told =
        vec![words::exclusion_rule(rule.reason, &rule.name), words::exclusion_effect(Some(rule.effect)).to_lowercase()];
    told.extend(rule.minimum_notice.as_ref().map(|length| format!("announced {length} before")));
    told.extend(rule.minimum_notice_working_days.map(working));
    told.extend(rule.yearly_allowance.as_ref().map(|length| format!("at most {length} in a year")));
    told.extend(rule.force_majeure.iter().flat_map(force_majeure));
    told.join(", ")
}

fn force_majeure(rule: &ForceMajeureRule) -> impl Iterator<Item = String> {
    let notice = rule.notice_within.as_ref().map(|length| format!("notice of it within {length} after it began"));
    let proof = rule
        .proof_within_working_days
        .map(|days| format!("proof of it within {} after it ended", counted(days, "working day", "working days")));
    let default = rule.void_in_default.then(|| "not for who was in default when it began".to_owned());
    [notice, proof, default].into_iter().flatten()
}
