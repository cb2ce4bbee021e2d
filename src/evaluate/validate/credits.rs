//! What a credit table's schema can not see: currencies, figures, and what would never grant anything.

use std::collections::BTreeSet;

use num_rational::BigRational;

use crate::api::agreement::AgreementSpec;
use crate::api::credits::{Cap, Credits, Fee, Tier};
use crate::api::measurement::Method;
use crate::api::remedy::{PerDayLate, Remedy, RewardBasis, Rewards};
use crate::api::{Money, Percent, Quantity};

use super::super::credit::exponent;
use super::super::exact::{NotANumber, amount, decimal, hundred, share};
use super::super::invalid::InvalidSpec;
use super::super::span;

/// Everything that is wrong with the credits of an agreement, and with its deposit.
pub(super) fn credits(spec: &AgreementSpec) -> Vec<InvalidSpec> {
    let mut faults = Faults { spec, found: Vec::new() };
    if let Some(deposit) = &spec.settlement.deposit {
        faults.money("spec.settlement.deposit.amount", &deposit.amount);
        faults.found.extend(exponent("spec.settlement.deposit.currency", &deposit.currency).err());
    }
    if let Some(table) = &spec.credits {
        faults.table(table);
    }
    faults.found
}

struct Faults<'a> {
    spec: &'a AgreementSpec,
    found: Vec<InvalidSpec>,
}

impl Faults<'_> {
    fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.found.push(InvalidSpec::new(field, message));
    }

    fn read<T>(&mut self, field: &str, figure: Result<T, NotANumber>) -> Option<T> {
        figure.map_err(|error| self.add(field, error.to_string())).ok()
    }

    fn money(&mut self, field: &str, money: &Money) -> Option<BigRational> {
        self.read(field, amount(money))
    }

    fn share(&mut self, field: &str, percent: &Percent) -> Option<BigRational> {
        self.read(field, share(percent))
    }

    fn quantity(&mut self, field: &str, quantity: &Quantity) -> Option<BigRational> {
        self.read(field, decimal(quantity.as_str()))
    }

    fn objective(&mut self, field: &str, name: &str) {
        if !self.spec.objectives.iter().any(|o| o.name == name) {
            self.add(field, format!("{name:?} is none of spec.objectives"));
        }
    }

    fn table(&mut self, table: &Credits) {
        let fee = self.fee("spec.credits.fee", &table.fee);
        let mut currencies = BTreeSet::from([&table.fee.currency]);
        for (index, further) in table.further_fees.iter().enumerate() {
            let field = format!("spec.credits.furtherFees[{index}]");
            self.fee(&field, further);
            if !currencies.insert(&further.currency) {
                let message = format!("{:?} has a fee already; add the two fees", further.currency);
                self.add(format!("{field}.currency"), message);
            }
        }
        if let Some(usage) = &table.daily_usage {
            self.quantity("spec.credits.dailyUsage.amount", &usage.amount);
        }
        for (index, tier) in table.tiers.iter().enumerate() {
            self.tier(&format!("spec.credits.tiers[{index}]"), tier, table);
        }
        let mut names = BTreeSet::new();
        for (index, remedy) in table.remedies.iter().enumerate() {
            let field = format!("spec.credits.remedies[{index}]");
            if !names.insert(&remedy.name) {
                self.add(format!("{field}.name"), format!("{:?} is used twice", remedy.name));
            }
            self.remedy(&field, remedy);
        }
        if let Some(rewards) = &table.rewards {
            self.rewards(rewards);
        }
        let cap = table.cap.as_ref().and_then(|cap| self.cap("spec.credits.cap", cap, fee.as_ref()));
        let year = table.cap_per_year.as_ref().and_then(|cap| self.cap("spec.credits.capPerYear", cap, fee.as_ref()));
        let contract = table.cap_per_contract.as_ref();
        let contract = contract.and_then(|cap| self.cap("spec.credits.capPerContract", cap, fee.as_ref()));
        if let Some(minimum) = &table.issued_above {
            let above = self.money("spec.credits.issuedAbove", minimum);
            let most = [cap, year, contract].into_iter().flatten().min();
            if above.zip(most).is_some_and(|(above, most)| above >= most) {
                self.add(
                    "spec.credits.issuedAbove",
                    "is not below the cap, so that no credit would ever be issued; lower it",
                );
            }
        }
    }

    /// The fee, where it can be read.
    fn fee(&mut self, field: &str, fee: &Fee) -> Option<BigRational> {
        self.found.extend(exponent(&format!("{field}.currency"), &fee.currency).err());
        self.money(&format!("{field}.amount"), &fee.amount)
    }

    /// What a cap comes to in the fee's currency, where it is one of money.
    fn cap(&mut self, field: &str, cap: &Cap, fee: Option<&BigRational>) -> Option<BigRational> {
        let percent = cap.percent_of_fee.as_ref().and_then(|p| self.share(&format!("{field}.percentOfFee"), p));
        let amount = cap.amount.as_ref().and_then(|a| self.money(&format!("{field}.amount"), a));
        [percent.zip(fee).map(|(percent, fee)| percent * fee), amount].into_iter().flatten().min()
    }

    fn tier(&mut self, field: &str, tier: &Tier, table: &Credits) {
        self.objective(&format!("{field}.objective"), &tier.objective);
        let percentages = [
            ("below", &tier.below),
            ("atMost", &tier.at_most),
            ("above", &tier.above),
            ("atLeast", &tier.at_least),
            ("percentOfFee", &tier.percent_of_fee),
        ];
        for (name, percent) in percentages {
            percent.as_ref().map(|percent| self.share(&format!("{field}.{name}"), percent));
        }
        if let Some(multiple) = &tier.multiple_of_daily_usage {
            self.quantity(&format!("{field}.multipleOfDailyUsage"), multiple);
            if table.daily_usage.is_none() {
                self.add("spec.credits.dailyUsage", format!("must be given, as {field} grants a multiple of it"));
            }
        }
        if let Some(amount) = &tier.amount {
            self.money(&format!("{field}.amount"), amount);
        }
    }

    fn remedy(&mut self, field: &str, remedy: &Remedy) {
        self.objective(&format!("{field}.objective"), &remedy.objective);
        if let Some(rule) = &remedy.proportional {
            self.quantity(&format!("{field}.proportional.multiple"), &rule.multiple);
        }
        if let Some(rule) = &remedy.per_incident {
            self.money(&format!("{field}.perIncident.amount"), &rule.amount);
        }
        if let Some(rule) = &remedy.multiple_of_fee {
            self.quantity(&format!("{field}.multipleOfFee.multiple"), &rule.multiple);
        }
        if let Some(rule) = &remedy.per_day_late {
            self.per_day_late(&format!("{field}.perDayLate"), rule);
        }
        if let Some(rule) = &remedy.free_hours {
            let field = format!("{field}.freeHours");
            match span::elapsed(&rule.unavailable_for) {
                Ok(most) if most.as_secs() >= 3_600 => {
                    self.add(format!("{field}.unavailableFor"), "no hour has more than that; give less than 1h");
                }
                Ok(_) => {}
                Err(error) => self.add(format!("{field}.unavailableFor"), error.to_string()),
            }
            let method = self.spec.objectives.iter().find(|o| o.name == remedy.objective).map(|o| o.measurement.method);
            if matches!(method, Some(Method::Events | Method::MeanOfSlots | Method::Value)) {
                let message =
                    "needs an objective that counts bad time; use the method BadMinutes or Pooled, or another remedy";
                self.add(field, message);
            }
        }
    }

    fn per_day_late(&mut self, field: &str, rule: &PerDayLate) {
        let percent = rule.percent_of_fee.as_ref().and_then(|p| self.share(&format!("{field}.percentOfFee"), p));
        if let Some(amount) = &rule.amount {
            self.money(&format!("{field}.amount"), amount);
        }
        let cap = rule.cap_percent_of_fee.as_ref().and_then(|p| self.share(&format!("{field}.capPercentOfFee"), p));
        if percent.zip(cap).is_some_and(|(percent, cap)| cap < percent) {
            self.add(format!("{field}.capPercentOfFee"), "is less than one day costs; raise it or lower percentOfFee");
        }
        if let Some(long) = &rule.escalation {
            self.share(&format!("{field}.escalation.percentOfFee"), &long.percent_of_fee);
        }
    }

    fn rewards(&mut self, rewards: &Rewards) {
        const FIELD: &str = "spec.credits.rewards";
        if let Some(objective) = &rewards.objective {
            self.objective(&format!("{FIELD}.objective"), objective);
        }
        let mut steps = BTreeSet::new();
        for (index, tier) in rewards.tiers.iter().enumerate() {
            let field = format!("{FIELD}.tiers[{index}]");
            self.share(&format!("{field}.percent"), &tier.percent);
            let Some(at_least) = self.quantity(&format!("{field}.atLeast"), &tier.at_least) else { continue };
            if rewards.basis == RewardBasis::Attainment && at_least > hundred() {
                self.add(format!("{field}.atLeast"), "is more than 100 percent, which no attainment reaches; lower it");
            }
            if !steps.insert(at_least) {
                self.add(format!("{field}.atLeast"), "another step begins there; remove one of the two");
            }
        }
        if let Some(percent) = &rewards.unconditional_percent {
            self.share(&format!("{FIELD}.unconditionalPercent"), percent);
        }
        if let Some(cap) = &rewards.cap {
            self.money(&format!("{FIELD}.cap"), cap);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use serde_json::{Value, json};

    use super::super::super::example::agreement;
    use super::*;

    /// The fields that are wrong in an agreement whose credits are `table`, and whose objective is counted by `method`.
    fn fields(method: &str, table: &Value) -> Vec<String> {
        let mut spec = serde_json::to_value(agreement()).unwrap();
        spec["credits"] = table.clone();
        spec["objectives"][0]["measurement"] = json!({"method": method});
        let spec: AgreementSpec = serde_json::from_value(spec).unwrap();
        credits(&spec).into_iter().map(|fault| fault.field).collect()
    }

    fn sound() -> Value {
        json!({
            "fee": {"amount": "100.00", "currency": "EUR"},
            "furtherFees": [{"amount": "10.00", "currency": "USD"}],
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
                {"name": "d", "objective": "availability", "perDayLate": {
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
            ("/rewards/tiers/1/atLeast", "99.990"),
            ("/rewards/tiers/0/percent", "x"),
            ("/cap/percentOfFee", "x"),
            ("/cap/amount", "x"),
            ("/capPerYear/percentOfFee", "x"),
            ("/capPerContract/amount", "x"),
            ("/issuedAbove", "x"),
            ("/issuedAbove", "50.00"),
        ];
        for (path, text) in cases {
            let mut table = sound();
            *table.pointer_mut(path).unwrap() = json!(text);
            let mut field = "spec.credits".to_owned();
            for part in path.trim_start_matches('/').split('/') {
                field =
                    if part.parse::<usize>().is_ok() { format!("{field}[{part}]") } else { format!("{field}.{part}") };
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
}
