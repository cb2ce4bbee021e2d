//! Fractions in a rule: `99.9` is read digit by digit, and never as a float.
//!
//! The crate's syntax tree keeps a fraction as a float and not as it was written. So it is marked as a call with its text
//! before the parser sees it: `decimal('99.9')`.

use super::NoCondition;

/// The call that stands for a fraction.
pub(super) const CALL: &str = "decimal";

/// A rule with its fractions marked. What would make it doubtful where a text ends is refused.
pub(super) fn marked(rule: &str) -> Result<String, NoCondition> {
    let unsupported = |what: &str| Err(NoCondition::Unsupported(what.to_owned()));
    let mut marked = String::new();
    let mut rest = rule;
    let mut in_word = false;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' | '"' => match rest.get(1..).and_then(|behind| behind.find(first)) {
                Some(0) if rest.get(2..).is_some_and(|behind| behind.starts_with(first)) => {
                    return unsupported("a text in three quotes");
                }
                Some(end) => end + 2,
                None => rest.len(),
            },
            '/' if rest.starts_with("//") => return unsupported("a comment"),
            '0'..='9' if !in_word => number_length(rest),
            _ => first.len_utf8(),
        };
        let (token, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
        if token.contains('\\') {
            return unsupported("\\");
        }
        if first.is_ascii_digit() && token.contains('.') && !goes_on(behind) {
            marked.extend([CALL, "('", token, "')"]);
        } else {
            marked.push_str(token);
        }
        in_word = first == '.' || token.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        rest = behind;
    }
    Ok(marked)
}

/// How long the digits at the beginning are, with a point and the digits behind it.
fn number_length(text: &str) -> usize {
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let whole = digits(text);
    let fraction = text.get(whole..).and_then(|rest| rest.strip_prefix('.')).map_or(0, digits);
    if fraction == 0 { whole } else { whole + 1 + fraction }
}

/// Whether what follows belongs to the number: `1.5e3` and `1.5.2` are left to the parser.
fn goes_on(behind: &str) -> bool {
    behind.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.')
}
