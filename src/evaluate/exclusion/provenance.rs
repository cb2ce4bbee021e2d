//! Who stands behind an exclusion: who declared it and by which rule, who approved it, and when it was announced.

use k8s_openapi::jiff::Timestamp;

use super::Request;

/// Who stands behind an exclusion. It changes no figure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// Who declared it.
    pub declared_by: String,
    /// By which rule for the reason; empty: the one without a name.
    pub rule_name: String,
    /// Who approved it by then.
    pub approved_by: Option<String>,
    /// When the other party was told. `None`: nobody knows.
    pub announced_at: Option<Timestamp>,
}

impl Provenance {
    /// That of a request, as it was known at an instant.
    pub(super) fn of(request: &Request<'_>, as_of: Timestamp) -> Self {
        let approval = request.spec.approval.as_ref().filter(|approval| approval.at.0 <= as_of);
        Self {
            declared_by: request.spec.declared_by.clone(),
            rule_name: request.spec.rule_name().to_owned(),
            approved_by: approval.map(|approval| approval.by.clone()),
            announced_at: announced(request, as_of),
        }
    }
}

/// When the other party was told. Who declares an exclusion may not say that it was announced before it was declared,
/// unless another person stands by it.
pub(super) fn announced(request: &Request<'_>, as_of: Timestamp) -> Option<Timestamp> {
    let spec = request.spec;
    let vouched = spec.approval.as_ref().is_some_and(|a| a.at.0 <= as_of && a.by != spec.declared_by);
    match (spec.announced_at.as_ref().map(|at| at.0), request.created) {
        (Some(stated), Some(created)) if !vouched => Some(stated.max(created)),
        (stated, created) => stated.or(created),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use serde_json::json;

    use super::super::super::example::{agreement, at};
    use super::super::{Bounds, resolve};
    use super::*;
    use crate::api::agreement::AgreementSpec;

    #[test]
    fn an_exclusion_says_who_stands_behind_it_as_far_as_it_was_known() {
        let rules = json!({"rules": [{"reason": "Maintenance", "name": "short", "effect": "Exclude"}]});
        let agreed = AgreementSpec { exclusions: serde_json::from_value(rules).unwrap(), ..agreement() };
        let spec = serde_json::from_value(json!({
            "agreement": "checkout", "reason": "Maintenance", "ruleName": "short", "declaredBy": "ann",
            "window": {"from": "2026-06-10T01:00:00Z", "until": "2026-06-10T03:00:00Z"},
            "announcedAt": "2026-06-01T00:00:00Z", "approval": {"by": "bob", "at": "2026-07-10T00:00:00Z"},
        }));
        let spec = spec.unwrap();
        let request = Request { name: "x", created: Some(at("2026-06-02T00:00:00Z")), spec: &spec };
        let june = Bounds { start: at("2026-06-01T00:00:00Z"), end: at("2026-07-01T00:00:00Z") };
        let told = |as_of: &str| resolve(&agreed, june, &[request], at(as_of)).unwrap();
        let by_ann = |approved_by: Option<&str>, announced: &str| Provenance {
            declared_by: "ann".to_owned(),
            rule_name: "short".to_owned(),
            approved_by: approved_by.map(str::to_owned),
            announced_at: Some(at(announced)),
        };
        // Before anybody approved it, it was announced when it was declared.
        let refused = told("2026-07-01T00:00:00Z").refused.remove(0);
        assert_eq!((refused.code, refused.provenance), ("not_approved", by_ann(None, "2026-06-02T00:00:00Z")));
        let honoured = told("2026-07-11T00:00:00Z").honoured.remove(0);
        assert_eq!(honoured.provenance, by_ann(Some("bob"), "2026-06-01T00:00:00Z"));
    }
}
