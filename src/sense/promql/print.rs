//! Text for the store, from our own tree.
//!
//! The parser's printing is not used: it knows no `anchored`, drops an empty `ignoring ()` before
//! `group_left`, and would print what a later stage must not send. Ranges are in milliseconds, which
//! every store reads alike. Parentheses are those of the user, so precedence is kept.

use super::expression::{Comparison, Expression, Grouping, Many, Matcher, Matching, MatchingLabels, Node, Selector};
use super::form::IncreaseForm;
use super::{functions, quote, template};
use std::fmt;

/// The query for one tree over a slot.
pub(super) fn query(root: &Node, slot_ms: u64, form: IncreaseForm) -> String {
    let range = format!("{slot_ms}ms");
    let anchored = match form {
        IncreaseForm::Anchored => " anchored",
        IncreaseForm::Native | IncreaseForm::Raw | IncreaseForm::Extrapolated => "",
    };
    Printer { range: &range, anchored }.node(root)
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let printer = Printer { range: template::PLACEHOLDER, anchored: "" };
        f.write_str(&printer.node(&self.root))
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", quote::label(&self.label), self.comparison.operator(), quote::string(&self.value))
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut inside: Vec<String> = self.matchers.iter().map(Matcher::to_string).collect();
        if quote::is_plain_metric(&self.metric) {
            f.write_str(&self.metric)?;
        } else {
            let name = Matcher {
                label: promql_parser::label::METRIC_NAME.to_owned(),
                comparison: Comparison::Equal,
                value: self.metric.clone(),
            };
            inside.insert(0, name.to_string());
        }
        if inside.is_empty() { Ok(()) } else { write!(f, "{{{}}}", inside.join(",")) }
    }
}

/// A list of label names in parentheses.
pub(super) fn names(labels: &[String]) -> String {
    let quoted: Vec<String> = labels.iter().map(|label| quote::label(label)).collect();
    format!("({})", quoted.join(", "))
}

struct Printer<'a> {
    /// What stands between the brackets.
    range: &'a str,
    /// What follows the bracket inside a function that can be anchored.
    anchored: &'a str,
}

impl Printer<'_> {
    fn node(&self, node: &Node) -> String {
        match node {
            Node::Number(number) => number.clone(),
            Node::Text(text) => quote::string(text),
            Node::Instant(selector) => selector.to_string(),
            Node::Range(selector) => format!("{selector}[{}]", self.range),
            Node::Call { function, arguments } => {
                let printed: Vec<String> = arguments.iter().map(|argument| self.argument(function, argument)).collect();
                format!("{function}({})", printed.join(", "))
            }
            Node::Aggregate { operator, grouping, parameter, operand } => {
                let clause = match grouping {
                    Grouping::All => String::new(),
                    Grouping::By(labels) => format!(" by {} ", names(labels)),
                    Grouping::Without(labels) => format!(" without {} ", names(labels)),
                };
                let parameter =
                    parameter.as_ref().map(|parameter| format!("{}, ", self.node(parameter))).unwrap_or_default();
                format!("{operator}{clause}({parameter}{})", self.node(operand))
            }
            Node::Negation(inner) => format!("-{}", self.node(inner)),
            Node::Paren(inner) => format!("({})", self.node(inner)),
            Node::Binary { operator, matching, left, right } => {
                format!("{} {operator}{} {}", self.node(left), clause(matching), self.node(right))
            }
        }
    }

    fn argument(&self, function: &str, argument: &Node) -> String {
        let printed = self.node(argument);
        if functions::takes_anchored(function) && matches!(argument, Node::Range(_)) {
            printed + self.anchored
        } else {
            printed
        }
    }
}

fn clause(matching: &Matching) -> String {
    let returns_bool = if matching.returns_bool { " bool" } else { "" };
    let labels = match &matching.labels {
        None => String::new(),
        Some(MatchingLabels::On(labels)) => format!(" on {}", names(labels)),
        Some(MatchingLabels::Ignoring(labels)) => format!(" ignoring {}", names(labels)),
    };
    let many = match &matching.many {
        None => String::new(),
        Some(Many::Left(labels)) => format!(" group_left {}", names(labels)),
        Some(Many::Right(labels)) => format!(" group_right {}", names(labels)),
    };
    format!("{returns_bool}{labels}{many}")
}
