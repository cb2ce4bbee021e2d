use serde_json::{Value, json};

use super::super::super::example::{agreement, at};
use super::super::{Bounds, Exclusions, Request, resolve};
use super::*;
use crate::api::agreement::AgreementSpec;
use crate::api::exclusion::ExclusionSpec;

/// Eight hours a year at a week's notice, and one hour at a day's; what the customer caused has one rule.
fn agreed() -> AgreementSpec {
    let rules = json!({"rules": [
        {"reason": "Maintenance", "name": "planned", "effect": "Exclude", "minimumNotice": "7d", "yearlyAllowance": "8h"},
        {"reason": "Maintenance", "name": "short", "effect": "CountAsGood", "minimumNotice": "24h",
            "yearlyAllowance": "1h"},
        {"reason": "CustomerCaused", "effect": "Exclude"},
    ]});
    AgreementSpec { time_zone: "UTC".to_owned(), exclusions: serde_json::from_value(rules).unwrap(), ..agreement() }
}

/// So many hours of a night of June, announced on a day before it and approved at once.
fn request(night: &str, hours: u8, announced: &str, changes: &Value) -> ExclusionSpec {
    let mut value = json!({
        "agreement": "checkout", "reason": "Maintenance", "declaredBy": "ann",
        "window": {"from": format!("2026-06-{night}T01:00:00Z"), "until": format!("2026-06-{night}T{:02}:00:00Z", 1 + hours)},
        "announcedAt": format!("2026-06-{announced}T01:00:00Z"),
        "approval": {"by": "bob", "at": format!("2026-06-{announced}T02:00:00Z")},
    });
    value.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    serde_json::from_value(value).unwrap()
}

fn resolved(requests: &[(&str, ExclusionSpec)]) -> Exclusions {
    let requests: Vec<_> = requests.iter().map(|(name, spec)| Request { name, created: None, spec }).collect();
    let june = Bounds { start: at("2026-06-01T00:00:00Z"), end: at("2026-07-01T00:00:00Z") };
    resolve(&agreed(), june, &requests, at("2026-07-01T00:00:00Z")).unwrap()
}

fn under(rule: &str) -> Value {
    json!({"ruleName": rule})
}

#[test]
fn a_request_is_judged_by_the_rule_it_names_and_by_no_other() {
    let cases = [
        (under("planned"), "02", None),
        (under("planned"), "03", Some("notice_too_short")),
        (under("short"), "08", None),
        (under("short"), "09", Some("notice_too_short")),
        (json!({}), "02", Some("not_agreed")),
        (under("long"), "02", Some("not_agreed")),
        (json!({"reason": "CustomerCaused"}), "09", None),
        (json!({"reason": "CustomerCaused", "ruleName": "short"}), "02", Some("not_agreed")),
    ];
    for (changes, announced, code) in cases {
        let found = resolved(&[("x", request("09", 1, announced, &changes))]);
        assert_eq!(found.refused.first().map(|refused| refused.code), code, "{changes} {announced}");
        assert_eq!(found.honoured.len(), usize::from(code.is_none()), "{changes} {announced}");
        let told = found.honoured.iter().map(|h| &h.provenance).chain(found.refused.iter().map(|r| &r.provenance));
        let named = changes["ruleName"].as_str().unwrap_or_default();
        assert!(told.into_iter().all(|provenance| provenance.rule_name == named), "{changes}");
    }
}

#[test]
fn each_rule_has_an_effect_and_an_allowance_of_its_own() {
    let found = resolved(&[
        ("a", request("10", 6, "01", &under("planned"))),
        ("b", request("11", 2, "01", &under("short"))),
        ("c", request("12", 6, "01", &under("planned"))),
    ]);
    let left: Vec<_> = found
        .honoured
        .iter()
        .map(|h| (h.name.as_str(), h.effect, h.spans.iter().map(Bounds::seconds).sum::<i64>() / 3_600))
        .collect();
    let (exclude, good) = (ExclusionEffect::Exclude, ExclusionEffect::CountAsGood);
    assert_eq!(left, [("a", exclude, 6), ("b", good, 1), ("c", exclude, 2)]);
    let beyond: Vec<_> = found.refused.iter().map(|r| (r.name.as_str(), r.code, r.seconds / 3_600)).collect();
    assert_eq!(beyond, [("b", "allowance_exceeded", 1), ("c", "allowance_exceeded", 4)]);
    assert!(found.refused[0].why.contains("beyond the 1h") && found.refused[1].why.contains("beyond the 8h"));
}

#[test]
fn what_names_no_rule_of_the_agreement_is_told_which_there_are() {
    let why = |changes: &Value| resolved(&[("x", request("20", 1, "01", changes))]).refused.remove(0).why;
    let by_name = why(&json!({}));
    assert!(by_name.ends_with("; spec.ruleName must be one of planned, short"), "{by_name}");
    let wrong = why(&under("long"));
    assert!(wrong.contains("no rule \"long\" for the reason Maintenance"), "{wrong}");
    let only = why(&json!({"reason": "CustomerCaused", "ruleName": "planned"}));
    assert!(only.ends_with("leave spec.ruleName out"), "{only}");
    let none = why(&json!({"reason": "Suspension"}));
    assert!(none.ends_with("no rule for the reason Suspension in spec.exclusions.rules"), "{none}");
}

#[test]
fn two_rules_for_one_reason_have_different_names() {
    let fault = |names: [&str; 2]| {
        let rule = |name: &str| json!({"reason": "Agreed", "name": name, "effect": "Exclude"});
        let read = json!({"rules": names.map(rule)});
        rules(&serde_json::from_value(read).unwrap()).err().map(|fault| fault.field)
    };
    assert_eq!(fault(["", "a"]), None);
    assert_eq!(fault(["a", "b"]), None);
    assert_eq!(fault(["a", "a"]).as_deref(), Some("spec.exclusions.rules[1].name"));
    assert_eq!(fault(["", ""]).as_deref(), Some("spec.exclusions.rules[1].name"));
}

#[test]
fn a_rule_without_a_name_is_written_without_one() {
    let rule = json!({"reason": "Agreed", "effect": "Exclude"});
    let read: ExclusionRule = serde_json::from_value(rule.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), rule, "the digests of statements stay what they are");
    let named = json!({"reason": "Agreed", "effect": "Exclude", "name": ""});
    assert_eq!(serde_json::from_value::<ExclusionRule>(named).unwrap(), read, "as an API server gives it back");
}
