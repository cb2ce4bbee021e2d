//! No term is left out: every field that the terms of a statement have is set, each to figures of its own, and each figure
//! is on the page and in the tables.

use std::collections::BTreeSet;

use kube::CustomResourceExt;
use serde_json::{Value, json};

use crate::api::ServiceLevelStatement;
use crate::record::form::example::issued;
use crate::record::form::{page, terminal};

/// What need not be told in words: the expressions, which stand with the evidence, and what only selects series.
const EXPRESSIONS: [&str; 6] = ["good", "bad", "total", "expression", "deployed", "selector"];

/// Terms of several statements, which together have every field. No figure stands twice in one of them.
fn all() -> Vec<Value> {
    let base = serde_json::to_value(issued().statement.terms).unwrap();
    let ratio = || json!({"bad": "sum(increase(b[$slot]))", "total": "sum(increase(t[$slot]))"});
    let mut first = base.clone();
    first["period"] = json!({"calendar": "Quarter", "yearStartsIn": 4});
    first["amendmentRule"] = "Split".into();
    first["missingData"] = json!({"treatAs": "Bad", "minimumCoverage": "91.7"});
    first["objectives"] = json!([
        {"name": "one", "description": "Answers within 1234 ms.", "indicator": {"ratio": ratio()}, "target": "99.91", "displayDecimals": 3,
            "measurement": {"method": "MeanOfSlots", "rateOver": "17m", "emptySlot": "Skip"}},
        {"name": "two", "indicator": {"ratio": {"good": "g", "total": "t"}, "deployed": "d"}, "target": "99.82",
            "measurement": {"method": "BadMinutes", "badWhen": {"errorRateAbove": "5.5"}, "minimumConsecutive": "13m",
                "minimumEvents": 777, "partialMinutes": "Count", "denominator": "Deployed"}},
        {"name": "three", "indicator": {"value": {"expression": "v", "limit": "4h",
            "allowance": {"adds": "1h30m", "every": "26", "above": "108"}}}, "target": "96", "measurement": {"method": "Value"}},
        {"name": "four", "indicator": {"members": [
            {"name": "m-41", "ratio": ratio(), "deployed": "d"},
            {"name": "m-42", "covered": false, "latency": {"histogram": "h_seconds", "selector": {"a": "b"}, "threshold": "430ms"}}]},
            "target": "98.5", "measurement": {"method": "Pooled", "badWhen": {"allFail": true}, "pool": "AllDown"}},
        {"name": "five", "indicator": {"latency": {"histogram": "h", "selector": {"a": "b"}, "threshold": "510ms"}}, "target": "97"},
    ]);
    first["exclusions"] = json!({"approval": "Required", "rules": [
        {"reason": "Maintenance", "name": "r-61", "effect": "Exclude", "minimumNotice": "62h", "minimumNoticeWorkingDays": 6, "yearlyAllowance": "63h"},
        {"reason": "ForceMajeure", "effect": "CountAsGood", "forceMajeure": {"noticeWithin": "64h", "proofWithinWorkingDays": 7, "voidInDefault": true}},
    ]});
    first["calendar"] = json!({"daysOff": ["Friday"], "holidays": ["2026-05-18"], "workingDays": ["2026-06-19"]});
    first["parameters"] = json!([{"name": "zones", "value": "29"}]);
    first["coveredWhen"] = json!([{"rule": "zones >= 28", "message": "two zones"}]);
    first["credits"] = credits();
    first["settlement"] = json!({
        "grant": "OnClaim",
        "deadlines": [
            {"name": "d-71", "after": "Incident", "within": "72h"}, {"name": "d-73", "after": "Awareness", "days": 74},
            {"name": "d-75", "after": "PeriodEnd", "workingDays": 76}, {"name": "d-77", "after": "Statement", "months": 78},
        ],
        "claimsOpen": {"name": "claim", "after": "PeriodEnd", "periods": 35},
        "payment": {"withinDays": 81, "offset": true, "onWorkingDays": true, "notOnLastOfMonth": true},
        "deposit": {"amount": "8200.00", "currency": "EUR", "holdMonths": 83, "refundWithinDays": 84},
        "cureDays": 85, "terminationNoticeDays": 86,
    });
    let mut second = first.clone();
    second["period"] = json!({"billing": {"anchorDay": 23}});
    second["objectives"][3]["indicator"]["members"][0]["ratio"] = json!({"good": "g", "total": "t"});
    second["credits"]["furtherFees"] = json!([{"amount": "4300.00", "currency": "USD", "base": "fee-44", "prepaidMonths": 48,
        "prorated": true}]);
    second["settlement"]["deadlines"][3] = json!({"name": "d-77", "after": "Statement", "periods": 34});
    second["settlement"]["claimsOpen"] = json!({"name": "claim", "after": "PeriodEnd", "days": 91});
    second["settlement"]["payment"] = json!({"withinWorkingDays": 82});
    second["credits"]["rewards"] = json!({"basis": "Volume", "scale": "Marginal", "unconditionalPercent": "0.41",
        "tiers": [{"atLeast": "42000", "percent": "0.43"}, {"atLeast": "44000", "percent": "0.46"}], "cap": "4700"});
    second["credits"]["remedies"][2]["perDayLate"] = json!({"amount": "2800", "days": "Calendar"});
    let mut third = first.clone();
    third["period"] = json!({"rolling": "38d"});
    third["settlement"]["claimsOpen"] = json!({"name": "claim", "after": "Incident", "within": "92h"});
    let mut fourth = first.clone();
    fourth["period"] = json!({"trailing": {"days": 361, "every": "Year"}});
    fourth["settlement"]["claimsOpen"] = json!({"name": "claim", "after": "Awareness", "workingDays": 93});
    let mut fifth = first.clone();
    fifth["settlement"]["claimsOpen"] = json!({"name": "claim", "after": "Statement", "months": 94});
    vec![first, second, third, fourth, fifth]
}

fn credits() -> Value {
    json!({
        "fee": {"amount": "4100.00", "currency": "EUR", "base": "platform", "prepaidMonths": 12, "prorated": true},
        "furtherFees": [{"amount": "4300.00", "currency": "USD"}],
        "dailyUsage": {"amount": "15.25", "unit": "GB"},
        "tiers": [
            {"objective": "one", "below": "99.11", "atLeast": "98.12", "percentOfFee": "10.5"},
            {"objective": "one", "atMost": "95.13", "above": "94.14", "serviceDays": 16},
            {"objective": "two", "below": "93.15", "multipleOfDailyUsage": "2.75"},
            {"objective": "two", "below": "92.16", "amount": "1700.00"},
        ],
        "remedies": [
            {"name": "lost", "objective": "one", "proportional": {"multiple": "1.21"}},
            {"name": "each", "objective": "one", "perIncident": {"amount": "2200.00"}},
            {"name": "late", "objective": "three", "perDayLate": {"percentOfFee": "0.23", "days": "Working",
                "capPercentOfFee": "24.5", "escalation": {"afterDays": 25, "percentOfFee": "26.5", "terminates": true}}},
            {"name": "many", "objective": "one", "multipleOfFee": {"multiple": "0.27"}},
            {"name": "hours", "objective": "two", "freeHours": {"unavailableFor": "28m"}},
            {"name": "leave", "objective": "two", "terminationRight": {"missedPeriods": 31}},
        ],
        "rewards": {"basis": "Attainment", "objective": "five", "unconditionalPercent": "0.32",
            "tiers": [{"atLeast": "99.33", "percent": "3.4"}, {"atLeast": "99.66", "percent": "6.7"}], "cap": "3500.00"},
        "combine": "Highest",
        "cap": {"percentOfFee": "36.5", "serviceDays": 37, "amount": "3800.00"},
        "capPerYear": {"percentOfFee": "39.5", "serviceDays": 40, "amount": "4150.00"},
        "capPerContract": {"percentOfFee": "42.5", "serviceDays": 43, "amount": "4450.00"},
        "issuedAbove": "45.50",
        "form": "Voucher",
        "serviceDays": "MonetaryValue",
    })
}

fn told(terms: &Value) -> [String; 2] {
    let mut issued = issued();
    *issued.statement.terms = serde_json::from_value(terms.clone()).unwrap();
    [page::html(&issued).unwrap(), terminal::text(&issued)]
}

/// The paths of what is set, without the places in lists, and the texts and figures that stand there.
fn leaves(value: &Value, path: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, field)| leaves(field, &format!("{path}.{name}"), found));
        }
        Value::Array(items) => items.iter().for_each(|item| leaves(item, path, found)),
        Value::String(text) => found.push((path.to_owned(), text.clone())),
        other => found.push((path.to_owned(), other.to_string())),
    }
}

fn all_leaves(terms: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    leaves(terms, "", &mut found);
    found
}

/// The paths that the definition has.
fn defined(schema: &Value, path: &str, found: &mut BTreeSet<String>) {
    if let Some(fields) = schema["properties"].as_object() {
        fields.iter().for_each(|(name, field)| defined(field, &format!("{path}.{name}"), found));
    } else if schema["items"].is_object() {
        defined(&schema["items"], path, found);
    } else {
        found.insert(path.to_owned());
    }
}

/// A date as it is written out, a span or a decimal as it is.
fn spelled(text: &str) -> String {
    crate::record::form::instant::day(text)
}

#[test]
fn every_field_of_the_terms_is_tried() {
    let definition = serde_json::to_value(ServiceLevelStatement::crd()).unwrap();
    let schema =
        &definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["terms"];
    let mut fields = BTreeSet::new();
    defined(schema, "", &mut fields);
    assert!(fields.len() > 80, "the definition is read: {fields:#?}");
    let tried: BTreeSet<String> = all().iter().flat_map(all_leaves).map(|(path, _)| path).collect();
    let left_out: Vec<_> = fields.iter().filter(|field| !tried.iter().any(|path| path.starts_with(*field))).collect();
    assert!(left_out.is_empty(), "not among the terms that are tried: {left_out:#?}");
}

#[test]
fn every_figure_of_the_terms_is_on_the_page_and_in_the_tables() {
    for terms in all() {
        let forms = told(&terms).map(|form| form.replace(['\u{a0}', '\u{202f}', ' ', '\n'], ""));
        for (path, text) in all_leaves(&terms) {
            let field = path.rsplit('.').next().unwrap();
            if !text.contains(|c: char| c.is_ascii_digit()) || EXPRESSIONS.contains(&field) {
                continue;
            }
            let wanted = spelled(&text).replace(' ', "").replace(">=", "&#62;=");
            let month = match (path.as_str(), text.as_str()) {
                (".slot", "5m") => "slotsof5minutes".to_owned(),
                _ => wanted,
            };
            for form in &forms {
                let form = form.replace(">=", "&#62;=");
                assert!(form.contains(&month), "{path}: {text} is not told");
            }
        }
    }
}

#[test]
fn what_no_figure_tells_changes_the_words() {
    let first = all().swap_remove(0);
    let page = |terms: &Value| told(terms)[1].clone();
    let as_it_was = page(&first);
    for (pointer, other) in [
        ("/amendmentRule", json!("NextPeriod")),
        ("/missingData/treatAs", json!("Good")),
        ("/objectives/0/measurement/emptySlot", json!("Good")),
        ("/objectives/1/measurement/partialMinutes", json!("Drop")),
        ("/objectives/1/measurement/denominator", json!("Calendar")),
        ("/objectives/3/indicator/members/1/covered", json!(true)),
        ("/objectives/3/measurement/pool", json!("Sum")),
        ("/exclusions/approval", json!("NotRequired")),
        ("/exclusions/rules/0/effect", json!("CountAsGood")),
        ("/exclusions/rules/1/forceMajeure/voidInDefault", json!(false)),
        ("/credits/fee/prorated", json!(false)),
        ("/credits/fee/base", json!("another")),
        ("/credits/remedies/2/perDayLate/days", json!("Calendar")),
        ("/credits/remedies/2/perDayLate/escalation/terminates", json!(false)),
        ("/credits/combine", json!("Sum")),
        ("/credits/combine", json!("FirstListed")),
        ("/credits/combine", json!("CustomersChoice")),
        ("/credits/serviceDays", json!("ExtendTerm")),
        ("/credits/rewards/objective", json!("one")),
        ("/settlement/grant", json!("Automatic")),
        ("/settlement/deadlines/0/after", json!("Awareness")),
        ("/settlement/claimsOpen/after", json!("Incident")),
        ("/settlement/payment/offset", json!(false)),
        ("/settlement/payment/onWorkingDays", json!(false)),
        ("/settlement/payment/notOnLastOfMonth", json!(false)),
        ("/calendar/daysOff", json!(["Monday"])),
    ] {
        let mut changed = first.clone();
        *changed.pointer_mut(pointer).expect(pointer) = other;
        assert_ne!(page(&changed), as_it_was, "{pointer} is not told");
    }
}
