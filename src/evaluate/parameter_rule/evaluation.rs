//! What a rule comes to. Only for rules that were checked: what is not let through is refused here as well.

use kube::core::cel::cel::IdedExpr;
use kube::core::cel::cel::common::ast::{CallExpr, Expr, LiteralValue};
use num_traits::Zero;

use super::scalar::Scalar;
use super::{NoCondition, decimals};
use crate::api::parameter::Parameter;
use crate::evaluate::exact::{decimal, whole};

/// The value of an expression.
pub(super) fn value<'a>(expression: &IdedExpr, parameters: &'a [Parameter]) -> Result<Scalar<'a>, NoCondition> {
    match &expression.expr {
        Expr::Ident(name) => {
            let given = parameters.iter().find(|p| p.name == *name).map(Scalar::Given);
            given.ok_or_else(|| NoCondition::Unknown(name.clone()))
        }
        Expr::Literal(LiteralValue::Boolean(truth)) => Ok(Scalar::Truth(*truth.inner())),
        Expr::Literal(LiteralValue::Int(number)) => Ok(Scalar::Number(whole(*number.inner()))),
        Expr::Literal(LiteralValue::UInt(number)) => Ok(Scalar::Number(whole(*number.inner()))),
        Expr::Literal(LiteralValue::String(text)) => Ok(Scalar::Text(text.inner().to_owned())),
        Expr::List(list) => {
            let elements: Result<Vec<_>, _> = list.elements.iter().map(|e| value(e, parameters)).collect();
            Ok(Scalar::List(elements?))
        }
        Expr::Call(call) => called(call, parameters),
        _ => Err(unsupported("this")),
    }
}

fn unsupported(what: &str) -> NoCondition {
    NoCondition::Unsupported(what.to_owned())
}

/// The value of an operator or a function. What decides comes first, and the rest is not looked at then.
fn called<'a>(call: &CallExpr, parameters: &'a [Parameter]) -> Result<Scalar<'a>, NoCondition> {
    let parts: Vec<&IdedExpr> = call.target.iter().map(AsRef::as_ref).chain(&call.args).collect();
    let of = |part: &IdedExpr| value(part, parameters);
    let truth = |part: &IdedExpr| of(part)?.truth();
    match (call.func_name.as_str(), parts.as_slice()) {
        ("_&&_", [a, b]) => Ok(Scalar::Truth(truth(a)? && truth(b)?)),
        ("_||_", [a, b]) => Ok(Scalar::Truth(truth(a)? || truth(b)?)),
        ("!_", [a]) => Ok(Scalar::Truth(!truth(a)?)),
        ("_?_:_", [condition, then, or_else]) => of(if truth(condition)? { then } else { or_else }),
        ("-_", [a]) => Ok(Scalar::Number(-of(a)?.number()?)),
        ("size", [a]) => match of(a)? {
            Scalar::List(elements) => Ok(Scalar::Number(whole(elements.len()))),
            other => Ok(Scalar::Number(whole(other.text()?.chars().count()))),
        },
        (decimals::CALL, [a]) => {
            let read = decimal(&of(a)?.text()?).map_err(|error| NoCondition::Neither(error.to_string()))?;
            Ok(Scalar::Number(read))
        }
        (name, [a, b]) => of_two(name, &of(a)?, &of(b)?),
        (name, _) => Err(unsupported(name)),
    }
}

fn of_two<'a>(name: &str, a: &Scalar<'a>, b: &Scalar<'a>) -> Result<Scalar<'a>, NoCondition> {
    let truth = match name {
        "_==_" => a.equals(b)?,
        "_!=_" => !a.equals(b)?,
        "_<_" => a.order(b)?.is_lt(),
        "_<=_" => a.order(b)?.is_le(),
        "_>_" => a.order(b)?.is_gt(),
        "_>=_" => a.order(b)?.is_ge(),
        "@in" => is_among(a, b)?,
        "contains" => a.text()?.contains(&b.text()?),
        "startsWith" => a.text()?.starts_with(&b.text()?),
        "endsWith" => a.text()?.ends_with(&b.text()?),
        _ => return calculated(name, a, b),
    };
    Ok(Scalar::Truth(truth))
}

fn is_among(one: &Scalar<'_>, all: &Scalar<'_>) -> Result<bool, NoCondition> {
    let Scalar::List(elements) = all else { return Err(NoCondition::Neither("`in` looks into a list".to_owned())) };
    for element in elements {
        if one.equals(element)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Numbers are exact. Unlike in CEL, a quotient is not cut: what 3 / 2 is must not depend on how a parameter is written.
fn calculated<'a>(name: &str, a: &Scalar<'a>, b: &Scalar<'a>) -> Result<Scalar<'a>, NoCondition> {
    if name == "_+_" {
        return a.plus(b);
    }
    let (a, b) = (a.number()?, b.number()?);
    let number = match name {
        "_-_" => a - b,
        "_*_" => a * b,
        "_/_" | "_%_" if b.is_zero() => return Err(NoCondition::Neither("nothing is divided by zero".to_owned())),
        "_/_" => a / b,
        "_%_" if a.is_integer() && b.is_integer() => a % b,
        "_%_" => return Err(NoCondition::Neither("% is for whole numbers".to_owned())),
        other => return Err(unsupported(other)),
    };
    Ok(Scalar::Number(number))
}
