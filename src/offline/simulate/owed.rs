//! What the agreement would cost: its credits at the attainment of the run in each of its periods.

use num_rational::BigRational;

use super::judged::Judged;
use super::periods::Part;
use super::promised::Promised;
use crate::api::agreement_status::State;
use crate::api::credit_status::CreditState;
use crate::evaluate::credit::{Amount, CreditAssessment, Outcome, at_stake, owed, shown};
use crate::evaluate::exact::NotANumber;
use crate::evaluate::history::{History, Legacy};
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
    let is_judged = |objective: &String| promised.judged.iter().any(|judged| judged.name == *objective);
    for (place, remedy) in remedies.filter(|(_, remedy)| is_judged(&remedy.objective)) {
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

/// The attainment of each objective that is judged, in their order. `None`: nothing was asked for.
pub type Attained = [Option<BigRational>];

/// The account of a run, period after period: caps that reach over a year and rights that grow from misses in a row count what
/// came before.
#[derive(Clone, Debug)]
pub struct Account<'a> {
    promised: &'a Promised,
    history: History,
}

impl<'a> Account<'a> {
    /// An account that begins with nothing granted.
    #[must_use]
    pub fn new(promised: &'a Promised) -> Self {
        Self { promised, history: History::default() }
    }

    /// What is owed for a period after those that were settled, if the attainment of each objective that is judged is this.
    /// `None`: the agreement grants no credits.
    ///
    /// # Errors
    /// Names the field of the credit table that can not be worked with.
    pub fn owed(&self, part: &Part, attained: &Attained) -> Result<Option<CreditAssessment>, InvalidSpec> {
        let Promised { terms, judged, .. } = self.promised;
        let outcome = |(judged, attainment): (&'a Judged, &Option<BigRational>)| Outcome {
            objective: &judged.name,
            covered: true,
            state: state(judged, attainment.as_ref()),
            settles_on: attainment.clone(),
            at_least: attainment.clone(),
            downtime: &[],
            violations: 0,
        };
        let outcomes: Vec<_> = judged.iter().zip(attained).map(outcome).collect();
        let facts = self.history.facts(terms.credits.as_ref(), part.year, part.whole.start);
        owed(terms, part.period, part.whole, &outcomes, &facts)
    }

    /// The same, and the period is settled.
    ///
    /// # Errors
    /// As for [`Self::owed`].
    pub fn settle(&mut self, part: &Part, attained: &Attained) -> Result<Option<CreditAssessment>, InvalidSpec> {
        let credits = self.owed(part, attained)?;
        let shown = credits.as_ref().map(|credits| shown(credits, CreditState::Accruing));
        let came_out = |(judged, attainment): (&Judged, &Option<BigRational>)| {
            (judged.name.clone(), state(judged, attainment.as_ref()))
        };
        let outcomes = self.promised.judged.iter().zip(attained).map(came_out).collect();
        let unreadable = |why: NotANumber| InvalidSpec::new("spec.credits", why.to_string());
        let legacy = Legacy::reckoned(shown.as_ref(), outcomes).map_err(unreadable)?;
        self.history.enter(part.year, part.whole.start, &legacy);
        Ok(credits)
    }
}

fn state(judged: &Judged, attainment: Option<&BigRational>) -> State {
    match attainment {
        Some(attainment) if *attainment < judged.target => State::Violated,
        // Where there was no traffic nothing was refused to anybody.
        Some(_) | None => State::Fulfilled,
    }
}

/// What is owed for several periods, in a few words. `None`: for none of them.
#[must_use]
pub fn together(periods: &[CreditAssessment]) -> Option<String> {
    let (first, later) = periods.split_first()?;
    let mut sum = first.clone();
    for (place, amount) in std::iter::once(&mut sum.amount).chain(&mut sum.further).enumerate() {
        // What is too small to be issued for a period is not issued with that of another.
        let issued = periods.iter().filter_map(|credits| credits.amounts().nth(place)).map(Amount::issued);
        (amount.minor_units, amount.not_issued) = (issued.sum(), None);
    }
    for credits in later {
        sum.service_days = sum.service_days.saturating_add(credits.service_days);
        sum.terminates |= credits.terminates;
        match (&mut sum.daily_usage, &credits.daily_usage) {
            (Some(all), Some(one)) => all.amount += &one.amount,
            (none, one) => *none = none.take().or_else(|| one.clone()),
        }
    }
    Some(at_stake(&sum))
}

/// The objectives that a run says nothing about.
#[must_use]
pub fn not_judged(promised: &Promised) -> Vec<String> {
    let all = promised.terms.objectives.iter().map(|objective| &objective.name);
    all.filter(|name| !promised.judged.iter().any(|judged| judged.name == **name)).cloned().collect()
}

/// What earns credits by the agreement and is not reckoned: other objectives, and rewards, which are owed the other way.
#[must_use]
pub fn not_reckoned(promised: &Promised) -> Vec<String> {
    let credits = promised.terms.credits.iter();
    let rewards = credits.clone().any(|credits| credits.rewards.is_some()).then(|| "spec.credits.rewards".to_owned());
    let named: Vec<&String> = credits
        .flat_map(|credits| {
            let tiers = credits.tiers.iter().map(|tier| &tier.objective);
            tiers.chain(credits.remedies.iter().map(|remedy| &remedy.objective))
        })
        .collect();
    not_judged(promised).into_iter().filter(|name| named.contains(&name)).chain(rewards).collect()
}
