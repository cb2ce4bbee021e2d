use proptest::prelude::*;

use super::*;

fn sales(scale: &str, cap: Option<&str>) -> Value {
    json!({
        "fee": fee("0.00", "CNY"),
        "rewards": {
            "basis": "Volume", "scale": scale, "unconditionalPercent": "3", "cap": cap,
            "tiers": [
                {"atLeast": "100000", "percent": "2"}, {"atLeast": "500000", "percent": "5"},
                {"atLeast": "300000", "percent": "3"}
            ]
        }
    })
}

fn reward(table: Value, volume: Option<BigRational>) -> RewardAssessment {
    granted_with(table, &[], &Facts { volume, ..Facts::default() }).reward.unwrap()
}

#[test]
fn the_highest_step_applies_to_the_whole_volume_or_each_to_its_part() {
    let amount = |scale: &str, volume: i64| {
        let reward = reward(sales(scale, None), Some(ratio(volume, 1)));
        (reward.minor_units.to_string(), reward.step.map(|p| p.to_string()))
    };
    let step = |minor: i64, percent: Option<&str>| (minor.to_string(), percent.map(ToOwned::to_owned));
    assert_eq!(amount("Whole", 350_000), step(2_100_000, Some("3")));
    assert_eq!(amount("Whole", 300_000), step(1_800_000, Some("3")), "reached at exactly its bound");
    assert_eq!(amount("Whole", 299_999), step(1_499_995, Some("2")));
    assert_eq!(amount("Whole", 99_999), step(299_997, None));
    // 200,000 at 2 % and 50,000 at 3 %, and 3 % of everything.
    assert_eq!(amount("Marginal", 350_000), step(400_000 + 150_000 + 1_050_000, None));
}

#[test]
fn a_reward_has_a_cap_of_its_own_and_is_not_set_off() {
    let capped = reward(sales("Whole", Some("20000.00")), Some(ratio(350_000, 1)));
    assert_eq!((capped.capped, capped.exact), (true, ratio(20_000, 1)));
    let table = json!({
        "fee": fee("1000.00", "EUR"),
        "cap": {"percentOfFee": "1"},
        "tiers": [{"objective": "a", "below": "99.9", "percentOfFee": "10"}],
        "rewards": {"basis": "Attainment", "objective": "b", "tiers": [{"atLeast": "99.99", "percent": "5"}]}
    });
    let outcomes = [missed("a"), attained("b", ratio(9999, 10_000), ratio(999, 1000))];
    let status = status(table, &outcomes);
    let reward = status.reward.unwrap();
    assert_eq!(
        (status.amount.as_str(), reward.amount.as_str(), reward.reached.as_str()),
        ("10.00", "50.00", "99.990000")
    );
}

#[test]
fn a_reward_for_what_nobody_knows_says_so() {
    let unknown = reward(sales("Whole", None), None);
    assert_eq!(unknown.exact, ratio(0, 1));
    assert!(unknown.problem.contains("nobody reported the volume"));
    let table = json!({
        "fee": fee("1000.00", "EUR"),
        "rewards": {
            "basis": "Attainment", "objective": "a", "unconditionalPercent": "1",
            "tiers": [{"atLeast": "99.9", "percent": "5"}]
        }
    });
    for outcome in [not_determined("a"), Outcome { covered: false, ..attained("a", ratio(1, 1), ratio(1, 2)) }] {
        let reward = granted(table.clone(), &[outcome]).reward.unwrap();
        assert_eq!((reward.exact, reward.reached), (ratio(10, 1), None), "only what is granted whatever was reached");
        assert!(!reward.problem.is_empty());
    }
}

#[test]
fn a_reward_is_owed_on_what_is_reached_for_certain() {
    let table = json!({
        "fee": fee("1000.00", "EUR"),
        "rewards": {
            "basis": "Attainment", "objective": "a",
            "tiers": [{"atLeast": "99.9", "percent": "5"}, {"atLeast": "100", "percent": "10"}]
        }
    });
    let outcome = Outcome { at_least: Some(ratio(999, 1000)), ..attained("a", ratio(1, 1), ratio(9, 10)) };
    let reward = granted(table, &[outcome]).reward.unwrap();
    assert_eq!((reward.exact, reward.reached), (ratio(50, 1), Some(ratio(999, 10))));
}

#[test]
fn a_reward_that_can_not_be_worked_with_is_named() {
    let cases = [
        ("/rewards/tiers/0/atLeast", "spec.credits.rewards.tiers[0].atLeast"),
        ("/rewards/tiers/1/percent", "spec.credits.rewards.tiers[1].percent"),
        ("/rewards/unconditionalPercent", "spec.credits.rewards.unconditionalPercent"),
        ("/rewards/cap", "spec.credits.rewards.cap"),
    ];
    for (path, field) in cases {
        let mut table = sales("Whole", Some("1"));
        *table.pointer_mut(path).unwrap() = json!("x");
        assert_eq!(owed(&spec(table), june(), june(), &[], &Facts::default()).unwrap_err().field, field);
    }
}

proptest! {
    /// Unit by unit: each unit is rewarded at the rate of the highest step it lies at or above.
    #[test]
    fn marginal_rewards_agree_with_rewarding_every_unit(
        volume in 0i64..300,
        steps in prop::collection::btree_map(0i64..250, 0i64..100, 1..5),
    ) {
        let tiers: Vec<_> =
            steps.iter().map(|(at, percent)| json!({"atLeast": at.to_string(), "percent": percent.to_string()})).collect();
        let table = json!({
            "fee": fee("0", "EUR"), "rewards": {"basis": "Volume", "scale": "Marginal", "tiers": tiers}
        });
        let by_unit: i64 =
            (0..volume).map(|unit| steps.range(..=unit).next_back().map_or(0, |(_, percent)| *percent)).sum();
        prop_assert_eq!(reward(table, Some(ratio(volume, 1))).exact, ratio(by_unit, 100));
    }
}

#[test]
fn a_promise_that_was_broken_earns_no_step_whatever_the_steps_say() {
    let table = json!({"fee": fee("1000.00", "EUR"), "rewards": {
        "basis": "Attainment", "objective": "a", "unconditionalPercent": "1",
        "tiers": [{"atLeast": "0", "percent": "50"}, {"atLeast": "99.99", "percent": "1"}]}});
    let exact = |outcome| granted(table.clone(), &[outcome]).reward.unwrap().exact;
    assert_eq!(exact(missed("a")), ratio(10, 1), "only what is granted whatever was reached");
    assert_eq!(exact(attained("a", ratio(1, 1), ratio(999, 1000))), ratio(20, 1));
}
