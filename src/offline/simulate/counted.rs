//! What some minutes of a run, or of several, come to: how many of their requests were good.

use std::iter::Sum;
use std::ops::Range;

use num_rational::BigRational;

use super::promised::Promised;
use crate::evaluate::exact::{divide, whole};
use crate::simulate::run::Outcome;
use crate::simulate::score::Minute;

/// Requests that were counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Those that were no slower than promised and did not fail.
    pub good: u64,
    /// All.
    pub total: u64,
}

impl Counted {
    /// The share of the good ones, exactly. `None`: there were none at all.
    #[must_use]
    pub fn attainment(&self) -> Option<BigRational> {
        divide(&whole(self.good), &whole(self.total))
    }
}

impl Sum for Counted {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self { good: sum.good + one.good, total: sum.total + one.total })
    }
}

/// The requests of these minutes of a run.
#[must_use]
pub fn counted(outcome: &Outcome, promised: &Promised, minutes: &Range<usize>) -> Counted {
    let within = outcome.bounds.iter().filter(|bound| **bound <= promised.latency).count();
    let minutes = outcome.minutes.iter().skip(minutes.start).take(minutes.len());
    let of = |minute: &Minute| Counted { good: minute.served.iter().take(within).sum::<u64>(), total: minute.requests };
    minutes.map(of).sum()
}
