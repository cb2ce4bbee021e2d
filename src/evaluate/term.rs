//! The term of an agreement: its last day with the days of service that were granted, the end by a notice, and what becomes
//! of the deposit then.

use k8s_openapi::jiff::civil::Date;
use num_rational::BigRational;
use num_traits::Zero;

use crate::api::agreement::AgreementSpec;
use crate::api::contract_status::{DepositStatus, TermStatus};
use crate::api::credits::{Credits, ServiceDaysRule};

use super::contract_dates::{earliest_end, extended_term, refund_between};
use super::credit::exponent;
use super::exact::decimal_text;
use super::invalid::InvalidSpec;
use super::period::civil_day;
use super::settlement::refund;

/// The last day in force by these terms. `None`: nobody knows.
///
/// # Errors
/// `spec.validity.until` is no day of the calendar.
pub fn agreed_last_day(spec: &AgreementSpec) -> Result<Option<Date>, InvalidSpec> {
    let Some(until) = spec.validity.as_ref().and_then(|validity| validity.until.as_deref()) else { return Ok(None) };
    Ok(civil_day("spec.validity.until", until)?.yesterday().ok())
}

/// The earliest end by the notice that was given. `None`: none was.
///
/// # Errors
/// Its day is none, or leads beyond the calendar, or nothing is agreed on notices.
pub fn end_by_notice(spec: &AgreementSpec) -> Result<Option<Date>, InvalidSpec> {
    const FIELD: &str = "spec.ending.noticeOn";
    let Some(notice) = spec.ending.as_ref().and_then(|ending| ending.notice_on.as_deref()) else { return Ok(None) };
    let Some(days) = spec.settlement.termination_notice_days else {
        return Err(InvalidSpec::new(FIELD, "spec.settlement.terminationNoticeDays is not agreed"));
    };
    let end = earliest_end(civil_day(FIELD, notice)?, days);
    end.map(Some).ok_or_else(|| InvalidSpec::new(FIELD, "leads beyond the calendar"))
}

/// What is returned of the deposit of an agreement whose last day was this one. `None`: there is none.
///
/// # Errors
/// The amount or the currency is none, or the days lead beyond the calendar.
pub fn deposit(
    spec: &AgreementSpec,
    last_day: Date,
    severe_breach: bool,
) -> Result<Option<DepositStatus>, InvalidSpec> {
    let Some(deposit) = &spec.settlement.deposit else { return Ok(None) };
    let Some((from, until)) = refund_between(deposit, last_day) else {
        return Err(InvalidSpec::new("spec.settlement.deposit.holdMonths", "leads beyond the calendar"));
    };
    let places = exponent("spec.settlement.deposit.currency", &deposit.currency)?;
    let returned = refund(deposit, severe_breach, &BigRational::zero())?;
    Ok(Some(DepositStatus {
        refund_from: from.to_string(),
        refund_until: until.to_string(),
        refund: decimal_text(&returned.refund, places.into()),
        currency: deposit.currency.clone(),
    }))
}

/// Whether days of service are granted by this table that are added to the term.
#[must_use]
pub fn extends(credits: &Credits) -> bool {
    credits.service_days.unwrap_or_default() == ServiceDaysRule::ExtendTerm
        && credits.tiers.iter().any(|tier| tier.service_days.is_some())
}

/// The term where so many days of service were granted. `None`: nothing is agreed of its end, and nothing adds to it.
///
/// # Errors
/// Names the field that leads nowhere.
pub fn term(spec: &AgreementSpec, service_days: i64) -> Result<Option<TermStatus>, InvalidSpec> {
    let settlement = &spec.settlement;
    let is_agreed = settlement.deposit.is_some() || settlement.termination_notice_days.is_some();
    if !is_agreed && service_days == 0 {
        return Ok(None);
    }
    let agreed = agreed_last_day(spec)?;
    let last_day = match (agreed, &spec.ending) {
        (Some(agreed), None) => extended_term(agreed, service_days),
        (agreed, _) => agreed,
    };
    let severe_breach = spec.ending.as_ref().is_some_and(|ending| ending.severe_breach);
    Ok(Some(TermStatus {
        agreed_last_day: agreed.map(|day| day.to_string()),
        service_days,
        last_day: last_day.map(|day| day.to_string()),
        earliest_end: end_by_notice(spec)?.map(|day| day.to_string()),
        deposit: last_day.map(|day| deposit(spec, day, severe_breach)).transpose()?.flatten(),
    }))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use serde_json::{Value, json};

    use super::super::example::agreement;
    use super::*;

    /// The example, in force through 2026, with a deposit and a notice of thirty days.
    fn spec(ending: Value) -> AgreementSpec {
        let mut spec = agreement();
        spec.settlement = serde_json::from_value(json!({
            "deposit": {"amount": "3000.00", "currency": "EUR", "holdMonths": 3, "refundWithinDays": 10},
            "terminationNoticeDays": 30,
        }))
        .unwrap();
        spec.ending = serde_json::from_value(ending).unwrap();
        spec
    }

    fn told(ending: Value, service_days: i64) -> Value {
        serde_json::to_value(term(&spec(ending), service_days).unwrap()).unwrap()
    }

    #[test]
    fn days_of_service_put_the_end_off_and_the_deposit_with_it() {
        let expected = json!({
            "agreedLastDay": "2026-12-31", "serviceDays": 15, "lastDay": "2027-01-15",
            "deposit": {"refundFrom": "2027-04-15", "refundUntil": "2027-04-25", "refund": "3000.00", "currency": "EUR"},
        });
        assert_eq!(told(Value::Null, 15), expected);
    }

    #[test]
    fn what_is_ended_is_not_extended() {
        let noticed = told(json!({"noticeOn": "2026-11-01"}), 15);
        assert_eq!((&noticed["earliestEnd"], &noticed["lastDay"]), (&json!("2026-12-01"), &json!("2026-12-31")));
        let broken = told(json!({"severeBreach": true}), 15);
        assert_eq!((&broken["deposit"]["refund"], &broken["lastDay"]), (&json!("0.00"), &json!("2026-12-31")));
    }

    #[test]
    fn an_agreement_without_an_end_has_no_last_day() {
        let mut endless = spec(json!({"noticeOn": "2026-11-01"}));
        endless.validity = None;
        let told = term(&endless, 0).unwrap().unwrap();
        assert_eq!((told.last_day, told.deposit, told.earliest_end.as_deref()), (None, None, Some("2026-12-01")));
        assert_eq!(term(&agreement(), 0).unwrap(), None);
        assert!(term(&agreement(), 1).unwrap().is_some());
    }

    #[test]
    fn a_day_that_does_not_exist_is_named() {
        let fault = term(&spec(json!({"noticeOn": "2026-02-30"})), 0).unwrap_err();
        assert_eq!(fault.field, "spec.ending.noticeOn");
    }
}
