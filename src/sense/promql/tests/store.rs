//! A store in memory: slow, obvious, and reading the printed text with the parser, not with our tree.
//!
//! It knows `sum [by (…)] (f(selector[…]))` and answers with the sum of one whole number per series.

use crate::sense::promql::Row;
use promql_parser::label::METRIC_NAME;
use promql_parser::parser::{Expr, LabelModifier, VectorSelector, parse};
use std::collections::BTreeMap;

/// One series: its labels, its name among them, and what it counted in the slot.
#[derive(Clone, Debug)]
pub(super) struct Series {
    pub(super) labels: BTreeMap<String, String>,
    pub(super) increase: u64,
}

impl Series {
    fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }

    fn matches(&self, selector: &VectorSelector) -> bool {
        let named = selector.name.as_deref().is_none_or(|name| name == self.label(METRIC_NAME));
        let matched = selector.matchers.matchers.iter().all(|matcher| matcher.is_match(self.label(&matcher.name)));
        named && matched
    }
}

/// The answer to one query.
pub(super) fn answer(series: &[Series], query: &str) -> Vec<Row> {
    let parsed = parse(&query.replace(" anchored", "")).expect("the query is valid");
    let Expr::Aggregate(aggregate) = parsed else {
        panic!("not an aggregation: {query}");
    };
    let by = match aggregate.modifier {
        Some(LabelModifier::Include(labels)) => labels.labels,
        Some(LabelModifier::Exclude(_)) => panic!("without is unknown here: {query}"),
        None => Vec::new(),
    };
    let Expr::Call(call) = *aggregate.expr else {
        panic!("not a function of a counter: {query}");
    };
    let Some(Expr::MatrixSelector(matrix)) = call.args.first().map(|argument| *argument) else {
        panic!("not a range: {query}");
    };
    let mut groups: BTreeMap<BTreeMap<String, String>, u64> = BTreeMap::new();
    for one in series.iter().filter(|one| one.matches(&matrix.vs)) {
        let group = by
            .iter()
            .filter(|label| !one.label(label).is_empty())
            .map(|label| (label.clone(), one.label(label).to_owned()))
            .collect();
        *groups.entry(group).or_default() += one.increase;
    }
    groups.into_iter().map(|(labels, value)| Row { labels, value: value.to_string() }).collect()
}
