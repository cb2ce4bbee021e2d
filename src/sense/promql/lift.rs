//! Which expressions can be asked together.
//!
//! `sum(increase(m{a="1",b=~"2.."}[$slot]))` is taken apart into its shape (function, metric, matchers
//! that stay, names of the labels that vary) and its key (their values). Expressions of one shape
//! become one query with `sum by (…)`. So are levels, such as `max(max_over_time(m{a="1"}[$slot]))`.
//!
//! Only plain equality is lifted: `!=`, `=~` and `!~` stay in the shape, and so does `le`, which is
//! a number written as a label. Not lifted, but still understood, are selectors that no
//! key could tell apart: `job=""`, or one label with two values. Everything else is asked as it is.

use super::confine::ConfinedExpression;
use super::expression::{Comparison, Grouping, Matcher, Node, Selector};
use promql_parser::label::BUCKET_LABEL;
use std::collections::{BTreeMap, BTreeSet};

/// What is taken of a slot's series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Taken {
    /// The sum of the increases of counters.
    Increase,
    /// The same per second.
    Rate,
    /// What this aggregation makes of this function of each series. Nothing is counted, and nothing born.
    Level { aggregation: &'static str, function: &'static str },
}

impl Taken {
    pub(super) const fn function(self) -> &'static str {
        match self {
            Self::Increase => "increase",
            Self::Rate => "rate",
            Self::Level { function, .. } => function,
        }
    }

    pub(super) const fn aggregation(self) -> &'static str {
        match self {
            Self::Increase | Self::Rate => "sum",
            Self::Level { aggregation, .. } => aggregation,
        }
    }
}

/// Aggregations that give the same for one group as for the same group among others.
const AGGREGATIONS: [&str; 5] = ["avg", "count", "max", "min", "sum"];

/// Functions of one series in the slot that are no increase.
const LEVELS: [&str; 7] = [
    "avg_over_time",
    "count_over_time",
    "last_over_time",
    "max_over_time",
    "min_over_time",
    "present_over_time",
    "sum_over_time",
];

/// What expressions must have in common to be asked together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shape {
    pub(super) taken: Taken,
    pub(super) metric: String,
    pub(super) fixed: BTreeSet<Matcher>,
    /// The labels whose values vary, sorted.
    pub(super) keys: Vec<String>,
    /// The labels that tell tenants apart.
    pub(super) tenancy: BTreeSet<String>,
}

/// An expression seen as one figure of one metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lift {
    pub(super) shape: Shape,
    /// The values of the shape's keys, in their order.
    pub(super) key: Vec<String>,
    /// Whether others can join it.
    pub(super) joinable: bool,
}

/// Sees an expression as a counter or a level; `None` if it is anything but one ungrouped aggregation of it.
pub(super) fn lift(expression: &ConfinedExpression) -> Option<Lift> {
    let (taken, selector) = figure(&expression.root)?;
    let mut equal: BTreeMap<&str, &str> = BTreeMap::new();
    let mut fixed = BTreeSet::new();
    let mut joinable = true;
    for matcher in &selector.matchers {
        if matcher.names_a_value() && matcher.label != BUCKET_LABEL {
            joinable &= equal.insert(&matcher.label, &matcher.value).is_none();
        } else {
            joinable &= matcher.comparison != Comparison::Equal || !matcher.value.is_empty();
            fixed.insert(matcher.clone());
        }
    }
    let (fixed, keys, key) = if joinable {
        (fixed, equal.keys().map(ToString::to_string).collect(), equal.values().map(ToString::to_string).collect())
    } else {
        (selector.matchers.clone(), Vec::new(), Vec::new())
    };
    Some(Lift {
        shape: Shape { taken, metric: selector.metric.clone(), fixed, keys, tenancy: expression.tenancy.clone() },
        key,
        joinable,
    })
}

fn figure(root: &Node) -> Option<(Taken, &Selector)> {
    let Node::Aggregate { operator, grouping: Grouping::All, parameter: None, operand } = root.bare() else {
        return None;
    };
    taken(operator, operand)
}

/// What an aggregation takes of which metric, however it is grouped.
pub(super) fn taken<'a>(operator: &str, operand: &'a Node) -> Option<(Taken, &'a Selector)> {
    let Node::Call { function, arguments } = operand.bare() else {
        return None;
    };
    let [Node::Range(selector)] = arguments.as_slice() else {
        return None;
    };
    let taken = match *function {
        "increase" if operator == "sum" => Taken::Increase,
        "rate" if operator == "sum" => Taken::Rate,
        _ => {
            let aggregation = AGGREGATIONS.into_iter().find(|known| *known == operator)?;
            let function = LEVELS.into_iter().find(|known| known == function)?;
            Taken::Level { aggregation, function }
        }
    };
    Some((taken, selector))
}
