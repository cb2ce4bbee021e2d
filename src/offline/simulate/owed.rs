//! What the agreement would cost if the whole period went like the run: its credits at the attainment of the run.

use num_rational::BigRational;

use super::promised::Promised;
use crate::api::agreement_status::State;
use crate::evaluate::credit::{CreditAssessment, Facts, Outcome, owed};
use crate::evaluate::invalid::InvalidSpec;
use crate::evaluate::parameter_rule;
use crate::offline::settle::fault::Fault;

/// Refuses what a run says nothing about: credits that count violations, and a promise that does not hold.
///
/// # Errors
/// Names the field.
pub fn check(promised: &Promised) -> Result<(), Fault> {
    let terms = &promised.terms;
    if let Some((place, rule)) = parameter_rule::broken(&terms.covered_when, &terms.parameters).next() {
        let why = format!("is not met, so that nothing is promised: {}", rule.message);
        return Err(Fault::new(format!("spec.coveredWhen[{place}]"), why));
    }
    let remedies = terms.credits.iter().flat_map(|credits| credits.remedies.iter().enumerate());
    for (place, remedy) in remedies.filter(|(_, remedy)| remedy.objective == promised.objective) {
        let counted = [
            ("perIncident", remedy.per_incident.is_some()),
            ("multipleOfFee", remedy.multiple_of_fee.is_some()),
            ("perDayLate", remedy.per_day_late.is_some()),
            ("freeHours", remedy.free_hours.is_some()),
        ];
        if let Some((rule, _)) = counted.into_iter().find(|(_, is_given)| *is_given) {
            let field = format!("spec.credits.remedies[{place}].{rule}");
            let why = "does not follow from the attainment of a run; leave it out to try the rest of the agreement";
            return Err(Fault::new(field, why));
        }
    }
    Ok(())
}

/// What is owed for a whole period at this attainment. `None`: the agreement grants no credits.
///
/// # Errors
/// Names the field of the credit table that can not be worked with.
pub fn credits(promised: &Promised, attainment: Option<&BigRational>) -> Result<Option<CreditAssessment>, InvalidSpec> {
    let outcome = Outcome {
        objective: &promised.objective,
        covered: true,
        state: match attainment {
            Some(attainment) if *attainment < promised.target => State::Violated,
            Some(_) => State::Fulfilled,
            None => State::NotDetermined,
        },
        settles_on: attainment.cloned(),
        at_least: attainment.cloned(),
        downtime: &[],
        violations: 0,
    };
    owed(&promised.terms, promised.period, promised.period, &[outcome], &Facts::default())
}

/// The objectives with credits of their own that a run says nothing about.
#[must_use]
pub fn left_out(promised: &Promised) -> Vec<String> {
    let credits = promised.terms.credits.iter();
    let named: Vec<&String> = credits
        .flat_map(|credits| {
            let tiers = credits.tiers.iter().map(|tier| &tier.objective);
            tiers.chain(credits.remedies.iter().map(|remedy| &remedy.objective))
        })
        .collect();
    let others = promised.terms.objectives.iter().map(|objective| &objective.name);
    others.filter(|name| **name != promised.objective && named.contains(name)).cloned().collect()
}
