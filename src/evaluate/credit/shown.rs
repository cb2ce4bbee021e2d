//! Credits as status and statement show them.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::Zero;

use crate::api::credit_status::{
    CreditAmount, CreditLine, CreditState, CreditStatus, LISTED_FREE_HOURS, LineAmount, RewardStatus, UsageCredit,
};

use super::super::exact::{PERCENT_PLACES, decimal_text, money_text, percent_text, ratio_text};
use super::amount::Amount;
use super::assessment::{CreditAssessment, UsageAmount};
use super::cap::CappedBy;
use super::entitlement::Grant;
use super::facts;
use super::figure::plain;
use super::line::{Line, LineMoney, Source};
use super::reward::RewardAssessment;

/// Lines listed: a tier and a note for each objective, and every remedy.
const LISTED_LINES: usize = 32;

/// The credits as status and statement show them.
#[must_use]
pub fn shown(credits: &CreditAssessment, state: CreditState) -> CreditStatus {
    CreditStatus {
        state,
        since: None,
        reason: String::new(),
        percent_of_fee: percent_text(&credits.fraction_of_fee),
        fraction_of_fee: ratio_text(&credits.fraction_of_fee),
        amount: credits.amount.issued_text(),
        currency: credits.amount.fee.currency.clone(),
        form: credits.form,
        amounts: credits.amounts().map(amount).collect(),
        service_days: credits.service_days,
        paid_days: credits.paid_days,
        daily_usage: credits.daily_usage.as_ref().map(usage),
        free_hours: credits.free_hours.iter().take(LISTED_FREE_HOURS).map(|hour| Time(*hour)).collect(),
        free_hours_total: i64::try_from(credits.free_hours.len()).unwrap_or(i64::MAX),
        termination_right: credits.terminates,
        reward: credits.reward.as_ref().map(reward),
        lines: credits.lines.iter().take(LISTED_LINES).map(line).collect(),
        facts: facts::shown(&credits.facts),
        claims_open: None,
        deadlines: Vec::new(),
    }
}

fn cut(value: &BigRational) -> String {
    decimal_text(value, PERCENT_PLACES)
}

fn amount(amount: &Amount) -> CreditAmount {
    CreditAmount {
        currency: amount.fee.currency.clone(),
        base: amount.fee.base.clone(),
        fee: cut(&amount.fee.amount),
        before_cap: cut(&amount.before_cap),
        capped_by: amount.capped_by.map(CappedBy::name).unwrap_or_default().to_owned(),
        exact: ratio_text(&amount.exact),
        unrounded: cut(&amount.exact),
        amount: money_text(&amount.minor_units, amount.fee.exponent),
        issued: amount.issued() > BigInt::zero(),
        not_issued: amount.not_issued.clone().unwrap_or_default(),
    }
}

fn usage(usage: &UsageAmount) -> UsageCredit {
    UsageCredit {
        unit: usage.unit.clone(),
        multiple: plain(&usage.multiple),
        amount: plain(&usage.amount),
        exact: ratio_text(&usage.amount),
    }
}

fn reward(reward: &RewardAssessment) -> RewardStatus {
    let text = |percent: &Option<crate::api::Percent>| percent.as_ref().map(ToString::to_string).unwrap_or_default();
    RewardStatus {
        basis: reward.basis,
        reached: reward.reached.as_ref().map(cut).unwrap_or_default(),
        step_percent: text(&reward.step),
        unconditional_percent: text(&reward.unconditional),
        exact: ratio_text(&reward.exact),
        unrounded: cut(&reward.exact),
        amount: money_text(&reward.minor_units, reward.exponent),
        currency: reward.currency.clone(),
        capped: reward.capped,
        problem: reward.problem.clone(),
    }
}

fn line(line: &Line) -> CreditLine {
    let (mut below, mut at_most, mut remedy) = (String::new(), String::new(), String::new());
    match &line.source {
        Source::Below(bound) => below.clone_from(bound),
        Source::AtMost(bound) => at_most.clone_from(bound),
        Source::Remedy(name) => remedy.clone_from(name),
        Source::Objective => {}
    }
    let mut shown = CreditLine {
        objective: line.objective.clone(),
        remedy,
        below,
        at_most,
        reckoning: line.reckoning.clone(),
        percent_of_fee: String::new(),
        service_days: 0,
        multiple_of_daily_usage: String::new(),
        granted: line.granted,
        not_granted: line.not_granted.clone(),
        amounts: line.money.iter().map(line_amount).collect(),
    };
    match &line.grant {
        Some(Grant::Money(portion)) if !portion.share.is_zero() => {
            shown.percent_of_fee = plain(&(&portion.share * super::super::exact::hundred()));
        }
        Some(Grant::ServiceDays(days)) => shown.service_days = *days,
        Some(Grant::DailyUsage(multiple)) => shown.multiple_of_daily_usage = plain(multiple),
        Some(Grant::Money(_)) | None => {}
    }
    shown
}

fn line_amount(money: &LineMoney) -> LineAmount {
    LineAmount {
        currency: money.currency.clone(),
        by_itself: cut(&money.by_itself),
        granted: cut(&money.granted),
        exact: ratio_text(&money.granted),
    }
}

/// What would be owed, in a few words: `250.01 EUR`, `100.00 EUR + 50.00 USD`, `3 days`.
#[must_use]
pub fn at_stake(credits: &CreditAssessment) -> String {
    let shown = shown(credits, CreditState::Accruing);
    let words = in_words(&shown);
    if words.is_empty() { format!("{} {}", shown.amount, shown.currency) } else { words }
}

/// What a credit grants, in a few words; empty where it grants nothing.
#[must_use]
pub fn in_words(credits: &CreditStatus) -> String {
    let money = credits.amounts.iter().filter(|a| a.issued).map(|a| format!("{} {}", a.amount, a.currency));
    let days = (credits.service_days > 0).then(|| format!("{} service day(s)", credits.service_days));
    let usage = credits.daily_usage.as_ref().map(|usage| format!("{} {}", usage.amount, usage.unit));
    let hours = (credits.free_hours_total > 0).then(|| format!("{} free hour(s)", credits.free_hours_total));
    let right = credits.termination_right.then(|| "right to terminate".to_owned());
    money.chain(days).chain(usage).chain(hours).chain(right).collect::<Vec<_>>().join(" + ")
}
