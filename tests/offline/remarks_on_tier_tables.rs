//! Credit tables that two people would settle differently, or that punish a kept promise.

use serde_json::{Value, json};

use crate::command::check_text;
use crate::mistakes;

fn remarks(tiers: &[(&str, &str)]) -> Vec<(String, String, String)> {
    let mut agreement = mistakes::agreement();
    let tier =
        |(below, percent): &(&str, &str)| json!({"objective": "availability", "below": below, "percentOfFee": percent});
    agreement["spec"]["credits"]["tiers"] = Value::Array(tiers.iter().map(tier).collect());
    let findings = check_text(&agreement.to_string()).findings();
    // The definition's own rules say some of it too, of the table as a whole.
    findings.into_iter().filter(|(code, ..)| code != "rule").collect()
}

/// The table GitHub published in 2021: 10 % at most 99.9 and above 99.0, 25 % below 99.0.
#[test]
fn a_published_table_with_a_hole_is_refused_at_its_value() {
    let mut agreement = mistakes::agreement();
    agreement["spec"]["credits"]["tiers"] = json!([
        {"objective": "availability", "atMost": "99.9", "above": "99.0", "percentOfFee": "10"},
        {"objective": "availability", "below": "99.0", "percentOfFee": "25"},
    ]);
    agreement["spec"]["objectives"][0]["target"] = json!("99.95");
    let answer = check_text(&agreement.to_string());
    assert_eq!((answer.code, answer.findings()), (1, vec![remark("tier_gap", "[0].above", "Error")]));
    assert_eq!(answer.json()["findings"][0]["at"], "99.0");
    agreement["spec"]["credits"]["tiers"][1] =
        json!({"objective": "availability", "atMost": "99.0", "percentOfFee": "25"});
    assert_eq!(check_text(&agreement.to_string()).findings(), []);
    // As published, the promise was 99.9: a period at exactly that keeps it, and earns a credit all the same.
    agreement["spec"]["objectives"][0]["target"] = json!("99.9");
    let at_the_target = remark("tier_above_target", "[0].atMost", "Warning");
    assert_eq!(check_text(&agreement.to_string()).findings(), [at_the_target]);
    agreement["spec"]["objectives"][0]["target"] = json!("99.95");
    agreement["spec"]["credits"]["tiers"][1] =
        json!({"objective": "availability", "below": "99.5", "percentOfFee": "25"});
    let overlap = remark("tier_overlap", "[0].above", "Error");
    assert_eq!(check_text(&agreement.to_string()).findings(), [overlap]);
}

/// A period at exactly the target keeps it. A tier that says `at most` the target grants a credit for it.
#[test]
fn at_most_the_target_is_remarked_on_and_less_is_not() {
    let mut agreement = mistakes::agreement();
    let mut of = |target: &str, at_most: &str| {
        agreement["spec"]["objectives"][0]["target"] = json!(target);
        agreement["spec"]["credits"]["tiers"] =
            json!([{"objective": "availability", "atMost": at_most, "percentOfFee": "10"}]);
        let answer = check_text(&agreement.to_string());
        // The definition's own rules say some of it too, of the table as a whole.
        let remarks: Vec<_> = answer.findings().into_iter().filter(|(code, ..)| code != "rule").collect();
        (answer.code, remarks)
    };
    let said = |severity| vec![remark("tier_above_target", "[0].atMost", severity)];
    assert_eq!(of("99.9", "99.9"), (0, said("Warning")));
    assert_eq!(of("99.9", "99.900"), (0, said("Warning")), "the same figure, however it is written");
    assert_eq!(of("99.9", "99.899999999"), (0, vec![]));
    assert_eq!(of("99.9", "99.900000001"), (1, said("Error")), "a kept promise would cost money");
    assert_eq!(of("99.95", "99.9"), (0, vec![]));
}

fn remark(code: &str, field: &str, severity: &str) -> (String, String, String) {
    (code.to_owned(), format!("spec.credits.tiers{field}"), severity.to_owned())
}

#[test]
fn remarks_on_tier_tables() {
    assert_eq!(remarks(&[("99.9", "10"), ("99", "25"), ("95", "100")]), []);
    let less = remark("non_monotonic_credit", "[1].percentOfFee", "Error");
    assert_eq!(remarks(&[("99.9", "25"), ("99.0", "10")]), [less]);
    let same = remark("non_monotonic_credit", "[1].percentOfFee", "Warning");
    assert_eq!(remarks(&[("99.9", "25"), ("99.0", "25")]), [same]);
    let above = remark("tier_above_target", "[0].below", "Error");
    assert_eq!(remarks(&[("99.95", "10"), ("99", "25")]), [above]);
    let twice = remark("unreachable_tier", "[1].below", "Error");
    assert_eq!(remarks(&[("99", "10"), ("99.0", "25")]), [twice]);
}
