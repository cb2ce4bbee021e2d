//! No selector leaves without its tenant's matchers.

use super::expressions::{METRICS, expression};
use crate::sense::promql::{Expression, IncreaseForm, Refusal};
use promql_parser::label::{MatchOp, Matchers};
use promql_parser::parser::Expr;
use proptest::prelude::*;

fn tenancy() -> Vec<(String, String)> {
    vec![("namespace".to_owned(), "shop".to_owned()), ("cluster".to_owned(), "e\"u\\1".to_owned())]
}

/// All selectors of a query, by the parser's tree and not by ours.
fn selectors<'a>(expr: &'a Expr, found: &mut Vec<&'a Matchers>) {
    match expr {
        Expr::VectorSelector(selector) => found.push(&selector.matchers),
        Expr::MatrixSelector(matrix) => found.push(&matrix.vs.matchers),
        Expr::Aggregate(aggregate) => {
            if let Some(parameter) = &aggregate.param {
                selectors(parameter, found);
            }
            selectors(&aggregate.expr, found);
        }
        Expr::Unary(unary) => selectors(&unary.expr, found),
        Expr::Paren(paren) => selectors(&paren.expr, found),
        Expr::Subquery(subquery) => selectors(&subquery.expr, found),
        Expr::Binary(binary) => {
            selectors(&binary.lhs, found);
            selectors(&binary.rhs, found);
        }
        Expr::Call(call) => call.args.args.iter().for_each(|arg| selectors(arg, found)),
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => {}
    }
}

fn written(text: &str) -> usize {
    METRICS.iter().map(|metric| text.matches(metric).count()).sum()
}

proptest! {
    #[test]
    fn every_selector_carries_every_matcher(text in expression()) {
        let confined = Expression::parse(&text).unwrap().confine(&tenancy()).unwrap();
        let printed = confined.text(60_000, IncreaseForm::Raw);
        let parsed = promql_parser::parser::parse(&printed).unwrap();
        let mut found = Vec::new();
        selectors(&parsed, &mut found);
        prop_assert_eq!(found.len(), written(&text));
        for matchers in found {
            prop_assert!(matchers.or_matchers.is_empty());
            for (label, value) in tenancy() {
                let carries = matchers.matchers.iter().any(|matcher| {
                    matcher.op == MatchOp::Equal && matcher.name == label && matcher.value == value
                });
                prop_assert!(carries, "{} misses {} in {}", matchers, label, printed);
            }
        }
    }
}

#[test]
fn a_matcher_is_added_even_where_the_label_is_already_there() {
    let table = [
        ("m{namespace=\"other\"}", "m{namespace=\"other\",namespace=\"shop\"}"),
        ("m{namespace=~\".*\"}", "m{namespace=\"shop\",namespace=~\".*\"}"),
        ("m{namespace=\"shop\"}", "m{namespace=\"shop\"}"),
        ("m", "m{namespace=\"shop\"}"),
    ];
    let shop = [("namespace".to_owned(), "shop".to_owned())];
    for (selector, expected) in table {
        let expression = Expression::parse(&format!("sum(increase({selector}[$slot]))")).unwrap();
        assert_eq!(
            expression.confine(&shop).unwrap().text(1, IncreaseForm::Native),
            format!("sum(increase({expected}[1ms]))")
        );
    }
}

#[test]
fn the_parameter_of_an_aggregation_does_not_escape() {
    let text = "sum(topk(scalar(sum(secret)), increase(m[$slot])))";
    let shop = [("namespace".to_owned(), "shop".to_owned())];
    let confined = Expression::parse(text).unwrap().confine(&shop).unwrap();
    assert_eq!(
        confined.text(1, IncreaseForm::Native),
        "sum(topk(scalar(sum(secret{namespace=\"shop\"})), increase(m{namespace=\"shop\"}[1ms])))"
    );
}

#[test]
fn a_tenancy_label_can_be_read_but_not_written() {
    let refused = [
        "label_replace(increase(m[$slot]), \"namespace\", \"other\", \"\", \"\")",
        "label_replace(increase(m[$slot]), (\"namespace\"), \"other\", \"\", \"\")",
        "label_join(increase(m[$slot]), \"namespace\", \",\", \"a\")",
        "count_values(\"namespace\", increase(m[$slot]))",
        "abs(max by (a) (label_replace(increase(m[$slot]), \"namespace\", \"o\", \"\", \"\")))",
    ];
    for text in refused {
        let text = format!("sum({text})");
        let refusal = Expression::parse(&text).unwrap().confine(&tenancy()).unwrap_err();
        assert!(matches!(refusal, Refusal::WritesTenancyLabel { .. }), "{text}: {refusal}");
    }
    let accepted = [
        "label_replace(increase(m[$slot]), \"a\", \"$1\", \"namespace\", \"(.*)\")",
        "sum by (namespace) (increase(m[$slot]))",
    ];
    for text in accepted {
        let text = format!("sum({text})");
        assert!(Expression::parse(&text).unwrap().confine(&tenancy()).is_ok(), "{text}");
    }
}

#[test]
fn a_matcher_that_would_not_confine_is_refused() {
    let expression = Expression::parse("sum(increase(m[$slot]))").unwrap();
    for (label, value) in [("", "a"), ("namespace", ""), ("__name__", "a")] {
        let pair = (label.to_owned(), value.to_owned());
        assert!(matches!(expression.confine(&[pair]), Err(Refusal::Tenancy { .. })));
    }
}
