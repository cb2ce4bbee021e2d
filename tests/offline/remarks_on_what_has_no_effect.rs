//! What is harmless without effect is taken, and it is said on standard error that it has none.

use serde_json::{Value, json};

use crate::settlement::{Settlement, all_fail, objective};

const FROM: &str = "2026-10-05T00:00:00Z";
const UNTIL: &str = "2026-10-05T01:00:00Z";

fn october(method: Value, measured: Value) -> Settlement {
    let mut settlement = Settlement::of(&json!([objective("99.9", method)]), measured);
    settlement.flags = vec!["--period", "2026-10"];
    settlement
}

/// What is remarked, without the name of the program.
fn remarks(settlement: &Settlement) -> Vec<String> {
    let (_, said) = settlement.printed("json");
    said.lines().map(|line| line.strip_prefix("guarantor: ").unwrap().to_owned()).collect()
}

fn only(settlement: &Settlement, remark: &str) {
    let told = remarks(settlement);
    assert!(told.len() == 1 && told[0].starts_with(&format!("measurements: {remark}")), "{told:?}");
}

#[test]
fn outages_and_slots_that_are_none() {
    let outage = |changes: &Value| {
        let mut outage = json!({"from": FROM, "until": UNTIL});
        for (field, value) in changes.as_object().unwrap() {
            outage[field] = value.clone();
        }
        json!({"objectives": [{"name": "o", "outages": [{"from": FROM, "until": UNTIL}, outage]}]})
    };
    only(
        &october(all_fail(), outage(&json!({"errorRate": 0}))),
        "objectives[0].outages[1]: has no effect: errorRate is 0",
    );
    let never = outage(&json!({"repeat": 0, "every": "24h"}));
    only(&october(all_fail(), never), "objectives[0].outages[1]: has no effect: repeat is 0");
    // Where events are counted it tells how many there were, and makes a figure.
    let told = outage(&json!({"errorRate": 0, "eventsPerMinute": 6000}));
    only(&october(all_fail(), told.clone()), "objectives[0].outages[1]: has no effect: errorRate is 0");
    let events = october(json!({"method": "Events"}), told);
    assert_eq!(remarks(&events), Vec::<String>::new());
    let slots = json!([{"from": FROM, "every": "5m", "total": 1, "bad": 0}, {"every": "5m", "repeat": 0, "total": 1, "bad": 1}]);
    let measured = json!({"objectives": [{"name": "o", "slots": slots}]});
    only(&october(json!({"method": "Events"}), measured), "objectives[0].slots[1]: has no effect: repeat is 0");
    for silent in [json!({"name": "o"}), json!({"name": "o", "slots": []})] {
        let measured = json!({"objectives": [silent]});
        only(&october(all_fail(), measured), "objectives[0]: has no effect: nothing is said of the objective");
    }
}

#[test]
fn incidents_of_which_no_claim_grows() {
    let of = |incident: Value| {
        let outages = json!([{"from": FROM, "until": UNTIL}]);
        october(all_fail(), json!({"objectives": [{"name": "o", "outages": outages}], "incidents": [incident]}))
    };
    let noticed = json!({"from": FROM, "until": UNTIL, "detectedBy": "Customer", "awareAt": FROM});
    assert_eq!(remarks(&of(noticed.clone())), Vec::<String>::new());
    only(&of(json!({"from": FROM})), "incidents[0]: has no effect: the agreement has no time for claims");
    only(&of(json!({"from": FROM, "detectedBy": "Provider"})), "incidents[0]: has no effect: the agreement");
    let by_provider = json!({"from": FROM, "until": UNTIL, "detectedBy": "Provider", "awareAt": FROM});
    only(
        &of(by_provider.clone()),
        "incidents[0].awareAt: has no effect: no time for claims is reckoned from Awareness",
    );
    let claimed = |after: &str, incident: Value| {
        let deadlines = json!([{"name": "claim", "after": after, "days": 30}]);
        of(incident).with("settlement", json!({"grant": "OnClaim", "deadlines": deadlines}))
    };
    assert_eq!(remarks(&claimed("Incident", json!({"from": FROM}))), Vec::<String>::new());
    assert_eq!(remarks(&claimed("Awareness", by_provider)), Vec::<String>::new());
    let open = claimed("Incident", json!({"from": FROM, "detectedBy": "Provider"}));
    only(&open, "incidents[0].detectedBy: has no effect: who noticed it first counts when until is given");
}

#[test]
fn an_invoice_against_which_nothing_was_notified() {
    let measured = json!({"objectives": [{"name": "o", "outages": []}], "nextSettlement": {"gross": "100.00"}});
    let settlement =
        october(all_fail(), measured).with("settlement", json!({"payment": {"withinDays": 30, "offset": true}}));
    only(&settlement, "nextSettlement: has no effect: nothing was notified that could be set off");
    assert_eq!(settlement.answer()["nextSettlement"]["net"], json!("100.00"));
}

#[test]
fn of_very_many_the_first_twenty() {
    let slots: Vec<Value> = (0..30).map(|_| json!({"every": "5m", "repeat": 0, "total": 1, "bad": 0})).collect();
    let told = remarks(&october(json!({"method": "Events"}), json!({"objectives": [{"name": "o", "slots": slots}]})));
    assert_eq!((told.len(), told[20].as_str()), (21, "measurements: 10 more entries have no effect"));
}
