//! What limits a credit in one currency, and what a cap takes.

use num_rational::BigRational;
use num_traits::{Signed, Zero};

use crate::api::credit_status::{CreditLine, CreditStatus};
use crate::api::credits::Cap;
use crate::evaluate::credit::{BaseFee, CappedBy, Limit, limits};
use crate::record::form::figure::{exact_money, percent};

use super::amount::Step;
use super::course::Course;
use super::ground::Ground;

/// A step for every agreed limit in the currency of a fee, with what it leaves.
pub(super) fn steps(ground: &Ground, fee: &BaseFee) -> Vec<Step> {
    let Ok(limits) = limits(&ground.credits, fee, &ground.facts) else { return Vec::new() };
    limits.iter().map(|limit| step(limit, fee)).collect()
}

/// That tiers in percent of the fee grant no more than the whole of it, where no cap on money was agreed and they come to
/// more. `None`: they do not, or one was.
pub(super) fn whole_fee(ground: &Ground, fee: &BaseFee, credits: &CreditStatus, courses: &[Course]) -> Option<Step> {
    let is_agreed = |cap: &Cap| cap.percent_of_fee.is_some() || cap.amount.is_some();
    if ground.credits.cap.as_ref().is_some_and(is_agreed) {
        return None;
    }
    let is_share = |line: &CreditLine| line.granted && line.remedy.is_empty() && !line.percent_of_fee.is_empty();
    let lines = credits.lines.iter().zip(courses).filter(|(line, _)| is_share(line));
    let sum: BigRational = lines.filter_map(|(_, course)| course.amount(&fee.currency)).sum();
    let money = |amount: &BigRational| exact_money(amount, &fee.currency);
    (sum > fee.amount).then(|| Step {
        name: "Limit",
        rule: format!(
            "Tiers in percent of the fee come to {}, and grant at most the whole of it for one period.",
            money(&sum)
        ),
        figure: money(&fee.amount),
    })
}

fn step(limit: &Limit, fee: &BaseFee) -> Step {
    let money = |amount: &BigRational| exact_money(amount, &fee.currency);
    let span = span(limit.kind);
    let most = money(&limit.most);
    let rule = match &limit.percent {
        Some(share) => format!("At most {} × {} = {most} {span}", percent(share.as_str()), money(&limit.base)),
        None => format!("At most {most} {span}"),
    };
    let used = if limit.used.is_zero() {
        ".".to_owned()
    } else {
        format!(", of which {} were granted before.", money(&limit.used))
    };
    Step { name: "Limit", rule: format!("{rule}{used}"), figure: money(&limit.left()) }
}

/// For how long a limit holds.
pub(super) fn span(kind: CappedBy) -> &'static str {
    match kind {
        CappedBy::Fee | CappedBy::Period => "for one period",
        CappedBy::Year => "in one year",
        CappedBy::Contract => "as long as the agreement lasts",
    }
}

/// What was taken between two amounts: ` It takes 66.67 EUR.`; empty: nothing, or it is not known.
pub(super) fn taken(before: Option<&BigRational>, exact: Option<&BigRational>, currency: &str) -> String {
    let taken = before.zip(exact).map(|(before, exact)| before - exact).filter(Signed::is_positive);
    taken.map(|taken| format!(" It takes {}.", exact_money(&taken, currency))).unwrap_or_default()
}
