//! A period that an amendment splits: its parts together cost what the whole would.

use proptest::prelude::*;

use super::*;

/// June as an agreement has it that is in force in all of it, or from the 6th to the 26th.
fn uncut(clipped: bool) -> Bounds {
    if clipped { Bounds { start: at("2025-06-06T00:00:00Z"), end: at("2025-06-26T00:00:00Z") } } else { june() }
}

fn split(table: &Value, clipped: bool, cut: i8) -> AgreementSpec {
    let mut value = serde_json::to_value(spec(table.clone())).unwrap();
    value["validity"] =
        if clipped { json!({"from": "2025-06-06", "until": "2025-06-26"}) } else { json!({"from": "2025-01-01"}) };
    value["amendmentRule"] = json!("Split");
    value["amendments"] = json!([{"effective": format!("2025-06-{cut:02}"), "missingData": {"treatAs": "Good"}}]);
    serde_json::from_value(value).unwrap()
}

fn cut_at(period: Bounds, cut: i8) -> [Bounds; 2] {
    let middle = at(&format!("2025-06-{cut:02}T00:00:00Z"));
    [Bounds { end: middle, ..period }, Bounds { start: middle, ..period }]
}

/// What the parts cost one after the other, each knowing what the ones before granted: the amounts, days and rewards.
fn parts(spec: &AgreementSpec, parts: [Bounds; 2], outcomes: [&[Outcome<'_>]; 2]) -> Vec<CreditAssessment> {
    let mut facts = Facts::default();
    let mut found = Vec::new();
    for (part, outcomes) in parts.into_iter().zip(outcomes) {
        let credit = owed(spec, part, june(), outcomes, &facts).unwrap().unwrap();
        let money = facts.granted_this_period.money.entry("EUR".to_owned()).or_default();
        *money += &credit.amount.exact;
        facts.granted_this_period.service_days += credit.service_days;
        facts.rewarded_this_period += credit.reward.as_ref().map(|r| r.exact.clone()).unwrap_or_default();
        found.push(credit);
    }
    found
}

fn every_kind_of_money(prorated: bool) -> Value {
    let mut fee = fee("1000.00", "EUR");
    fee["prorated"] = json!(prorated);
    json!({
        "fee": fee, "combine": "Sum", "dailyUsage": {"amount": "7", "unit": "EUR"},
        "tiers": [
            {"objective": "a", "below": "99.9", "percentOfFee": "25"},
            {"objective": "b", "below": "99.9", "amount": "40.00"},
            {"objective": "c", "below": "99.9", "multipleOfDailyUsage": "3"}
        ],
        "remedies": [{"name": "lost", "objective": "a", "proportional": {"multiple": "10"}}]
    })
}

proptest! {
    #[test]
    fn the_money_of_the_parts_adds_up_to_that_of_the_whole(
        cut in 7i8..26, prorated in any::<bool>(), clipped in any::<bool>(),
    ) {
        let spec = split(&every_kind_of_money(prorated), clipped, cut);
        let all = [missed("a"), missed("b"), missed("c")];
        let period = uncut(clipped);
        let whole = owed(&spec, period, june(), &all, &Facts::default()).unwrap().unwrap();
        let found = parts(&spec, cut_at(period, cut), [&all, &all]);
        let sum: BigRational = found.iter().map(|credit| credit.amount.exact.clone()).sum();
        prop_assert_eq!(sum, whole.amount.exact);
        let fees: BigRational = found.iter().map(|credit| credit.amount.fee.amount.clone()).sum();
        prop_assert_eq!(fees, whole.amount.fee.amount);
    }

    #[test]
    fn what_happened_once_costs_the_same_in_whichever_part(
        cut in 7i8..26, prorated in any::<bool>(), first in 0usize..4, second in 0usize..4,
    ) {
        let mut table = every_kind_of_money(prorated);
        table["tiers"] = json!([]);
        table["remedies"] = json!([
            {"name": "each", "objective": "a", "perIncident": {"amount": "30.00"}},
            {"name": "times", "objective": "a", "multipleOfFee": {"multiple": "2"}},
        ]);
        let spec = split(&table, false, cut);
        let of = |violations: usize| [Outcome { violations, ..missed("a") }];
        let whole = owed(&spec, june(), june(), &of(first + second), &Facts::default()).unwrap().unwrap();
        let found = parts(&spec, cut_at(june(), cut), [&of(first), &of(second)]);
        let sum: BigRational = found.iter().map(|credit| credit.amount.exact.clone()).sum();
        prop_assert_eq!(sum, whole.amount.exact);
    }
}

#[test]
fn a_late_delivery_costs_the_same_whether_or_not_its_period_is_split() {
    let table = json!({"fee": fee("1000.00", "EUR"), "remedies": [
        {"name": "late", "objective": "a", "perDayLate": {"percentOfFee": "1", "capPercentOfFee": "2.5"}}]});
    let spec = split(&table, false, 16);
    let late = |done: &str| Facts {
        deliveries: vec![Delivery { objective: "a".to_owned(), due: day("2025-06-01"), done: day(done) }],
        ..Facts::default()
    };
    for part in cut_at(june(), 16) {
        for (done, amount) in [("2025-06-03", 20), ("2025-06-09", 25)] {
            let credit = owed(&spec, part, june(), &[missed("a")], &late(done)).unwrap().unwrap();
            assert_eq!(credit.amount.exact, ratio(amount, 1), "{done}");
        }
    }
}

#[test]
fn a_later_part_has_what_earlier_ones_left_of_the_caps() {
    let table = json!({
        "fee": fee("1000.00", "EUR"), "combine": "Sum", "cap": {"amount": "300.00", "serviceDays": 15},
        "tiers": [{"objective": "a", "below": "99.9", "percentOfFee": "50"},
            {"objective": "b", "below": "99.9", "serviceDays": 10}],
        "rewards": {"basis": "Attainment", "objective": "c", "cap": "8.00", "tiers": [{"atLeast": "99", "percent": "1"}]}
    });
    let all = || [missed("a"), missed("b"), attained("c", ratio(1, 1), ratio(99, 100))];
    let found = parts(&split(&table, false, 16), cut_at(june(), 16), [&all(), &all()]);
    let of = |c: &CreditAssessment| (c.amount.issued_text(), c.service_days, c.reward.as_ref().unwrap().exact.clone());
    assert_eq!(
        found.iter().map(of).collect::<Vec<_>>(),
        [("250.00".to_owned(), 10, ratio(5, 1)), ("50.00".to_owned(), 5, ratio(3, 1)),]
    );
}

#[test]
fn an_agreement_without_validity_is_split_as_well() {
    let table =
        json!({"fee": fee("1000.00", "EUR"), "tiers": [{"objective": "a", "below": "99.9", "percentOfFee": "100"}]});
    let mut spec = split(&table, false, 16);
    spec.validity = None;
    let found = parts(&spec, cut_at(june(), 16), [&[missed("a")], &[missed("a")]]);
    let amounts: Vec<_> = found.iter().map(|credit| credit.amount.issued_text()).collect();
    assert_eq!(amounts, ["500.00", "500.00"]);
}
