//! Coverage: how much of the time is known, and whether that is enough for a verdict.
//!
//! A verdict below the agreement's minimum coverage stands only when the unknown slots could not change it, all good or all
//! bad; how much one of them weighs, the method says. Of time and of rates that is certain. Of events it is assumed: as many
//! as a known slot has in the mean, or one value. Otherwise the objective is `NotDetermined`, and no credit is granted or
//! denied on it. Where the parties agreed nothing, the minimum is everything: how an unknown slot counts is theirs to say.
//!
//! A period that still runs has no verdict yet, only a state, for which less is enough ([`MissingDataRule::so_far`]).

use num_rational::BigRational;
use num_traits::Signed;

use crate::api::agreement::TreatAs;
use crate::api::agreement_status::State;

use super::methods::Account;
use super::methods::unknown_time::UnknownTime;

/// The rule of an agreement for unknown slots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingDataRule {
    /// How an unknown slot counts.
    pub treat_as: TreatAs,
    /// The share of slots that must be known, 0 to 1.
    pub minimum: BigRational,
}

impl MissingDataRule {
    /// The rule for the state of a period that still runs: nine tenths known are enough, where the agreement asks for more.
    /// Or one unknown slot would hide for days that the budget burns.
    #[must_use]
    pub fn so_far(&self) -> Self {
        let enough = BigRational::new(9.into(), 10.into());
        Self { treat_as: self.treat_as, minimum: self.minimum.clone().min(enough) }
    }

    /// What unknown time is to violations and downtime, where this share is known: what the agreement says, or open where
    /// too little is known for it. For a period that still runs too: what would be owed rests on the agreed rule.
    #[must_use]
    pub fn unknown_time(&self, coverage: Option<&BigRational>) -> UnknownTime {
        match self.treat_as {
            _ if coverage.is_none_or(|coverage| *coverage < self.minimum) => UnknownTime::Open,
            TreatAs::Bad => UnknownTime::Bad,
            TreatAs::Good => UnknownTime::Good,
            TreatAs::Exclude => UnknownTime::LeftOut,
        }
    }
}

/// A verdict, and what it allows to settle on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `Fulfilled`, `Violated` or `NotDetermined`.
    pub state: State,
    /// The attainment on which credits are owed. `None`: nothing is.
    pub settles_on: Option<BigRational>,
    /// The attainment that is reached for certain, on which rewards are owed. `None`: nothing is.
    pub at_least: Option<BigRational>,
}

/// Compares an account with its target, before anything is rounded: exactly the target is kept.
#[must_use]
pub fn judge(account: &Account, target: &BigRational, rule: &MissingDataRule) -> Finding {
    let found = |kept: bool, worst: &BigRational, best: &BigRational| Finding {
        state: if kept { State::Fulfilled } else { State::Violated },
        settles_on: Some(best.clone()),
        at_least: Some(worst.clone()),
    };
    let open = Finding { state: State::NotDetermined, settles_on: None, at_least: None };
    let Some(coverage) = &account.coverage else { return open };
    if *coverage < rule.minimum {
        // All good or all bad, the attainment lies between the bounds. The credit that is owed for certain is what the
        // better one leaves owed, and the reward what the worse one does.
        return match &account.bounds {
            Some((worst, best)) if worst >= target => found(true, worst, best),
            Some((worst, best)) if best < target => found(false, worst, best),
            _ => open,
        };
    }
    match account.attainment_treating(rule.treat_as) {
        Some(attainment) => found(attainment >= *target, &attainment, &attainment),
        // Known to have had no traffic: nothing was refused to anybody.
        None if coverage.is_positive() => Finding { state: State::Fulfilled, ..open },
        None => open,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
