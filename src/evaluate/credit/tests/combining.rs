use super::*;

fn two_tiers(combine: &str) -> Value {
    json!({
        "fee": fee("1000.00", "USD"),
        "combine": combine,
        "tiers": [
            {"objective": "a", "below": "99.9", "percentOfFee": "10"},
            {"objective": "b", "below": "99.9", "percentOfFee": "25"},
            {"objective": "c", "below": "99.9", "percentOfFee": "25"}
        ]
    })
}

fn lines(status: &CreditStatus) -> Vec<bool> {
    status.lines.iter().map(|line| line.granted).collect()
}

#[test]
fn several_objectives_combine_as_agreed() {
    let all = ["a", "b", "c"];
    let cases: [(&str, &[&str], &str, &[bool]); 7] = [
        ("Highest", &["a"], "100.00", &[true]),
        ("Highest", &all, "250.00", &[false, true, false]),
        ("Sum", &all, "600.00", &[true, true, true]),
        ("Sum", &[], "0.00", &[]),
        ("FirstListed", &all, "100.00", &[true, false, false]),
        ("FirstListed", &["b", "c"], "250.00", &[true, false]),
        ("CustomersChoice", &all, "250.00", &[false, true, false]),
    ];
    for (combine, names, amount, marks) in cases {
        let outcomes: Vec<_> = names.iter().map(|name| missed(name)).collect();
        let status = status(two_tiers(combine), &outcomes);
        assert_eq!(status.amount, amount, "{combine} {names:?}");
        assert_eq!(lines(&status), marks, "{combine} {names:?}");
        for line in &status.lines {
            assert_eq!(line.granted, line.not_granted.is_empty(), "{line:?}");
        }
    }
}

#[test]
fn the_customer_chooses_and_may_choose_less() {
    let outcomes = [missed("a"), missed("b")];
    let choose = |name: &str| {
        let facts = Facts { chosen: Some(name.to_owned()), ..Facts::default() };
        shown(&granted_with(two_tiers("CustomersChoice"), &outcomes, &facts), CreditState::Determined)
    };
    assert_eq!(choose("a").amount, "100.00");
    assert!(choose("a").lines[1].not_granted.contains("the customer chose \"a\""));
    assert_eq!(choose("b").amount, "250.00");
    assert_eq!(choose("nobody").amount, "250.00", "a choice of what is not owed is none");
    let highest = Facts { chosen: Some("a".to_owned()), ..Facts::default() };
    assert_eq!(granted_with(two_tiers("Highest"), &outcomes, &highest).amount.issued_text(), "250.00");
}

#[test]
fn only_what_comes_to_something_is_first() {
    // The first objective was missed, but not by so much that a tier applies.
    let outcomes = [attained("a", ratio(9995, 10_000), ratio(9999, 10_000)), missed("b")];
    assert_eq!(status(two_tiers("FirstListed"), &outcomes).amount, "250.00");
}

#[test]
fn a_choice_that_grants_nothing_is_told_as_one() {
    let facts = |chosen: Option<&str>| Facts { chosen: chosen.map(str::to_owned), ..Facts::default() };
    let outcomes = [missed("a"), missed("b")];
    let mut table = two_tiers("CustomersChoice");
    table["remedies"] = json!([{"name": "each", "objective": "a", "perIncident": {"amount": "60.00"}}]);
    let why = |chosen: Option<&str>| {
        let status = shown(&granted_with(table.clone(), &outcomes, &facts(chosen)), CreditState::Determined);
        status.lines.into_iter().map(|line| line.not_granted).find(|why| !why.is_empty()).unwrap_or_default()
    };
    assert_eq!(why(Some("a")), "the customer chose \"a\"");
    assert!(why(None).starts_with("the customer has not chosen yet; until then it is \"b\""), "{}", why(None));
    // There was no incident, so that the remedy comes to nothing.
    let told = why(Some("each"));
    assert!(told.starts_with("the customer chose \"each\", which grants nothing; in its place it is \"b\""), "{told}");
}

#[test]
fn days_and_usage_are_compared_by_the_fee_of_a_day() {
    // June has 30 days: a day is worth 20.00.
    let table = |percent: &str, grant: Value| {
        let mut tier = json!({"objective": "b", "below": "99.9"});
        tier.as_object_mut().unwrap().extend(grant.as_object().unwrap().clone());
        json!({
            "fee": fee("600.00", "USD"),
            "dailyUsage": {"amount": "7", "unit": "credits"},
            "tiers": [{"objective": "a", "below": "99.9", "percentOfFee": percent}, tier]
        })
    };
    let days = |percent: &str, days: i32| {
        let status = status(table(percent, json!({"serviceDays": days})), &[missed("a"), missed("b")]);
        (status.amount, status.service_days)
    };
    assert_eq!(days("11", 3), ("66.00".to_owned(), 0));
    assert_eq!(days("10", 3), ("60.00".to_owned(), 0), "equal: the first");
    assert_eq!(days("9", 3), ("0.00".to_owned(), 3));
    let usage = status(table("9", json!({"multipleOfDailyUsage": "3"})), &[missed("a"), missed("b")]);
    assert_eq!((usage.amount.as_str(), usage.daily_usage.unwrap().amount.as_str()), ("0.00", "21"));
}

#[test]
fn a_fee_of_nothing_still_has_a_percentage() {
    let mut table = two_tiers("Highest");
    table["fee"] = fee("0.00", "USD");
    let status = status(table, &[missed("a"), missed("b")]);
    assert_eq!((status.amount.as_str(), status.percent_of_fee.as_str()), ("0.00", "25.000000"));
    assert_eq!(lines(&status), [false, true]);
}

#[test]
fn remedies_are_combined_with_tiers() {
    let table = |combine: &str| {
        json!({
            "fee": fee("1000.00", "USD"),
            "combine": combine,
            "tiers": [{"objective": "a", "below": "99.9", "percentOfFee": "10"}],
            "remedies": [{"name": "each", "objective": "a", "perIncident": {"amount": "60.00"}}]
        })
    };
    let outcome = || Outcome { violations: 2, ..missed("a") };
    assert_eq!(status(table("Highest"), &[outcome()]).amount, "120.00");
    assert_eq!(status(table("FirstListed"), &[outcome()]).amount, "100.00");
    assert_eq!(status(table("Sum"), &[outcome()]).amount, "220.00");
}
