//! One world, one digest: a statement does not depend on what somebody called a file.

use serde_json::json;

use crate::settlement::{Settlement, all_fail, objective};

#[test]
fn the_same_facts_in_another_file_make_the_same_statement() {
    let outage = |until: &str| json!([{"from": "2026-10-05T00:00:00Z", "until": until}]);
    let measured = |until: &str| json!({"objectives": [{"name": "o", "outages": outage(until)}]});
    let settlement = Settlement::of(&json!([objective("99.9", all_fail())]), measured("2026-10-05T12:00:00Z"));
    let renamed = Settlement { file: "october.yaml", ..settlement.clone() };
    let (first, second) = (settlement.statement(), renamed.statement());
    assert_eq!(first["digest"], second["digest"]);
    let source = first["evidence"]["source"].as_str().unwrap();
    assert!(source.starts_with("main (measurements file, SHA-256 "), "{source}");
    // As bad as before, and told by another file.
    let other = Settlement { measurements: measured("2026-10-05T12:00:59Z"), ..settlement }.statement();
    assert_eq!(other["objectives"][0]["attainmentRatio"], first["objectives"][0]["attainmentRatio"]);
    assert_ne!(other["evidence"]["source"], source);
}
