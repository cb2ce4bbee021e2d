//! Counting methods: how the slots of a period become one figure.
//!
//! Every method is a [`CountingMethod`]; the rest of the stage (budget, burn rates, coverage, violations, credits)
//! knows no other way to a figure, so that status, alert and credit can not disagree.

use num_rational::BigRational;

use crate::api::agreement::TreatAs;
use crate::api::measurement::Method;

use super::due_slots::{Census, DueSlots};
use super::events::Events;
use super::slot::{Slot, Tally};

/// The account of one objective over some slots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The slots by state.
    pub census: Census,
    /// Everything that counts.
    pub counted: Tally,
    /// The part of it that series brought along when they were born.
    pub born: Tally,
    /// What counts for nobody.
    pub unattributed: Tally,
    /// The attainment of the known slots, 0 to 1. `None`: nothing to divide by.
    pub attainment: Option<BigRational>,
    /// The attainment if every unknown slot had been all bad, and all good. `None`: even then nothing to divide by, or
    /// nothing known about how much an unknown slot weighs.
    pub bounds: Option<(BigRational, BigRational)>,
}

impl Account {
    /// The attainment by the agreement's rule for unknown slots.
    #[must_use]
    pub fn attainment_treating(&self, unknown_as: TreatAs) -> Option<BigRational> {
        match (unknown_as, &self.bounds) {
            (TreatAs::Good, Some((_, best))) => Some(best.clone()),
            (TreatAs::Bad, Some((worst, _))) => Some(worst.clone()),
            _ => self.attainment.clone(),
        }
    }
}

/// A counting method.
pub trait CountingMethod: Sync {
    /// Its name, as the agreement writes it.
    fn name(&self) -> &'static str;

    /// Makes one account of slots. The order of the slots and any split of them must not matter to the counts.
    fn account(&self, slots: DueSlots<'_>) -> Account;

    /// Whether the target was missed in this one slot. `None`: unknown, or left out.
    fn missed(&self, slot: &Slot, target: &BigRational) -> Option<bool>;
}

/// The method an agreement names.
#[must_use]
pub fn counting(method: Method) -> &'static dyn CountingMethod {
    match method {
        Method::Events | Method::MeanOfSlots | Method::BadMinutes | Method::Pooled | Method::Value => &Events,
    }
}
