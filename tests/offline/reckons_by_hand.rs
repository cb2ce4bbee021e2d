//! Whoever has only the paper can reckon it again: agreements of different kinds are settled and printed, and every product
//! on the table and on the page is multiplied out as with a pencil.

use guarantor::evaluate::exact::decimal;
use num_rational::BigRational;
use num_traits::Signed;
use serde_json::{Value, json};

use crate::settlement::{Settlement, all_fail, objective};

/// The numbers of a text, with what stands behind each. Groups of digits are narrow spaces apart, as they are printed.
fn numbers(text: &str) -> Vec<BigRational> {
    let mut found = Vec::new();
    let is_digit = |c: char| c.is_ascii_digit() || matches!(c, '.' | '\u{202f}');
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let end = rest[start..].find(|c| !is_digit(c)).map_or(rest.len(), |end| start + end);
        let digits = rest[start..end].replace('\u{202f}', "");
        let number = decimal(digits.trim_end_matches('.')).unwrap();
        let is_percent = rest[end..].trim_start_matches(['…', '\u{a0}', ' ']).starts_with('%');
        found.push(if is_percent { number / decimal("100").unwrap() } else { number });
        rest = &rest[end..];
    }
    found
}

/// What a factor is: its last number, or the quotient of two.
fn factor(text: &str) -> BigRational {
    let parts = text.split('/').map(|part| numbers(part).pop().unwrap_or_else(|| panic!("{text}")));
    parts.reduce(|dividend, divisor| dividend / divisor).unwrap()
}

/// Multiplies out every product of a text, and gives how many there are.
fn multiplied_out(text: &str) -> usize {
    let products = text.lines().flat_map(|line| line.split("; ")).flat_map(|part| part.split(": "));
    let mut count = 0;
    for product in products.flat_map(|part| part.split(". ")).filter(|part| part.contains('×')) {
        let Some((factors, result)) = product.rsplit_once(" = ") else { continue };
        let comes_to: BigRational = factors.split('×').map(factor).product();
        let stated = numbers(result).swap_remove(0);
        // Figures that go on are cut at six places, so that their products are near.
        let near = if product.contains('…') { decimal("0.00001").unwrap() } else { BigRational::default() };
        assert!((&comes_to - &stated).abs() <= near, "{product}: {comes_to} is not {stated}");
        count += 1;
    }
    count
}

/// What stands on a page, one line for each element.
fn without_tags(page: &str) -> String {
    let body = page.split_once("</style>").unwrap().1;
    body.split('<').map(|part| part.split_once('>').unwrap_or(("", part)).1).collect::<Vec<_>>().join("\n")
}

/// Settles, multiplies out both forms, and looks for what must be told.
fn reckon(settlement: &Settlement, products: usize, told: &[&str]) {
    let [table, page] = ["table", "html"].map(|form| settlement.printed(form).0);
    for text in [table, without_tags(&page)] {
        assert!(multiplied_out(&text) >= products, "{text}");
        let plain = text.replace(['\u{a0}', '\u{202f}'], " ");
        for told in told {
            assert!(plain.contains(told), "{told}\n{plain}");
        }
    }
}

fn events() -> Value {
    let ratio = json!({"bad": "sum(increase(b[$slot]))", "total": "sum(increase(a[$slot]))"});
    json!([{"name": "o", "target": "99.9", "indicator": {"ratio": ratio}}])
}

fn fee(amount: &str, currency: &str) -> Value {
    json!({"amount": amount, "currency": currency})
}

#[test]
fn a_prepaid_month_that_is_cut_short_with_unknown_slots_that_are_bad() {
    let slots = json!([{"from": "2026-10-11T00:00:00Z", "every": "1m", "repeat": 30000, "total": 100, "bad": 0},
        {"every": "1m", "repeat": 100, "state": "Unknown"}, {"every": "1m", "repeat": 140, "total": 97, "bad": 31}]);
    let mut prepaid = fee("10000.00", "EUR");
    (prepaid["prepaidMonths"], prepaid["prorated"]) = (12.into(), true.into());
    let settlement = Settlement::of(&events(), json!({"objectives": [{"name": "o", "slots": slots}]}))
        .with("validity", json!({"from": "2026-10-11", "until": "2027-10-11"}))
        .with("missingData", json!({"treatAs": "Bad", "minimumCoverage": "90"}))
        .with(
            "credits",
            json!({"fee": prepaid, "furtherFees": [fee("700.00", "USD")], "cap": {"percentOfFee": "25"}, "issuedAbove": "5",
                "tiers": [{"objective": "o", "below": "99.9", "percentOfFee": "33.3"}]}),
        );
    // 3 013 580 events in 30 140 known slots, 4 340 of them bad; 21 days of 31.
    let told = [
        "100 slots are unknown, and counted as bad: 9 998.606502… events more (as many for each as the 30 140 known ones have \
         in the mean), 9 998.606502… of them bad, so that 3 009 240 of 3 023 578.606502… are good.",
        "10 000.00 EUR paid for 12 months, of which the period has 1: 833.333333… EUR.",
        "1 814 400 / 2 678 400 seconds of the whole period, which is charged by that share.",
        "33.3 % × 564.516129… EUR = 187.983870… EUR",
        "the limits take 46.854838… EUR of it and leave 141.129032… EUR",
        "141.13 EUR",
    ];
    reckon(&settlement, 4, &told);
}

#[test]
fn late_deliveries_and_outages_against_the_cap_of_a_year() {
    let mut delivery = json!({"name": "delivery", "target": "90", "indicator": {"value": {"limit": "4h"}}});
    delivery["measurement"] = json!({"method": "Value"});
    let outages = json!([{"from": "2026-10-12T09:00:00Z", "until": "2026-10-12T09:43:00Z"},
        {"from": "2026-10-20T09:00:00Z", "until": "2026-10-20T09:13:00Z"}]);
    let late = |done: &str| json!({"objective": "delivery", "due": "2026-10-01", "done": done});
    let measured = json!({"objectives": [{"name": "o", "outages": outages}, {"name": "delivery", "values": []}],
        "deliveries": [late("2026-10-07"), late("2026-10-14"), late("2026-10-28")]});
    let settlement = Settlement::of(&json!([objective("99.9", all_fail()), delivery]), measured)
        .with("calendar", json!({"holidays": ["2026-10-05"]}))
        .with(
            "credits",
            json!({"fee": fee("9000.00", "EUR"), "combine": "Sum", "capPerYear": {"amount": "1500.00"}, "remedies": [
                {"name": "outage", "objective": "o", "perIncident": {"amount": "333.33"}},
                {"name": "late", "objective": "delivery", "perDayLate": {"percentOfFee": "0.7", "days": "Working",
                    "capPercentOfFee": "5", "escalation": {"afterDays": 10, "percentOfFee": "12", "terminates": true}}},
            ]}),
        );
    let told = [
        "2 violations × 333.33 EUR = 666.66 EUR",
        "due 1 Oct 2026, made 7 Oct 2026: 3 working days late × 0.7 % × 9 000.00 EUR = 189.00 EUR",
        "8 working days late × 0.7 % × 9 000.00 EUR = 504.00 EUR; cut by 54.00 EUR to 5 % × 9 000.00 EUR = 450.00 EUR",
        "18 working days late, which is more than 10: 12 % × 9 000.00 EUR = 1 080.00 EUR; cut by 630.00 EUR",
        "together 1 089.00 EUR",
        "the limits take 255.66 EUR of it and leave 833.34 EUR",
        "every day but Saturday and Sunday; not 5 Oct 2026",
        "1 500.00 EUR",
    ];
    reckon(&settlement, 6, &told);
}

#[test]
fn bad_time_with_unknown_time_that_is_good_and_a_reward() {
    let outage = json!([{"from": "2026-10-12T09:00:00Z", "until": "2026-10-12T10:43:30Z"}]);
    let unknown = json!([{"from": "2026-10-15T00:00:00Z", "until": "2026-10-15T05:00:00Z"}]);
    let time =
        objective("99.9", json!({"method": "BadMinutes", "badWhen": {"allFail": true}, "partialMinutes": "Count"}));
    let mut api = events()[0].clone();
    (api["name"], api["target"]) = ("api".into(), "99".into());
    let slots = json!([{"from": "2026-10-01T00:00:00Z", "every": "1m", "repeat": 44640, "total": 1000, "bad": 1}]);
    let measured =
        json!({"objectives": [{"name": "o", "outages": outage, "unknown": unknown}, {"name": "api", "slots": slots}]});
    let settlement = Settlement::of(&json!([time, api]), measured)
        .with("missingData", json!({"treatAs": "Good", "minimumCoverage": "95"}))
        .with(
            "credits",
            json!({"fee": fee("4321.00", "EUR"), "remedies": [
                    {"name": "lost", "objective": "o", "proportional": {"multiple": "7.5"}},
                    {"name": "hours", "objective": "o", "freeHours": {"unavailableFor": "10m"}}],
                "rewards": {"basis": "Attainment", "objective": "api", "unconditionalPercent": "0.1", "cap": "100.00",
                    "tiers": [{"atLeast": "99.5", "percent": "1.5"}, {"atLeast": "99.9", "percent": "3.3"}]}}),
        );
    let told = [
        "2 654 190 of 2 660 400 seconds good",
        "18 000 slots are unknown, and counted as good: 18 000 seconds more, 0 of them bad, so that 2 672 190 of 2 678 400 are \
         good.",
        "100 % less 99.768145… % is 23 / 9 920, which was lost",
        "7.5 × 23 / 9 920 × 4 321.00 EUR = 75.138356… EUR",
        "0.1 % × 4 321.00 EUR = 4.321 EUR",
        "Together 146.914 EUR. At most 100.00 EUR for one period.",
        "12 Oct 2026, 09:00 to 11:00",
        "1.5 % from 99.5 % on, 3.3 % from 99.9 % on",
    ];
    reckon(&settlement, 2, &told);
}

#[test]
fn days_of_service_a_multiple_of_usage_and_a_volume() {
    let mut both = events();
    let mut rate = both[0].clone();
    (rate["name"], rate["measurement"]) = ("rate".into(), json!({"method": "MeanOfSlots", "rateOver": "1h"}));
    both.as_array_mut().unwrap().push(rate);
    let run = |bad: u32| {
        json!([{"from": "2026-10-01T00:00:00Z", "every": "1m", "repeat": 44580, "total": 10, "bad": bad},
        {"every": "1m", "repeat": 60, "state": "Unknown"}])
    };
    let measured = json!({"objectives": [{"name": "o", "slots": run(1)}, {"name": "rate", "slots": run(2)}],
        "volumes": [{"at": "2026-10-10T00:00:00Z", "amount": "4321.07"}]});
    let settlement = Settlement::of(&both, measured)
        .with("missingData", json!({"treatAs": "Bad", "minimumCoverage": "50"}))
        .with(
            "credits",
            json!({"fee": fee("3100.000", "KWD"), "dailyUsage": {"amount": "12.5", "unit": "GB"}, "combine": "Sum",
                "serviceDays": "MonetaryValue", "cap": {"serviceDays": 5}, "tiers": [
                    {"objective": "o", "below": "99.9", "serviceDays": 7},
                    {"objective": "rate", "atMost": "99.9", "multipleOfDailyUsage": "2.5"}],
                "rewards": {"basis": "Volume", "scale": "Marginal", "tiers": [
                    {"atLeast": "100", "percent": "1"}, {"atLeast": "1000", "percent": "2.5"}], "unconditionalPercent": "0.05"}}),
        );
    let told = [
        "594.4 of 743 slots good",
        "60 slots are unknown, and counted as bad: 1 rate more, 1 of them bad, so that 594.4 of 744 are good.",
        "7 days × 3 100.00 KWD / 31 days = 700.00 KWD",
        "the limits take 200.00 KWD of it and leave 500.00 KWD",
        "2.5 × 12.5 GB a day = 31.25 GB",
        "2.5 % of what lies from 1 000.00 KWD to 4 321.07 KWD.",
        "0.05 % × 4 321.07 KWD = 2.160535 KWD",
        "Together 94.187285 KWD.",
        "94.187 KWD",
    ];
    reckon(&settlement, 3, &told);
}

#[test]
fn a_part_of_a_month_with_too_little_that_is_known() {
    let slots = json!([{"from": "2026-10-01T00:00:00Z", "every": "1m", "repeat": 40000, "total": 100, "bad": 20},
        {"every": "1m", "repeat": 4640, "state": "Unknown"}]);
    let amendment = json!([{"effective": "2026-10-11", "fee": fee("6200.00", "EUR")}]);
    let settlement = Settlement::of(&events(), json!({"objectives": [{"name": "o", "slots": slots}]}))
        .with("missingData", json!({"treatAs": "Exclude", "minimumCoverage": "90"}))
        .with("amendmentRule", json!("Split"))
        .with("amendments", amendment)
        .with(
            "credits",
            json!({"fee": fee("4000.00", "EUR"), "combine": "Sum", "cap": {"amount": "900.00"},
                "tiers": [{"objective": "o", "below": "99.9", "amount": "310.00"}],
                "remedies": [{"name": "p", "objective": "o", "proportional": {"multiple": "1"}},
                    {"name": "m", "objective": "o", "multipleOfFee": {"multiple": "0.05"}}]}),
        );
    // 25 600 known slots of 30 240: at best (25 600 x 0.8 + 4 640) / 30 240.
    let told = [
        "Less than 90 % is known, and the verdict is the same whatever the rest was: 67.724867 % if all of it was bad, on which \
         a reward rests, 83.068783 % if all of it was good, on which a credit rests.",
        "An amendment splits it; this part has 1 814 400 / 2 678 400 seconds, and that share of the fee.",
        "310.00 EUR × 1 814 400 / 2 678 400 s for this part of the period = 210.00 EUR",
        "32 / 189 was lost for certain, also if all that is unknown was good",
        "1 × 32 / 189 × 4 200.00 EUR = 711.111111… EUR",
        "1 violation × 0.05 × 6 200.00 EUR = 310.00 EUR",
        "At most 900.00 EUR for one period, of which 558.06 EUR were granted before.",
    ];
    reckon(&settlement, 3, &told);
}
