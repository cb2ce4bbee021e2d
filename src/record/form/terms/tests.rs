mod complete;

use serde_json::json;

use super::super::example::issued;
use super::*;

fn told(statement: &StatementSpec) -> Vec<String> {
    let line = |term: Term| format!("{}: {}", term.what, term.agreed).replace(['\u{a0}', '\u{202f}'], " ");
    terms(statement).into_iter().map(line).collect()
}

#[test]
fn what_was_agreed_is_told_in_words() {
    assert_eq!(
        told(&issued().statement),
        [
            "In force: from 1 Jan 2026 on, before 1 Jan 2027",
            "Settled: every calendar month, counted in slots of 5 minutes",
            "Promised: availability 99.9 %",
            "Counted: availability: good events over all events; an unknown slot is taken to hold as many as a known one in \
             the mean",
            "Promised: latency 99 %",
            "Counted: latency: good events over all events; an unknown slot is taken to hold as many as a known one in the \
             mean",
            "Unknown time: counts for nobody; where less than 90 % of the time is known, there is a verdict only if \
             the rest could not change it",
            "Fee: 4 000.00 EUR for a period",
            "Credit: availability below 99.9 %: 10 % of the fee",
            "Tiers: compared with the exact attainment, before anything is rounded: exactly 99.9 is not below 99.9; of several \
             for one objective the one with the lowest upper bound applies",
            "At most: the whole fee for one period, of tiers in percent of it",
            "Rounded: once, after the limits, half up, to 0.01 EUR",
            "Granted: with the statement, without a claim",
        ]
    );
}

#[test]
fn what_is_rarely_agreed_is_told_too() {
    let mut statement = serde_json::to_value(issued().statement).unwrap();
    let terms = &mut statement["terms"];
    terms["period"] = json!({"trailing": {"days": 365, "every": "Month"}});
    terms["slot"] = "30s".into();
    terms["missingData"] = json!({"treatAs": "Bad", "minimumCoverage": "100.0"});
    terms["credits"]["fee"] = json!({"amount": "4000.00", "currency": "EUR", "prepaidMonths": 12, "prorated": true});
    terms["credits"]["tiers"] = json!([{"objective": "latency", "atMost": "95", "above": "90", "serviceDays": 1}]);
    terms["credits"]["remedies"] = json!([{"name": "outage", "objective": "latency", "perIncident": {"amount": "5"}}]);
    terms["credits"]["combine"] = "Sum".into();
    terms["credits"]["capPerYear"] = json!({"percentOfFee": "50", "amount": "2500"});
    terms["settlement"] = json!({"grant": "OnClaim",
        "deadlines": [{"name": "claim", "after": "PeriodEnd", "workingDays": 10}]});
    terms["exclusions"]["rules"] = json!([{"reason": "Maintenance", "effect": "Exclude", "minimumNotice": "5d",
        "yearlyAllowance": "12h"}]);
    terms["parameters"] = json!([{"name": "zones", "value": "2"}]);
    terms["coveredWhen"] = json!([{"rule": "zones >= 2", "message": "two zones are needed"}]);
    let told = told(&serde_json::from_value(statement).unwrap());
    for line in [
        "Settled: the last 365 days at the end of every month, counted in slots of 30 seconds",
        "Unknown time: there is a verdict only if it could not change it, all good or all bad",
        "May be excluded: Maintenance, left out, announced 5d before, at most 12h in a year",
        "Fee: 4 000.00 EUR paid in advance for 12 months, a period that is cut short by its share",
        "Credit: latency at most 95 % and above 90 %: 1 day of service",
        "Remedy: outage, for latency: 5 EUR for each violation; each unbroken time in which it was missed is one, also where \
         it goes on over the end of the period, and what only excluded time separates is one; unknown time is part of it where it \
         counts as bad, and where nothing is agreed of it, what only it separates is one; of reported values each that \
         was late is one",
        "Of several: they add up",
        "At most: 50 % of the fee and 2 500 EUR in a year of the agreement",
        "Granted: on a claim of the customer: claim within 10 working days after the last day of the period; what is not \
         done in time forfeits it",
        "Working days: every day but Saturday and Sunday",
        "Parameter: zones = 2",
        "Covered when: zones >= 2",
    ] {
        assert!(told.iter().any(|told| told == line), "{line}: {told:#?}");
    }
}
