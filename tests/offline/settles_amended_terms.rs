//! Each period is settled by the terms in force when it began, offline as in a cluster.

use serde_json::{Value, json};

use crate::settlement::{Settlement, all_fail, objective};

/// The same with other objectives from 16 October on, where the month is split.
fn amended(settlement: Settlement, objectives: &Value) -> Settlement {
    let amendments = json!([{"effective": "2026-10-16", "objectives": objectives}]);
    settlement.with("amendmentRule", json!("Split")).with("amendments", amendments)
}

fn named(name: &str, mut objective: Value) -> Value {
    objective["name"] = json!(name);
    objective
}

#[test]
fn values_have_the_limit_of_their_period() {
    let value = |limit: &str| {
        json!([{"name": "o", "target": "90", "indicator": {"value": {"limit": limit}},
            "measurement": {"method": "Value"}}])
    };
    let values = json!([{"at": "2026-10-05T10:00:00Z", "value": "3h"}, {"at": "2026-10-20T10:00:00Z", "value": "3h"}]);
    let measured = json!({"objectives": [{"name": "o", "values": values}]});
    let answer = amended(Settlement::of(&value("4h"), measured), &value("2h")).answer();
    for (period, (ratio, state, kept, limit)) in
        [("1/1", "Fulfilled", true, "14400"), ("0/1", "Violated", false, "7200")].into_iter().enumerate()
    {
        let objective = &answer["periods"][period]["statement"]["objectives"][0];
        assert_eq!((&objective["attainmentRatio"], &objective["state"]), (&json!(ratio), &json!(state)), "{period}");
        let value = &answer["values"][period];
        assert_eq!((&value["kept"], &value["limitSeconds"]), (&json!(kept), &json!(limit)), "{period}");
    }
}

#[test]
fn an_objective_that_an_amendment_adds_is_measured_from_then_on() {
    let first = objective("99.9", all_fail());
    let both = json!([first, named("p", first.clone())]);
    let outage = json!([{"from": "2026-10-20T10:00:00Z", "until": "2026-10-20T12:00:00Z"}]);
    let measured = json!({"objectives": [{"name": "o", "outages": []}, {"name": "p", "outages": outage}],
        "incidents": [{"from": "2026-10-20T10:00:00Z", "until": "2026-10-20T12:00:00Z", "detectedBy": "Customer"}]});
    let mut settlement = amended(Settlement::of(&json!([first]), measured), &both);
    settlement.flags = vec!["--period", "2026-10"];
    let answer = settlement.answer();
    let objectives = |period: usize| answer["periods"][period]["statement"]["objectives"].as_array().unwrap();
    assert_eq!((objectives(0).len(), objectives(1).len()), (1, 2));
    assert_eq!(objectives(1)[1]["attainmentRatio"], "191/192");
}

#[test]
fn what_a_period_cannot_be_counted_from_is_refused_in_that_period() {
    let events = json!([objective("99.9", json!({"method": "Events"}))]);
    let slots = json!([{"from": "2026-10-01T00:00:00Z", "every": "5m", "repeat": 8928, "total": 1, "bad": 0}]);
    let measured = json!({"objectives": [{"name": "o", "slots": slots}]});
    let mut settlement = amended(Settlement::of(&events, measured), &json!([objective("99.9", all_fail())]));
    settlement.flags = vec!["--period", "2026-10-01"];
    assert_eq!(settlement.statement()["objectives"][0]["state"], "Fulfilled");
    settlement.flags = vec!["--period", "2026-10"];
    assert!(settlement.fault().starts_with("objectives[0].slots[0].every: slots of 5m"));
}
