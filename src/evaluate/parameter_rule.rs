//! Conditions on an agreement's parameters: `tier != 'gold' || zones >= 2`.
//!
//! They are written in CEL and evaluated by the `cel` crate, which comes with kube. Only what compares, joins and looks
//! into scalars is let through: a comprehension could keep the operator busy for minutes, a fraction would be a float, and
//! the crate panics where it has something yet to do (message types). Whoever writes a rule is told what is not let
//! through.

use kube::core::cel::cel::common::ast::{CallExpr, Expr, LiteralValue};
use kube::core::cel::cel::{Context, IdedExpr, Program, Value};

use crate::api::parameter::{Parameter, ParameterRule};

use super::invalid::InvalidSpec;

/// Brackets in one another, and signs before one thing. Every one costs the parser some stack.
const DEEPEST: usize = 32;

/// The operators and functions that are let through.
const CALLS: [&str; 20] = [
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
    let program = Program::compile(rule).map_err(|error| NoCondition::Syntax(error.to_string()))?;
    check(program.expression(), parameters)?;
    let mut context = Context::default();
    for parameter in parameters {
        context.add_variable_from_value(parameter.name.as_str(), value(&parameter.value));
    }
    match program.execute(&context) {
        Ok(Value::Bool(holds)) => Ok(holds),
        Ok(other) => Err(NoCondition::Neither(format!("it is {other:?}"))),
        Err(error) => Err(NoCondition::Neither(error.to_string())),
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

/// A parameter's value as rules see it: digits are a whole number, `true` and `false` are truth values, the rest is text.
fn value(text: &str) -> Value {
    let is_digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match (text, text.parse::<i64>()) {
        ("true", _) => Value::Bool(true),
        ("false", _) => Value::Bool(false),
        (_, Ok(number)) if is_digits => Value::Int(number),
        _ => Value::from(text),
    }
}

/// Bounds the text before the parser sees it.
fn check_depth(rule: &str) -> Result<(), NoCondition> {
    let (mut depth, mut deepest, mut signs) = (0_usize, 0, 0_usize);
    for character in rule.chars() {
        match character {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '!' | '-' | '?' => signs += 1,
            _ => {}
        }
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
        Expr::Literal(LiteralValue::Double(_)) => unsupported("a fraction"),
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parameters() -> Vec<Parameter> {
        let all =
            [("tier", "gold"), ("zones", "2"), ("paid", "true"), ("since", "2026-01-01"), ("id", "007x"), ("none", "")];
        all.iter().map(|(name, value)| Parameter { name: (*name).to_owned(), value: (*value).to_owned() }).collect()
    }

    #[test]
    fn rules_compare_numbers_as_numbers_and_texts_as_texts() {
        for (rule, expected) in [
            ("tier != 'gold' || zones >= 2", true),
            ("tier != 'gold' || zones >= 3", false),
            ("!(tier == 'gold') || (zones >= 2)", true),
            ("zones == 2", true),
            ("zones > 10", false),
            ("paid", true),
            ("!paid", false),
            ("paid && since >= '2025-12-31'", true),
            ("tier in ['gold', 'silver']", true),
            ("zones in [1, 3]", false),
            ("id.startsWith('007') && size(id) == 4", true),
            ("none == ''", true),
            ("zones * 2 + 1 == 5", true),
            ("zones > 1 ? tier == 'gold' : true", true),
        ] {
            assert_eq!(holds(rule, &parameters()), Ok(expected), "{rule}");
        }
    }

    #[test]
    fn a_rule_that_says_nothing_is_told_why() {
        let deep = format!("{}paid{}", "(".repeat(200), ")".repeat(200));
        let signs = format!("{}paid", "!".repeat(500));
        for (rule, words) in [
            ("tier ==", "not valid CEL"),
            ("", "not valid CEL"),
            ("tier implies zones", "not valid CEL"),
            ("zoned > 1", "no parameter \"zoned\""),
            ("tier > 1", "neither true nor false"),
            ("zones", "neither true nor false"),
            ("zones / 0 == 1", "neither true nor false"),
            ("9223372036854775807 + zones > 0", "neither true nor false"),
            ("zones > 1.5", "a fraction"),
            ("[1, 2].all(x, x > zones)", "all, exists"),
            ("{'a': 1}.size() == 1", "{…}"),
            ("Message{a: 1} == 1", "{…}"),
            ("tier.name == 'a'", "the field of"),
            ("tier.matches('(a+)+$')", "matches is not supported"),
            ("duration('1h') > duration('1m')", "duration is not supported"),
            (deep.as_str(), "more than 32"),
            (signs.as_str(), "more than 32"),
        ] {
            let why = holds(rule, &parameters()).unwrap_err().to_string();
            assert!(why.contains(words), "{rule}: {why}");
        }
    }

    #[test]
    fn the_deepest_rule_fits_on_a_small_stack() {
        let look = || {
            for (open, close) in [("(", ")"), ("!", ""), ("paid ? paid : ", ""), ("[", "]")] {
                let rule = format!("{}paid{}", open.repeat(DEEPEST), close.repeat(DEEPEST));
                assert_ne!(holds(&rule, &parameters()), Ok(false), "{rule}");
            }
            let chain = format!("1{} == 90", "+1".repeat(89));
            assert_eq!(holds(&chain, &parameters()), Ok(true));
        };
        std::thread::Builder::new().stack_size(1 << 20).spawn(look).unwrap().join().unwrap();
    }

    #[test]
    fn what_does_not_hold_is_named_by_its_place() {
        let rule = |rule: &str| ParameterRule { rule: rule.to_owned(), message: String::new() };
        let rules = [rule("paid"), rule("zones > 2"), rule("zones >")];
        assert_eq!(broken(&rules, &parameters()).map(|(index, _)| index).collect::<Vec<_>>(), [1, 2]);
        let faults: Vec<String> =
            faults("spec.constraints", &rules, &parameters()).into_iter().map(|f| f.field).collect();
        assert_eq!(faults, ["spec.constraints[2].rule"]);
    }

    proptest! {
        /// Whatever is written comes to an answer: nothing panics, and nothing runs on.
        #[test]
        fn every_text_is_answered(rule in r"([a-z]{1,5}|zones|tier|[0-9]{1,20}|'x'|[-!?:.,()\[\]{}<>=&|+*/% ]){0,60}") {
            let rule: String = rule.chars().take(512).collect();
            let _ = holds(&rule, &parameters());
        }
    }
}
