//! What a tier or a remedy comes to by itself.

use k8s_openapi::jiff::Timestamp;
use num_rational::BigRational;
use num_traits::Zero;

/// What is owed by one tier or remedy, in its own measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grant {
    /// Money.
    Money(Portion),
    /// Days of service.
    ServiceDays(i64),
    /// A multiple of the daily usage.
    DailyUsage(BigRational),
}

/// Money as a share of the fee, in every currency, and an amount in the fee's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Portion {
    /// The share of the fee, 1 is the whole of it.
    pub share: BigRational,
    /// In major units of the fee's currency.
    pub amount: BigRational,
}

impl Grant {
    /// So much of the fee.
    pub(super) fn share(share: BigRational) -> Self {
        Self::Money(Portion { share, amount: BigRational::zero() })
    }

    /// So much in the fee's currency.
    pub(super) fn amount(amount: BigRational) -> Self {
        Self::Money(Portion { share: BigRational::zero(), amount })
    }

    /// Whether it comes to nothing.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        match self {
            Self::Money(portion) => portion.share.is_zero() && portion.amount.is_zero(),
            Self::ServiceDays(days) => *days == 0,
            Self::DailyUsage(multiple) => multiple.is_zero(),
        }
    }
}

/// What a remedy comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entitlement {
    pub(super) grant: Option<Grant>,
    pub(super) rights: Rights,
    /// How it is reckoned, in words.
    pub(super) reckoning: String,
}

/// What is granted beside money and days, whatever the combination.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rights {
    /// The beginnings of hours that are not charged, in order.
    pub(super) free_hours: Vec<Timestamp>,
    /// The customer may end the agreement.
    pub(super) terminates: bool,
}

impl Rights {
    pub(super) fn is_empty(&self) -> bool {
        self.free_hours.is_empty() && !self.terminates
    }

    /// Adds what another remedy grants. An hour is free once.
    pub(super) fn add(&mut self, other: Self) {
        self.free_hours.extend(other.free_hours);
        self.free_hours.sort_unstable();
        self.free_hours.dedup();
        self.terminates |= other.terminates;
    }
}
