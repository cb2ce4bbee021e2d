//! The same figure with one row for every value of a label: `sum(increase(m[$slot]))` becomes
//! `sum by (pod) (increase(m[…]))`.
//!
//! Only sums of counters can be taken apart so that the parts add up to the whole: one of them, or several added to and
//! subtracted from each other. The terms are asked one by one and added here, since `a + b` by pod leaves out every pod
//! that has only one of the two. Confined as the expression is. What cannot be taken apart is refused with the reason.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_traits::Zero;

use super::confine::ConfinedExpression;
use super::expression::{Node, Selector};
use super::form::{IncreaseForm, Question};
use super::joined;
use super::lift::{Shape, Taken, taken};
use super::print;
use super::quantity::{Quantity, QuantityError, parse_quantity};
use super::raw::{LOOKBACK_MS, SampledSeries, measure};

/// Why a figure cannot be told by label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotByLabel {
    /// Something other than sums of counters.
    #[error("only sums of increases and rates, added or subtracted, can be taken apart")]
    NotASum,
    /// The label tells tenants apart, so every row has the same.
    #[error("the label that names pods is one that tells tenants apart")]
    TenancyLabel,
}

/// An expression that can be asked by label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByLabel {
    label: String,
    terms: Vec<Term>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    negative: bool,
    shape: Shape,
}

/// One query of several whose rows, added up, are the figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The query's text. It names no instant.
    pub query: String,
    /// Its answer is a range of samples, not a value.
    pub samples: bool,
    label: String,
    negative: bool,
    window_ms: u64,
    rate: bool,
}

impl ConfinedExpression {
    /// Takes the figure apart by the values of `label`.
    ///
    /// # Errors
    /// [`NotByLabel`].
    pub fn by_label(&self, label: &str) -> Result<ByLabel, NotByLabel> {
        if self.tenancy.contains(label) {
            return Err(NotByLabel::TenancyLabel);
        }
        let mut found = Vec::new();
        collect(&self.root, false, &mut found).ok_or(NotByLabel::NotASum)?;
        let term = |(negative, (taken, selector)): (bool, (Taken, &Selector))| Term {
            negative,
            shape: Shape {
                taken,
                metric: selector.metric.clone(),
                fixed: selector.matchers.clone(),
                keys: Vec::new(),
                tenancy: self.tenancy.clone(),
            },
        };
        Ok(ByLabel { label: label.to_owned(), terms: found.into_iter().map(term).collect() })
    }
}

/// Enters the terms of a sum with their signs; nothing if it is anything else.
fn collect<'a>(node: &'a Node, negative: bool, found: &mut Vec<(bool, (Taken, &'a Selector))>) -> Option<()> {
    match node.bare() {
        // However it was grouped: the indicator is one figure, so its groups are one.
        Node::Aggregate { operator, parameter: None, operand, .. } => {
            let counted = taken(operator, operand).filter(|(taken, _)| matches!(taken, Taken::Increase | Taken::Rate));
            found.push((negative, counted?));
            Some(())
        }
        Node::Binary { operator, left, right, .. } if operator == "+" || operator == "-" => {
            collect(left, negative, found)?;
            collect(right, negative != (operator == "-"), found)
        }
        _ => None,
    }
}

impl ByLabel {
    /// The queries for the figure over a window, in a store's form.
    #[must_use]
    pub fn pieces(&self, window_ms: u64, form: IncreaseForm) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for Term { negative, shape } in &self.terms {
            let rate = shape.taken == Taken::Rate;
            let mut ask = |question: Question| {
                let labels = std::slice::from_ref(&self.label);
                pieces.push(Piece {
                    query: joined::query_by(labels, question, form, window_ms, shape, &[]),
                    samples: question == Question::Samples,
                    label: self.label.clone(),
                    negative: *negative,
                    window_ms,
                    // Samples are subtracted here and are counts already.
                    rate: rate && question == Question::Value,
                });
            };
            ask(if form == IncreaseForm::Raw { Question::Samples } else { Question::Value });
            if !rate && matches!(form, IncreaseForm::Anchored | IncreaseForm::Raw) {
                // What a series had counted before it was first seen, where that certainly was in the window.
                ask(Question::AttributedBirths);
            }
        }
        pieces
    }

    /// The query for the instant of the newest sample by label, in seconds since 1970.
    #[must_use]
    pub fn newest(&self) -> Option<String> {
        let shape = &self.terms.first()?.shape;
        let selector = Selector { metric: shape.metric.clone(), matchers: shape.fixed.clone() };
        Some(format!("max by {} (timestamp({selector}))", print::names(std::slice::from_ref(&self.label))))
    }
}

impl Piece {
    /// Adds what came back to the sums by label. `end_ms` is the instant asked for. Rows without the label count under
    /// the empty value.
    ///
    /// # Errors
    /// A value that is not an exact number.
    pub fn add(
        &self,
        series: &[SampledSeries],
        end_ms: i64,
        sums: &mut BTreeMap<String, Quantity>,
    ) -> Result<(), QuantityError> {
        for one in series {
            let value = if self.samples {
                match measure(one, end_ms, self.window_ms, LOOKBACK_MS)? {
                    Some(found) => found.increase,
                    None => continue,
                }
            } else {
                let Some((_, text)) = one.samples.last() else { continue };
                parse_quantity(text)?
            };
            let seconds = Quantity::new(BigInt::from(self.window_ms), BigInt::from(1000));
            let value = if self.rate { value * seconds } else { value };
            let name = one.labels.get(&self.label).cloned().unwrap_or_default();
            let sum = sums.entry(name).or_insert_with(Quantity::zero);
            if self.negative {
                *sum -= value;
            } else {
                *sum += value;
            }
        }
        Ok(())
    }
}
