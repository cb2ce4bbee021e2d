//! A metric as it was scraped, of one tenant: the series that the scaling law is fed with.
//!
//! Unlike an indicator it counts nothing by itself. It is asked at the steps of a range, each with the newest sample
//! before it, and what passed between two steps is reckoned from the answers. Confined like every other selector.

use super::confine::ConfinedExpression;
use super::expression::{Expression, Grouping, Matcher, Node, Selector};
use super::lift::{Taken, taken};
use super::refusal::Refusal;
use super::{latency, parse, print};

/// Label values that every selected series must carry.
type Tenancy = [(String, String)];

/// A metric with its matchers, those of its tenant among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scraped {
    selector: Selector,
}

impl Scraped {
    /// A metric with its matchers, as a user wrote it.
    ///
    /// # Errors
    /// The first reason not to accept it.
    pub fn parse(text: &str, tenancy: &Tenancy) -> Result<Self, Refusal> {
        Self::confined(parse::metric(text)?, tenancy)
    }

    /// The counter that an expression sums up: `m` of `sum(increase(m[$slot]))`.
    ///
    /// # Errors
    /// The first reason not to accept it; that it is another expression.
    pub fn counted_by(text: &str, tenancy: &Tenancy) -> Result<Self, Refusal> {
        let expression = Expression::parse(text)?;
        let Node::Aggregate { operator, grouping: Grouping::All, parameter: None, operand } = expression.root.bare()
        else {
            return Err(Refusal::NotOneCounter);
        };
        match taken(operator, operand) {
            Some((Taken::Increase | Taken::Rate, selector)) => Self::confined(selector.clone(), tenancy),
            _ => Err(Refusal::NotOneCounter),
        }
    }

    /// A part of a histogram: `_bucket` or `_count`.
    ///
    /// # Errors
    /// A name that is none or is that of a part of the histogram; a selector that sets `le`.
    pub fn histogram(name: &str, labels: &[(String, String)], part: &str, tenancy: &Tenancy) -> Result<Self, Refusal> {
        latency::check(name, labels.iter().map(|(label, _)| label.as_str()))?;
        let matchers = labels.iter().map(|(label, value)| Matcher::equal(label, value)).collect();
        Self::confined(Selector { metric: format!("{name}{part}"), matchers }, tenancy)
    }

    fn confined(selector: Selector, tenancy: &Tenancy) -> Result<Self, Refusal> {
        let ConfinedExpression { root, .. } = Expression { root: Node::Instant(selector) }.confine(tenancy)?;
        match root {
            Node::Instant(selector) => Ok(Self { selector }),
            _ => Err(Refusal::NotASelector),
        }
    }

    /// The query for one row for all series that agree in these labels.
    #[must_use]
    pub fn sum_by(&self, labels: &[&str]) -> String {
        let labels: Vec<String> = labels.iter().map(ToString::to_string).collect();
        format!("sum by {} ({})", print::names(&labels), self.selector)
    }

    /// The query for the sum of all series.
    #[must_use]
    pub fn sum(&self) -> String {
        format!("sum({})", self.selector)
    }

    /// The query for the instant of the newest sample of the series that agree in a label, in seconds since 1970.
    #[must_use]
    pub fn newest_by(&self, label: &str) -> String {
        format!("max by {} (timestamp({}))", print::names(&[label.to_owned()]), self.selector)
    }

    /// The query for the number of series that agree in a label.
    #[must_use]
    pub fn count_by(&self, label: &str) -> String {
        format!("count by {} ({})", print::names(&[label.to_owned()]), self.selector)
    }

    /// The query for the increase per second of all series, over a window of so many seconds.
    #[must_use]
    pub fn rate(&self, window_seconds: u32) -> String {
        format!("sum(rate({}[{window_seconds}s]))", self.selector)
    }
}
