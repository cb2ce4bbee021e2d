use serde_json::{Value, json};

use super::super::super::example::agreement;
use super::*;

/// The fields that are wrong in an agreement whose credits are `table`, and whose objective is counted by `method`.
fn fields(method: &str, table: &Value) -> Vec<String> {
    let mut spec = serde_json::to_value(agreement()).unwrap();
    spec["credits"] = table.clone();
    spec["objectives"][0]["measurement"] = json!({"method": method});
    let delivery = json!({
        "name": "delivery", "target": "90", "indicator": {"value": {"limit": "1h"}}, "measurement": {"method": "Value"}
    });
    spec["objectives"].as_array_mut().unwrap().push(delivery);
    let spec: AgreementSpec = serde_json::from_value(spec).unwrap();
    credits(&spec).into_iter().map(|fault| fault.field).collect()
}

fn sound() -> Value {
    json!({
        "fee": {"amount": "100.00", "currency": "EUR"},
        "furtherFees": [{"amount": "10.00", "currency": "USD"}], "combine": "Sum",
        "dailyUsage": {"amount": "3.5", "unit": "credits"},
        "tiers": [
            {"objective": "availability", "below": "99.9", "above": "99", "percentOfFee": "10"},
            {"objective": "availability", "atMost": "99", "multipleOfDailyUsage": "2"},
            {"objective": "availability", "below": "90", "amount": "12.00"}
        ],
        "remedies": [
            {"name": "a", "objective": "availability", "proportional": {"multiple": "10"}},
            {"name": "b", "objective": "availability", "perIncident": {"amount": "1000.00"}},
            {"name": "c", "objective": "availability", "multipleOfFee": {"multiple": "10"}},
            {"name": "d", "objective": "delivery", "perDayLate": {
                "percentOfFee": "0.5", "capPercentOfFee": "5", "escalation": {"afterDays": 5, "percentOfFee": "5"}
            }},
            {"name": "e", "objective": "availability", "freeHours": {"unavailableFor": "6m"}},
            {"name": "f", "objective": "availability", "terminationRight": {"missedPeriods": 2}}
        ],
        "rewards": {
            "basis": "Attainment", "objective": "availability", "unconditionalPercent": "1", "cap": "10.00",
            "tiers": [{"atLeast": "99.99", "percent": "1"}, {"atLeast": "100", "percent": "2"}]
        },
        "cap": {"percentOfFee": "100", "amount": "50.00"},
        "capPerYear": {"percentOfFee": "100"},
        "capPerContract": {"amount": "500.00"},
        "issuedAbove": "1.00"
    })
}

#[test]
fn a_sound_table_has_no_fault() {
    assert_eq!(fields("BadMinutes", &sound()), Vec::<String>::new());
    assert_eq!(fields("Pooled", &sound()), Vec::<String>::new());
}

#[test]
fn every_figure_is_read_and_every_name_is_looked_up() {
    let cases = [
        ("/fee/amount", "x"),
        ("/fee/currency", "XXX"),
        ("/furtherFees/0/amount", "x"),
        ("/furtherFees/0/currency", "EUR"),
        ("/dailyUsage/amount", "x"),
        ("/tiers/0/objective", "nobody"),
        ("/tiers/0/below", "x"),
        ("/tiers/0/above", "x"),
        ("/tiers/0/percentOfFee", "101"),
        ("/tiers/1/atMost", "x"),
        ("/tiers/1/multipleOfDailyUsage", "x"),
        ("/tiers/2/amount", "x"),
        ("/remedies/0/objective", "nobody"),
        ("/remedies/0/proportional/multiple", "x"),
        ("/remedies/1/name", "a"),
        ("/remedies/1/perIncident/amount", "x"),
        ("/remedies/2/multipleOfFee/multiple", "x"),
        ("/remedies/3/perDayLate/percentOfFee", "x"),
        ("/remedies/3/perDayLate/capPercentOfFee", "0.4"),
        ("/remedies/3/perDayLate/escalation/percentOfFee", "x"),
        ("/remedies/4/freeHours/unavailableFor", "soon"),
        ("/remedies/4/freeHours/unavailableFor", "1h"),
        ("/rewards/objective", "nobody"),
        ("/rewards/unconditionalPercent", "x"),
        ("/rewards/cap", "x"),
        ("/rewards/tiers/0/atLeast", "x"),
        ("/rewards/tiers/1/atLeast", "100.1"),
        ("/rewards/tiers/0/atLeast", "99.8"),
        ("/rewards/tiers/1/percent", "0.9"),
        ("/rewards/tiers/1/atLeast", "99.990"),
        ("/rewards/tiers/0/percent", "x"),
        ("/cap/percentOfFee", "x"),
        ("/cap/amount", "x"),
        ("/capPerYear/percentOfFee", "x"),
        ("/capPerContract/amount", "x"),
        ("/issuedAbove", "x"),
        ("/issuedAbove", "50.00"),
        ("/fee/amount", "100.001"),
        ("/furtherFees/0/amount", "10.005"),
        ("/tiers/2/amount", "12.001"),
        ("/remedies/0/proportional/multiple", "0"),
        ("/remedies/1/perIncident/amount", "0.00"),
        ("/remedies/1/perIncident/amount", "0.001"),
        ("/remedies/2/multipleOfFee/multiple", "0.0"),
        ("/cap/amount", "0"),
        ("/capPerYear/percentOfFee", "0"),
    ];
    for (path, text) in cases {
        let mut table = sound();
        *table.pointer_mut(path).unwrap() = json!(text);
        let mut field = "spec.credits".to_owned();
        for part in path.trim_start_matches('/').split('/') {
            field = if part.parse::<usize>().is_ok() { format!("{field}[{part}]") } else { format!("{field}.{part}") };
        }
        assert_eq!(fields("BadMinutes", &table), [field], "{path} {text}");
    }
}

#[test]
fn free_hours_need_an_objective_that_counts_time() {
    for method in ["Events", "MeanOfSlots", "Value"] {
        assert_eq!(fields(method, &sound()), ["spec.credits.remedies[4].freeHours"], "{method}");
    }
}

#[test]
fn a_multiple_of_the_daily_usage_needs_one() {
    let mut table = sound();
    table.as_object_mut().unwrap().remove("dailyUsage");
    assert_eq!(fields("BadMinutes", &table), ["spec.credits.dailyUsage"]);
}

#[test]
fn a_deposit_is_in_a_currency_too() {
    let mut spec = serde_json::to_value(agreement()).unwrap();
    spec["settlement"] = json!({
        "deposit": {"amount": "3,000", "currency": "RMB", "holdMonths": 3, "refundWithinDays": 10}
    });
    let spec: AgreementSpec = serde_json::from_value(spec).unwrap();
    let fields: Vec<_> = credits(&spec).into_iter().map(|fault| fault.field).collect();
    assert_eq!(fields, ["spec.settlement.deposit.amount", "spec.settlement.deposit.currency"]);
}

#[test]
fn a_fee_that_was_paid_for_months_needs_periods_of_months() {
    let mut spec = serde_json::to_value(agreement()).unwrap();
    spec["credits"]["fee"]["prepaidMonths"] = json!(12);
    let faults = |spec: &Value| credits(&serde_json::from_value(spec.clone()).unwrap());
    assert_eq!(faults(&spec), []);
    spec["period"] = json!({"rolling": "7d"});
    assert_eq!(faults(&spec)[0].field, "spec.credits.fee.prepaidMonths");
}

#[test]
fn an_amount_has_no_more_places_than_its_currency() {
    let mut table = sound();
    table.as_object_mut().unwrap().retain(|field, _| field == "fee" || field == "remedies");
    for (currency, amount, fits) in
        [("JPY", "100", true), ("JPY", "100.0", true), ("JPY", "100.5", false), ("KWD", "1.005", true)]
    {
        table["fee"] = json!({"amount": amount, "currency": currency});
        assert_eq!(fields("BadMinutes", &table).is_empty(), fits, "{amount} {currency}");
    }
}

#[test]
fn a_choice_names_one_thing() {
    let mut table = sound();
    table["remedies"][0]["name"] = json!("availability");
    table.as_object_mut().unwrap().remove("furtherFees");
    assert_eq!(fields("BadMinutes", &table), Vec::<String>::new(), "nobody chooses");
    table["combine"] = json!("CustomersChoice");
    assert_eq!(fields("BadMinutes", &table), ["spec.credits.remedies[0].name"]);
}

#[test]
fn days_of_delay_need_an_objective_that_counts_values() {
    let mut table = sound();
    table["remedies"][3]["objective"] = json!("availability");
    assert_eq!(fields("BadMinutes", &table), ["spec.credits.remedies[3].perDayLate"]);
}

#[test]
fn the_highest_is_found_in_one_currency_only_where_no_other_decides() {
    let found = |combine: &str, percent: bool, amount: bool| {
        let mut table = sound();
        table["combine"] = json!(combine);
        table["remedies"] = json!([]);
        let tiers = [
            (percent, json!({"objective": "availability", "below": "99.9", "percentOfFee": "10"})),
            (amount, json!({"objective": "delivery", "below": "90", "amount": "5.00"})),
        ];
        table["tiers"] = tiers.into_iter().filter_map(|(is_there, tier)| is_there.then_some(tier)).collect();
        fields("BadMinutes", &table)
    };
    for combine in ["Highest", "CustomersChoice"] {
        assert_eq!(found(combine, true, true), ["spec.credits.furtherFees"], "{combine}");
        assert_eq!(found(combine, true, false), [""; 0], "{combine}");
        assert_eq!(found(combine, false, true), [""; 0], "{combine}");
    }
    assert_eq!(found("Sum", true, true), [""; 0]);
}
