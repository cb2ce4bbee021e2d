//! What a measurements file tells of is settled to its end, and what is named is settled whole.

use serde_json::{Value, json};

use crate::settlement::{Settlement, all_fail, objective};

/// The first day and the day after the last one of each period.
fn periods(settlement: &Settlement) -> Vec<(String, String)> {
    let day = |value: &Value| value.as_str().unwrap().replace("T00:00:00Z", "");
    let answer = settlement.answer();
    answer["periods"].as_array().unwrap().iter().map(|p| (day(&p["start"]), day(&p["end"]))).collect()
}

fn days<const N: usize>(edges: [(&str, &str); N]) -> Vec<(String, String)> {
    edges.map(|(start, end)| (start.to_owned(), end.to_owned())).to_vec()
}

const OCTOBER: (&str, &str) = ("2026-10-01", "2026-11-01");
const NOVEMBER: (&str, &str) = ("2026-11-01", "2026-12-01");

#[test]
fn runs_of_slots_reach_to_their_end() {
    let slots = json!([{"from": "2026-10-01T00:00:00Z", "every": "5m", "repeat": 8928, "total": 100, "bad": 0},
        {"every": "5m", "repeat": 8640, "total": 100, "bad": 50}]);
    let measured = json!({"objectives": [{"name": "o", "slots": slots}]});
    let settlement = Settlement::of(&json!([objective("99.9", json!({"method": "Events"}))]), measured);
    assert_eq!(periods(&settlement), days([OCTOBER, NOVEMBER]));
    let answer = settlement.answer();
    assert_eq!(answer["periods"][1]["statement"]["objectives"][0]["attainmentRatio"], "1/2");
}

#[test]
fn repeated_outages_and_deliveries_reach_to_their_last() {
    let objectives = json!([objective("99.9", all_fail())]);
    let outage = json!({"from": "2026-10-01T00:00:00Z", "until": "2026-10-01T01:00:00Z", "every": "24h", "repeat": 61});
    let measured = json!({"objectives": [{"name": "o", "outages": [outage]}]});
    assert_eq!(periods(&Settlement::of(&objectives, measured)), days([OCTOBER, NOVEMBER]));
    let outage = json!({"from": "2026-10-01T00:00:00Z", "until": "2026-11-01T00:00:00Z"});
    let measured = json!({"objectives": [{"name": "o", "outages": [outage]}]});
    let delivery = json!({"name": "p", "target": "100", "indicator": {"value": {"limit": "24h"}},
        "measurement": {"method": "Value"}});
    let mut delivered = Settlement::of(&json!([objective("99.9", all_fail()), delivery]), measured).with(
        "credits",
        json!({"fee": {"amount": "1000.00", "currency": "EUR"}, "remedies": [
            {"name": "late", "objective": "p", "perDayLate": {"amount": "5.00"}}]}),
    );
    assert_eq!(periods(&delivered), days([OCTOBER]));
    delivered.measurements["deliveries"] = json!([{"objective": "p", "due": "2026-10-30", "done": "2026-11-02"}]);
    assert_eq!(periods(&delivered), days([OCTOBER, NOVEMBER]));
}

#[test]
fn every_period_that_overlaps_the_named_time_is_settled() {
    let outages = json!([{"from": "2026-10-05T00:00:00Z", "until": "2026-10-05T12:00:00Z"},
        {"from": "2026-10-20T00:00:00Z", "until": "2026-10-20T12:00:00Z"}]);
    let measured = json!({"objectives": [{"name": "o", "outages": outages}]});
    let mut settlement = Settlement::of(&json!([objective("99.9", all_fail())]), measured);
    settlement.flags = vec!["--period", "2026"];
    assert_eq!(periods(&settlement).len(), 12);
    settlement = settlement.with("amendmentRule", json!("Split")).with(
        "amendments",
        json!([{"effective": "2026-10-16", "missingData": {"treatAs": "Exclude", "minimumCoverage": "80"}}]),
    );
    settlement.flags = vec!["--period", "2026-10"];
    assert_eq!(periods(&settlement), days([("2026-10-01", "2026-10-16"), ("2026-10-16", "2026-11-01")]));
    settlement.flags = vec!["--period", "2026-10-16"];
    assert_eq!(periods(&settlement), days([("2026-10-16", "2026-11-01")]));
    settlement = settlement.with("period", json!({"calendar": "Quarter"})).with("amendments", json!([]));
    settlement.flags = vec!["--period", "2026-11"];
    assert_eq!(periods(&settlement), days([("2026-10-01", "2027-01-01")]));
}

#[test]
fn a_named_period_rests_on_what_is_told_of_those_before() {
    // Every month misses: 300 each, 700 in a year, and the customer may end the agreement after two.
    let outage = json!({"from": "2026-01-05T00:00:00Z", "until": "2026-01-06T00:00:00Z", "every": "744h", "repeat": 4});
    let measured = json!({"objectives": [{"name": "o", "outages": [outage]}]});
    let credits = json!({
        "fee": {"amount": "1000.00", "currency": "EUR"},
        "tiers": [{"objective": "o", "below": "99.9", "percentOfFee": "30"}],
        "remedies": [{"name": "end", "objective": "o", "terminationRight": {"missedPeriods": 2}}],
        "capPerYear": {"amount": "700.00"},
    });
    let all = Settlement::of(&json!([objective("99.9", all_fail())]), measured).with("credits", credits);
    let whole = all.answer();
    let owed: Vec<_> = (0..4).map(|month| whole["periods"][month]["statement"]["credits"]["amount"].clone()).collect();
    assert_eq!(owed, ["300.00", "300.00", "100.00", "0.00"]);
    for (month, flag) in ["2026-01", "2026-02", "2026-03", "2026-04"].into_iter().enumerate() {
        let mut one = all.clone();
        one.flags = vec!["--period", flag];
        assert_eq!(one.statement(), whole["periods"][month]["statement"], "{flag}");
    }
}

#[test]
fn a_part_of_a_period_rests_on_the_part_before_it() {
    let outage = json!({"from": "2026-10-01T00:00:00Z", "until": "2026-10-02T00:00:00Z", "every": "480h", "repeat": 2});
    let measured = json!({"objectives": [{"name": "o", "outages": [outage]}]});
    let credits = json!({
        "fee": {"amount": "1000.00", "currency": "EUR"},
        "tiers": [{"objective": "o", "below": "99.9", "amount": "400.00"}],
        "cap": {"amount": "300.00"},
    });
    let missing = json!([{"effective": "2026-10-16", "missingData": {"treatAs": "Exclude"}}]);
    let all = Settlement::of(&json!([objective("99.9", all_fail())]), measured).with("credits", credits);
    let all = all.with("amendmentRule", json!("Split")).with("amendments", missing);
    let whole = all.answer();
    let mut second = all;
    second.flags = vec!["--period", "2026-10-16"];
    assert_eq!(second.statement(), whole["periods"][1]["statement"]);
    assert_eq!(whole["periods"][1]["statement"]["credits"]["amount"], "106.45");
}

#[test]
fn slots_that_name_no_beginning_begin_with_the_first_period() {
    let slots = json!([{"every": "5m", "repeat": 8928, "total": 100, "bad": 0},
        {"every": "5m", "repeat": 8640, "total": 100, "bad": 50}]);
    let measured = json!({"objectives": [{"name": "o", "slots": slots}],
        "volumes": [{"at": "2026-10-02T00:00:00Z", "amount": 1}, {"at": "2026-11-02T00:00:00Z", "amount": 1}]});
    let by_volume = json!({"fee": {"amount": "1000.00", "currency": "EUR"},
        "rewards": {"basis": "Volume", "tiers": [{"atLeast": "5", "percent": "1"}]}});
    let objectives = json!([objective("99.9", json!({"method": "Events"}))]);
    let settlement = Settlement::of(&objectives, measured).with("credits", by_volume);
    let answer = settlement.answer();
    let ratio = |period: usize| answer["periods"][period]["statement"]["objectives"][0]["attainmentRatio"].clone();
    assert_eq!((ratio(0), ratio(1)), (json!("1/1"), json!("1/2")));
}

#[test]
fn a_time_out_of_force_is_named() {
    let measured = json!({"objectives": [{"name": "o", "outages": []}], "demands": [{"at": "2025-10-05T00:00:00Z"}]});
    let mut settlement =
        Settlement::of(&json!([objective("99.9", all_fail())]), measured).with("settlement", json!({"cureDays": 10}));
    assert_eq!(
        settlement.fault(),
        "--period: the agreement was not in force in the time that the measurements tell of"
    );
    settlement.flags = vec!["--period", "2025-12"];
    assert_eq!(settlement.fault(), "--period: the agreement was not in force in 2025-12");
    for nothing in ["2025-13", "2025-02-29", "abcd", "2025-1", "25", ""] {
        settlement.flags = vec!["--period", nothing];
        let told = "is no day, month or year of the calendar; write YYYY-MM-DD, YYYY-MM or YYYY";
        assert_eq!(settlement.fault(), format!("--period: {nothing:?} {told}"));
    }
}
