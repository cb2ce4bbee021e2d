//! Conditions on an agreement's parameters: `tier != 'gold' || zones >= 2`.
//!
//! They are written in CEL and parsed by the `cel` crate, which comes with kube. Only what compares, joins and looks into
//! scalars is let through: a comprehension could keep the operator busy for minutes, and the crate panics where it has
//! something yet to do (message types). Whoever writes a rule is told what is not let through. The values are found here
//! ([`evaluation`]), because the crate takes a fraction for a float, and the number 2 and the text '2' for unequal.

mod decimals;
mod evaluation;
mod scalar;

use kube::core::cel::cel::common::ast::{CallExpr, Expr, LiteralValue};
use kube::core::cel::cel::{IdedExpr, Program};

use crate::api::parameter::{Parameter, ParameterRule};

use super::invalid::InvalidSpec;
use scalar::Scalar;

/// Brackets in one another, and signs before one thing. Every one costs the parser some stack.
const DEEPEST: usize = 32;

/// The operators and functions that are let through.
const CALLS: [&str; 22] = [
    "_&&_",
    "_||_",
    "!_",
    "_?_:_",
    "_==_",
    "_!=_",
    "_<_",
    "_<=_",
    "_>_",
    "_>=_",
    "@in",
    "_+_",
    "_-_",
    "_*_",
    "_/_",
    "_%_",
    "-_",
    decimals::CALL,
    "size",
    "contains",
    "startsWith",
    "endsWith",
];

/// A rule that says nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoCondition {
    /// It is no CEL.
    #[error("not valid CEL: {0}")]
    Syntax(String),
    /// It uses what is not let through.
    #[error("{0} is not supported: compare parameters with `==`, `<`, `in` and the like, joined by `&&`, `||` and `!`")]
    Unsupported(String),
    /// It names a parameter that is not given.
    #[error("there is no parameter {0:?}; add it to spec.parameters, or correct the name")]
    Unknown(String),
    /// It comes to something else than true or false, or to nothing.
    #[error("it is neither true nor false: {0}")]
    Neither(String),
}

/// Whether a rule holds for these parameters.
///
/// # Errors
/// Why nobody can say.
pub fn holds(rule: &str, parameters: &[Parameter]) -> Result<bool, NoCondition> {
    check_depth(rule)?;
    let program = Program::compile(&decimals::marked(rule)?).map_err(|error| NoCondition::Syntax(error.to_string()))?;
    check(program.expression(), parameters)?;
    match evaluation::value(program.expression(), parameters)? {
        Scalar::List(_) => Err(NoCondition::Neither("it is a list".to_owned())),
        scalar => scalar.truth(),
    }
}

/// The rules of a list that do not hold, with their places in it. A rule that says nothing does not hold.
pub fn broken<'a>(
    rules: &'a [ParameterRule],
    parameters: &'a [Parameter],
) -> impl Iterator<Item = (usize, &'a ParameterRule)> {
    rules.iter().enumerate().filter(|(_, rule)| holds(&rule.rule, parameters) != Ok(true))
}

/// The rules of an agreement that say nothing, each with its field.
#[must_use]
pub fn faults(field: &str, rules: &[ParameterRule], parameters: &[Parameter]) -> Vec<InvalidSpec> {
    let fault = |(index, rule): (usize, &ParameterRule)| {
        let why = holds(&rule.rule, parameters).err()?;
        Some(InvalidSpec::new(format!("{field}[{index}].rule"), why.to_string()))
    };
    rules.iter().enumerate().filter_map(fault).collect()
}

/// Bounds the text before the parser sees it. A sign on a sign is refused as well, because the crate takes two for one.
fn check_depth(rule: &str) -> Result<(), NoCondition> {
    let (mut depth, mut deepest, mut signs) = (0_usize, 0, 0_usize);
    let mut before = ' ';
    for character in rule.chars().filter(|c| !c.is_whitespace()) {
        match character {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '!' | '-' if before == character => {
                return Err(NoCondition::Unsupported(format!("{character} after {character}")));
            }
            '!' | '-' | '?' => signs += 1,
            _ => {}
        }
        before = character;
        deepest = deepest.max(depth);
    }
    if deepest > DEEPEST || signs > DEEPEST {
        return Err(NoCondition::Unsupported(format!("more than {DEEPEST} brackets or signs")));
    }
    Ok(())
}

/// Lets through what is known to be harmless. Names every kind of expression, so that a new one has to be decided about.
fn check(expression: &IdedExpr, parameters: &[Parameter]) -> Result<(), NoCondition> {
    let unsupported = |what: &str| Err(NoCondition::Unsupported(what.to_owned()));
    match &expression.expr {
        Expr::Ident(name) if parameters.iter().any(|p| p.name == *name) => Ok(()),
        Expr::Ident(name) => Err(NoCondition::Unknown(name.clone())),
        Expr::Literal(LiteralValue::Double(_)) => unsupported("a number such as .5 or 1e3"),
        Expr::Literal(LiteralValue::Bytes(_)) => unsupported("binary data"),
        Expr::Literal(LiteralValue::Null) => unsupported("null"),
        Expr::Literal(
            LiteralValue::Boolean(_) | LiteralValue::Int(_) | LiteralValue::UInt(_) | LiteralValue::String(_),
        ) => Ok(()),
        Expr::List(list) => list.elements.iter().try_for_each(|element| check(element, parameters)),
        Expr::Call(CallExpr { func_name, target, args }) => {
            if !CALLS.contains(&func_name.as_str()) {
                return unsupported(func_name);
            }
            target.iter().map(AsRef::as_ref).chain(args).try_for_each(|part| check(part, parameters))
        }
        Expr::Comprehension(_) => unsupported("all, exists, map or filter"),
        Expr::Map(_) | Expr::Struct(_) => unsupported("{…}"),
        Expr::Select(_) => unsupported("the field of a parameter"),
        Expr::Unspecified => unsupported("an empty rule"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
