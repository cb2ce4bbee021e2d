//! What a statement comes to, in a sentence or two: what was kept, what is owed, and what a revision changes.

use crate::api::agreement_status::State;
use crate::api::credit_status::{CreditState, CreditStatus};
use crate::api::statement::StatementSpec;

use super::figure::{counted, money, signed};
use super::legible::legible;
use super::words;

/// The outcome of the period in a sentence or two.
#[must_use]
pub fn outcome(statement: &StatementSpec) -> String {
    let all = statement.objectives.len();
    let of = |state| statement.objectives.iter().filter(|o| o.state == state).count();
    let (missed, open) = (of(State::Violated), of(State::NotDetermined));
    let mut parts = Vec::new();
    if statement.state == State::NotCovered {
        parts.push("The promise does not cover this instance, so that there is no verdict.".to_owned());
        return parts.join(" ");
    }
    if missed > 0 {
        let was = if missed == 1 { "was" } else { "were" };
        parts.push(format!("{missed} of {} {was} missed.", counted(all, "objective", "objectives")));
    } else if open == 0 {
        parts.push(if all == 1 {
            "The objective was kept.".to_owned()
        } else {
            format!("All {all} objectives were kept.")
        });
    }
    if open > 0 {
        let could = counted(open, "objective", "objectives");
        parts.push(format!("For {could} too little is known for a verdict; no credit is granted or denied on that."));
    }
    parts.push(statement.credits.as_ref().map_or_else(|| "The agreement grants no credits.".to_owned(), owed));
    parts.join(" ")
}

/// What is owed, in a sentence or two.
fn owed(credits: &CreditStatus) -> String {
    let money = credits.amounts.iter().filter(|a| a.issued);
    let money: Vec<_> = money.map(|a| money_of(&a.amount, &a.currency)).collect();
    let money = (!money.is_empty()).then(|| format!("a credit of {}", listed(&money)));
    let days = (credits.service_days > 0).then(|| counted(credits.service_days, "day of service", "days of service"));
    let usage = credits.daily_usage.as_ref().map(|usage| money_of(&usage.amount, &usage.unit));
    let hours = (credits.free_hours_total > 0).then(|| counted(credits.free_hours_total, "free hour", "free hours"));
    let right = credits.termination_right.then(|| "the right to end the agreement".to_owned());
    let parts: Vec<String> = [money, days, usage, hours, right].into_iter().flatten().collect();
    let withheld = credits.amounts.iter().find(|amount| !amount.not_issued.is_empty());
    let mut told = match (credits.state, parts.as_slice(), withheld) {
        (_, [], Some(amount)) => format!("No credit is issued: {}.", legible(&amount.not_issued)),
        (_, [], None) => "No credit is due.".to_owned(),
        (CreditState::Expired | CreditState::Voided, ..) => {
            format!("No credit is due: {}.", words::credit_state_meaning(credits.state))
        }
        (CreditState::Settled, parts, _) => format!("Settled: {}.", listed(parts)),
        (_, parts, _) => format!("Due: {}.", listed(parts)),
    };
    if let Some(reward) = credits.reward.as_ref().filter(|reward| !is_nothing(&reward.amount)) {
        let amount = money_of(&reward.amount, &reward.currency);
        told = format!("{told} A reward of {amount} is owed the other way.");
    }
    told
}

/// What a later revision takes the place of, and what that changes. `None`: it is the first.
#[must_use]
pub fn revision(statement: &StatementSpec) -> Option<String> {
    let other = statement.supersedes.as_deref();
    let which = match (other, statement.revision) {
        (Some(other), revision) => format!("Revision {revision} takes the place of {}.", legible(other)),
        (None, 2..) => format!("Revision {} takes the place of the earlier ones.", statement.revision),
        (None, _) => return None,
    };
    let Some(adjustment) = &statement.adjustment else { return Some(which) };
    let money = adjustment.amounts.iter().filter(|change| !is_nothing(&change.amount));
    let mut changes: Vec<_> =
        money.map(|c| format!("{}\u{a0}{}", signed(&legible(&c.amount)), legible(&c.currency))).collect();
    if adjustment.service_days != 0 {
        let days = signed(&adjustment.service_days.to_string());
        let noun = if adjustment.service_days.abs() == 1 { "day" } else { "days" };
        changes.push(format!("{days} {noun} of service"));
    }
    let mut more = |amount: &str, unit: &str| {
        if !is_nothing(amount) {
            changes.push(format!("{} {unit}", signed(&legible(amount))));
        }
    };
    more(&adjustment.daily_usage, "of daily usage");
    more(&adjustment.reward, "of the reward");
    Some(if changes.is_empty() {
        format!("{which} It grants the same.")
    } else {
        format!("{which} Adjustment against what that one granted: {}.", listed(&changes))
    })
}

fn money_of(amount: &str, currency: &str) -> String {
    money(&legible(amount), &legible(currency))
}

/// `a`, `a and b`, `a, b and c`.
fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Whether an amount is zero.
fn is_nothing(amount: &str) -> bool {
    amount.chars().all(|c| matches!(c, '0' | '.' | '-'))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::example::{issued, revised};
    use super::*;
    use crate::api::credit_status::{Adjustment, AdjustmentAmount, CreditAmount};

    #[test]
    fn the_outcome_is_told_with_what_is_owed() {
        let mut statement = issued().statement;
        let told = |statement: &StatementSpec| outcome(statement).replace('\u{a0}', " ");
        assert_eq!(told(&statement), "1 of 2 objectives was missed. Due: a credit of 400.00 EUR.");
        statement.objectives.iter_mut().for_each(|o| o.state = State::Fulfilled);
        *statement.credits.as_mut().unwrap() = CreditStatus::default();
        assert_eq!(told(&statement), "All 2 objectives were kept. No credit is due.");
        statement.objectives.iter_mut().for_each(|o| o.state = State::NotDetermined);
        assert!(told(&statement).starts_with("For 2 objectives too little is known"));
        statement.objectives.truncate(1);
        statement.objectives.iter_mut().for_each(|o| o.state = State::Fulfilled);
        statement.credits = None;
        assert_eq!(told(&statement), "The objective was kept. The agreement grants no credits.");
    }

    #[test]
    fn everything_that_is_owed_is_in_the_outcome() {
        let plain = |statement: &StatementSpec| outcome(statement).replace(['\u{a0}', '\u{202f}'], " ");
        let mut statement = revised().statement;
        let due = "Due: a credit of 2 400.00 EUR and 80.00 USD, 3 days of service, 12.500000 GB, 4 free hours and the right \
                   to end the agreement. A reward of 133.33 EUR is owed the other way.";
        assert!(plain(&statement).ends_with(due), "{}", plain(&statement));
        let credits = statement.credits.as_mut().unwrap();
        credits.state = CreditState::Expired;
        assert!(plain(&statement).contains("No credit is due: something that had to be done in time was not"));
        *statement.credits.as_mut().unwrap() = CreditStatus {
            amounts: vec![CreditAmount { not_issued: "1 EUR is not more than 2 EUR".to_owned(), ..Default::default() }],
            ..CreditStatus::default()
        };
        assert!(plain(&statement).ends_with("No credit is issued: 1 EUR is not more than 2 EUR."));
    }

    #[test]
    fn a_revision_says_what_it_changes() {
        let mut statement = issued().statement;
        let told = |statement: &StatementSpec| revision(statement).map(|told| told.replace('\u{a0}', " "));
        assert_eq!(told(&statement), None);
        statement.revision = 2;
        assert_eq!(told(&statement).unwrap(), "Revision 2 takes the place of the earlier ones.");
        statement.supersedes = Some("checkout-r1".to_owned());
        let amount =
            |amount: &str, currency: &str| AdjustmentAmount { amount: amount.into(), currency: currency.into() };
        let amounts = vec![amount("-100.00", "EUR"), amount("0.00", "USD")];
        statement.adjustment = Some(Adjustment { amounts, service_days: 1, ..Adjustment::default() });
        let place = "Revision 2 takes the place of checkout-r1.";
        let changes = "Adjustment against what that one granted: −100.00 EUR and +1 day of service.";
        assert_eq!(told(&statement).unwrap(), format!("{place} {changes}"));
        let (daily_usage, reward) = ("2.500000".to_owned(), "-3.00".to_owned());
        statement.adjustment = Some(Adjustment { daily_usage, reward, ..Adjustment::default() });
        assert!(told(&statement).unwrap().ends_with("granted: +2.500000 of daily usage and −3.00 of the reward."));
        statement.adjustment = Some(Adjustment { amounts: vec![amount("0.00", "EUR")], ..Adjustment::default() });
        assert_eq!(told(&statement).unwrap(), format!("{place} It grants the same."));
    }
}
