//! One line of the reckoning: a tier or a remedy, what it comes to, and what became of it.

use num_rational::BigRational;

use super::entitlement::Grant;

/// One line of the reckoning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The objective.
    pub objective: String,
    /// Where it comes from.
    pub source: Source,
    /// How it is reckoned, in words.
    pub reckoning: String,
    /// What it comes to by itself. `None`: nothing that could be combined.
    pub grant: Option<Grant>,
    /// Whether it is part of the sum after combination, or a right that stands beside it.
    pub granted: bool,
    /// Why it is not granted; empty where it is.
    pub not_granted: String,
    /// Days of service after combination and cap.
    pub service_days: i64,
    /// For each currency in which it comes to something.
    pub money: Vec<LineMoney>,
}

/// Where a line comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A tier, by its upper bound as written.
    Below(String),
    /// A tier whose upper bound belongs to it.
    AtMost(String),
    /// A remedy, by its name.
    Remedy(String),
    /// The objective, which grants nothing.
    Objective,
}

/// What a line comes to in one currency, in major units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineMoney {
    /// ISO 4217.
    pub currency: String,
    /// By itself, before combination and caps.
    pub by_itself: BigRational,
    /// Its part of the sum after both.
    pub granted: BigRational,
}

impl Line {
    /// A line that says why an objective neither grants nor denies.
    pub(super) fn silent(objective: &str, why: &str) -> Self {
        Self { not_granted: why.to_owned(), ..Self::new(objective, Source::Objective, None, String::new()) }
    }

    /// The line of a tier.
    pub(super) fn of_tier(objective: &str, source: Source, grant: Grant, reckoning: String) -> Self {
        Self::new(objective, source, Some(grant), reckoning)
    }

    /// The line of a remedy. `right`: it grants something that stands beside the combination.
    pub(super) fn of_remedy(objective: &str, name: &str, grant: Option<Grant>, right: bool, reckoning: String) -> Self {
        let line = Self::new(objective, Source::Remedy(name.to_owned()), grant, reckoning);
        Self { granted: right && line.grant.is_none(), ..line }
    }

    fn new(objective: &str, source: Source, grant: Option<Grant>, reckoning: String) -> Self {
        Self {
            objective: objective.to_owned(),
            source,
            reckoning,
            grant,
            granted: false,
            not_granted: String::new(),
            service_days: 0,
            money: Vec::new(),
        }
    }

    /// What the customer calls it: the remedy's name, or the objective whose tier it is.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.source {
            Source::Remedy(name) => name,
            Source::Below(_) | Source::AtMost(_) | Source::Objective => &self.objective,
        }
    }
}
