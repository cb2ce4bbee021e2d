//! How a credit becomes money, and what else the contract attaches to a breach.

use crate::api::settlement::{Deposit, GrantMode, Payment, Settlement};
use crate::record::form::figure::{counted, money};

use super::deadline::{deadline, opening};

/// What follows from a credit or a breach.
pub(super) fn consequences(settlement: &Settlement, tell: &mut impl FnMut(&'static str, String)) {
    if let Some(rule) = &settlement.payment {
        tell("Paid", payment(rule));
    }
    if let Some(rule) = &settlement.deposit {
        tell("Deposit", deposit(rule));
    }
    if let Some(days) = settlement.cure_days {
        let days = counted(days, "day", "days");
        tell(
            "Cure",
            format!(
                "a breach may be cured within {days} after a written demand; else the other party may end the agreement"
            ),
        );
    }
    if let Some(days) = settlement.termination_notice_days {
        let days = counted(days, "day", "days");
        tell("Notice", format!("the agreement may be ended without cause, by a notice of {days}"));
    }
}

/// Whether a credit has to be claimed, and by when.
pub(super) fn granted(settlement: &Settlement) -> String {
    if settlement.grant == GrantMode::Automatic {
        return "with the statement, without a claim".to_owned();
    }
    let mut told = "on a claim of the customer".to_owned();
    let deadlines = settlement.deadlines.iter().map(deadline).collect::<Vec<_>>().join(", ");
    if !deadlines.is_empty() {
        told = format!("{told}: {deadlines}; what is not done in time forfeits it");
    }
    match &settlement.claims_open {
        Some(open) => format!("{told}; {}", opening(open)),
        None => told,
    }
}

fn payment(rule: &Payment) -> String {
    let days = rule.within_days.map(|days| counted(days, "day", "days"));
    let working = rule.within_working_days.map(|days| counted(days, "working day", "working days"));
    let within = days.into_iter().chain(working).collect::<Vec<_>>().join(" and ");
    let more = [
        rule.on_working_days.then_some("a day that is no working day moves to the next one"),
        rule.not_on_last_of_month.then_some("not on the last day of a month"),
        rule.offset.then_some("what is not paid in time is taken off the next settlement"),
    ];
    let told = std::iter::once(format!("within {within} after it was notified"));
    told.chain(more.into_iter().flatten().map(str::to_owned)).collect::<Vec<_>>().join("; ")
}

fn deposit(rule: &Deposit) -> String {
    format!(
        "{}, held for {} after the end of the agreement and returned within {} after that",
        money(rule.amount.as_str(), &rule.currency),
        counted(rule.hold_months, "month", "months"),
        counted(rule.refund_within_days, "day", "days"),
    )
}
