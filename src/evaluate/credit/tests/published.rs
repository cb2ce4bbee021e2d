//! What published agreements and contracts come to; the figures are theirs.

use super::*;

fn tiers_of(objective: &str, steps: &[(&str, &str)]) -> Vec<Value> {
    steps
        .iter()
        .map(|(below, percent)| json!({"objective": objective, "below": below, "percentOfFee": percent}))
        .collect()
}

#[test]
fn percentages_of_published_tables() {
    let s3: &[(&str, &str)] = &[("99.9", "10"), ("99.0", "25"), ("95.0", "100")];
    let infrequent: &[(&str, &str)] = &[("99.0", "10"), ("98.0", "25"), ("95.0", "100")];
    let ec2: &[(&str, &str)] = &[("99.5", "10"), ("99.0", "30"), ("95.0", "100")];
    let cdn: &[(&str, &str)] = &[("99.9", "5"), ("99", "20")];
    let teams: &[(&str, &str)] = &[("99.9", "25"), ("99", "50"), ("95", "100")];
    let atlas: &[(&str, &str)] = &[("99.995", "10"), ("99.0", "25"), ("95.0", "100")];
    let cases = [
        (s3, ratio(999, 1000), "0"),
        (s3, ratio(1079, 1080), "0"),
        (s3, ratio(855_359, 864_000), "25"),
        (infrequent, ratio(959, 960), "0"),
        (ec2, ratio(42_983, 43_200), "10"),
        (ec2, ratio(44_417, 44_640), "0"),
        (cdn, ratio(874, 875), "5"),
        (teams, ratio(799, 800), "25"),
        (atlas, ratio(21_599, 21_600), "0"),
        (atlas, ratio(42_767, 43_200), "25"),
    ];
    for (steps, attainment, percent) in cases {
        let table = json!({"fee": fee("100.00", "USD"), "tiers": tiers_of("availability", steps)});
        let target = ratio(999, 1000);
        let status = status(table, &[attained("availability", attainment.clone(), target)]);
        assert_eq!(status.percent_of_fee, format!("{percent}.000000"), "{attainment} {steps:?}");
    }
}

#[test]
fn cloudflare_pays_the_share_of_minutes_and_customers() {
    let table = json!({
        "fee": fee("200.00", "USD"),
        "remedies": [{"name": "downtime", "objective": "a", "proportional": {"multiple": "1"}}]
    });
    let lost = ratio(21, 10) / ratio(43_200, 1);
    let status = status(table, &[attained("a", ratio(1, 1) - lost, ratio(1, 1))]);
    assert_eq!(status.fraction_of_fee, "7/144000");
    let amount = &status.amounts[0];
    assert_eq!(
        (amount.unrounded.as_str(), amount.exact.as_str(), amount.amount.as_str()),
        ("0.009722", "7/720", "0.01")
    );
}

#[test]
fn slack_pays_a_multiple_of_what_the_downtime_cost() {
    let credit = |paid: &str, multiple: &str, attainment: BigRational| {
        let table = json!({
            "fee": fee(paid, "USD"),
            "remedies": [{"name": "downtime", "objective": "a", "proportional": {"multiple": multiple}}]
        });
        status(table, &[attained("a", attainment, ratio(9999, 10_000))]).amount
    };
    assert_eq!(credit("432.00", "100", ratio(4319, 4320)), "10.00");
    // 14 minutes of the 131,040 of the second quarter, ten times.
    assert_eq!(credit("1310.40", "10", ratio(131_026, 131_040)), "1.40");
    assert_eq!(credit("1310.40", "10", ratio(131_027, 131_040)), "0.00", "13 minutes keep 99.99");
}

#[test]
fn snowflake_pays_multiples_of_a_days_credits() {
    let usage = |attainment: BigRational| {
        let tier =
            |below: &str, multiple: &str| json!({"objective": "a", "below": below, "multipleOfDailyUsage": multiple});
        let table = json!({
            "fee": fee("0.00", "USD"), "dailyUsage": {"amount": "120", "unit": "credits"},
            "tiers": [tier("99.9", "1"), tier("99.0", "3"), tier("95.0", "7")]
        });
        let usage = status(table, &[attained("a", attainment, ratio(999, 1000))]).daily_usage;
        usage.map(|usage| (usage.multiple, usage.amount))
    };
    let paid = |multiple: &str, amount: &str| Some((multiple.to_owned(), amount.to_owned()));
    assert_eq!(usage(ratio(863, 864)), paid("1", "120"));
    assert_eq!(usage(ratio(98, 100)), paid("3", "360"));
    assert_eq!(usage(ratio(94, 100)), paid("7", "840"));
    assert_eq!(usage(ratio(999, 1000)), None);
}

#[test]
fn workspace_grants_days_up_to_fifteen_a_month() {
    let days = |attainment: BigRational, rule: &str| {
        let tier = |below: &str, days: i32| json!({"objective": "a", "below": below, "serviceDays": days});
        let table = json!({
            "fee": fee("600.00", "USD"), "cap": {"serviceDays": 15}, "serviceDays": rule,
            "tiers": [tier("99.9", 3), tier("99.0", 7), tier("95.0", 15)]
        });
        let status = status(table, &[attained("a", attainment, ratio(999, 1000))]);
        (status.service_days, status.amount)
    };
    assert_eq!(days(ratio(43_157, 43_200), "ExtendTerm"), (0, "0.00".to_owned()));
    assert_eq!(days(ratio(99, 100), "ExtendTerm"), (3, "0.00".to_owned()));
    assert_eq!(days(ratio(42_767, 43_200), "ExtendTerm"), (7, "0.00".to_owned()));
    assert_eq!(days(ratio(1, 2), "ExtendTerm"), (15, "0.00".to_owned()));
    assert_eq!(days(ratio(99, 100), "MonetaryValue"), (0, "60.00".to_owned()));
}

#[test]
fn a_day_is_worth_the_fee_over_the_days_of_the_calendar() {
    let value = |zone: &str, start: &str, end: &str| {
        let mut spec = spec(json!({
            "fee": fee("7440.00", "EUR"), "serviceDays": "MonetaryValue",
            "tiers": [{"objective": "a", "below": "99.9", "serviceDays": 1}]
        }));
        spec.time_zone = zone.to_owned();
        let month = Bounds { start: at(start), end: at(end) };
        owed(&spec, month, month, &[missed("a")], &Facts::default()).unwrap().unwrap().amount.exact
    };
    // March in Berlin has 743 hours and 31 days, February of a leap year 29.
    assert_eq!(value("Europe/Berlin", "2025-02-28T23:00:00Z", "2025-03-31T22:00:00Z"), ratio(240, 1));
    assert_eq!(value("UTC", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"), ratio(7440, 29));
    assert_eq!(value("UTC", "2025-06-01T00:00:00Z", "2025-06-01T12:00:00Z"), ratio(14_880, 1), "half a day");
    assert_eq!(value("UTC", "2025-06-01T18:00:00Z", "2025-06-03T06:00:00Z"), ratio(4960, 1), "a day and a half");
}

#[test]
fn credits_stay_in_the_currency_of_the_fee() {
    let table = json!({
        "fee": {"amount": "1000.00", "currency": "EUR"}, "furtherFees": [fee("500.00", "USD"), fee("999", "JPY")],
        "tiers": [{"objective": "a", "below": "99.9", "percentOfFee": "10"}]
    });
    let status = status(table, &[missed("a")]);
    let amounts: Vec<_> = status.amounts.iter().map(|a| (a.amount.as_str(), a.currency.as_str())).collect();
    assert_eq!(amounts, [("100.00", "EUR"), ("50.00", "USD"), ("100", "JPY")]);
    assert_eq!((status.amount.as_str(), status.currency.as_str()), ("100.00", "EUR"));
}

#[test]
fn fixed_amounts_are_owed_in_the_first_currency_only() {
    let table = json!({
        "fee": {"amount": "1000.00", "currency": "EUR"}, "furtherFees": [fee("500.00", "USD")], "combine": "Sum",
        "cap": {"amount": "130.00"},
        "tiers": [{"objective": "a", "below": "99.9", "percentOfFee": "10"}],
        "remedies": [{"name": "each", "objective": "a", "perIncident": {"amount": "40.00"}}]
    });
    let status = status(table, &[Outcome { violations: 1, ..missed("a") }]);
    let amounts: Vec<_> = status.amounts.iter().map(|a| (a.amount.as_str(), a.capped_by.as_str())).collect();
    assert_eq!(amounts, [("130.00", "Period"), ("50.00", "")]);
    assert_eq!(status.lines[1].amounts.len(), 1);
}

#[test]
fn managed_services_add_up_to_thirty_percent() {
    let table = json!({
        "fee": fee("10000.00", "USD"), "combine": "Sum", "cap": {"percentOfFee": "30"},
        "tiers": [
            {"objective": "respond", "below": "95", "percentOfFee": "3"},
            {"objective": "resolve", "below": "95", "percentOfFee": "6"},
            {"objective": "api", "below": "99.95", "percentOfFee": "0.5"},
            {"objective": "backup", "below": "95", "percentOfFee": "25"}
        ]
    });
    let all = ["respond", "resolve", "api", "backup"].map(|name| attained(name, ratio(9, 10), ratio(95, 100)));
    let status = |n: usize| status(table.clone(), &all[..n]);
    assert_eq!((status(3).percent_of_fee.as_str(), status(3).amount.as_str()), ("9.500000", "950.00"));
    assert_eq!((status(4).percent_of_fee.as_str(), status(4).amounts[0].capped_by.as_str()), ("30.000000", "Period"));
}
