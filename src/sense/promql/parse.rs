//! From text to [`Expression`]: the whitelist.
//!
//! The match over the parser's tree names every kind of node, so that a kind a new version adds does
//! not compile before someone has decided about it. The parser's visitor is not used: it skips the
//! parameter of an aggregation and the selector inside a range.

use super::breadth::Breadth;
use super::expression::{Comparison, Expression, Grouping, Many, Matcher, Matching, MatchingLabels, Node, Selector};
use super::functions;
use super::prescan;
use super::refusal::Refusal;
use super::template;
use super::tokens::{Kind, tokens};
use promql_parser::label::{METRIC_NAME, MatchOp, Matcher as ParsedMatcher};
use promql_parser::parser::{
    AggregateExpr, BinaryExpr, Expr, LabelModifier, VectorMatchCardinality, VectorSelector, parse,
};

impl Expression {
    /// Reads an indicator's expression.
    ///
    /// # Errors
    /// The first reason not to accept it. Nothing is repaired and nothing ignored.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        prescan::check_length(text)?;
        let tokens = tokens(text)?;
        prescan::check_tokens(&tokens)?;
        let parsed = parse(&template::substitute(&tokens)?).map_err(syntax)?;
        let root = node(&parsed)?;
        if root.selectors() == 0 {
            return Err(Refusal::NoSelector);
        }
        if matches!(root.bare(), Node::Text(_)) {
            return Err(Refusal::NotANumber);
        }
        let expression = Self { root };
        if expression.breadth() == Breadth::PerSeries {
            return Err(Refusal::NotAggregated);
        }
        Ok(expression)
    }
}

/// Reads a metric with its matchers, and nothing around it.
///
/// # Errors
/// The first reason not to accept it.
pub(super) fn metric(text: &str) -> Result<Selector, Refusal> {
    prescan::check_length(text)?;
    let tokens = tokens(text)?;
    prescan::check_tokens(&tokens)?;
    if tokens.iter().any(|token| matches!(token.kind, Kind::Range | Kind::Placeholder)) {
        return Err(Refusal::NotASelector);
    }
    match parse(text).map_err(syntax)? {
        Expr::VectorSelector(selected) => selector(&selected),
        _ => Err(Refusal::NotASelector),
    }
}

fn syntax(message: String) -> Refusal {
    if message.starts_with("illegal regex") { Refusal::Regex { message } } else { Refusal::Syntax { message } }
}

fn node(expr: &Expr) -> Result<Node, Refusal> {
    match expr {
        Expr::NumberLiteral(number) => Ok(Node::Number(number.to_string())),
        Expr::StringLiteral(text) => Ok(Node::Text(text.val.clone())),
        Expr::VectorSelector(selected) => Ok(Node::Instant(selector(selected)?)),
        Expr::MatrixSelector(matrix) => {
            if matrix.range != template::STAND_IN {
                return Err(Refusal::RangeNotSlot { found: format!("{} s", matrix.range.as_secs()) });
            }
            Ok(Node::Range(selector(&matrix.vs)?))
        }
        Expr::Call(call) => Ok(Node::Call {
            function: functions::allowed(call.func.name)?,
            arguments: call.args.args.iter().map(|argument| node(argument)).collect::<Result<_, _>>()?,
        }),
        Expr::Aggregate(aggregate) => aggregation(aggregate),
        Expr::Unary(unary) => Ok(Node::Negation(Box::new(node(&unary.expr)?))),
        Expr::Paren(paren) => Ok(match node(&paren.expr)? {
            // Parentheses around a range mean nothing, and would hide it from `anchored`.
            range @ Node::Range(_) => range,
            inner => Node::Paren(Box::new(inner)),
        }),
        Expr::Binary(operation) => binary(operation),
        Expr::Subquery(subquery) => Err(Refusal::Subquery { found: format!("{} s:", subquery.range.as_secs()) }),
        Expr::Extension(extension) => {
            Err(Refusal::Construct { construct: extension.expr.name().to_owned(), advice: "it is not part of PromQL" })
        }
    }
}

fn selector(parsed: &VectorSelector) -> Result<Selector, Refusal> {
    if parsed.offset.is_some() {
        return Err(Refusal::Offset);
    }
    if parsed.at.is_some() {
        return Err(Refusal::At);
    }
    // Some stores read `or` inside braces as alternatives. A matcher pushed beside them would
    // confine one alternative at most.
    if !parsed.matchers.or_matchers.is_empty() {
        return Err(Refusal::Alternatives);
    }
    let (names, others): (Vec<&ParsedMatcher>, Vec<&ParsedMatcher>) =
        parsed.matchers.matchers.iter().partition(|matcher| matcher.name == METRIC_NAME);
    let metric = match (&parsed.name, names.as_slice()) {
        (Some(name), []) => name.clone(),
        (None, [only]) if only.op == MatchOp::Equal => only.value.clone(),
        (_, _) => String::new(),
    };
    if metric.is_empty() {
        return Err(Refusal::Nameless { found: parsed.matchers.to_string() });
    }
    Ok(Selector { metric, matchers: others.into_iter().map(matcher).collect() })
}

fn matcher(parsed: &ParsedMatcher) -> Matcher {
    Matcher {
        label: parsed.name.clone(),
        comparison: match &parsed.op {
            MatchOp::Equal => Comparison::Equal,
            MatchOp::NotEqual => Comparison::NotEqual,
            MatchOp::Re(_) => Comparison::Matches,
            MatchOp::NotRe(_) => Comparison::NotMatches,
        },
        value: parsed.value.clone(),
    }
}

fn aggregation(parsed: &AggregateExpr) -> Result<Node, Refusal> {
    let grouping = match &parsed.modifier {
        None => Grouping::All,
        Some(LabelModifier::Include(labels)) if labels.is_empty() => Grouping::All,
        Some(LabelModifier::Include(labels)) => Grouping::By(labels.labels.clone()),
        Some(LabelModifier::Exclude(labels)) => Grouping::Without(labels.labels.clone()),
    };
    Ok(Node::Aggregate {
        operator: parsed.op.to_string(),
        grouping,
        parameter: match &parsed.param {
            Some(parameter) => Some(Box::new(node(parameter)?)),
            None => None,
        },
        operand: Box::new(node(&parsed.expr)?),
    })
}

fn binary(parsed: &BinaryExpr) -> Result<Node, Refusal> {
    let operator = parsed.op.to_string();
    let left = node(&parsed.lhs)?;
    let right = node(&parsed.rhs)?;
    if operator == "or" && (left.selectors() == 0 || right.selectors() == 0) {
        return Err(Refusal::DefaultForAbsence);
    }
    let matching = match &parsed.modifier {
        None => Matching::default(),
        Some(modifier) => {
            if modifier.fill_values.lhs.is_some() || modifier.fill_values.rhs.is_some() {
                return Err(Refusal::Fill);
            }
            Matching {
                returns_bool: modifier.return_bool,
                labels: modifier.matching.as_ref().map(|labels| match labels {
                    LabelModifier::Include(on) => MatchingLabels::On(on.labels.clone()),
                    LabelModifier::Exclude(ignored) => MatchingLabels::Ignoring(ignored.labels.clone()),
                }),
                many: match &modifier.card {
                    VectorMatchCardinality::ManyToOne(taken) => Some(Many::Left(taken.labels.clone())),
                    VectorMatchCardinality::OneToMany(taken) => Some(Many::Right(taken.labels.clone())),
                    VectorMatchCardinality::OneToOne | VectorMatchCardinality::ManyToMany => None,
                },
            }
        }
    };
    Ok(Node::Binary { operator, matching, left: Box::new(left), right: Box::new(right) })
}
