//! A statement that was settled without a cluster can be verified without one.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::settlement::{Settlement, all_fail, objective};

/// The exit code of `statement verify` over what was settled, and what it says.
pub fn verify(agreement: Option<&str>, objects: &Value) -> (Option<i32>, String) {
    verify_beside(agreement, objects, &[])
}

/// The same with these files beside, each after its flag.
fn verify_beside(agreement: Option<&str>, objects: &Value, beside: &[(&str, &str)]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_guarantor"));
    command.args(["statement", "verify", "-f"]).arg(write("statement.json", &objects["statement"].to_string()));
    command.arg("--ledger").arg(write("ledger.json", &objects["ledger"].to_string()));
    for (index, earlier) in objects["earlier"].as_array().into_iter().flatten().enumerate() {
        command.arg("--ledger").arg(write(&format!("earlier-{index}.json"), &earlier.to_string()));
    }
    if let Some(agreement) = agreement {
        command.arg("--agreement").arg(write("agreement.yaml", agreement));
    }
    for (index, (flag, text)) in beside.iter().enumerate() {
        command.arg(flag).arg(write(&format!("beside-{index}.yaml"), text));
    }
    let output = command.output().unwrap();
    let told = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(told).unwrap())
}

#[test]
fn the_statement_follows_from_the_ledger_that_is_printed_beside_it() {
    let outage = json!({"from": "2026-10-05T00:00:00Z", "until": "2026-10-05T12:00:00Z"});
    let measured = json!({"objectives": [{"name": "o", "outages": [outage]}]});
    let settlement = Settlement::of(&json!([objective("99.9", all_fail())]), measured).with(
        "credits",
        json!({"fee": {"amount": "1000.00", "currency": "EUR"},
            "tiers": [{"objective": "o", "below": "99.9", "percentOfFee": "25"}]}),
    );
    let answer = settlement.answer();
    let mut objects = answer["periods"][0]["objects"].clone();
    let agreement = settlement.agreement.to_string();
    for agreement in [Some(agreement.as_str()), None] {
        let (code, told) = verify(agreement, &objects);
        assert!(code == Some(0) && told.contains("\nVerified: "), "{told}");
    }
    let mut altered = objects.clone();
    altered["statement"]["spec"]["terms"]["objectives"][0]["target"] = json!("99.8");
    let (code, told) = verify(None, &altered);
    assert!(code == Some(1) && told.contains("spec.objectives[0].target"), "{told}");
    let (code, told) = verify(Some(&agreement), &altered);
    assert!(code == Some(1) && told.contains("spec.terms.objectives[0].target"), "{told}");
    objects["statement"]["spec"]["credits"]["amount"] = json!("2500.00");
    let (code, told) = verify(None, &objects);
    assert!(code == Some(1) && told.contains("spec.credits.amount"), "{told}");
}

#[test]
fn so_does_one_of_trailing_days_with_the_ledgers_of_the_months_before() {
    // Two hours in September, which the last 45 days reach, and three in August, which they do not.
    let outage = |from: &str, until: &str| json!({"from": from, "until": until});
    let outages = [
        outage("2026-08-20T00:00:00Z", "2026-08-20T03:00:00Z"),
        outage("2026-09-20T00:00:00Z", "2026-09-20T02:00:00Z"),
        outage("2026-10-05T00:00:00Z", "2026-10-05T01:00:00Z"),
    ];
    let measured = json!({"objectives": [{"name": "o", "outages": outages}]});
    let mut settlement = Settlement::of(&json!([objective("99.9", all_fail())]), measured)
        .with("period", json!({"trailing": {"days": 45, "every": "Month"}}));
    settlement.flags = vec!["--period", "2026-10"];
    let answer = settlement.answer();
    let mut objects = answer["periods"][0]["objects"].clone();
    let statement = &objects["statement"]["spec"];
    assert_eq!(statement["judged"]["start"], json!("2026-09-17T00:00:00Z"));
    let seconds = |hours: u32| (hours * 3600).to_string();
    let counted = json!({"unit": "seconds", "good": seconds(45 * 24 - 3), "total": seconds(45 * 24)});
    assert_eq!(statement["objectives"][0]["counted"], counted);
    assert_eq!(objects["earlier"].as_array().unwrap().len(), 1);
    let agreement = settlement.agreement.to_string();
    let (code, told) = verify(Some(&agreement), &objects);
    assert!(code == Some(0) && told.contains("\nVerified: "), "{told}");
    objects["earlier"] = json!([]);
    let (code, told) = verify(Some(&agreement), &objects);
    assert!(code == Some(2) && told.contains("rests on ledger a-20260901t000000z too"), "{told}");
}

#[test]
fn so_does_that_of_the_example_with_its_exclusions() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/settle");
    let mut command = Command::new(env!("CARGO_BIN_EXE_guarantor"));
    command.current_dir(&folder).args(["settle", "-o", "json", "--agreement", "agreement.yaml"]);
    command.args(["--exclusions", "exclusions.yaml", "--measurements", "measurements.yaml"]);
    let answer: Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
    let [agreement, exclusions] =
        ["agreement.yaml", "exclusions.yaml"].map(|name| std::fs::read_to_string(folder.join(name)).unwrap());
    let objects = &answer["periods"][0]["objects"];
    for agreement in [Some(agreement.as_str()), None] {
        let (code, told) = verify(agreement, objects);
        assert!(code == Some(0) && told.contains("\nVerified: ") && told.contains("--exclusions tells"), "{told}");
        let (code, told) = verify_beside(agreement, objects, &[("--exclusions", &exclusions)]);
        assert!(code == Some(0) && told.contains("\nVerified: ") && !told.contains("--exclusions tells"), "{told}");
    }
    // Half of them, or what was asked otherwise, does not come to the same.
    let (half, _) = exclusions.split_once("---").unwrap();
    let (code, told) = verify_beside(Some(&agreement), objects, &[("--exclusions", half)]);
    assert!(code == Some(1) && told.contains("spec.exclusions["), "{told}");
    let (code, told) = verify_beside(Some(&agreement), objects, &[("--exclusions", "kind: Pod")]);
    assert!(code == Some(2) && told.contains("not a guarantor.dev/v1alpha1 ServiceLevelExclusion"), "{told}");
}

/// Half a day lost in September and in October, and a cap of the year that leaves fifty euros of the second credit.
fn capped() -> Settlement {
    let outage =
        |month: &str| json!({"from": format!("{month}-05T00:00:00Z"), "until": format!("{month}-05T12:00:00Z")});
    let outages = ["2026-09", "2026-10"].map(outage);
    let measured = json!({"objectives": [{"name": "o", "outages": outages}]});
    Settlement::of(&json!([objective("99.9", all_fail())]), measured).with(
        "credits",
        json!({"fee": {"amount": "1000.00", "currency": "EUR"}, "capPerYear": {"amount": "300.00"},
            "tiers": [{"objective": "o", "below": "99.9", "percentOfFee": "25"}]}),
    )
}

#[test]
fn a_cap_of_the_year_is_verified_without_validity_by_the_creation_of_the_agreement() {
    let mut settlement = capped();
    settlement.agreement["spec"].as_object_mut().unwrap().remove("validity");
    let answer = settlement.answer();
    let periods = answer["periods"].as_array().unwrap();
    let [september, october] = [0, 1].map(|index| periods[index]["objects"].clone());
    assert_eq!(october["statement"]["spec"]["credits"]["amount"], json!("50.00"));
    let previous = json!({"apiVersion": "v1", "kind": "List", "items": [september["statement"]]}).to_string();
    let mut verified = |created: Option<&str>| {
        if let Some(created) = created {
            settlement.agreement["metadata"]["creationTimestamp"] = created.into();
        }
        verify_beside(Some(&settlement.agreement.to_string()), &october, &[("--previous", &previous)])
    };
    let (code, told) = verified(None);
    assert!(code == Some(0) && told.contains("although --previous was given"), "{told}");
    let (code, told) = verified(Some("2026-01-01T00:00:00Z"));
    assert!(code == Some(0) && !told.contains("Not compared") && !told.contains("spec.credits.facts"), "{told}");
    // A year of the agreement would have begun in between.
    let (code, told) = verified(Some("2025-09-20T00:00:00Z"));
    assert!(code == Some(1) && told.contains("spec.credits"), "{told}");
}

#[test]
fn a_cap_of_the_year_is_verified_with_the_statements_before() {
    let settlement = capped();
    let answer = settlement.answer();
    let periods = answer["periods"].as_array().unwrap();
    let [september, october] = [0, 1].map(|index| periods[index]["objects"].clone());
    assert_eq!(october["statement"]["spec"]["credits"]["amount"], json!("50.00"));
    let agreement = settlement.agreement.to_string();
    let (code, told) = verify(Some(&agreement), &october);
    assert!(code == Some(0) && told.contains("spec.credits.facts") && told.contains("--previous tells"), "{told}");
    let list = |statement: &Value| json!({"apiVersion": "v1", "kind": "List", "items": [statement]}).to_string();
    let previous = list(&september["statement"]);
    let (code, told) = verify_beside(Some(&agreement), &october, &[("--previous", &previous)]);
    assert!(code == Some(0) && !told.contains("spec.credits.facts") && !told.contains("--previous tells"), "{told}");
    let mut altered = september["statement"].clone();
    altered["spec"]["credits"]["amount"] = json!("0.00");
    let (code, told) = verify_beside(Some(&agreement), &october, &[("--previous", &list(&altered))]);
    assert!(code == Some(2) && told.contains("is not what was signed"), "{told}");
}
