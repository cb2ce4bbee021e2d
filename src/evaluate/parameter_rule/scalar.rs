//! What a rule works with: truth, exact numbers, texts, and parameters that may be any of them.

use std::cmp::Ordering;

use num_rational::BigRational;

use super::NoCondition;
use crate::api::parameter::Parameter;
use crate::evaluate::exact::{decimal, decimal_text};

/// A value in a rule.
#[derive(Clone, Debug)]
pub(super) enum Scalar<'a> {
    Truth(bool),
    Number(BigRational),
    Text(String),
    /// A parameter is what it is compared with: `2` is a number beside `2`, and a text beside `'2'`.
    Given(&'a Parameter),
    List(Vec<Scalar<'a>>),
}

/// Two values of which one was found to say what the other is.
enum Pair {
    Truths(bool, bool),
    Numbers(BigRational, BigRational),
    Texts(String, String),
}

impl Scalar<'_> {
    pub(super) fn truth(&self) -> Result<bool, NoCondition> {
        match self {
            Self::Truth(truth) => Ok(*truth),
            Self::Given(Parameter { value, .. }) if value == "true" => Ok(true),
            Self::Given(Parameter { value, .. }) if value == "false" => Ok(false),
            other => Err(other.is_no("truth value (`true` or `false`)")),
        }
    }

    pub(super) fn number(&self) -> Result<BigRational, NoCondition> {
        let read = match self {
            Self::Number(number) => Some(number.clone()),
            Self::Given(parameter) => signed(&parameter.value),
            _ => None,
        };
        read.ok_or_else(|| self.is_no("number"))
    }

    pub(super) fn text(&self) -> Result<String, NoCondition> {
        match self {
            Self::Text(text) | Self::Given(Parameter { value: text, .. }) => Ok(text.clone()),
            other => Err(other.is_no("text")),
        }
    }

    /// Whether two values are the same.
    pub(super) fn equals(&self, other: &Self) -> Result<bool, NoCondition> {
        Ok(match self.beside(other)? {
            Pair::Truths(a, b) => a == b,
            Pair::Numbers(a, b) => a == b,
            Pair::Texts(a, b) => a == b,
        })
    }

    /// Which of two numbers or texts comes first.
    pub(super) fn order(&self, other: &Self) -> Result<Ordering, NoCondition> {
        match self.beside(other)? {
            Pair::Truths(..) => Err(self.is_no("number or text")),
            Pair::Numbers(a, b) => Ok(a.cmp(&b)),
            // As texts, 10 would come before 9.
            Pair::Texts(a, b) if signed(&a).or_else(|| signed(&b)).is_some() => Err(NoCondition::Neither(format!(
                "{a:?} and {b:?} are texts here, and one is a number; write numbers without quotes"
            ))),
            Pair::Texts(a, b) => Ok(a.cmp(&b)),
        }
    }

    /// The sum of two numbers, or two texts in one.
    pub(super) fn plus(&self, other: &Self) -> Result<Self, NoCondition> {
        match self.beside(other)? {
            Pair::Truths(..) => Err(self.is_no("number or text")),
            Pair::Numbers(a, b) => Ok(Self::Number(a + b)),
            Pair::Texts(a, b) => Ok(Self::Text(a + &b)),
        }
    }

    fn beside(&self, other: &Self) -> Result<Pair, NoCondition> {
        match (self, other) {
            (Self::Given(a), Self::Given(b)) => match (signed(&a.value), signed(&b.value)) {
                (Some(a), Some(b)) => Ok(Pair::Numbers(a, b)),
                (None, None) => Ok(Pair::Texts(a.value.clone(), b.value.clone())),
                (None, Some(_)) => Err(self.is_no("number")),
                (Some(_), None) => Err(other.is_no("number")),
            },
            (Self::Number(_), _) | (_, Self::Number(_)) => Ok(Pair::Numbers(self.number()?, other.number()?)),
            (Self::Text(_), _) | (_, Self::Text(_)) => Ok(Pair::Texts(self.text()?, other.text()?)),
            _ => Ok(Pair::Truths(self.truth()?, other.truth()?)),
        }
    }

    fn is_no(&self, what: &str) -> NoCondition {
        let this = match self {
            Self::Truth(truth) => truth.to_string(),
            Self::Number(number) if number.is_integer() => number.to_integer().to_string(),
            Self::Number(number) => decimal_text(number, 9),
            Self::Text(text) => format!("{text:?}"),
            Self::Given(parameter) => format!("the parameter {} ({:?})", parameter.name, parameter.value),
            Self::List(_) => "a list".to_owned(),
        };
        NoCondition::Neither(format!("{this} is no {what}"))
    }
}

/// A decimal with or without a minus.
fn signed(text: &str) -> Option<BigRational> {
    match text.strip_prefix('-') {
        Some(text) => decimal(text).ok().map(|number| -number),
        None => decimal(text).ok(),
    }
}
