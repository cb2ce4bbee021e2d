//! What a credit table's schema can not see: currencies, figures, and what would never grant anything.

use std::collections::BTreeSet;

use num_rational::BigRational;
use num_traits::Zero;

use crate::api::agreement::AgreementSpec;
use crate::api::credits::{Cap, Combine, Credits, Fee, Tier};
use crate::api::measurement::Method;
use crate::api::remedy::{PerDayLate, Remedy, RewardBasis, RewardScale, Rewards};
use crate::api::{Money, Percent, Quantity};

use super::super::credit::exponent;
use super::super::exact::{NotANumber, amount, decimal, hundred, share, ten_to, whole};
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
        let places = exponent("", &table.fee.currency).ok();
        let mut currencies = BTreeSet::from([&table.fee.currency]);
        for (index, further) in table.further_fees.iter().enumerate() {
            let field = format!("spec.credits.furtherFees[{index}]");
            self.fee(&field, further);
            if !currencies.insert(&further.currency) {
                let message = format!("{:?} has a fee already; add the two fees", further.currency);
                self.add(format!("{field}.currency"), message);
            }
        }
        if is_compared_in_one_currency(table) {
            let message = "are not compared: which credit is the highest is decided in the currency of spec.credits.fee, and \
                           fixed amounts stand beside shares of these fees; combine them by Sum or FirstListed, or make \
                           an agreement for each currency";
            self.add("spec.credits.furtherFees", message);
        }
        if let Some(usage) = &table.daily_usage {
            self.quantity("spec.credits.dailyUsage.amount", &usage.amount);
        }
        for (index, tier) in table.tiers.iter().enumerate() {
            self.tier(&format!("spec.credits.tiers[{index}]"), tier, table, places);
        }
        let mut names = BTreeSet::new();
        for (index, remedy) in table.remedies.iter().enumerate() {
            let field = format!("spec.credits.remedies[{index}]");
            if !names.insert(&remedy.name) {
                self.add(format!("{field}.name"), format!("{:?} is used twice", remedy.name));
            }
            let is_of_tiers = table.tiers.iter().any(|tier| tier.objective == remedy.name);
            if table.combine == Combine::CustomersChoice && is_of_tiers {
                let message = format!("{:?} is an objective with tiers, so that a choice would name both", remedy.name);
                self.add(format!("{field}.name"), message);
            }
            self.remedy(&field, remedy, places);
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
        let places = exponent(&format!("{field}.currency"), &fee.currency).map_err(|fault| self.found.push(fault)).ok();
        if fee.prepaid_months.is_some() && self.spec.period.rolling.is_some() {
            let message = "goes with periods of whole months: a rolling period has none; give the fee of one period";
            self.add(format!("{field}.prepaidMonths"), message);
        }
        self.payable(&format!("{field}.amount"), &fee.amount, places)
    }

    /// An amount that is paid as it is: not in parts of the minor unit, of which the currency has so many places.
    fn payable(&mut self, field: &str, money: &Money, places: Option<u16>) -> Option<BigRational> {
        let amount = self.money(field, money)?;
        if let Some(places) = places.filter(|places| !(&amount * whole(ten_to((*places).into()))).is_integer()) {
            self.add(field, format!("has more than the {places} decimal places of its currency; round it"));
        }
        Some(amount)
    }

    /// Something that would come to nothing.
    fn above_zero(&mut self, field: &str, figure: Option<&BigRational>) {
        if figure.is_some_and(Zero::is_zero) {
            self.add(field, "must be above 0, as nothing would ever be granted; remove it");
        }
    }

    /// What a cap comes to in the fee's currency, where it is one of money.
    fn cap(&mut self, field: &str, cap: &Cap, fee: Option<&BigRational>) -> Option<BigRational> {
        let percent = cap.percent_of_fee.as_ref().and_then(|p| self.share(&format!("{field}.percentOfFee"), p));
        let amount = cap.amount.as_ref().and_then(|a| self.money(&format!("{field}.amount"), a));
        self.above_zero(&format!("{field}.percentOfFee"), percent.as_ref());
        self.above_zero(&format!("{field}.amount"), amount.as_ref());
        let most = [percent.zip(fee).map(|(percent, fee)| percent * fee), amount].into_iter().flatten().min();
        most.filter(|most| !most.is_zero())
    }

    fn tier(&mut self, field: &str, tier: &Tier, table: &Credits, places: Option<u16>) {
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
            self.payable(&format!("{field}.amount"), amount, places);
        }
    }

    fn remedy(&mut self, field: &str, remedy: &Remedy, places: Option<u16>) {
        self.objective(&format!("{field}.objective"), &remedy.objective);
        let method = self.spec.objectives.iter().find(|o| o.name == remedy.objective).map(|o| o.measurement.method);
        if let Some(rule) = &remedy.proportional {
            let field = format!("{field}.proportional.multiple");
            let multiple = self.quantity(&field, &rule.multiple);
            self.above_zero(&field, multiple.as_ref());
        }
        if let Some(rule) = &remedy.per_incident {
            let field = format!("{field}.perIncident.amount");
            let amount = self.payable(&field, &rule.amount, places);
            self.above_zero(&field, amount.as_ref());
        }
        if let Some(rule) = &remedy.multiple_of_fee {
            let field = format!("{field}.multipleOfFee.multiple");
            let multiple = self.quantity(&field, &rule.multiple);
            self.above_zero(&field, multiple.as_ref());
        }
        if let Some(rule) = &remedy.per_day_late {
            let field = format!("{field}.perDayLate");
            self.per_day_late(&field, rule, places);
            if method.is_some_and(|method| method != Method::Value) {
                let message = "needs an objective that counts values, as deliveries are; use the method Value, or another \
                               remedy";
                self.add(field, message);
            }
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
            if matches!(method, Some(Method::Events | Method::MeanOfSlots | Method::Value)) {
                let message =
                    "needs an objective that counts bad time; use the method BadMinutes or Pooled, or another remedy";
                self.add(field, message);
            }
        }
    }

    fn per_day_late(&mut self, field: &str, rule: &PerDayLate, places: Option<u16>) {
        let percent = rule.percent_of_fee.as_ref().and_then(|p| self.share(&format!("{field}.percentOfFee"), p));
        self.above_zero(&format!("{field}.percentOfFee"), percent.as_ref());
        if let Some(amount) = &rule.amount {
            let amount = self.payable(&format!("{field}.amount"), amount, places);
            self.above_zero(&format!("{field}.amount"), amount.as_ref());
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
        let objective = self.spec.objectives.iter().find(|o| Some(&o.name) == rewards.objective.as_ref());
        let target = objective.and_then(|o| decimal(o.target.as_str()).ok());
        let mut steps = BTreeSet::new();
        let mut paid: Vec<(usize, BigRational, BigRational)> = Vec::new();
        for (index, tier) in rewards.tiers.iter().enumerate() {
            let field = format!("{FIELD}.tiers[{index}]");
            let percent = self.share(&format!("{field}.percent"), &tier.percent);
            let Some(at_least) = self.quantity(&format!("{field}.atLeast"), &tier.at_least) else { continue };
            if rewards.basis == RewardBasis::Attainment && target.as_ref().is_some_and(|target| at_least < *target) {
                let message =
                    "is below the target of the objective: a promise that was broken earns no reward; raise it";
                self.add(format!("{field}.atLeast"), message);
            }
            paid.extend(percent.map(|percent| (index, at_least.clone(), percent)));
            if rewards.basis == RewardBasis::Attainment && at_least > hundred() {
                self.add(format!("{field}.atLeast"), "is more than 100 percent, which no attainment reaches; lower it");
            }
            if !steps.insert(at_least) {
                self.add(format!("{field}.atLeast"), "another step begins there; remove one of the two");
            }
        }
        // Where each part of a volume has its own rate, a lower one for what is beyond still pays more.
        if rewards.scale == RewardScale::Whole {
            paid.sort_by(|(_, a, _), (_, b, _)| a.cmp(b));
            for [(_, _, less), (index, _, more)] in paid.iter().zip(paid.iter().skip(1)).map(|(a, b)| [a, b]) {
                if more < less {
                    let message = "is less than a lower step pays: more would earn less; raise it";
                    self.add(format!("{FIELD}.tiers[{index}].percent"), message);
                }
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

/// Whether the highest of several credits is to be found, of which some are worth more in currencies that are not looked at.
fn is_compared_in_one_currency(table: &Credits) -> bool {
    let of_tier = |t: &Tier| (t.amount.is_some() || t.multiple_of_daily_usage.is_some(), t.percent_of_fee.is_some());
    let of_remedy = |r: &Remedy| {
        let late = r.per_day_late.as_ref();
        let is_share = r.proportional.is_some() || r.multiple_of_fee.is_some();
        (
            r.per_incident.is_some() || late.is_some_and(|late| late.amount.is_some()),
            is_share || late.is_some_and(|late| late.percent_of_fee.is_some()),
        )
    };
    let found: Vec<(bool, bool)> =
        table.tiers.iter().map(of_tier).chain(table.remedies.iter().map(of_remedy)).collect();
    matches!(table.combine, Combine::Highest | Combine::CustomersChoice)
        && !table.further_fees.is_empty()
        && found.iter().any(|(is_fixed, _)| *is_fixed)
        && found.iter().any(|(_, is_share)| *is_share)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
