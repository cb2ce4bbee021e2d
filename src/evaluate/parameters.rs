//! Parameters: what must hold between the facts of an instance and the choices of the parties, as CEL over their names.
//!
//! Takes the agreement's `parameters` with its `constraints` and `coveredWhen`, gives the rules that do not hold. The
//! language is that of the API server's own rules, by the crate that the schema's rules are checked with, less what can
//! run for ever or is inexact: no macros that walk lists, and no floats. A rule is looked at before it is parsed, because
//! the parser descends as deep as brackets are nested. Must never panic.

use cel::common::ast::{Expr, LiteralValue};
use cel::{Context, IdedExpr, Program, Value};

use crate::api::agreement::AgreementSpec;
use crate::api::parameter::{Parameter, ParameterRule};

use super::invalid::InvalidSpec;

/// How deep brackets, signs and conditionals may be nested in a rule.
const DEEPEST: usize = 24;

/// The constraints that do not hold, by their places in the spec.
///
/// # Errors
/// Names the rules that can not be worked with.
pub fn violated(spec: &AgreementSpec) -> Result<Vec<(usize, &ParameterRule)>, Vec<InvalidSpec>> {
    broken(spec, "spec.constraints", &spec.constraints)
}

/// The conditions of cover that do not hold; none is all it takes to be covered.
///
/// # Errors
/// Names the rules that can not be worked with.
pub fn not_covered(spec: &AgreementSpec) -> Result<Vec<(usize, &ParameterRule)>, Vec<InvalidSpec>> {
    broken(spec, "spec.coveredWhen", &spec.covered_when)
}

fn broken<'a>(
    spec: &AgreementSpec,
    field: &str,
    rules: &'a [ParameterRule],
) -> Result<Vec<(usize, &'a ParameterRule)>, Vec<InvalidSpec>> {
    let (mut broken, mut faults) = (Vec::new(), Vec::new());
    for (index, rule) in rules.iter().enumerate() {
        match holds(&rule.rule, &spec.parameters) {
            Ok(true) => {}
            Ok(false) => broken.push((index, rule)),
            Err(why) => faults.push(InvalidSpec::new(format!("{field}[{index}].rule"), why)),
        }
    }
    if faults.is_empty() { Ok(broken) } else { Err(faults) }
}

/// Whether a rule holds for these parameters. An error says what is wrong with it.
fn holds(rule: &str, parameters: &[Parameter]) -> Result<bool, String> {
    let nested = |open: &[char]| rule.chars().filter(|c| open.contains(c)).count();
    if nested(&['(', '[', '{']) > DEEPEST || nested(&['!', '-', '?']) > DEEPEST {
        return Err(format!("has more than {DEEPEST} brackets or signs; write it as several rules"));
    }
    let program = Program::compile(rule).map_err(|e| {
        let first = e.errors.first().map_or_else(String::new, |error| error.msg.clone());
        format!("is no CEL expression: {first}; write for example tier != 'gold' || zones >= 2")
    })?;
    if let Some(what) = refused(program.expression()) {
        return Err(format!("uses {what}, which rules over parameters can not; compare parameters with values"));
    }
    let references = program.references();
    let unknown = references.variables().into_iter().find(|name| !parameters.iter().any(|p| p.name == **name));
    if let Some(name) = unknown {
        return Err(format!("refers to {name:?}, which is none of spec.parameters; add it or correct the name"));
    }
    let mut context = Context::default();
    for parameter in parameters {
        context.add_variable_from_value(parameter.name.as_str(), value(&parameter.value));
    }
    match program.execute(&context) {
        Ok(Value::Bool(holds)) => Ok(holds),
        Ok(_) => Err("gives no truth value; compare parameters with values".to_owned()),
        Err(error) => Err(format!("can not be evaluated for these parameters: {error}")),
    }
}

/// The value by its look: digits are a whole number, `true` and `false` truth values, and the rest is text.
fn value(text: &str) -> Value {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match (text, text.parse::<i64>()) {
        (_, Ok(number)) if digits => Value::Int(number),
        ("true", _) => Value::Bool(true),
        ("false", _) => Value::Bool(false),
        _ => Value::String(text.to_owned().into()),
    }
}

/// What of an expression is not admitted, in words.
fn refused(expression: &IdedExpr) -> Option<&'static str> {
    match &expression.expr {
        Expr::Literal(LiteralValue::Double(_)) => Some("a number with a point"),
        Expr::Ident(_) | Expr::Literal(_) => None,
        Expr::Call(call) => call.target.iter().map(AsRef::as_ref).chain(&call.args).find_map(refused),
        Expr::List(list) => list.elements.iter().find_map(refused),
        Expr::Comprehension(_) => Some("a macro that walks a list"),
        Expr::Map(_) | Expr::Struct(_) | Expr::Select(_) | Expr::Unspecified => Some("a map or a field of one"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use super::super::example::agreement;
    use super::*;

    fn parameters(all: &[(&str, &str)]) -> Vec<Parameter> {
        all.iter().map(|(name, value)| Parameter { name: (*name).to_owned(), value: (*value).to_owned() }).collect()
    }

    fn gold() -> Vec<Parameter> {
        parameters(&[("tier", "gold"), ("zones", "1"), ("highAvailability", "false"), ("version", "1.2")])
    }

    #[test]
    fn values_are_what_they_look_like() {
        let cases = [
            ("!(tier == 'gold') || zones >= 2", false),
            ("!(tier == 'silver') || zones >= 2", true),
            ("tier in ['gold', 'platinum'] && zones == 1", true),
            ("highAvailability", false),
            ("highAvailability == false && version == '1.2'", true),
            ("zones >= 2 ? tier == 'gold' : tier.startsWith('g')", true),
            ("size(tier) == 4", true),
        ];
        for (rule, expected) in cases {
            assert_eq!(holds(rule, &gold()), Ok(expected), "{rule}");
        }
    }

    #[test]
    fn a_rule_that_can_not_be_worked_with_says_why() {
        let cases = [
            ("tier implies zones", "is no CEL expression"),
            ("zone == 2", "refers to \"zone\""),
            ("zones", "gives no truth value"),
            ("zones >= 'two'", "can not be evaluated"),
            ("zones / 0 == 1", "can not be evaluated"),
            ("zones >= 1.5", "a number with a point"),
            ("[1, 2].all(x, x > zones)", "a macro that walks a list"),
            ("{'a': 1}.a == zones", "a map"),
            ("", "is no CEL expression"),
        ];
        for (rule, words) in cases {
            let why = holds(rule, &gold()).unwrap_err();
            assert!(why.contains(words), "{rule}: {why}");
        }
    }

    #[test]
    fn the_deepest_rule_fits_on_a_small_stack() {
        let deepest = |open: &str, close: &str, n: usize| format!("{}zones == 1{}", open.repeat(n), close.repeat(n));
        let look = move || {
            assert_eq!(holds(&deepest("(", ")", DEEPEST), &gold()), Ok(true));
            for rule in [deepest("(", ")", 200), deepest("!", "", 500), deepest("zones == 1 ? zones == 1 : ", "", 30)] {
                assert!(holds(&rule, &gold()).unwrap_err().contains("more than 24"), "{rule}");
            }
        };
        std::thread::Builder::new().stack_size(1 << 20).spawn(look).unwrap().join().unwrap();
    }

    #[test]
    fn faults_name_the_rule_and_broken_rules_their_place() {
        let rule = |rule: &str| ParameterRule { rule: rule.to_owned(), message: "two zones".to_owned() };
        let mut spec = agreement();
        spec.parameters = gold();
        spec.constraints = vec![rule("zones == 1"), rule("zones == 2")];
        assert_eq!(violated(&spec).unwrap(), [(1, &spec.constraints[1])]);
        assert_eq!(not_covered(&spec), Ok(vec![]));
        spec.covered_when = vec![rule("zones == 1"), rule("regions == 2")];
        assert_eq!(not_covered(&spec).unwrap_err()[0].field, "spec.coveredWhen[1].rule");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(rule in "[ a-z0-9'\"()\\[\\]{}.,!<>=&|?:+*/%-]{0,60}") {
            let _ = holds(&rule, &gold());
        }
    }
}
