//! What a credit rests on beside the measurements.

use crate::api::credit_facts::{CreditFacts, GrantedFact};
use crate::record::form::figure::{counted, grouped, money};
use crate::record::form::instant::day;
use crate::record::form::legible::legible;

/// Something a credit rests on.
#[derive(Clone, Debug)]
pub struct Fact {
    /// What.
    pub name: &'static str,
    /// What is known of it.
    pub text: String,
}

/// Everything a credit rests on.
pub(super) fn facts(facts: &CreditFacts) -> Vec<Fact> {
    let fact = |name, text: String| (!text.is_empty()).then_some(Fact { name, text });
    let deliveries = facts.deliveries.iter().map(|delivery| {
        let (due, done) = (day(&legible(&delivery.due)), day(&legible(&delivery.done)));
        format!("{}: due {due}, made {done}", legible(&delivery.objective))
    });
    let missed = facts
        .missed_in_a_row
        .iter()
        .map(|missed| format!("{}: {}", legible(&missed.objective), counted(missed.periods, "period", "periods")));
    [
        fact("Turned over", grouped(&legible(facts.volume.as_deref().unwrap_or_default()))),
        fact("Deliveries", deliveries.collect::<Vec<_>>().join("; ")),
        fact("Granted before for this period", granted(&facts.granted_this_period)),
        fact(
            "Rewarded before for this period",
            grouped(&legible(facts.rewarded_this_period.as_deref().unwrap_or_default())),
        ),
        fact("Granted before in this year", granted(&facts.granted_this_year)),
        fact("Granted before in all", granted(&facts.granted_before)),
        fact("Missed right before", missed.collect::<Vec<_>>().join("; ")),
        fact("Chosen by the customer", legible(facts.chosen.as_deref().unwrap_or_default()).into_owned()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn granted(granted: &GrantedFact) -> String {
    let amounts = granted.amounts.iter().map(|amount| money(&legible(&amount.amount), &legible(&amount.currency)));
    let days = (granted.service_days != 0).then(|| counted(granted.service_days, "day of service", "days of service"));
    amounts.chain(days).collect::<Vec<_>>().join(", ")
}
