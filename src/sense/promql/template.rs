//! The one placeholder of an expression: `[$slot]`, the range the operator fills in.

use super::refusal::Refusal;
use super::tokens::{Kind, Token};
use std::time::Duration;

/// The placeholder as users write it, without brackets.
pub(super) const PLACEHOLDER: &str = "$slot";

/// The range every `[$slot]` has while the expression is parsed. It never reaches a store: the tree
/// keeps no lengths.
pub(super) const STAND_IN: Duration = Duration::from_secs(60);

/// Replaces every `[$slot]` by a range the parser accepts and drops comments.
///
/// # Errors
/// A range that is not the slot, a placeholder elsewhere, or no slot at all.
pub(super) fn substitute(tokens: &[Token<'_>]) -> Result<String, Refusal> {
    let mut text = String::new();
    let mut slots = 0_usize;
    for token in tokens {
        match token.kind {
            Kind::Range => {
                check_range(token.text)?;
                slots += 1;
                text.push_str("[1m]");
            }
            Kind::Placeholder => {
                return Err(Refusal::Placeholder { found: token.text.to_owned() });
            }
            Kind::Comment => text.push(' '),
            Kind::Space | Kind::Text | Kind::Word | Kind::Number | Kind::Open | Kind::Close | Kind::Sign => {
                text.push_str(token.text);
            }
        }
    }
    if slots == 0 {
        return Err(Refusal::NoSlot);
    }
    Ok(text)
}

fn check_range(range: &str) -> Result<(), Refusal> {
    let found = range.trim_start_matches('[').trim_end_matches(']').trim().to_owned();
    if found == PLACEHOLDER {
        Ok(())
    } else if found.contains(':') {
        Err(Refusal::Subquery { found })
    } else {
        Err(Refusal::RangeNotSlot { found })
    }
}
