//! A page has one statement, and whoever settles several periods is told.

use serde_json::json;

use crate::settlement::{Settlement, all_fail, objective};

#[test]
fn the_page_of_several_periods_says_which_one_it_shows() {
    let measured = json!({"objectives": [{"name": "o", "outages": []}]});
    let mut settlement = Settlement::of(&json!([objective("99.9", all_fail())]), measured);
    settlement.flags = vec!["--period", "2026"];
    let (page, told) = settlement.printed("html");
    assert!(page.contains("December 2026"));
    assert_eq!(
        told,
        "guarantor: the page shows the last of 12 periods, from 2026-12-01T00:00:00Z on; --period names another\n"
    );
    settlement.flags = vec!["--period", "2026-11"];
    assert_eq!(settlement.printed("html").1, "");
}

#[test]
fn the_page_of_a_statement_says_what_stands_beside_it() {
    let outages = json!([{"from": "2026-10-05T00:00:00Z", "until": "2026-10-05T01:00:00Z"}]);
    let incident = json!({"from": "2026-10-05T00:00:00Z", "until": "2026-10-05T01:00:00Z", "detectedBy": "Provider"});
    let measured = json!({"objectives": [{"name": "o", "outages": outages}], "incidents": [incident]});
    let mut settlement = Settlement::of(&json!([objective("99.9", all_fail())]), measured);
    settlement.flags = vec!["--period", "2026-10"];
    assert_eq!(
        settlement.printed("html").1,
        "guarantor: the page shows a statement and not what stands beside it; see -o table for incidents\n"
    );
    assert_eq!(settlement.printed("table").1, "");
}
