//! The two expressions of a latency indicator over a classic histogram.

use super::buckets::Bound;
use super::expression::{Expression, Grouping, Matcher, Node, Selector};
use super::joined::one_of;
use super::refusal::Refusal;
use promql_parser::label::{BUCKET_LABEL, METRIC_NAME};
use std::collections::BTreeSet;

/// How many requests were fast enough, and how many there were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LatencyExpressions {
    /// The bucket that ends at the threshold, in all its spellings.
    pub good: Expression,
    /// The histogram's own count, of the same series.
    pub total: Expression,
}

/// Checks the name of a histogram and the labels that select its series.
///
/// # Errors
/// A name that is none or is that of a part of the histogram; a selector that sets `le`.
pub(super) fn check<'a>(histogram: &str, labels: impl Iterator<Item = &'a str>) -> Result<(), Refusal> {
    let is_part = ["_bucket", "_count", "_sum"].iter().any(|suffix| histogram.ends_with(suffix));
    if histogram.is_empty() || is_part {
        return Err(Refusal::HistogramName { name: histogram.to_owned() });
    }
    for label in labels {
        if label.is_empty() || label == BUCKET_LABEL || label == METRIC_NAME {
            return Err(Refusal::HistogramLabel { label: label.to_owned() });
        }
    }
    Ok(())
}

/// Builds the expressions for a histogram, the labels that select its series, and the bound that is
/// the threshold.
///
/// # Errors
/// A name that is none or is that of a part of the histogram; a selector that sets `le`.
pub fn latency(histogram: &str, selector: &[(String, String)], bound: &Bound) -> Result<LatencyExpressions, Refusal> {
    check(histogram, selector.iter().map(|(label, _)| label.as_str()))?;
    let matchers: BTreeSet<Matcher> = selector.iter().map(|(label, value)| Matcher::equal(label, value)).collect();
    let spellings: BTreeSet<&str> = bound.spellings().iter().map(String::as_str).collect();
    let mut good = matchers.clone();
    good.insert(one_of(BUCKET_LABEL, &spellings));
    Ok(LatencyExpressions {
        good: summed_increase(format!("{histogram}_bucket"), good),
        total: summed_increase(format!("{histogram}_count"), matchers),
    })
}

fn summed_increase(metric: String, matchers: BTreeSet<Matcher>) -> Expression {
    Expression {
        root: Node::Aggregate {
            operator: "sum".to_owned(),
            grouping: Grouping::All,
            parameter: None,
            operand: Box::new(Node::Call {
                function: "increase",
                arguments: vec![Node::Range(Selector { metric, matchers })],
            }),
        },
    }
}
