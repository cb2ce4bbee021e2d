//! The statement that the tests of the forms start from.

use serde_json::{Value, json};

use super::Issued;

fn content() -> Value {
    json!({
        "agreement": {"name": "checkout", "uid": "5f1c8d0e-0b5e-4d0c-9a55-0d8f7c1b2a3e"},
        "generation": 2,
        "revision": 1,
        "parties": {"provider": {"name": "Acme Cloud GmbH"}, "customer": {"name": "Globex Inc.", "account": "C-1042"}},
        "service": "checkout",
        "period": {"start": "2026-09-30T22:00:00Z", "end": "2026-10-31T23:00:00Z", "timeZone": "Europe/Berlin"},
        "terms": terms(),
        "state": "Violated",
        "objectives": [
            {
                "name": "availability", "target": "99.9", "state": "Violated", "method": "Events",
                "totalEvents": "8931000", "badEvents": "13804",
                "bornEvents": {"total": "10", "bad": "4"}, "unattributedEvents": {"total": "3", "bad": "1"},
                "attainmentRatio": "2229299/2232750", "attainment": "99.845437",
                "attainmentBounds": ["99.789595", "99.845523"],
                "slots": {"measured": 8931, "noTraffic": 4, "unknown": 5, "excluded": 0},
                "coverage": "99.944071", "queries": ["sum(increase(errors[5m]))", "sum(increase(requests[5m]))"],
            },
            {
                "name": "latency", "target": "99", "state": "Fulfilled", "method": "Events",
                "totalEvents": "8940000", "badEvents": "0",
                "bornEvents": {"total": "0", "bad": "0"}, "unattributedEvents": {"total": "0", "bad": "0"},
                "attainmentRatio": "1/1", "attainment": "100.000000",
                "attainmentBounds": ["100.000000", "100.000000"],
                "slots": {"measured": 8940, "noTraffic": 0, "unknown": 0, "excluded": 0},
                "coverage": "100.000000", "queries": [],
            },
        ],
        "violations": [{
            "objective": "availability", "start": "2026-10-11T22:00:00Z", "end": "2026-10-12T17:10:00Z",
            "depth": "94.000000", "badEvents": "13800", "totalEvents": "230000",
        }],
        "violationsOmitted": 0,
        "actions": [{
            "id": "a-1", "verb": "RaiseFloor", "from": 3, "to": 5, "phase": "Done", "verdict": "Effective",
            "target": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "checkout", "uid": "w-1"},
            "reason": "availability burns 60 times too fast", "hypothesis": "errors fall below 1 %",
            "intendedAt": "2026-10-11T22:10:00Z", "deadline": "2026-10-11T22:20:00Z", "evidence": "5 of 5 ready",
        }],
        "credits": {
            "state": "Determined", "percentOfFee": "10.000000", "amount": "400.00", "currency": "EUR",
            "fractionOfFee": "1/10",
            "amounts": [{
                "currency": "EUR", "fee": "4000.000000", "beforeCap": "400.000000", "exact": "400/1",
                "unrounded": "400.000000", "amount": "400.00", "issued": true,
            }],
            "lines": [{
                "objective": "availability", "below": "99.9", "reckoning": "below 99.9", "percentOfFee": "10",
                "granted": true,
                "amounts": [{
                    "currency": "EUR", "byItself": "400.000000", "granted": "400.000000", "exact": "400/1",
                }],
            }],
        },
        "evidence": {
            "source": "main http://prometheus:9090", "increase": "Anchored", "ledger": "checkout-20260930t220000z",
            "ledgerDigest": "aa".repeat(32), "operator": "0.1.0", "timeZoneDatabase": "2026e",
        },
        "digest": "bb".repeat(32),
    })
}

/// What was agreed.
fn terms() -> Value {
    let objective = |name: &str, target: &str| {
        let ratio = json!({"bad": "sum(increase(errors[$slot]))", "total": "sum(increase(requests[$slot]))"});
        json!({"name": name, "indicator": {"ratio": ratio}, "measurement": {"method": "Events"}, "target": target})
    };
    json!({
        "validity": {"from": "2026-01-01", "until": "2027-01-01"},
        "period": {"calendar": "Month"},
        "slot": "5m",
        "objectives": [objective("availability", "99.9"), objective("latency", "99")],
        "missingData": {"treatAs": "Exclude", "minimumCoverage": "90"},
        "exclusions": {"rules": [], "approval": "Required"},
        "credits": {
            "fee": {"amount": "4000.00", "currency": "EUR"},
            "tiers": [{"objective": "availability", "below": "99.9", "percentOfFee": "10"}],
        },
        "settlement": {"grant": "Automatic"},
        "calendar": {"daysOff": ["Saturday", "Sunday"]},
    })
}

fn with(content: Value) -> Issued {
    Issued {
        name: "checkout-20260930t220000z-r1".to_owned(),
        namespace: "shop".to_owned(),
        at: Some("2026-11-01T00:00:31Z".parse().unwrap()),
        statement: serde_json::from_value(content).unwrap(),
        computed: false,
        intact: true,
    }
}

/// October 2026 of a checkout in Berlin: availability missed, a credit due.
pub fn issued() -> Issued {
    with(content())
}

/// The second revision of the same, with everything that a credit can hold: two currencies, a cap, days of service,
/// daily usage, free hours, a right to terminate, lines that are not granted, a reward, a deadline.
pub fn revised() -> Issued {
    let mut content = content();
    let line = |rule: Value, granted: bool, not_granted: &str, amounts: Value| {
        let mut line = rule;
        line["granted"] = granted.into();
        line["notGranted"] = not_granted.into();
        line["amounts"] = amounts;
        line
    };
    let money = |currency: &str, by_itself: &str, granted: &str, exact: &str| json!({"currency": currency, "byItself": by_itself, "granted": granted, "exact": exact});
    content["revision"] = 2.into();
    content["supersedes"] = "checkout-20260930t220000z-r1".into();
    content["adjustment"] = json!({
        "amounts": [{"currency": "EUR", "amount": "2000.00"}, {"currency": "USD", "amount": "-40.00"}], "serviceDays": 3,
        "dailyUsage": "2.500000", "reward": "-10.00",
    });
    content["amendment"] = "2026-07-01".into();
    content["violations"][0]["detectedBy"] = "Customer".into();
    let exclusion = |more: Value| {
        let mut line = json!({"from": "2026-10-12T09:00:00Z", "until": "2026-10-12T11:00:00Z", "seconds": 7200});
        for (name, value) in more.as_object().into_iter().flatten() {
            line[name] = value.clone();
        }
        line
    };
    content["exclusions"] = json!([
        exclusion(json!({"name": "update", "reason": "Maintenance", "honoured": true, "effect": "CountAsGood",
            "declaredBy": "ann", "approvedBy": "bob", "announcedAt": "2026-10-01T06:00:00Z"})),
        exclusion(json!({
            "name": "load-test", "reason": "CustomerCaused", "honoured": true, "effect": "Exclude",
            "declaredBy": "ann", "until": "2026-10-12T09:30:00Z", "seconds": 1800, "objectives": ["availability"],
            "events": {"total": "3000", "bad": "1200"},
        })),
        exclusion(json!({
            "name": "storm", "reason": "ForceMajeure", "honoured": false, "seconds": 5400, "code": "notice_too_late",
            "why": "notice was given 26h after the beginning; 24h are agreed",
        })),
    ]);
    content["exclusionsOmitted"] = 2.into();
    content["credits"] = json!({
        "facts": {
            "volume": "1200000.00",
            "deliveries": [{"objective": "recovery", "due": "2026-10-05", "done": "2026-10-07"}],
            "grantedThisYear": {"amounts": [{"currency": "EUR", "amount": "800.00"}], "serviceDays": 1},
            "grantedBefore": {"amounts": [{"currency": "EUR", "amount": "800.00"}], "serviceDays": 1},
            "missedInARow": [{"objective": "availability", "periods": 2}],
            "chosen": "availability",
        },
        "state": "Determined", "since": "2026-11-03T09:00:00Z", "reason": "maintenance of 12 October was revoked",
        "percentOfFee": "60.000000", "fractionOfFee": "3/5", "amount": "2400.00", "currency": "EUR", "form": "Voucher",
        "amounts": [
            {
                "currency": "EUR", "base": "charges for the storage class in the region", "fee": "4000.000000",
                "beforeCap": "3066.666666", "cappedBy": "Period", "exact": "2400/1", "unrounded": "2400.000000",
                "amount": "2400.00", "issued": true,
            },
            {
                "currency": "USD", "fee": "800.000000", "beforeCap": "80.004444", "exact": "180010/2250",
                "unrounded": "80.004444", "amount": "80.00", "issued": true,
            },
        ],
        "serviceDays": 3,
        "dailyUsage": {"unit": "GB", "multiple": "2.5", "amount": "12.500000", "exact": "25/2"},
        "freeHours": [
            "2026-10-12T09:00:00Z", "2026-10-12T10:00:00Z", "2026-10-27T23:00:00Z", "2026-10-28T00:00:00Z",
        ],
        "freeHoursTotal": 4,
        "terminationRight": true,
        "reward": {
            "basis": "Attainment", "reached": "99.990000", "stepPercent": "3", "unconditionalPercent": "0.333",
            "exact": "400/3", "unrounded": "133.333333", "amount": "133.33", "currency": "EUR", "capped": true,
        },
        "lines": [
            line(
                json!({
                    "objective": "availability", "below": "99.9", "reckoning": "below 99.9 and at least 99.0",
                    "percentOfFee": "10",
                }),
                true, "",
                json!([money("EUR", "400.000000", "400.000000", "400/1"), money("USD", "80.004444", "80.004444", "180010/2250")]),
            ),
            line(
                json!({
                    "objective": "availability", "remedy": "outages", "reckoning": "2 violations at 1333.33 EUR each",
                }),
                true, "", json!([money("EUR", "2666.666666", "2000.000000", "2000/1")]),
            ),
            line(json!({"objective": "latency", "atMost": "95", "serviceDays": 3}), true, "", json!([])),
            line(json!({"objective": "latency", "below": "90", "multipleOfDailyUsage": "2.5"}), true, "", json!([])),
            line(
                json!({
                    "objective": "availability", "remedy": "leave",
                    "reckoning": "missed 3 period(s) in a row, and 3 are enough",
                }),
                true, "", json!([]),
            ),
            line(
                json!({"objective": "recovery", "remedy": "slow-recovery", "reckoning": "1 times the fee for 7/144000 of the period", "percentOfFee": "0.004861"}),
                false, "only the highest is granted, and \"availability\" is worth no less",
                json!([money("EUR", "0.194444", "0.000000", "0/1")]),
            ),
            line(
                json!({"objective": "durability"}), false,
                "it is not determined, so that its attainment neither grants nor denies", json!([]),
            ),
        ],
        "deadlines": [{"name": "claim", "lastDay": "2026-12-31", "by": "2026-12-31T23:00:00Z"}],
    });
    Issued { name: "checkout-20260930t220000z-r2".to_owned(), ..with(content) }
}

/// That one with a text of somebody's choice in every field that takes any text.
pub fn hostile(text: &str) -> Issued {
    let mut content = serde_json::to_value(revised().statement).unwrap();
    replace(&mut content, text);
    let mut issued = with(content);
    (issued.name, issued.namespace) = (text.to_owned(), text.to_owned());
    issued
}

fn replace(value: &mut Value, text: &str) {
    // Enums and instants take no other text: the API server lets nothing else through.
    const KEPT: [&str; 21] = [
        "state",
        "increase",
        "verb",
        "phase",
        "verdict",
        "start",
        "end",
        "intendedAt",
        "deadline",
        "timeZone",
        "form",
        "basis",
        "since",
        "by",
        "freeHours",
        "detectedBy",
        "effect",
        "from",
        "until",
        "terms",
        "announcedAt",
    ];
    match value {
        Value::Object(fields) => {
            // The reason of an exclusion is one of six; every other reason is a text.
            let is_exclusion = fields.contains_key("honoured");
            let kept = |name: &str| KEPT.contains(&name) || (is_exclusion && name == "reason");
            fields.iter_mut().filter(|(name, _)| !kept(name)).for_each(|(_, v)| replace(v, text));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, text)),
        Value::String(held) => text.clone_into(held),
        _ => {}
    }
}
