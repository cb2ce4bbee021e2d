//! What is told of the credits of closed periods: that one stands elsewhere, was not paid in time, or was paid too much.

use crate::api::agreement_status::{AgreementStatus, StatementRef};
use crate::api::condition;
use crate::api::contract_status::PaymentStatus;
use crate::api::credit_status::CreditState;

use super::{ACTION_LIMIT, Notice, notice};

/// What became of the credit of a statement that was known before.
pub(super) fn moved(last: &AgreementStatus, statement: &StatementRef) -> Option<Notice> {
    let before = last.statements.iter().find(|before| before.name == statement.name)?.credit_state?;
    let stands = statement.credit_state.filter(|stands| *stands != before)?;
    let note = format!("the credit of {} is {stands:?}: {}", statement.name, statement.credit_reason);
    let warns = matches!(stands, CreditState::Expired | CreditState::Voided);
    let action: String = format!("Credit-{}", statement.name).chars().take(ACTION_LIMIT).collect();
    Some(notice(warns, &format!("Credit{stands:?}"), &action, note))
}

/// What of the credit of a statement was not paid in time, and was not overdue before; nor of one whose place it took.
pub(super) fn not_paid<'a>(
    last: &'a AgreementStatus,
    statement: &'a StatementRef,
) -> impl Iterator<Item = Notice> + use<'a> {
    let overdue = |of: &'a StatementRef| of.payment.iter().chain(&of.later_payments).filter(|payment| payment.overdue);
    let before = last.statements.iter().find(|before| before.period_start == statement.period_start);
    let known = move |payment: &PaymentStatus| {
        before.is_some_and(|before| overdue(before).any(|known| known.last_day == payment.last_day))
    };
    overdue(statement).filter(move |payment| !known(payment)).map(|payment| {
        let then = payment.set_off_with.as_ref().map_or_else(String::new, |start| {
            format!("; it is taken off the settlement of the period from {}", start.0)
        });
        let (name, day) = (&statement.name, &payment.last_day);
        let note = format!("{} of the credit of {name} were to be paid by {day}{then}", payment.amount);
        let action: String = format!("Pay-{day}-{name}").chars().take(ACTION_LIMIT).collect();
        notice(true, condition::PAYMENT_OVERDUE, &action, note)
    })
}

/// More was paid for the credit of a period than is owed by now, and that was not known before.
pub(super) fn overpaid(last: &AgreementStatus, statement: &StatementRef) -> Option<Notice> {
    let over = statement.overpaid.as_ref()?;
    let before = last.statements.iter().find(|before| before.period_start == statement.period_start);
    if before.is_some_and(|before| before.overpaid.as_ref().is_some_and(|known| known.amount == over.amount)) {
        return None;
    }
    let then = over.set_off_with.as_ref().map_or_else(
        || "; nobody agreed that it is set off".to_owned(),
        |start| format!("; it is taken back in the settlement of the period from {}", start.0),
    );
    let name = &statement.name;
    let note = format!("{} were paid for the credit of {name} beyond what is owed by now{then}", over.amount);
    let action: String = format!("Overpaid-{name}").chars().take(ACTION_LIMIT).collect();
    Some(notice(true, "CreditOverpaid", &action, note))
}

#[cfg(test)]
mod tests {
    use super::super::notices;
    use super::*;

    #[test]
    fn each_part_that_is_overdue_is_told_once_for_its_period() {
        let payment = |day: &str, overdue: bool| serde_json::json!({"amount": "120.00 EUR", "lastDay": day, "by": "2026-01-01T00:00:00Z", "overdue": overdue});
        let told = |revision: i32, payments: [serde_json::Value; 2], over: Option<&str>| {
            let mut status = AgreementStatus::default();
            let [first, later] = payments;
            let over = over.map(|amount| serde_json::json!({"amount": amount, "since": "2026-01-01T00:00:00Z"}));
            let reference = serde_json::json!({
                "name": format!("web-r{revision}"), "periodStart": "2025-12-01T00:00:00Z", "state": "Violated",
                "payment": first, "laterPayments": [later], "overpaid": over,
            });
            status.statements = serde_json::from_value(reference).into_iter().collect();
            status
        };
        let reasons = |last: &AgreementStatus, next: &AgreementStatus| {
            let found = notices(last, next).into_iter().filter(|notice| notice.warning);
            found.map(|notice| notice.reason).collect::<Vec<_>>()
        };
        let calm = told(1, [payment("2026-01-10", false), payment("2026-01-20", false)], None);
        let one = told(1, [payment("2026-01-10", true), payment("2026-01-20", false)], None);
        let newer = told(2, [payment("2026-01-10", true), payment("2026-01-20", false)], None);
        let both = told(2, [payment("2026-01-10", true), payment("2026-01-20", true)], None);
        assert_eq!(reasons(&calm, &one), [condition::PAYMENT_OVERDUE]);
        assert_eq!(reasons(&one, &newer), Vec::<String>::new(), "it was told of the statement before");
        assert_eq!(reasons(&newer, &both), [condition::PAYMENT_OVERDUE]);
        let over = told(2, [payment("2026-01-10", false), payment("2026-01-20", false)], Some("20.00 EUR"));
        assert_eq!(reasons(&calm, &over), ["CreditOverpaid"]);
        assert_eq!(reasons(&over, &over), Vec::<String>::new());
    }
}
