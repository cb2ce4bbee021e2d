//! The words, strings and brackets of an expression, found before it is parsed.
//!
//! Written by hand although the parser has a lexer: the parser gives up the process on deep nesting,
//! panics on some numbers, and says neither what nor where it did not understand. So this runs
//! first. It only has to see strings, comments and brackets the way the parser does; whatever it
//! lets through is judged again on the parsed tree.

use super::refusal::Refusal;

/// What a token is. The text is given beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Space,
    Comment,
    /// A quoted string, with its quotes.
    Text,
    /// A name or keyword.
    Word,
    Number,
    /// From `[` to `]`, with both.
    Range,
    /// `$name`.
    Placeholder,
    /// `(` or `{`.
    Open,
    /// `)` or `}`.
    Close,
    /// Any other character.
    Sign,
}

/// One token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    /// Whether it stands inside braces, where words and signs are matchers.
    pub(super) in_braces: bool,
}

/// Splits an expression into tokens. Their texts, joined, are the expression again.
///
/// # Errors
/// A string that is not closed, or a bracket that is not.
pub(super) fn tokens(expression: &str) -> Result<Vec<Token<'_>>, Refusal> {
    let mut found = Vec::new();
    let mut rest = expression;
    let mut braces = 0_usize;
    while let Some(first) = rest.chars().next() {
        let (kind, length) = token_at(first, rest)?;
        if kind == Kind::Close && first == '}' {
            braces = braces.saturating_sub(1);
        }
        let (text, tail) = rest.split_at_checked(length).unwrap_or((rest, ""));
        found.push(Token { kind, text, in_braces: braces > 0 });
        if kind == Kind::Open && first == '{' {
            braces += 1;
        }
        rest = tail;
    }
    Ok(found)
}

fn token_at(first: char, rest: &str) -> Result<(Kind, usize), Refusal> {
    Ok(match first {
        '"' | '\'' => (Kind::Text, text_length(first, rest)?),
        '`' => {
            return Err(Refusal::Construct {
                construct: "a string in backticks".to_owned(),
                advice: "write it in double quotes, with every backslash doubled",
            });
        }
        '#' => (Kind::Comment, run(rest, |c| c != '\n' && c != '\r')),
        '[' => (
            Kind::Range,
            rest.find(']')
                .map(|end| end + 1)
                .ok_or_else(|| Refusal::Syntax { message: "a [ is not closed".to_owned() })?,
        ),
        '$' => (Kind::Placeholder, 1 + run(rest.get(1..).unwrap_or(""), is_word)),
        '(' | '{' => (Kind::Open, 1),
        ')' | '}' => (Kind::Close, 1),
        c if c.is_whitespace() => (Kind::Space, run(rest, char::is_whitespace)),
        c if c.is_ascii_digit() => (Kind::Number, number_length(rest)),
        '.' if rest.chars().nth(1).is_some_and(|c| c.is_ascii_digit()) => (Kind::Number, number_length(rest)),
        c if is_word(c) => (Kind::Word, run(rest, |c| is_word(c) || c == ':')),
        c => (Kind::Sign, c.len_utf8()),
    })
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_ascii_alphanumeric()
}

/// The length in bytes of the leading characters that satisfy `accept`.
fn run(text: &str, accept: impl Fn(char) -> bool) -> usize {
    text.find(|c| !accept(c)).unwrap_or(text.len())
}

/// The length of a quoted string with its quotes; a backslash hides the next character.
fn text_length(quote: char, text: &str) -> Result<usize, Refusal> {
    let mut hidden = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if hidden => hidden = false,
            '\\' => hidden = true,
            _ if c == quote => return Ok(at + c.len_utf8()),
            _ => {}
        }
    }
    Err(Refusal::UnclosedText { quote })
}

/// The length of everything that could belong to a number, wrong ones included: `1_000`, `5m`.
fn number_length(text: &str) -> usize {
    let hexadecimal = text.starts_with("0x") || text.starts_with("0X");
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        let exponent = !hexadecimal && matches!(before, 'e' | 'E') && matches!(c, '+' | '-');
        if !(is_word(c) || c == '.' || exponent) {
            return at;
        }
        before = c;
    }
    text.len()
}
