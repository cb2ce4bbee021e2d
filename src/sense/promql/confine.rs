//! Keeping a tenant at home: the source's tenancy matchers go into every selector.
//!
//! They are always added, even where the user already wrote the label: matchers are joined by "and",
//! so `{namespace="other"}` becomes empty and `{namespace=~".*"}` becomes narrow. A label that tells
//! tenants apart may be read but not written.
//!
//! Limits that no rewriting can lift: a metric without the label yields nothing, and a target that is
//! scraped with `honor_labels` can claim any tenant. Where the store knows tenants, its own header is
//! the stronger fence.

use super::expression::{Expression, Matcher, Node, Selector};
use super::form::IncreaseForm;
use super::print;
use super::refusal::Refusal;
use promql_parser::label::METRIC_NAME;
use std::collections::BTreeSet;

/// An expression that reads only its tenant's series. The only kind that can be asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConfinedExpression {
    pub(super) root: Node,
    /// The labels the tenancy matchers are on.
    pub(super) tenancy: BTreeSet<String>,
}

impl Expression {
    /// Confines every selector to the series whose labels have exactly these values. An empty list
    /// is a source without tenants: nothing is added.
    ///
    /// # Errors
    /// An empty name or value (`namespace=""` would match series without the label), or an
    /// expression that writes one of the labels.
    pub fn confine(&self, tenancy: &[(String, String)]) -> Result<ConfinedExpression, Refusal> {
        for (label, value) in tenancy {
            if label.is_empty() || value.is_empty() || label == METRIC_NAME {
                return Err(Refusal::Tenancy { label: label.clone(), value: value.clone() });
            }
        }
        let labels: BTreeSet<String> = tenancy.iter().map(|(label, _)| label.clone()).collect();
        let matchers: Vec<Matcher> = tenancy.iter().map(|(label, value)| Matcher::equal(label, value)).collect();
        let mut root = self.root.clone();
        confine(&mut root, &matchers, &labels)?;
        Ok(ConfinedExpression { root, tenancy: labels })
    }
}

impl ConfinedExpression {
    /// The text of this expression alone, over a slot of this length, for stores of this form.
    #[must_use]
    pub fn text(&self, slot_ms: u64, form: IncreaseForm) -> String {
        print::query(&self.root, slot_ms, form)
    }
}

fn confine(node: &mut Node, matchers: &[Matcher], labels: &BTreeSet<String>) -> Result<(), Refusal> {
    match node {
        Node::Number(_) | Node::Text(_) => Ok(()),
        Node::Instant(selector) | Node::Range(selector) => {
            push(selector, matchers);
            Ok(())
        }
        Node::Call { function, arguments } => {
            check_written(function, arguments, labels)?;
            arguments.iter_mut().try_for_each(|argument| confine(argument, matchers, labels))
        }
        Node::Aggregate { operator, grouping: _, parameter, operand } => {
            if let Some(parameter) = parameter {
                if operator == "count_values" {
                    check_label(operator, Some(parameter), labels)?;
                }
                confine(parameter, matchers, labels)?;
            }
            confine(operand, matchers, labels)
        }
        Node::Negation(inner) | Node::Paren(inner) => confine(inner, matchers, labels),
        Node::Binary { operator: _, matching: _, left, right } => {
            confine(left, matchers, labels)?;
            confine(right, matchers, labels)
        }
    }
}

fn push(selector: &mut Selector, matchers: &[Matcher]) {
    selector.matchers.extend(matchers.iter().cloned());
}

/// `label_replace(v, "label", …)` and `label_join(v, "label", …)` write their second argument.
fn check_written(function: &str, arguments: &[Node], labels: &BTreeSet<String>) -> Result<(), Refusal> {
    match function {
        "label_replace" | "label_join" => check_label(function, arguments.get(1), labels),
        _ => Ok(()),
    }
}

fn check_label(function: &str, written: Option<&Node>, labels: &BTreeSet<String>) -> Result<(), Refusal> {
    match written.map(Node::bare) {
        Some(Node::Text(label)) if labels.contains(label) => {
            Err(Refusal::WritesTenancyLabel { function: function.to_owned(), label: label.clone() })
        }
        Some(Node::Text(_)) => Ok(()),
        _ => Err(Refusal::UncheckableLabel { function: function.to_owned() }),
    }
}
