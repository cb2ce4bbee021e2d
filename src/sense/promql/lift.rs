//! Which expressions can be asked together.
//!
//! `sum(increase(m{a="1",b=~"2.."}[$slot]))` is taken apart into its shape (function, metric, matchers
//! that stay, names of the labels that vary) and its key (their values). Expressions of one shape
//! become one query with `sum by (…)`.
//!
//! Only plain equality is lifted: `!=`, `=~` and `!~` stay in the shape, and so does `le`, which is
//! a number written as a label. Not lifted, but still understood as a counter, are selectors that no
//! key could tell apart: `job=""`, or one label with two values. Everything else is asked as it is.

use super::confine::ConfinedExpression;
use super::expression::{Comparison, Grouping, Matcher, Node, Selector};
use promql_parser::label::BUCKET_LABEL;
use std::collections::{BTreeMap, BTreeSet};

/// What is taken of a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum CounterFunction {
    Increase,
    /// The increase per second.
    Rate,
}

impl CounterFunction {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Increase => "increase",
            Self::Rate => "rate",
        }
    }
}

/// What expressions must have in common to be asked together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shape {
    pub(super) function: CounterFunction,
    pub(super) metric: String,
    pub(super) fixed: BTreeSet<Matcher>,
    /// The labels whose values vary, sorted.
    pub(super) keys: Vec<String>,
    /// The labels that tell tenants apart.
    pub(super) tenancy: BTreeSet<String>,
}

/// An expression seen as a counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lift {
    pub(super) shape: Shape,
    /// The values of the shape's keys, in their order.
    pub(super) key: Vec<String>,
    /// Whether others can join it.
    pub(super) joinable: bool,
}

/// Sees an expression as a counter; `None` if it is anything but an ungrouped sum of one.
pub(super) fn lift(expression: &ConfinedExpression) -> Option<Lift> {
    let (function, selector) = counter(&expression.root)?;
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
        shape: Shape { function, metric: selector.metric.clone(), fixed, keys, tenancy: expression.tenancy.clone() },
        key,
        joinable,
    })
}

fn counter(root: &Node) -> Option<(CounterFunction, &Selector)> {
    let Node::Aggregate { operator, grouping: Grouping::All, parameter: None, operand } = root.bare() else {
        return None;
    };
    let Node::Call { function, arguments } = operand.bare() else {
        return None;
    };
    let [Node::Range(selector)] = arguments.as_slice() else {
        return None;
    };
    let function = match *function {
        "increase" => CounterFunction::Increase,
        "rate" => CounterFunction::Rate,
        _ => return None,
    };
    (operator == "sum").then_some((function, selector))
}
