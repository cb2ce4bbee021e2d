//! Quoting for the two languages a label value passes through: `PromQL` strings and RE2.
//!
//! `regex::escape` is not used: it escapes for Rust's syntax (`#`, `&`, `-`, `~` too), which RE2
//! refuses for some of them.

use std::fmt::Write;

/// A double-quoted `PromQL` string with this value.
pub(super) fn string(value: &str) -> String {
    let mut quoted = String::with_capacity(value.len() + 2);
    quoted.push('"');
    for c in value.chars() {
        match c {
            '\\' => quoted.push_str("\\\\"),
            '"' => quoted.push_str("\\\""),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() => {
                // Writing into a `String` cannot fail.
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A regular expression that matches exactly this value: the characters RE2's `QuoteMeta` escapes.
pub(super) fn literal(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for c in value.chars() {
        if r"\.+*?()|[]{}^$".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// A regular expression that matches exactly these values. Stores anchor it at both ends.
pub(super) fn alternation<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    let escaped: Vec<String> = values.into_iter().map(literal).collect();
    escaped.join("|")
}

/// A label name, in quotes where it is not a plain one.
pub(super) fn label(name: &str) -> String {
    if is_plain(name, false) { name.to_owned() } else { string(name) }
}

/// Whether a metric's name can stand before the braces. Keywords cannot everywhere, so they do not.
pub(super) fn is_plain_metric(name: &str) -> bool {
    is_plain(name, true) && !KEYWORDS.contains(&name.to_ascii_lowercase().as_str())
}

const KEYWORDS: &[&str] = &[
    "and",
    "anchored",
    "atan2",
    "avg",
    "bool",
    "bottomk",
    "by",
    "count",
    "count_values",
    "end",
    "fill",
    "fill_left",
    "fill_right",
    "group",
    "group_left",
    "group_right",
    "ignoring",
    "inf",
    "limit_ratio",
    "limitk",
    "max",
    "min",
    "nan",
    "offset",
    "on",
    "or",
    "quantile",
    "range",
    "smoothed",
    "start",
    "stddev",
    "stdvar",
    "step",
    "sum",
    "topk",
    "unless",
    "without",
];

fn is_plain(name: &str, colon: bool) -> bool {
    name.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic() || (colon && c == ':'))
        && name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric() || (colon && c == ':'))
}
