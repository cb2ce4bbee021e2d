//! Text that somebody else chose, made safe to read.

use std::borrow::Cow;
use std::fmt::Write;

/// Shows what would not be seen: control characters, which can rewrite a terminal, and the marks that turn the direction
/// of writing, with which `12` can be made to look like `21`, each as `\u{..}`.
#[must_use]
pub fn legible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_hidden(c) {
            // Writing into a string can not fail.
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

fn is_hidden(c: char) -> bool {
    // Not the joiners U+200C and U+200D, without which several scripts cannot be written.
    c.is_control()
        || matches!(c, '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Whether a text is a Kubernetes object name (RFC 1123 subdomain), and so can stand in a command or a style sheet as it
/// is.
#[must_use]
pub fn is_object_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    !text.is_empty()
        && text.len() <= 253
        && text.bytes().all(|byte| plain(byte) || byte == b'-' || byte == b'.')
        && text.bytes().next().is_some_and(plain)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_would_not_be_seen_is_shown() {
        let cases = [
            ("Größe 5 µs, 世界 🙂", "Größe 5 µs, 世界 🙂"),
            ("a\x1b[2Jb", "a\\u{1b}[2Jb"),
            ("two\nlines\tand", "two\\u{a}lines\\u{9}and"),
            ("\u{202e}21\u{feff}", "\\u{202e}21\\u{feff}"),
            ("\u{85}\u{2028}\u{200b}", "\\u{85}\\u{2028}\\u{200b}"),
        ];
        for (text, shown) in cases {
            assert_eq!(legible(text), shown);
        }
    }

    #[test]
    fn only_object_names_stand_in_commands() {
        for name in ["checkout", "checkout-20260930t220000z-r1", "a.b", "0"] {
            assert!(is_object_name(name), "{name}");
        }
        for text in ["", "-f", "a b", "a;b", "$(a)", "A", "ä", "a'b", &"a".repeat(254)] {
            assert!(!is_object_name(text), "{text}");
        }
    }
}
