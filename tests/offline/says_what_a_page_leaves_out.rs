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
