//! What limits a credit in one currency, and what a cap takes.

use num_rational::BigRational;
use num_traits::{Signed, Zero};

use crate::evaluate::credit::{BaseFee, CappedBy, Limit, limits};
use crate::record::form::figure::{exact_money, percent};

use super::amount::Step;
use super::ground::Ground;

/// A step for every agreed limit in the currency of a fee, with what it leaves.
pub(super) fn steps(ground: &Ground, fee: &BaseFee) -> Vec<Step> {
    let Ok(limits) = limits(&ground.credits, fee, &ground.facts) else { return Vec::new() };
    limits.iter().map(|limit| step(limit, fee)).collect()
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
