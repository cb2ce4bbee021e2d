//! Cases about what is remarked on before an agreement is signed.

use std::path::Path;

use serde_json::{Value, json};

use crate::arithmetic::trimmed;
use crate::credits;
use crate::known::only_where;
use crate::money::objective;
use crate::rules::{input_and_expected, plain_month};
use crate::scenario::{Miss, Outcome, plain, same, text};
use crate::uptime::OBJECTIVE;

/// What a field of a case's input is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Topic {
    Tiers,
    Promise,
    Parameters,
    Constraints,
    Suppliers,
    Retention,
    Window,
}

fn topic(name: &str) -> Option<Topic> {
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    match name {
        "tiers" | "bands" => Some(Topic::Tiers),
        "parameters" => Some(Topic::Parameters),
        "constraint" | "constraints" => Some(Topic::Constraints),
        _ if has(&["supplier", "depend", "component", "serial", "upstream", "vendor"]) => Some(Topic::Suppliers),
        _ if has(&["retention"]) => Some(Topic::Retention),
        _ if has(&["window", "period"]) => Some(Topic::Window),
        _ if has(&["slo", "target", "promise", "availability"]) => Some(Topic::Promise),
        _ => None,
    }
}

pub fn lint(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    only_where("the input's", input, |name| topic(name).is_some())?;
    only_where("expected", expected, |name| matches!(name, "finding" | "at") || name.contains("composite"))?;
    let given = |of: Topic| input.as_object()?.iter().find(|(name, _)| topic(name) == Some(of)).map(|(_, value)| value);
    let mut scenario = plain_month();
    let promise = given(Topic::Promise).map(plain);
    if let Some(table) = given(Topic::Tiers) {
        // The promise is what the best tier is about, so that only the table itself can be wrong.
        let target = promise.or_else(|| credits::best(Some(table)));
        let target = target.ok_or_else(|| Miss::NotExpressible("no target".to_owned()))?;
        scenario.set("objectives", json!([objective(OBJECTIVE, &target)]));
        let tiers = credits::tiers(Some(table), "percentOfFee", OBJECTIVE)?;
        scenario.set("credits", json!({"fee": {"amount": "100.00", "currency": "USD"}, "tiers": tiers}));
    } else if let Some(target) = promise {
        scenario.set("objectives", json!([objective(OBJECTIVE, &target)]));
    }
    if let Some(parameters) = given(Topic::Parameters).and_then(Value::as_object) {
        let listed: Vec<Value> = parameters.iter().map(|(n, v)| json!({"name": n, "value": plain(v)})).collect();
        scenario.set("parameters", json!(listed));
    }
    if let Some(constraints) = given(Topic::Constraints) {
        let several = constraints.as_array().cloned().unwrap_or_else(|| vec![constraints.clone()]);
        let rule = |constraint: &Value| json!({"rule": rule(&plain(constraint)), "message": plain(constraint)});
        scenario.set("constraints", json!(several.iter().map(rule).collect::<Vec<_>>()));
    }
    if let Some(suppliers) = given(Topic::Suppliers) {
        scenario.set("dependencies", json!(dependencies(suppliers)?));
    }
    if let Some(keeps) = given(Topic::Retention) {
        scenario.retention = Some(days(keeps)?);
    }
    if let Some(window) = given(Topic::Window) {
        scenario.set("period", json!({"rolling": days(window)?}));
        scenario.set("validity", json!({"from": "2025-06-01"}));
    }
    let found = scenario.check(folder)?;
    let wanted = text(expected, "finding")?;
    let findings = found["findings"].as_array().cloned().unwrap_or_default();
    let codes: Vec<String> = findings.iter().map(|f| plain(&f["code"])).collect();
    if matches!(wanted.as_str(), "none" | "ok" | "null") {
        return same("findings", codes, Vec::<String>::new());
    }
    let meant = meant(&wanted, given(Topic::Suppliers).is_some());
    let meant = meant.ok_or_else(|| Miss::NotExpressible(format!("a finding called {wanted}")))?;
    let is_meant = |f: &&Value| f["code"] == meant.code && plain(&f["field"]).ends_with(meant.field);
    let finding = findings.iter().find(is_meant);
    let finding = finding.ok_or_else(|| Miss::Failed(format!("expected {wanted}, found {codes:?}: {found}")))?;
    for (name, wanted) in expected.as_object().into_iter().flatten().filter(|(name, _)| *name != "finding") {
        same(name, trimmed(&plain(&finding["at"])), trimmed(&plain(wanted)))?;
    }
    Ok(())
}

/// Suppliers, listed or by their names: each a promise, or an object that has one.
fn dependencies(given: &Value) -> Result<Vec<Value>, Miss> {
    let listed =
        given.as_array().map(|all| all.iter().collect()).or(given.as_object().map(|all| all.values().collect()));
    let listed: Vec<&Value> = listed.ok_or_else(|| Miss::NotExpressible(format!("suppliers {given}")))?;
    let of = |supplier: &Value| {
        let fields = supplier.as_object().into_iter().flatten();
        let target =
            fields.filter(|(name, _)| topic(name) == Some(Topic::Promise)).map(|(_, target)| plain(target)).next();
        target.or_else(|| (!supplier.is_object()).then(|| plain(supplier)))
    };
    let named = |(index, supplier): (usize, &&Value)| {
        let target = of(supplier).ok_or_else(|| Miss::NotExpressible(format!("supplier {supplier}")))?;
        Ok(json!({"name": format!("supplier-{index}"), "target": target}))
    };
    listed.iter().enumerate().map(named).collect()
}

/// A constraint in CEL, where it is written in the words of logic.
fn rule(constraint: &str) -> String {
    let words = constraint.replace('\u{2265}', ">=").replace('\u{2264}', "<=").replace('\u{2260}', "!=");
    let words = words.replace(" and ", " && ").replace(" or ", " || ").replace(" AND ", " && ").replace(" OR ", " || ");
    let words = match words.strip_prefix("if ").and_then(|words| words.split_once(" then ")) {
        Some((if_this, then_that)) => format!("{if_this} => {then_that}"),
        None => words.replace(" implies ", " => ").replace(" -> ", " => "),
    };
    match words.split_once(" => ") {
        Some((if_this, then_that)) => format!("!({if_this}) || ({then_that})"),
        None => words,
    }
}

/// So many days, or a length that is written out.
fn days(given: &Value) -> Result<String, Miss> {
    let text = plain(given);
    let number = crate::arithmetic::first_number(&text).unwrap_or_default().to_owned();
    match text.trim_start_matches(&number).trim() {
        "" | "d" | "days" | "day" => Ok(format!("{number}d")),
        "h" | "hours" => Ok(format!("{number}h")),
        _ => Err(Miss::NotExpressible(format!("{text} is no number of days"))),
    }
}

/// What a remark is to be found as: its code, and how its field ends.
#[derive(Debug, PartialEq, Eq)]
struct Meant {
    code: &'static str,
    field: &'static str,
}

/// One remark goes by several names among those who write of it: by what it is about, and what of it.
fn meant(finding: &str, suppliers: bool) -> Option<Meant> {
    let has = |words: &[&str]| words.iter().any(|word| finding.contains(word));
    let code = |code| Some(Meant { code, field: "" });
    match () {
        () if has(&["composite", "supplier", "serial"]) => code("promise_above_composite"),
        () if has(&["parameter", "constraint", "dependenc"]) && !suppliers => code("parameter_dependency_violated"),
        () if suppliers && has(&["promise", "target", "dependenc", "achiev", "slo"]) => code("promise_above_composite"),
        () if has(&["retention", "window_beyond", "window_exceeds"]) => code("period_beyond_retention"),
        // A credit above the whole fee is none that the schema lets through.
        () if has(&["credit"]) && has(&["100"]) => Some(Meant { code: "schema", field: "percentOfFee" }),
        () if has(&["100", "budget"]) => code("target_not_below_100"),
        () if has(&["overlap"]) => code("tier_overlap"),
        () if has(&["gap", "hole"]) => code("tier_gap"),
        () if has(&["monoton", "decreas", "inverted"]) => code("non_monotonic_credit"),
        () if has(&["unreachable", "dead", "shadow", "duplicate"]) => code("unreachable_tier"),
        () if has(&["target", "promise", "slo", "met", "without_breach"]) => code("tier_above_target"),
        () => None,
    }
}

/// Checked before any case is run: this program has no other tests.
pub fn check() {
    for (name, expected) in [
        ("slo", Some(Topic::Promise)),
        ("supplier_slos", Some(Topic::Suppliers)),
        ("serial_components", Some(Topic::Suppliers)),
        ("window_days", Some(Topic::Window)),
        ("prometheus_retention_days", Some(Topic::Retention)),
        ("colour", None),
    ] {
        assert_eq!(topic(name), expected, "{name}");
    }
    for (constraint, expected) in [
        ("tier == 'gold' implies zones >= 2", "!(tier == 'gold') || (zones >= 2)"),
        ("if a > 1 then b", "!(a > 1) || (b)"),
        ("a \u{2265} 1.5 and b \u{2260} 2", "a >= 1.5 && b != 2"),
    ] {
        assert_eq!(rule(constraint), expected);
    }
}
