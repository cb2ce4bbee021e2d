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
fn a_figure_that_guesses_within_a_bucket_is_remarked_on_by_its_field() {
    let objective = |indicator: Value| {
        let promised = json!({"name": "availability", "target": "99.9"});
        let mut objective = promised.as_object().unwrap().clone();
        objective.insert("indicator".to_owned(), indicator);
        json!([objective])
    };
    let total = "sum(increase(seconds_count[$slot]))";
    let share = "histogram_fraction(0, 0.3, sum(increase(seconds[$slot]))) * sum(increase(seconds_count[$slot]))";
    let ratio = |good: &str| json!({"good": good, "total": total});
    let remark = |field: &str| [("estimated_figure", format!("spec.objectives[0].indicator.{field}"))];
    assert_eq!(remarked(&[("objectives", objective(json!({"ratio": ratio(share)})))]), remark("ratio.good"));
    let exact = "sum(increase(seconds_bucket{le=\"0.25\"}[$slot]))";
    assert_eq!(remarked(&[("objectives", objective(json!({"ratio": ratio(exact)})))]), []);
    let members = json!([{"name": "a", "ratio": ratio(exact)}, {"name": "b", "ratio": ratio(share)}]);
    assert_eq!(remarked(&[("objectives", objective(json!({"members": members})))]), remark("members[1].ratio.good"));
    let quantile = "histogram_quantile(0.99, sum by (le) (rate(seconds_bucket[$slot])))";
    let value = json!({"value": {"expression": quantile, "limit": "300ms"}});
    assert_eq!(remarked(&[("objectives", objective(value))]), remark("value.expression"));
}

#[test]
fn a_threshold_that_a_shorter_slot_than_a_minute_judges_is_remarked_on() {
    let with = |slot: &str, bad_when: Value| {
        let mut objective = serde_json::to_value(&agreement().objectives[0]).unwrap();
        objective["measurement"] = json!({"method": "BadMinutes", "badWhen": bad_when});
        let mut metrics = serde_json::to_value(&agreement().metrics).unwrap();
        metrics["slot"] = json!(slot);
        remarked(&[("metrics", metrics), ("objectives", json!([objective]))])
    };
    let remark = ("threshold_by_slot", "spec.objectives[0].measurement.badWhen.errorRateAbove".to_owned());
    assert_eq!(with("30s", json!({"errorRateAbove": "5"})), [remark]);
    assert_eq!(with("1m", json!({"errorRateAbove": "5"})), []);
    assert_eq!(with("30s", json!({"allFail": true})), [], "a slot fails wholly or not, however long");
}

#[test]
fn replicas_that_a_dependency_has_no_connections_for_are_remarked_on() {
    for (limit, max, expected) in [(250, 5, false), (249, 5, true), (250, 6, true), (250, 4, false)] {
        let scale = json!({"min": 2, "max": max, "connections": {"perPod": 50, "limit": limit}});
        let found = remarked(&[("enforcement", json!({"scale": scale}))]);
        let remark = ("max_above_connections", "spec.enforcement.scale.max".to_owned());
        assert_eq!(found, if expected { vec![remark] } else { Vec::new() }, "{max} of {limit}");
    }
    assert_eq!(remarked(&[("enforcement", json!({"scale": {"min": 2, "max": 10_000}}))]), []);
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
