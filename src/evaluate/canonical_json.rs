//! Canonical JSON: one text for one value, so that a digest over it can be repeated by anybody.
//!
//! RFC 8785 (JCS) for what statements contain: object keys in the order of their UTF-16 units, no white space, strings
//! escaped no more than needed. Written by hand because the crates for it silently turn integers beyond 2^53 into
//! others; here floats and such integers are refused (counts are strings).

use serde_json::Value;

/// Integers from here on do not survive every JSON reader.
const UNSAFE: u64 = 1 << 53;

/// A value that has no canonical text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} has no canonical form: write it as a string")]
pub struct NotCanonical(String);

/// The canonical text of a value.
///
/// # Errors
/// The value contains a float, or an integer of 2^53 or more.
pub fn canonical(value: &Value) -> Result<String, NotCanonical> {
    let mut text = String::new();
    write(value, &mut text)?;
    Ok(text)
}

fn write(value: &Value, out: &mut String) -> Result<(), NotCanonical> {
    match value {
        Value::Number(number) => {
            let magnitude = number.as_i64().map(i64::unsigned_abs).or_else(|| number.as_u64());
            if magnitude.is_none_or(|m| m >= UNSAFE) {
                return Err(NotCanonical(number.to_string()));
            }
            out.push_str(&number.to_string());
        }
        Value::Array(items) => {
            out.push('[');
            separated(items, out, write)?;
            out.push(']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push('{');
            separated(fields, out, |(key, value), out| {
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                write(value, out)
            })?;
            out.push('}');
        }
        Value::Null | Value::Bool(_) | Value::String(_) => out.push_str(&value.to_string()),
    }
    Ok(())
}

fn separated<T>(
    items: impl IntoIterator<Item = T>,
    out: &mut String,
    each: impl Fn(T, &mut String) -> Result<(), NotCanonical>,
) -> Result<(), NotCanonical> {
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        each(item, out)?;
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_in_the_order_of_their_utf16_units() {
        // The first key sorts last by code point and before the second by UTF-16.
        let value = json!({"\u{1f600}": 1, "\u{fb33}": 2, "b": [true, null], "a": {"z": "", "B": -7}});
        let text = canonical(&value).unwrap();
        assert_eq!(text, "{\"a\":{\"B\":-7,\"z\":\"\"},\"b\":[true,null],\"\u{1f600}\":1,\"\u{fb33}\":2}");
    }

    #[test]
    fn strings_are_escaped_no_more_than_needed() {
        let text = canonical(&json!("\u{8}\t\n\u{c}\r\"\\/\u{1f}\u{7f}\u{20ac}\u{2028}")).unwrap();
        assert_eq!(text, "\"\\b\\t\\n\\f\\r\\\"\\\\/\\u001f\u{7f}\u{20ac}\u{2028}\"");
    }

    #[test]
    fn numbers_that_readers_change_are_refused() {
        for refused in [json!(1.5), json!(1.0), json!(9_007_199_254_740_992_u64), json!(i64::MIN), json!([u64::MAX])] {
            assert!(canonical(&refused).is_err(), "{refused}");
        }
        assert_eq!(canonical(&json!(9_007_199_254_740_991_u64)).unwrap(), "9007199254740991");
        assert_eq!(canonical(&json!(-9_007_199_254_740_991_i64)).unwrap(), "-9007199254740991");
    }

    proptest! {
        #[test]
        fn the_text_is_json_of_the_same_value(keys in proptest::collection::btree_map(".*", any::<i32>(), 0..8)) {
            let value = json!(keys);
            let text = canonical(&value).unwrap();
            prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        }
    }
}
