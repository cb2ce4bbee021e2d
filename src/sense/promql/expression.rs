//! The expressions Guarantor is willing to ask, as a tree that cannot say anything else.
//!
//! The parser's own tree also holds offsets, subqueries, alternatives inside braces and selectors
//! without a name. None of them has a place here, so what [`super::parse`] refused cannot be
//! printed by a later stage by mistake. Every range selector is the slot: its length is not part of
//! the tree but is given when printing. Numbers are kept as text, so no float is ever computed with.

use std::collections::BTreeSet;

use super::functions;

/// How a matcher compares a label with its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Comparison {
    /// `=`: exactly this value.
    Equal,
    /// `!=`: any other value.
    NotEqual,
    /// `=~`: the whole value matches the regular expression.
    Matches,
    /// `!~`: the whole value does not match the regular expression.
    NotMatches,
}

impl Comparison {
    /// The operator as `PromQL` writes it.
    pub(super) const fn operator(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Matches => "=~",
            Self::NotMatches => "!~",
        }
    }
}

/// One condition on one label of a selector.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Matcher {
    /// The label's name.
    pub(super) label: String,
    /// How it is compared.
    pub(super) comparison: Comparison,
    /// The value or regular expression, unquoted.
    pub(super) value: String,
}

impl Matcher {
    /// The matcher `label = value`.
    pub(super) fn equal(label: impl Into<String>, value: impl Into<String>) -> Self {
        Self { label: label.into(), comparison: Comparison::Equal, value: value.into() }
    }

    /// Whether this demands one value that is not the empty one. `label=""` also matches series
    /// without the label, so it can neither name a tenant nor tell rows apart.
    pub(super) fn names_a_value(&self) -> bool {
        self.comparison == Comparison::Equal && !self.value.is_empty()
    }
}

/// A named metric with its conditions. The set is ordered and holds nothing twice, so two ways of
/// writing the same selector are the same selector.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Selector {
    pub(super) metric: String,
    pub(super) matchers: BTreeSet<Matcher>,
}

/// What an aggregation keeps of its labels.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Grouping {
    /// No clause: one group.
    All,
    By(Vec<String>),
    Without(Vec<String>),
}

/// The labels two vectors are matched on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum MatchingLabels {
    On(Vec<String>),
    Ignoring(Vec<String>),
}

/// Which side of a binary operator may have several series per match, and the labels it takes over.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Many {
    Left(Vec<String>),
    Right(Vec<String>),
}

/// The words between a binary operator and its right side.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Matching {
    pub(super) returns_bool: bool,
    pub(super) labels: Option<MatchingLabels>,
    pub(super) many: Option<Many>,
}

/// One node of the tree.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Node {
    /// A number, as it is printed.
    Number(String),
    /// A string, unquoted.
    Text(String),
    /// `metric{…}`: the newest sample.
    Instant(Selector),
    /// `metric{…}[$slot]`.
    Range(Selector),
    Call {
        function: &'static str,
        arguments: Vec<Node>,
    },
    Aggregate {
        operator: String,
        grouping: Grouping,
        parameter: Option<Box<Node>>,
        operand: Box<Node>,
    },
    Negation(Box<Node>),
    Paren(Box<Node>),
    Binary {
        operator: String,
        matching: Matching,
        left: Box<Node>,
        right: Box<Node>,
    },
}

impl Node {
    /// The node inside any number of parentheses.
    pub(super) fn bare(&self) -> &Self {
        let mut node = self;
        while let Self::Paren(inner) = node {
            node = inner;
        }
        node
    }

    /// The nodes directly below.
    pub(super) fn children(&self) -> Vec<&Self> {
        match self {
            Self::Number(_) | Self::Text(_) | Self::Instant(_) | Self::Range(_) => Vec::new(),
            Self::Call { arguments, .. } => arguments.iter().collect(),
            Self::Aggregate { parameter, operand, .. } => {
                parameter.as_deref().into_iter().chain([operand.as_ref()]).collect()
            }
            Self::Negation(inner) | Self::Paren(inner) => vec![inner],
            Self::Binary { left, right, .. } => vec![left, right],
        }
    }

    /// The first function at or below this node whose result is an estimate.
    pub(super) fn estimate(&self) -> Option<&'static str> {
        match self {
            Self::Call { function, .. } if functions::estimates(function) => Some(function),
            other => other.children().into_iter().find_map(Self::estimate),
        }
    }

    /// How many selectors there are at or below this node.
    pub(super) fn selectors(&self) -> usize {
        match self {
            Self::Instant(_) | Self::Range(_) => 1,
            Self::Number(_)
            | Self::Text(_)
            | Self::Call { .. }
            | Self::Aggregate { .. }
            | Self::Negation(_)
            | Self::Paren(_)
            | Self::Binary { .. } => self.children().into_iter().map(Self::selectors).sum(),
        }
    }
}

/// An indicator's expression that was read, bounded and found answerable, but belongs to no tenant
/// yet. It cannot be asked before [`Expression::confine`].
///
/// Its `Display` is the expression in normal form, with `[$slot]` for every range.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Expression {
    pub(super) root: Node,
}

impl Expression {
    /// A function in it that guesses how values are spread within a bucket of a histogram.
    #[must_use]
    pub fn estimate(&self) -> Option<&'static str> {
        self.root.estimate()
    }
}
