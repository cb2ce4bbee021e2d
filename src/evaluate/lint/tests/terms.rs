//! What is remarked on claims, on units, and on the terms after amendments.

use super::*;

/// Codes and fields of what there is to remark on the example with these blocks.
fn remarked(blocks: &[(&str, Value)]) -> Vec<(&'static str, String)> {
    let mut value = serde_json::to_value(agreement()).unwrap();
    for (name, block) in blocks {
        value[*name] = block.clone();
    }
    let spec = serde_json::from_value(value).unwrap();
    lint(&spec, None).into_iter().map(|lint| (lint.code.as_str(), lint.field)).collect()
}

#[test]
fn deadlines_forfeit_what_is_claimed() {
    let deadlines = |grant: &str, name: &str| {
        let deadline = json!({"name": name, "after": "PeriodEnd", "days": 30});
        remarked(&[("settlement", json!({"grant": grant, "deadlines": [deadline]}))])
    };
    let remark = [("claim_deadline", "spec.settlement.deadlines".to_owned())];
    assert_eq!(deadlines("OnClaim", "claim"), []);
    assert_eq!(deadlines("OnClaim", "claims"), remark);
    assert_eq!(deadlines("Automatic", "claim"), remark);
    assert_eq!(remarked(&[("settlement", json!({"grant": "OnClaim"}))]), []);
    let opens = json!({"name": "claim", "after": "PeriodEnd", "days": 1});
    let unasked = remarked(&[("settlement", json!({"claimsOpen": opens}))]);
    assert_eq!(unasked, [("claim_deadline", "spec.settlement.claimsOpen".to_owned())]);
    assert_eq!(remarked(&[("settlement", json!({"grant": "OnClaim", "claimsOpen": opens}))]), []);
}

#[test]
fn tiers_of_different_units_are_not_compared() {
    let tiers = json!([
        {"objective": "availability", "below": "99.9", "percentOfFee": "10"},
        {"objective": "availability", "below": "99.0", "serviceDays": 2}
    ]);
    let credits = json!({"fee": {"amount": "1.00", "currency": "EUR"}, "tiers": tiers});
    assert_eq!(remarked(&[("credits", credits)]), [("mixed_units", "spec.credits.tiers[1].serviceDays".to_owned())]);
}

#[test]
fn the_terms_after_each_amendment_are_looked_at() {
    let amended = |amendments: Value| remarked(&[("amendmentRule", json!("Split")), ("amendments", amendments)]);
    let mut objective = serde_json::to_value(&agreement().objectives[0]).unwrap();
    objective["target"] = json!("99");
    let tiers = |below: &str| {
        json!({
            "fee": {"amount": "1.00", "currency": "EUR"},
            "tiers": [{"objective": "availability", "below": below, "percentOfFee": "10"}]
        })
    };
    let lower = json!({"effective": "2026-05-01", "objectives": [objective]});
    assert_eq!(amended(json!([lower])), [("tier_above_target", "spec.amendments[0]".to_owned())]);
    // What the first amendment gives, it is named for; and it is said once.
    let above = json!({"effective": "2026-05-01", "credits": tiers("99.95")});
    let later = json!({"effective": "2026-06-01", "missingData": {"treatAs": "Bad"}});
    let named = ("tier_above_target", "spec.amendments[0].credits.tiers[0].below".to_owned());
    assert_eq!(amended(json!([above, later])), [named]);
    let mended = json!({"effective": "2026-05-01", "objectives": [objective], "credits": tiers("99")});
    assert_eq!(amended(json!([mended])), []);
}

#[test]
fn what_an_amendment_owes_by_hearsay_is_said_once() {
    let volume = json!({
        "fee": {"amount": "1.00", "currency": "EUR"},
        "rewards": {"basis": "Volume", "tiers": [{"atLeast": "1000", "percent": "2"}]},
    });
    let amendments = json!([{"effective": "2026-05-01", "credits": volume}]);
    let found = remarked(&[("amendmentRule", json!("Split")), ("amendments", amendments)]);
    assert_eq!(found, [("owed_by_hearsay", "spec.amendments[0].credits.rewards.basis".to_owned())]);
}
