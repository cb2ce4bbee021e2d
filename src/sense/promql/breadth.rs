//! How many series an expression can answer with.
//!
//! An indicator is one figure. An aggregation without grouping, a scalar, and whatever is computed
//! from these alone is certainly one series. A grouping (`sum by (job)`, `topk`) may still be one,
//! because its selector pins the grouped labels; that is only known when the answer is there, and
//! more than one series is then an outcome of its own. What has no aggregation at all has one series
//! per target and is refused: it would work until the second replica starts.

use super::expression::{Expression, Grouping, Node};

/// How many series an expression can answer with, narrowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Breadth {
    /// Never more than one.
    One,
    /// One per group: checked when the answer comes.
    Grouped,
    /// One per time series of the metric: refused.
    PerSeries,
}

/// The aggregations that give one series per group. The others pick series or make labels.
const FOLDS: &[&str] = &["avg", "count", "group", "max", "min", "quantile", "stddev", "stdvar", "sum"];

impl Expression {
    /// How many series this can answer with.
    #[must_use]
    pub fn breadth(&self) -> Breadth {
        breadth(&self.root)
    }
}

fn breadth(node: &Node) -> Breadth {
    match node {
        Node::Instant(_) | Node::Range(_) => Breadth::PerSeries,
        Node::Aggregate { operator, grouping, .. } => match grouping {
            Grouping::All if FOLDS.contains(&operator.as_str()) => Breadth::One,
            Grouping::All | Grouping::By(_) | Grouping::Without(_) => Breadth::Grouped,
        },
        Node::Number(_) | Node::Text(_) | Node::Call { function: "scalar" | "vector", .. } => Breadth::One,
        // `and` and `unless` only take from the left side.
        Node::Binary { operator, left, .. } if operator == "and" || operator == "unless" => breadth(left),
        Node::Call { .. } | Node::Negation(_) | Node::Paren(_) | Node::Binary { .. } => widest(node),
    }
}

fn widest(node: &Node) -> Breadth {
    node.children().into_iter().map(breadth).max().unwrap_or(Breadth::One)
}
