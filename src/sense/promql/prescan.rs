//! The bounds an expression must keep, checked before the parser sees it.
//!
//! The parser recurses: nesting of some thousands overflows the stack and ends the process, which
//! nothing can catch. It also panics on durations that do not fit. Both are stopped here, and the
//! constructs it does not know are named, because it only says "invalid".

use super::refusal::Refusal;
use super::tokens::{Kind, Token};

/// The longest expression accepted, in bytes.
pub(super) const MAX_LENGTH: usize = 2048;
/// The deepest nesting of parentheses and braces accepted.
pub(super) const MAX_DEPTH: usize = 32;
/// The most operators accepted; a chain of them nests in the tree as parentheses do.
pub(super) const MAX_OPERATORS: usize = 64;

/// Checks the length. It is the first check, since all others take time in proportion.
pub(super) fn check_length(expression: &str) -> Result<(), Refusal> {
    if expression.len() > MAX_LENGTH {
        return Err(Refusal::TooLong { length: expression.len(), limit: MAX_LENGTH });
    }
    Ok(())
}

/// Checks nesting, operators and every token on its own.
pub(super) fn check_tokens(tokens: &[Token<'_>]) -> Result<(), Refusal> {
    let mut depth = 0_usize;
    let mut operators = 0_usize;
    let mut before: Option<&Token<'_>> = None;
    for token in tokens {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            Kind::Text => check_text(token.text)?,
            Kind::Number => check_number(token.text)?,
            Kind::Word if !token.in_braces => check_word(token.text)?,
            Kind::Sign if !token.in_braces => check_sign(token.text, before)?,
            Kind::Space | Kind::Comment | Kind::Word | Kind::Range | Kind::Placeholder | Kind::Sign => {}
        }
        if depth > MAX_DEPTH {
            return Err(Refusal::TooDeep { limit: MAX_DEPTH });
        }
        operators += usize::from(is_operator(token));
        if operators > MAX_OPERATORS {
            return Err(Refusal::TooManyOperators { limit: MAX_OPERATORS });
        }
        before = Some(token);
    }
    Ok(())
}

/// `<=` counts twice, which only makes the bound stricter.
fn is_operator(token: &Token<'_>) -> bool {
    if token.in_braces {
        return false;
    }
    match token.kind {
        Kind::Sign => matches!(token.text, "+" | "-" | "*" | "/" | "%" | "^" | "=" | "!" | "<" | ">"),
        Kind::Word => ["and", "or", "unless", "atan2"].iter().any(|word| token.text.eq_ignore_ascii_case(word)),
        Kind::Space
        | Kind::Comment
        | Kind::Text
        | Kind::Number
        | Kind::Range
        | Kind::Placeholder
        | Kind::Open
        | Kind::Close => false,
    }
}

fn construct(construct: impl Into<String>, advice: &'static str) -> Refusal {
    Refusal::Construct { construct: construct.into(), advice }
}

/// `\x` and octal escapes mean a byte in Prometheus and a character in the parser.
fn check_text(text: &str) -> Result<(), Refusal> {
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        if c != '\\' {
            continue;
        }
        if let Some(escaped @ ('x' | '0'..='7')) = characters.next() {
            return Err(construct(
                format!("the escape \\{escaped} in a string"),
                "write the character itself, or \\u and four digits",
            ));
        }
    }
    Ok(())
}

fn check_number(text: &str) -> Result<(), Refusal> {
    if text.contains('_') {
        return Err(construct(text, "write numbers without _ between digits"));
    }
    let lower = text.to_ascii_lowercase();
    let hexadecimal = lower.strip_prefix("0x").is_some_and(|digits| digits.chars().all(|c| c.is_ascii_hexdigit()));
    let decimal = lower.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | '+' | '-'));
    if hexadecimal || decimal {
        Ok(())
    } else {
        Err(construct(text, "a duration may only stand as [$slot]; write seconds as a plain number"))
    }
}

fn check_word(word: &str) -> Result<(), Refusal> {
    let is = |keyword: &str| word.eq_ignore_ascii_case(keyword);
    if is("anchored") || is("smoothed") {
        Err(construct(word, "leave it out; the operator asks for exact increases where the store has them"))
    } else if is("offset") {
        Err(Refusal::Offset)
    } else {
        Ok(())
    }
}

fn check_sign(sign: &str, before: Option<&Token<'_>>) -> Result<(), Refusal> {
    match (before.map(|token| token.text), sign) {
        (_, "@") => Err(Refusal::At),
        (Some("<" | ">"), "/") => {
            Err(construct("a histogram trim operator (</ or >/)", "use a histogram bucket or histogram_fraction()"))
        }
        _ => Ok(()),
    }
}
